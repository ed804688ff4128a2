import { onMounted, reactive, ref, shallowRef, watch } from 'vue'

import type { Page } from '@/api/client'
import { toProblem, type ApiProblem } from '@/api/problem'

export interface Paged<T> {
  items: readonly T[]
  problem: ApiProblem | null
  /** Until the first answer, and after the filters have changed until their first. */
  isLoading: boolean
  isLoadingMore: boolean
  hasMore: boolean
  more: () => Promise<void>
  reload: () => Promise<void>
}

/** So many pages without a row in a row are fetched by themselves; then the user is asked. */
const MOST_EMPTY = 5

/**
 * A list fetched page after page, anew whenever `depends` gives something else. With filters a
 * page may be empty while there are more: those are passed over.
 */
export function usePaged<T>(
  fetchPage: (cursor: string | null) => Promise<Page<T>>,
  depends: () => unknown = () => null,
): Paged<T> {
  const items = shallowRef<readonly T[]>([])
  const problem = shallowRef<ApiProblem | null>(null)
  const isLoading = ref(true)
  const isLoadingMore = ref(false)
  const hasMore = ref(false)
  let cursor: string | null = null
  let newest = 0

  async function reload(): Promise<void> {
    await load(++newest, null, [])
  }

  async function more(): Promise<void> {
    if (!hasMore.value || isLoading.value || isLoadingMore.value) return
    isLoadingMore.value = true
    await load(newest, cursor, items.value)
  }

  async function load(mine: number, from: string | null, before: readonly T[]): Promise<void> {
    try {
      const found = await nextRows(from)
      if (mine !== newest) return
      cursor = found.cursor
      hasMore.value = found.cursor !== null
      items.value = [...before, ...found.items]
      problem.value = null
    } catch (error) {
      if (mine === newest) problem.value = toProblem(error)
    }
    if (mine !== newest) return
    // In one go with the rows: a list whose end is in sight asks for more as soon as it has them.
    isLoading.value = false
    isLoadingMore.value = false
  }

  async function nextRows(from: string | null): Promise<Page<T>> {
    let page = await fetchPage(from)
    for (let empty = 1; empty < MOST_EMPTY && !page.items.length && page.cursor; empty++) {
      page = await fetchPage(page.cursor)
    }
    return page
  }

  onMounted(reload)
  watch(
    () => JSON.stringify(depends()),
    () => {
      // Rows of other filters must not be taken for those of the new ones.
      items.value = []
      hasMore.value = false
      isLoading.value = true
      void reload()
    },
  )

  return reactive({
    items,
    problem,
    isLoading,
    isLoadingMore,
    hasMore,
    more,
    reload,
  }) as Paged<T>
}
