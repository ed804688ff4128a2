import { mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { describe, expect, it } from 'vitest'

import type { Bot } from '@/api/types'
import BotActionDialog from '@/components/bots/BotActionDialog.vue'
import type { BotMove } from '@/composables/bot-actions'
import { i18n } from '@/i18n'

const inPlace = { template: '<div><slot /><slot name="footer" /></div>' }

function dialog(move: BotMove, changes: Partial<Bot> = {}) {
  const bot = {
    id: 'b1',
    bot_name: 'one',
    status: 'running',
    mode: 'live',
    exchange_name: 'okx',
    market1_symbol: 'GALA-USDT',
    market2_symbol: 'CHZ-USDT',
    max_position_value: '1000',
    position: { invested: '200' },
    pnl: '-1.5',
    handed_over: null,
    mismatch: '',
    ...changes,
  } as Bot
  return mount(BotActionDialog, {
    props: { bot, move, isBusy: false, problem: null },
    global: { plugins: [createPinia(), i18n], stubs: { ElDialog: inPlace } },
  })
}

type Dialog = ReturnType<typeof dialog>
const confirm = (shown: Dialog) => shown.findAll('button').at(-1)
const isReady = (shown: Dialog) => confirm(shown)?.attributes('disabled') === undefined

describe('the confirmation of a move', () => {
  it('says what a close costs', () => {
    const text = dialog('close').text()
    expect(text).toContain('200.00 USDT invested')
    expect(text).toContain('-1.50 USDT')
  })

  it('of a stop with a position waits for the choice and hands it on', async () => {
    const shown = dialog('stop')
    expect(isReady(shown)).toBe(false)
    await shown.find('input[type="radio"][value="leave"]').setValue()
    expect(isReady(shown)).toBe(true)
    await confirm(shown)?.trigger('click')
    expect(shown.emitted('confirm')?.[0]).toMatchObject([{ position: 'leave' }])
  })

  it('of a kill on a live account wants the name typed', async () => {
    const shown = dialog('kill')
    expect(isReady(shown)).toBe(false)
    await shown.find('input[maxlength="100"]').setValue('one')
    expect(isReady(shown)).toBe(true)
  })

  it('of a kill on paper does not', () => {
    expect(isReady(dialog('kill', { mode: 'paper' }))).toBe(true)
  })

  it('of a start on a live account names the real money', () => {
    const stopped = { status: 'stopped', position: null } as const
    expect(dialog('start', stopped).text()).toContain('real money')
    expect(dialog('start', { ...stopped, mode: 'paper' }).text()).not.toContain('real money')
  })

  it('of an error shows what the exchange holds', () => {
    const shown = dialog('resolve', { status: 'error', mismatch: 'GALA 5 instead of 7' })
    expect(shown.text()).toContain('GALA 5 instead of 7')
    expect(isReady(shown)).toBe(false)
  })
})
