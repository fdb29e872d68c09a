// The feed of a source, or of one partition of it, by what the source is.

import type { AnySource } from '../../flow/source.ts';
import type { FeedEnvironment, PartitionFeed } from './feed.ts';
import { GeneratorFeed } from './generator-feed.ts';
import { ReaderFeed } from './reader-feed.ts';

export type FedSource = Exclude<AnySource, { kind: 'push' | 'told' }>;

export const sourceFeed = (source: FedSource, environment: FeedEnvironment, partition = 0): PartitionFeed =>
  source.kind === 'generate'
    ? new GeneratorFeed(source, environment, partition)
    : new ReaderFeed(source, environment, partition);
