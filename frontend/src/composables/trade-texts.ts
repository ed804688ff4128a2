import { useI18n } from 'vue-i18n'

const CLOSED = 'closed: '
const LEVEL = /^level (\d+)$/
const ENTRY_IMPOSSIBLE = 'entry_impossible: '

/** Why something was traded, closed or paused, in the user's language where it is a known word. */
export function useTradeTexts() {
  const { t, te } = useI18n()

  /** Of an order or a cycle. */
  function reason(code: string): string {
    const [, level] = LEVEL.exec(code) ?? []
    if (level) return t('orders.reasons.level', { level })
    const key = `orders.reasons.${code}`
    return code && te(key) ? t(key) : code || '–'
  }

  /** Of a bot's status; empty where there is none. */
  function statusReason(said: string): string {
    if (said.startsWith(CLOSED)) {
      return t('dashboard.reasons.closed', { reason: reason(said.slice(CLOSED.length)) })
    }
    if (said.startsWith(ENTRY_IMPOSSIBLE)) {
      const why = said.slice(ENTRY_IMPOSSIBLE.length)
      return t('dashboard.reasons.entryImpossible', { why })
    }
    const key = `dashboard.reasons.${said}`
    return /^\w+$/.test(said) && te(key) ? t(key) : said
  }

  return { reason, statusReason }
}
