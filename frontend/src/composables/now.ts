import { onScopeDispose, readonly, ref } from 'vue'

const SECOND = 1000

/** The present moment (ms UTC), renewed every second while the page is used. */
export function useNow() {
  const now = ref(Date.now())
  const timer = setInterval(() => {
    now.value = Date.now()
  }, SECOND)
  onScopeDispose(() => clearInterval(timer))
  return readonly(now)
}
