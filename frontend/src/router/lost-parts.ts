import { ElMessage } from 'element-plus'
import type { Router } from 'vue-router'

import { i18n } from '@/i18n'

/** What the browsers say when a part of the UI cannot be fetched. */
const LOST = /dynamically imported module|importing a module script failed|unable to preload css/i
const KEY = 'pairtrader.reloaded'
const SETTLED_AFTER = 30_000

export interface Surroundings {
  isOnline: () => boolean
  now: () => number
  load: (path: string) => void
  tell: (key: string) => void
}

const BROWSER: Surroundings = {
  isOnline: () => navigator.onLine,
  now: Date.now,
  load: (path) => window.location.assign(path),
  tell: (key) => ElMessage({ type: 'error', message: i18n.global.t(key), showClose: true }),
}

/**
 * A tab that outlives two deployments asks for parts that are gone: load the page it wants from
 * the build of today. Not twice in a row, or a broken deployment would reload for ever.
 */
export function recoverLostParts(router: Router, around: Surroundings = BROWSER): void {
  router.onError((error: unknown, to) => {
    if (!(error instanceof Error) || !LOST.test(error.message)) return
    if (!around.isOnline()) {
      around.tell('problems.offline')
      return
    }
    const last = Number(sessionStorage.getItem(KEY) ?? 0)
    if (around.now() - last < SETTLED_AFTER) {
      around.tell('problems.page_not_loaded')
      return
    }
    sessionStorage.setItem(KEY, String(around.now()))
    around.load(to.fullPath)
  })
}
