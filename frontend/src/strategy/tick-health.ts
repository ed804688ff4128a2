import type { Bot } from '@/api/types'

/** How late the bot's last look at its markets is. */
export type TickHealth = 'resting' | 'awaited' | 'fresh' | 'late' | 'overdue'

const ERROR_INTERVAL = 60
/** Seconds that a tick takes, and its news. */
const ALLOWANCE = 4
/** Ticks are queued for a minute: when the next minute's are missing, something is wrong. */
const MINUTE = 60

/** Whether a schedule looks at the markets for the bot. */
export function isTicking(bot: Bot): boolean {
  if (bot.status === 'paused') return bot.position !== null || bot.pending_command !== null
  return bot.status !== 'stopped'
}

/** Seconds since the last tick, null before the first. */
export function tickAge(bot: Bot, now: number): number | null {
  if (!bot.last_tick_at) return null
  return Math.max(0, (now - Date.parse(bot.last_tick_at)) / 1000)
}

export function tickHealth(bot: Bot, now: number): TickHealth {
  if (!isTicking(bot)) return 'resting'
  const age = tickAge(bot, now)
  if (age === null) return 'awaited'
  const interval = bot.status === 'error' ? ERROR_INTERVAL : bot.tick_interval_seconds
  if (age <= 2 * interval + ALLOWANCE) return 'fresh'
  return age <= 2 * interval + MINUTE ? 'late' : 'overdue'
}
