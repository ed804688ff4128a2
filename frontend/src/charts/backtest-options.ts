import type { ChartColours } from '@/charts/colours'
import type { ChartOption } from '@/charts/echarts'
import type { Mark } from '@/research/fills'
import type { BacktestResult } from '@/research/result'
import { triggersOf } from '@/strategy/ladder-scale'

type Point = [at: number, value: number]

const zipped = (times: readonly number[], values: readonly number[]): Point[] =>
  times.map((at, index) => [at, values[index] ?? 0])

const ZOOM = (axes: number[]) => [
  {
    id: 'inside',
    type: 'inside',
    xAxisIndex: axes,
    zoomOnMouseWheel: 'ctrl',
    moveOnMouseWheel: false,
  },
  { id: 'slider', type: 'slider', xAxisIndex: axes, height: 22, bottom: 8, showDetail: false },
]

export interface EquityTexts {
  equity: string
  drawdown: string
  money: (value: number) => string
  percent: (value: number) => string
  time: (at: number) => string
}

/** Equity above, drawdown below, one zoom for both. */
export function equityOption(
  { times, equity, drawdown }: BacktestResult['equity']['curve'],
  initial: number,
  colours: ChartColours,
  texts: EquityTexts,
): ChartOption {
  const colour = (equity.at(-1) ?? initial) < initial ? colours.down : colours.up
  const time = { type: 'time', axisLabel: { hideOverlap: true } }
  const room = { left: 12, right: 16, outerBoundsMode: 'same' }
  return {
    grid: [
      { ...room, top: 30, height: 230 },
      { ...room, top: 300, bottom: 58 },
    ],
    xAxis: [
      { ...time, gridIndex: 0, axisLabel: { show: false }, axisTick: { show: false } },
      { ...time, gridIndex: 1 },
    ],
    yAxis: [
      {
        type: 'value',
        gridIndex: 0,
        scale: true,
        name: texts.equity,
        nameTextStyle: { align: 'left' },
        axisLabel: { formatter: texts.money },
      },
      {
        type: 'value',
        gridIndex: 1,
        max: 0,
        splitNumber: 2,
        name: texts.drawdown,
        nameTextStyle: { align: 'left' },
        axisLabel: { formatter: (value: number) => texts.percent(value) },
      },
    ],
    axisPointer: { link: [{ xAxisIndex: 'all' }] },
    dataZoom: ZOOM([0, 1]),
    tooltip: {
      trigger: 'axis',
      confine: true,
      axisPointer: { label: { formatter: ({ value }: { value: number }) => texts.time(value) } },
    },
    series: [
      {
        id: 'equity',
        name: texts.equity,
        type: 'line',
        data: zipped(times, equity),
        showSymbol: false,
        lineStyle: { color: colour, width: 1.8 },
        itemStyle: { color: colour },
        tooltip: { valueFormatter: texts.money },
        markLine: {
          silent: true,
          symbol: 'none',
          animation: false,
          label: { show: false },
          lineStyle: { color: colours.muted, type: 'dashed' },
          data: [{ yAxis: initial }],
        },
      },
      {
        id: 'drawdown',
        name: texts.drawdown,
        type: 'line',
        xAxisIndex: 1,
        yAxisIndex: 1,
        // How far below is drawn downwards, whichever sign it comes with.
        data: zipped(times, drawdown).map(([at, share]) => [at, -Math.abs(share)]),
        showSymbol: false,
        lineStyle: { color: colours.down, width: 1 },
        itemStyle: { color: colours.down },
        areaStyle: { color: colours.down, opacity: 0.18 },
        tooltip: { valueFormatter: (value: number) => `${texts.percent(value)} %` },
      },
    ],
  }
}

export interface SpreadTexts {
  axis: string
  row: (index: number) => string
  kinds: Record<Mark['kind'], string>
  /** What stands in the tooltip of a mark. */
  lines: (mark: Mark) => string[]
  spread: (value: number) => string
}

const SYMBOLS: Record<Mark['kind'], string> = { entry: 'triangle', add: 'diamond', exit: 'rect' }

