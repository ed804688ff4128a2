import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { defineComponent, nextTick, ref } from 'vue'

import type { Page } from '@/api/client'
import { ApiProblem } from '@/api/problem'
import { usePaged, type Paged } from '@/composables/paged'

type Fetch = (cursor: string | null) => Promise<Page<number>>

function paged(fetchPage: Fetch, depends: () => unknown = () => null): Paged<number> {
  let made: Paged<number> | undefined
  mount(
    defineComponent({
      setup() {
        made = usePaged(fetchPage, depends)
        return () => null
      },
    }),
  )
  if (!made) throw new Error('not mounted')
  return made
}

const page = (items: number[], cursor: string | null = null): Page<number> => ({ items, cursor })

describe('a paged list', () => {
  it('fetches the first page by itself and the others when asked', async () => {
    const fetchPage = vi
      .fn<Fetch>()
      .mockImplementation((cursor) => Promise.resolve(cursor ? page([3]) : page([1, 2], 'more')))
    const list = paged(fetchPage)
    expect(list.isLoading).toBe(true)
    await flushPromises()
    expect(list).toMatchObject({ items: [1, 2], hasMore: true, isLoading: false })
    await list.more()
    expect(list).toMatchObject({ items: [1, 2, 3], hasMore: false, isLoadingMore: false })
    await list.more()
    expect(fetchPage).toHaveBeenCalledTimes(2)
  })

  it('passes over empty pages, but not for ever', async () => {
    const fetchPage = vi.fn<Fetch>().mockResolvedValue(page([], 'on'))
    const list = paged(fetchPage)
    await flushPromises()
    expect(fetchPage).toHaveBeenCalledTimes(5)
    expect(list).toMatchObject({ items: [], hasMore: true, isLoading: false })
    fetchPage.mockResolvedValueOnce(page([], 'on')).mockResolvedValueOnce(page([7]))
    await list.more()
    expect(list).toMatchObject({ items: [7], hasMore: false })
  })

  it('keeps its rows and its place when a later page fails', async () => {
    const fetchPage = vi.fn<Fetch>().mockResolvedValueOnce(page([1], 'two'))
    const list = paged(fetchPage)
    await flushPromises()
    fetchPage.mockRejectedValueOnce(new ApiProblem(503, 'busy', ''))
    await list.more()
    expect(list.problem?.code).toBe('busy')
    expect(list).toMatchObject({ items: [1], hasMore: true, isLoadingMore: false })
    fetchPage.mockResolvedValueOnce(page([2]))
    await list.more()
    expect(fetchPage).toHaveBeenLastCalledWith('two')
    expect(list).toMatchObject({ items: [1, 2], problem: null })
  })

  it('starts anew with other filters, and a late answer to the old ones is dropped', async () => {
    const filter = ref('a')
    let answerLate: (late: Page<number>) => void = () => undefined
    const fetchPage = vi
      .fn<Fetch>()
      .mockReturnValueOnce(new Promise((resolve) => (answerLate = resolve)))
      .mockResolvedValueOnce(page([2]))
    const list = paged(fetchPage, () => filter.value)
    filter.value = 'b'
    await nextTick()
    await flushPromises()
    answerLate(page([1], 'old'))
    await flushPromises()
    expect(list).toMatchObject({ items: [2], hasMore: false, isLoading: false })
  })
})
