import { ElMessage } from 'element-plus'
import { computed, ref, shallowRef, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'

import * as api from '@/api/bots'
import { toProblem, type ApiProblem } from '@/api/problem'
import type { Bot, Preferences } from '@/api/types'
import { saveJson } from '@/composables/download'
import { useFormat } from '@/composables/format'
import { useProblemText } from '@/composables/problem-text'
import { usePreferences } from '@/stores/preferences'
import { useSession } from '@/stores/session'

export type BotMove = 'start' | 'pause' | 'stop' | 'close' | 'resolve' | 'kill' | 'delete' | 'clone'
export type BotAction = BotMove | 'export'

/** What the user decides in the confirmation; which of it counts depends on the move. */
export interface MoveChoice {
  adopt: boolean
  position?: api.PositionChoice
  resolution?: api.Resolution
  name: string
}

type Confirmations = Preferences['confirmations']
type Offer = (bot: Bot) => boolean

const isOpen = (bot: Bot) => bot.position !== null

/** When a bot can be moved how; the API has the last word. */
const OFFERS: Record<BotAction, Offer> = {
  start: (bot) => bot.status === 'stopped' || bot.status === 'paused',
  pause: (bot) => bot.status === 'running',
  resolve: (bot) => bot.status === 'error',
  close: (bot) =>
    isOpen(bot) && !isClosing(bot) && ['running', 'paused', 'error'].includes(bot.status),
  stop: (bot) => ['running', 'paused', 'error'].includes(bot.status),
  kill: (bot) => bot.status !== 'stopped',
  clone: () => true,
  export: () => true,
  delete: (bot) => bot.status === 'stopped' && !isOpen(bot),
}

const isClosing = (bot: Bot) => bot.pending_command === 'close' || bot.pending_command === 'kill'

export const ACTIONS = Object.keys(OFFERS) as BotAction[]

/** The actions that make sense for the bot as it is; without the right to trade only looking. */
export function actionsFor(bot: Bot, mayTrade: boolean): BotAction[] {
  if (bot.deleted_at !== null) return []
  return ACTIONS.filter((action) => OFFERS[action](bot) && (mayTrade || action === 'export'))
}

/** Whether the choice says all that the move needs to know. */
export function isDecided(move: BotMove, bot: Bot, choice: MoveChoice): boolean {
  if (move === 'stop') return !isOpen(bot) || choice.position !== undefined
  if (move === 'resolve') return choice.resolution !== undefined
  return true
}

/** Money moves for good, or a choice is due: these are asked about whatever the preferences say. */
function mustAsk(move: BotMove, bot: Bot): boolean {
  if (['kill', 'delete', 'resolve', 'clone'].includes(move)) return true
  if (move === 'stop') return isOpen(bot)
  return move === 'start' && bot.handed_over !== null
}

/** What the user's settings say; while they are not known it is asked. */
function wantsToBeAsked(move: BotMove, confirmations: Confirmations | undefined): boolean {
  return confirmations?.[move as keyof Confirmations] ?? true
}

/** Which of the texts on what a move will do fits the bot as it is. */
export function consequenceKey(move: BotMove, bot: Bot): string {
  const variant: Partial<Record<BotMove, string>> = {
    start: isOpen(bot) ? 'Open' : bot.handed_over ? 'HandedOver' : '',
    pause: isOpen(bot) ? 'Open' : '',
    stop: isOpen(bot) ? 'Open' : '',
    kill: isOpen(bot) ? 'Open' : '',
  }
  return `bots.actions.${move}.text${variant[move] ?? ''}`
}

/** The sentences that say what a move will do to this bot. */
export function useConsequence() {
  const { t } = useI18n()
  const format = useFormat()
  return (move: BotMove, bot: Bot): string =>
    t(consequenceKey(move, bot), {
      name: bot.bot_name,
      pair: `${bot.market1_symbol} / ${bot.market2_symbol}`,
      cap: format.money(bot.max_position_value),
      invested: format.money(bot.position?.invested),
      pnl: format.money(bot.pnl, true),
      unit: bot.market1_symbol.split('-')[1] ?? '',
      mismatch: bot.mismatch,
    })
}

/** Move a bot: asks first, does it, and tells what became of it. */
export function useBotActions(bot: Ref<Bot>, done: (move: BotMove, now: Bot | null) => void) {
  const { t } = useI18n()
  const { tell } = useProblemText()
  const session = useSession()
  const settings = usePreferences()
  const asked = ref<BotMove | null>(null)
  const isBusy = ref(false)
  const problem = shallowRef<ApiProblem | null>(null)
  const offered = computed(() => actionsFor(bot.value, session.mayTrade))

  async function ask(action: BotAction): Promise<void> {
    problem.value = null
    if (action === 'export') return save()
    if (mustAsk(action, bot.value) || wantsToBeAsked(action, settings.stored?.confirmations)) {
      asked.value = action
      return
    }
    await carryOut(action, { adopt: false, name: '' })
    if (problem.value) tell(problem.value)
  }

  async function carryOut(move: BotMove, choice: MoveChoice): Promise<void> {
    isBusy.value = true
    problem.value = null
    try {
      const now = await moveBot(move, bot.value, choice)
      asked.value = null
      ElMessage({ type: 'success', message: t(`bots.actions.${move}.done`), grouping: true })
      done(move, now)
    } catch (error) {
      problem.value = toProblem(error)
    } finally {
      isBusy.value = false
    }
  }

  async function save(): Promise<void> {
    try {
      saveJson(`${bot.value.bot_name}.json`, await api.exportBot(bot.value.id))
    } catch (error) {
      tell(error)
    }
  }

  function cancel(): void {
    asked.value = null
    problem.value = null
  }

  return { offered, asked, isBusy, problem, ask, carryOut, cancel }
}

/** Ask the API for the move; returns the bot as it is then, null where the answer shows none. */
async function moveBot(move: BotMove, bot: Bot, choice: MoveChoice): Promise<Bot | null> {
  switch (move) {
    case 'start':
      return api.startBot(bot.id, choice.adopt && bot.handed_over !== null)
    case 'pause':
      return api.pauseBot(bot.id)
    case 'stop':
      return api.stopBot(bot.id, choice.position)
    case 'close':
      return api.closeBot(bot.id)
    case 'resolve':
      if (!choice.resolution) throw new Error('a resolution was not chosen')
      return api.resolveBot(bot.id, choice.resolution)
    case 'clone':
      return api.cloneBot(bot.id, choice.name.trim() || undefined)
    case 'kill':
      await api.killBot(bot.id)
      return null
    case 'delete':
      await api.deleteBot(bot.id)
      return null
  }
}
