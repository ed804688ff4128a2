import type { FormRow } from '@/strategy/bot-form'

/** Places that a dragged spread is rounded to: finer than anybody aims. */
const GRID = 0.05
const LEAST = 0.05

/** Spreads that the rows trade at: sums of their own, as long as every row has one. */
export function triggersOf(rows: readonly FormRow[]): number[] {
  let sum = 0
  return rows.map((row) => (sum += row.spread || 0))
}

/** The rows after the line of row `index` was moved to `trigger`; the rows below it go along. */
export function moveRow(rows: readonly FormRow[], index: number, trigger: number): FormRow[] {
  const before = triggersOf(rows)[index - 1] ?? 0
  const wanted = Math.round((trigger - before) / GRID) * GRID
  const spread = Number(Math.max(LEAST, wanted).toFixed(2))
  return rows.map((row, at) => (at === index ? { ...row, spread } : row))
}

export interface Scale {
  min: number
  max: number
}

/** An axis that holds the path of the spread and every line, with some air. */
export function scaleOf(spreads: readonly number[], lines: readonly number[]): Scale {
  // Not Math.max(...): a path may have more points than a call takes arguments.
  let [min, max] = [0, 0]
  for (const value of [...spreads, ...lines]) {
    if (!Number.isFinite(value)) continue
    min = Math.min(min, value)
    max = Math.max(max, value)
  }
  const air = (max - min || 1) * 0.08
  return { min: min - air, max: max + air }
}

/** Pixels from the top of a plot `height` high. */
export function toPixel(value: number, { min, max }: Scale, height: number): number {
  return ((max - value) / (max - min)) * height
}

export function fromPixel(pixel: number, { min, max }: Scale, height: number): number {
  return max - (pixel / height) * (max - min)
}

/** Where labels `size` high stand, moved as little as it takes that none covers another. */
export function apart(places: readonly number[], size: number, height: number): number[] {
  const moved = [...places]
  const at = (index: number) => moved[index] ?? 0
  const downwards = places.map((_, index) => index).sort((a, b) => at(a) - at(b))
  let least = -Infinity
  for (const index of downwards) {
    moved[index] = Math.max(at(index), least)
    least = at(index) + size
  }
  let most = height
  for (const index of downwards.reverse()) {
    moved[index] = Math.min(at(index), most)
    most = at(index) - size
  }
  return moved
}
