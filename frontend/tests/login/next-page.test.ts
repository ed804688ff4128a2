import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { nextPage } from '@/router/next-page'

const HERE = 'https://pairtrader.example'

describe('the page after a login', () => {
  it.each(['/bots', '/bots/01ABC/edit', '/orders?limit=50&mode=live#row', '/settings?tab=risk'])(
    'is one of ours: %s',
    (next) => {
      expect(nextPage(next, HERE)).toBe(next)
    },
  )

  it.each([
    '//evil.example',
    '///evil.example/path',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/.//evil.example',
    '/bots/..//evil.example',
    'https://evil.example',
    'https:evil.example',
    'javascript:alert(1)',
    'bots',
    '',
    undefined,
    null,
    ['/bots', '/orders'],
  ])('is the dashboard instead of %j', (next) => {
    expect(nextPage(next, HERE)).toBe('/dashboard')
  })

  it.each(['/login', '/login?next=/bots', '/register', '/reset#token=1'])(
    'is not a page for people who are not logged in: %s',
    (next) => {
      expect(nextPage(next, HERE)).toBe('/dashboard')
    },
  )

  it('never leaves the origin, whatever is asked for', () => {
    const part = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      ':',
      '@',
      '\t',
      'evil.example',
      'https:',
      '?',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const found = nextPage(`/${parts.join('')}`, HERE)
        expect(found.startsWith('/')).toBe(true)
        expect(new URL(found, HERE).origin).toBe(HERE)
      }),
    )
  })
})
