import { computed, type ComputedRef } from 'vue'
import { useRoute, useRouter, type LocationQuery } from 'vue-router'

type Texts<Name extends string> = Record<Name, string>

/** Of `query` what `names` say, empty where it says nothing. */
export function filtersOf<Name extends string>(
  query: LocationQuery,
  names: readonly Name[],
): Texts<Name> {
  const first = (name: Name): string => {
    const value = query[name]
    return (Array.isArray(value) ? value[0] : value) ?? ''
  }
  return Object.fromEntries(names.map((name) => [name, first(name)])) as Texts<Name>
}

/** `query` with `changes`; what is empty is left out. */
export function queryWith(
  query: LocationQuery,
  changes: Readonly<Record<string, string | undefined>>,
): LocationQuery {
  const changed = Object.entries({ ...query, ...changes }).filter(([, value]) => value)
  return Object.fromEntries(changed) as LocationQuery
}

export interface UrlFilters<Name extends string> {
  filters: ComputedRef<Texts<Name>>
  isFiltered: ComputedRef<boolean>
  change: (changes: Partial<Texts<Name>>) => void
  clear: () => void
}

/** Filters that live in the page's address: they survive a reload and can be sent to others. */
export function useUrlFilters<Name extends string>(names: readonly Name[]): UrlFilters<Name> {
  const route = useRoute()
  const router = useRouter()
  const page = route.name
  let last = filtersOf(route.query, names)
  /** Changes made before the router has taken up those before. */
  let wanted: LocationQuery | null = null

  const filters = computed(() => {
    // On the way to another page its address is none of ours.
    if (route.name === page) last = filtersOf(route.query, names)
    return last
  })
  const isFiltered = computed(() => names.some((name) => filters.value[name] !== ''))

  function change(changes: Partial<Texts<Name>>): void {
    const query = queryWith(wanted ?? route.query, changes)
    wanted = query
    void router.replace({ query }).finally(() => {
      if (wanted === query) wanted = null
    })
  }

  function clear(): void {
    change(Object.fromEntries(names.map((name) => [name, ''])) as Texts<Name>)
  }

  return { filters, isFiltered, change, clear }
}

/** `filters` as an API's parameters: the empty ones left out. */
export function paramsOf(filters: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== ''))
}
