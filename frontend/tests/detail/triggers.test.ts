import { describe, expect, it } from 'vitest'

import { ladderState } from '@/strategy/ladder-state'
import { legState } from '@/strategy/legs'
import { tickHealth } from '@/strategy/tick-health'
import { regressed, triggersOf } from '@/strategy/triggers'

import { aBot, anOpenBot, anOrder, aPosition } from './a-bot'

const spreads = (bot: Parameters<typeof triggersOf>[0]) =>
  Object.fromEntries(triggersOf(bot).map(({ kind, spread }) => [kind, Number(spread.toFixed(6))]))

describe('a flat bot', () => {
  it('opens on either side', () => {
    expect(triggersOf(aBot())).toEqual([
      { kind: 'open', spread: 1, row: 1, isEstimate: false },
      { kind: 'open', spread: -1, row: 1, isEstimate: false },
    ])
  })

  it('opens on the side that its directions allow', () => {
    const fixed = aBot({ market1_direction: 'buy', market2_direction: 'sell' })
    expect(spreads(fixed)).toEqual({ open: -1 })
  })

  it('waits on the side that was just traded', () => {
    const bot = aBot({ disarmed_side: 'sell' })
    expect(spreads(bot)).toEqual({ rearm: 1, open: -1 })
  })
})

describe('an open position', () => {
  it('adds when the spread goes on from the last entry', () => {
    expect(spreads(anOpenBot()).add).toBe(1.9)
    const bought = aPosition({ market1_side: 'buy', market2_side: 'sell', last_spread: -1.1 })
    expect(spreads(anOpenBot({ position: bought })).add).toBe(-1.9)
  })

  it('adds nothing over its cap or after the last row', () => {
    expect(spreads(anOpenBot({ max_position_value: '399.99' }))).not.toHaveProperty('add')
    expect(spreads(anOpenBot({ max_position_value: '400' }))).toHaveProperty('add')
    expect(spreads(anOpenBot({ level: 3 }))).not.toHaveProperty('add')
  })

  it('reckons its exits from the profit so far', () => {
    // A point is worth 1 of 200: −0.2 now, 0 at a fifth of a point less, +2 and −20 further on.
    expect(spreads(anOpenBot())).toEqual({
      add: 1.9,
      break_even: 0.9,
      take_profit: -1.1,
      stop_loss: 20.9,
    })
  })

  it('reckons them the other way round for the other side', () => {
    const position = aPosition({
      market1_side: 'buy',
      market2_side: 'sell',
      first_spread: -1.1,
      last_spread: -1.1,
    })
    expect(spreads(anOpenBot({ position, spread: -1.1 }))).toEqual({
      add: -1.9,
      break_even: -0.9,
      take_profit: 1.1,
      stop_loss: -20.9,
    })
  })

  it('counts them on the margin where the bot does', () => {
    const bot = anOpenBot({ profit_basis: 'margin', profit_ratio: 10 })
    expect(spreads(bot)).toMatchObject({ take_profit: -1.1, stop_loss: 2.9 })
  })

  it('takes profit at a spread that is known, by regression', () => {
    const bot = anOpenBot({ profit_mode: 'regression', profit_ratio: 0.6 })
    const target = triggersOf(bot).find(({ kind }) => kind === 'take_profit')
    expect(target).toMatchObject({ isEstimate: false })
    expect(target?.spread).toBeCloseTo(0.5)
    expect(regressed({ ...bot, spread: 0.9 })).toBeCloseTo(0.2)
  })

  it('counts points at the prices of now in the logarithm', () => {
    const bot = anOpenBot({ spread_mode: 'log_ratio', last_price1: '200', last_price2: '100' })
    expect(spreads(bot).break_even).toBe(1)
  })

  it('says nothing of exits before it has looked', () => {
    expect(spreads(anOpenBot({ pnl: null }))).toEqual({ add: 1.9 })
    expect(spreads(anOpenBot({ start_price1: null }))).toEqual({ add: 1.9 })
    const empty = aPosition({ legs: aPosition().legs.map((leg) => ({ ...leg, amount: '0' })) })
    expect(spreads(anOpenBot({ position: empty }))).toEqual({ add: 1.9 })
  })
})

