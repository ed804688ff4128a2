import { ref, shallowRef, type Ref } from 'vue'

import { previewBot } from '@/api/bots'
import { toProblem, type ApiProblem } from '@/api/problem'
import type { BotPreview } from '@/api/types'
import type { BotFormContext } from '@/composables/bot-form'
import { toSettings, type BotForm } from '@/strategy/bot-form'
import { STEPS } from '@/strategy/bot-form-checks'

/** What the API makes of the form: asked when the page's own checks find nothing. */
export function useSettingsReview(form: Ref<BotForm>, { judge, faults }: BotFormContext) {
  const judged = shallowRef<BotPreview | null>(null)
  const problem = shallowRef<ApiProblem | null>(null)
  const isAsking = ref(false)

  async function review(): Promise<void> {
    for (const step of STEPS) judge(step)
    judged.value = null
    problem.value = null
    if (Object.keys(faults.value).length) return
    isAsking.value = true
    try {
      judged.value = await previewBot(toSettings(form.value))
    } catch (error) {
      problem.value = toProblem(error)
    } finally {
      isAsking.value = false
    }
  }

  return { judged, problem, isAsking, review }
}
