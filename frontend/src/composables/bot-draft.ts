import { watch, type Ref } from 'vue'

import { useSession } from '@/stores/session'
import type { BotForm } from '@/strategy/bot-form'
import { STEPS, type WizardStep } from '@/strategy/bot-form-checks'

const KEY = 'pairtrader.bot-draft'

interface Draft {
  userId: string
  step: WizardStep
  form: BotForm
}

/** What the user had written before the page went away; another user's draft is none. */
export function rememberedDraft(userId: string): Pick<Draft, 'step' | 'form'> | null {
  try {
    const draft = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Draft | null
    const isGood =
      draft?.userId === userId && STEPS.includes(draft.step) && Array.isArray(draft.form.dca_config)
    return isGood ? { step: draft.step, form: draft.form } : null
  } catch {
    return null
  }
}

/** Keep what is being written for as long as the browser's tab lives: a login that ends loses nothing. */
export function useBotDraft(form: Ref<BotForm>, step: Ref<WizardStep>) {
  const session = useSession()
  const userId = session.user?.id ?? ''
  watch(
    [form, step],
    () => {
      const draft: Draft = { userId, step: step.value, form: form.value }
      sessionStorage.setItem(KEY, JSON.stringify(draft))
    },
    { deep: true },
  )
  return {
    restore: () => (userId ? rememberedDraft(userId) : null),
    forget: () => sessionStorage.removeItem(KEY),
  }
}
