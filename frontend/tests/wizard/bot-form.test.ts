import { describe, expect, it } from 'vitest'

import {
  BUILT_IN,
  changesOf,
  freshForm,
  fullLadder,
  isAmount,
  readDocument,
  toDocument,
  toForm,
  toSettings,
  withDefaults,
  withTemplate,
  type BotForm,
} from '@/strategy/bot-form'
import { faultsOf, faultsOn, stepOf } from '@/strategy/bot-form-checks'
import { ladderWarnings, warningsOf } from '@/strategy/warnings'

const NOW = Date.UTC(2026, 0, 31, 12, 0, 30)
const FEES = 0.001

function form(changes: Partial<BotForm> = {}): BotForm {
  return {
    ...freshForm(NOW),
    bot_name: 'one',
    exchange_account_id: 'a',
    market1_symbol: 'GALA-USDT',
    market2_symbol: 'CHZ-USDT',
    ...changes,
  }
}

describe('a new bot', () => {
  it('begins a day before, at a whole minute', () => {
    expect(freshForm(NOW).start_time).toBe('2026-01-30T12:00:00.000Z')
  })

  it('lacks only what nobody but the user knows', () => {
    expect(Object.keys(faultsOf(freshForm(NOW))).sort()).toEqual([
      'bot_name',
      'exchange_account_id',
      'market1_symbol',
      'market2_symbol',
    ])
  })

  it.each(BUILT_IN.map((template) => [template.name, template] as const))(
    'by the template %s is free of faults and warnings',
    (_, template) => {
      const filled = withTemplate(form(), template)
      expect(faultsOf(filled)).toEqual({})
      expect(warningsOf(filled, FEES)).toEqual([])
      expect(filled.max_position_value).toBe(fullLadder(filled))
    },
  )

  it("takes the user's defaults and leaves the rest", () => {
    const filled = withDefaults(form(), { leverage: 3, stop_loss_ratio: null } as never)
    expect(filled.leverage).toBe(3)
    expect(filled.stop_loss_ratio).toBe(form().stop_loss_ratio)
  })

  it('adds its ladder up without the noise of binary fractions', () => {
    const rows = [0.1, 0.2].map((multiplier) => ({ spread: 1, multiplier }))
    expect(fullLadder(form({ investment_per_order: '0.1', dca_config: rows }))).toBe('0.06')
  })
})

describe('the settings sent', () => {
  it('count the rows', () => {
    const settings = toSettings(form({ dca_config: [{ spread: 1, multiplier: 2 }] }))
    expect(settings.dca_config).toEqual([{ times: 1, spread: 1, multiplier: 2 }])
    expect(settings.max_dca_times).toBe(1)
  })

  it('survive the way to a file and back', () => {
    const written = form({ profit_ratio: 0.7 })
    const document = toDocument(written, 'okx', NOW)
    expect(document.settings).not.toHaveProperty('exchange_account_id')
    const read = readDocument(JSON.stringify(document))
    expect(toForm(read?.settings ?? {}, NOW)).toEqual({ ...written, exchange_account_id: '' })
  })

  it.each(['', 'null', '[]', '{"format":"other","settings":{}}', '{"format":"pairtrader.bot/1"}'])(
    'are not read from %s',
    (text) => expect(readDocument(text)).toBeNull(),
  )

  it('of an edit are those that differ', () => {
    const before = form({ max_position_value: '1000.00', start_time: '2026-01-30T12:00:00Z' })
    const after = form({ max_position_value: '1000', profit_ratio: 0.9 })
    expect(changesOf(before, after)).toEqual({ profit_ratio: 0.9 })
  })
})

describe('the checks', () => {
  it.each([
    ['market2_symbol', { market2_symbol: 'GALA-USDT' }, 'sameSymbol'],
    ['market2_symbol', { market2_symbol: 'CHZ-USDC' }, 'quoteCurrency'],
    ['bot_name', { bot_name: '  ' }, 'required'],
    ['start_time', { start_time: '' }, 'required'],
    ['investment_per_order', { investment_per_order: '1e3' }, 'amount'],
    ['investment_per_order', { investment_per_order: '0.123456789' }, 'amount'],
    ['max_position_value', { max_position_value: '199.99' }, 'overCap'],
    ['profit_ratio', { profit_ratio: 0 }, 'aboveTo'],
    ['stop_loss_ratio', { stop_loss_ratio: Number.NaN }, 'aboveTo'],
    ['tick_interval_seconds', { tick_interval_seconds: 61 }, 'between'],
    ['dca_config', { dca_config: [] }, 'noRows'],
    ['dca_config.0.spread', { dca_config: [{ spread: 0, multiplier: 1 }] }, 'aboveTo'],
  ] as const)('find a fault at %s for %j', (field, changes, key) => {
    expect(faultsOf(form(changes as Partial<BotForm>))[field]?.key).toBe(key)
  })

  it('know the step of a field, of the API’s paths as well', () => {
    expect(stepOf('dca_config.2.spread')).toBe('ladder')
    expect(stepOf('max_dca_times')).toBe('ladder')
    expect(stepOf('market1_symbol')).toBe('pair')
    expect(stepOf('something_new')).toBe('review')
  })

  it('hold up only the step that is wrong', () => {
    const faults = faultsOf(form({ profit_ratio: 0 }))
    expect(faultsOn('ladder', faults)).toEqual({})
    expect(Object.keys(faultsOn('exits', faults))).toEqual(['profit_ratio'])
    expect(Object.keys(faultsOn('review', faults))).toEqual(['profit_ratio'])
  })

  it.each([
    ['1', true],
    ['0.00000001', true],
    ['0', false],
    ['-1', false],
    ['1,5', false],
    ['', false],
  ])('take %s for an amount: %s', (text, isOne) => expect(isAmount(text)).toBe(isOne))
})

describe('the warnings', () => {
  it.each([
    [{ leverage: 10, stop_loss_ratio: 10 }, 10],
    [{ leverage: 10, stop_loss_ratio: 5, margin_mode: 'isolated' }, 5],
    [{ leverage: 10, stop_loss_ratio: 100, profit_basis: 'margin', profit_ratio: 1 }, 10],
  ] as const)('name a stop beyond liquidation: %j', (changes, liquidation) => {
    const [warning] = warningsOf(form(changes as Partial<BotForm>), FEES)
    expect(warning?.code).toBe('stop_beyond_liquidation')
    expect(warning?.values.liquidation).toBe(liquidation)
  })

  it('name a target that row 1 cannot earn', () => {
    const rows = [{ spread: 1, multiplier: 1 }]
    const wide = form({ dca_config: rows, profit_ratio: 0.5 })
    expect(warningsOf(wide, FEES).map((each) => each.code)).toEqual(['target_beyond_regression'])
    const points = form({ dca_config: rows, profit_ratio: 1, profit_mode: 'regression' })
    expect(warningsOf(points, FEES)).toEqual([])
  })

  it('name a cap that ends the ladder and fees that eat the target', () => {
    expect(ladderWarnings(3, 2, 60).map((each) => each.code)).toEqual([
      'cap_ends_ladder',
      'fees_eat_target',
    ])
    expect(ladderWarnings(3, 3, 10)).toEqual([])
  })
})
