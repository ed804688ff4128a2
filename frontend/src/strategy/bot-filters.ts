import type { Bot } from '@/api/types'

export interface BotFilters {
  text: string
  status: string
  mode: string
  exchange: string
  account: string
}

export const FILTERS = ['text', 'status', 'mode', 'exchange', 'account'] as const

/** Badges tell simulated prices from paper trading on real ones: so does the filter. */
export const modeOf = (bot: Pick<Bot, 'exchange_name' | 'mode'>) =>
  bot.exchange_name === 'simulated' ? 'simulated' : bot.mode

function holds(bot: Bot, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const where = `${bot.bot_name} ${bot.market1_symbol} ${bot.market2_symbol}`.toLowerCase()
  return words.every((word) => where.includes(word))
}

/** The bots that fit every filter; an empty one lets all through. */
export function filtered(bots: readonly Bot[], filters: BotFilters): Bot[] {
  return bots.filter(
    (bot) =>
      holds(bot, filters.text) &&
      (!filters.status || bot.status === filters.status) &&
      (!filters.mode || modeOf(bot) === filters.mode) &&
      (!filters.exchange || bot.exchange_name === filters.exchange) &&
      (!filters.account || bot.exchange_account_id === filters.account),
  )
}

const URGENCY: Record<Bot['status'], number> = {
  error: 0,
  stopping: 1,
  running: 2,
  paused: 3,
  stopped: 4,
}

/** What needs looking after first, then by name. */
export function inOrder(bots: readonly Bot[]): Bot[] {
  return [...bots].sort(
    (one, other) =>
      URGENCY[one.status] - URGENCY[other.status] || one.bot_name.localeCompare(other.bot_name),
  )
}
