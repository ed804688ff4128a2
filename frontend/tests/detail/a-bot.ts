import type { LiveMessage } from '@/api/live'
import type { Bot, Cycle, LogLine, Order } from '@/api/types'

type Opened = NonNullable<Bot['position']>

/** A bot that is running and flat, with what a test wants otherwise. */
export function aBot(changes: Partial<Bot> = {}): Bot {
  return {
    id: 'bot-1',
    bot_name: 'first',
    exchange_account_id: 'account-1',
    exchange_name: 'simulated',
    mode: 'paper',
    status: 'running',
    status_reason: '',
    pending_command: null,
    generation: 1,
    created_at: '2026-01-01T00:00:00.000Z',
    updated_at: '2026-01-01T00:00:00.000Z',
    deleted_at: null,
    market1_symbol: 'GALA-USDT',
    market2_symbol: 'CHZ-USDT',
    market1_direction: 'auto',
    market2_direction: 'auto',
    start_time: '2026-01-01T00:00:00.000Z',
    start_price1: '100',
    start_price2: '50',
    last_price1: '100',
    last_price2: '50',
    spread: 0.4,
    last_tick_at: '2026-01-01T10:00:00.000Z',
    hold_reason: 'below_ladder',
    mismatch: '',
    disarmed_side: null,
    cooldown_until: null,
    level: 0,
    position: null,
    handed_over: null,
    pnl: null,
    pnl_percent: null,
    pnl_basis: 'notional',
    current_cycle: 0,
    total_profit: '0',
    total_trades: 0,
    warnings: [],
    spread_mode: 'difference',
    leverage: 10,
    margin_mode: 'cross',
    order_type_open: 'market',
    order_type_close: 'market',
    investment_per_order: '100',
    max_position_value: '1000',
    max_dca_times: 3,
    dca_config: [
      { times: 1, spread: 1, multiplier: 1 },
      { times: 2, spread: 0.8, multiplier: 1 },
      { times: 3, spread: 0.5, multiplier: 1.5 },
    ],
    profit_mode: 'position',
    profit_ratio: 1,
    profit_basis: 'notional',
    regression_requires_profit: true,
    stop_loss_ratio: 10,
    pause_after_close: false,
    cooldown_seconds: 0,
    tick_interval_seconds: 5,
    limit_timeout_seconds: 30,
    leg_timeout_seconds: 5,
    max_slippage: 0.5,
    max_price_jump: 5,
    max_quote_age_seconds: 10,
    max_leg_imbalance: 5,
    liquidation_guard: true,
    liquidation_buffer: 75,
    on_broken_pair: 'close',
    ...changes,
  }
}

/** Market 1 sold and market 2 bought for 100 each, at the start prices. */
export function aPosition(changes: Partial<Opened> = {}): Opened {
  return {
    cycle_number: 1,
    market1_side: 'sell',
    market2_side: 'buy',
    level: 1,
    first_spread: 1.1,
    last_spread: 1.1,
    invested: '200',
    realised: '0',
    fees: '0.1',
    funding: '0',
    opened_at: '2026-01-01T09:00:00.000Z',
    residual: '0',
    drift: '0',
    legs: [
      {
        symbol: 'GALA-USDT',
        side: 'short',
        amount: '1',
        entry_price: '100',
        notional: '100',
        liquidation_price: null,
      },
      {
        symbol: 'CHZ-USDT',
        side: 'long',
        amount: '2',
        entry_price: '50',
        notional: '100',
        liquidation_price: null,
      },
    ],
    ...changes,
  }
}

export function anOpenBot(changes: Partial<Bot> = {}): Bot {
  return aBot({ level: 1, position: aPosition(), spread: 1.1, pnl: '-0.2', ...changes })
}

export function aMessage(
  type: LiveMessage['type'],
  seq: number,
  values: Record<string, unknown> = {},
): LiveMessage {
  return {
    type,
    bot_id: 'bot-1',
    subscription: 'bot-1',
    seq,
    at: '2026-01-01T10:00:05.000Z',
    ...values,
  }
}

export function aLook(seq: number, at: string, spread: number): LiveMessage {
  return aMessage('spread_update', seq, {
    at,
    spread,
    market1_price: '101',
    market2_price: '50',
    pnl: null,
    pnl_percent: null,
  })
}

export function aCycle(changes: Partial<Cycle> = {}): Cycle {
  return {
    bot_id: 'bot-1',
    cycle_number: 1,
    market1_side: 'sell',
    market2_side: 'buy',
    levels: 1,
    first_spread: 1.1,
    last_spread: 1.1,
    close_spread: null,
    invested: '200',
    realised: '0',
    fees: '0',
    funding: '0',
    net_pnl: '0',
    reason: '',
    opened_at: '2026-01-01T10:00:00.000Z',
    closed_at: null,
    ...changes,
  }
}

export function anOrder(changes: Partial<Order> = {}): Order {
  return {
    id: 'order-1',
    bot_id: 'bot-1',
    cycle_number: 1,
    exchange_order_id: '1',
    symbol: 'GALA-USDT',
    side: 'sell',
    order_type: 'market',
    purpose: 'entry',
    reason: 'level 1',
    price: '100',
    amount: '1',
    filled_amount: '1',
    cost: '100',
    fee: '0.05',
    status: 'closed',
    dca_level: 1,
    created_at: '2026-01-01T10:00:00.000Z',
    updated_at: '2026-01-01T10:00:01.000Z',
    filled_at: '2026-01-01T10:00:01.000Z',
    ...changes,
  }
}

export function aLine(id: string, changes: Partial<LogLine> = {}): LogLine {
  return {
    id,
    log_type: 'info',
    message: 'Started',
    details: {},
    created_at: '2026-01-01T10:00:00.000Z',
    ...changes,
  }
}
