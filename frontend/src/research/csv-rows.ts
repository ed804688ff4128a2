import type { ResultCycle, ResultOrder } from '@/research/result'

/** Spreadsheets take a file without it for one in the computer's own old encoding. */
const BYTE_ORDER_MARK = '\uFEFF'
const LINE_END = '\r\n'
const QUOTED = /[",\r\n]/
/** What makes a spreadsheet take a text for a formula. */
const FORMULA = /^[=+\-@\t\r]/

function cell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = String(value)
  const tame = FORMULA.test(text) ? `'${text}` : text
  return QUOTED.test(tame) ? `"${tame.replaceAll('"', '""')}"` : tame
}

/** Rows as a CSV file with a header; columns are the rows' own names. */
export function toCsv<Row extends object>(
  rows: readonly Row[],
  columns: readonly (keyof Row & string)[],
): string {
  const lines = rows.map((row) => columns.map((column) => cell(row[column])).join(','))
  return BYTE_ORDER_MARK + [columns.join(','), ...lines, ''].join(LINE_END)
}

export const CYCLE_COLUMNS: readonly (keyof ResultCycle & string)[] = [
  'number',
  'direction',
  'opened_at',
  'closed_at',
  'levels',
  'first_spread',
  'last_spread',
  'close_spread',
  'invested',
  'gross_pnl',
  'fees',
  'funding',
  'net_pnl',
  'return_on_notional',
  'return_on_margin',
  'holding_seconds',
  'reason',
]

export const ORDER_COLUMNS: readonly (keyof ResultOrder & string)[] = [
  'cycle',
  'market',
  'symbol',
  'side',
  'purpose',
  'level',
  'reason',
  'signal_at',
  'filled_at',
  'amount',
  'price',
  'cost',
  'fee',
  'order_type',
  'spread',
]
