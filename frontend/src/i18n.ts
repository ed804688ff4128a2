import { createI18n } from 'vue-i18n'

import type en from '@/locales/en'

export const LANGUAGES = ['en', 'zh-CN'] as const
export type Language = (typeof LANGUAGES)[number]

export const i18n = createI18n({
  legacy: false,
  locale: 'en',
  fallbackLocale: 'en',
  messages: {} as Record<string, typeof en>,
})

const TEXTS: Record<Language, () => Promise<{ default: typeof en }>> = {
  en: () => import('@/locales/en'),
  'zh-CN': () => import('@/locales/zh-CN'),
}

/** The language that the browser asks for first, of those there are. */
export function browserLanguage(languages: readonly string[] = navigator.languages): Language {
  for (const tag of languages) {
    if (tag.toLowerCase().startsWith('zh')) return 'zh-CN'
    if (tag.toLowerCase().startsWith('en')) return 'en'
  }
  return 'en'
}

/** Show everything in `language`, its texts fetched first. */
export async function setLanguage(language: Language): Promise<void> {
  if (!i18n.global.availableLocales.includes(language)) {
    const texts = await TEXTS[language]()
    i18n.global.setLocaleMessage(language, texts.default)
  }
  i18n.global.locale.value = language
  document.documentElement.lang = language
}
