import { beforeEach, describe, expect, it, vi } from 'vitest'

import { answerTo } from '@/api/client'
import { fileName, rowsOf, wholeCsv } from '@/api/csv'

vi.mock('@/api/client', () => ({ answerTo: vi.fn() }))
const answer = vi.mocked(answerTo)

function says(data: string, cursor?: string): void {
  const headers = cursor ? { cursor } : {}
  answer.mockResolvedValueOnce({ data, headers } as never)
}

describe('an export', () => {
  beforeEach(() => answer.mockReset())

  it('follows the cursor until there is none, under one header', async () => {
    says('id,name\r\n1,a\r\n2,b\r\n', 'next')
    says('id,name\r\n3,c\r\n', 'last')
    says('id,name\r\n')
    const seen: number[] = []
    const csv = await wholeCsv('/orders/export', { side: 'buy' }, { onRows: (n) => seen.push(n) })
    expect(csv).toEqual({ text: '\uFEFFid,name\r\n1,a\r\n2,b\r\n3,c\r\n', rows: 3 })
    expect(seen).toEqual([2, 3, 3])
    expect(answer.mock.calls.map(([request]) => request.params)).toEqual([
      { side: 'buy' },
      { side: 'buy', cursor: 'next' },
      { side: 'buy', cursor: 'last' },
    ])
  })

  it('is a header alone when nothing matches', async () => {
    says('id,name\r\n')
    expect(await wholeCsv('/orders/export', {})).toEqual({ text: '\uFEFFid,name\r\n', rows: 0 })
  })

  it('fails as a whole: half a file would pass for all of it', async () => {
    says('id\r\n1\r\n', 'next')
    answer.mockRejectedValueOnce(new Error('gone'))
    await expect(wholeCsv('/orders/export', {})).rejects.toThrow('gone')
  })

  it('counts a cell over several lines as one row', () => {
    expect(rowsOf('1,"a\nb"\r\n2,"say ""hi""\r\n"\r\n')).toBe(2)
  })

  it('is called after what it holds and the UTC day', () => {
    const at = new Date('2026-11-24T23:59:00Z')
    expect(fileName('cycles-live', at)).toBe('pairtrader-cycles-live-2026-11-24.csv')
  })
})
