import { describe, expect, it } from 'vitest'

import { FRESH_FILTERS, pairsOf, toFilters, withSymbols } from '@/research/finder-form'

describe('the markets of a search for pairs', () => {
  it.each([
    ['takes them in their order', [], ['A-USDT', 'B-USDT'], 5, ['A-USDT', 'B-USDT']],
    ['takes none twice', ['A-USDT'], ['A-USDT', 'B-USDT'], 5, ['A-USDT', 'B-USDT']],
    ['keeps to one currency', ['A-USDT'], ['B-USDC', 'C-USDT'], 5, ['A-USDT', 'C-USDT']],
    ['the first one says which', [], ['B-USDC', 'C-USDT'], 5, ['B-USDC']],
    ['stops when there are enough', ['A-USDT'], ['B-USDT', 'C-USDT'], 2, ['A-USDT', 'B-USDT']],
  ])('%s', (_, chosen, offered, most, expected) => {
    expect(withSymbols(chosen, offered, most)).toEqual(expected)
  })

  it('make pairs', () => {
    expect([0, 2, 50].map(pairsOf)).toEqual([0, 1, 1225])
  })
})

describe('the filters of a search for pairs', () => {
  it('are the API’s: hours become seconds, what is empty stays open', () => {
    expect(toFilters({ ...FRESH_FILTERS, max_half_life_hours: 1.5 })).toEqual({
      min_correlation: 0.5,
      max_p_value: 0.05,
      max_adjusted_p_value: null,
      max_half_life_seconds: 5400,
      max_hedge_deviation: null,
    })
    expect(toFilters(FRESH_FILTERS).max_half_life_seconds).toBeNull()
  })
})
