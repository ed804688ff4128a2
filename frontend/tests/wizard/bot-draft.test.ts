import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import { effectScope, nextTick, ref, type Ref } from 'vue'

import type { User } from '@/api/types'
import { rememberedDraft, useBotDraft } from '@/composables/bot-draft'
import { useSession } from '@/stores/session'
import { freshForm, type BotForm } from '@/strategy/bot-form'
import type { WizardStep } from '@/strategy/bot-form-checks'

function write(): { form: Ref<BotForm>; step: Ref<WizardStep>; forget: () => void } {
  const form = ref(freshForm(0))
  const step = ref<WizardStep>('account')
  const draft = effectScope().run(() => useBotDraft(form, step))
  if (!draft) throw new Error('no draft')
  return { form, step, forget: draft.forget }
}

describe('the draft of a new bot', () => {
  beforeEach(() => {
    sessionStorage.clear()
    setActivePinia(createPinia())
    useSession().user = { id: 'u1' } as User
  })

  it('is there again after the login has ended', async () => {
    const { form, step } = write()
    form.value.bot_name = 'kept'
    step.value = 'ladder'
    await nextTick()
    useSession().leave()
    expect(rememberedDraft('u1')).toMatchObject({ step: 'ladder', form: { bot_name: 'kept' } })
  })

  it('is not shown to another user', async () => {
    write().form.value.bot_name = 'mine'
    await nextTick()
    expect(rememberedDraft('u2')).toBeNull()
  })

  it('is forgotten once the bot is there', async () => {
    const { form, forget } = write()
    form.value.bot_name = 'done'
    await nextTick()
    forget()
    expect(rememberedDraft('u1')).toBeNull()
  })

  it.each(['{', 'null', '{"userId":"u1","step":"nowhere","form":{}}'])(
    'is not made of %s',
    (text) => {
      sessionStorage.setItem('pairtrader.bot-draft', text)
      expect(rememberedDraft('u1')).toBeNull()
    },
  )
})
