import { computed, type Ref } from 'vue'

import type { Bot } from '@/api/types'
import type { Locks } from '@/composables/bot-form'
import type { FormField } from '@/strategy/bot-form'

/** Settings that may change while a bot runs or holds a position; of the ladder, rows not done. */
const LIVE: ReadonlySet<FormField> = new Set([
  'bot_name',
  'profit_ratio',
  'stop_loss_ratio',
  'pause_after_close',
  'cooldown_seconds',
  'tick_interval_seconds',
  'limit_timeout_seconds',
  'leg_timeout_seconds',
  'max_position_value',
  'dca_config',
])

export function lockOf(field: FormField, bot: Bot | null): string | undefined {
  if (!bot || (bot.status === 'stopped' && bot.position === null) || LIVE.has(field)) return
  return bot.position ? 'wizard.locks.open' : 'wizard.locks.running'
}

/** What of a bot's form can't be changed as the bot is now. */
export function useBotLocks(bot: Ref<Bot | null>): Locks {
  return {
    lockOf: (field) => lockOf(field, bot.value),
    rowsDone: computed(() => bot.value?.level ?? 0),
  }
}
