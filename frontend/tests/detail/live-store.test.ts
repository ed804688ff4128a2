import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import type { LiveMessage } from '@/api/live'
import { ApiProblem } from '@/api/problem'
import { LATE_AFTER } from '@/live/channel'
import { ANSWER_WITHIN, FIRST_WAIT, LONGEST_WAIT, PING_EVERY } from '@/live/connection'
import { ALL_BOTS, useLive } from '@/stores/live'

import { aLook, aMessage } from './a-bot'
import { FakeSocket } from './fake-socket'

const liveTicket = vi.hoisted(() => vi.fn())

vi.mock('@/config', () => ({ config: () => ({ ws_url: 'ws://here/ws' }) }))
vi.mock('@/api/live', async (original) => ({ ...(await original<object>()), liveTicket }))

const BOT = 'bot-1'
let stops: (() => void)[] = []

function watcher() {
  const messages: LiveMessage[] = []
  const gap = vi.fn()
  return {
    messages,
    gap,
    onMessage: (message: LiveMessage) => messages.push(message),
    onGap: gap,
    seqs: () => messages.map(({ seq }) => seq),
  }
}

function watch(botId = BOT) {
  const seen = watcher()
  stops.push(useLive().watch(botId, seen))
  return seen
}

async function connected() {
  const seen = watch()
  await vi.advanceTimersByTimeAsync(0)
  FakeSocket.last.accept()
  FakeSocket.last.subscribed(BOT, 10)
  seen.gap.mockClear()
  return seen
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', FakeSocket)
  vi.spyOn(Math, 'random').mockReturnValue(1)
  FakeSocket.made = []
  stops = []
  let tickets = 0
  liveTicket.mockReset().mockImplementation(async () => ({ ticket: `t${++tickets}` }))
  setActivePinia(createPinia())
})

