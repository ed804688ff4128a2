import { useI18n } from 'vue-i18n'

import type { Bot, LogLine } from '@/api/types'
import { useFormat } from '@/composables/format'
import { useTradeTexts } from '@/composables/trade-texts'
import { readLogText, type Phrase } from '@/live/log-phrases'

/** What a code before a colon says, and what stands behind it. */
function split(text: string): { code: string; detail: string } {
  const [code = '', ...rest] = text.split(': ')
  return { code, detail: rest.join(': ') }
}

/** What a bot says of itself, in the user's language; what is not known is shown as it came. */
export function useBotTexts() {
  const { t, te } = useI18n()
  const { reason } = useTradeTexts()
  const { amount } = useFormat()

  /** Why the last tick did nothing. */
  function hold(text: string): string {
    const { code, detail } = split(text)
    const key = `detail.holds.${code}`
    return te(key) ? t(key, { detail: detail || '–' }) : text
  }

  /** Why the bot is paused or in error. */
  function statusReason(text: string): string {
    const { code, detail } = split(text)
    const key = `detail.statusReasons.${code}`
    if (!te(key)) return message(text)
    return t(key, { detail: code === 'closed' ? reason(detail) : message(detail) || '–' })
  }

  function warning(code: string, otherwise: string): string {
    const key = `detail.warnings.${code}`
    return te(key) ? t(key) : otherwise
  }

  /** A line of the log, or a part of one. */
  function message(text: string, details: LogLine['details'] = {}): string {
    const phrase = readLogText(text, details)
    return phrase ? say(phrase) : text
  }

  function say({ key, values, meanings }: Phrase): string {
    const said = values.map((value, index) => mean(value, meanings[index] ?? 'plain'))
    const named = Object.fromEntries(said.map((value, index) => ['abcde'[index] ?? '', value]))
    return t(`detail.logTexts.${key}`, named)
  }

  function mean(value: string, meaning: Phrase['meanings'][number]): string {
    switch (meaning) {
      case 'text':
        return value
          .split('; ')
          .map((part) => message(part))
          .join('; ')
      case 'hold':
        return hold(value)
      case 'reason':
        return reason(value)
      case 'amount':
        return amount(value)
      case 'purpose':
        return t(`orders.purposes.${value}`)
      case 'side':
        return t(`orders.sides.${value}`)
      default:
        return value
    }
  }

  const logLine = (line: LogLine) => message(line.message, line.details)
  const holdOf = (bot: Bot) => (bot.hold_reason ? hold(bot.hold_reason) : '')

  return { hold, holdOf, statusReason, warning, message, logLine }
}
