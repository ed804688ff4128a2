import { describe, expect, it } from 'vitest'

import { driftOf, pointOf, pointOfBot, standing, withMessage } from '@/live/merge'

import { aBot, aLook, aMessage, anOpenBot, aPosition } from './a-bot'

describe('a look at the pair', () => {
  it('moves prices, spread and profit', () => {
    const bot = withMessage(aBot(), aLook(1, '2026-01-01T10:00:05.000Z', 0.7))
    expect(bot).toMatchObject({
      spread: 0.7,
      last_price1: '101',
      last_price2: '50',
      last_tick_at: '2026-01-01T10:00:05.000Z',
    })
  })

  it('that is older than what is shown changes nothing', () => {
    const bot = aBot()
    expect(withMessage(bot, aLook(1, '2026-01-01T09:59:55.000Z', 9))).toBe(bot)
    expect(withMessage(bot, aLook(1, bot.last_tick_at ?? '', 9))).toBe(bot)
  })

  it('tells the drift of the legs anew', () => {
    const bot = withMessage(anOpenBot(), aLook(1, '2026-01-01T10:00:05.000Z', 2))
    expect(bot.position?.drift).toBe('1')
  })

  it('is the first one of a bot that has not looked yet', () => {
    const bot = aBot({ last_tick_at: null, spread: null })
    expect(withMessage(bot, aLook(1, '2026-01-01T10:00:05.000Z', 0.1)).spread).toBe(0.1)
  })
})

describe('an update', () => {
  const update = (values: Record<string, unknown>) =>
    aMessage('bot_update', 2, {
      updated_at: '2026-01-01T00:00:00.000Z',
      last_tick_at: '2026-01-01T10:00:05.000Z',
      ...values,
    })

  it('puts the live part over the bot and leaves the settings', () => {
    const bot = withMessage(aBot(), update({ status: 'paused', level: 1, position: aPosition() }))
    expect(bot).toMatchObject({ id: 'bot-1', status: 'paused', level: 1, bot_name: 'first' })
    expect(bot).not.toHaveProperty('seq')
    expect(bot).not.toHaveProperty('at')
    expect(bot).not.toHaveProperty('subscription')
  })

  it('made before what is shown changes nothing', () => {
    const bot = aBot({ last_tick_at: '2026-01-01T10:01:00.000Z' })
    expect(withMessage(bot, update({ status: 'error' }))).toBe(bot)
    const edited = aBot({ updated_at: '2026-01-01T10:01:00.000Z' })
    expect(withMessage(edited, update({ status: 'error' }))).toBe(edited)
  })

  it('of the same tick counts: commands are written between two', () => {
    const bot = aBot({ last_tick_at: '2026-01-01T10:00:05.000Z' })
    expect(withMessage(bot, update({ pending_command: 'close' })).pending_command).toBe('close')
  })

  it('of another bot is none of ours', () => {
    const bot = aBot()
    expect(withMessage(bot, update({ bot_id: 'other', status: 'error' }))).toBe(bot)
  })
})

describe('what follows from a bot', () => {
  it('is the same standing while only prices move', () => {
    const bot = anOpenBot()
    const moved = withMessage(bot, aLook(1, '2026-01-01T10:00:05.000Z', 2))
    expect(standing(moved)).toBe(standing(bot))
    expect(standing({ ...bot, level: 2 })).not.toBe(standing(bot))
  })

  it('is a point of the chart, where there are prices', () => {
    expect(pointOfBot(aBot())?.spread_percentage).toBe(0.4)
    expect(pointOfBot(aBot({ last_price1: null }))).toBeNull()
    expect(pointOf(aLook(1, '2026-01-01T10:00:05.000Z', 2))?.market1_price).toBe('101')
    expect(pointOf(aMessage('log', 1))).toBeNull()
  })

  it('is an exact drift', () => {
    const { legs } = aPosition()
    expect(driftOf(legs, '100.1', '49.95')).toBe('0.2')
    expect(driftOf(legs, null, '50')).toBeNull()
  })
})
