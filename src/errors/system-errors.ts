// Texts of errors about spawned actors and the messages between them.
// One function an error: its text names the rule, the value and the remedy. Relies on codes.ts for when each code comes.

import { MillraceError } from './millrace-error.ts';
import { messageOf } from './system-cause.ts';

const listed = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ') || '(none)';

export const systemErrors = {
  badActor(actor: string, problem: string): MillraceError {
    return new MillraceError('BAD_ACTOR', `actor '${actor}' ${problem}`, { actor });
  },
  actorModule(actor: string, moduleUrl: string, cause: unknown): MillraceError {
    return new MillraceError(
      'BAD_ACTOR',
      `a worker cannot load actor '${actor}' from ${moduleUrl}: ${messageOf(cause)}. Export the actor from the module whose import.meta.url it is declared with`,
      { actor, moduleUrl },
      cause,
    );
  },
  actorImport(definition: number, limitMs: number): MillraceError {
    return new MillraceError(
      'BAD_ACTOR',
      `the import of the module of definition ${definition} has not ended on a worker within ${limitMs} ms: end what it awaits, or raise 'startTimeoutMs'`,
      { definition, limitMs },
    );
  },
  actorDiffers(actor: string, moduleUrl: string): MillraceError {
    return new MillraceError(
      'ACTOR_DIFFERS',
      `actor '${actor}' of ${moduleUrl} has other messages, state, arguments, behaviours or options on this thread than on the one that used it first: let its definition depend on nothing that differs between threads`,
      { actor, moduleUrl },
    );
  },
  unknownMessage(actor: string, message: string, known: readonly string[]): MillraceError {
    return new MillraceError(
      'UNKNOWN_MESSAGE',
      `actor '${actor}' does not take the message '${message}' now: send one of ${listed(known)}`,
      { actor, message, known },
    );
  },
  actorFailed(actor: string, message: string, cause: unknown): MillraceError {
    return new MillraceError(
      'ACTOR_FAILED',
      `'${message}' of actor '${actor}' failed: ${messageOf(cause)}. What it had changed and sent is undone`,
      { actor, message },
      cause,
    );
  },
  targetStopped(address: string, message: string, reason: string): MillraceError {
    return new MillraceError('TARGET_STOPPED', `'${message}' to ${address} is not answered: ${reason}`, {
      address,
      message,
      reason,
    });
  },
  nameTaken(name: string): MillraceError {
    return new MillraceError(
      'NAME_TAKEN',
      `another actor has the name '${name}': choose another name, or stop that actor first`,
      { name },
    );
  },
  askTimeout(address: string, message: string, timeoutMs: number): MillraceError {
    return new MillraceError(
      'ASK_TIMEOUT',
      `'${message}' to ${address} was not answered within ${timeoutMs} ms: answer in time, or raise 'timeoutMs'`,
      { address, message, timeoutMs },
    );
  },
  askCycle(address: string, message: string): MillraceError {
    return new MillraceError(
      'ASK_CYCLE',
      `${address} asks itself '${message}' and would wait for ever, since it takes one message at a time: tell it, or do at once what the message asks for`,
      { address, message },
    );
  },
  askRing(address: string, message: string, ring: readonly string[]): MillraceError {
    return new MillraceError(
      'ASK_CYCLE',
      `'${message}' to ${address} would wait for ever, since each awaits an answer of the next one and takes one message at a time: ${ring.join(' → ')}. Tell in place of asking, or let one of them keep context.replyTo and reply later`,
      { address, message, ring },
    );
  },
  noReply(actor: string, message: string): MillraceError {
    return new MillraceError(
      'NO_REPLY',
      `the handler of '${message}' of actor '${actor}' ended without a reply: return the reply, or keep context.replyTo and reply later`,
      { actor, message },
    );
  },
  repliedTwice(actor: string, message: string): MillraceError {
    return new MillraceError(
      'REPLIED_TWICE',
      `'${message}' of actor '${actor}' has been replied to: reply once, by context.reply() or by what the handler returns`,
      { actor, message },
    );
  },
  notAsync(actor: string, handler: string): MillraceError {
    return new MillraceError(
      'BAD_ACTOR',
      `handler '${handler}' of actor '${actor}' is no async function and returned a promise: declare it as async, so that its messages wait for each other`,
      { actor, handler },
    );
  },
  contextOver(actor: string): MillraceError {
    return new MillraceError(
      'CONTEXT_OVER',
      `the context of a message of actor '${actor}' was used after its handler was over: use it before, and keep values instead of the context`,
      { actor },
    );
  },
  outsideOfActor(address: string): MillraceError {
    return new MillraceError(
      'OUTSIDE_OF_ACTOR',
      `a reference to ${address} was used on a worker outside of any handler: tell and ask within handlers; handlers that await are async functions`,
      { address },
    );
  },
  foreignRef(address: string): MillraceError {
    return new MillraceError(
      'FOREIGN_REF',
      `${address} belongs to another system: use references of the system that they were made by`,
      { address },
    );
  },
  systemStopped(): MillraceError {
    return new MillraceError('SYSTEM_STOPPED', 'the system has stopped, or is stopping: tell and ask before stop()');
  },
  stopTimeout(left: number, timeoutMs: number): MillraceError {
    return new MillraceError(
      'STOP_TIMEOUT',
      `${left} actors had not ended ${timeoutMs} ms after stop(), and were ended with their threads: let their 'stop' hooks end, or raise 'timeoutMs'`,
      { left, timeoutMs },
    );
  },
  inboxStopTimeout(left: number, timeoutMs: number): MillraceError {
    return new MillraceError(
      'STOP_TIMEOUT',
      `messages still waited in ${left} inboxes ${timeoutMs} ms after stop(): let their handlers end, or raise 'timeoutMs'`,
      { left, timeoutMs },
    );
  },
  mailboxFull(actor: string, capacity: number): MillraceError {
    return new MillraceError(
      'MAILBOX_FULL',
      `${capacity} messages wait for ${actor}, the capacity of its mailbox, and one more was left out: send less, or raise 'capacity'`,
      { actor, capacity },
    );
  },
  handlerTimeout(actor: string, handler: string, limitMs: number): MillraceError {
    return new MillraceError(
      'HANDLER_TIMEOUT',
      `the handler of '${handler}' of actor '${actor}' has not ended within ${limitMs} ms, and is given up: end what it awaits, or raise 'handlerTimeoutMs'`,
      { actor, handler, limitMs },
    );
  },
};
