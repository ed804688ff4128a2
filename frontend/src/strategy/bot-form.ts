import Decimal from 'decimal.js'

import type { BotDefaults, BotDocument, BotSettings, ExchangeName } from '@/api/types'

/** The settings of a bot while they are being written: fields may be empty. */
export type BotForm = Omit<
  BotSettings,
  'max_dca_times' | 'dca_config' | 'investment_per_order' | 'max_position_value'
> & {
  investment_per_order: string
  max_position_value: string
  dca_config: FormRow[]
}

export interface FormRow {
  spread: number
  multiplier: number
}

export type FormField = keyof BotForm

export const LEVERAGES = [1, 2, 3, 5, 10, 20] as const
export const MOST_ROWS = 10
export const DOCUMENT_FORMAT = 'pairtrader.bot/1'

export interface Template {
  name: string
  rows: FormRow[]
  settings: Partial<BotForm>
}

const rows = (...steps: [number, number][]): FormRow[] =>
  steps.map(([spread, multiplier]) => ({ spread, multiplier }))

/** Targets lie below what row 1 can earn, stops before liquidation: none of them warns. */
export const BUILT_IN: readonly Template[] = [
  {
    name: 'cautious',
    rows: rows([2, 1], [1.5, 1], [1.5, 1]),
    settings: { leverage: 3, profit_ratio: 0.5, stop_loss_ratio: 5, pause_after_close: true },
  },
  {
    name: 'balanced',
    rows: rows([1.5, 1], [1, 1], [1, 1.5], [1.2, 1.5]),
    settings: { leverage: 5, profit_ratio: 0.4, stop_loss_ratio: 8, pause_after_close: true },
  },
  {
    name: 'aggressive',
    rows: rows([1, 1], [0.8, 1], [0.8, 1.5], [1, 2], [1.2, 2], [1.5, 3]),
    settings: { leverage: 10, profit_ratio: 0.3, stop_loss_ratio: 8, pause_after_close: false },
  },
]

const BALANCED = BUILT_IN[1] as Template

/** The settings that a new bot begins with. */
export function freshForm(now: number): BotForm {
  const form: BotForm = {
    bot_name: '',
    exchange_account_id: '',
    market1_symbol: '',
    market2_symbol: '',
    market1_direction: 'auto',
    market2_direction: 'auto',
    start_time: new Date(Math.floor(now / MINUTE) * MINUTE - DAY).toISOString(),
    spread_mode: 'difference',
    leverage: 5,
    margin_mode: 'cross',
    order_type_open: 'market',
    order_type_close: 'market',
    investment_per_order: '100',
    max_position_value: '1000',
    dca_config: [],
    profit_mode: 'position',
    profit_ratio: 0.4,
    profit_basis: 'notional',
    regression_requires_profit: true,
    stop_loss_ratio: 8,
    pause_after_close: true,
    cooldown_seconds: 0,
    tick_interval_seconds: 5,
    limit_timeout_seconds: 30,
    leg_timeout_seconds: 5,
    max_slippage: 0.5,
    max_price_jump: 5,
    max_quote_age_seconds: 10,
    max_leg_imbalance: 5,
    liquidation_guard: true,
    liquidation_buffer: 75,
    on_broken_pair: 'close',
  }
  return withTemplate(form, BALANCED)
}

const MINUTE = 60_000
const DAY = 86_400_000

/** The form with a template's ladder and settings; the cap holds the whole ladder. */
export function withTemplate(form: BotForm, template: Template): BotForm {
  const filled = {
    ...form,
    ...template.settings,
    dca_config: template.rows.map((row) => ({ ...row })),
  }
  return template.settings.max_position_value
    ? filled
    : { ...filled, max_position_value: fullLadder(filled) }
}

/** The user's own defaults laid over the form; what they leave open stays. */
export function withDefaults(form: BotForm, defaults: BotDefaults): BotForm {
  const said = Object.entries(defaults).filter(([, value]) => value !== null && value !== undefined)
  const filled = { ...form, ...Object.fromEntries(said) } as BotForm
  return defaults.max_position_value
    ? filled
    : { ...filled, max_position_value: fullLadder(filled) }
}

/** Entry notional of both legs with every row done, quote currency; empty while unknown. */
export function fullLadder(form: BotForm): string {
  if (!isAmount(form.investment_per_order)) return form.max_position_value
  const multipliers = form.dca_config.reduce(
    (sum, row) => sum.plus(row.multiplier || 0),
    new Decimal(0),
  )
  return multipliers.times(form.investment_per_order).times(2).toFixed()
}

/** The form as the API takes it. */
export function toSettings(form: BotForm): BotSettings {
  return {
    ...form,
    bot_name: form.bot_name.trim(),
    max_dca_times: form.dca_config.length,
    dca_config: form.dca_config.map((row, index) => ({ times: index + 1, ...row })),
  }
}

/** A bot's settings as a form; members that are no settings are left out. */
export function toForm(settings: Partial<BotSettings>, now: number): BotForm {
  const fresh = freshForm(now)
  const known = Object.keys(fresh) as FormField[]
  const taken = Object.fromEntries(
    known.filter((name) => settings[name] !== undefined).map((name) => [name, settings[name]]),
  )
  const form = { ...fresh, ...taken } as BotForm
  return {
    ...form,
    investment_per_order: String(form.investment_per_order),
    max_position_value: String(form.max_position_value),
    dca_config: form.dca_config.map(({ spread, multiplier }) => ({ spread, multiplier })),
  }
}

/** The settings that differ, as a change for the API. */
export function changesOf(before: BotForm, after: BotForm): Partial<BotSettings> {
  const old = toSettings(before)
  const fresh = toSettings(after)
  const names = Object.keys(fresh) as (keyof BotSettings)[]
  const changed = names.filter(
    (name) => !isSame(name, old[name], fresh[name]) && name !== 'max_dca_times',
  )
  return Object.fromEntries(changed.map((name) => [name, fresh[name]]))
}

const MONEY = new Set(['investment_per_order', 'max_position_value'])

function isSame(name: string, one: unknown, other: unknown): boolean {
  if (name === 'start_time') return Date.parse(String(one)) === Date.parse(String(other))
  if (MONEY.has(name) && isAmount(String(one)) && isAmount(String(other))) {
    return new Decimal(String(one)).equals(String(other))
  }
  return JSON.stringify(one) === JSON.stringify(other)
}

const AMOUNT = /^\d{1,10}(\.\d{1,8})?$/

/** Whether the text is money that the API takes: above zero, eight places at most. */
export function isAmount(text: string): boolean {
  return AMOUNT.test(text) && Number(text) > 0
}

/** The form as a document that this page and the API can read again. */
export function toDocument(form: BotForm, exchange: ExchangeName, now: number): BotDocument {
  const settings: Partial<BotSettings> = toSettings(form)
  delete settings.exchange_account_id
  return {
    format: DOCUMENT_FORMAT,
    exported_at: new Date(now).toISOString(),
    exchange_name: exchange,
    settings,
  }
}

/** The document in a file's text; null when it is none. */
export function readDocument(text: string): BotDocument | null {
  try {
    const found = JSON.parse(text) as Partial<BotDocument> | null
    const isOne =
      found?.format === DOCUMENT_FORMAT &&
      typeof found.settings === 'object' &&
      found.settings !== null
    return isOne ? (found as BotDocument) : null
  } catch {
    return null
  }
}
