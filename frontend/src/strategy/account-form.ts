import type { AccountCreate } from '@/api/types'

export interface KeySet {
  api_key: string
  api_secret: string
  /** Of OKX alone. */
  passphrase: string
}

type Simulation = NonNullable<AccountCreate['simulation']>

/** Amounts and rates stay text: what is typed is what is sent. Rates in percent. */
export interface SimulationDraft {
  source: Simulation['source']
  seed: number
  dataset: string
  pace: Simulation['pace']
  funding: boolean
  starting_balance: string
  taker_fee: number
  maker_fee: number
  slippage: number
}

export interface AccountDraft {
  exchange_name: AccountCreate['exchange_name']
  mode: AccountCreate['mode']
  label: string
  keys: KeySet
  simulation: SimulationDraft
}

export function freshSimulation(): SimulationDraft {
  return {
    source: 'synthetic',
    seed: 1,
    dataset: '',
    pace: 'step',
    funding: true,
    starting_balance: '10000',
    taker_fee: 0.05,
    maker_fee: 0.02,
    slippage: 0.01,
  }
}

export const hasPassphrase = (exchange: string) => exchange === 'okx'

/** The keys as the API takes them; a passphrase that the exchange has none of is left out. */
export function toKeys(keys: KeySet, exchange: string) {
  const { api_key, api_secret, passphrase } = keys
  return hasPassphrase(exchange) ? { api_key, api_secret, passphrase } : { api_key, api_secret }
}

export function isMissingKeys(draft: AccountDraft): boolean {
  if (draft.mode === 'paper') return false
  return Object.values(toKeys(draft.keys, draft.exchange_name)).some((value) => !value.trim())
}

/** Percent as a fraction, without the noise of a division. */
const fraction = (percent: number) => Number((percent / 100).toFixed(8))

export function toAccount(draft: AccountDraft): AccountCreate {
  const { exchange_name, mode, label } = draft
  const account = { exchange_name, mode, label: label.trim(), is_active: true }
  if (mode !== 'paper') return { ...account, ...toKeys(draft.keys, exchange_name) }
  return { ...account, simulation: toSimulation(draft) }
}

function toSimulation({ exchange_name, simulation }: AccountDraft): Simulation {
  const isReplay = exchange_name === 'simulated' && simulation.source === 'replay'
  return {
    source: isReplay ? 'replay' : 'synthetic',
    pace: simulation.pace,
    dataset: isReplay ? simulation.dataset.trim() : null,
    seed: simulation.seed,
    funding: simulation.funding,
    starting_balance: simulation.starting_balance,
    taker_fee: fraction(simulation.taker_fee),
    maker_fee: fraction(simulation.maker_fee),
    slippage: fraction(simulation.slippage),
  }
}
