// The queries of Nexmark in DuckDB's SQL, over whole files: there is an end of them, and all is known at once.
// Promises: the rows are those of the flows. Late lines are left out, each judged by the lines of its file before it; the rules are those
// of rules.ts.
// Relies on: views `persons`, `auctions`, `bids` and `lines` of what is on time, and `side`.

import {
  DAY_MS,
  HOT_STEP_MS,
  INTERVAL_MS,
  LAST_AUCTIONS,
  LOCAL_CATEGORY,
  LOCAL_STATES,
  MINUTE_MS,
  SELECTED_MODULO,
  SESSION_GAP_MS,
  SIDE_MODULO,
  TOP_BIDS,
  WINDOW_MS,
  WORDS_MS,
} from '../rules.ts';

const start = (sizeMs: number, time = 'dateTime'): string => `${time} // ${sizeMs} * ${sizeMs}`;

const WINNERS = `
  SELECT a.id AS auction, seller, category, expires AS closes, b.seq, bidder, price, b.dateTime
  FROM auctions a JOIN bids b
    ON b.auction = a.id AND b.dateTime >= a.dateTime AND b.dateTime < a.expires AND b.price >= a.reserve
  QUALIFY row_number() OVER (PARTITION BY a.id ORDER BY b.price DESC, b.dateTime, b.seq) = 1`;

const RANKS = ['price < 10000', 'price >= 10000 AND price < 1000000', 'price >= 1000000'];

/** The same counts of bids, bidders and auctions: of all, and of each rank. */
const STATISTICS = [
  ['bids', 'count(*)'],
  ['bidders', 'count(DISTINCT bidder)'],
  ['auctions', 'count(DISTINCT auction)'],
]
  .flatMap(([of, counted]) => [
    `${counted} AS total_${of}`,
    ...RANKS.map((rank, i) => `${counted} FILTER (${rank}) AS rank${i + 1}_${of}`),
  ])
  .join(', ');

export const QUERIES: Readonly<Record<string, string>> = {
  q0: 'SELECT seq, auction, bidder, price, channel, url, dateTime FROM bids',
  q1: 'SELECT seq, auction, bidder, price * 908 // 1000 AS price, dateTime FROM bids',
  q2: `SELECT seq, auction, price FROM bids WHERE auction % ${SELECTED_MODULO} = 0`,
  q3: `
    SELECT a.id AS auction, seller, name, city, state FROM auctions a JOIN persons p ON p.id = a.seller
    WHERE category = ${LOCAL_CATEGORY} AND state IN (${[...LOCAL_STATES].map((state) => `'${state}'`).join()})`,
  q4: `
    SELECT category, count(*) AS auctions, sum(price)::BIGINT AS total, sum(price)::BIGINT // count(*) AS average
    FROM (${WINNERS}) GROUP BY category`,
  q5: `
    WITH slices AS (
      SELECT ${start(HOT_STEP_MS)} AS slice, auction, count(*) AS n FROM bids GROUP BY ALL
    ), windows AS (
      SELECT slice - i * ${HOT_STEP_MS} AS window_start, auction, sum(n)::BIGINT AS bids
      FROM slices, range(${WINDOW_MS / HOT_STEP_MS}) steps(i) GROUP BY ALL
    )
    SELECT window_start, auction, bids FROM windows QUALIFY bids = max(bids) OVER (PARTITION BY window_start)`,
  q6: `
    SELECT seller, auction, closes, price, sum(price) OVER last::BIGINT // count(*) OVER last AS average
    FROM (${WINNERS})
    WINDOW last AS (PARTITION BY seller ORDER BY closes, auction ROWS ${LAST_AUCTIONS - 1} PRECEDING)`,
  q7: `
    SELECT ${start(WINDOW_MS)} AS window_start, seq, auction, bidder, price, dateTime FROM bids
    QUALIFY price = max(price) OVER (PARTITION BY ${start(WINDOW_MS)})`,
  q8: `
    SELECT ${start(WINDOW_MS, 'p.dateTime')} AS window_start, p.id, name, count(*) AS auctions
    FROM persons p JOIN auctions a ON a.seller = p.id AND a.dateTime // ${WINDOW_MS} = p.dateTime // ${WINDOW_MS}
    GROUP BY ALL`,
  q9: WINNERS,
  q11: `
    WITH marked AS (
      SELECT bidder, dateTime, seq, (dateTime - lag(dateTime) OVER own < ${SESSION_GAP_MS}) IS NOT TRUE AS begins
      FROM bids WINDOW own AS (PARTITION BY bidder ORDER BY dateTime, seq)
    ), numbered AS (
      SELECT *, sum(begins::INT) OVER (PARTITION BY bidder ORDER BY dateTime, seq) AS session FROM marked
    )
    SELECT bidder, min(dateTime) AS session_start, max(dateTime) + ${SESSION_GAP_MS} AS session_end, count(*) AS bids
    FROM numbered GROUP BY bidder, session`,
  q12: `SELECT ${start(WINDOW_MS)} AS window_start, bidder, count(*) AS bids FROM bids GROUP BY ALL`,
  q13: `SELECT seq, auction, bidder, price, dateTime, value FROM bids JOIN side ON key = auction % ${SIDE_MODULO}`,
  q15: `SELECT ${start(DAY_MS)} AS window_start, ${STATISTICS} FROM bids GROUP BY window_start`,
  q16: `SELECT channel, ${start(MINUTE_MS)} AS window_start, ${STATISTICS} FROM bids GROUP BY channel, window_start`,
  q18: `
    SELECT bidder, auction, seq, price, channel, dateTime FROM bids
    QUALIFY row_number() OVER (PARTITION BY bidder, auction ORDER BY dateTime DESC, seq DESC) = 1`,
  q19: `
    SELECT auction, row_number() OVER best AS rank, seq, bidder, price, dateTime FROM bids
    WINDOW best AS (PARTITION BY auction ORDER BY price DESC, dateTime, seq) QUALIFY rank <= ${TOP_BIDS}`,
  interval: `
    SELECT a.id AS auction, b.seq, bidder, price, b.dateTime FROM auctions a JOIN bids b
      ON b.auction = a.id AND b.dateTime >= a.dateTime AND b.dateTime < a.dateTime + ${INTERVAL_MS}`,
  words: `
    SELECT ${start(WORDS_MS)} AS window_start, word, count(*) AS count
    FROM (SELECT dateTime, lower(unnest(regexp_extract_all(line, '[A-Za-z'']+'))) AS word FROM lines) GROUP BY ALL`,
};
