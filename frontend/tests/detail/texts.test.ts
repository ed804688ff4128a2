import { mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import { defineComponent } from 'vue'
import { createI18n } from 'vue-i18n'

import { useBotTexts } from '@/composables/log-texts'
import { readLogText } from '@/live/log-phrases'
import en from '@/locales/en'
import zhCn from '@/locales/zh-CN'
// What bots may say; that nothing is missing there is seen to where bots are tested.
import reasons from '../../../tests/cases/reasons.json'

import { aLine } from './a-bot'

const languages = { en, 'zh-CN': zhCn }

function textsIn(language: keyof typeof languages) {
  const i18n = createI18n({ legacy: false, locale: language, messages: languages as never })
  let texts = {} as ReturnType<typeof useBotTexts>
  mount(
    defineComponent({
      setup() {
        texts = useBotTexts()
        return () => null
      },
    }),
    { global: { plugins: [i18n] } },
  )
  return texts
}

beforeEach(() => setActivePinia(createPinia()))

describe.each(['en', 'zh-CN'] as const)('in %s', (language) => {
  it('every reason to hold is put into words', () => {
    const { hold } = textsIn(language)
    for (const code of Object.values(reasons.holds).flat()) expect(hold(code), code).not.toBe(code)
  })

  it('every reason of a status is put into words', () => {
    const { statusReason } = textsIn(language)
    for (const code of reasons.status_reasons) expect(statusReason(code), code).not.toBe(code)
  })

  it('every close, command and warning is put into words', () => {
    const { detail, orders } = languages[language]
    const missing = (texts: object, codes: readonly string[]) =>
      codes.filter((code) => !(code in texts))
    expect(missing(orders.reasons, reasons.close_reasons)).toEqual([])
    expect(missing(detail.pending, reasons.commands)).toEqual([])
    expect(missing(detail.warnings, reasons.warnings)).toEqual([])
  })

  it('no blank is left open', () => {
    const { message } = textsIn(language)
    for (const text of LINES) {
      expect(readLogText(text), text).not.toBeNull()
      expect(message(text), text).not.toMatch(/[{}]|detail\./)
    }
  })
})

const LINES = [
  'level 1 opened',
  'level 2 added',
  'level 2 not filled',
  'level 2 not filled: entry_unwound',
  'a part of level 2 was taken back: one leg could not be had whole',
  'cycle 3 closed: take_profit',
  'entry could not be brought to an end, the legs differ',
  'entry: sell 5616.0 GALA-USDT',
  'close: buy 0 CHZ-USDT, refused: insufficient margin',
  'row 4 skipped: it would lift the position over its cap',
  "held up: the account can't be read: keys_refused",
  'held up: the exchange is busy',
  'orders not found were given up: what the exchange holds counts',
  'entry not made: row 2 needs 20.40 USDT of margin, 3.10 are free',
  'exchange accepted: GALA-USDT: books -10, exchange 0; CHZ-USDT: books 5, exchange 5.5',
  'Started',
  'Started with the position handed over',
  'Paused',
  'Stopped',
  'Close asked for',
  'Stop asked for: close',
  'Stop asked for: leave',
  'Kill asked for: panic',
  'Resolve asked for: accept_exchange',
  'Resolve asked for: close',
  'Start undone: no schedule',
  "GALA-USDT can't be traded now",
  'row 1 is below the minimum of GALA-USDT',
  'row 1 is above the maximum of GALA-USDT',
  'the legs differ by 7.2 % after rounding to lot steps',
  'GALA-USDT allows a leverage of 20 up to 5000 USDT, the whole ladder comes to 9000',
  'nothing differed',
]

describe('what bots say', () => {
  it('is told with its details', () => {
    const { logLine, hold, statusReason } = textsIn('en')
    expect(logLine(aLine('1', { message: 'cycle 3 closed: take_profit' }))).toBe(
      'Cycle 3 closed: Take profit',
    )
    expect(logLine(aLine('1', { message: 'entry: sell 5616.0 GALA-USDT' }))).toBe(
      'Entry: Sell 5,616 GALA-USDT',
    )
    const heldBack = {
      message: 'entry held back: entries stopped',
      details: { reason: 'bot_halted' },
    }
    expect(logLine(aLine('1', heldBack))).toBe('Entry held back: Entries of this bot are stopped.')
    expect(hold('not_as_booked: GALA-USDT held by somebody else')).toContain(
      'held by somebody else',
    )
    expect(statusReason('closed: stop_loss')).toBe('The position was closed: Stop loss')
  })

  it('goes into the parts of a text', () => {
    const { statusReason, message } = textsIn('zh-CN')
    expect(statusReason('entry_impossible: row 2 needs 20.40 USDT of margin, 3.10 are free')).toBe(
      '无法开仓：第 2 档需要 20.40 USDT 保证金，可用 3.10',
    )
    expect(
      message('exchange accepted: A-USDT: books 1, exchange 0; B-USDT: books 2, exchange 3'),
    ).toBe('已以交易所为准：A-USDT：账簿 1，交易所 0; B-USDT：账簿 2，交易所 3')
  })

  it('that nobody knows is shown as it came', () => {
    const { hold, statusReason, message } = textsIn('en')
    expect(hold('brand_new_reason')).toBe('brand_new_reason')
    expect(statusReason('brand new')).toBe('brand new')
    expect(message('something {odd} @here | there')).toBe('something {odd} @here | there')
  })
})
