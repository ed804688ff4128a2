import Decimal from 'decimal.js'

import { fullLadder, isAmount, MOST_ROWS, type BotForm, type FormField } from '@/strategy/bot-form'

/** What is wrong with a field: a text's key under `wizard.errors`, and its values. */
export interface FieldFault {
  key: string
  values?: Record<string, string | number>
}

export type FieldFaults = Record<string, FieldFault>
export type WizardStep = 'account' | 'pair' | 'ladder' | 'exits' | 'review'

export const STEPS: readonly WizardStep[] = ['account', 'pair', 'ladder', 'exits', 'review']

const FIELDS: Record<Exclude<WizardStep, 'review'>, readonly FormField[]> = {
  account: ['exchange_account_id', 'bot_name'],
  pair: [
    'market1_symbol',
    'market2_symbol',
    'market1_direction',
    'market2_direction',
    'start_time',
    'spread_mode',
  ],
  ladder: [
    'investment_per_order',
    'leverage',
    'margin_mode',
    'max_position_value',
    'dca_config',
    'order_type_open',
  ],
  exits: [
    'profit_mode',
    'profit_ratio',
    'profit_basis',
    'regression_requires_profit',
    'stop_loss_ratio',
    'order_type_close',
    'pause_after_close',
    'cooldown_seconds',
    'liquidation_guard',
    'liquidation_buffer',
    'on_broken_pair',
    'tick_interval_seconds',
    'limit_timeout_seconds',
    'leg_timeout_seconds',
    'max_slippage',
    'max_price_jump',
    'max_quote_age_seconds',
    'max_leg_imbalance',
  ],
}

/** The step that a field is on; fields that no step has are told at the end. */
export function stepOf(field: string): WizardStep {
  const name = field.split('.')[0] === 'max_dca_times' ? 'dca_config' : field.split('.')[0]
  const found = Object.entries(FIELDS).find(([, names]) => names.includes(name as FormField))
  return (found?.[0] ?? 'review') as WizardStep
}

interface Bounds {
  above?: number
  from?: number
  to?: number
  below?: number
}

/** The API's own bounds: a value outside never leaves this page. */
const BOUNDS: Partial<Record<FormField, Bounds>> = {
  profit_ratio: { above: 0, to: 1000 },
  stop_loss_ratio: { above: 0, to: 1000 },
  cooldown_seconds: { from: 0, to: 604_800 },
  tick_interval_seconds: { from: 1, to: 60 },
  limit_timeout_seconds: { from: 1, to: 3600 },
  leg_timeout_seconds: { from: 1, to: 60 },
  max_slippage: { above: 0, to: 10 },
  max_price_jump: { above: 0, to: 100 },
  max_quote_age_seconds: { from: 1, to: 120 },
  max_leg_imbalance: { above: 0, to: 100 },
  liquidation_buffer: { above: 0, below: 100 },
}

const ROW: Bounds = { above: 0, to: 1000 }

function isWithin(value: unknown, { above, from, to, below }: Bounds): boolean {
  if (typeof value !== 'number' || !Number.isFinite(value)) return false
  return (
    (above === undefined || value > above) &&
    (from === undefined || value >= from) &&
    (to === undefined || value <= to) &&
    (below === undefined || value < below)
  )
}

function boundsFault({ above, from, to, below }: Bounds): FieldFault {
  return {
    key: above === undefined ? 'between' : 'aboveTo',
    values: { least: above ?? from ?? 0, most: to ?? below ?? 0 },
  }
}

/** Everything that is wrong with the form, by field (rows: `dca_config.0.spread`). */
export function faultsOf(form: BotForm): FieldFaults {
  return { ...pairFaults(form), ...ladderFaults(form), ...numberFaults(form) }
}

function pairFaults(form: BotForm): FieldFaults {
  const faults: FieldFaults = {}
  for (const name of ['exchange_account_id', 'market1_symbol', 'market2_symbol'] as const) {
    if (!form[name]) faults[name] = { key: 'required' }
  }
  if (!form.bot_name.trim()) faults.bot_name = { key: 'required' }
  if (Number.isNaN(Date.parse(form.start_time))) faults.start_time = { key: 'required' }
  const [first, second] = [form.market1_symbol, form.market2_symbol]
  if (first && first === second) faults.market2_symbol = { key: 'sameSymbol' }
  else if (first && second && first.split('-')[1] !== second.split('-')[1]) {
    faults.market2_symbol = { key: 'quoteCurrency' }
  }
  return faults
}

function ladderFaults(form: BotForm): FieldFaults {
  const faults: FieldFaults = {}
  form.dca_config.forEach((row, index) => {
    for (const name of ['spread', 'multiplier'] as const) {
      if (!isWithin(row[name], ROW)) faults[`dca_config.${index}.${name}`] = boundsFault(ROW)
    }
  })
  if (form.dca_config.length < 1) faults.dca_config = { key: 'noRows' }
  if (form.dca_config.length > MOST_ROWS) {
    faults.dca_config = { key: 'tooManyRows', values: { most: MOST_ROWS } }
  }
  for (const name of ['investment_per_order', 'max_position_value'] as const) {
    if (!isAmount(form[name])) faults[name] = { key: 'amount' }
  }
  const first = form.dca_config[0]
  if (!first || faults.investment_per_order || faults.max_position_value) return faults
  const needed = fullLadder({ ...form, dca_config: [first] })
  if (new Decimal(needed).greaterThan(form.max_position_value)) {
    faults.max_position_value = { key: 'overCap', values: { needed } }
  }
  return faults
}

function numberFaults(form: BotForm): FieldFaults {
  const faults: FieldFaults = {}
  for (const [name, bounds] of Object.entries(BOUNDS)) {
    if (!isWithin(form[name as FormField], bounds)) faults[name] = boundsFault(bounds)
  }
  return faults
}

/** The faults of one step's fields; the review has those of all. */
export function faultsOn(step: WizardStep, faults: FieldFaults): FieldFaults {
  if (step === 'review') return faults
  return Object.fromEntries(Object.entries(faults).filter(([field]) => stepOf(field) === step))
}
