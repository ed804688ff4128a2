import type { BotDefaults } from '@/api/types'

export type DefaultName = keyof BotDefaults
export type DefaultField = { name: DefaultName } & (
  | { kind: 'choice'; options: readonly (string | number)[] }
  | { kind: 'yesNo' }
  | { kind: 'money' }
  | { kind: 'number'; min: number; max: number; whole?: boolean; unit: 's' | '%' }
)

const choice = (name: DefaultName, options: readonly (string | number)[]): DefaultField => ({
  name,
  kind: 'choice',
  options,
})
const yesNo = (name: DefaultName): DefaultField => ({ name, kind: 'yesNo' })
const money = (name: DefaultName): DefaultField => ({ name, kind: 'money' })
const seconds = (name: DefaultName, min: number, max: number): DefaultField => ({
  name,
  kind: 'number',
  min,
  max,
  whole: true,
  unit: 's',
})
const percent = (name: DefaultName, max: number): DefaultField => ({
  name,
  kind: 'number',
  min: 0.01,
  max,
  unit: '%',
})

const LONGEST_COOLDOWN = 7 * 86_400

/** What the form for a new bot may begin with, in the groups it is shown in. */
export const DEFAULT_GROUPS: Readonly<Record<string, readonly DefaultField[]>> = {
  size: [
    choice('leverage', [1, 2, 3, 5, 10, 20]),
    choice('margin_mode', ['cross', 'isolated']),
    money('investment_per_order'),
    money('max_position_value'),
  ],
  exits: [
    choice('profit_mode', ['position', 'regression']),
    percent('profit_ratio', 1000),
    choice('profit_basis', ['notional', 'margin']),
    yesNo('regression_requires_profit'),
    percent('stop_loss_ratio', 1000),
    yesNo('pause_after_close'),
    seconds('cooldown_seconds', 0, LONGEST_COOLDOWN),
  ],
  orders: [
    choice('spread_mode', ['difference', 'log_ratio']),
    choice('order_type_open', ['market', 'limit']),
    choice('order_type_close', ['market', 'limit']),
    seconds('limit_timeout_seconds', 1, 3600),
    seconds('leg_timeout_seconds', 1, 60),
    seconds('tick_interval_seconds', 1, 60),
  ],
  guards: [
    percent('max_slippage', 10),
    percent('max_price_jump', 100),
    seconds('max_quote_age_seconds', 1, 120),
    percent('max_leg_imbalance', 100),
    yesNo('liquidation_guard'),
    percent('liquidation_buffer', 99.99),
    choice('on_broken_pair', ['close', 'hold']),
  ],
}

/** `defaults` without what is left to the API. */
export function givenDefaults(defaults: BotDefaults): BotDefaults {
  return Object.fromEntries(
    Object.entries(defaults).filter(
      ([, value]) => value !== null && value !== undefined && value !== '',
    ),
  )
}
