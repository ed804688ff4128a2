import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

const lock = readFileSync('package-lock.json', 'utf8')

describe('the lock file', () => {
  it('names no addresses: `npm run lock` leaves them out', () => {
    expect(lock.match(/https?:\/\/[^"]+/g)).toBeNull()
  })

  it('holds the digest of everything that is installed', () => {
    const packages: Record<string, { integrity?: string }> = JSON.parse(lock).packages
    const unproven = Object.entries(packages).filter(([path, each]) => path && !each.integrity)
    expect(unproven.map(([path]) => path)).toEqual([])
  })
})
