import { describe, expect, it } from 'vitest'

import { tradedSpreadOption } from '@/charts/backtest-options'
import type { ChartColours } from '@/charts/colours'
import { best, differing, gains } from '@/research/comparison'
import { CYCLE_COLUMNS, ORDER_COLUMNS, toCsv } from '@/research/csv-rows'
import { marksOf, marksWithin } from '@/research/fills'
import { monthly } from '@/research/returns'
import { sorted } from '@/research/row-order'

import { aCycle, aResult } from './a-result'

describe('runs side by side', () => {
  it.each([
    ['the most', [1, 3, 2], 'most', [1]],
    ['the least', [1, 3, 2], 'least', [0]],
    ['both of two that are alike', [3, 3, 2], 'most', [0, 1]],
    ['none where all are alike', [3, 3], 'most', []],
    ['none of figures without a better', [1, 2], 'none', []],
    ['none where only one is known', [1, null], 'most', []],
    ['what is known', [1, null, 2], 'most', [2]],
  ] as const)('mark %s', (_, values, wanted, places) => {
    expect(best(values, wanted)).toEqual(places)
  })

  it('differ by values, not by how they are written', () => {
    const one = { profit_ratio: 0.4, cap: '100', dca: [{ times: 1, spread: 1 }], same: true }
    const other = { profit_ratio: 0.5, cap: '100.0', dca: [{ spread: 1, times: 1 }], same: true }
    expect(differing([one, other])).toEqual(['profit_ratio'])
    expect(differing([one, { ...one, extra: 1 }])).toEqual(['extra'])
  })

  it('gain in percent of their own capital', () => {
    expect(gains([200, 250, 100], 200)).toEqual([0, 25, -50])
    expect(gains([1], 0)).toEqual([0])
  })
})

describe('the rows of a result', () => {
  it('become a file that spreadsheets read, and none of its texts a formula', () => {
    const csv = toCsv([aCycle({ reason: '=1+1,"x"' })], ['number', 'net_pnl', 'reason'])
    expect(csv).toBe('\uFEFFnumber,net_pnl,reason\r\n1,2,"\'=1+1,""x"""\r\n')
  })

  it('leave cells empty that have no value, and keep negative numbers', () => {
    const csv = toCsv([aCycle({ closed_at: null, net_pnl: -2 })], ['closed_at', 'net_pnl'])
    expect(csv.split('\r\n')[1]).toBe(',-2')
  })

  it('have all their columns', () => {
    const { cycles, orders } = aResult()
    expect(Object.keys(cycles[0] ?? {}).sort()).toEqual([...CYCLE_COLUMNS].sort())
    expect(Object.keys(orders[0] ?? {}).sort()).toEqual([...ORDER_COLUMNS].sort())
  })

  it('are sorted with what is missing at the end, either way', () => {
    const rows = [{ v: 2 }, { v: null }, { v: 1 }]
    const order = (isDescending: boolean) =>
      sorted(rows, (row) => row.v, isDescending).map(({ v }) => v)
    expect(order(false)).toEqual([1, 2, null])
    expect(order(true)).toEqual([2, 1, null])
  })

  it('compound days to months', () => {
    const months = monthly(aResult().equity.daily)
    expect(months.map(({ month }) => month)).toEqual(['2026-01', '2026-02'])
    expect(months[1]?.return).toBeCloseTo(8.9, 10)
  })
})

describe('the marks of a result', () => {
  it('are one for each pair of orders', () => {
    const marks = marksOf(aResult())
    expect(marks.map(({ kind }) => kind)).toEqual(['entry', 'add', 'exit'])
    expect(marks[2]?.cycle?.net_pnl).toBe(2)
  })

  it('are thinned evenly where there are many, less so the nearer one looks', () => {
    const [first] = marksOf(aResult())
    if (!first) throw new Error('there is no mark')
    const many = Array.from({ length: 1000 }, (_, at) => ({ ...first, at }))
    const thinned = marksWithin(many, null, 10).map(({ at }) => at)
    expect(thinned).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900])
    expect(marksWithin(many, { from: 5, to: 9 }, 10).map(({ at }) => at)).toEqual([5, 6, 7, 8, 9])
  })

  it('stand on the spread among the rows summed up, on the side that was reached', () => {
    const result = aResult({ spread: { times: [0, 1, 2], spread: [0, 2, 0.5], rows: [1, 0.8] } })
    const colours = { series: ['a', 'b', 'c'], up: 'u', down: 'd' } as unknown as ChartColours
    const option = tradedSpreadOption(result.spread, marksOf(result), colours, {
      axis: '',
      row: String,
      kinds: { entry: 'e', add: 'a', exit: 'x' },
      lines: () => [],
      spread: String,
    }) as { series: { id: string; markLine?: { data: { yAxis: number }[] } }[] }
    const lines = option.series[0]?.markLine?.data.map(({ yAxis }) => yAxis)
    expect(lines).toEqual([0, 1, 1.8])
    expect(option.series.map(({ id }) => id)).toEqual(['spread', 'entry', 'add', 'exit'])
  })
})
