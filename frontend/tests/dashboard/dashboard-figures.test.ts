import { describe, expect, it } from 'vitest'

import type { Dashboard, Risk } from '@/api/types'
import { commonQuote, likeliestMode } from '@/composables/my-bots'
import { dayLossOf, isPeriod, netExposure, troubleOf } from '@/views/dashboard/dashboard-figures'

const NOW = Date.parse('2026-11-24T12:00:00Z')

function risk(limit: string | null, result: Partial<Risk['results'][number]> = {}): Risk {
  return {
    daily_loss_limit: limit,
    day: '2026-11-24',
    day_ends_at: '2026-11-25T00:00:00.000Z',
    halted: false,
    halted_reason: '',
    refusals: [],
    results: [
      { mode: 'paper', realised: '-999', unrealised: '0', loss_left: '0', refusals: [] },
      {
        mode: 'live',
        realised: '-30.1',
        unrealised: '5.1',
        loss_left: '75',
        refusals: [],
        ...result,
      },
    ],
  }
}

describe('the daily loss', () => {
  it('is what closed and open cycles have lost, of one mode alone', () => {
    expect(dayLossOf(risk('100'), 'live')).toEqual({
      state: 'loss',
      used: '25',
      percent: 25,
      left: '75',
    })
  })

  it('is none without a limit and after a gain', () => {
    expect(dayLossOf(risk(null), 'live').state).toBe('none')
    expect(dayLossOf(risk('100', { realised: '1' }), 'live')).toMatchObject({
      state: 'gain',
      used: '0',
      percent: 0,
    })
    expect(dayLossOf(risk('100'), 'sandbox').state).toBe('gain')
  })

  it('is not known while what is open is not', () => {
    const unknown = { unrealised: null, loss_left: null }
    expect(dayLossOf(risk('100', unknown), 'live').state).toBe('unknown')
  })

  it('is full once the limit refuses entries', () => {
    const refusals: Risk['refusals'] = [{ code: 'daily_loss_limit', message: '' }]
    const reached = risk('20', { loss_left: '0', refusals })
    expect(dayLossOf(reached, 'live')).toMatchObject({ state: 'reached', percent: 100 })
  })
})

describe('bots in trouble', () => {
  const bot = {
    status: 'running' as const,
    status_reason: '',
    last_tick_at: '2026-11-24T11:59:30Z',
  }

  it('are those in error, paused for a reason, or silent', () => {
    expect(troubleOf({ ...bot, status: 'error' }, NOW)).toBe('error')
    expect(troubleOf({ ...bot, status: 'paused', status_reason: 'x' }, NOW)).toBe('paused')
    expect(troubleOf({ ...bot, last_tick_at: '2026-11-24T11:50:00Z' }, NOW)).toBe('silent')
  })

  it('are not those that do as they were told', () => {
    expect(troubleOf(bot, NOW)).toBeNull()
    expect(troubleOf({ ...bot, status: 'paused' }, NOW)).toBeNull()
    expect(troubleOf({ ...bot, status: 'paused', status_reason: 'closed: user' }, NOW)).toBeNull()
    expect(troubleOf({ ...bot, status: 'stopped', last_tick_at: null }, NOW)).toBeNull()
  })
})

describe('what is shown first', () => {
  it('is the mode in which bots run, real money before play', () => {
    expect(
      likeliestMode([
        { mode: 'live', status: 'stopped' },
        { mode: 'paper', status: 'running' },
      ]),
    ).toBe('paper')
    expect(
      likeliestMode([
        { mode: 'paper', status: 'running' },
        { mode: 'live', status: 'running' },
      ]),
    ).toBe('live')
    expect(likeliestMode([{ mode: 'sandbox', status: 'stopped' }])).toBe('sandbox')
    expect(likeliestMode([])).toBe('paper')
  })

  it('names a currency only where all reckon in it', () => {
    expect(commonQuote([{ market1_symbol: 'GALA-USDT' }, { market1_symbol: 'ETH-USDT' }])).toBe(
      'USDT',
    )
    expect(commonQuote([{ market1_symbol: 'GALA-USDT' }, { market1_symbol: 'ETH-USDC' }])).toBe('')
    expect(commonQuote([])).toBe('')
  })

  it('knows its periods', () => {
    expect(isPeriod('week')).toBe(true)
    expect(isPeriod('decade')).toBe(false)
  })

  it('reckons net exposure exactly', () => {
    const open = { long_notional: '0.3', short_notional: '0.1' } as Dashboard['open']
    expect(netExposure(open)).toBe('0.2')
  })
})
