import Decimal from 'decimal.js'

import type { Bot } from '@/api/types'

export type Leg = NonNullable<Bot['position']>['legs'][number]

export interface LegState {
  leg: Leg
  mark: string | null
  /** At the mark, quote currency; null where there is none. */
  pnl: string | null
  liquidation: string | null
  /** How far the price has to go to the liquidation, in percent of the mark. */
  away: number | null
}

/** What one leg is worth at `mark`. */
export function legState(leg: Leg, mark: string | null): LegState {
  const liquidation = leg.side === 'flat' ? null : leg.liquidation_price
  return {
    leg,
    mark,
    pnl: leg.side === 'flat' ? '0' : gainOf(leg, mark),
    liquidation,
    away: awayOf(mark, liquidation),
  }
}

function gainOf(leg: Leg, mark: string | null): string | null {
  if (mark === null) return null
  const value = new Decimal(leg.amount).mul(mark)
  const gain = leg.side === 'long' ? value.sub(leg.notional) : new Decimal(leg.notional).sub(value)
  return gain.toFixed()
}

function awayOf(mark: string | null, liquidation: string | null): number | null {
  if (mark === null || liquidation === null || Number(mark) === 0) return null
  return (Math.abs(Number(liquidation) - Number(mark)) / Number(mark)) * 100
}
