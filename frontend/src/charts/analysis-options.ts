import { farApart, nodes } from '@/charts/backtest-options'
import type { ChartColours } from '@/charts/colours'
import type { ChartOption } from '@/charts/echarts'
import type { FinderDocument, LadderLevel, PairAnalysis } from '@/research/analysis'

type Point = [at: number, value: number | null]

const zipped = (times: readonly number[], values: readonly (number | null)[]): Point[] =>
  times.map((at, index) => [at, values[index] ?? null])

const ZOOM = [
  { id: 'inside', type: 'inside', zoomOnMouseWheel: 'ctrl', moveOnMouseWheel: false },
  { id: 'slider', type: 'slider', height: 22, bottom: 8, showDetail: false },
]

interface Line {
  name: string
  values: readonly (number | null)[]
}

/** Lines over one time axis, with marks at heights that matter. */
export function linesOption(
  times: readonly number[],
  lines: readonly Line[],
  marks: readonly { at: number; name: string }[],
  colours: ChartColours,
  texts: { axis: string; value: (value: number) => string },
): ChartOption {
  return {
    animation: false,
    grid: { left: 12, right: 16, top: 40, bottom: 62, outerBoundsMode: 'same' },
    legend: { show: lines.length > 1, top: 0, right: 16 },
    xAxis: { type: 'time', axisLabel: { hideOverlap: true } },
    yAxis: { type: 'value', scale: true, name: texts.axis, nameTextStyle: { align: 'left' } },
    dataZoom: ZOOM,
    tooltip: {
      trigger: 'axis',
      confine: true,
      valueFormatter: (value: number | null) => (value === null ? '–' : texts.value(value)),
    },
    color: [...colours.series],
    series: lines.map(({ name, values }, index) => ({
      id: `line${index}`,
      name,
      type: 'line',
      data: zipped(times, values),
      showSymbol: false,
      lineStyle: { width: 1.4, type: index % 2 ? 'dashed' : 'solid' },
      ...(index === 0 ? { markLine: heights(marks, values, colours) } : {}),
    })),
  }
}

function heights(
  marks: readonly { at: number; name: string }[],
  values: readonly (number | null)[],
  colours: ChartColours,
): object {
  const known = values.filter((value) => value !== null)
  const [low, high] = known.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [0, 0],
  )
  const isNamed = farApart((high - low) / LABELS_HIGH)
  return {
    symbol: 'none',
    silent: true,
    animation: false,
    data: marks.map(({ at, name }) => ({
      yAxis: at,
      lineStyle: { color: colours.muted, type: 'dashed', width: 1 },
      label: {
        show: isNamed(at),
        formatter: name,
        position: 'insideEndTop',
        color: colours.muted,
        fontSize: 11,
      },
    })),
  }
}

/** How often the spread was where, with the ladder's levels on both sides. */
export function distributionOption(
  { edges, counts }: PairAnalysis['bot_spread']['histogram'],
  levels: readonly LadderLevel[],
  colours: ChartColours,
  texts: {
    axis: string
    bars: string
    level: (times: number) => string
    points: (value: number) => string
  },
): ChartOption {
  const [low, high] = [edges[0] ?? 0, edges.at(-1) ?? 0]
  const middles = counts.map((count, index) => [
    ((edges[index] ?? 0) + (edges[index + 1] ?? 0)) / 2,
    count,
  ])
  const color = colours.series[1] ?? colours.warning
  const isNamed = farApart((high - low) / LABELS_WIDE)
  const lines = levels
    .flatMap(({ times, distance }) => [
      { xAxis: distance, times },
      { xAxis: -distance, times },
    ])
    .filter(({ xAxis }) => xAxis >= low && xAxis <= high)
  return {
    grid: { left: 12, right: 16, top: 36, bottom: 30, outerBoundsMode: 'same' },
    xAxis: { type: 'value', min: low, max: high, name: '', axisLabel: { formatter: texts.points } },
    yAxis: { type: 'value', name: texts.bars, nameTextStyle: { align: 'left' } },
    tooltip: {
      trigger: 'item',
      confine: true,
      formatter: ({ dataIndex }: { dataIndex: number }) =>
        nodes([
          `${texts.points(edges[dataIndex] ?? 0)} … ${texts.points(edges[dataIndex + 1] ?? 0)} ${texts.axis}`,
          `${counts[dataIndex] ?? 0} ${texts.bars}`,
        ]),
    },
    series: [
      {
        type: 'bar',
        barWidth: '98%',
        barCategoryGap: '0%',
        data: middles,
        itemStyle: { color: colours.primary, opacity: 0.75 },
        markLine: {
          symbol: 'none',
          silent: true,
          animation: false,
          data: lines.map(({ xAxis, times }) => ({
            xAxis,
            lineStyle: { color, type: 'dashed', width: 1.4 },
            label: { show: isNamed(xAxis), formatter: texts.level(times), color, fontSize: 11 },
          })),
        },
      },
    ],
  }
}

/** So many labels of a line fit above one another. */
const LABELS_HIGH = 12
const LABELS_WIDE = 40

const COLD = { light: ['#b25e09', '#f4ede4', '#1f6feb'], dark: ['#e3a04f', '#22272e', '#6cb0ff'] }

/** All symbols against all: blue moves together, brown apart. */
export function correlationOption(
  { symbols, values }: FinderDocument['correlation_matrix'],
  isDark: boolean,
  colours: ChartColours,
  text: (one: string, other: string, value: number | null) => string,
): ChartOption {
  const names = symbols.map((symbol) => symbol.split('-')[0] ?? symbol)
  const cells = values.flatMap((row, y) =>
    row.map((value, x) => [x, y, value === null ? '-' : value]),
  )
  const axis = { type: 'category', data: names, axisLabel: { interval: 0, fontSize: 10 } }
  const isSmall = symbols.length <= 14
  return {
    animation: false,
    grid: { left: 8, right: 8, top: 8, bottom: 48, containLabel: true },
    xAxis: { ...axis, axisLabel: { ...axis.axisLabel, rotate: 60 } },
    yAxis: { ...axis, inverse: true },
    tooltip: {
      confine: true,
      formatter: ({ data }: { data: [number, number, number | '-'] }) => {
        const [x, y, value] = data
        const shown = value === '-' ? null : value
        return nodes([text(symbols[y] ?? '', symbols[x] ?? '', shown)])
      },
    },
    visualMap: {
      min: -1,
      max: 1,
      calculable: true,
      orient: 'horizontal',
      left: 'center',
      bottom: 0,
      itemWidth: 12,
      textStyle: { color: colours.muted },
      inRange: { color: isDark ? COLD.dark : COLD.light },
    },
    series: [
      {
        type: 'heatmap',
        data: cells,
        label: {
          show: isSmall,
          fontSize: 10,
          formatter: ({ data }: { data: [number, number, number | '-'] }) =>
            data[2] === '-' ? '' : data[2].toFixed(2),
        },
        itemStyle: { borderColor: colours.background, borderWidth: 1 },
      },
    ],
  }
}
