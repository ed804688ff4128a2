import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent } from 'vue'

import { ApiProblem } from '@/api/problem'
import { CHECK_EVERY, HIDDEN_FOR, POLL_EVERY, useBot, type LiveBot } from '@/composables/live-bot'
import type { Watcher } from '@/live/channel'
import { useLive } from '@/stores/live'

import { aBot, aCycle, aLine, aLook, aMessage, anOrder } from './a-bot'

const api = vi.hoisted(() => ({
  bot: vi.fn(),
  orders: vi.fn(),
  cycles: vi.fn(),
  logs: vi.fn(),
}))

vi.mock('@/api/bots', () => ({ bot: api.bot }))
vi.mock('@/api/bot-history', () => ({ orders: api.orders, cycles: api.cycles, logs: api.logs }))
vi.mock('@/config', () => ({ config: () => ({ ws_url: '' }) }))

let page: VueWrapper
let live: LiveBot
let watcher: Watcher | null
let isHeard: boolean
const leave = vi.fn()

async function open(): Promise<void> {
  const store = useLive()
  vi.spyOn(store, 'probe').mockImplementation(() => undefined)
  vi.spyOn(store, 'watch').mockImplementation((_botId, given) => {
    watcher = given
    return leave
  })
  vi.spyOn(store, 'hears').mockImplementation(() => isHeard)
  page = mount(
    defineComponent({
      setup() {
        live = useBot('bot-1')
        return () => null
      },
    }),
  )
  await flushPromises()
}

function setHidden(hidden: boolean): void {
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(hidden)
  document.dispatchEvent(new Event('visibilitychange'))
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.setSystemTime('2026-01-01T10:00:01.000Z')
  setActivePinia(createPinia())
  watcher = null
  isHeard = true
  leave.mockReset()
  api.bot.mockReset().mockResolvedValue(aBot())
  for (const list of [api.orders, api.cycles, api.logs]) {
    list.mockReset().mockResolvedValue({ items: [], cursor: null })
  }
})

afterEach(() => {
  page.unmount()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('a bot that is watched', () => {
  it('is fetched, then kept up by messages', async () => {
    await open()
    expect(live.bot.value?.spread).toBe(0.4)
    watcher?.onMessage(aLook(1, '2026-01-01T10:00:05.000Z', 0.9))
    expect(live.bot.value?.spread).toBe(0.9)
    expect(api.bot).toHaveBeenCalledTimes(1)
  })

  it('takes orders and lines in by id', async () => {
    await open()
    for (const seq of [1, 2]) {
      watcher?.onMessage(aMessage('order_update', seq, { ...anOrder() }))
      watcher?.onMessage(aMessage('log', seq, { ...aLine('1') }))
    }
    expect(live.orders.rows.value).toHaveLength(1)
    expect(live.logs.rows.value).toHaveLength(1)
  })

  it('has its cycles fetched when one begins or ends', async () => {
    await open()
    api.cycles.mockClear().mockResolvedValue({ items: [aCycle()], cursor: null })
    watcher?.onMessage(
      aMessage('bot_update', 1, {
        updated_at: '2026-01-01T00:00:00.000Z',
        last_tick_at: '2026-01-01T10:00:05.000Z',
        level: 1,
      }),
    )
    await flushPromises()
    expect(api.cycles).toHaveBeenCalledTimes(1)
    expect(live.cycles.rows.value).toHaveLength(1)
  })

  it('has its settings fetched when they were changed', async () => {
    await open()
    api.bot.mockResolvedValue(aBot({ bot_name: 'renamed', updated_at: '2026-01-01T10:00:04.000Z' }))
    watcher?.onMessage(
      aMessage('bot_update', 1, {
        updated_at: '2026-01-01T10:00:04.000Z',
        last_tick_at: '2026-01-01T10:00:05.000Z',
      }),
    )
    await flushPromises()
    expect(live.bot.value?.bot_name).toBe('renamed')
  })

  it('fetches everything when messages were lost', async () => {
    await open()
    const gaps = live.gaps.value
    watcher?.onGap()
    await flushPromises()
    expect(live.gaps.value).toBe(gaps + 1)
    for (const fetched of [api.bot, api.orders, api.cycles, api.logs]) {
      expect(fetched).toHaveBeenCalledTimes(2)
    }
  })

  it('is not set back by an answer made before a message', async () => {
    await open()
    let answer: (bot: object) => void = () => undefined
    api.bot.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)))
    void live.reload()
    watcher?.onMessage(aLook(1, '2026-01-01T10:00:05.000Z', 0.9))
    answer(aBot())
    await flushPromises()
    expect(live.bot.value?.spread).toBe(0.9)
  })

  it('tells looks to the chart', async () => {
    await open()
    const seen: number[] = []
    const stop = live.onLook((point) => seen.push(point.spread_percentage))
    watcher?.onMessage(aLook(1, '2026-01-01T10:00:05.000Z', 0.9))
    stop()
    watcher?.onMessage(aLook(2, '2026-01-01T10:00:10.000Z', 1.9))
    expect(seen).toEqual([0.9])
  })

  it('is checked once a minute all the same', async () => {
    api.bot.mockResolvedValue(aBot({ status: 'stopped' }))
    await open()
    await vi.advanceTimersByTimeAsync(CHECK_EVERY - POLL_EVERY)
    expect(api.bot).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(POLL_EVERY)
    expect(api.bot).toHaveBeenCalledTimes(2)
  })
})