/** The spread with the ladder's rows on both sides and everything that was traded. */
export function tradedSpreadOption(
  { times, spread, rows }: BacktestResult['spread'],
  marks: readonly Mark[],
  colours: ChartColours,
  texts: SpreadTexts,
): ChartOption {
  const reach = spread.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const [highest, lowest] = [Math.max(0, ...ends(spread)), Math.min(0, ...ends(spread))]
  // Rows are increments: each is that much further out than the one before.
  const inSight = (at: number) =>
    Math.abs(at) <= reach * 1.15 && at <= highest * 1.2 + 0.1 && at >= lowest * 1.2 - 0.1
  const named = farApart((highest - lowest) / LABELS_HIGH)
  const lines = triggersOf(rows.map((spread) => ({ spread, multiplier: 1 }))).flatMap(
    (row, index) =>
      [row, -row]
        .filter(inSight)
        .map((at) => rowLine(at, named(at) ? texts.row(index + 1) : '', colours)),
  )
  const colourOf = (mark: Mark): string => {
    if (mark.kind === 'entry') return colours.series[2] ?? colours.text
    if (mark.kind === 'add') return colours.series[1] ?? colours.text
    return (mark.cycle?.net_pnl ?? 0) < 0 ? colours.down : colours.up
  }
  return {
    animation: false,
    grid: { left: 12, right: 16, top: 34, bottom: 62, outerBoundsMode: 'same' },
    legend: { top: 0, right: 16, data: Object.values(texts.kinds) },
    xAxis: { type: 'time', axisLabel: { hideOverlap: true } },
    yAxis: { type: 'value', name: texts.axis, nameTextStyle: { align: 'left' }, scale: true },
    dataZoom: ZOOM([0]),
    tooltip: { trigger: 'item', confine: true },
    series: [
      {
        id: 'spread',
        type: 'line',
        data: zipped(times, spread),
        showSymbol: false,
        silent: true,
        lineStyle: { color: colours.primary, width: 1.2 },
        itemStyle: { color: colours.primary },
        markLine: {
          symbol: 'none',
          silent: true,
          animation: false,
          data: [
            { yAxis: 0, lineStyle: { color: colours.line, type: 'solid' }, label: { show: false } },
            ...lines,
          ],
        },
      },
      ...(['entry', 'add', 'exit'] as const).map((kind) => ({
        id: kind,
        name: texts.kinds[kind],
        type: 'scatter',
        symbol: SYMBOLS[kind],
        symbolSize: kind === 'entry' ? 11 : 9,
        z: 5,
        itemStyle: {
          color: colourOf({ kind } as Mark),
          borderColor: colours.background,
          borderWidth: 1,
        },
        tooltip: {
          formatter: ({ data }: { data: { mark: Mark } }) => nodes(texts.lines(data.mark)),
        },
        data: marks
          .filter((mark) => mark.kind === kind)
          .map((mark) => ({
            value: [mark.at, mark.spread],
            itemStyle: { color: colourOf(mark) },
            mark,
          })),
      })),
    ],
  }
}

/** So many labels of a line fit above one another. */
const LABELS_HIGH = 16

/** Tells of each height whether its label keeps off those that were asked about before. */
export function farApart(least: number): (at: number) => boolean {
  const taken: number[] = []
  return (at) => {
    if (taken.some((other) => Math.abs(other - at) < least)) return false
    taken.push(at)
    return true
  }
}

/** Smallest and largest; a spread argument list of thousands would be too long for the stack. */
function ends(values: readonly number[]): [number, number] {
  let [min, max] = [Infinity, -Infinity]
  for (const value of values) {
    if (value < min) min = value
    if (value > max) max = value
  }
  return Number.isFinite(min) ? [min, max] : [0, 0]
}

function rowLine(yAxis: number, name: string, colours: ChartColours): object {
  const color = colours.series[2] ?? colours.muted
  return {
    yAxis,
    lineStyle: { color, type: 'dashed', width: 1 },
    label: { formatter: name, position: 'insideEndTop', color, fontSize: 11 },
  }
}

