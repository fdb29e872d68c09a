// The operator 'route': who deals with a line of the input.
// Promises: all reports of a road go to one share of the roads, and every balance request to each share.
// Relies on: the number of shares is the same everywhere in a flow.

import { type Line, LineType, placeOf, type RoadRecord, roadOf } from './records.ts';

/** The tuples of a line: balance requests go to each share of the roads, all others to one operator. */
export function route(line: Line, emit: (record: RoadRecord) => void, shares: number): void {
  const { type, time, vid } = line;
  if (type === LineType.report) {
    const { speed, lane, position } = line;
    const road = roadOf(line.xway, line.direction);
    const place = placeOf(road, line.segment);
    const share = road % shares;
    // Written out, here and below: a spread costs more than all of this.
    emit({ type, share, time, vid, place, lane, position, speed, query: 0, xway: 0, day: 0, toll: 0 });
    return;
  }
  const { query, xway, day } = line;
  if (type === LineType.balance) {
    for (let share = 0; share < shares; share++) emit(requestOf(type, share, time, vid, query, 0, 0, 0));
  } else if (type === LineType.expenditure) emit(requestOf(type, 0, time, vid, query, xway, day, 0));
  else if (type === LineType.history) emit(requestOf(type, 0, time, vid, 0, xway, day, query));
}

/** What is no report has no place. */
const requestOf = (
  type: number,
  share: number,
  time: number,
  vid: number,
  query: number,
  xway: number,
  day: number,
  toll: number,
): RoadRecord => ({ type, share, time, vid, place: 0, lane: 0, position: 0, speed: 0, query, xway, day, toll });
