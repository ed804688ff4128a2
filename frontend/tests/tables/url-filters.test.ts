import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { defineComponent } from 'vue'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'

import { filtersOf, paramsOf, queryWith, useUrlFilters } from '@/composables/url-filters'

const NAMES = ['side', 'bot_id'] as const
const Nothing = { render: () => null }

async function filtersAt(address: string) {
  const router: Router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/orders', name: 'orders', component: Nothing },
      { path: '/bots', name: 'bots', component: Nothing },
    ],
  })
  await router.push(address)
  let made: ReturnType<typeof useUrlFilters<(typeof NAMES)[number]>> | undefined
  const Page = defineComponent({
    setup() {
      made = useUrlFilters(NAMES)
      return () => null
    },
  })
  mount(Page, { global: { plugins: [router] } })
  if (!made) throw new Error('not mounted')
  return { router, ...made }
}

describe('filters and the address', () => {
  it('read what is there, the first of several', () => {
    expect(filtersOf({ side: ['buy', 'sell'], tab: 'x' }, NAMES)).toEqual({
      side: 'buy',
      bot_id: '',
    })
  })

  it('leave out what is empty and keep what is not theirs', () => {
    expect(queryWith({ tab: 'cycles', side: 'buy' }, { side: '', bot_id: 'b' })).toEqual({
      tab: 'cycles',
      bot_id: 'b',
    })
    expect(paramsOf({ side: '', bot_id: 'b' })).toEqual({ bot_id: 'b' })
  })

  it('change the address, which changes the filters', async () => {
    const { router, filters, isFiltered, change, clear } = await filtersAt('/orders?tab=orders')
    expect(isFiltered.value).toBe(false)
    change({ side: 'buy' })
    change({ bot_id: 'b1' })
    await flushPromises()
    expect(filters.value).toEqual({ side: 'buy', bot_id: 'b1' })
    expect(router.currentRoute.value.fullPath).toBe('/orders?tab=orders&side=buy&bot_id=b1')
    clear()
    await flushPromises()
    expect(router.currentRoute.value.fullPath).toBe('/orders?tab=orders')
    expect(isFiltered.value).toBe(false)
  })

  it('stay as they were on the way to another page', async () => {
    const { router, filters } = await filtersAt('/orders?side=sell')
    await router.push('/bots?side=buy')
    expect(filters.value.side).toBe('sell')
  })
})
