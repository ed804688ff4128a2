import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { rowsInSight } from '@/composables/windowed-rows'

describe('rows in sight', () => {
  it('are few, however many there are', () => {
    expect(rowsInSight(100_000, 41, 41_000, 41_900)).toEqual({ first: 988, end: 1034 })
  })

  it('hold every row that can be seen, and never more than there are', () => {
    fc.assert(
      fc.property(
        fc.nat(5000),
        fc.integer({ min: 20, max: 400 }),
        fc.integer({ min: -2000, max: 200_000 }),
        fc.integer({ min: 1, max: 3000 }),
        (count, height, from, length) => {
          const { first, end } = rowsInSight(count, height, from, from + length)
          expect(first).toBeGreaterThanOrEqual(0)
          expect(end).toBeLessThanOrEqual(count)
          expect(first).toBeLessThanOrEqual(end)
          for (let row = 0; row < count; row++) {
            const isSeen = (row + 1) * height > from && row * height < from + length
            if (isSeen && (row < first || row >= end)) return false
          }
          return end - first <= length / height + 26
        },
      ),
    )
  })

  it('are the first ones while nothing can be seen', () => {
    expect(rowsInSight(500, 41, 900, 400)).toEqual({ first: 0, end: 12 })
  })
})
