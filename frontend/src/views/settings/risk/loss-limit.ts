import Decimal from 'decimal.js'

const PLAIN = /^\d{1,10}(\.\d{1,8})?$/

/** The limit that `text` says, as the API takes it: null for none, undefined for nonsense. */
export function limitOf(text: string): string | null | undefined {
  const trimmed = text.trim()
  if (!trimmed) return null
  if (!PLAIN.test(trimmed)) return undefined
  const limit = new Decimal(trimmed)
  return limit.isZero() ? undefined : limit.toFixed()
}
