import { watch } from 'vue'
import { createRouter, createWebHistory, type RouteLocationNormalized } from 'vue-router'

import { i18n } from '@/i18n'
import { recoverLostParts } from '@/router/lost-parts'
import { routes } from '@/router/routes'
import { useSession } from '@/stores/session'

export const router = createRouter({
  history: createWebHistory(),
  routes,
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
})

/** Where somebody who wants to see `to` must go instead, if anywhere. */
export function guard(
  to: RouteLocationNormalized,
  session: { isLoggedIn: boolean; isAdmin: boolean },
) {
  if (!to.meta.isPublic && !session.isLoggedIn) {
    return { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
  }
  if (to.name === 'login' && session.isLoggedIn) return { name: 'dashboard' }
  if (to.meta.admin && !session.isAdmin) return { name: 'dashboard' }
  return true
}

router.beforeEach((to) => guard(to, useSession()))

recoverLostParts(router)

router.afterEach((to) => {
  document.title = `${i18n.global.t(to.meta.title)} · pairtrader`
})

watch(i18n.global.locale, () => {
  const { meta } = router.currentRoute.value
  if (meta.title) document.title = `${i18n.global.t(meta.title)} · pairtrader`
})