afterEach(() => {
  for (const stop of stops) stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

describe('connecting', () => {
  it('opens one socket for all that is watched, by a ticket', async () => {
    watch()
    watch('bot-2')
    expect(useLive().state).toBe('connecting')
    await vi.advanceTimersByTimeAsync(0)
    expect(FakeSocket.made).toHaveLength(1)
    expect(FakeSocket.last.url).toBe('ws://here/ws?ticket=t1')
    FakeSocket.last.accept()
    expect(useLive().state).toBe('live')
    expect(FakeSocket.last.sent).toEqual([
      { action: 'subscribe', bot_id: BOT },
      { action: 'subscribe', bot_id: 'bot-2' },
    ])
  })

  it('is not heard before the server says so, and has everything fetched then', async () => {
    const seen = watch()
    await vi.advanceTimersByTimeAsync(0)
    FakeSocket.last.accept()
    expect(useLive().hears(BOT)).toBe(false)
    FakeSocket.last.subscribed(BOT, 10)
    expect(useLive().hears(BOT)).toBe(true)
    expect(seen.gap).toHaveBeenCalledTimes(1)
  })

  it('closes when nothing is watched any more', async () => {
    await connected()
    const socket = FakeSocket.last
    stops.pop()?.()
    expect(socket.count('unsubscribe')).toBe(1)
    expect(socket.readyState).toBe(FakeSocket.CLOSED)
    expect(useLive().state).toBe('idle')
    await vi.advanceTimersByTimeAsync(LONGEST_WAIT)
    expect(FakeSocket.made).toHaveLength(1)
  })

  it('opens nothing when it was left while the ticket was under way', async () => {
    watch()
    stops.pop()?.()
    await vi.advanceTimersByTimeAsync(LONGEST_WAIT)
    expect(FakeSocket.made).toHaveLength(0)
    expect(useLive().state).toBe('idle')
  })

  it('opens one socket when it was left and watched again meanwhile', async () => {
    watch()
    stops.pop()?.()
    watch()
    await vi.advanceTimersByTimeAsync(0)
    expect(FakeSocket.made).toHaveLength(1)
    expect(FakeSocket.last.url).toContain('t2')
  })
})

describe('coming back', () => {
  it('waits longer after each failure, and not for ever', async () => {
    liveTicket.mockRejectedValue(new ApiProblem(0, 'offline', ''))
    watch()
    await vi.advanceTimersByTimeAsync(0)
    for (const tries of [2, 3, 4, 5, 6, 7]) {
      const wait = Math.min(FIRST_WAIT * 2 ** (tries - 2), LONGEST_WAIT)
      await vi.advanceTimersByTimeAsync(wait - 1)
      expect(liveTicket).toHaveBeenCalledTimes(tries - 1)
      await vi.advanceTimersByTimeAsync(1)
      expect(liveTicket).toHaveBeenCalledTimes(tries)
    }
    expect(useLive().state).toBe('offline')
    for (let more = 8; more < 11; more++) {
      await vi.advanceTimersByTimeAsync(LONGEST_WAIT)
      expect(liveTicket).toHaveBeenCalledTimes(more)
    }
  })

  it('spreads the waits of many clients', async () => {
    vi.mocked(Math.random).mockReturnValue(0)
    await connected()
    FakeSocket.last.die()
    await vi.advanceTimersByTimeAsync(FIRST_WAIT / 2)
    expect(FakeSocket.made).toHaveLength(2)
  })

  it('subscribes anew with a new ticket and has everything fetched', async () => {
    const seen = await connected()
    FakeSocket.last.die()
    expect(useLive().state).toBe('offline')
    expect(useLive().hears(BOT)).toBe(false)
    await vi.advanceTimersByTimeAsync(FIRST_WAIT)
    FakeSocket.last.accept()
    FakeSocket.last.subscribed(BOT, 99)
    expect(FakeSocket.last.url).toContain('t2')
    expect(seen.gap).toHaveBeenCalledTimes(1)
    FakeSocket.last.say(aLook(100, '2026-01-01T10:00:05.000Z', 1))
    await vi.advanceTimersByTimeAsync(LATE_AFTER)
    expect(seen.gap).toHaveBeenCalledTimes(1)
  })

  it('does not storm a server that takes connections and ends them at once', async () => {
    watch()
    await vi.advanceTimersByTimeAsync(0)
    for (const wait of [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT]) {
      FakeSocket.last.accept()
      FakeSocket.last.die()
      const made = FakeSocket.made.length
      await vi.advanceTimersByTimeAsync(wait - 1)
      expect(FakeSocket.made).toHaveLength(made)
      await vi.advanceTimersByTimeAsync(1)
      expect(FakeSocket.made).toHaveLength(made + 1)
    }
  })

  it('hears nothing of a socket that it has let go', async () => {
    const seen = await connected()
    const old = FakeSocket.last
    old.die()
    await vi.advanceTimersByTimeAsync(FIRST_WAIT)
    old.say(aLook(11, '2026-01-01T10:00:05.000Z', 1))
    old.die()
    expect(seen.messages).toHaveLength(0)
    await vi.advanceTimersByTimeAsync(ANSWER_WITHIN - 1)
    expect(FakeSocket.made).toHaveLength(2)
  })

  it('does not wait any longer when the network is back', async () => {
    liveTicket.mockRejectedValueOnce(new ApiProblem(0, 'offline', ''))
    watch()
    await vi.advanceTimersByTimeAsync(0)
    window.dispatchEvent(new Event('online'))
    await vi.advanceTimersByTimeAsync(0)
    expect(FakeSocket.made).toHaveLength(1)
  })
})

describe('dead sockets', () => {
  it('pings, and leaves a socket that does not answer', async () => {
    await connected()
    const socket = FakeSocket.last
    await vi.advanceTimersByTimeAsync(PING_EVERY)
    expect(socket.count('ping')).toBe(1)
    await vi.advanceTimersByTimeAsync(ANSWER_WITHIN)
    expect(socket.readyState).toBe(FakeSocket.CLOSED)
    expect(useLive().state).toBe('offline')
  })

  it('keeps one that answers', async () => {
    await connected()
    await vi.advanceTimersByTimeAsync(PING_EVERY)
    FakeSocket.last.say({ type: 'pong', bot_ids: [BOT] })
    await vi.advanceTimersByTimeAsync(ANSWER_WITHIN)
    expect(useLive().state).toBe('live')
    expect(FakeSocket.last.count('subscribe')).toBe(1)
  })

  it('leaves one that is never accepted', async () => {
    watch()
    await vi.advanceTimersByTimeAsync(ANSWER_WITHIN)
    expect(useLive().state).toBe('offline')
  })

  it('looks whether it lives when the page is seen again', async () => {
    await connected()
    document.dispatchEvent(new Event('visibilitychange'))
    expect(FakeSocket.last.count('ping')).toBe(1)
  })

  it('subscribes again to what has run out', async () => {
    await connected()
    await vi.advanceTimersByTimeAsync(PING_EVERY)
    FakeSocket.last.say({ type: 'pong', bot_ids: [] })
    expect(useLive().hears(BOT)).toBe(false)
    expect(FakeSocket.last.count('subscribe')).toBe(2)
  })
})

describe('messages', () => {
  const look = (seq: number) => aLook(seq, '2026-01-01T10:00:05.000Z', 1)

  it('go to those who subscribed, by subscription and not by bot', async () => {
    const one = await connected()
    const all = watch(ALL_BOTS)
    FakeSocket.last.subscribed(ALL_BOTS, 3)
    FakeSocket.last.say(aMessage('bot_update', 4, { subscription: ALL_BOTS }))
    expect(all.seqs()).toEqual([4])
    expect(one.seqs()).toEqual([])
  })

  it('are handed on as they come, late ones too', async () => {
    const seen = await connected()
    for (const seq of [11, 13, 12, 14]) FakeSocket.last.say(look(seq))
    expect(seen.seqs()).toEqual([11, 13, 12, 14])
    await vi.advanceTimersByTimeAsync(LATE_AFTER)
    expect(seen.gap).not.toHaveBeenCalled()
  })

  it('that stay away are fetched, once', async () => {
    const seen = await connected()
    FakeSocket.last.say(look(14))
    FakeSocket.last.say(look(17))
    await vi.advanceTimersByTimeAsync(LATE_AFTER - 1)
    expect(seen.gap).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(seen.gap).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(10 * LATE_AFTER)
    expect(seen.gap).toHaveBeenCalledTimes(1)
  })

  it('that leave a huge hole are fetched as well', async () => {
    const seen = await connected()
    FakeSocket.last.say(look(1_000_000))
    await vi.advanceTimersByTimeAsync(LATE_AFTER)
    expect(seen.gap).toHaveBeenCalledTimes(1)
  })

  it('that come twice do no harm', async () => {
    const seen = await connected()
    for (const seq of [11, 11, 10, 12]) FakeSocket.last.say(look(seq))
    await vi.advanceTimersByTimeAsync(LATE_AFTER)
    expect(seen.gap).not.toHaveBeenCalled()
  })

  it('before the subscription is confirmed count for nothing', async () => {
    const seen = watch()
    await vi.advanceTimersByTimeAsync(0)
    FakeSocket.last.accept()
    FakeSocket.last.say(look(11))
    FakeSocket.last.subscribed(BOT, 11)
    FakeSocket.last.say(look(12))
    await vi.advanceTimersByTimeAsync(LATE_AFTER)
    expect(seen.seqs()).toEqual([11, 12])
    expect(seen.gap).toHaveBeenCalledTimes(1)
  })

  it('that are broken are passed over', async () => {
    const seen = await connected()
    for (const frame of ['', 'no json', 'null', '7', '{}', '{"type":1}']) {
      FakeSocket.last.say(frame)
    }
    FakeSocket.last.say(look(11))
    expect(seen.seqs()).toEqual([11])
  })

  it('end with the watching', async () => {
    const seen = await connected()
    FakeSocket.last.say(look(13))
    stops.pop()?.()
    await vi.advanceTimersByTimeAsync(LATE_AFTER)
    expect(seen.gap).not.toHaveBeenCalled()
  })
})

describe('answers', () => {
  it('that refuse a subscription leave the page to ask for itself', async () => {
    await connected()
    watch('gone')
    FakeSocket.last.say({ type: 'error', code: 'bot_not_found', bot_id: 'gone' })
    expect(useLive().hears('gone')).toBe(false)
    FakeSocket.last.say({ type: 'pong', bot_ids: [BOT] })
    expect(FakeSocket.last.count('subscribe')).toBe(2)
  })

  it('that come in another order than what was asked for are set right', async () => {
    watch('bot-2')
    const seen = await connected()
    stops.pop()?.()
    const again = watch()
    FakeSocket.last.subscribed(BOT, 12)
    expect(again.gap).toHaveBeenCalledTimes(1)
    FakeSocket.last.say({ type: 'unsubscribed', bot_id: BOT })
    expect(useLive().hears(BOT)).toBe(false)
    expect(FakeSocket.last.sent.at(-1)).toEqual({ action: 'subscribe', bot_id: BOT })
    expect(seen.gap).not.toHaveBeenCalled()
  })

  it('to what nobody watches any more end the subscription', async () => {
    await connected()
    watch('bot-2')
    stops.pop()?.()
    FakeSocket.last.subscribed('bot-2', 1)
    expect(FakeSocket.last.sent.at(-1)).toEqual({ action: 'unsubscribe', bot_id: 'bot-2' })
  })

  it('that end the session lead to a new connection', async () => {
    await connected()
    FakeSocket.last.say({ type: 'error', code: 'session_ended', message: '' })
    FakeSocket.last.die()
    await vi.advanceTimersByTimeAsync(FIRST_WAIT)
    expect(FakeSocket.made).toHaveLength(2)
  })
})
