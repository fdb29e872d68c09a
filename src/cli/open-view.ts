// Which view a job of `millrace run` is shown by: on a terminal a table, redrawn in place; where only standard error is one, a line
// there, with the tuples on standard output; everywhere else lines.

import { availableParallelism } from 'node:os';
import type { Dataflow } from '../supervisor/job/flow.ts';
import type { RunCommand } from './arguments.ts';
import { LineInPlace } from './line-in-place.ts';
import { LiveView, passAbove } from './live-view.ts';
import type { OutputFile } from './output-file.ts';
import { StreamView } from './stream-view.ts';
import { teeView } from './tee-view.ts';
import type { View } from './view.ts';

interface OpenView {
  readonly view: View;
  readonly restore: () => void;
}

// A terminal that is being made, or a pseudo-terminal that nobody has sized, has width 0: nothing could be drawn in place there.
const isDrawable = (stream: NodeJS.WriteStream): boolean =>
  stream.isTTY && process.env.TERM !== 'dumb' && stream.columns > 0;

/** What the stream is written with, whoever's text passes above a view meanwhile. */
const screenOf = (stream: NodeJS.WriteStream) => ({
  write: stream.write.bind(stream) as (text: string) => boolean,
  get columns() {
    return stream.columns;
  },
  get rows() {
    return stream.rows;
  },
});

/** @param outputs names of all outputs */
export function openView(
  { json, progress, options: { workers } }: RunCommand,
  flow: Dataflow,
  outputs: readonly string[],
  file: OutputFile | undefined,
): OpenView {
  const { stdout, stderr } = process;
  const out = file?.stream ?? stdout;
  const totals = file === undefined ? {} : { totals: stdout };
  const options = { flow: flow.name, outputs, json, progress, ...totals };
  if (json || !isDrawable(stderr)) return { view: new StreamView(out, stderr, options), restore: () => {} };
  if (!isDrawable(stdout)) {
    if (progress === false) return { view: new StreamView(out, stderr, options), restore: () => {} };
    const line = new LineInPlace(screenOf(stderr));
    const restore = passAbove(line, stderr, screenOf(stderr).write);
    return { view: new StreamView(out, stderr, { ...options, line }), restore };
  }
  const screen = screenOf(stdout);
  const live = new LiveView(screen, flow.name, workers ?? availableParallelism(), outputs);
  const restores = [stdout, stderr].map((stream) => passAbove(live, stream, screen.write));
  const view = file === undefined ? live : teeView(live, new StreamView(out, stderr, options));
  return { view, restore: () => restores.forEach((restore) => void restore()) };
}
