import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref, type EffectScope } from 'vue'

import { pairSpread } from '@/api/exchanges'
import { ApiProblem } from '@/api/problem'
import type { PairSpread } from '@/api/types'
import { usePairSpread, type PairToWatch, type WatchedSpread } from '@/composables/pair-spread'

vi.mock('@/api/exchanges')

function pair(changes: Partial<PairToWatch> = {}): PairToWatch {
  return {
    account_id: 'a',
    market1_symbol: 'GALA-USDT',
    market2_symbol: 'CHZ-USDT',
    start_time: '2026-01-31T12:00:00Z',
    spread_mode: 'difference',
    ...changes,
  }
}

function drawn(price: string): PairSpread {
  const point = { at: '2026-01-31T12:01:00Z', market1_price: price, market2_price: '2', spread: 0 }
  return { start_prices: ['1', '2'], points: [point], resolution: 60 }
}

describe('the spread of the pair that is being chosen', () => {
  const chosen = ref<PairToWatch | null>(null)
  let scope: EffectScope
  let spread: WatchedSpread

  beforeEach(() => {
    vi.useFakeTimers()
    vi.mocked(pairSpread).mockReset()
    chosen.value = null
    scope = effectScope()
    const made = scope.run(() => usePairSpread(chosen))
    if (!made) throw new Error('no spread')
    spread = made
  })

  afterEach(() => {
    scope.stop()
    vi.useRealTimers()
  })

  async function settle(): Promise<void> {
    await nextTick()
    await vi.advanceTimersByTimeAsync(500)
  }

  it('is asked for once the choice has settled', async () => {
    vi.mocked(pairSpread).mockResolvedValue(drawn('1.5'))
    for (const market1_symbol of ['A-USDT', 'B-USDT', 'GALA-USDT']) {
      chosen.value = pair({ market1_symbol })
      await nextTick()
      await vi.advanceTimersByTimeAsync(100)
    }
    await settle()
    expect(pairSpread).toHaveBeenCalledOnce()
    expect(spread.prices.value).toEqual(['1.5', '2'])
  })

  it('of another pair is gone at once, and a late answer for it is not shown', async () => {
    let answer: (found: PairSpread) => void = () => undefined
    vi.mocked(pairSpread).mockReturnValueOnce(new Promise((resolve) => (answer = resolve)))
    chosen.value = pair()
    await settle()
    vi.mocked(pairSpread).mockResolvedValue(drawn('9'))
    chosen.value = pair({ market1_symbol: 'BTC-USDT' })
    await nextTick()
    expect(spread.data.value).toBeNull()
    answer(drawn('1'))
    await settle()
    expect(spread.prices.value).toEqual(['9', '2'])
  })

  it('goes on by itself, and keeps what is shown when that fails', async () => {
    vi.mocked(pairSpread).mockResolvedValueOnce(drawn('1'))
    chosen.value = pair()
    await settle()
    vi.mocked(pairSpread).mockRejectedValue(new ApiProblem(503, 'rate_limited', ''))
    await vi.advanceTimersByTimeAsync(15_000)
    expect(spread.problem.value?.code).toBe('rate_limited')
    expect(spread.prices.value).toEqual(['1', '2'])
  })

  it('falls back on the start prices while there is no point yet', async () => {
    vi.mocked(pairSpread).mockResolvedValue({ ...drawn('1'), points: [] })
    chosen.value = pair()
    await settle()
    expect(spread.prices.value).toEqual(['1', '2'])
  })
})
