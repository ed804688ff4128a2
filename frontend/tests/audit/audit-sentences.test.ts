import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

import audit from '@/locales/en/audit'
import { sentenceKey, shortened, spaced, toldValues } from '@/views/audit/audit-sentences'

const API = join(import.meta.dirname, '../../../functions/api')

/** Every action that an endpoint writes down. */
function actions(): string[] {
  const files = readdirSync(API, { recursive: true, encoding: 'utf8' })
  const sources = files.filter((file) => file.endsWith('.py'))
  const texts = sources.map((file) => readFileSync(join(API, file), 'utf8'))
  return texts.flatMap((text) =>
    [...text.matchAll(/\b(?:audited|noted)\(\s*"([a-z_.]+)"/g)].map(([, action]) => action ?? ''),
  )
}

describe('the audit log', () => {
  it('has a sentence and an area for every action of the API', () => {
    const known = actions()
    expect(known.length).toBeGreaterThan(30)
    for (const action of known) {
      expect(Object.keys(audit.said), action).toContain(sentenceKey(action))
      expect(Object.keys(audit.areas), action).toContain(action.split('.')[0])
    }
  })

  it('tells ids by their ends', () => {
    expect(shortened('01KV3ZQ6T2E8W4N5Y7R9B1C3D0')).toBe('…B1C3D0')
    expect(shortened('')).toBe('')
  })

  it('parts names from the Chinese around them', () => {
    expect(spaced('grace启动了机器人 eth')).toBe('grace 启动了机器人 eth')
    expect(spaced('您启动了机器人')).toBe('您启动了机器人')
  })

  it('shows values, and names of fields apart', () => {
    expect(toldValues({ details: { fields: 'role', role: 'admin' } })).toEqual(['role: admin'])
  })
})
