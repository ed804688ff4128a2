import { describe, expect, it } from 'vitest'

import {
  freshSimulation,
  isMissingKeys,
  toAccount,
  type AccountDraft,
} from '@/strategy/account-form'

function draft(changes: Partial<AccountDraft> = {}): AccountDraft {
  return {
    exchange_name: 'okx',
    mode: 'live',
    label: ' main ',
    keys: { api_key: 'k', api_secret: 's', passphrase: 'p' },
    simulation: freshSimulation(),
    ...changes,
  }
}

describe('an account that is added', () => {
  it('sends its keys and nothing of a simulation', () => {
    expect(toAccount(draft())).toEqual({
      exchange_name: 'okx',
      mode: 'live',
      label: 'main',
      is_active: true,
      api_key: 'k',
      api_secret: 's',
      passphrase: 'p',
    })
  })

  it('leaves out a passphrase that the exchange has none of', () => {
    expect(toAccount(draft({ exchange_name: 'bybit' }))).not.toHaveProperty('passphrase')
  })

  it('on paper sends no key, even when one was typed before', () => {
    const account = toAccount(draft({ mode: 'paper' }))
    expect(account).not.toHaveProperty('api_key')
    expect(account.simulation).toMatchObject({ source: 'synthetic', dataset: null })
  })

  it('sends rates as fractions without the noise of a division', () => {
    const simulation = { ...freshSimulation(), taker_fee: 0.07 }
    const account = toAccount(draft({ mode: 'paper', simulation }))
    expect(account.simulation?.taker_fee).toBe(0.0007)
  })

  it('names a data set for a replay alone', () => {
    const simulation = { ...freshSimulation(), source: 'replay' as const, dataset: 'week' }
    const replay = draft({ exchange_name: 'simulated', mode: 'paper', simulation })
    expect(toAccount(replay).simulation).toMatchObject({ source: 'replay', dataset: 'week' })
    expect(toAccount({ ...replay, exchange_name: 'okx' }).simulation).toMatchObject({
      source: 'synthetic',
      dataset: null,
    })
  })

  it.each([
    [{}, false],
    [{ keys: { api_key: 'k', api_secret: 's', passphrase: ' ' } }, true],
    [{ exchange_name: 'bybit', keys: { api_key: 'k', api_secret: 's', passphrase: '' } }, false],
    [{ mode: 'paper', keys: { api_key: '', api_secret: '', passphrase: '' } }, false],
  ] as const)('%j lacks keys: %s', (changes, isMissing) => {
    expect(isMissingKeys(draft(changes as Partial<AccountDraft>))).toBe(isMissing)
  })
})
