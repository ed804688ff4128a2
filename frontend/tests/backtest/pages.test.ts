import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter, type RouteRecordRaw } from 'vue-router'

import type { Backtest, User } from '@/api/types'
import ResultView from '@/components/backtest/ResultView.vue'
import { i18n } from '@/i18n'
import { routes } from '@/router/routes'
import { useSession } from '@/stores/session'
import BacktestResultPage from '@/views/backtest/BacktestResult.vue'
import BacktestView from '@/views/backtest/BacktestView.vue'

import { aResult } from './a-result'

const api = vi.hoisted(() => ({
  backtest: vi.fn(),
  backtests: vi.fn(),
  resultOf: vi.fn(),
  features: ['backtest'],
}))

vi.mock('@/config', () => ({ config: () => ({ ws_url: '', features: api.features }) }))
vi.mock('@/api/research', async (original) => ({
  ...(await original<object>()),
  backtest: api.backtest,
  backtests: api.backtests,
  resultOf: api.resultOf,
}))

function aRun(changes: Partial<Backtest> = {}): Backtest {
  return {
    id: 'run-1',
    name: 'mine',
    status: 'done',
    stage: 'finished',
    progress: 100,
    cancel_requested: false,
    error: null,
    from: '2026-01-01T00:00:00Z',
    to: '2026-01-02T00:00:00Z',
    timeframe: '1m',
    expires_at: '2026-04-01T00:00:00Z',
    settings: { market1_symbol: 'GALA-USDT', market2_symbol: 'CHZ-USDT' },
    summary: { net_pnl: 2, return_on_margin: 1, max_drawdown: 0.7, sharpe: 2, cycles: 1 },
    ...changes,
  } as Backtest
}

let page: VueWrapper

/** All addresses without their pages: those would still be loading when the test has ended. */
const addresses = (routes.find(({ path }) => path === '/')?.children ?? []).map(
  ({ path, name }) => ({ path: `/${path}`, name, component: { render: () => null } }),
)

function show(component: object, props: object = {}): VueWrapper {
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/', component: { render: () => null } }, ...addresses] as RouteRecordRaw[],
  })
  page = mount(component, {
    props,
    global: { plugins: [i18n, router], stubs: { EChart: true } },
  }) as unknown as VueWrapper
  return page
}

const buttons = () => page.findAll('button').map((button) => button.text())

beforeEach(() => {
  setActivePinia(createPinia())
  useSession().user = { role: 'user' } as User
  api.features = ['backtest']
  api.resultOf.mockResolvedValue(aResult())
})

afterEach(() => {
  page.unmount()
  vi.clearAllMocks()
})

describe('the list of backtests', () => {
  it('offers a first one to those who have none', async () => {
    api.backtests.mockResolvedValue({ items: [], cursor: null })
    show(BacktestView)
    await flushPromises()
    expect(buttons()).toContain('Run the first backtest')
  })

  it('lets those who only look start none', async () => {
    useSession().user = { role: 'read_only' } as User
    api.backtests.mockResolvedValue({ items: [], cursor: null })
    show(BacktestView)
    await flushPromises()
    expect(buttons().join()).not.toMatch(/New backtest|first backtest/)
  })

  it('says so where the deployment has none, and asks for nothing', async () => {
    api.features = []
    show(BacktestView)
    await flushPromises()
    expect(page.text()).toContain('This deployment has no backtest service.')
    expect(api.backtests).not.toHaveBeenCalled()
  })
})

describe('the page of a backtest', () => {
  it.each([
    ['under way', { status: 'running', progress: 42, stage: 'candles' }, '42 %'],
    ['cancelled', { status: 'cancelled' }, 'It was cancelled'],
    [
      'failed',
      { status: 'failed', error: { code: 'timed_out', detail: 'too long' } },
      'Choose a shorter period or larger bars.',
    ],
    [
      'failed for a reason of the exchange',
      { status: 'failed', error: { code: 'odd', detail: 'The exchange says no.' } },
      'The exchange says no.',
    ],
  ] as const)('says that it is %s', async (_, changes, said) => {
    api.backtest.mockResolvedValue(aRun(changes as Partial<Backtest>))
    show(BacktestResultPage, { jobId: 'run-1' })
    await flushPromises()
    expect(page.text()).toContain(said)
    expect(api.resultOf).not.toHaveBeenCalled()
  })

  it('leads to a bot and to another run, but not those who only look', async () => {
    api.backtest.mockResolvedValue(aRun())
    show(BacktestResultPage, { jobId: 'run-1' })
    await flushPromises()
    expect(buttons()).toContain('Create a bot from this')
    useSession().user = { role: 'read_only' } as User
    await flushPromises()
    expect(buttons()).not.toContain('Create a bot from this')
    expect(buttons()).not.toContain('Run again with changes')
  })
})

describe('a result', () => {
  it('names the basis of every percentage and bounds absurd growth', () => {
    show(ResultView, { result: aResult() })
    const figures = page.get('dl').text()
    expect(figures).toContain('+1.00 % of capital')
    expect(figures).toContain('0.70 % of peak')
    expect(figures).toContain('+2.9E198')
  })

  it('without a cycle says why there is none', () => {
    show(ResultView, { result: aResult({ cycles: [], orders: [] }) })
    expect(page.text()).toContain('never reached the first row')
  })
})
