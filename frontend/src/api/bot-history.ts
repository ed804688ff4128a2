import { get, put, type Page } from '@/api/client'
import type { BotRisk, BotStats, Cycle, LogLine, Order, SpreadPoint } from '@/api/types'

export type Resolution = 'raw' | 'minute'

const ROWS = 50
const POINTS = 5000

function rows<Row>(botId: string, kind: string, cursor: string | null): Promise<Page<Row>> {
  return get(`/bots/${botId}/${kind}`, { limit: ROWS, ...(cursor ? { cursor } : {}) })
}

export const orders = (botId: string, cursor: string | null) => rows<Order>(botId, 'orders', cursor)
export const cycles = (botId: string, cursor: string | null) => rows<Cycle>(botId, 'cycles', cursor)
export const logs = (botId: string, cursor: string | null) => rows<LogLine>(botId, 'logs', cursor)

export const stats = (botId: string) => get<BotStats>(`/bots/${botId}/stats`)
export const risk = (botId: string) => get<BotRisk>(`/bots/${botId}/risk`)
export const changeRisk = (botId: string, halted: boolean, reason: string) =>
  put<BotRisk>(
    `/bots/${botId}/risk`,
    halted && reason ? { halted, halted_reason: reason } : { halted },
  )

/** Looks at the pair since `since` (ms UTC), oldest first; `isWanted` ends a fetch early. */
export async function spreadHistory(
  botId: string,
  since: number,
  resolution: Resolution,
  isWanted: () => boolean,
): Promise<SpreadPoint[]> {
  const found: SpreadPoint[] = []
  const query = { since: new Date(since).toISOString(), resolution, limit: POINTS }
  let cursor: string | null = null
  do {
    const page: Page<SpreadPoint> = await get(`/bots/${botId}/spread-history`, {
      ...query,
      ...(cursor ? { cursor } : {}),
    })
    found.push(...page.items)
    cursor = page.cursor
  } while (cursor && isWanted())
  return found
}
