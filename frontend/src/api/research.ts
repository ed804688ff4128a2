import { get, patch, postOnce, remove, type Page } from '@/api/client'
import { ApiProblem } from '@/api/problem'
import type { Analysis, AnalysisCreate, Backtest, BacktestCreate, ResultAddress } from '@/api/types'

/** Of one market of a backtest or of an analysis; the API's own bound. */
export const MOST_BARS = 200_000
export const MOST_SYMBOLS = 50
/** Of all markets of a search for pairs together. */
export const MOST_FINDER_BARS = 500_000

type Filters = Record<string, unknown>

const rows = <Row>(url: string, cursor: string | null, filters: Filters) =>
  get<Page<Row>>(url, { limit: 50, ...filters, ...(cursor ? { cursor } : {}) })

export const backtests = (cursor: string | null, filters: Filters = {}) =>
  rows<Backtest>('/backtests', cursor, filters)
export const backtest = (id: string) => get<Backtest>(`/backtests/${id}`)
export const createBacktest = (asked: BacktestCreate) => postOnce<Backtest>('/backtests', asked)
export const cancelBacktest = (id: string) => postOnce<Backtest>(`/backtests/${id}/cancel`)
export const renameBacktest = (id: string, name: string) =>
  patch<Backtest>(`/backtests/${id}`, { name })
export const deleteBacktest = (id: string) => remove(`/backtests/${id}`)

export const analyses = (cursor: string | null, filters: Filters = {}) =>
  rows<Analysis>('/analyses', cursor, filters)
export const analysis = (id: string) => get<Analysis>(`/analyses/${id}`)
export const createAnalysis = (asked: AnalysisCreate) => postOnce<Analysis>('/analyses', asked)
export const cancelAnalysis = (id: string) => postOnce<Analysis>(`/analyses/${id}/cancel`)
export const deleteAnalysis = (id: string) => remove(`/analyses/${id}`)

/** The whole result of what is done; its address is good for some minutes and needs no token. */
export async function resultOf<Document>(
  kind: 'backtests' | 'analyses',
  id: string,
): Promise<Document> {
  const { url } = await get<ResultAddress>(`/${kind}/${id}/result`)
  let answer: Response
  try {
    answer = await fetch(url, { credentials: 'omit' })
  } catch {
    throw new ApiProblem(0, 'offline', '')
  }
  if (!answer.ok) throw new ApiProblem(answer.status, 'result_unreachable', '')
  return (await answer.json()) as Document
}
