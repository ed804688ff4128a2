import {
  computed,
  inject,
  provide,
  reactive,
  ref,
  shallowRef,
  watch,
  type ComputedRef,
  type InjectionKey,
  type Ref,
} from 'vue'
import { useI18n } from 'vue-i18n'

import type { ApiProblem } from '@/api/problem'
import type { ExchangeAccount, MarketSymbol } from '@/api/types'
import { usePairSpread, type PairToWatch, type WatchedSpread } from '@/composables/pair-spread'
import { isAmount, type BotForm, type FormField } from '@/strategy/bot-form'
import { faultsOf, stepOf, type FieldFaults, type WizardStep } from '@/strategy/bot-form-checks'
import { commitment, type Commitment } from '@/strategy/commitment'
import { ladderWarnings, warningsOf, type FormWarning } from '@/strategy/warnings'

/** Fees that are assumed until the markets are known. */
const USUAL_TAKER_FEE = '0.0005'

export interface BotFormContext {
  form: Ref<BotForm>
  faults: ComputedRef<FieldFaults>
  /** What to say under a field: the page's own check once its step was tried, else the API's. */
  messageOf: (field: string) => string | undefined
  /** Why a field can't be changed now: a text's key. */
  lockOf: (field: FormField) => string | undefined
  /** Ladder rows that are done and stay as they are. */
  rowsDone: ComputedRef<number>
  account: Ref<ExchangeAccount | null>
  /** Markets that were found, by symbol. */
  markets: Map<string, MarketSymbol>
  spread: WatchedSpread
  preview: ComputedRef<Commitment | null>
  /** Whether the preview stands on real steps, fees and prices. */
  isExact: ComputedRef<boolean>
  warnings: ComputedRef<FormWarning[]>
  /** Show a step's faults from now on. */
  judge: (step: WizardStep) => void
  /** Show what the API says of the fields. */
  blame: (problem: ApiProblem) => void
}

const KEY: InjectionKey<BotFormContext> = Symbol('bot form')

export interface Locks {
  lockOf: (field: FormField) => string | undefined
  rowsDone: ComputedRef<number>
}

const NO_LOCKS: Locks = { lockOf: () => undefined, rowsDone: computed(() => 0) }

/** What the parts of the form share; the page that holds the form provides it. */
export function provideBotForm(form: Ref<BotForm>, locks: Locks = NO_LOCKS): BotFormContext {
  const { t } = useI18n()
  const account = shallowRef<ExchangeAccount | null>(null)
  const markets = reactive(new Map<string, MarketSymbol>())
  const judged = ref(new Set<WizardStep>())
  const blamed = ref<Record<string, string>>({})

  const faults = computed(() => faultsOf(form.value))
  const spread = usePairSpread(computed(() => pairOf(form.value, faults.value)))
  const chosen = computed(
    () => [markets.get(form.value.market1_symbol), markets.get(form.value.market2_symbol)] as const,
  )
  const isExact = computed(
    () => !!chosen.value[0] && !!chosen.value[1] && spread.prices.value !== null,
  )
  const preview = computed(() => previewOf(form.value, chosen.value, spread.prices.value))
  const warnings = computed(() => {
    const fees = chosen.value.reduce(
      (sum, market) => sum + Number(market?.taker_fee ?? USUAL_TAKER_FEE),
      0,
    )
    const found = warningsOf(form.value, fees)
    if (!preview.value) return found
    const { levels, feeShare } = preview.value
    const reached = levels.filter((level) => level.reached).length
    return [...found, ...ladderWarnings(levels.length, reached, feeShare)]
  })

  function messageOf(field: string): string | undefined {
    const fault = faults.value[field]
    if (fault && judged.value.has(stepOf(field))) {
      return t(`wizard.errors.${fault.key}`, fault.values ?? {})
    }
    return blamed.value[field]
  }

  // What the API has said counts until the form is changed.
  watch(form, () => (blamed.value = {}), { deep: true })

  const context: BotFormContext = {
    form,
    faults,
    messageOf,
    ...locks,
    account,
    markets,
    spread,
    preview,
    isExact,
    warnings,
    judge: (step) => judged.value.add(step),
    blame: (problem) => {
      blamed.value = Object.fromEntries(
        problem.errors.map(({ field, message }) => [field, message]),
      )
    },
  }
  provide(KEY, context)
  return context
}

export function useBotForm(): BotFormContext {
  const context = inject(KEY)
  if (!context) throw new Error('there is no bot form around this component')
  return context
}

function pairOf(form: BotForm, faults: FieldFaults): PairToWatch | null {
  const needed = ['exchange_account_id', 'market1_symbol', 'market2_symbol', 'start_time']
  if (needed.some((field) => faults[field])) return null
  return {
    account_id: form.exchange_account_id,
    market1_symbol: form.market1_symbol,
    market2_symbol: form.market2_symbol,
    start_time: form.start_time,
    spread_mode: form.spread_mode,
  }
}

type Known = readonly [MarketSymbol | undefined, MarketSymbol | undefined]

function previewOf(
  form: BotForm,
  markets: Known,
  prices: [string, string] | null,
): Commitment | null {
  const isWritten =
    form.dca_config.length > 0 &&
    form.dca_config.every((row) => row.spread > 0 && row.multiplier > 0) &&
    isAmount(form.investment_per_order) &&
    isAmount(form.max_position_value) &&
    form.profit_ratio > 0 &&
    form.stop_loss_ratio > 0
  if (!isWritten) return null
  const rule = (market: MarketSymbol | undefined) => ({
    amount_step: market?.amount_step ?? '0.00000001',
    taker_fee: market?.taker_fee ?? USUAL_TAKER_FEE,
  })
  return commitment(form, [rule(markets[0]), rule(markets[1])], prices ?? ['1', '1'])
}
