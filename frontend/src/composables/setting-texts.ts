import { useI18n } from 'vue-i18n'

import { useFormat } from '@/composables/format'

interface Row {
  spread?: number
  multiplier?: number
}

const SHARES_OF_NOTIONAL = new Set(['taker_fee', 'maker_fee', 'slippage'])

/** Settings of a bot and terms of a backtest by their API names, as people read them. */
export function useSettingTexts() {
  const { t, te } = useI18n()
  const { amount, price, time } = useFormat()

  function nameOf(name: string): string {
    for (const key of [`wizard.fields.${name}.label`, `backtest.fields.${name}.label`]) {
      if (te(key)) return t(key)
    }
    return name
  }

  function valueOf(name: string, value: unknown): string {
    if (value === null || value === undefined) return '–'
    if (typeof value === 'boolean') return t(value ? 'research.yes' : 'research.no')
    if (name === 'dca_config' && Array.isArray(value)) return (value as Row[]).map(rung).join(', ')
    if (name === 'start_time') return time(String(value), 'minute')
    if (name === 'price') return price(value as number)
    if (SHARES_OF_NOTIONAL.has(name)) return `${amount(Number(value) * 100)} %`
    if (typeof value === 'string') return wordOf(name, value)
    return typeof value === 'number' ? amount(value) : JSON.stringify(value)
  }

  function wordOf(name: string, value: string): string {
    if (name === 'fill_at') return t(`backtest.fillAt.${value}`)
    if (name.endsWith('_direction')) return t(`detail.settings.directionNames.${value}`)
    const key = `wizard.choices.${value}`
    return te(key) ? t(key) : value
  }

  const rung = ({ spread, multiplier }: Row) => `${spread ?? '–'} ×${multiplier ?? '–'}`

  return { nameOf, valueOf }
}