/** As nodes, not as markup: symbols and reasons are texts of others. */
export function nodes(lines: readonly string[]): HTMLElement {
  const box = document.createElement('div')
  for (const text of lines) {
    const row = document.createElement('div')
    row.textContent = text
    box.append(row)
  }
  return box
}

export interface BarTexts {
  name: string
  label: (value: number) => string
  unit: string
}

/** Bars coloured by which way they point. */
export function gainBarsOption(
  names: readonly string[],
  values: readonly number[],
  colours: ChartColours,
  texts: BarTexts,
): ChartOption {
  return {
    grid: { left: 8, right: 16, top: 12, bottom: names.length > 60 ? 40 : 8, containLabel: true },
    xAxis: { type: 'category', data: [...names], axisLabel: { hideOverlap: true } },
    yAxis: { type: 'value', axisLabel: { formatter: texts.label } },
    tooltip: {
      trigger: 'axis',
      confine: true,
      axisPointer: { type: 'shadow' },
      valueFormatter: (value: number | null | undefined) =>
        typeof value === 'number' ? `${texts.label(value)} ${texts.unit}` : '–',
    },
    ...(names.length > 60 ? { dataZoom: ZOOM([0]) } : {}),
    series:
      names.length > MANY_BARS
        ? manyBars(values, colours, texts.name)
        : [
            {
              name: texts.name,
              type: 'bar',
              barMaxWidth: 28,
              data: values.map((value) => ({
                value,
                itemStyle: { color: value < 0 ? colours.down : colours.up },
              })),
            },
          ],
  }
}

const MANY_BARS = 2000

/** Thousands are drawn in one go, which knows one colour alone: gains and losses each for themselves. */
function manyBars(values: readonly number[], colours: ChartColours, name: string): object[] {
  const part = (isGain: boolean) => ({
    name,
    type: 'bar',
    large: true,
    barGap: '-100%',
    itemStyle: { color: isGain ? colours.up : colours.down },
    data: values.map((value) => (value < 0 === isGain ? null : value)),
  })
  return [part(true), part(false)]
}

/** Plain bars side by side, such as how often each row was entered. */
export function countBarsOption(
  names: readonly string[],
  counts: readonly number[],
  name: string,
  colours: ChartColours,
): ChartOption {
  return {
    grid: { left: 8, right: 16, top: 20, bottom: 8, containLabel: true },
    xAxis: { type: 'category', data: [...names], axisLabel: { hideOverlap: true } },
    yAxis: { type: 'value', minInterval: 1 },
    tooltip: { trigger: 'axis', confine: true, axisPointer: { type: 'shadow' } },
    series: [
      {
        name,
        type: 'bar',
        barMaxWidth: 40,
        label: { show: names.length <= 12, position: 'top', color: colours.muted },
        itemStyle: { color: colours.primary, borderRadius: 2 },
        data: [...counts],
      },
    ],
  }
}

export interface GainLine {
  name: string
  points: Point[]
}

/** Several runs' gains in percent of their capital, in one picture. */
export function gainLinesOption(
  lines: readonly GainLine[],
  colours: ChartColours,
  percent: (value: number) => string,
  axis: string,
): ChartOption {
  return {
    animation: false,
    grid: { left: 12, right: 16, top: 44, bottom: 62, outerBoundsMode: 'same' },
    legend: { top: 0, type: 'plain' },
    xAxis: { type: 'time', axisLabel: { hideOverlap: true } },
    yAxis: { type: 'value', scale: true, name: axis, nameTextStyle: { align: 'left' } },
    dataZoom: ZOOM([0]),
    tooltip: {
      trigger: 'axis',
      confine: true,
      valueFormatter: (value: number) => `${percent(value)} %`,
    },
    color: [...colours.series],
    series: lines.map(({ name, points }, index) => ({
      id: `run${index}`,
      name,
      type: 'line',
      data: points,
      showSymbol: false,
      lineStyle: { width: 1.8, type: index % 2 ? 'dashed' : 'solid' },
    })),
  }
}
