import { onScopeDispose, watch, type Ref, type ShallowRef } from 'vue'

import { bot as fetchBot } from '@/api/bots'
import type { Bot } from '@/api/types'
import { withMessage } from '@/live/merge'
import { useLive } from '@/stores/live'

/** More would be more traffic than a list is worth; those beyond are asked for now and then. */
export const MOST_WATCHED = 50

/** Keep the bots in sight up to date by the push, as long as there are few enough of them. */
export function useLiveBots(bots: ShallowRef<Bot[] | null>, inSight: Ref<readonly Bot[]>): void {
  const live = useLive()
  const leaving = new Map<string, () => void>()

  function put(fresh: Bot): void {
    bots.value = (bots.value ?? []).map((bot) => (bot.id === fresh.id ? fresh : bot))
  }

  async function renew(botId: string): Promise<void> {
    try {
      put(await fetchBot(botId))
    } catch {
      // The list itself is fetched again and says what is wrong.
    }
  }

  function join(botId: string): void {
    const leave = live.watch(botId, {
      onMessage: (message) => {
        const known = bots.value?.find((bot) => bot.id === botId)
        if (known) put(withMessage(known, message))
      },
      onGap: () => void renew(botId),
    })
    leaving.set(botId, leave)
  }

  watch(
    () => {
      const shown = inSight.value.filter((bot) => bot.deleted_at === null)
      return shown.length > MOST_WATCHED ? '' : shown.map((bot) => bot.id).join(' ')
    },
    (ids) => {
      const wanted = new Set(ids.split(' ').filter(Boolean))
      for (const [botId, leave] of leaving) {
        if (wanted.has(botId)) continue
        leave()
        leaving.delete(botId)
      }
      for (const botId of wanted) if (!leaving.has(botId)) join(botId)
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    for (const leave of leaving.values()) leave()
  })
}
