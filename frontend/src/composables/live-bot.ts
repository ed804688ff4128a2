import { computed, onMounted, onScopeDispose, ref, shallowRef, type ShallowRef } from 'vue'

import * as histories from '@/api/bot-history'
import { bot as fetchBot } from '@/api/bots'
import type { LiveMessage } from '@/api/live'
import { toProblem, type ApiProblem } from '@/api/problem'
import type { Bot, Cycle, LogLine, Order, SpreadPoint } from '@/api/types'
import { useHistory, type RowOrder } from '@/composables/history'
import { oneAtATime } from '@/composables/one-at-a-time'
import { useLongAbsence } from '@/composables/page-visibility'
import { pointOf, pointOfBot, standing, withMessage } from '@/live/merge'
import { useLive } from '@/stores/live'
import { tickHealth } from '@/strategy/tick-health'

export const POLL_EVERY = 5000
/** While messages arrive: what they do not hold, such as warnings, may change as well. */
export const CHECK_EVERY = 60_000
export const HIDDEN_FOR = 5 * 60_000
const NOT_FOUND = 404

const numbered: RowOrder<Cycle> = {
  keyOf: (cycle) => String(cycle.cycle_number),
  ageOf: (cycle) => cycle.cycle_number,
}
const dated: RowOrder<Order> & RowOrder<LogLine> = {
  keyOf: ({ id }: { id: string }) => id,
  ageOf: ({ created_at }: { created_at: string }) => Date.parse(created_at),
}

/**
 * One bot as it is now: fetched, then kept up by what is pushed. Without a push it is asked for
 * again and again, and not at all while nobody looks.
 */
export function useBot(botId: string) {
  const live = useLive()
  const bot: ShallowRef<Bot | null> = shallowRef(null)
  const problem = shallowRef<ApiProblem | null>(null)
  const isLoading = ref(true)
  const orders = useHistory<Order>((cursor) => histories.orders(botId, cursor), dated)
  const cycles = useHistory<Cycle>((cursor) => histories.cycles(botId, cursor), numbered)
  const logs = useHistory<LogLine>((cursor) => histories.logs(botId, cursor), dated)
  /** There is no such bot: asking again would not help. */
  const isMissing = computed(() => problem.value?.status === NOT_FOUND && bot.value === null)
  const isPushed = computed(() => live.hears(botId))

  /** Raised when messages may have been missed: what follows them must be fetched anew. */
  const gaps = ref(0)

  const lookListeners = new Set<(point: SpreadPoint) => void>()
  let askedAt = 0
  let isFetching = false
  /** What came in while the answer under way was being made: it may not know of it. */
  let meanwhile: LiveMessage[] = []
  let unwatch: (() => void) | null = null
  let timer: ReturnType<typeof setInterval> | null = null

  function onLook(listener: (point: SpreadPoint) => void): () => void {
    lookListeners.add(listener)
    return () => lookListeners.delete(listener)
  }

  function tellLook(point: SpreadPoint | null): void {
    if (point) for (const listener of lookListeners) listener(point)
  }

  const reloadBot = oneAtATime(askForBot)

  async function askForBot(): Promise<void> {
    askedAt = Date.now()
    meanwhile = []
    isFetching = true
    try {
      show(meanwhileOver(await fetchBot(botId)))
      problem.value = null
    } catch (error) {
      problem.value = toProblem(error)
    } finally {
      isFetching = false
      isLoading.value = false
    }
  }

  const meanwhileOver = (answer: Bot) => meanwhile.reduce(withMessage, answer)

  /** Show the bot as an answer or the messages tell, and fetch what has changed with it. */
  function show(now: Bot): void {
    const before = bot.value
    bot.value = now
    if (!isPushed.value) tellLook(pointOfBot(now))
    if (!before || standing(before) === standing(now)) return
    void cycles.reload()
    if (isPushed.value) return
    void orders.reload()
    void logs.reload()
  }

  function onMessage(message: LiveMessage): void {
    if (isFetching) meanwhile.push(message)
    if (message.type === 'order_update') orders.upsert(message as unknown as Order)
    if (message.type === 'log') logs.upsert(message as unknown as LogLine)
    tellLook(pointOf(message))
    if (!bot.value) return
    const before = bot.value
    const now = withMessage(before, message)
    if (now !== before) show(now)
    if (now.updated_at !== before.updated_at) void reloadBot()
  }

  async function reload(): Promise<void> {
    await Promise.all([reloadBot(), orders.reload(), cycles.reload(), logs.reload()])
  }

  function catchUp(): void {
    gaps.value++
    void reload()
  }

  /** Whether news should have come by now: the bot may be late, or the connection dead. */
  function isQuiet(): boolean {
    if (!bot.value) return true
    return !['fresh', 'resting'].includes(tickHealth(bot.value, Date.now()))
  }

  function check(): void {
    if (document.hidden || isMissing.value) return
    const quiet = isQuiet()
    if (isPushed.value && quiet) live.probe()
    const wait = isPushed.value && !quiet ? CHECK_EVERY : POLL_EVERY
    // Timers run a little early at times.
    if (Date.now() - askedAt >= wait - POLL_EVERY / 10) void reloadBot()
  }

  function begin(): void {
    unwatch ??= live.watch(botId, { onMessage, onGap: catchUp })
    timer ??= setInterval(check, POLL_EVERY)
    void reload()
  }

  function end(): void {
    unwatch?.()
    unwatch = null
    if (timer) clearInterval(timer)
    timer = null
  }

  onMounted(begin)
  onScopeDispose(end)
  useLongAbsence(HIDDEN_FOR, end, () => {
    begin()
    gaps.value++
  })

  return {
    bot,
    problem,
    isLoading,
    isMissing,
    isPushed,
    orders,
    cycles,
    logs,
    gaps,
    onLook,
    show,
    reload,
  }
}

export type LiveBot = ReturnType<typeof useBot>
