import type { Cycle, Order, SpreadPoint } from '@/api/types'

/** Something that the bot did, at its place in the chart. */
export interface Marker {
  kind: 'entry' | 'add' | 'exit'
  /** ms UTC. */
  at: number
  /** Percentage points. */
  spread: number
  cycle: number
  /** Ladder rows done by then. */
  level: number
  /** Why the cycle was closed; empty for entries. */
  reason: string
  /** Of a closed cycle, quote currency. */
  netPnl: string | null
  orders: Order[]
}

const ENTERS = new Set(['entry', 'rest'])

/** The entries, adds and exits since `since` (ms UTC), the oldest first. */
export function markersOf(
  cycles: readonly Cycle[],
  orders: readonly Order[],
  points: readonly SpreadPoint[],
  since: number,
): Marker[] {
  const found = cycles.flatMap((cycle) => {
    const own = orders.filter((order) => order.cycle_number === cycle.cycle_number)
    return [entry(cycle, own), ...adds(cycle, own, points), ...exit(cycle, own)]
  })
  return found.filter(({ at }) => at >= since).sort((a, b) => a.at - b.at)
}

function entry(cycle: Cycle, orders: Order[]): Marker {
  return {
    kind: 'entry',
    at: Date.parse(cycle.opened_at),
    spread: cycle.first_spread,
    cycle: cycle.cycle_number,
    level: 1,
    reason: '',
    netPnl: null,
    orders: orders.filter((order) => ENTERS.has(order.purpose) && order.dca_level === 1),
  }
}

function adds(cycle: Cycle, orders: Order[], points: readonly SpreadPoint[]): Marker[] {
  const rows = Array.from({ length: Math.max(0, cycle.levels - 1) }, (_, index) => index + 2)
  return rows.flatMap((level) => {
    const own = orders.filter((order) => ENTERS.has(order.purpose) && order.dca_level === level)
    if (!own.length) return []
    const at = Math.min(...own.map((order) => Date.parse(order.created_at)))
    const last = level === cycle.levels ? cycle.last_spread : null
    const spread = last ?? spreadAt(points, at)
    if (spread === null) return []
    const rest = { cycle: cycle.cycle_number, level, reason: '', netPnl: null, orders: own }
    return [{ kind: 'add' as const, at, spread, ...rest }]
  })
}

function exit(cycle: Cycle, orders: Order[]): Marker[] {
  if (!cycle.closed_at || cycle.close_spread === null) return []
  return [
    {
      kind: 'exit',
      at: Date.parse(cycle.closed_at),
      spread: cycle.close_spread,
      cycle: cycle.cycle_number,
      level: cycle.levels,
      reason: cycle.reason,
      netPnl: cycle.net_pnl,
      orders: orders.filter((order) => order.purpose === 'close'),
    },
  ]
}

/** Index of the last point at or before a moment (ms UTC), -1 for none. */
export function indexAt(points: readonly SpreadPoint[], at: number): number {
  let low = 0
  let high = points.length
  while (low < high) {
    const middle = (low + high) >> 1
    const point = points[middle]
    if (point && Date.parse(point.recorded_at) <= at) low = middle + 1
    else high = middle
  }
  return low - 1
}

function spreadAt(points: readonly SpreadPoint[], at: number): number | null {
  const point = points[Math.max(0, indexAt(points, at))]
  return point ? point.spread_percentage : null
}
