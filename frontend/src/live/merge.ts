import Decimal from 'decimal.js'

import type { LiveMessage } from '@/api/live'
import type { Bot, SpreadPoint } from '@/api/types'

/** Members of a message that are not of the bot. */
const HEAD = new Set(['type', 'bot_id', 'subscription', 'seq', 'at'])

type Leg = NonNullable<Bot['position']>['legs'][number]

const timeOf = (moment: string | null | undefined) => (moment ? Date.parse(moment) : 0)

/** The bot after a message about it; the same object when the message tells nothing new. */
export function withMessage(bot: Bot, message: LiveMessage): Bot {
  if (message.bot_id !== bot.id) return bot
  if (message.type === 'spread_update') return withLook(bot, message)
  if (message.type === 'bot_update') return withUpdate(bot, message)
  return bot
}

function withLook(bot: Bot, message: LiveMessage): Bot {
  if (timeOf(message.at) <= timeOf(bot.last_tick_at)) return bot
  const last_price1 = message.market1_price as string | null
  const last_price2 = message.market2_price as string | null
  return {
    ...bot,
    last_tick_at: message.at,
    spread: message.spread as number,
    last_price1,
    last_price2,
    pnl: message.pnl as string | null,
    pnl_percent: message.pnl_percent as number | null,
    position: bot.position && {
      ...bot.position,
      drift: driftOf(bot.position.legs, last_price1, last_price2),
    },
  }
}

/** A message made before what is known, held up on its way, would turn the clock back. */
function withUpdate(bot: Bot, message: LiveMessage): Bot {
  const lookedAt = timeOf(message.last_tick_at as string | null)
  const isOlder = lookedAt < timeOf(bot.last_tick_at)
  if (isOlder || timeOf(message.updated_at as string) < timeOf(bot.updated_at)) return bot
  const news = Object.entries(message).filter(([name]) => !HEAD.has(name))
  return { ...bot, ...(Object.fromEntries(news) as Partial<Bot>) }
}

/** By how much leg 1 has outgrown leg 2 since the entries, by prices alone, quote currency. */
export function driftOf(
  legs: readonly Leg[],
  price1: string | null,
  price2: string | null,
): string | null {
  const [first, second] = legs
  if (!first || !second || price1 === null || price2 === null) return null
  const grown = (leg: Leg, price: string) => new Decimal(leg.amount).mul(price).sub(leg.notional)
  return grown(first, price1).sub(grown(second, price2)).toFixed()
}

/** The look at the pair that a message or a bot tells of, null where it tells of none. */
export function pointOf(message: LiveMessage): SpreadPoint | null {
  if (message.type !== 'spread_update') return null
  return point(message.at, message.market1_price, message.market2_price, message.spread)
}

export function pointOfBot(bot: Bot): SpreadPoint | null {
  return point(bot.last_tick_at, bot.last_price1, bot.last_price2, bot.spread)
}

function point(at: unknown, price1: unknown, price2: unknown, spread: unknown): SpreadPoint | null {
  if (typeof at !== 'string' || typeof spread !== 'number') return null
  if (typeof price1 !== 'string' || typeof price2 !== 'string') return null
  return {
    recorded_at: at,
    market1_price: price1,
    market2_price: price2,
    spread_percentage: spread,
  }
}

/** What changes when something has happened to a bot, and not with every look at the pair. */
export function standing(bot: Bot): string {
  const position = bot.position
  return [
    bot.status,
    bot.status_reason,
    bot.pending_command,
    bot.level,
    bot.current_cycle,
    bot.total_trades,
    position?.cycle_number,
    position?.invested,
  ].join('|')
}
