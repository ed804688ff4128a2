import Decimal from 'decimal.js'

import type { NamedCycle } from '@/api/types'

const SECOND = 1000

/** Net profit in percent of the summed entry notional of both legs; null where nothing was put in. */
export function returnOf(cycle: Pick<NamedCycle, 'net_pnl' | 'invested'>): string | null {
  const invested = new Decimal(cycle.invested)
  if (invested.isZero()) return null
  return new Decimal(cycle.net_pnl).div(invested).mul(100).toString()
}

/** How long a cycle was open; null while it is. */
export function secondsOpen(cycle: Pick<NamedCycle, 'opened_at' | 'closed_at'>): number | null {
  if (!cycle.closed_at) return null
  return (Date.parse(cycle.closed_at) - Date.parse(cycle.opened_at)) / SECOND
}
