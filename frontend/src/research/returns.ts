export interface Day {
  day: string
  /** Percent of the equity of the day before. */
  return: number | null
}

export interface Month {
  /** Such as `2026-11`. */
  month: string
  /** Percent. */
  return: number
}

/** Each month's return: its days', one on top of the other. */
export function monthly(days: readonly Day[]): Month[] {
  const months = new Map<string, number>()
  for (const { day, return: share } of days) {
    const month = day.slice(0, 7)
    months.set(month, (months.get(month) ?? 1) * (1 + (share ?? 0) / 100))
  }
  return [...months].map(([month, growth]) => ({ month, return: (growth - 1) * 100 }))
}
