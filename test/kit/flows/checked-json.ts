// Orders that a schema checks: of zod, of valibot.

import * as v from 'valibot';
import { z } from 'zod';
import { dataflow, type OperatorOptions, type StandardSchema, t } from '../../../src/index.ts';
import { push } from '../../../src/sources.ts';

export interface Order {
  id: string;
  items: { price: number }[];
}

export const ZOD = z.object({ id: z.string(), items: z.array(z.object({ price: z.number().positive() })) });
export const VALIBOT = v.object({
  id: v.string(),
  items: v.array(v.object({ price: v.pipe(v.number(), v.minValue(0.01)) })),
});

/** Passes on what is pushed, if the schema takes it. */
export const passing = (schema: StandardSchema<Order>, options: OperatorOptions) =>
  dataflow(import.meta.url, 'passing', (flow) =>
    flow
      .source('in', push({ given: t.json() }))
      .map('orders', { order: t.json(schema) }, ({ given }) => ({ order: given as Order }), options)
      .filter('alone', () => true, { fuse: false })
      .collect('out'),
  );

export const orders = passing(ZOD, {});
