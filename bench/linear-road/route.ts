// The operator 'route': who deals with a line of the input.
// Promises: all reports of a road go to one share of the roads, and every balance request to each share.
// Relies on: the number of shares is the same everywhere in a flow.

import { type Line, LineType, type RoadRecord, roadOf } from './records.ts';

/** The tuples of a line: balance requests go to each share of the roads, all others to one operator. */
export function route(line: Line, emit: (record: RoadRecord) => void, shares: number): void {
  const { type, time, vid } = line;
  if (type === LineType.report) {
    const { speed, lane, segment, position } = line;
    const road = roadOf(line.xway, line.direction);
    emit({ type, share: road % shares, time, vid, road, segment, lane, position, speed, query: 0, day: 0, toll: 0 });
    return;
  }
  const { query, day } = line;
  const request = { ...STILL, type, time, vid, query };
  if (type === LineType.balance) for (let share = 0; share < shares; share++) emit({ ...request, share });
  const road = roadOf(line.xway, 0);
  if (type === LineType.expenditure) emit({ ...request, road, day });
  if (type === LineType.history) emit({ ...request, road, day, query: 0, toll: query });
}

const STILL = { share: 0, road: 0, segment: 0, lane: 0, position: 0, speed: 0, day: 0, toll: 0 };
