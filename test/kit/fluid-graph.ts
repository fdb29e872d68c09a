// A model of a running flow for policies to be tested on: tuples as a fluid, in steps of one report, without time or chance.
// Promises: a chain of operators behind one source. The slowest holds all before it up; a replica does what its share of the
// key groups asks of it, and no more than it can.

import { KEY_GROUPS } from '../../src/mailbox/hash.ts';
import { planMoves } from '../../src/supervisor/elasticity/assignment.ts';
import type { Decision } from '../../src/supervisor/elasticity/scaling/decision.ts';
import type { GraphReport, OperatorReport } from '../../src/supervisor/elasticity/scaling/report.ts';

export interface ModelOperator {
  readonly name: string;
  readonly secondsPerTuple: number;
  readonly selectivity?: number;
  readonly min?: number;
  readonly max: number;
  readonly start?: number;
  /** Of each key group; even if left out. */
  readonly groupLoads?: readonly number[];
}

interface Running extends ModelOperator {
  replicas: number[];
  owners: number[];
}

export interface Machine {
  readonly processors?: number;
  readonly maxWorkers?: number;
  /** True if the operators wait instead of computing. */
  readonly waits?: boolean;
  /** True if the source says its rate. */
  readonly declares?: boolean;
  /** What the source is like if its tuples cost something: its groups are its partitions. One that costs nothing by default. */
  readonly source?: Omit<ModelOperator, 'name' | 'groupLoads'> & { readonly partitionLoads: readonly number[] };
}

const SPAN_MS = 500;
const EVEN = new Array<number>(KEY_GROUPS).fill(1000);

export class FluidGraph {
  readonly operators: Running[];
  private readonly source: Running | undefined;
  private readonly machine: Machine;
  private atMs = 0;

  constructor(operators: readonly ModelOperator[], machine: Machine = {}) {
    this.machine = machine;
    this.operators = operators.map(running);
    const { source } = machine;
    if (source !== undefined) this.source = running({ ...source, name: 'source', groupLoads: source.partitionLoads });
  }

  replicasOf(name: string): number {
    return this.all.find((operator) => operator.name === name)?.replicas.length ?? 0;
  }

  private get all(): Running[] {
    return this.source === undefined ? this.operators : [this.source, ...this.operators];
  }

  /** Tuples per second that leave the source, if it would give `rate`: what the slowest replica lets through. */
  throughput(rate: number): number {
    let through = rate;
    let share = 1;
    for (const operator of this.all) {
      const hottest = Math.max(...operator.replicas.map((replica) => shareOf(operator, replica)));
      const possible = 1 / (operator.secondsPerTuple * hottest * share);
      through = Math.min(through, possible);
      share *= operator.selectivity ?? 1;
    }
    return through;
  }

  /** What a span is like in which the source would give `rate` tuples per second. */
  read(rate: number): GraphReport {
    const { processors = 64, maxWorkers = 64, waits = false, declares = false } = this.machine;
    const given = this.throughput(rate);
    const spanSeconds = SPAN_MS / 1000;
    this.atMs += SPAN_MS;
    let comes = given;
    const isHeldUp = given < rate * (1 - 1e-9);
    let worker = 0;
    const source: OperatorReport = {
      operator: 'source',
      upstream: [],
      upstreamShares: [],
      replicas: (this.source?.replicas ?? [0]).map((replica) => {
        const share = this.source === undefined ? 1 : shareOf(this.source, replica);
        const busy = this.source === undefined ? 0.01 * (given / rate) : given * share * this.source.secondsPerTuple;
        // One that costs nothing is held up by others only, and one that is not busy all the time as well.
        const blocked = !isHeldUp ? 0 : this.source === undefined ? 1 - given / rate : 1 - busy;
        const tuplesOut = given * share * spanSeconds;
        return { replica, worker: worker++, busy, blocked, tuplesIn: 0, tuplesOut, queueFill: 0 };
      }),
      min: this.source?.min ?? 1,
      max: this.source?.max ?? 1,
      declaredRate: declares ? rate : undefined,
      canMove: false,
      groupLoads: this.source?.groupLoads,
      owners: this.source?.owners ?? [],
    };
    const rest = this.operators.map((operator, i): OperatorReport => {
      const { name, secondsPerTuple, selectivity = 1, min = 1, max, replicas, owners, groupLoads = EVEN } = operator;
      const into = comes;
      comes *= selectivity;
      return {
        operator: name,
        upstream: [i],
        upstreamShares: [1],
        replicas: replicas.map((replica) => {
          const tuples = into * shareOf(operator, replica) * spanSeconds;
          const busy = Math.min(1, (tuples * secondsPerTuple) / spanSeconds);
          const isFull = busy > 0.999 && isHeldUp;
          return {
            replica,
            worker: worker++,
            busy,
            blocked: 0,
            tuplesIn: tuples,
            tuplesOut: tuples * selectivity,
            queueFill: isFull ? 1 : 0,
          };
        }),
        min,
        max,
        declaredRate: undefined,
        canMove: true,
        groupLoads,
        owners,
      };
    });
    const workers = Array.from({ length: worker }, (_, each) => ({
      worker: each,
      waiting: waits ? 0.95 : 0,
      processors: 0.01,
    }));
    return { atMs: this.atMs, spanMs: SPAN_MS, operators: [source, ...rest], workers, processors, maxWorkers };
  }

  apply({ action, operator: name, to }: Decision): void {
    const operator = this.all.find((each) => each.name === name);
    if (operator === undefined || (action !== 'scale' && action !== 'rebalance')) return;
    if (action === 'scale') operator.replicas = Array.from({ length: to }, (_, i) => i);
    for (const move of planMoves(operator.owners, operator.groupLoads ?? EVEN, operator.replicas)) {
      for (const group of move.groups) operator.owners[group] = move.to;
    }
  }
}

function running(operator: ModelOperator): Running {
  const replicas = Array.from({ length: operator.start ?? operator.min ?? 1 }, (_, i) => i);
  const groups = (operator.groupLoads ?? EVEN).length;
  const owners = Array.from({ length: groups }, (_, g) => Math.floor((g * replicas.length) / groups));
  return { ...operator, replicas, owners };
}

function shareOf({ owners, groupLoads = EVEN }: Running, replica: number): number {
  let own = 0;
  let total = 0;
  owners.forEach((owner, group) => {
    total += groupLoads[group];
    if (owner === replica) own += groupLoads[group];
  });
  return own / total;
}
