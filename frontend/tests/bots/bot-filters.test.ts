import { describe, expect, it } from 'vitest'

import type { Bot } from '@/api/types'
import { filtered, inOrder, type BotFilters } from '@/strategy/bot-filters'

const NONE: BotFilters = { text: '', status: '', mode: '', exchange: '', account: '' }

function bot(id: string, changes: Partial<Bot> = {}): Bot {
  return {
    id,
    bot_name: id,
    market1_symbol: 'GALA-USDT',
    market2_symbol: 'CHZ-USDT',
    status: 'running',
    mode: 'paper',
    exchange_name: 'okx',
    exchange_account_id: 'a1',
    ...changes,
  } as Bot
}

const bots = [
  bot('alpha'),
  bot('beta', { status: 'error', mode: 'live', exchange_name: 'binance' }),
  bot('gamma', { exchange_name: 'simulated', exchange_account_id: 'a2', status: 'stopped' }),
]

describe('the list of bots', () => {
  it.each([
    [{}, ['alpha', 'beta', 'gamma']],
    [{ text: 'BET' }, ['beta']],
    [{ text: 'gala a' }, ['alpha', 'beta', 'gamma']],
    [{ text: 'gala zzz' }, []],
    [{ status: 'error' }, ['beta']],
    [{ mode: 'paper' }, ['alpha']],
    [{ mode: 'simulated' }, ['gamma']],
    [{ exchange: 'okx' }, ['alpha']],
    [{ account: 'a2' }, ['gamma']],
  ])('filtered by %j has %j', (filters, ids) => {
    expect(filtered(bots, { ...NONE, ...filters }).map((each) => each.id)).toEqual(ids)
  })

  it('begins with what needs looking after', () => {
    expect(inOrder([...bots].reverse()).map((each) => each.id)).toEqual(['beta', 'alpha', 'gamma'])
  })
})
