import { describe, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'

import type { Page } from '@/api/client'
import { ApiProblem } from '@/api/problem'
import { useHistory } from '@/composables/history'
import { oneAtATime } from '@/composables/one-at-a-time'

interface Row {
  id: string
  age: number
  text?: string
}

const order = { keyOf: (row: Row) => row.id, ageOf: (row: Row) => row.age }
const row = (age: number, text = ''): Row => ({ id: `r${age}`, age, text })

/** Pages of two, from a list that the test may change. */
function served(list: Row[]) {
  const fetchPage = vi.fn(async (cursor: string | null): Promise<Page<Row>> => {
    const newest = [...list].sort((a, b) => b.age - a.age)
    const from = cursor === null ? 0 : newest.findIndex(({ id }) => id === cursor) + 1
    const items = newest.slice(from, from + 2)
    const isMore = from + 2 < newest.length
    return { items, cursor: isMore ? (items.at(-1)?.id ?? null) : null }
  })
  const scope = effectScope()
  const history = scope.run(() => useHistory<Row>(fetchPage, order))
  if (!history) throw new Error('no history')
  return { history, fetchPage, ids: () => history.rows.value?.map(({ id }) => id) }
}

describe('a history', () => {
  it('shows the newest page, then older ones', async () => {
    const { history, ids } = served([row(1), row(2), row(3)])
    await history.reload()
    expect(ids()).toEqual(['r3', 'r2'])
    expect(history.hasMore.value).toBe(true)
    await history.more()
    expect(ids()).toEqual(['r3', 'r2', 'r1'])
    expect(history.hasMore.value).toBe(false)
  })

  it('takes rows in by their key, wherever they belong', async () => {
    const { history, ids } = served([row(1), row(3)])
    await history.reload()
    history.upsert(row(2))
    history.upsert(row(3, 'changed'))
    history.upsert(row(4))
    history.upsert(row(4))
    expect(ids()).toEqual(['r4', 'r3', 'r2', 'r1'])
    expect(history.rows.value?.[1]?.text).toBe('changed')
  })

  it('keeps older rows when it is fetched anew', async () => {
    const list = [row(1), row(2), row(3)]
    const { history, ids } = served(list)
    await history.reload()
    await history.more()
    list.push(row(4))
    await history.reload()
    expect(ids()).toEqual(['r4', 'r3', 'r2', 'r1'])
    expect(history.hasMore.value).toBe(false)
  })

  it('leaves no hole when more has come than a page holds', async () => {
    const list = [row(1), row(2)]
    const { history, ids } = served(list)
    await history.reload()
    list.push(row(3), row(4), row(5))
    await history.reload()
    expect(ids()).toEqual(['r5', 'r4'])
    await history.more()
    expect(ids()).toEqual(['r5', 'r4', 'r3', 'r2'])
  })

  it('fetches again for a row that comes before the first answer', async () => {
    const list = [row(1)]
    const { history, fetchPage, ids } = served(list)
    const first = history.reload()
    list.push(row(2))
    history.upsert(row(2))
    await first
    await vi.waitFor(() => expect(fetchPage).toHaveBeenCalledTimes(2))
    await vi.waitFor(() => expect(ids()).toEqual(['r2', 'r1']))
  })

  it('keeps what it has when a fetch fails', async () => {
    const { history, fetchPage, ids } = served([row(1)])
    await history.reload()
    fetchPage.mockRejectedValueOnce(new ApiProblem(500, 'internal_error', ''))
    await history.reload()
    expect(history.problem.value?.code).toBe('internal_error')
    expect(ids()).toEqual(['r1'])
    await history.reload()
    expect(history.problem.value).toBeNull()
  })
})

describe('one at a time', () => {
  it('runs once more for all who ask meanwhile', async () => {
    const ends: (() => void)[] = []
    const job = vi.fn(() => new Promise<void>((resolve) => ends.push(resolve)))
    const run = oneAtATime(job)
    void run()
    const second = run()
    const third = run()
    expect(job).toHaveBeenCalledTimes(1)
    ends[0]?.()
    await vi.waitFor(() => expect(job).toHaveBeenCalledTimes(2))
    ends[1]?.()
    await Promise.all([second, third])
    expect(job).toHaveBeenCalledTimes(2)
  })

  it('goes on after a failure', async () => {
    const job = vi.fn().mockRejectedValueOnce(new Error('no')).mockResolvedValue(undefined)
    const run = oneAtATime(job)
    const first = run()
    const second = run()
    await expect(first).rejects.toThrow('no')
    await second
    expect(job).toHaveBeenCalledTimes(2)
  })
})
