import { useI18n } from 'vue-i18n'

import type { Bot } from '@/api/types'
import { useBotTexts } from '@/composables/log-texts'

/** One sentence on what a bot is doing or why it does nothing, in the user's language. */
export function useBotSays(): (bot: Bot) => string {
  const { t, te } = useI18n()
  const texts = useBotTexts()
  return (bot) => {
    if (bot.pending_command) {
      const key = `bots.pending.${bot.pending_command}`
      return te(key) ? t(key) : bot.pending_command
    }
    if (bot.status_reason) return texts.statusReason(bot.status_reason)
    if (bot.status === 'stopped') return bot.handed_over ? t('bots.handedOver') : ''
    return texts.holdOf(bot)
  }
}
