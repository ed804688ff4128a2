import { useFormat, type Numeric } from '@/composables/format'
import { usePreferences } from '@/stores/preferences'

const LARGE = 1e6

/** Percentages and ratios; what a few days' gains would make of a year may have hundreds of digits. */
export function useLargeFigures() {
  const preferences = usePreferences()
  const { percent } = useFormat()

  function figure(value: Numeric, places = 2, signed = false): string {
    const number = Number(value ?? 0)
    if (Math.abs(number) < LARGE) return percent(value, places, signed)
    return new Intl.NumberFormat(preferences.language, {
      notation: 'scientific',
      maximumFractionDigits: 1,
      signDisplay: signed ? 'exceptZero' : 'auto',
    }).format(number)
  }

  return { figure }
}
