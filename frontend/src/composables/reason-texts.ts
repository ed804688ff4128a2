import { useI18n } from 'vue-i18n'

import { useFormat } from '@/composables/format'

/** Figures that may not exist: then the reason stands in their place. */
export function useReasons() {
  const { t, te } = useI18n()
  const { percent } = useFormat()

  function why(reason: string | null | undefined): string {
    if (!reason) return '–'
    const key = `analysis.reasons.${reason}`
    return te(key) ? t(key) : reason
  }

  const figure = (
    value: number | null | undefined,
    reason: string | null | undefined,
    places = 2,
    signed = false,
  ) => (value === null || value === undefined ? why(reason) : percent(value, places, signed))

  /** Tiny p-values are told as a bound. */
  function pValue(value: number | null | undefined, reason?: string | null): string {
    if (typeof value === 'number' && value < 0.001) return `< ${percent(0.001, 3)}`
    return figure(value, reason, 3)
  }

  return { why, figure, pValue }
}
