import { all, get, patch, post, postOnce, remove } from '@/api/client'
import type {
  AccountCreate,
  AccountTest,
  AccountUpdate,
  Balance,
  ExchangeAccount,
  MarketSymbol,
  PairSpread,
} from '@/api/types'

export const accounts = () => all<ExchangeAccount>('/exchanges')
export const addAccount = (account: AccountCreate) =>
  postOnce<ExchangeAccount>('/exchanges', account)
export const changeAccount = (id: string, changes: AccountUpdate) =>
  patch<ExchangeAccount>(`/exchanges/${id}`, changes)
export const deleteAccount = (id: string) => remove(`/exchanges/${id}`)
export const testAccount = (id: string) => post<AccountTest>(`/exchanges/${id}/test`)
export const balanceOf = (id: string) => get<Balance>(`/exchanges/${id}/balance`)

export const searchSymbols = async (id: string, query: string, limit = 50) =>
  (await get<{ items: MarketSymbol[] }>(`/exchanges/${id}/symbols`, { query, limit })).items

export interface PairQuestion {
  market1_symbol: string
  market2_symbol: string
  start_time: string
  spread_mode: string
}

export const pairSpread = (id: string, question: PairQuestion) =>
  get<PairSpread>(`/exchanges/${id}/spread`, { ...question })
