import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { RESEARCH, useLive } from '@/stores/live'

import { FakeSocket } from '../detail/fake-socket'

vi.mock('@/config', () => ({ config: () => ({ ws_url: 'ws://here/ws' }) }))
vi.mock('@/api/live', async (original) => ({
  ...(await original<object>()),
  liveTicket: async () => ({ ticket: 't' }),
}))

const watcher = { onMessage: vi.fn(), onGap: vi.fn() }
let leave: () => void

beforeEach(async () => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', FakeSocket)
  setActivePinia(createPinia())
  vi.clearAllMocks()
  leave = useLive().watch(RESEARCH, watcher)
  await vi.advanceTimersByTimeAsync(0)
  FakeSocket.last.accept()
  FakeSocket.last.say({ type: 'subscribed', topic: RESEARCH, seq: 3 })
})

afterEach(() => {
  leave()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('the topic of backtests and analyses', () => {
  it('is asked for by its name, and fetched anew once it is heard', () => {
    expect(FakeSocket.last.sent).toEqual([{ action: 'subscribe', topic: RESEARCH }])
    expect(useLive().hears(RESEARCH)).toBe(true)
    expect(watcher.onGap).toHaveBeenCalledOnce()
  })

  it('tells of all of them', () => {
    const news = { type: 'backtest_update', subscription: RESEARCH, seq: 4, id: 'a', progress: 5 }
    FakeSocket.last.say(news)
    expect(watcher.onMessage).toHaveBeenCalledWith(news)
  })

  it('is asked for again when the server has forgotten it, and not while it has not', () => {
    FakeSocket.last.say({ type: 'pong', bot_ids: [], topics: [RESEARCH] })
    expect(FakeSocket.last.sent).toHaveLength(1)
    FakeSocket.last.say({ type: 'pong', bot_ids: [], topics: [] })
    expect(FakeSocket.last.sent).toHaveLength(2)
    expect(useLive().hears(RESEARCH)).toBe(false)
  })

  it('is left by its name', () => {
    leave()
    expect(FakeSocket.last.sent.at(-1)).toEqual({ action: 'unsubscribe', topic: RESEARCH })
  })
})
