import { describe, expect, it } from 'vitest'

import { apart, fromPixel, moveRow, scaleOf, toPixel, triggersOf } from '@/strategy/ladder-scale'

const rows = [
  { spread: 1, multiplier: 1 },
  { spread: 0.8, multiplier: 1 },
  { spread: 0.5, multiplier: 2 },
]

describe('the ladder’s lines', () => {
  it('lie at the sums of the rows', () => {
    expect(triggersOf(rows).map((each) => Number(each.toFixed(6)))).toEqual([1, 1.8, 2.3])
  })

  it.each([
    [0, 1.52, 1.5],
    [1, 2.0, 1],
    [1, 0.3, 0.05],
    [2, 2.18, 0.4],
  ])('row %i moved to %d has a spread of %d', (index, trigger, spread) => {
    const moved = moveRow(rows, index, trigger)
    expect(moved[index]?.spread).toBe(spread)
    expect(moved.filter((_, at) => at !== index)).toEqual(rows.filter((_, at) => at !== index))
  })

  it('are drawn where the pointer finds them again', () => {
    const scale = scaleOf([-1, 2], [3])
    expect(scale.min).toBeLessThan(-1)
    expect(scale.max).toBeGreaterThan(3)
    expect(fromPixel(toPixel(1.25, scale, 280), scale, 280)).toBeCloseTo(1.25, 10)
  })

  it('have an axis even before there are prices', () => {
    const { min, max } = scaleOf([], [])
    expect(max).toBeGreaterThan(min)
  })
})

describe('labels beside the lines', () => {
  it('stay where they are while there is room', () => {
    expect(apart([10, 60, 110], 19, 200)).toEqual([10, 60, 110])
  })

  it('make way for one another, in the order of their lines', () => {
    const moved = apart([50, 52, 40, 51], 19, 200)
    const sorted = [2, 0, 3, 1].map((index) => moved[index] ?? 0)
    expect(sorted).toEqual([...sorted].sort((a, b) => a - b))
    for (let at = 1; at < sorted.length; at++) {
      expect((sorted[at] ?? 0) - (sorted[at - 1] ?? 0)).toBeGreaterThanOrEqual(19)
    }
  })

  it('do not leave the plot at its foot', () => {
    expect(apart([198, 199, 200], 19, 200)).toEqual([162, 181, 200])
  })
})
