import { dataflow, t } from '../../src/index.ts';
import { generate } from '../../src/sources.ts';
import { actorScene } from '../actor-scene.ts';
import { explore } from '../explorer.ts';
import { traceText } from '../trace.ts';

const fields = { k: t.u32(), n: t.u32() };
for (const [words, count, start, crashing, crashes, singly] of JSON.parse(process.argv[2])) {
const result = await explore({
  name: `crash ${words} ${count} ${crashing}`,
  title: '',
  scene: () =>
    actorScene(
      () =>
        dataflow(import.meta.url, 'f', (flow) => {
          flow
            .source('writer', generate(fields, (n) => ({ k: 1, n: n + 1 }), { count }))
            .keyBy('k')
            .process('reader', {state: {n: t.u32()}, fuse: false, onError: 'stop'}, ({ n }, state) => {
              if (state.n + 1 !== n) throw new Error(`got ${n} after ${state.n}`);
              state.n = n;
            });
        }),
      { ringWords: words, start, singly, crashes, crashing },
    ),
});
const { trace, ...rest } = result;
console.log(rest);
if (trace.length > 0) console.log(traceText(trace.slice(-20)));
}
