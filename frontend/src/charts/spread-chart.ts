import type { ChartColours } from '@/charts/colours'
import type { ChartOption } from '@/charts/echarts'
import type { SpreadPoint } from '@/api/types'
import { indexAt, type Marker } from '@/strategy/markers'
import type { Trigger } from '@/strategy/triggers'

export type View = 'spread' | 'rebased'

/** Everything that the chart shows, with the texts in the user's language. */
export interface SpreadPicture {
  view: View
  points: readonly SpreadPoint[]
  markers: readonly Marker[]
  triggers: readonly Trigger[]
  symbols: readonly [string, string]
  startPrices: readonly [number, number] | null
  colours: ChartColours
  isUtc: boolean
  /** Time between two looks beyond which nothing was watched, ms. */
  longestGap: number
  texts: {
    axis: string
    triggerName: (trigger: Trigger) => string
    /** What stands in the tooltip: lines of a look and of what happened about then. */
    lines: (point: SpreadPoint, markers: readonly Marker[]) => string[]
  }
}

type Pair = [number, number | null]

const SYMBOLS: Record<Marker['kind'], string> = {
  entry: 'triangle',
  add: 'diamond',
  exit: 'rect',
}

export function spreadOption(picture: SpreadPicture): ChartOption {
  const { view, colours, isUtc, texts } = picture
  return {
    animation: false,
    useUTC: isUtc,
    grid: { left: 12, right: 16, top: 30, bottom: 62, outerBoundsMode: 'same' },
    xAxis: { type: 'time', axisLabel: { hideOverlap: true }, ...spanOf(picture.points) },
    yAxis: {
      type: 'value',
      name: texts.axis,
      nameLocation: 'end',
      scale: true,
      // The ends are where the room ends, not at a round number.
      axisLabel: {
        showMinLabel: false,
        showMaxLabel: false,
        formatter: (value: number) => String(Number(value.toPrecision(6))),
      },
      ...(view === 'spread' ? { min: lowest(picture), max: highest(picture) } : {}),
    },
    legend: { show: view === 'rebased', top: 0, right: 16 },
    dataZoom: [
      { id: 'inside', type: 'inside', zoomOnMouseWheel: 'ctrl', moveOnMouseWheel: false },
      { id: 'slider', type: 'slider', height: 22, bottom: 8, showDetail: false },
    ],
    tooltip: {
      trigger: 'axis',
      confine: true,
      formatter: (shown: unknown) => tooltip(picture, shown),
    },
    series: view === 'spread' ? spreadSeries(picture) : rebasedSeries(picture),
    color: [...colours.series],
  }
}

const MINUTE = 60_000

/** A single look would be drawn amid two days. */
function spanOf(points: readonly SpreadPoint[]): object {
  const [first, second] = points
  if (!first || second) return { min: null, max: null }
  const at = Date.parse(first.recorded_at)
  return { min: at - MINUTE, max: at + MINUTE }
}

function spreadSeries(picture: SpreadPicture): object[] {
  const { points, colours } = picture
  const data = gapped(picture, (point) => point.spread_percentage)
  return [
    {
      ...line('spread', data, colours.primary),
      markLine: {
        symbol: 'none',
        silent: true,
        animation: false,
        data: [
          { yAxis: 0, lineStyle: { color: colours.line, type: 'solid' }, label: { show: false } },
          ...picture.triggers.map((trigger) => triggerLine(picture, trigger)),
        ],
      },
    },
    lastPoint(points.at(-1)?.recorded_at, points.at(-1)?.spread_percentage, colours.primary),
    ...markerSeries(picture, (marker) => marker.spread),
  ]
}

function rebasedSeries(picture: SpreadPicture): object[] {
  const { symbols, points, colours } = picture
  const first = points[0]
  const starts = picture.startPrices ?? [Number(first?.market1_price), Number(first?.market2_price)]
  const shares = [
    (point: SpreadPoint) => (Number(point.market1_price) / starts[0]) * 100,
    (point: SpreadPoint) => (Number(point.market2_price) / starts[1]) * 100,
  ] as const
  const lines = symbols.map((symbol, index) => {
    const share = shares[index] ?? shares[0]
    const color = colours.series[index] ?? colours.primary
    return { ...line(`market${index + 1}`, gapped(picture, share), color), name: symbol }
  })
  const base = {
    markLine: {
      symbol: 'none',
      silent: true,
      animation: false,
      label: { show: false },
      data: [{ yAxis: 100, lineStyle: { color: colours.muted, type: 'solid' } }],
    },
  }
  const place = (marker: Marker) => {
    const point = points[Math.max(0, indexAt(points, marker.at))]
    return point ? shares[0](point) : null
  }
  return [{ ...lines[0], ...base }, ...lines.slice(1), ...markerSeries(picture, place)]
}

function line(id: string, data: Pair[], color: string): object {
  return {
    id,
    type: 'line',
    data,
    showSymbol: false,
    sampling: 'lttb',
    lineStyle: { width: 1.6, color },
    itemStyle: { color },
    emphasis: { disabled: true },
  }
}

/** The newest look, so that one sees the line move. */
function lastPoint(at: string | undefined, value: number | undefined, color: string): object {
  return {
    id: 'last',
    type: 'scatter',
    symbolSize: 8,
    silent: true,
    z: 4,
    itemStyle: { color },
    tooltip: { show: false },
    data: at === undefined || value === undefined ? [] : [[Date.parse(at), value]],
  }
}

