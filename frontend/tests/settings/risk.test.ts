import { beforeEach, describe, expect, it, vi } from 'vitest'

import { postOnce } from '@/api/client'
import { killMine } from '@/api/risk'
import type { Killed } from '@/api/types'
import { limitOf } from '@/views/settings/risk/loss-limit'
import { givenDefaults } from '@/views/settings/trading/default-fields'

vi.mock('@/api/client', () => ({ get: vi.fn(), put: vi.fn(), postOnce: vi.fn() }))

const part = (changes: Partial<Killed>): Killed => ({
  halted: true,
  lifting: 'PUT /api/v1/risk',
  items: [],
  counts: { commanded: 0, stopped: 0, already_stopped: 0, failed: 0 },
  cursor: null,
  ...changes,
})
const line = (bot: string, outcome: 'commanded' | 'failed'): Killed['items'][number] => ({
  bot_id: bot,
  user_id: 'ada',
  outcome,
  code: outcome === 'failed' ? 'changed_meanwhile' : null,
})

beforeEach(() => vi.resetAllMocks())

describe('killing all bots', () => {
  it('goes on until every bot has been told', async () => {
    vi.mocked(postOnce)
      .mockResolvedValueOnce(
        part({
          items: [line('1', 'commanded')],
          counts: { commanded: 1, stopped: 0, already_stopped: 0, failed: 0 },
          cursor: 'next',
        }),
      )
      .mockResolvedValueOnce(
        part({
          items: [line('2', 'failed')],
          counts: { commanded: 0, stopped: 0, already_stopped: 0, failed: 1 },
          halted: false,
        }),
      )
    const told: number[] = []
    const killed = await killMine('enough', (soFar) => told.push(soFar.items.length))
    expect(vi.mocked(postOnce).mock.calls.map(([, body]) => body)).toEqual([
      { scope: 'mine', reason: 'enough', cursor: null },
      { scope: 'mine', reason: 'enough', cursor: 'next' },
    ])
    expect(told).toEqual([1, 2])
    expect(killed.counts).toEqual({ commanded: 1, stopped: 0, already_stopped: 0, failed: 1 })
    expect(killed.items.map(({ bot_id }) => bot_id)).toEqual(['1', '2'])
    expect(killed.halted).toBe(false)
  })
})

describe('the daily loss limit', () => {
  it.each([
    ['', null],
    ['  ', null],
    ['250', '250'],
    ['0250.50', '250.5'],
    ['0.00000001', '0.00000001'],
    ['9999999999.99999999', '9999999999.99999999'],
    ['0', undefined],
    ['-5', undefined],
    ['1e3', undefined],
    ['1,000', undefined],
    ['ten', undefined],
    ['0.000000001', undefined],
  ])('%j means %j', (text, limit) => {
    expect(limitOf(text)).toBe(limit)
  })
})

describe('what a new bot begins with', () => {
  it('holds nothing of what was left empty, but a no and a zero', () => {
    const given = {
      leverage: null,
      pause_after_close: false,
      cooldown_seconds: 0,
      investment_per_order: '',
    }
    expect(givenDefaults(given)).toEqual({ pause_after_close: false, cooldown_seconds: 0 })
  })
})
