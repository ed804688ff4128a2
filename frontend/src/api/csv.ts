import type { AxiosResponse } from 'axios'

import { answerTo } from '@/api/client'

/** Spreadsheets take a file without it for one in the computer's own old encoding. */
const BYTE_ORDER_MARK = '\uFEFF'
const LINE_END = '\r\n'

export interface CsvProgress {
  onRows?: (rows: number) => void
  signal?: AbortSignal
}

export interface Csv {
  text: string
  rows: number
}

/** All rows of an export, answer after answer, under one header. */
export async function wholeCsv(
  url: string,
  params: Record<string, unknown>,
  { onRows, signal }: CsvProgress = {},
): Promise<Csv> {
  let text = ''
  let rows = 0
  let cursor: string | null = null
  do {
    const answer: AxiosResponse<string> = await answerTo<string>({
      method: 'GET',
      url,
      params: { ...params, ...(cursor ? { cursor } : {}) },
      responseType: 'text',
      ...(signal ? { signal } : {}),
    })
    const body = answer.data.slice(answer.data.indexOf(LINE_END) + LINE_END.length)
    text += text ? body : answer.data
    rows += rowsOf(body)
    onRows?.(rows)
    cursor = (answer.headers['cursor'] as string | undefined) || null
  } while (cursor)
  return { text: BYTE_ORDER_MARK + text, rows }
}

/** Lines outside quotes: a quoted cell may go over several. */
export function rowsOf(body: string): number {
  let rows = 0
  let isQuoted = false
  for (let at = 0; at < body.length; at++) {
    const char = body[at]
    if (char === '"') isQuoted = !isQuoted
    else if (char === '\n' && !isQuoted) rows++
  }
  return rows
}

/** Such as `pairtrader-orders-2026-11-24.csv`. */
export function fileName(what: string, at = new Date()): string {
  return `pairtrader-${what}-${at.toISOString().slice(0, 10)}.csv`
}
