import { describe, expect, it } from 'vitest'

import { extentOf, spreadOption, triggersInView, type SpreadPicture } from '@/charts/spread-chart'
import type { SpreadPoint } from '@/api/types'
import { resolutionOf, sinceOf, withPoint } from '@/composables/spread-series'
import { indexAt, markersOf } from '@/strategy/markers'

import { aBot, aCycle, anOrder } from './a-bot'

const START = Date.parse('2026-01-01T10:00:00.000Z')

function point(second: number, spread = 0): SpreadPoint {
  return {
    recorded_at: new Date(START + second * 1000).toISOString(),
    market1_price: String(100 + spread),
    market2_price: '50',
    spread_percentage: spread,
  }
}

const moment = (second: number) => new Date(START + second * 1000).toISOString()

describe('the points of the chart', () => {
  it('are every look, or one a minute where there would be too many', () => {
    expect(resolutionOf('hour', aBot())).toBe('raw')
    expect(resolutionOf('hours6', aBot())).toBe('raw')
    expect(resolutionOf('hours6', aBot({ tick_interval_seconds: 1 }))).toBe('minute')
    expect(resolutionOf('week', aBot())).toBe('minute')
  })

  it('begin with the bot at the earliest', () => {
    const bot = aBot({ created_at: moment(0) })
    expect(sinceOf('hour', bot, START + 60_000)).toBe(START)
    expect(sinceOf('hour', bot, START + 7_200_000)).toBe(START + 3_600_000)
  })

  it('grow by each new look, and lose what is too old', () => {
    const points = [point(0), point(5)]
    expect(withPoint(points, point(10), 'raw', START)).toHaveLength(3)
    expect(withPoint(points, point(10), 'raw', START + 1000)).toEqual([point(5), point(10)])
    expect(withPoint(points, point(5), 'raw', START)).toBe(points)
    expect(withPoint(points, point(3), 'raw', START)).toBe(points)
    expect(withPoint([], point(3), 'raw', START)).toHaveLength(1)
  })

  it('are renewed within a minute', () => {
    const points = [point(0), point(60)]
    expect(withPoint(points, point(65, 2), 'minute', START)).toEqual([point(0), point(65, 2)])
    expect(withPoint(points, point(120), 'minute', START)).toHaveLength(3)
  })

  it('are found by their time', () => {
    const points = [point(0), point(5), point(10)]
    expect([-1, 0, 4, 5, 99].map((second) => indexAt(points, START + second * 1000))).toEqual([
      -1, 0, 0, 1, 2,
    ])
  })
})

describe('the markers', () => {
  const closed = aCycle({
    levels: 3,
    last_spread: 2.4,
    close_spread: 0.2,
    closed_at: moment(100),
    reason: 'take_profit',
    net_pnl: '1.5',
  })
  const orders = [
    anOrder({ id: 'a', dca_level: 1, created_at: moment(0) }),
    anOrder({ id: 'b', dca_level: 2, created_at: moment(21) }),
    anOrder({ id: 'c', dca_level: 2, created_at: moment(20), purpose: 'rest' }),
    anOrder({ id: 'd', dca_level: 3, created_at: moment(40) }),
    anOrder({ id: 'e', dca_level: 0, created_at: moment(99), purpose: 'close' }),
    anOrder({ id: 'f', dca_level: 1, cycle_number: 2 }),
  ]
  const points = [point(0, 1.1), point(20, 1.9), point(40, 2.4), point(100, 0.2)]

  it('are the entries, adds and exits in order, at their spreads', () => {
    const found = markersOf([closed], orders, points, START)
    expect(found.map(({ kind, spread, level }) => [kind, spread, level])).toEqual([
      ['entry', 1.1, 1],
      ['add', 1.9, 2],
      ['add', 2.4, 3],
      ['exit', 0.2, 3],
    ])
    expect(found[1]?.orders.map(({ id }) => id)).toEqual(['b', 'c'])
    expect(found[3]).toMatchObject({ reason: 'take_profit', netPnl: '1.5' })
  })

  it('leave out what lies before the chart', () => {
    const found = markersOf([closed], orders, points, START + 30_000)
    expect(found.map(({ kind }) => kind)).toEqual(['add', 'exit'])
  })

  it('have no exit while the cycle is open', () => {
    expect(markersOf([aCycle()], [], points, START).map(({ kind }) => kind)).toEqual(['entry'])
  })
})

