/** The documents that analyses end with: statistics of the past. Numbers are finite or null. */

/** A code where a figure can't be had, such as `too_few_bars`; null where it can. */
type Reason = string | null
type Maybe = number | null

export interface Warning {
  code: string
  text: string
}

export interface Direction {
  dependent: 1 | 2
  regressor: 1 | 2
  hedge_ratio: Maybe
  intercept: Maybe
  r_squared: Maybe
  statistic: Maybe
  p_value: Maybe
  critical_values: Record<string, number> | null
  lags: Maybe
  observations: Maybe
  cointegrated: boolean | null
  reason: Reason
}

export interface SpreadFigures {
  unit: 'percent' | 'points'
  mean: Maybe
  sd: Maybe
  last: Maybe
  z: Maybe
  adf: { p_value: Maybe; statistic: Maybe; reason: Reason } | null
  half_life: { bars: Maybe; seconds: Maybe; reason: Reason } | null
  hurst: { exponent: Maybe; reason: Reason } | null
  reason: Reason
}

export interface WaysBack {
  returned: number
  open: number
  mean_seconds: Maybe
  median_seconds: Maybe
}

export interface LadderLevel {
  times: number
  /** Increment, points. */
  spread: number
  /** From zero, points. */
  distance: number
  reached: number
  reached_above: number
  reached_below: number
  /** % of bars. */
  share_beyond: number
  to_half: WaysBack
  to_zero: WaysBack
}

export interface Range {
  min: Maybe
  mean: Maybe
  max: Maybe
}

export interface PairAnalysis {
  kind: 'analysis'
  market1: string | null
  market2: string | null
  data: {
    timeframe_seconds: number
    test_timeframe_seconds: number
    first: string
    last: string
    bars: number
    test_bars: number
    gaps: number
    missing_bars: number
  }
  settings: { significance: number; zscore_window_seconds: number; [name: string]: unknown }
  warnings: Warning[]
  correlation: {
    timeframe_seconds: number
    returns: number
    pearson: Maybe
    spearman: Maybe
    reason: Reason
  }[]
  volatility: { market1: Maybe; market2: Maybe; ratio: Maybe; reason: Reason }
  cointegration: {
    better: 0 | 1 | null
    p_value: Maybe
    cointegrated: boolean | null
    directions: Direction[]
  }
  hedge_ratio: {
    ols_1_on_2: Maybe
    ols_2_on_1_inverted: Maybe
    total_least_squares: Maybe
    reason: Reason
  }
  spreads: Record<'fitted' | 'log_ratio' | 'bot', SpreadFigures>
  zscore: {
    window_seconds: Maybe
    whole: Maybe
    rolling: Maybe
    beyond: { z: number; whole: Maybe; rolling: Maybe }[]
    history: { times: number[]; whole: Maybe[]; rolling: Maybe[] }
  }
  bot_spread: {
    mode: string
    start_prices: [number, number]
    last: Maybe
    lowest: Maybe
    highest: Maybe
    mean_absolute: Maybe
    quantiles: { percent: number; spread: number }[]
    absolute_quantiles: { percent: number; spread: number }[]
    histogram: { edges: number[]; counts: number[] }
    curve: { times: number[]; spread: number[] }
  }
  ladder: { given: boolean; rows: LadderLevel[] }
  suggestion: { rows: { times: number; spread: number; distance: number; percent: number }[] }
  stability: {
    window_seconds: Maybe
    windows: number
    cointegrated_windows: Maybe
    cointegrated_share: Maybe
    significance: number
    correlation: Range
    hedge_ratio: Range
    history: { times: number[]; correlation: Maybe[]; hedge_ratio: Maybe[]; p_value: Maybe[] }
    reason: Reason
  }
}

export interface FoundPair {
  rank: number
  market1: string
  market2: string
  /** 0 to 100. */
  score: number
  bars: number
  correlation: Maybe
  p_value: Maybe
  adjusted_p_value: Maybe
  dependent: 1 | 2
  hedge_ratio: Maybe
  log_ratio_p_value: Maybe
  half_life_seconds: Maybe
  hurst: Maybe
  /** Percent. */
  spread_sd: Maybe
  z: Maybe
  volatility_ratio: Maybe
  out_of_sample: { p_value: Maybe; passed: boolean | null; reason: Reason }
}

export interface FinderDocument {
  kind: 'finder'
  data: {
    timeframe_seconds: number
    test_timeframe_seconds: number
    first: string
    last: string
    bars: number
    symbols: { symbol: string; bars: number; used: boolean; reason: Reason }[]
  }
  settings: Record<string, unknown>
  counts: { symbols: number; pairs: number; tested: number; found: number; shown: number }
  rejected: Record<string, number>
  warnings: Warning[]
  correlation_matrix: { symbols: string[]; values: Maybe[][] }
  pairs: FoundPair[]
}

export type AnalysisDocument = PairAnalysis | FinderDocument
