import { shallowRef, watch, type ShallowRef } from 'vue'

import { usePreferences } from '@/stores/preferences'

/** What charts are drawn with; read from the page's CSS, as canvases can't. */
export interface ChartColours {
  up: string
  down: string
  primary: string
  warning: string
  text: string
  muted: string
  line: string
  grid: string
  background: string
  /** For several series side by side; told apart without red and green. */
  series: readonly string[]
}

const LIGHT_SERIES = ['#1f6feb', '#b25e09', '#6e40c9', '#0e7c86', '#a8327d', '#57606a']
const DARK_SERIES = ['#6cb0ff', '#e3a04f', '#b392f0', '#4fc3cf', '#f08ac4', '#9aa4af']

export function readColours(isDark: boolean): ChartColours {
  const style = getComputedStyle(document.documentElement)
  const read = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise
  return {
    up: read('--pt-up', '#12805c'),
    down: read('--pt-down', '#c62b36'),
    primary: isDark ? '#6cb0ff' : read('--el-color-primary', '#1f6feb'),
    warning: read('--pt-sandbox', '#b25e09'),
    text: read('--el-text-color-primary', '#303133'),
    muted: read('--el-text-color-secondary', '#73767a'),
    line: read('--el-border-color', '#dcdfe6'),
    grid: read('--el-border-color-lighter', '#ebeef5'),
    background: read('--el-bg-color-overlay', '#ffffff'),
    series: isDark ? DARK_SERIES : LIGHT_SERIES,
  }
}

/** The colours of the theme and the profit preference in use, renewed when either changes. */
export function useChartColours(): ShallowRef<ChartColours> {
  const preferences = usePreferences()
  const colours = shallowRef(readColours(preferences.isDark))
  watch(
    () => [preferences.isDark, preferences.appearance.profitColours],
    () => {
      colours.value = readColours(preferences.isDark)
    },
    // The classes of the page's root are changed by then.
    { flush: 'post' },
  )
  return colours
}

/** What every chart looks like unless its option says otherwise. */
export function chartTheme(colours: ChartColours): object {
  const axis = {
    axisLine: { lineStyle: { color: colours.line } },
    axisTick: { lineStyle: { color: colours.line } },
    axisLabel: { color: colours.muted },
    nameTextStyle: { color: colours.muted },
    splitLine: { lineStyle: { color: [colours.grid] } },
  }
  return {
    color: colours.series,
    backgroundColor: 'transparent',
    textStyle: { color: colours.text },
    categoryAxis: { ...axis, splitLine: { show: false } },
    valueAxis: axis,
    logAxis: axis,
    timeAxis: { ...axis, splitLine: { show: false } },
    legend: { textStyle: { color: colours.text }, inactiveColor: colours.muted },
    tooltip: {
      backgroundColor: colours.background,
      borderColor: colours.line,
      textStyle: { color: colours.text, fontSize: 12 },
    },
    axisPointer: {
      lineStyle: { color: colours.muted },
      crossStyle: { color: colours.muted },
      label: { backgroundColor: colours.muted },
    },
    dataZoom: { textStyle: { color: colours.muted }, borderColor: colours.line },
    markLine: { label: { color: colours.text } },
  }
}
