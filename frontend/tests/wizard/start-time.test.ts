import { describe, expect, it } from 'vitest'

import { fromPicker, minutesAgo, toPicker } from '@/strategy/start-time'

const AT = '2026-01-31T12:34:00.000Z'

describe('the start time’s picker', () => {
  it.each(['utc', 'local'] as const)('gives back what it was shown in %s', (zone) => {
    expect(fromPicker(toPicker(AT, zone), zone)).toBe(AT)
  })

  it('reads as UTC when UTC is preferred', () => {
    const picked = toPicker(AT, 'utc')
    expect([picked?.getDate(), picked?.getHours(), picked?.getMinutes()]).toEqual([31, 12, 34])
  })

  it('shows nothing for what is no time', () => {
    expect(toPicker('', 'utc')).toBeNull()
    expect(fromPicker(null, 'utc')).toBe('')
  })

  it('offers whole minutes', () => {
    expect(minutesAgo(60, Date.parse(AT) + 31_000)).toBe('2026-01-31T11:34:00.000Z')
  })
})
