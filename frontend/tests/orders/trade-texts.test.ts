import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'

import { useTradeTexts } from '@/composables/trade-texts'
import { i18n } from '@/i18n'

function texts(): ReturnType<typeof useTradeTexts> {
  let made: ReturnType<typeof useTradeTexts> | undefined
  const page = {
    setup() {
      made = useTradeTexts()
      return () => null
    },
  }
  mount(page, { global: { plugins: [i18n] } })
  if (!made) throw new Error('not mounted')
  return made
}

describe('reasons', () => {
  it('are told in words where they are known', () => {
    const { reason } = texts()
    expect(reason('take_profit')).toBe('Take profit')
    expect(reason('level 3')).toBe('Ladder row 3')
    expect(reason('')).toBe('–')
    expect(reason('something new')).toBe('something new')
  })

  it('of a status hold those of a close, or why an entry was impossible', () => {
    const { statusReason } = texts()
    expect(statusReason('closed: stop_loss')).toBe('closed: Stop loss')
    expect(statusReason('entry_impossible: too small')).toBe('an entry was impossible: too small')
    expect(statusReason('unproven_order')).toContain('could not be proven')
    expect(statusReason('closed')).not.toContain('{')
    expect(statusReason('')).toBe('')
  })
})
