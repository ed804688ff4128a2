import { onScopeDispose, ref, shallowRef, type Ref, type ShallowRef } from 'vue'

import type { Page } from '@/api/client'
import { toProblem, type ApiProblem } from '@/api/problem'
import { oneAtATime } from '@/composables/one-at-a-time'

/** Rows of a history, the newest first; null before the first answer. */
export interface History<Row> {
  rows: ShallowRef<Row[] | null>
  problem: ShallowRef<ApiProblem | null>
  isLoading: Ref<boolean>
  hasMore: Ref<boolean>
  /** Fetch the newest rows anew; older ones that are there stay. */
  reload: () => Promise<void>
  /** Fetch older rows. */
  more: () => Promise<void>
  /** Put a row in, over the one of the same key. */
  upsert: (row: Row) => void
}

export interface RowOrder<Row> {
  keyOf: (row: Row) => string
  /** What newer rows have more of; rows of the same age are ordered by key. */
  ageOf: (row: Row) => number
}

/** `fresh` over `known`, each key once, the newest first. */
export function mergeRows<Row>(known: Row[], fresh: Row[], order: RowOrder<Row>): Row[] {
  const byKey = new Map(known.map((row) => [order.keyOf(row), row]))
  for (const row of fresh) byKey.set(order.keyOf(row), row)
  return [...byKey.values()].sort(
    (a, b) => order.ageOf(b) - order.ageOf(a) || (order.keyOf(b) > order.keyOf(a) ? 1 : -1),
  )
}

export function useHistory<Row>(
  fetchPage: (cursor: string | null) => Promise<Page<Row>>,
  order: RowOrder<Row>,
): History<Row> {
  const rows = shallowRef<Row[] | null>(null)
  const problem = shallowRef<ApiProblem | null>(null)
  const isLoading = ref(true)
  const hasMore = ref(false)
  let cursor: string | null = null
  let isOver = false
  onScopeDispose(() => {
    isOver = true
  })

  async function attempt(job: () => Promise<void>): Promise<void> {
    try {
      await job()
      problem.value = null
    } catch (error) {
      problem.value = toProblem(error)
    } finally {
      isLoading.value = false
    }
  }

  async function fetchNewest(): Promise<void> {
    const page = await fetchPage(null)
    if (isOver) return
    const known = rows.value ?? []
    const keys = new Set(known.map(order.keyOf))
    const touches = page.items.some((row) => keys.has(order.keyOf(row)))
    // When more has come than fits a page, older rows would lie behind a hole.
    const keeps = touches || page.cursor === null
    rows.value = mergeRows(keeps ? known : [], page.items, order)
    if (!keeps || known.length <= page.items.length) setCursor(page.cursor)
  }

  const reload = oneAtATime(() => attempt(fetchNewest))

  async function more(): Promise<void> {
    if (isLoading.value || cursor === null) return
    const from = cursor
    isLoading.value = true
    await attempt(async () => {
      const page = await fetchPage(from)
      if (isOver || cursor !== from) return
      rows.value = mergeRows(rows.value ?? [], page.items, order)
      setCursor(page.cursor)
    })
  }

  function upsert(row: Row): void {
    if (rows.value) rows.value = mergeRows(rows.value, [row], order)
    // The answer under way may have been made before the row was.
    else void reload()
  }

  function setCursor(found: string | null): void {
    cursor = found
    hasMore.value = found !== null
  }

  return { rows, problem, isLoading, hasMore, reload, more, upsert }
}
