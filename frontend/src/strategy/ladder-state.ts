import Decimal from 'decimal.js'

import type { Bot, Order } from '@/api/types'
import { directionOf, fitsCap } from '@/strategy/triggers'

export interface LadderRow {
  times: number
  /** Spread at which the row is done, points; unsigned while flat. Null where it is not known. */
  trigger: number | null
  /** Points further than the entry before, or for row 1 the size that opens. */
  step: number
  /** Of both legs, quote currency. */
  planned: number
  /** What the row's orders have filled, quote currency; null where there are none of them. */
  filled: string | null
  state: 'done' | 'next' | 'waiting' | 'over_cap'
}

/** The ladder as it stands: rows done, the one that comes next, and those out of the cap's reach. */
export function ladderState(bot: Bot, orders: readonly Order[] = []): LadderRow[] {
  const filled = filledByRow(bot, orders)
  const direction = directionOf(bot)
  let reached: number | null = 0
  let isBlocked = false
  return bot.dca_config.map((row, index) => {
    const isDone = index < bot.level
    if (isDone) reached = doneAt(bot, index)
    else if (index === bot.level && bot.position) {
      reached = bot.position.last_spread + direction * row.spread
    } else if (reached !== null) reached += (direction || 1) * row.spread
    isBlocked ||= !isDone && (index === bot.level ? !fitsCap(bot, row.times) : overCap(bot, index))
    return {
      times: row.times,
      trigger: reached,
      step: row.spread,
      planned: 2 * Number(bot.investment_per_order) * row.multiplier,
      filled: filled.get(row.times)?.toFixed() ?? null,
      state: stateOf(bot, index, isDone, isBlocked),
    }
  })
}

/** The spreads of the first and the last entry are kept, those between are not. */
function doneAt(bot: Bot, index: number): number | null {
  if (!bot.position) return null
  if (index === 0) return bot.position.first_spread
  return index === bot.level - 1 ? bot.position.last_spread : null
}

/** Whether all rows from the next one up to this would lift the position over its cap. */
function overCap(bot: Bot, index: number): boolean {
  const planned = bot.dca_config
    .slice(bot.level, index + 1)
    .reduce((sum, row) => sum + 2 * Number(bot.investment_per_order) * row.multiplier, 0)
  return Number(bot.position?.invested ?? 0) + planned > Number(bot.max_position_value)
}

function stateOf(bot: Bot, index: number, isDone: boolean, isBlocked: boolean): LadderRow['state'] {
  if (isDone) return 'done'
  if (isBlocked) return 'over_cap'
  return index === bot.level ? 'next' : 'waiting'
}

/** What was taken back by an unwind did not stay filled; closes belong to no row. */
function filledByRow(bot: Bot, orders: readonly Order[]): Map<number, Decimal> {
  const sums = new Map<number, Decimal>()
  for (const order of orders) {
    if (order.cycle_number !== bot.position?.cycle_number || order.purpose === 'close') continue
    const before = sums.get(order.dca_level) ?? new Decimal(0)
    const isBack = order.purpose === 'unwind'
    sums.set(order.dca_level, isBack ? before.sub(order.cost) : before.add(order.cost))
  }
  return sums
}
