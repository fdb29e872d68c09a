// @ts-check
// Operators: one generated stream of orders goes through map, filter and flatMap; split gives it to two consumers, merge
// makes one stream of two. Each collect is an output of its own: here the large orders, and all letters of the products.
//
//   $ npx millrace run examples/operators.js --orders 6
//   largeOrders     3       tea     27
//   largeOrders     4       flour   36
//   largeOrders     5       salt    45
//   letterCounts    a       4
//   letterCounts    s       4
//   letterCounts    r       2
//   letterCounts    u       2
//   letterCounts    i       2
//   letterCounts    h       2
//   letterCounts    e       2
//   letterCounts    o       2
//   letterCounts    t       4
//   letterCounts    f       4
//   letterCounts    l       4

import { dataflow, t } from 'millrace';
import { generate } from 'millrace/sources';

const PRODUCTS = ['tea', 'flour', 'salt'];

export default dataflow(import.meta.url, 'operators', (flow, /** @type {{ orders?: number }} */ { orders = 6 }) => {
  const order = { id: t.u32(), product: t.dictionary(), price: t.f64() };

  const shop = flow.source(
    'shop',
    generate(order, (i) => ({ id: i, product: PRODUCTS[i % 3], price: 10 * i }), { count: orders }),
  );
  const market = flow.source(
    'market',
    generate(order, (i) => ({ id: 1000 + i, product: 'fish', price: 5 }), { count: 2 }),
  );

  return shop
    .map('discount', order, ({ id, product, price }) => ({ id, product, price: price * 0.9 }))
    .merge(market)
    .split(
      (all) => all.filter('large', ({ price }) => price > 20).collect('largeOrders'),
      (all) =>
        all
          .flatMap('spell', { letter: t.string(), order: t.u32() }, ({ id, product }, emit) => {
            for (const letter of product) emit({ letter, order: id });
          })
          .keyBy('letter')
          .process(
            'letters',
            { state: { times: t.u32() }, output: { letter: t.string(), times: t.u32() } },
            (_, state) => {
              state.times += 1;
            },
            { end: ({ letter }, { times }, emit) => emit({ letter, times }) },
          )
          .collect('letterCounts'),
    );
});
