import { onScopeDispose, readonly, ref } from 'vue'

const PHONE = '(max-width: 767px)'

/** Whether the window is as narrow as a phone's. */
export function usePhone() {
  const query = window.matchMedia(PHONE)
  const isPhone = ref(query.matches)
  const follow = (event: MediaQueryListEvent) => {
    isPhone.value = event.matches
  }
  query.addEventListener('change', follow)
  onScopeDispose(() => query.removeEventListener('change', follow))
  return readonly(isPhone)
}
