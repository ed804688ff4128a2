import { post } from '@/api/client'

export interface Ticket {
  ticket: string
  expires_in: number
  url?: string
}

export const liveTicket = () => post<Ticket>('/ws/ticket')

/** What the push sends; `seq` counts the messages of one subscription. */
export interface LiveMessage {
  type:
    'spread_update' | 'order_update' | 'position_update' | 'bot_update' | 'log' | 'backtest_update'
  bot_id: string
  /** What was subscribed to: the bot's id, `*` for all bots, or a topic. */
  subscription: string
  seq: number
  /** When the news were made, UTC. */
  at: string
  [name: string]: unknown
}

export interface LiveAnswer {
  type: 'subscribed' | 'unsubscribed' | 'pong' | 'error'
  bot_id?: string
  topic?: string
  seq?: number
  code?: string
  /** Of a pong: what the connection is subscribed to. */
  bot_ids?: string[]
  topics?: string[]
}

export type LiveFrame = LiveMessage | LiveAnswer

export const isUpdate = (frame: LiveFrame): frame is LiveMessage =>
  frame.type.endsWith('_update') || frame.type === 'log'

/** What a frame says, null for one that is none of ours. */
export function parseFrame(text: unknown): LiveFrame | null {
  if (typeof text !== 'string') return null
  try {
    const frame: unknown = JSON.parse(text)
    const isFrame = typeof frame === 'object' && frame !== null && 'type' in frame
    return isFrame && typeof frame.type === 'string' ? (frame as LiveFrame) : null
  } catch {
    return null
  }
}
