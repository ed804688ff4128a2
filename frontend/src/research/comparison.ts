import type { Metrics } from '@/research/result'

/** Which of several values is the best one; of some figures none is. */
export type Wanted = 'most' | 'least' | 'none'

export type MetricKind = 'money' | 'percent' | 'ratio' | 'count' | 'duration'

export interface MetricLine {
  name: keyof Metrics & string
  kind: MetricKind
  wanted: Wanted
  /** What a percentage is of: a key under `backtest.of`. */
  of?: string
}

export const LINES: readonly MetricLine[] = [
  { name: 'net_pnl', kind: 'money', wanted: 'most' },
  { name: 'return_on_margin', kind: 'percent', wanted: 'most', of: 'capital' },
  { name: 'return_on_notional', kind: 'percent', wanted: 'most', of: 'notional' },
  { name: 'cagr', kind: 'percent', wanted: 'most', of: 'year' },
  { name: 'max_drawdown', kind: 'percent', wanted: 'least', of: 'peak' },
  { name: 'max_drawdown_seconds', kind: 'duration', wanted: 'least' },
  { name: 'volatility', kind: 'percent', wanted: 'least', of: 'year' },
  { name: 'sharpe', kind: 'ratio', wanted: 'most' },
  { name: 'sortino', kind: 'ratio', wanted: 'most' },
  { name: 'calmar', kind: 'ratio', wanted: 'most' },
  { name: 'profit_factor', kind: 'ratio', wanted: 'most' },
  { name: 'win_rate', kind: 'percent', wanted: 'most', of: 'cycles' },
  { name: 'expectancy', kind: 'money', wanted: 'most' },
  { name: 'cycles', kind: 'count', wanted: 'none' },
  { name: 'orders', kind: 'count', wanted: 'none' },
  { name: 'exposure', kind: 'percent', wanted: 'none', of: 'time' },
  { name: 'average_holding_seconds', kind: 'duration', wanted: 'none' },
  { name: 'longest_holding_seconds', kind: 'duration', wanted: 'none' },
  { name: 'fees', kind: 'money', wanted: 'least' },
  { name: 'funding', kind: 'money', wanted: 'none' },
  { name: 'max_invested', kind: 'money', wanted: 'none' },
  { name: 'initial_capital', kind: 'money', wanted: 'none' },
]

/** Places of the best values; none where all are alike or no value is there. */
export function best(values: readonly (number | null)[], wanted: Wanted): number[] {
  const known = values.filter((value) => value !== null)
  if (wanted === 'none' || known.length < 2) return []
  const target = wanted === 'most' ? Math.max(...known) : Math.min(...known)
  const found = values.flatMap((value, index) => (value === target ? [index] : []))
  return found.length === values.length ? [] : found
}

/** Names that differ between runs, in the order of the first run's. */
export function differing(configs: readonly Readonly<Record<string, unknown>>[]): string[] {
  const names = [...new Set(configs.flatMap(Object.keys))]
  return names.filter((name) => new Set(configs.map((config) => shape(config[name]))).size > 1)
}

/** One text for one value, however it is written: `100`, `"100.0"`, members in another order. */
function shape(value: unknown): string {
  if (typeof value === 'string' && value.trim() && Number.isFinite(Number(value))) {
    return String(Number(value))
  }
  if (Array.isArray(value)) return `[${value.map(shape).join()}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
    return `{${members.map(([name, member]) => `${name}:${shape(member)}`).join()}}`
  }
  return String(value ?? null)
}

/** An equity curve as percent gained on the initial capital. */
export function gains(equity: readonly number[], initial: number): number[] {
  return equity.map((value) => (initial ? (value / initial - 1) * 100 : 0))
}
