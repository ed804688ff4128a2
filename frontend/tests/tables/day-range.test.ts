import { describe, expect, it } from 'vitest'

import { momentsOf } from '@/composables/day-range'

describe('a range of days', () => {
  it('is whole days of UTC where the user reckons in UTC', () => {
    expect(momentsOf('2026-02-27', '2026-02-28', 'utc')).toEqual({
      since: '2026-02-27T00:00:00.000Z',
      until: '2026-03-01T00:00:00.000Z',
    })
  })

  it('is whole days of the place otherwise', () => {
    const { since = '', until = '' } = momentsOf('2026-11-24', '2026-11-24', 'local')
    expect(new Date(since).getHours()).toBe(0)
    expect(new Date(until).getDate()).toBe(25)
  })

  it('may be open on either side, and ignores what is no day', () => {
    expect(momentsOf('', '', 'utc')).toEqual({})
    expect(momentsOf('yesterday', '2026-11-24', 'utc')).toEqual({
      until: '2026-11-25T00:00:00.000Z',
    })
  })
})
