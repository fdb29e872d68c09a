// Asks the server of a page as no fetch() would: with any Host, any headers, and without reading what comes.

import { type IncomingMessage, request } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request and opens the answer; whoever calls it reads that, or ends it. */
export const opened = (url: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request(url, { method, headers, agent: false }, resolve).on('error', reject).end(body);
  });

/** The whole answer. */
export async function ask(url: string, asked?: Asked): Promise<Answer> {
  const answer = await opened(url, asked);
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += chunk;
  return { status: answer.statusCode ?? 0, headers: answer.headers, text };
}

/** The head of an answer that may never end. */
export async function statusOf(url: string, asked?: Asked): Promise<number> {
  const answer = await opened(url, asked);
  answer.on('error', () => {}).destroy();
  return answer.statusCode ?? 0;
}

export interface Frame {
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: what the page gets is its own affair
  readonly data: any;
}

/** The events of a stream, until the server or the reader ends it. */
export async function* framesOf(url: string, asked?: Asked): AsyncGenerator<Frame> {
  const answer = await opened(url, asked);
  let text = '';
  try {
    for await (const chunk of answer.setEncoding('utf8')) {
      text += chunk;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
        yield { event, data: JSON.parse(data) };
      }
    }
  } finally {
    answer.destroy();
  }
}
