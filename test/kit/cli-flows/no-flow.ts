// A module without a flow.

export const notAFlow = 1;
