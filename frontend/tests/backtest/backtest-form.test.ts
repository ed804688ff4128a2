import { describe, expect, it } from 'vitest'

import type { MarketSymbol } from '@/api/types'
import {
  againAs,
  barsOf,
  boundsOf,
  feesOf,
  finestWithin,
  freshBacktest,
  periodFault,
  termsFaults,
  toBacktest,
  toFraction,
  toPercent,
  type Period,
} from '@/research/backtest-form'
import { freshForm } from '@/strategy/bot-form'

const NOW = Date.parse('2026-11-24T10:07:31Z')
const MOST = 200_000

function aPeriod(changes: Partial<Period> = {}): Period {
  return {
    period: 'custom',
    firstDay: '2026-11-01',
    lastDay: '2026-11-02',
    timeframe: '1m',
    ...changes,
  }
}

const times = (period: Period) => {
  const bounds = boundsOf(period, NOW)
  return bounds && [new Date(bounds.from).toISOString(), new Date(bounds.to).toISOString()]
}

describe('the period of a backtest', () => {
  it('ends at the last whole bar when it is counted from today', () => {
    const period = aPeriod({ period: 'days7', timeframe: '15m' })
    expect(times(period)).toEqual(['2026-11-17T10:00:00.000Z', '2026-11-24T10:00:00.000Z'])
  })

  it('holds both of its days, in UTC', () => {
    expect(times(aPeriod())).toEqual(['2026-11-01T00:00:00.000Z', '2026-11-03T00:00:00.000Z'])
    expect(barsOf(aPeriod(), NOW)).toBe(2880)
  })

  it('does not reach ahead', () => {
    const period = aPeriod({ firstDay: '2026-11-24', lastDay: '2026-11-24' })
    expect(times(period)).toEqual(['2026-11-24T00:00:00.000Z', '2026-11-24T10:07:00.000Z'])
  })

  it.each([
    ['no day', { firstDay: '' }, 'daysNeeded'],
    ['days the wrong way round', { firstDay: '2026-11-05' }, 'daysOrder'],
    ['days ahead', { firstDay: '2026-12-01', lastDay: '2026-12-02' }, 'daysOrder'],
    ['too many bars', { firstDay: '2025-11-01' }, 'tooManyBars'],
    ['a good one', {}, null],
  ])('says what is wrong with %s', (_, changes, fault) => {
    expect(periodFault(aPeriod(changes), NOW, MOST)).toBe(fault)
  })

  it('knows which bars would do', () => {
    expect(finestWithin(aPeriod({ firstDay: '2025-11-01' }), NOW, MOST)).toBe('5m')
    expect(finestWithin(aPeriod({ firstDay: '1970-01-01' }), NOW, MOST)).toBeNull()
  })
})

describe('the terms of a backtest', () => {
  it.each([0.05, 0.02, 0.01, 0.0001, 12.5, 0])('keep %s %% through fractions', (percent) => {
    expect(toPercent(toFraction(percent))).toBe(percent)
  })

  it('take the dearer market’s fees, and none while one is not known', () => {
    const fees = (taker_fee: string, maker_fee: string) =>
      ({ taker_fee, maker_fee }) as MarketSymbol
    expect(feesOf([fees('0.0005', '0.0002'), fees('0.0006', '-0.0001')])).toEqual({
      taker_fee: 0.06,
      maker_fee: 0.02,
    })
    expect(feesOf([fees('0.0005', '0.0002'), undefined])).toBeNull()
  })

  it.each([
    ['a slippage beyond the bot’s bound', { slippage: 0.6 }, { slippage: 'slippageBeyond' }],
    ['an empty slippage', { slippage: Number.NaN }, { slippage: 'slippage' }],
    ['a capital that is no amount', { initial_capital: '1e3' }, { initial_capital: 'amount' }],
    ['a rebate', { maker_fee: -0.01 }, {}],
    ['what a new form holds', {}, {}],
  ])('are judged with %s', (_, changes, faults) => {
    expect(termsFaults({ ...freshBacktest(NOW), ...changes }, 0.5)).toEqual(faults)
  })
})

describe('what the API is asked for', () => {
  const bot = {
    ...freshForm(NOW),
    exchange_account_id: 'acc',
    market1_symbol: 'GALA-USDT',
    market2_symbol: 'CHZ-USDT',
  }

  it('starts where the period does, and leaves fees to the account', () => {
    const asked = toBacktest(bot, { ...freshBacktest(NOW), ...aPeriod() }, NOW)
    expect(asked.settings.start_time).toBe(asked.from)
    expect(asked.settings.bot_name).toBe('backtest')
    expect(asked.name).toBe('GALA-USDT / CHZ-USDT')
    expect(asked.terms).not.toHaveProperty('taker_fee')
    expect(asked.terms).not.toHaveProperty('initial_capital')
    expect(asked.terms.slippage).toBe(0.0001)
  })

  it('is the same again when a run is run again', () => {
    const run = {
      ...freshBacktest(NOW),
      ...aPeriod(),
      name: 'mine',
      taker_fee: 0.06,
      maker_fee: -0.01,
      initial_capital: '300',
      fill_at: 'signal_close' as const,
    }
    const asked = toBacktest(bot, run, NOW)
    expect(againAs(asked, NOW)).toEqual(run)
  })
})
