import type { FinderFilters } from '@/api/types'

/** The finder's filters while they are being written; empty fields let everything pass. */
export interface FilterForm {
  min_correlation: number
  max_p_value: number
  max_adjusted_p_value: number | null
  max_half_life_hours: number | null
  max_hedge_deviation: number | null
}

export const FRESH_FILTERS: FilterForm = {
  min_correlation: 0.5,
  max_p_value: 0.05,
  max_adjusted_p_value: null,
  max_half_life_hours: null,
  max_hedge_deviation: null,
}

const HOUR = 3600

export function toFilters(form: FilterForm): Partial<FinderFilters> {
  const { max_half_life_hours: hours, ...filters } = form
  return {
    ...filters,
    max_half_life_seconds: hours === null ? null : Math.round(hours * HOUR),
  }
}

/** How many pairs so many symbols make. */
export const pairsOf = (symbols: number) => (symbols < 2 ? 0 : (symbols * (symbols - 1)) / 2)

/** `chosen` with those of `offered` that still fit below `most`, in their order; one currency only. */
export function withSymbols(
  chosen: readonly string[],
  offered: readonly string[],
  most: number,
): string[] {
  const taken = [...chosen]
  for (const symbol of offered) {
    const quote = taken[0]?.split('-')[1] ?? symbol.split('-')[1]
    const fits = !taken.includes(symbol) && symbol.split('-')[1] === quote
    if (fits && taken.length < most) taken.push(symbol)
  }
  return taken
}
