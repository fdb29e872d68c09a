// The file that the pool's threads load: a CommonJS door to worker.ts.
// Why: piscina calls `require()` on it. Node aborts the whole process ("IsGraphAsync must be used on an instantiated module",
// seen on 20.20) if a thread is terminated while `require()` instantiates ES modules, about once in a thousand; with
// `import()` it does not. Threads are terminated at any moment: a job may end while a spare is still being loaded.

const worker = import('./worker.ts');
// Whoever awaits it below hears of a failure.
worker.catch(() => {});

module.exports = async (task: never): Promise<void> => (await worker).default(task);
