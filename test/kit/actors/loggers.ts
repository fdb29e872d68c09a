// Actors that log.

import { actor, t } from '../../../src/index.ts';

/** Logs in handlers of every sort. */
export const logger = actor(import.meta.url, 'logger', {
  messages: {
    say: { text: t.string() },
    everyLevel: {},
    sayLater: { text: t.string() },
    fail: { text: t.string() },
    strange: {},
    exit: { way: t.enum('at once', 'loop') },
    keep: {},
    useKept: { reply: { code: t.string() } },
  },
  start(_args, _state, context) {
    context.log.info('started');
  },
  stop(_state, context) {
    context.log.info('stopped');
  },
  receive: {
    say({ text }, _state, context) {
      context.log.info(text, { by: context.name });
    },
    everyLevel(_message, _state, { log }) {
      log.debug('a detail');
      log.info('a fact');
      log.warn('a doubt');
      log.error('a fault', new Error('why'));
    },
    async sayLater({ text }, _state, context) {
      context.log.info(`${text} soon`);
      await undefined;
      context.log.info(text);
    },
    fail({ text }, _state, context) {
      context.log.warn(text);
      throw new Error(text);
    },
    strange(_message, _state, context) {
      context.log.info('a function', () => 1);
      context.log.info(Object.assign(Object.create(null), { n: 1 }) as never);
    },
    exit({ way }, _state, context) {
      context.log.error('the last word');
      if (way === 'loop') for (;;);
      process.exit(3);
    },
    keep(_message, _state, { log }) {
      kept = log;
    },
    useKept() {
      try {
        kept?.info('too late');
        return { code: 'none' };
      } catch (error) {
        return { code: (error as { code: string }).code };
      }
    },
  },
});

let kept: { info(text: string): void } | undefined;
