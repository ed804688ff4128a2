import { mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'

import { ApiProblem } from '@/api/problem'
import { useFormProblem } from '@/composables/form-problem'
import { i18n } from '@/i18n'

type Form = ReturnType<typeof useFormProblem>

function formOf(shown: Parameters<typeof useFormProblem>[0]): Form {
  let form: Form | undefined
  const Host = defineComponent({
    setup() {
      form = useFormProblem(shown)
      return () => h('div')
    },
  })
  mount(Host, { global: { plugins: [i18n] } })
  if (!form) throw new Error('nothing was set up')
  return form
}

const fails = (problem: ApiProblem) => () => Promise.reject(problem)

beforeEach(() => {
  setActivePinia(createPinia())
  i18n.global.locale.value = 'en'
})

describe('what the API says of a form', () => {
  it('stands beside the field it concerns, and nowhere else', async () => {
    const form = formOf({ fields: ['url', 'label'] })
    const problem = new ApiProblem(422, 'invalid_request', 'Not acceptable: url.', [
      { field: 'url', message: 'is not public' },
    ])
    expect(await form.attempt(fails(problem))).toBe(false)
    expect(form.fieldError('url')).toBe('is not public')
    expect(form.fieldError('label')).toBe('')
    expect(form.general.value).toBe('')
  })

  it('is told in the user’s language where the code is known', async () => {
    const form = formOf({ fields: ['username', 'email'] })
    const taken = new ApiProblem(409, 'username_taken', 'Taken: username, email.', [
      { field: 'username', message: 'is taken' },
      { field: 'email', message: 'is taken' },
    ])
    await form.attempt(fails(taken))
    expect(form.fieldError('username')).toBe('Another user has this name.')
    expect(form.fieldError('email')).toBe('Another user has this address.')
  })

  it('finds its field by the code', async () => {
    const form = formOf({ codes: { wrong_password: 'password' } })
    await form.attempt(fails(new ApiProblem(403, 'wrong_password', 'The password is wrong.')))
    expect(form.fieldError('password')).toBe('The current password is wrong.')
    expect(form.general.value).toBe('')
  })

  it('is not lost when the form does not show the field', async () => {
    const form = formOf({ fields: ['label'] })
    const problem = new ApiProblem(422, 'invalid_request', '', [
      { field: 'label', message: 'too long' },
      { field: 'kind', message: 'unknown' },
    ])
    await form.attempt(fails(problem))
    expect(form.general.value).toContain('kind: unknown')
    expect(form.general.value).not.toContain('label')
  })

  it('goes when it is tried again, and only one try runs at a time', async () => {
    const form = formOf({})
    await form.attempt(fails(new ApiProblem(500, 'internal_error', '')))
    expect(form.general.value).not.toBe('')
    let finish = (): void => undefined
    const slow = vi.fn(() => new Promise<void>((resolve) => (finish = resolve)))
    const first = form.attempt(slow)
    expect(form.general.value).toBe('')
    expect(await form.attempt(slow)).toBe(false)
    finish()
    expect(await first).toBe(true)
    expect(slow).toHaveBeenCalledTimes(1)
    expect(form.isBusy.value).toBe(false)
  })
})
