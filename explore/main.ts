import { appCases } from './cases/app-cases.ts';
import { recoveryCases } from './cases/recovery-cases.ts';
import { ringCases } from './cases/ring-cases.ts';
import { explore } from './explorer.ts';
import { traceText } from './trace.ts';

const wanted = process.argv.slice(2);
for (const each of [...ringCases, ...appCases, ...recoveryCases]) {
  if (wanted.length > 0 && !wanted.includes(each.name)) continue;
  const cpu = process.cpuUsage();
  const { trace, ...rest } = await explore(each);
  console.log(JSON.stringify({ ...rest, cpuMs: process.cpuUsage(cpu).user / 1000 }));
  if (trace.length > 0) console.log(traceText(trace.slice(-40)));
}
