import { describe, expect, it } from 'vitest'

import { returnOf, secondsOpen } from '@/views/orders/cycle-figures'

describe('figures of a cycle', () => {
  it('take the return of the notional put in', () => {
    expect(returnOf({ net_pnl: '-1.2', invested: '400' })).toBe('-0.3')
    expect(returnOf({ net_pnl: '0', invested: '0' })).toBeNull()
  })

  it('know how long it was open', () => {
    const opened_at = '2026-11-24T12:00:00.000Z'
    expect(secondsOpen({ opened_at, closed_at: '2026-11-24T12:01:30.500Z' })).toBe(90.5)
    expect(secondsOpen({ opened_at, closed_at: null })).toBeNull()
  })
})
