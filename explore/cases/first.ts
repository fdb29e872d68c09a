import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import { actorScene } from '../actor-scene.ts';
import { explore } from '../explorer.ts';
import { traceText } from '../trace.ts';

const fields = { n: t.u32() };
for (const [words, count, start] of JSON.parse(process.argv[2])) {
const result = await explore({
  name: `first ${words} ${count}`,
  title: '',
  scene: () =>
    actorScene(
      (kept) =>
        dataflow(import.meta.url, 'f', (flow) => {
          flow
            .source('writer', generate(fields, (n) => ({ n: n + 1 }), { count }))
            .forEach('reader', ({ n }) => {
              kept.next = ((kept.next ?? 0) as number) + 1;
              if (n !== kept.next) throw new Error(`got ${n} instead of ${kept.next}`);
            }, { fuse: false, onError: 'stop' });
        }),
      { ringWords: words, start, singly: true },
    ),
});
const { trace, ...rest } = result;
console.log(rest);
if (trace.length > 0) console.log(traceText(trace));
}
