/** The document that a backtest ends with. Its books are float64: numbers, not decimal texts. */

export type Side = 'buy' | 'sell'

/** Percent names its basis in the comment; money is quote currency. */
export interface Metrics {
  initial_capital: number
  final_equity: number
  net_pnl: number
  gross_pnl: number
  fees: number
  funding: number
  cycles: number
  wins: number
  losses: number
  /** % of cycles. */
  win_rate: number | null
  profit_factor: number | null
  expectancy: number | null
  /** % of notional. */
  return_on_notional: number | null
  /** % of the initial capital. */
  return_on_margin: number | null
  cagr: number | null
  volatility: number | null
  sharpe: number | null
  sortino: number | null
  calmar: number | null
  /** % of the highest equity before. */
  max_drawdown: number | null
  max_drawdown_amount: number | null
  max_drawdown_seconds: number | null
  max_drawdown_daily: number | null
  /** % of the time. */
  exposure: number | null
  average_holding_seconds: number | null
  longest_holding_seconds: number | null
  fee_share: number | null
  funding_share: number | null
  max_invested: number | null
  entries: number
  orders: number
  levels: number[]
  reasons: Record<string, number>
}

export interface ResultCycle {
  number: number
  direction: 1 | -1
  opened_at: string
  closed_at: string | null
  levels: number
  first_spread: number
  last_spread: number
  close_spread: number | null
  invested: number
  gross_pnl: number
  fees: number
  funding: number
  net_pnl: number
  return_on_notional: number | null
  return_on_margin: number | null
  holding_seconds: number
  reason: string
}

export interface ResultOrder {
  cycle: number
  market: 1 | 2
  symbol: string
  side: Side
  purpose: 'entry' | 'close'
  level: number
  reason: string
  signal_at: string
  filled_at: string
  amount: number
  price: number
  cost: number
  fee: number
  order_type: string
  spread: number
}

export interface MarketData {
  symbol: string | null
  file?: string
  source?: string
  bars: number
}

export interface BacktestResult {
  version: number
  config: Record<string, unknown>
  data: {
    market1: MarketData
    market2: MarketData
    timeframe_seconds: number
    first: string
    last: string
    bars: number
    gaps: number
    missing_bars: number
    unpaired_bars: number
  }
  start_prices: [number, number]
  started_at: string
  warnings: { code: string; text: string }[]
  metrics: Metrics
  cycles: ResultCycle[]
  orders: ResultOrder[]
  equity: {
    daily: { day: string; equity: number; return: number | null }[]
    curve: { times: number[]; equity: number[]; drawdown: number[] }
  }
  spread: { times: number[]; spread: number[]; rows: number[] }
}
