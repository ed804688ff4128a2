import type { BotForm } from '@/strategy/bot-form'

/** What is allowed but probably not meant: a text's key under `wizard.warnings`, and its values. */
export interface FormWarning {
  code:
    'stop_beyond_liquidation' | 'target_beyond_regression' | 'cap_ends_ladder' | 'fees_eat_target'
  field: keyof BotForm
  values: Record<string, number>
}

const MUCH_OF_THE_TARGET = 50

/** The API's warnings on stop and target, told while the form is being written. */
export function warningsOf(form: BotForm, takerFees: number): FormWarning[] {
  return [...stopBeyondLiquidation(form), ...targetBeyondRegression(form, takerFees)]
}

function stopBeyondLiquidation(form: BotForm): FormWarning[] {
  const onMargin = form.profit_basis === 'margin'
  const stop = onMargin ? form.stop_loss_ratio / form.leverage : form.stop_loss_ratio
  // Isolated, one leg's margin backs that leg alone: half of the loss is enough.
  const liquidation = 100 / form.leverage / (form.margin_mode === 'isolated' ? 2 : 1)
  if (!(stop >= liquidation)) return []
  return [
    {
      code: 'stop_beyond_liquidation',
      field: 'stop_loss_ratio',
      values: { stop, liquidation, leverage: form.leverage },
    },
  ]
}

function targetBeyondRegression(form: BotForm, takerFees: number): FormWarning[] {
  const row1 = form.dca_config[0]?.spread
  if (!row1) return []
  let reachable = row1
  if (form.profit_mode === 'position') {
    // The spread is earned on one leg's notional, invested are two; each leg pays twice.
    reachable = row1 / 2 - takerFees * 100
    if (form.profit_basis === 'margin') reachable *= form.leverage
  }
  if (!(form.profit_ratio > reachable)) return []
  return [
    {
      code: 'target_beyond_regression',
      field: 'profit_ratio',
      values: { target: form.profit_ratio, reachable: Math.max(reachable, 0) },
    },
  ]
}

/** What the preview of the ladder shows beyond that. */
export function ladderWarnings(rows: number, reached: number, feeShare: number): FormWarning[] {
  const found: FormWarning[] = []
  if (reached > 0 && reached < rows) {
    found.push({ code: 'cap_ends_ladder', field: 'max_position_value', values: { reached, rows } })
  }
  if (feeShare >= MUCH_OF_THE_TARGET) {
    found.push({ code: 'fees_eat_target', field: 'profit_ratio', values: { share: feeShare } })
  }
  return found
}
