const ELSEWHERE = '/dashboard'
const LOGIN_PAGES = /^\/(login|register|reset)(\/|$)/

/**
 * The page to go on to after a login: `next` if it is one of ours. Whoever sends a link to the
 * login page must not choose where people land: other origins (`//evil.example`, `/\evil.example`,
 * `javascript:`) lead to the dashboard.
 */
export function nextPage(next: unknown, origin: string = window.location.origin): string {
  if (typeof next !== 'string' || !next.startsWith('/')) return ELSEWHERE
  let target: URL
  try {
    target = new URL(next, origin)
  } catch {
    return ELSEWHERE
  }
  // `/.//evil.example` stays on this origin as it stands, its path alone would not.
  if (target.origin !== origin || target.pathname.startsWith('//')) return ELSEWHERE
  if (LOGIN_PAGES.test(target.pathname)) return ELSEWHERE
  return target.pathname + target.search + target.hash
}
