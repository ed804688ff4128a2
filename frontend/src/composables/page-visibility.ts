import { onScopeDispose } from 'vue'

/**
 * Call `leave` once the page has been hidden for `after` ms, and `comeBack` when it is seen again
 * after that.
 */
export function useLongAbsence(after: number, leave: () => void, comeBack: () => void): void {
  let timer: ReturnType<typeof setTimeout> | null = null
  let isAway = false

  function stopWaiting(): void {
    if (timer) clearTimeout(timer)
    timer = null
  }

  function look(): void {
    stopWaiting()
    if (document.hidden) {
      timer = setTimeout(() => {
        isAway = true
        leave()
      }, after)
    } else if (isAway) {
      isAway = false
      comeBack()
    }
  }

  document.addEventListener('visibilitychange', look)
  onScopeDispose(() => {
    stopWaiting()
    document.removeEventListener('visibilitychange', look)
  })
}
