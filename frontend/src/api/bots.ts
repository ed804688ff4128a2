import { all, get, post, postOnce, put, remove } from '@/api/client'
import type { Bot, BotDocument, BotPreview, BotSettings, Killed, UpdatedBot } from '@/api/types'

export type PositionChoice = 'close' | 'leave'
export type Resolution = 'accept_exchange' | 'close'

export const bots = (deleted = false) => all<Bot>('/bots', deleted ? { deleted } : {})
export const bot = (id: string) => get<Bot>(`/bots/${id}`)

export const createBot = (settings: BotSettings) => postOnce<Bot>('/bots', settings)
export const changeBot = (id: string, changes: Partial<BotSettings>) =>
  put<UpdatedBot>(`/bots/${id}`, changes)
export const deleteBot = (id: string) => remove(`/bots/${id}`)

export const startBot = (id: string, adopt = false) =>
  postOnce<Bot>(`/bots/${id}/start`, undefined, adopt ? { adopt } : {})
export const pauseBot = (id: string) => postOnce<Bot>(`/bots/${id}/pause`)
export const stopBot = (id: string, position?: PositionChoice) =>
  postOnce<Bot>(`/bots/${id}/stop`, position ? { position } : undefined)
export const closeBot = (id: string) => postOnce<Bot>(`/bots/${id}/close`)
export const killBot = (id: string, reason = '') =>
  postOnce<Killed>(`/bots/${id}/kill`, reason ? { reason } : {})
export const resolveBot = (id: string, action: Resolution) =>
  postOnce<Bot>(`/bots/${id}/resolve`, { action })

export const cloneBot = (id: string, name?: string) =>
  postOnce<Bot>(`/bots/${id}/clone`, name ? { bot_name: name } : {})
export const exportBot = (id: string) => get<BotDocument>(`/bots/${id}/export`)
export const importBot = (document: BotDocument, accountId: string, changes: object = {}) =>
  postOnce<Bot>('/bots/import', { document, exchange_account_id: accountId, changes })

/** What the API makes of settings, without storing them. */
export const previewBot = (settings: BotSettings) => post<BotPreview>('/bots/preview', settings)
