import type { BacktestResult, ResultCycle, ResultOrder } from '@/research/result'

/** Something that happened, as the spread's chart marks it. */
export interface Mark {
  kind: 'entry' | 'add' | 'exit'
  /** ms UTC. */
  at: number
  spread: number
  order: ResultOrder
  cycle: ResultCycle | null
}

/** One mark for each pair of orders: both legs are filled at the same time. */
export function marksOf({ orders, cycles }: Pick<BacktestResult, 'orders' | 'cycles'>): Mark[] {
  const byNumber = new Map(cycles.map((cycle) => [cycle.number, cycle]))
  return orders
    .filter((order) => order.market === 1)
    .map((order) => ({
      kind: order.purpose === 'close' ? 'exit' : order.level > 1 ? 'add' : 'entry',
      at: Date.parse(order.filled_at),
      spread: order.spread,
      order,
      cycle: byNumber.get(order.cycle) ?? null,
    }))
}

export interface Span {
  from: number
  to: number
}

/** Marks within `span`, evenly thinned to `most`; all of them where there are no more. */
export function marksWithin(marks: readonly Mark[], span: Span | null, most: number): Mark[] {
  const seen = span ? marks.filter(({ at }) => at >= span.from && at <= span.to) : [...marks]
  if (seen.length <= most) return seen
  const step = seen.length / most
  return Array.from({ length: most }, (_, index) => seen[Math.floor(index * step)] as Mark)
}
