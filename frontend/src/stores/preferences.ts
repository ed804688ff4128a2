import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'

import * as auth from '@/api/auth'
import { toProblem, type ApiProblem } from '@/api/problem'
import type { Preferences, PreferencesUpdate } from '@/api/types'
import { browserLanguage, setLanguage, type Language } from '@/i18n'

export type Theme = 'auto' | 'light' | 'dark'
export type Zone = 'local' | 'utc'
export type ProfitColours = 'green_up' | 'red_up'

export interface Appearance {
  language: Language | 'auto'
  theme: Theme
  zone: Zone
  profitColours: ProfitColours
}

type Aspect = keyof Appearance

const KEY = 'pairtrader.appearance'
const DEFAULTS: Appearance = {
  language: 'auto',
  theme: 'auto',
  zone: 'local',
  profitColours: 'green_up',
}
const ASPECTS = Object.keys(DEFAULTS) as Aspect[]

function remembered(): Appearance {
  try {
    return { ...DEFAULTS, ...(JSON.parse(localStorage.getItem(KEY) ?? '{}') as object) }
  } catch {
    return { ...DEFAULTS }
  }
}

function remember(appearance: Appearance): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(appearance))
  } catch {
    // A browser that keeps nothing shows the next visit as it was made.
  }
}

const appearanceOf = (stored: Preferences): Appearance => ({
  language: stored.language,
  theme: stored.theme,
  zone: stored.time_zone_display,
  profitColours: stored.profit_colours,
})

function updateOf(appearance: Appearance, aspects: readonly Aspect[]): PreferencesUpdate {
  const all = {
    language: { language: appearance.language },
    theme: { theme: appearance.theme },
    zone: { time_zone_display: appearance.zone },
    profitColours: { profit_colours: appearance.profitColours },
  } satisfies Record<Aspect, PreferencesUpdate>
  return Object.assign({}, ...aspects.map((aspect) => all[aspect])) as PreferencesUpdate
}

/** How things look, kept in this browser and, once logged in, with the user. */
export const usePreferences = defineStore('preferences', () => {
  const appearance = ref<Appearance>(remembered())
  /** All settings of the user, forms' defaults too; null while nobody is logged in. */
  const stored = shallowRef<Preferences | null>(null)
  /** Why the last change of how things look is in this browser alone. */
  const problem = shallowRef<ApiProblem | null>(null)
  /** What was chosen here and the user's settings do not hold yet. */
  const unsaved = new Set<Aspect>()
  let saving: Promise<void> = Promise.resolve()

  const systemDark = window.matchMedia('(prefers-color-scheme: dark)')
  const prefersDark = ref(systemDark.matches)
  systemDark.addEventListener('change', (event) => {
    prefersDark.value = event.matches
  })

  const isDark = computed(() =>
    appearance.value.theme === 'auto' ? prefersDark.value : appearance.value.theme === 'dark',
  )
  const language = computed<Language>(() =>
    appearance.value.language === 'auto' ? browserLanguage() : appearance.value.language,
  )

  async function restore(): Promise<void> {
    paint()
    await setLanguage(language.value)
  }

  async function show(shown: Appearance): Promise<void> {
    appearance.value = shown
    remember(shown)
    await setLanguage(language.value)
  }

  async function change(changes: Partial<Appearance>): Promise<void> {
    for (const aspect of Object.keys(changes) as Aspect[]) unsaved.add(aspect)
    await show({ ...appearance.value, ...changes })
    await flush()
  }

  /** Take over the settings of whoever has logged in; never throws. */
  async function load(): Promise<void> {
    try {
      const found = await auth.preferences()
      if (found.version === 0) {
        // A new user's settings begin with what was chosen in this browser.
        for (const aspect of ASPECTS) {
          if (appearance.value[aspect] !== DEFAULTS[aspect]) unsaved.add(aspect)
        }
      }
      stored.value = found
      const kept = Object.fromEntries([...unsaved].map((name) => [name, appearance.value[name]]))
      await show({ ...appearanceOf(found), ...kept })
      problem.value = null
    } catch (error) {
      problem.value = toProblem(error)
    }
    await flush()
  }

  /** Forget the user, not how things look. */
  function forget(): void {
    stored.value = null
    problem.value = null
    unsaved.clear()
  }

  /** Change other settings of the user. */
  async function save(changes: PreferencesUpdate): Promise<void> {
    stored.value = await auth.changePreferences(changes)
  }

  /** One save after the other, or an old choice might arrive last. */
  function flush(): Promise<void> {
    saving = saving.then(send)
    return saving
  }

  async function send(): Promise<void> {
    if (!stored.value || !unsaved.size) return
    const aspects = [...unsaved]
    unsaved.clear()
    try {
      const answer = await auth.changePreferences(updateOf(appearance.value, aspects))
      // Whoever has logged out meanwhile must not come back by this answer.
      if (stored.value) stored.value = answer
      problem.value = null
    } catch (error) {
      if (!stored.value) return
      for (const aspect of aspects) unsaved.add(aspect)
      problem.value = toProblem(error)
    }
  }

  function paint(): void {
    const root = document.documentElement
    root.classList.toggle('dark', isDark.value)
    root.classList.toggle('red-up', appearance.value.profitColours === 'red_up')
  }

  watch([isDark, appearance], paint)

  return {
    appearance,
    stored,
    problem,
    isDark,
    language,
    restore,
    change,
    load,
    forget,
    save,
    flush,
  }
})
