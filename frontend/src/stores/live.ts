import { defineStore } from 'pinia'
import { ref, watch as watchValue } from 'vue'

import { isUpdate, type LiveAnswer, type LiveFrame } from '@/api/live'
import { config } from '@/config'
import { Channel, type Watcher } from '@/live/channel'
import { LiveConnection, type ConnectionState } from '@/live/connection'
import { useSession } from '@/stores/session'

export type { Watcher } from '@/live/channel'
export type { ConnectionState } from '@/live/connection'

/** Stands for all bots of the user, of which `bot_update` is told alone. */
export const ALL_BOTS = '*'
/** The topic of all backtests and analyses of the user. */
export const RESEARCH = 'backtests'

/** A subscription as frames name it. */
const named = (subscription: string) =>
  subscription === RESEARCH ? { topic: subscription } : { bot_id: subscription }

/** One socket for the whole UI, open while anything is watched. */
export const useLive = defineStore('live', () => {
  const state = ref<ConnectionState>('idle')
  const heard = ref<ReadonlySet<string>>(new Set())
  const channels = new Map<string, Channel>()
  const connection = new LiveConnection(() => config().ws_url, {
    onState: changeState,
    onOpen: subscribeToAll,
    onFrame: receive,
  })

  /** Receive the messages on a bot, `*` or a topic, until the returned function is called. */
  function watch(botId: string, watcher: Watcher): () => void {
    let channel = channels.get(botId)
    if (!channel) {
      channel = new Channel()
      channels.set(botId, channel)
      subscribe(botId)
    }
    channel.watchers.add(watcher)
    connection.open()
    return () => leave(botId, watcher)
  }

  /** Whether messages on the bot arrive now. */
  const hears = (botId: string) => heard.value.has(botId)

  function leave(botId: string, watcher: Watcher): void {
    const channel = channels.get(botId)
    if (!channel?.watchers.delete(watcher) || channel.watchers.size) return
    channel.forget()
    channels.delete(botId)
    setHeard(botId, false)
    connection.send({ action: 'unsubscribe', ...named(botId) })
    if (!channels.size) connection.close()
  }

  function changeState(now: ConnectionState): void {
    state.value = now
    if (now === 'live') return
    heard.value = new Set()
    for (const channel of channels.values()) channel.forget()
  }

  const subscribe = (botId: string) => connection.send({ action: 'subscribe', ...named(botId) })

  function subscribeToAll(): void {
    for (const [botId, channel] of channels) {
      channel.isRefused = false
      subscribe(botId)
    }
  }

  function receive(frame: LiveFrame): void {
    if (isUpdate(frame)) channels.get(frame.subscription)?.take(frame)
    else if (frame.type === 'pong') restoreLost([...(frame.bot_ids ?? []), ...(frame.topics ?? [])])
    else {
      const subscription = frame.bot_id ?? frame.topic
      if (subscription) settle(subscription, frame)
    }
  }

  function settle(botId: string, answer: LiveAnswer): void {
    const channel = channels.get(botId)
    const isSubscribed = answer.type === 'subscribed'
    if (!channel) {
      // Left meanwhile; what was sent one after the other may have been done the other way round.
      if (isSubscribed) connection.send({ action: 'unsubscribe', ...named(botId) })
      return
    }
    setHeard(botId, isSubscribed)
    if (isSubscribed) channel.begin(answer.seq ?? null)
    else if (answer.type === 'unsubscribed') subscribe(botId)
    else channel.isRefused = true
  }

  /** A subscription may run out, when the computer slept: what is no longer there is asked for. */
  function restoreLost(kept: readonly string[]): void {
    for (const [botId, channel] of channels) {
      if (kept.includes(botId) || channel.isRefused) continue
      setHeard(botId, false)
      subscribe(botId)
    }
  }

  function setHeard(botId: string, isHeard: boolean): void {
    if (heard.value.has(botId) === isHeard) return
    const now = new Set(heard.value)
    if (isHeard) now.add(botId)
    else now.delete(botId)
    heard.value = now
  }

  /** See whether the other end is still there: news are missing that should have come. */
  const probe = () => connection.hurry()

  window.addEventListener('online', probe)
  window.addEventListener('offline', probe)
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) probe()
  })
  watchValue(
    () => useSession().isLoggedIn,
    (isLoggedIn) => {
      if (isLoggedIn) probe()
    },
  )

  return { state, watch, hears, probe }
})
