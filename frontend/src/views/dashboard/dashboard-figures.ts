import Decimal from 'decimal.js'

import type { Bot, Dashboard, Risk } from '@/api/types'

export const PERIODS = { day: 1, week: 7, month: 30, quarter: 90, year: 365 } as const
export type Period = keyof typeof PERIODS

export function isPeriod(text: string): text is Period {
  return text in PERIODS
}

/** Long less short: what a move of all markets together would hit. */
export function netExposure(open: Dashboard['open']): string {
  return new Decimal(open.long_notional).minus(open.short_notional).toString()
}

/** Ticks come at least once a minute; beyond this a bot that runs does not. */
const SILENT_AFTER = 180_000

/** Paused because the user wanted it so: nothing to be told. */
const WANTED = new Set(['', 'closed: user', 'resolved'])

export type Trouble = 'error' | 'paused' | 'silent'

/** Why a bot needs to be looked at; null when it does not. */
export function troubleOf(
  bot: Pick<Bot, 'status' | 'status_reason' | 'last_tick_at'>,
  now: number,
): Trouble | null {
  if (bot.status === 'error') return 'error'
  if (bot.status === 'paused') return WANTED.has(bot.status_reason) ? null : 'paused'
  if (bot.status !== 'running' && bot.status !== 'stopping') return null
  const last = bot.last_tick_at ? Date.parse(bot.last_tick_at) : 0
  return now - last > SILENT_AFTER ? 'silent' : null
}

export type DayLossState = 'none' | 'unknown' | 'gain' | 'loss' | 'reached'

export interface DayLoss {
  state: DayLossState
  /** Lost on this UTC day, unsigned; 0 after a gain. */
  used: string
  /** Of the limit, 0 to 100. */
  percent: number
  left: string | null
}

/** How the UTC day stands against the limit, on accounts of one mode. */
export function dayLossOf(risk: Risk, mode: string): DayLoss {
  const nothing = { used: '0', percent: 0, left: null }
  if (risk.daily_loss_limit === null) return { state: 'none', ...nothing }
  const limit = new Decimal(risk.daily_loss_limit)
  const result = risk.results.find((each) => each.mode === mode)
  if (!result) return { state: 'gain', ...nothing }
  const isReached = result.refusals.some((refusal) => refusal.code === 'daily_loss_limit')
  if (result.loss_left === null || result.unrealised === null) {
    return { state: isReached ? 'reached' : 'unknown', ...nothing }
  }
  const lost = new Decimal(result.realised).plus(result.unrealised).negated()
  const used = Decimal.max(lost, 0)
  const percent = limit.isZero() ? 100 : Decimal.min(used.div(limit).mul(100), 100).toNumber()
  const left = result.loss_left
  if (isReached) return { state: 'reached', used: used.toString(), percent: 100, left }
  return { state: used.isZero() ? 'gain' : 'loss', used: used.toString(), percent, left }
}
