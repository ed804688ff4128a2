import { useI18n } from 'vue-i18n'

import type { AuditEntry } from '@/api/types'
import { useSession } from '@/stores/session'

const SHORT = 6

/** The end of an id: enough to tell a few things apart. */
export function shortened(id: string): string {
  return id.length > SHORT ? `…${id.slice(-SHORT)}` : id
}

/** Key of an action's sentence, such as `bot_start` of `bot.start`. */
export function sentenceKey(action: string): string {
  return action.replaceAll('.', '_')
}

/** With room between Latin names and the Chinese around them, as is customary in print. */
export function spaced(text: string): string {
  return text.replaceAll(/([\w.-])(?=\p{Script=Han})/gu, '$1 ')
}

/** Entries of the audit log as sentences; `names` tells what ids are called. */
export function useAuditSentences(names: () => ReadonlyMap<string, string>) {
  const { t, te } = useI18n()
  const session = useSession()

  function who({ actor }: AuditEntry): string {
    if (actor.user_id && actor.user_id === session.user?.id) return t('audit.yourself')
    return actor.name || shortened(actor.user_id) || t('audit.nobody')
  }

  function what(entry: AuditEntry): string {
    const id = entry.object_id
    return names().get(id) ?? shortened(id)
  }

  function sentence(entry: AuditEntry): string {
    const key = `audit.said.${sentenceKey(entry.action)}`
    const values = { who: who(entry), what: what(entry), action: entry.action }
    return spaced(te(key) ? t(key, values) : t('audit.said.other', values)).trim()
  }

  return { who, sentence }
}

/** The few values that were told of a request, such as `role: admin`; not the names of fields. */
export function toldValues(entry: Pick<AuditEntry, 'details'>): string[] {
  return Object.entries(entry.details)
    .filter(([name]) => name !== 'fields')
    .map(([name, value]) => `${name}: ${String(value)}`)
}
