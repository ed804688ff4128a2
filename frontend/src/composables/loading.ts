import { onMounted, onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'

import { toProblem, type ApiProblem } from '@/api/problem'
import { useSession } from '@/stores/session'

export interface Loaded<T> {
  data: ShallowRef<T | null>
  problem: ShallowRef<ApiProblem | null>
  /** True until the first answer. */
  isLoading: Ref<boolean>
  reload: () => Promise<void>
}

/**
 * What a page shows: fetched when it opens, again on `reload` and every `everySeconds`.
 * What was shown stays while it is fetched again, and when that fails.
 */
export function useLoaded<T>(fetchIt: () => Promise<T>, everySeconds = 0): Loaded<T> {
  const data = shallowRef<T | null>(null)
  const problem = shallowRef<ApiProblem | null>(null)
  const isLoading = ref(true)
  let newest = 0

  async function reload(): Promise<void> {
    const mine = ++newest
    try {
      const found = await fetchIt()
      if (mine !== newest) return
      data.value = found
      problem.value = null
    } catch (error) {
      if (mine === newest) problem.value = toProblem(error)
    } finally {
      if (mine === newest) isLoading.value = false
    }
  }

  onMounted(reload)
  // What failed because the login had ended is fetched again after the next one.
  const session = useSession()
  watch(
    () => session.isLoggedIn,
    (isLoggedIn) => {
      if (isLoggedIn && problem.value) void reload()
    },
  )
  if (everySeconds > 0) {
    const timer = setInterval(() => {
      if (!document.hidden) void reload()
    }, everySeconds * 1000)
    onScopeDispose(() => clearInterval(timer))
  }
  return { data, problem, isLoading, reload }
}
