import { describe, expect, it } from 'vitest'

import en from '@/locales/en'
import zhCn from '@/locales/zh-CN'

function keys(texts: object, prefix = ''): string[] {
  return Object.entries(texts).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null
      ? keys(value, `${prefix}${name}.`)
      : [`${prefix}${name}`],
  )
}

function placeholders(text: string): string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort()
}

function at(texts: object, key: string): string {
  return key.split('.').reduce<unknown>((found, part) => (found as never)[part], texts) as string
}

describe('the texts', () => {
  it('are there in both languages', () => {
    expect(keys(zhCn).sort()).toEqual(keys(en).sort())
  })

  it('take the same values in both languages', () => {
    for (const key of keys(en)) {
      expect(placeholders(at(zhCn, key)), key).toEqual(placeholders(at(en, key)))
    }
  })

  it('are nowhere empty', () => {
    for (const key of keys(en)) expect(at(en, key) && at(zhCn, key), key).toBeTruthy()
  })
})