function markerSeries(picture: SpreadPicture, place: (marker: Marker) => number | null): object[] {
  const { colours, markers } = picture
  const kinds = ['entry', 'add', 'exit'] as const
  return kinds.map((kind) => ({
    id: kind,
    type: 'scatter',
    symbol: SYMBOLS[kind],
    symbolSize: kind === 'entry' ? 13 : 11,
    z: 5,
    itemStyle: { borderColor: colours.background, borderWidth: 1 },
    data: markers
      .filter((marker) => marker.kind === kind)
      .map((marker) => ({
        value: [marker.at, place(marker)],
        itemStyle: { color: markerColour(marker, colours) },
      })),
  }))
}

function markerColour(marker: Marker, colours: ChartColours): string {
  if (marker.kind !== 'exit') return colours.series[marker.kind === 'entry' ? 2 : 1] ?? colours.text
  return Number(marker.netPnl) < 0 ? colours.down : colours.up
}

const TRIGGER_COLOURS: Record<Trigger['kind'], (colours: ChartColours) => string> = {
  open: (colours) => colours.series[2] ?? colours.text,
  rearm: (colours) => colours.muted,
  add: (colours) => colours.series[1] ?? colours.text,
  take_profit: (colours) => colours.up,
  stop_loss: (colours) => colours.down,
  break_even: (colours) => colours.muted,
}

/** Lines of one position lie close together at times: their labels keep out of each other's way. */
const LABEL_PLACES: Record<Trigger['kind'], string> = {
  open: 'insideEndTop',
  rearm: 'insideEndTop',
  add: 'insideEndTop',
  take_profit: 'insideEndBottom',
  stop_loss: 'insideMiddleTop',
  break_even: 'insideStartTop',
}

function triggerLine({ colours, texts }: SpreadPicture, trigger: Trigger): object {
  const color = TRIGGER_COLOURS[trigger.kind](colours)
  return {
    yAxis: trigger.spread,
    lineStyle: { color, type: trigger.isEstimate ? 'dotted' : 'dashed', width: 1.2 },
    label: {
      formatter: texts.triggerName(trigger),
      position: LABEL_PLACES[trigger.kind],
      color,
      fontSize: 11,
    },
  }
}

/** Where nobody looked for a while the line is broken. */
function gapped(picture: SpreadPicture, valueOf: (point: SpreadPoint) => number): Pair[] {
  const pairs: Pair[] = []
  let before: number | null = null
  for (const point of picture.points) {
    const at = Date.parse(point.recorded_at)
    if (before !== null && at - before > picture.longestGap) pairs.push([before + 1, null])
    pairs.push([at, valueOf(point)])
    before = at
  }
  return pairs
}

interface Extent {
  min: number
  max: number
}

/** How much room lines may take on either side, in heights of the data: entries are waited for. */
const ROOM_FOR_ENTRIES = 2
const ROOM_FOR_EXITS = 1
const LEAST_HEIGHT = 1
const ENTRIES = new Set<Trigger['kind']>(['open', 'rearm', 'add'])

/** Which triggers are near enough to be shown without pressing the spread flat. */
export function triggersInView(triggers: readonly Trigger[], { min, max }: Extent): Trigger[] {
  const height = Math.max(max - min, LEAST_HEIGHT)
  return triggers.filter(({ kind, spread }) => {
    const room = height * (ENTRIES.has(kind) ? ROOM_FOR_ENTRIES : ROOM_FOR_EXITS)
    return spread >= min - room && spread <= max + room
  })
}

export function extentOf(points: readonly SpreadPoint[]): Extent {
  let [min, max] = [Infinity, -Infinity]
  for (const { spread_percentage: spread } of points) {
    if (spread < min) min = spread
    if (spread > max) max = spread
  }
  return Number.isFinite(min) ? { min, max } : { min: 0, max: 0 }
}

function lowest(picture: SpreadPicture): (extent: Extent) => number {
  return (extent) => padded(picture, extent).min
}

function highest(picture: SpreadPicture): (extent: Extent) => number {
  return (extent) => padded(picture, extent).max
}

function padded(picture: SpreadPicture, extent: Extent): Extent {
  const shown = triggersInView(picture.triggers, extent).map(({ spread }) => spread)
  const min = Math.min(extent.min, ...shown)
  const max = Math.max(extent.max, ...shown)
  const room = Math.max((max - min) * 0.06, 0.02)
  // Round ends: else the labels of the axis are not round either.
  const step = 10 ** Math.floor(Math.log10(Math.max(max - min, 0.1)) - 1)
  return {
    min: Math.floor((min - room) / step) * step,
    max: Math.ceil((max + room) / step) * step,
  }
}

/** As nodes, not as markup: reasons are texts of others. */
function tooltip(picture: SpreadPicture, shown: unknown): HTMLElement | string {
  const [first] = Array.isArray(shown) ? (shown as { axisValue?: unknown }[]) : []
  const at = Number(first?.axisValue)
  const point = picture.points[Math.max(0, indexAt(picture.points, at))]
  if (!Number.isFinite(at) || !point) return ''
  const box = document.createElement('div')
  for (const text of picture.texts.lines(point, markersAbout(picture, at))) {
    const row = document.createElement('div')
    row.textContent = text
    box.append(row)
  }
  return box
}

const MARKERS_TOLD = 4

function markersAbout({ points, markers }: SpreadPicture, at: number): readonly Marker[] {
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last) return []
  const near = (Date.parse(last.recorded_at) - Date.parse(first.recorded_at)) / 100
  return markers
    .filter((marker) => Math.abs(marker.at - at) <= near)
    .sort((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at))
    .slice(0, MARKERS_TOLD)
}
