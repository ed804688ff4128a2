import { onMounted, ref, watch } from 'vue'
import { useRoute } from 'vue-router'

import { beginningOf, usualForm } from '@/composables/beginnings'
import { provideBotForm } from '@/composables/bot-form'
import { useProblemText } from '@/composables/problem-text'
import { boundsOf, freshPeriod, NAMELESS, type Period } from '@/research/backtest-form'
import { usePreferences } from '@/stores/preferences'
import { useSession } from '@/stores/session'
import { freshForm, type BotForm } from '@/strategy/bot-form'

/** What both forms of analyses share with the bot's: account, markets, ladder; and the period. */
export function useAnalysisForm() {
  const route = useRoute()
  const session = useSession()
  const preferences = usePreferences()
  const { tell } = useProblemText()
  const now = Date.now()
  const bot = ref<BotForm>({ ...freshForm(now), bot_name: NAMELESS })
  // Tests look at hours: five minutes are fine enough, and quickly fetched.
  const period = ref<Period>({ ...freshPeriod(now), timeframe: '5m' })
  const context = provideBotForm(bot)

  watch(
    () => boundsOf(period.value, now)?.from,
    (from) => {
      if (from !== undefined) bot.value.start_time = new Date(from).toISOString()
    },
    { immediate: true },
  )

  let hasBegun = false
  async function begin(): Promise<void> {
    if (hasBegun || !preferences.stored) return
    hasBegun = true
    const usual = usualForm(preferences.stored, now)
    try {
      const found = await beginningOf(route.query, session.user?.id ?? '', usual, now)
      const { start_time } = bot.value
      bot.value = { ...(found?.bot ?? usual), start_time, bot_name: NAMELESS }
    } catch (error) {
      tell(error)
    }
  }
  onMounted(begin)
  watch(() => preferences.stored, begin)

  return { bot, period, context, now }
}