describe('a bot whose looks do not come', () => {
  it('is asked for, and the connection is tried', async () => {
    await open()
    const probe = vi.mocked(useLive().probe)
    await vi.advanceTimersByTimeAsync(2 * POLL_EVERY)
    expect(probe).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(2 * POLL_EVERY)
    expect(probe).toHaveBeenCalledTimes(2)
    expect(api.bot).toHaveBeenCalledTimes(3)
  })
})

describe('without a push', () => {
  beforeEach(() => {
    isHeard = false
  })

  it('the bot is asked for every few seconds', async () => {
    await open()
    api.bot.mockResolvedValue(aBot({ spread: 0.7, last_tick_at: '2026-01-01T10:00:05.000Z' }))
    const seen: number[] = []
    live.onLook((point) => seen.push(point.spread_percentage))
    await vi.advanceTimersByTimeAsync(3 * POLL_EVERY)
    expect(api.bot).toHaveBeenCalledTimes(4)
    expect(seen.at(-1)).toBe(0.7)
    expect(api.orders).toHaveBeenCalledTimes(1)
  })

  it('its histories are fetched when something has happened', async () => {
    await open()
    api.bot.mockResolvedValue(aBot({ current_cycle: 1 }))
    await vi.advanceTimersByTimeAsync(POLL_EVERY)
    for (const list of [api.orders, api.cycles, api.logs]) expect(list).toHaveBeenCalledTimes(2)
  })

  it('a failure is shown and what was there stays', async () => {
    await open()
    api.bot.mockRejectedValue(new ApiProblem(0, 'offline', ''))
    await vi.advanceTimersByTimeAsync(POLL_EVERY)
    expect(live.problem.value?.isOffline).toBe(true)
    expect(live.bot.value?.id).toBe('bot-1')
    api.bot.mockResolvedValue(aBot())
    await vi.advanceTimersByTimeAsync(POLL_EVERY)
    expect(live.problem.value).toBeNull()
  })

  it('nothing is asked for while the page is hidden', async () => {
    await open()
    setHidden(true)
    await vi.advanceTimersByTimeAsync(4 * POLL_EVERY)
    expect(api.bot).toHaveBeenCalledTimes(1)
  })
})

describe('a page that nobody looks at', () => {
  it('stops after a while, and catches up when it is seen again', async () => {
    await open()
    setHidden(true)
    await vi.advanceTimersByTimeAsync(HIDDEN_FOR - 1)
    expect(leave).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(leave).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(10 * CHECK_EVERY)
    expect(api.bot).toHaveBeenCalledTimes(1)
    const gaps = live.gaps.value
    watcher = null
    setHidden(false)
    await flushPromises()
    expect(watcher).not.toBeNull()
    expect(api.bot).toHaveBeenCalledTimes(2)
    expect(live.gaps.value).toBe(gaps + 1)
  })

  it('goes on as it was after a short absence', async () => {
    await open()
    setHidden(true)
    await vi.advanceTimersByTimeAsync(HIDDEN_FOR / 2)
    setHidden(false)
    await vi.advanceTimersByTimeAsync(HIDDEN_FOR)
    expect(leave).not.toHaveBeenCalled()
  })

  it('ends with the page', async () => {
    await open()
    page.unmount()
    expect(leave).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(10 * CHECK_EVERY)
    expect(api.bot).toHaveBeenCalledTimes(1)
  })
})