describe('the lines of triggers', () => {
  const line = (spread: number) => ({ kind: 'add' as const, spread, row: 2, isEstimate: false })

  it('are shown where they do not press the spread flat', () => {
    const shown = triggersInView([line(1.9), line(20), line(-0.5)], { min: 0, max: 1 })
    expect(shown.map(({ spread }) => spread)).toEqual([1.9, -0.5])
  })

  it('of exits get less room than those of entries', () => {
    const stop = { ...line(2.5), kind: 'stop_loss' as const, row: 0 }
    expect(triggersInView([line(2.5), stop], { min: 0, max: 1 })).toEqual([line(2.5)])
  })

  it('have room around a spread that does not move', () => {
    expect(triggersInView([line(0.9)], extentOf([point(0), point(5)]))).toHaveLength(1)
    expect(extentOf([])).toEqual({ min: 0, max: 0 })
  })
})

describe('the option', () => {
  const picture: SpreadPicture = {
    view: 'spread',
    points: [point(0, 1), point(5, 1.2), point(600, 0.8)],
    markers: [],
    triggers: [{ kind: 'open', spread: 1, row: 1, isEstimate: false }],
    symbols: ['A', 'B'],
    startPrices: [100, 50],
    colours: {
      up: '#0a0',
      down: '#a00',
      primary: '#00a',
      warning: '#aa0',
      text: '#000',
      muted: '#888',
      line: '#ccc',
      grid: '#eee',
      background: '#fff',
      series: ['#1', '#2', '#3'],
    },
    isUtc: true,
    longestGap: 120_000,
    texts: { axis: 'pp', triggerName: () => 'Opens', lines: () => ['<b>said</b>'] },
  }
  interface Option {
    series: { id: string; data: [number, number | null][] }[]
    yAxis: { min: (extent: object) => number; max: (extent: object) => number }
    tooltip: { formatter: (shown: unknown) => HTMLElement | string }
    useUTC: boolean
  }
  const option = (changes: Partial<SpreadPicture> = {}) =>
    spreadOption({ ...picture, ...changes }) as unknown as Option

  it('breaks the line where nobody looked', () => {
    expect(option().series[0]?.data).toEqual([
      [START, 1],
      [START + 5000, 1.2],
      [START + 5001, null],
      [START + 600_000, 0.8],
    ])
  })

  it('makes room for the lines of triggers', () => {
    const { yAxis } = option({ triggers: [{ kind: 'add', spread: 2, row: 2, isEstimate: false }] })
    expect(yAxis.max({ min: 0.8, max: 1.2 })).toBeGreaterThan(2)
    expect(yAxis.min({ min: 0.8, max: 1.2 })).toBeLessThan(0.8)
  })

  it('rebases both prices on their start', () => {
    const series = option({ view: 'rebased' }).series
    expect(series.map(({ id }) => id)).toEqual(['market1', 'market2', 'entry', 'add', 'exit'])
    expect(series[0]?.data[0]).toEqual([START, 101])
    expect(series[1]?.data[0]).toEqual([START, 100])
  })

  it('tells what is there as text, never as markup', () => {
    const box = option().tooltip.formatter([{ axisValue: START + 3000 }])
    expect(box).toBeInstanceOf(HTMLElement)
    expect((box as HTMLElement).querySelector('b')).toBeNull()
    expect((box as HTMLElement).textContent).toBe('<b>said</b>')
    expect(option().tooltip.formatter([])).toBe('')
  })
})
