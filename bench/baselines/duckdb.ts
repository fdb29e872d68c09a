// DuckDB, beside which suites run where somebody has installed it: it is no dependency.

/** What is used of the package. */
interface Package {
  DuckDBInstance: {
    create(path: string, options: Record<string, string>): Promise<{ connect(): Promise<DuckDb> }>;
  };
}

export interface DuckDb {
  run(sql: string): Promise<unknown>;
  runAndReadAll(sql: string): Promise<{ getRows(): (number | bigint)[][] }>;
  closeSync(): void;
}

export const DUCKDB = '@duckdb/node-api';

export const hasDuckDb = (): Promise<boolean> =>
  import(DUCKDB).then(
    () => true,
    () => false,
  );

/** A database in memory that runs each statement on so many threads. */
export async function openDuckDb(threads: number): Promise<DuckDb> {
  const { DuckDBInstance }: Package = await import(DUCKDB);
  const instance = await DuckDBInstance.create(':memory:', { threads: String(threads) });
  return instance.connect();
}
