// The tables that Nexmark asks for: their columns, the streams that they come from, and what makes two files the same answer.

/** The streams of a trace, in the order in which files are named: a file `<stream>.csv` or `<stream>.csv.gz` each. */
export const STREAMS = ['persons', 'auctions', 'bids', 'lines'] as const;
export type StreamName = (typeof STREAMS)[number];

/**
 * When two files of a table are the same answer. `append`: the same rows, each as often. `ordered`: that, and the rows with the
 * same `by` stand in ascending order of `then`. `upsert`: of the rows with the same `by` only the last one counts.
 */
type Form =
  | { readonly kind: 'append' }
  | { readonly kind: 'ordered'; readonly by: readonly string[]; readonly then: readonly string[] }
  | { readonly kind: 'upsert'; readonly by: readonly string[] };

export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly from: readonly StreamName[];
  readonly form: Form;
}

const append: Form = { kind: 'append' };
const ordered = (by: readonly string[], ...then: string[]): Form => ({ kind: 'ordered', by, then });
const upsert = (...by: string[]): Form => ({ kind: 'upsert', by });

const table = (name: string, columns: string, from: string, form: Form = append): Table => ({
  name,
  columns: columns.split(','),
  from: from.split(',') as StreamName[],
  form,
});

/** The columns of statistics: total and ranks 1 to 3, of bids, then of bidders, then of auctions. */
const STATISTICS = ['bids', 'bidders', 'auctions']
  .flatMap((of) => ['total', 'rank1', 'rank2', 'rank3'].map((rank) => `${rank}_${of}`))
  .join();

const TABLES: readonly Table[] = [
  table('late_persons', 'seq,dateTime', 'persons'),
  table('late_auctions', 'seq,dateTime', 'auctions'),
  table('late_bids', 'seq,dateTime', 'bids'),
  table('late_lines', 'seq,dateTime', 'lines'),
  table('q0', 'seq,auction,bidder,price,channel,url,dateTime', 'bids'),
  table('q1', 'seq,auction,bidder,price,dateTime', 'bids'),
  table('q2', 'seq,auction,price', 'bids'),
  table('q3', 'auction,seller,name,city,state', 'persons,auctions'),
  table('q4', 'category,auctions,total,average', 'auctions,bids', upsert('category')),
  table('q5', 'window_start,auction,bids', 'bids'),
  table('q6', 'seller,auction,closes,price,average', 'auctions,bids', ordered(['seller'], 'closes', 'auction')),
  table('q7', 'window_start,seq,auction,bidder,price,dateTime', 'bids'),
  table('q8', 'window_start,id,name,auctions', 'persons,auctions'),
  table('q9', 'auction,seller,category,closes,seq,bidder,price,dateTime', 'auctions,bids'),
  table('q11', 'bidder,session_start,session_end,bids', 'bids', ordered(['bidder'], 'session_start')),
  table('q12', 'window_start,bidder,bids', 'bids', ordered(['bidder'], 'window_start')),
  table('q12_allowed', 'window_start,bidder,bids', 'bids', upsert('window_start', 'bidder')),
  table('late_bids_allowed', 'seq,dateTime', 'bids'),
  table('q13', 'seq,auction,bidder,price,dateTime,value', 'bids'),
  table('q15', `window_start,${STATISTICS}`, 'bids', ordered([], 'window_start')),
  table('q16', `channel,window_start,${STATISTICS}`, 'bids', ordered(['channel'], 'window_start')),
  table('q18', 'bidder,auction,seq,price,channel,dateTime', 'bids', upsert('bidder', 'auction')),
  table('q19', 'auction,rank,seq,bidder,price,dateTime', 'bids', upsert('auction', 'rank')),
  table('interval', 'auction,seq,bidder,price,dateTime', 'auctions,bids'),
  table('words', 'window_start,word,count', 'lines', ordered(['word'], 'window_start')),
];

export const TABLE_NAMES: readonly string[] = TABLES.map(({ name }) => name);

export function tableOf(name: string): Table {
  const found = TABLES.find((each) => each.name === name);
  if (found === undefined) throw new RangeError(`there is no table '${name}': tables are ${TABLE_NAMES.join(', ')}`);
  return found;
}
