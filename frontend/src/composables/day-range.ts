import type { Zone } from '@/stores/preferences'

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/

/** Midnight at the begin of a day such as `2026-11-24`, or of `plus` days later. */
function midnight(day: string, zone: Zone, plus = 0): string | null {
  const [, year, month, date] = DAY.exec(day) ?? []
  if (!year || !month || !date) return null
  const parts = [Number(year), Number(month) - 1, Number(date) + plus] as const
  return (zone === 'utc' ? new Date(Date.UTC(...parts)) : new Date(...parts)).toISOString()
}

/** Both days included, as the API's `since` and `until`; empty or odd days do not bound. */
export function momentsOf(
  from: string,
  to: string,
  zone: Zone,
): { since?: string; until?: string } {
  const since = midnight(from, zone)
  const until = midnight(to, zone, 1)
  return { ...(since ? { since } : {}), ...(until ? { until } : {}) }
}
