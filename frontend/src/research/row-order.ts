export interface Order<Name extends string = string> {
  by: Name
  isDescending: boolean
}

type Sortable = string | number | boolean | null | undefined

/** `rows` by one of their values; rows without one come last, whichever way. */
export function sorted<Row>(
  rows: readonly Row[],
  valueOf: (row: Row) => Sortable,
  isDescending: boolean,
): Row[] {
  const sign = isDescending ? -1 : 1
  const isMissing = (value: Sortable) => value === null || value === undefined
  return [...rows].sort((one, other) => {
    const [a, b] = [valueOf(one), valueOf(other)]
    if (isMissing(a) || isMissing(b)) return Number(isMissing(a)) - Number(isMissing(b))
    if (a === b) return 0
    return (a as string) < (b as string) ? -sign : sign
  })
}
