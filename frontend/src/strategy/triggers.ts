import type { Bot } from '@/api/types'

/** A spread at which something would happen, percentage points. */
export interface Trigger {
  kind: 'open' | 'rearm' | 'add' | 'take_profit' | 'stop_loss' | 'break_even'
  spread: number
  /** Ladder row that would be done; 0 for what is not an entry. */
  row: number
  /** Reckoned from the profit so far, as if both markets moved by the same: not exact. */
  isEstimate: boolean
}

/** +1 sells market 1 and buys market 2, -1 is the reverse. */
type Direction = 1 | -1

const DIRECTIONS: readonly Direction[] = [1, -1]

/** Every spread at which the bot would act or has something to show, as things stand. */
export function triggersOf(bot: Bot): Trigger[] {
  return bot.position ? [...nextAdd(bot), ...exits(bot)] : openings(bot)
}

function exact(kind: Trigger['kind'], spread: number, row = 0): Trigger {
  return { kind, spread, row, isEstimate: false }
}

/** Where a flat bot opens; a direction that waits to be re-armed has that line instead. */
function openings(bot: Bot): Trigger[] {
  const first = bot.dca_config[0]?.spread
  if (first === undefined) return []
  return DIRECTIONS.filter((direction) => mayOpen(bot, direction)).map((direction) =>
    isDisarmed(bot, direction)
      ? exact('rearm', direction * first)
      : exact('open', direction * first, 1),
  )
}

function mayOpen(bot: Bot, direction: Direction): boolean {
  if (bot.market1_direction === 'auto') return true
  return (bot.market1_direction === 'sell') === direction > 0
}

function isDisarmed(bot: Bot, direction: Direction): boolean {
  return bot.disarmed_side !== null && (bot.disarmed_side === 'sell') === direction > 0
}

export function directionOf(bot: Bot): Direction | 0 {
  if (!bot.position) return 0
  return bot.position.market1_side === 'sell' ? 1 : -1
}

/** Whether the cap leaves room for a row on top of what is invested. */
export function fitsCap(bot: Bot, row: number): boolean {
  const multiplier = bot.dca_config[row - 1]?.multiplier ?? 0
  const both = 2 * Number(bot.investment_per_order) * multiplier
  return Number(bot.position?.invested ?? 0) + both <= Number(bot.max_position_value)
}

function nextAdd(bot: Bot): Trigger[] {
  const { position } = bot
  const next = bot.dca_config[bot.level]
  if (!position || !next || !fitsCap(bot, bot.level + 1)) return []
  return [exact('add', position.last_spread + directionOf(bot) * next.spread, bot.level + 1)]
}

function exits(bot: Bot): Trigger[] {
  const { position } = bot
  if (!position) return []
  const found: Trigger[] = []
  if (bot.profit_mode === 'regression') {
    found.push(exact('take_profit', position.first_spread - directionOf(bot) * bot.profit_ratio))
  }
  const spreadAt = spreadByProfit(bot)
  if (!spreadAt) return found
  const estimate = (kind: Trigger['kind'], pnl: number) => {
    const spread = spreadAt(pnl)
    if (Number.isFinite(spread)) found.push({ kind, spread, row: 0, isEstimate: true })
  }
  estimate('break_even', 0)
  if (bot.profit_mode === 'position') estimate('take_profit', shareOf(bot, bot.profit_ratio))
  estimate('stop_loss', -shareOf(bot, bot.stop_loss_ratio))
  return found
}

/** `percent` of what the bot counts its profit on, quote currency. */
export function shareOf(bot: Bot, percent: number): number {
  const invested = Number(bot.position?.invested ?? 0)
  const basis = bot.profit_basis === 'margin' ? invested / bot.leverage : invested
  return (basis * percent) / 100
}

/**
 * How the spread goes with the net profit from here on: each point more costs half a percent of
 * both legs, at the prices that points are counted from.
 */
function spreadByProfit(bot: Bot): ((pnl: number) => number) | null {
  const { position, spread, pnl } = bot
  if (!position || spread === null || pnl === null) return null
  const isLog = bot.spread_mode === 'log_ratio'
  const bases = isLog ? [bot.last_price1, bot.last_price2] : [bot.start_price1, bot.start_price2]
  const value = position.legs.reduce(
    (sum, leg, index) => sum + Number(leg.amount) * Number(bases[index] ?? NaN),
    0,
  )
  const perPoint = value / 200
  if (!(perPoint > 0)) return null
  return (wanted) => spread - (directionOf(bot) * (wanted - Number(pnl))) / perPoint
}

/** How far the spread of an open cycle has come back from its first entry, points. */
export function regressed(bot: Bot): number | null {
  if (!bot.position || bot.spread === null) return null
  return (bot.position.first_spread - bot.spread) * directionOf(bot)
}
