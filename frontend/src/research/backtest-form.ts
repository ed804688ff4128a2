import type { MarketSymbol } from '@/api/types'
import { isAmount, toSettings, type BotForm } from '@/strategy/bot-form'

export const TIMEFRAMES = ['1m', '5m', '15m', '1h'] as const
export type Timeframe = (typeof TIMEFRAMES)[number]

export const PERIODS = ['days7', 'days30', 'days90', 'custom'] as const
export type PeriodName = (typeof PERIODS)[number]

const MINUTE = 60_000
const DAY = 86_400_000
const LENGTHS: Record<Exclude<PeriodName, 'custom'>, number> = {
  days7: 7 * DAY,
  days30: 30 * DAY,
  days90: 90 * DAY,
}
const BAR: Record<Timeframe, number> = {
  '1m': MINUTE,
  '5m': 5 * MINUTE,
  '15m': 15 * MINUTE,
  '1h': 60 * MINUTE,
}

/** What of history is looked at; both days are UTC and included. */
export interface Period {
  period: PeriodName
  /** Such as `2026-11-24`; count for a period of one's own. */
  firstDay: string
  lastDay: string
  timeframe: Timeframe
}

/** The terms of a backtest while they are being written; fees and slippage in percent. */
export interface BacktestTermsForm {
  name: string
  fill_at: 'next_open' | 'signal_close'
  /** Null: as the account's markets charge. */
  taker_fee: number | null
  maker_fee: number | null
  slippage: number
  funding: boolean
  lot_steps: boolean
  honour_pause: boolean
  /** Quote currency; empty: what the cap needs at this leverage. */
  initial_capital: string
}

export type BacktestForm = Period & BacktestTermsForm

const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10)

export function freshPeriod(now: number): Period {
  return {
    period: 'days30',
    firstDay: dayOf(now - 30 * DAY),
    lastDay: dayOf(now),
    timeframe: '1m',
  }
}

export function freshBacktest(now: number): BacktestForm {
  return {
    ...freshPeriod(now),
    name: '',
    fill_at: 'next_open',
    taker_fee: null,
    maker_fee: null,
    slippage: 0.01,
    funding: false,
    lot_steps: true,
    honour_pause: false,
    initial_capital: '',
  }
}

/** The period's first and last moment, ms UTC, on whole bars; null while it says none. */
export function boundsOf(period: Period, now: number): { from: number; to: number } | null {
  const bar = BAR[period.timeframe]
  const whole = (at: number) => Math.floor(at / bar) * bar
  if (period.period !== 'custom') {
    const to = whole(now)
    return { from: to - LENGTHS[period.period], to }
  }
  const from = Date.parse(`${period.firstDay}T00:00:00Z`)
  const last = Date.parse(`${period.lastDay}T00:00:00Z`)
  if (Number.isNaN(from) || Number.isNaN(last)) return null
  return { from, to: Math.min(last + DAY, whole(now)) }
}

export function barsOf(period: Period, now: number): number {
  const bounds = boundsOf(period, now)
  return bounds ? Math.max(0, Math.floor((bounds.to - bounds.from) / BAR[period.timeframe])) : 0
}

/** The finest timeframe with which the period stays within `most` bars, if any. */
export function finestWithin(period: Period, now: number, most: number): Timeframe | null {
  return TIMEFRAMES.find((timeframe) => barsOf({ ...period, timeframe }, now) <= most) ?? null
}

/** What is wrong with the period: a text's key under `backtest.errors`. */
export function periodFault(period: Period, now: number, most: number): string | null {
  const bounds = boundsOf(period, now)
  if (!bounds) return 'daysNeeded'
  if (bounds.from >= bounds.to) return 'daysOrder'
  if (barsOf(period, now) > most) return 'tooManyBars'
  return null
}

export type TermsFault = Partial<Record<keyof BacktestTermsForm, string>>

