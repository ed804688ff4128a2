import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMemoryHistory, createRouter } from 'vue-router'

import { ApiProblem } from '@/api/problem'
import type { Bot } from '@/api/types'
import { i18n } from '@/i18n'
import { routes } from '@/router/routes'
import BotDetail from '@/views/bots/BotDetail.vue'

import { aBot, aLine, anOpenBot, aPosition } from './a-bot'

const api = vi.hoisted(() => ({ bot: vi.fn(), logs: vi.fn(), list: vi.fn() }))

vi.mock('@/config', () => ({ config: () => ({ ws_url: '', features: [] }) }))
vi.mock('@/api/bots', async (original) => ({ ...(await original<object>()), bot: api.bot }))
vi.mock('@/api/bot-history', () => ({ orders: api.list, cycles: api.list, logs: api.logs }))

let page: VueWrapper

async function open(bot: Bot | ApiProblem): Promise<VueWrapper> {
  if (bot instanceof ApiProblem) api.bot.mockRejectedValue(bot)
  else api.bot.mockResolvedValue(bot)
  const router = createRouter({ history: createMemoryHistory(), routes })
  page = mount(BotDetail, {
    props: { botId: 'bot-1' },
    global: { plugins: [i18n, router], stubs: { SpreadChart: true } },
  })
  await flushPromises()
  return page
}

beforeEach(() => {
  setActivePinia(createPinia())
  api.list.mockResolvedValue({ items: [], cursor: null })
  api.logs.mockResolvedValue({ items: [], cursor: null })
})

afterEach(() => {
  page.unmount()
  vi.restoreAllMocks()
})

describe('the page of a bot', () => {
  it('has one heading with name and mode, and says why nothing happens', async () => {
    await open(aBot())
    expect(page.findAll('h1')).toHaveLength(1)
    expect(page.get('h1').text()).toContain('first')
    expect(page.get('h1').text()).toContain('Simulated')
    expect(page.text()).toContain('The spread has not reached the next row of the ladder yet.')
  })

  it('says where its news come from when there is no push', async () => {
    await open(aBot())
    expect(page.text()).toContain('Asked every 5 s')
  })

  it('shows both legs with what each has gained', async () => {
    await open(
      anOpenBot({
        last_price1: '101',
        last_price2: '50.25',
        position: aPosition({ residual: '-0.02', drift: '0.5' }),
      }),
    )
    const cells = page.findAll('table')[0]?.text() ?? ''
    expect(cells).toContain('Short')
    expect(cells).toContain('-1.00')
    expect(cells).toContain('+0.5000')
    expect(page.text()).toContain('Residual')
    expect(page.text()).toContain('Drift')
  })

  it('tells an error with both numbers', async () => {
    await open(
      anOpenBot({
        status: 'error',
        status_reason: 'position_mismatch',
        mismatch: 'GALA-USDT: books -1, exchange 0',
      }),
    )
    const alerts = page.findAll('[role=alert]').map((alert) => alert.text())
    expect(alerts[0]).toContain('The exchange holds something else than the books.')
    expect(alerts[1]).toContain('GALA-USDT: books -1, exchange 0')
  })

  it('shows the log in words', async () => {
    const line = aLine('1', { log_type: 'trade', message: 'cycle 2 closed: stop_loss' })
    api.logs.mockResolvedValue({ items: [line], cursor: null })
    await open(aBot())
    expect(page.text()).toContain('Cycle 2 closed: Stop loss')
  })

  it('keeps what it has when the API can no longer be reached', async () => {
    await open(aBot())
    api.bot.mockRejectedValue(new ApiProblem(0, 'offline', ''))
    await (page.vm as unknown as { live: { reload: () => Promise<void> } }).live.reload()
    await flushPromises()
    expect(page.text()).toContain('The API cannot be reached.')
    expect(page.get('h1').text()).toContain('first')
  })

  it('leads back from a bot that is not there', async () => {
    await open(new ApiProblem(404, 'bot_not_found', 'There is no such bot.'))
    expect(page.findAll('h1')).toHaveLength(1)
    expect(page.text()).toContain('There is no such bot.')
    expect(page.get('a').attributes('href')).toBe('/bots')
  })
})
