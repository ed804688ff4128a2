import { describe, expect, it } from 'vitest'

import { passwordFaults, passwordStrength } from '@/composables/password-rules'

describe('a new password', () => {
  it.each<[string, string, string[]]>([
    ['too short', '', ['short']],
    ['aaaaa', '', ['short', 'repeated']],
    ['0123456789abcdef'.repeat(9), '', ['long']],
    ['my-ADA-password', 'ada', ['holdsName']],
    ['ababababab', '', ['repeated']],
    ['correct horse battery', 'ada', []],
    ['正确的马电池钉书针很长', '', []],
  ])('%j of the user %j has the faults %j', (password, name, faults) => {
    expect(passwordFaults(password, name)).toEqual(faults)
  })

  it('has no strength while it would be refused', () => {
    expect(passwordStrength('aaaaaaaaaa')).toBe(0)
    expect(passwordStrength('Ada-is-my-name', 'ada')).toBe(0)
  })

  it('is stronger the longer and the more mixed it is', () => {
    const weak = passwordStrength('abcdefghij')
    const fair = passwordStrength('abcdefgh12X')
    const strong = passwordStrength('Correct-Horse-Battery-9-Staple')
    expect(weak).toBeGreaterThan(0)
    expect(fair).toBeGreaterThan(weak)
    expect(strong).toBe(4)
  })
})