/** What is wrong with the terms, by field; `maxSlippage` is the bot's own bound, percent. */
export function termsFaults(terms: BacktestTermsForm, maxSlippage: number): TermsFault {
  const faults: TermsFault = {}
  const isShare = (value: number | null) => value === null || (value >= 0 && value < 100)
  if (!isShare(terms.taker_fee)) faults.taker_fee = 'fee'
  if (terms.maker_fee !== null && !(Math.abs(terms.maker_fee) < 100)) faults.maker_fee = 'fee'
  if (!(terms.slippage >= 0)) faults.slippage = 'slippage'
  else if (terms.slippage > maxSlippage) faults.slippage = 'slippageBeyond'
  if (terms.initial_capital && !isAmount(terms.initial_capital)) faults.initial_capital = 'amount'
  return faults
}

/** What the account's two markets charge, percent: the dearer of both. */
export function feesOf(
  markets: readonly (MarketSymbol | undefined)[],
): { taker_fee: number; maker_fee: number } | null {
  const known = markets.filter((market) => market !== undefined)
  if (known.length < markets.length) return null
  const dearest = (fees: string[]) => toPercent(Math.max(...fees.map(Number)))
  return {
    taker_fee: dearest(known.map((market) => market.taker_fee)),
    maker_fee: dearest(known.map((market) => market.maker_fee)),
  }
}

/** Moving the decimal point in floats leaves traces: 0.0005 × 100 is 0.05, not 0.05000000001. */
export const toPercent = (fraction: number) => Number((fraction * 100).toPrecision(12))
export const toFraction = (percent: number) => Number((percent / 100).toPrecision(12))

/** Name of a bot that exists on history only. */
export const NAMELESS = 'backtest'

/** The form as `POST /backtests` takes it. */
export function toBacktest(bot: BotForm, form: BacktestForm, now: number) {
  const bounds = boundsOf(form, now)
  if (!bounds) throw new Error('the period says no days')
  const from = new Date(bounds.from).toISOString()
  return {
    name: form.name.trim() || `${bot.market1_symbol} / ${bot.market2_symbol}`,
    settings: {
      ...toSettings({ ...bot, bot_name: bot.bot_name.trim() || NAMELESS, start_time: from }),
    },
    terms: {
      fill_at: form.fill_at,
      ...(form.taker_fee === null ? {} : { taker_fee: toFraction(form.taker_fee) }),
      ...(form.maker_fee === null ? {} : { maker_fee: toFraction(form.maker_fee) }),
      slippage: toFraction(form.slippage),
      funding: form.funding,
      lot_steps: form.lot_steps,
      honour_pause: form.honour_pause,
      ...(form.initial_capital ? { initial_capital: form.initial_capital } : {}),
    },
    from,
    to: new Date(bounds.to).toISOString(),
    timeframe: form.timeframe,
  }
}

/** What a run was asked for, as far as the form needs it. */
export interface AskedRun {
  name: string | null
  from: string
  to: string
  timeframe: string
  terms: {
    fill_at?: string
    taker_fee?: number | null
    maker_fee?: number | null
    slippage?: number
    funding?: boolean
    lot_steps?: boolean
    honour_pause?: boolean
    initial_capital?: string | null
  }
}

/** The form that asks for the same again: with the same days, whatever they were called. */
export function againAs(run: AskedRun, now: number): BacktestForm {
  const fresh = freshBacktest(now)
  const { terms } = run
  return {
    ...fresh,
    name: run.name ?? '',
    period: 'custom',
    firstDay: run.from.slice(0, 10),
    // The end is not part of the period: a midnight belongs to the day before.
    lastDay: dayOf(Date.parse(run.to) - 1),
    timeframe: TIMEFRAMES.find((each) => each === run.timeframe) ?? fresh.timeframe,
    fill_at: terms.fill_at === 'signal_close' ? 'signal_close' : 'next_open',
    taker_fee: typeof terms.taker_fee === 'number' ? toPercent(terms.taker_fee) : null,
    maker_fee: typeof terms.maker_fee === 'number' ? toPercent(terms.maker_fee) : null,
    slippage: toPercent(terms.slippage ?? toFraction(fresh.slippage)),
    funding: terms.funding ?? fresh.funding,
    lot_steps: terms.lot_steps ?? fresh.lot_steps,
    honour_pause: terms.honour_pause ?? fresh.honour_pause,
    initial_capital: terms.initial_capital ?? '',
  }
}
