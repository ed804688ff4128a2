import { flushPromises } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import * as auth from '@/api/auth'
import { ApiProblem } from '@/api/problem'
import type { Preferences, PreferencesUpdate } from '@/api/types'
import { i18n } from '@/i18n'
import { usePreferences } from '@/stores/preferences'
import { preferencesOf } from './people'

vi.mock('@/api/auth')

const KEY = 'pairtrader.appearance'
const OFFLINE = new ApiProblem(0, 'offline', '')
let stored: Preferences

beforeEach(() => {
  vi.resetAllMocks()
  localStorage.clear()
  setActivePinia(createPinia())
  stored = preferencesOf()
  vi.mocked(auth.preferences).mockImplementation(() => Promise.resolve(stored))
  vi.mocked(auth.changePreferences).mockImplementation((changes: PreferencesUpdate) => {
    stored = { ...stored, ...changes, version: stored.version + 1 } as Preferences
    return Promise.resolve(stored)
  })
})

const local = () => JSON.parse(localStorage.getItem(KEY) ?? '{}') as Record<string, unknown>

describe('how things look', () => {
  it('is kept in the browser alone before a login', async () => {
    await usePreferences().change({ theme: 'dark' })
    expect(local().theme).toBe('dark')
    expect(auth.changePreferences).not.toHaveBeenCalled()
  })

  it('survives a storage full of nonsense', () => {
    localStorage.setItem(KEY, '{"theme":')
    expect(usePreferences().appearance.theme).toBe('auto')
  })

  it('follows the user from another browser', async () => {
    stored = preferencesOf({ language: 'zh-CN', theme: 'dark', time_zone_display: 'utc' })
    const preferences = usePreferences()
    await preferences.load()
    expect(preferences.appearance).toMatchObject({ language: 'zh-CN', theme: 'dark', zone: 'utc' })
    expect(i18n.global.locale.value).toBe('zh-CN')
    expect(local().zone).toBe('utc')
    expect(auth.changePreferences).not.toHaveBeenCalled()
  })

  it('is saved with the user, what was changed alone', async () => {
    const preferences = usePreferences()
    await preferences.load()
    await preferences.change({ profitColours: 'red_up' })
    expect(auth.changePreferences).toHaveBeenCalledWith({ profit_colours: 'red_up' })
    expect(document.documentElement.classList.contains('red-up')).toBe(true)
  })

  it('keeps what was chosen on the login page a moment ago', async () => {
    stored = preferencesOf({ language: 'en', theme: 'light', version: 7 })
    const preferences = usePreferences()
    await preferences.change({ language: 'zh-CN' })
    await preferences.load()
    expect(preferences.appearance).toMatchObject({ language: 'zh-CN', theme: 'light' })
    expect(auth.changePreferences).toHaveBeenCalledWith({ language: 'zh-CN' })
  })

  it('goes with a new user from the browser into the account', async () => {
    localStorage.setItem(KEY, JSON.stringify({ theme: 'dark', zone: 'utc' }))
    stored = preferencesOf({ version: 0 })
    await usePreferences().load()
    expect(auth.changePreferences).toHaveBeenCalledWith({ theme: 'dark', time_zone_display: 'utc' })
    expect(usePreferences().appearance.theme).toBe('dark')
  })

  it('is not lost while it can’t be saved', async () => {
    const preferences = usePreferences()
    await preferences.load()
    vi.mocked(auth.changePreferences).mockRejectedValueOnce(OFFLINE)
    await preferences.change({ theme: 'dark' })
    expect(preferences.problem?.isOffline).toBe(true)
    expect(preferences.appearance.theme).toBe('dark')
    await preferences.flush()
    expect(preferences.problem).toBeNull()
    expect(stored.theme).toBe('dark')
  })

  it('ends as it was last chosen, however slow the first save is', async () => {
    const preferences = usePreferences()
    await preferences.load()
    let answerFirst = (): void => undefined
    vi.mocked(auth.changePreferences).mockImplementationOnce(
      (changes) =>
        new Promise((resolve) => {
          answerFirst = () => {
            stored = { ...stored, ...changes } as Preferences
            resolve(stored)
          }
        }),
    )
    const first = preferences.change({ theme: 'dark' })
    const second = preferences.change({ theme: 'light' })
    await flushPromises()
    expect(auth.changePreferences).toHaveBeenCalledTimes(1)
    answerFirst()
    await Promise.all([first, second])
    expect(stored.theme).toBe('light')
    expect(preferences.appearance.theme).toBe('light')
  })

  it('stays when its user leaves, and is nobody’s then', async () => {
    const preferences = usePreferences()
    await preferences.load()
    await preferences.change({ theme: 'dark' })
    preferences.forget()
    expect(preferences.stored).toBeNull()
    await preferences.change({ zone: 'utc' })
    expect(auth.changePreferences).toHaveBeenCalledTimes(1)
    expect(preferences.appearance).toMatchObject({ theme: 'dark', zone: 'utc' })
  })

  it('is as remembered when the settings can’t be fetched', async () => {
    localStorage.setItem(KEY, JSON.stringify({ theme: 'dark' }))
    vi.mocked(auth.preferences).mockRejectedValue(OFFLINE)
    const preferences = usePreferences()
    await preferences.load()
    expect(preferences.appearance.theme).toBe('dark')
    expect(preferences.problem?.isOffline).toBe(true)
  })
})
