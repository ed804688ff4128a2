import { computed } from 'vue'

import { usePreferences, type Zone } from '@/stores/preferences'

const DASH = '–'

export type Numeric = string | number | null | undefined

function toNumber(value: Numeric): number | null {
  if (value === null || value === undefined || value === '') return null
  const number = Number(value)
  return Number.isFinite(number) ? number : null
}

/** Money in quote currency: two places, four when it is small. */
export function formatMoney(value: Numeric, language: string, signed = false): string {
  const number = toNumber(value)
  if (number === null) return DASH
  const size = Math.abs(number)
  const places = size !== 0 && size < 1 ? 4 : 2
  return new Intl.NumberFormat(language, {
    minimumFractionDigits: places,
    maximumFractionDigits: places,
    signDisplay: signed ? 'exceptZero' : 'auto',
  }).format(number)
}

/** A price with as many digits as matter. */
export function formatPrice(value: Numeric, language: string): string {
  const number = toNumber(value)
  if (number === null) return DASH
  return new Intl.NumberFormat(language, { maximumSignificantDigits: 6 }).format(number)
}

/** A quantity, exactly as it is. */
export function formatAmount(value: Numeric, language: string): string {
  const number = toNumber(value)
  if (number === null) return DASH
  return new Intl.NumberFormat(language, { maximumFractionDigits: 12 }).format(number)
}

/** A number of percent or percentage points, without its unit. */
export function formatPercent(
  value: Numeric,
  language: string,
  places = 2,
  signed = false,
): string {
  const number = toNumber(value)
  if (number === null) return DASH
  return new Intl.NumberFormat(language, {
    minimumFractionDigits: places,
    maximumFractionDigits: places,
    signDisplay: signed ? 'exceptZero' : 'auto',
  }).format(number)
}

export type Detail = 'minute' | 'second' | 'day'

/** A moment (ISO 8601 or ms UTC) in the zone that the user prefers. */
export function formatTime(
  moment: string | number | null | undefined,
  language: string,
  zone: Zone,
  detail: Detail = 'second',
): string {
  if (moment === null || moment === undefined || moment === '') return DASH
  const date = new Date(moment)
  if (Number.isNaN(date.getTime())) return DASH
  const day = { year: 'numeric', month: '2-digit', day: '2-digit' } as const
  const time = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
  const options: Intl.DateTimeFormatOptions = {
    ...day,
    ...(detail === 'day' ? {} : time),
    ...(detail === 'second' ? { second: '2-digit' } : {}),
    ...(zone === 'utc' ? { timeZone: 'UTC' } : {}),
  }
  return new Intl.DateTimeFormat(language, options).format(date)
}

/** A span of seconds in its two largest units, such as `2 h 5 min`. */
export function formatDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return DASH
  const whole = Math.max(0, Math.round(seconds))
  const units: [number, string][] = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ]
  const first = units.findIndex(([size]) => whole >= size)
  if (first < 0) return '0 s'
  let left = whole
  const parts: string[] = []
  for (const [size, name] of units.slice(first, first + 2)) {
    const count = Math.floor(left / size)
    left -= count * size
    if (count) parts.push(`${count} ${name}`)
  }
  return parts.join(' ')
}

/** Which way a result points: its colour follows. */
export function tendency(value: Numeric): 'up' | 'down' | 'flat' {
  const number = toNumber(value) ?? 0
  if (number > 0) return 'up'
  return number < 0 ? 'down' : 'flat'
}

/** The formatters in the user's language and zone. */
export function useFormat() {
  const preferences = usePreferences()
  const language = computed(() => preferences.language)
  const zone = computed(() => preferences.appearance.zone)
  return {
    money: (value: Numeric, signed = false) => formatMoney(value, language.value, signed),
    price: (value: Numeric) => formatPrice(value, language.value),
    amount: (value: Numeric) => formatAmount(value, language.value),
    percent: (value: Numeric, places = 2, signed = false) =>
      formatPercent(value, language.value, places, signed),
    time: (moment: string | number | null | undefined, detail: Detail = 'second') =>
      formatTime(moment, language.value, zone.value, detail),
    duration: formatDuration,
  }
}