describe('the ladder', () => {
  it('counts on from zero while flat', () => {
    const rows = ladderState(aBot())
    expect(rows.map(({ trigger }) => Number(trigger?.toFixed(6)))).toEqual([1, 1.8, 2.3])
    expect(rows.map(({ state }) => state)).toEqual(['next', 'waiting', 'waiting'])
    expect(rows.map(({ planned }) => planned)).toEqual([200, 200, 300])
  })

  it('counts on from the last entry while open', () => {
    const rows = ladderState(anOpenBot())
    expect(rows.map(({ trigger }) => Number(trigger?.toFixed(6)))).toEqual([1.1, 1.9, 2.4])
    expect(rows.map(({ state }) => state)).toEqual(['done', 'next', 'waiting'])
  })

  it('does not know the spreads of entries between the first and the last', () => {
    const position = aPosition({ level: 3, last_spread: 2.5 })
    const rows = ladderState(anOpenBot({ level: 3, position }))
    expect(rows.map(({ trigger }) => trigger)).toEqual([1.1, null, 2.5])
  })

  it('shows what the cap leaves no room for, and all that follows', () => {
    const states = (bot: Parameters<typeof ladderState>[0]) =>
      ladderState(bot).map(({ state }) => state)
    expect(states(aBot({ max_position_value: '399' }))).toEqual(['next', 'over_cap', 'over_cap'])
    expect(states(anOpenBot({ max_position_value: '400' }))).toEqual(['done', 'next', 'over_cap'])
  })
})

describe('a leg', () => {
  const [short, long] = aPosition().legs as [never, never]

  it('gains exactly what its price moves', () => {
    expect(legState(short, '100.1').pnl).toBe('-0.1')
    expect(legState(long, '50.05').pnl).toBe('0.1')
    expect(legState(long, null).pnl).toBeNull()
  })

  it('tells how far its liquidation is', () => {
    const leg = { ...(short as object), liquidation_price: '110' } as never
    expect(legState(leg, '100')).toMatchObject({ liquidation: '110', away: 10 })
    expect(legState(short, '100')).toMatchObject({ liquidation: null, away: null })
  })
})

describe('the last tick', () => {
  const at = (seconds: number) => Date.parse('2026-01-01T10:00:00.000Z') + seconds * 1000

  it.each([
    [14, 'fresh'],
    [15, 'late'],
    [70, 'late'],
    [71, 'overdue'],
  ])('%i s ago is %s', (seconds, health) => {
    expect(tickHealth(aBot(), at(seconds))).toBe(health)
  })

  it('comes once a minute in an error', () => {
    expect(tickHealth(aBot({ status: 'error' }), at(120))).toBe('fresh')
  })

  it('is awaited before the first, and not at rest', () => {
    expect(tickHealth(aBot({ last_tick_at: null }), at(0))).toBe('awaited')
    expect(tickHealth(aBot({ status: 'stopped' }), at(9999))).toBe('resting')
    expect(tickHealth(aBot({ status: 'paused' }), at(9999))).toBe('resting')
    expect(tickHealth(anOpenBot({ status: 'paused' }), at(9999))).toBe('overdue')
  })

  it('of a clock that is ahead is not in the future', () => {
    expect(tickHealth(aBot(), at(-30))).toBe('fresh')
  })
})

describe('the orders of a row', () => {
  it('tell what it has filled, less what was taken back', () => {
    const orders = [
      anOrder({ id: 'a', cost: '100' }),
      anOrder({ id: 'b', cost: '99.9' }),
      anOrder({ id: 'c', cost: '0.3', purpose: 'rest' }),
      anOrder({ id: 'd', cost: '20', purpose: 'unwind' }),
      anOrder({ id: 'e', cost: '500', purpose: 'close' }),
      anOrder({ id: 'f', cost: '500', cycle_number: 2 }),
    ]
    expect(ladderState(anOpenBot(), orders).map(({ filled }) => filled)).toEqual([
      '180.2',
      null,
      null,
    ])
  })
})
