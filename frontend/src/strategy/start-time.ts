import type { Zone } from '@/stores/preferences'

const MINUTE = 60_000

/**
 * The date whose local reading is that of `at` in the zone: pickers know the browser's zone alone.
 * `at` is ISO 8601; an invalid one gives null.
 */
export function toPicker(at: string, zone: Zone): Date | null {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return null
  if (zone === 'local') return date
  return new Date(
    date.getUTCFullYear(),
    date.getUTCMonth(),
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  )
}

/** The moment that a picker's date stands for, ISO 8601 UTC; empty for none. */
export function fromPicker(picked: Date | null, zone: Zone): string {
  if (!picked) return ''
  if (zone === 'local') return picked.toISOString()
  return new Date(
    Date.UTC(
      picked.getFullYear(),
      picked.getMonth(),
      picked.getDate(),
      picked.getHours(),
      picked.getMinutes(),
      picked.getSeconds(),
    ),
  ).toISOString()
}

/** The whole minute `minutes` before `now`: start prices are those of a minute's candle. */
export function minutesAgo(minutes: number, now: number): string {
  return new Date((Math.floor(now / MINUTE) - minutes) * MINUTE).toISOString()
}
