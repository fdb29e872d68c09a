// What a policy says of one operator, before the rules that hold for all policies (decide.ts).

/** What a decision was made from, by name. */
export type Inputs = Readonly<Record<string, number>>;

export interface Need {
  /** Replicas that carry the load; never less than there are because of a moment's lull. */
  readonly out: number;
  /** Replicas that would still carry it with room to spare: scale-in goes no further. */
  readonly in: number;
  readonly inputs: Inputs;
  /** In words: why `out`. */
  readonly why: string;
  /** What the operator needs and cannot have, in words. */
  readonly shortage?: string;
}

export const percent = (share: number): string => `${Math.round(share * 100)} %`;

export const replicasText = (count: number): string => (count === 1 ? '1 replica' : `${count} replicas`);

export const rateText = (perSecond: number): string => `${Math.round(perSecond).toLocaleString('en-US')} tuples/s`;
