// The task of baseline `piscina` of suite `actors`: an answer.

export default (n: number): number => n;
