import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import * as auth from '@/api/auth'
import { ApiProblem } from '@/api/problem'
import { i18n } from '@/i18n'
import { useSession } from '@/stores/session'
import LoginSteps from '@/views/login/LoginSteps.vue'
import { preferencesOf, userOf } from '../settings/people'

vi.mock('@/api/auth')

const TOKENS = { access_token: 'access', token_type: 'bearer', expires_in: 900 }
const TOTP = new ApiProblem(401, 'totp_required', '', [], '', { mfa_token: 'proof' })
const throttled = (seconds: number) =>
  new ApiProblem(429, 'too_many_attempts', '', [], '', {}, seconds)

const open = () => mount(LoginSteps, { global: { plugins: [i18n] }, attachTo: document.body })
type Page = ReturnType<typeof open>

const said = (page: Page) => page.get('[role=alert]').text()

async function logIn(page: Page, name = 'ada', password = 'correct horse battery') {
  const [username, secret] = page.findAll('input')
  await username?.setValue(name)
  await secret?.setValue(password)
  await page.get('form').trigger('submit')
  await flushPromises()
}

async function enter(page: Page, code: string) {
  await page.get('input').setValue(code)
  await flushPromises()
}

let page: Page

beforeEach(() => {
  vi.resetAllMocks()
  vi.useFakeTimers({
    toFake: ['Date', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'],
  })
  setActivePinia(createPinia())
  i18n.global.locale.value = 'en'
  vi.mocked(auth.me).mockResolvedValue(userOf())
  vi.mocked(auth.preferences).mockResolvedValue(preferencesOf({ language: 'en' }))
  page = open()
})

afterEach(() => {
  page.unmount()
  vi.useRealTimers()
})

describe('a login', () => {
  it('by password alone', async () => {
    vi.mocked(auth.logIn).mockResolvedValue(TOKENS)
    await logIn(page, ' ada ')
    expect(auth.logIn).toHaveBeenCalledWith('ada', 'correct horse battery')
    expect(page.emitted('done')).toHaveLength(1)
    expect(useSession().isLoggedIn).toBe(true)
  })

  it('asks for what is missing before it asks the API', async () => {
    await logIn(page, '', '')
    await vi.advanceTimersByTimeAsync(500)
    expect(auth.logIn).not.toHaveBeenCalled()
    expect(page.text()).toContain('Enter your password.')
  })

  it.each([
    [new ApiProblem(401, 'invalid_credentials', ''), 'The user name or the password is wrong.'],
    [new ApiProblem(403, 'user_disabled', ''), 'This user has been disabled.'],
    [new ApiProblem(0, 'offline', ''), 'The API cannot be reached.'],
  ])('says in its place why it failed: %s', async (problem, text) => {
    vi.mocked(auth.logIn).mockRejectedValue(problem)
    await logIn(page)
    expect(said(page)).toContain(text)
    expect(page.emitted('done')).toBeUndefined()
  })

  it('counts down while there were too many attempts', async () => {
    vi.mocked(auth.logIn).mockRejectedValueOnce(throttled(90))
    await logIn(page)
    expect(said(page)).toContain('Try again in 1 min 30 s.')
    const button = page.get('button[type=submit]')
    expect(button.attributes('disabled')).toBeDefined()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(said(page)).toContain('Try again in 30 s.')
    await vi.advanceTimersByTimeAsync(31_000)
    expect(said(page)).not.toContain('Try again in')
    expect(button.attributes('disabled')).toBeUndefined()
  })

  it('lets another user try meanwhile', async () => {
    vi.mocked(auth.logIn).mockRejectedValueOnce(throttled(90))
    await logIn(page)
    await page.get('input').setValue('grace')
    expect(page.get('button[type=submit]').attributes('disabled')).toBeUndefined()
    expect(said(page)).toBe('')
  })
})

describe('the second factor', () => {
  beforeEach(async () => {
    vi.mocked(auth.logIn).mockRejectedValue(TOTP)
    await logIn(page)
  })

  it('is asked for without calling it a problem', () => {
    expect(page.text()).toContain('Code of your authenticator app')
    expect(said(page)).toBe('')
    expect(page.get('input').attributes('autocomplete')).toBe('one-time-code')
  })

  it('is sent with the last digit, spaces left out', async () => {
    vi.mocked(auth.logInWithCode).mockResolvedValue(TOKENS)
    await enter(page, '492 03')
    expect(auth.logInWithCode).not.toHaveBeenCalled()
    await enter(page, '492 039')
    expect(auth.logInWithCode).toHaveBeenCalledExactlyOnceWith('proof', '492039')
    expect(page.emitted('done')).toHaveLength(1)
  })

  it('may be tried again after a wrong code', async () => {
    vi.mocked(auth.logInWithCode).mockRejectedValue(new ApiProblem(401, 'invalid_mfa_code', ''))
    await enter(page, '492039')
    expect(said(page)).toContain('The code is wrong, or was used before.')
    expect(page.get('input').element.value).toBe('')
  })

  it('takes a recovery code', async () => {
    vi.mocked(auth.logInWithCode).mockResolvedValue(TOKENS)
    await page.findAll('.others button')[0]?.trigger('click')
    await enter(page, '3f9a1-c07b2-55d8e-90ab4')
    expect(auth.logInWithCode).not.toHaveBeenCalled()
    await page.get('form').trigger('submit')
    await flushPromises()
    expect(auth.logInWithCode).toHaveBeenCalledWith('proof', '3f9a1-c07b2-55d8e-90ab4')
  })

  it('begins anew once the password was proven too long ago', async () => {
    vi.mocked(auth.logInWithCode).mockRejectedValue(new ApiProblem(401, 'invalid_mfa_token', ''))
    await enter(page, '492039')
    expect(page.text()).toContain('User name or e-mail')
    expect(said(page)).toContain('Log in again.')
  })

  it('is not asked for by somebody who goes back', async () => {
    await page.findAll('.others button')[1]?.trigger('click')
    expect(page.text()).toContain('User name or e-mail')
    expect(said(page)).toBe('')
  })
})
