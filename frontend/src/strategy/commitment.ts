import Decimal from 'decimal.js'

/**
 * What a ladder commits its trader to: the same numbers as the API's, at once and without asking.
 *
 * The spreads are those of a pair whose prices are near its start prices: there one point of the
 * spread earns one percent of one leg's notional.
 */

/** Digits and rounding of the API's arithmetic, so that both give the very same numbers. */
const Exact = Decimal.clone({ precision: 28, rounding: Decimal.ROUND_HALF_EVEN })
const ZERO = new Exact(0)

export interface LadderRow {
  spread: number
  multiplier: number
}

export interface LadderSettings {
  investment_per_order: string | number
  max_position_value: string | number
  leverage: number
  margin_mode: string
  profit_mode: string
  profit_basis: string
  profit_ratio: number
  stop_loss_ratio: number
  dca_config: readonly LadderRow[]
}

export interface PreviewMarket {
  amount_step: string
  taker_fee: string
}

/** Money in quote currency, amounts in base coins, spreads in points and unsigned. */
export interface Level {
  times: number
  trigger: number
  /** False from the first row on that the cap leaves no room for. */
  reached: boolean
  amounts: [Decimal, Decimal]
  /** How much more one leg is worth than the other, both rounded to whole steps. */
  residual: Decimal
  /** What rounding takes of each leg, quote currency. */
  rounding: [Decimal, Decimal]
  invested: Decimal
  margin: Decimal
  average: number
  fees: Decimal
  breakEven: number
  takeProfit: number
  stopLoss: number
  liquidation: number
}

export interface Commitment {
  levels: Level[]
  deepest: Level | null
  maxLoss: Decimal
  /** Net profit at the target with row 1 alone. */
  target: number
  /** Percent of row 1's price profit at the target that its fees eat up. */
  feeShare: number
}

type Pair<T> = readonly [T, T]

/** What `settings` commit to at `prices` (quote currency). There must be a row. */
export function commitment(
  settings: LadderSettings,
  markets: Pair<PreviewMarket>,
  prices: Pair<string>,
): Commitment {
  const cap = new Exact(settings.max_position_value)
  const levels: Level[] = []
  let invested = ZERO
  let weighted = 0
  let trigger = 0
  let isReached = true
  settings.dca_config.forEach((row, index) => {
    trigger += row.spread
    const both = rowNotional(settings, row).times(2)
    isReached = isReached && invested.plus(both).lessThanOrEqualTo(cap)
    if (!isReached) {
      levels.push(unreached(index + 1, trigger))
      return
    }
    invested = invested.plus(both)
    weighted += trigger * both.toNumber()
    const average = weighted / invested.toNumber()
    levels.push(level(settings, markets, prices, { index, trigger, invested, average }))
  })
  const deepest = levels.filter(({ reached }) => reached).at(-1) ?? null
  const first = levels[0]
  const target = first?.reached ? targetOf(first) : 0
  const earned = target + (first?.fees.toNumber() ?? 0)
  return {
    levels,
    deepest,
    maxLoss: share(settings, settings.stop_loss_ratio, deepest?.invested ?? ZERO),
    target,
    feeShare: first && earned > 0 ? (first.fees.toNumber() / earned) * 100 : 100,
  }
}

function rowNotional(settings: LadderSettings, row: LadderRow): Decimal {
  return new Exact(settings.investment_per_order).times(row.multiplier)
}

function unreached(times: number, trigger: number): Level {
  return {
    times,
    trigger,
    reached: false,
    amounts: [ZERO, ZERO],
    residual: ZERO,
    rounding: [ZERO, ZERO],
    invested: ZERO,
    margin: ZERO,
    average: 0,
    fees: ZERO,
    breakEven: 0,
    takeProfit: 0,
    stopLoss: 0,
    liquidation: 0,
  }
}

interface Reached {
  index: number
  trigger: number
  invested: Decimal
  average: number
}

function level(
  settings: LadderSettings,
  markets: Pair<PreviewMarket>,
  prices: Pair<string>,
  { index, trigger, invested, average }: Reached,
): Level {
  const row = settings.dca_config[index] as LadderRow
  const notional = rowNotional(settings, row)
  const amounts = [0, 1].map((leg) =>
    entryAmount(markets[leg as 0 | 1], notional, new Exact(prices[leg as 0 | 1])),
  ) as [Decimal, Decimal]
  const worth = [amounts[0].times(prices[0]), amounts[1].times(prices[1])] as const
  const leg = invested.dividedBy(2)
  const fees = leg.times(2).times(new Exact(markets[0].taker_fee).plus(markets[1].taker_fee))
  const margin = invested.dividedBy(settings.leverage)
  const backing = settings.margin_mode === 'isolated' ? margin.dividedBy(2) : margin
  /** The spread at which the net profit is `pnl`. */
  const where = (pnl: Decimal) => average - pnl.plus(fees).dividedBy(leg).toNumber() * 100
  const firstRow = settings.dca_config[0] as LadderRow
  return {
    times: index + 1,
    trigger,
    reached: true,
    amounts,
    residual: worth[0].minus(worth[1]).abs(),
    rounding: [notional.minus(worth[0]), notional.minus(worth[1])],
    invested,
    margin,
    average,
    fees,
    breakEven: where(ZERO),
    takeProfit:
      settings.profit_mode === 'regression'
        ? firstRow.spread - settings.profit_ratio
        : where(share(settings, settings.profit_ratio, invested)),
    stopLoss: where(share(settings, settings.stop_loss_ratio, invested).negated()),
    liquidation: where(backing.negated()),
  }
}

/** What `notional` buys, in base coins: cut down to whole steps, never up. */
function entryAmount(market: PreviewMarket, notional: Decimal, price: Decimal): Decimal {
  return notional.dividedBy(price).dividedBy(market.amount_step).trunc().times(market.amount_step)
}

/** `percent` of the basis that the settings count profit on. */
function share(settings: LadderSettings, percent: number, invested: Decimal): Decimal {
  const basis =
    settings.profit_basis === 'margin' ? invested.dividedBy(settings.leverage) : invested
  return basis.times(percent).dividedBy(100)
}

function targetOf(first: Level): number {
  const points = first.average - first.takeProfit
  return ((points / 100) * first.invested.toNumber()) / 2 - first.fees.toNumber()
}

/** Points of the spread, from the deepest entry on, until the margin is used up. */
export function distanceToLiquidation(level: Level): number {
  return level.liquidation - level.trigger
}
