import type { Ref } from 'vue'
import { useI18n } from 'vue-i18n'

import type { Bot, SpreadPoint } from '@/api/types'
import { useFormat } from '@/composables/format'
import { useTradeTexts } from '@/composables/trade-texts'
import type { Marker } from '@/strategy/markers'
import type { Trigger } from '@/strategy/triggers'

/** What the chart says of looks, of what the bot did, and of what it waits for. */
export function useMarkerTexts(bot: Ref<Bot>) {
  const { t } = useI18n()
  const { money, percent, price, time, amount } = useFormat()
  const { reason } = useTradeTexts()

  const points = (value: number) => `${percent(value, 3, true)} pp`
  const unit = () => bot.value.market1_symbol.split('-')[1] ?? ''

  const name = (marker: Marker) => t(`detail.chart.${marker.kind}`, { level: marker.level })

  function why(marker: Marker): string {
    if (marker.kind === 'exit') return reason(marker.reason)
    return t(marker.kind === 'entry' ? 'detail.chart.opens' : 'detail.chart.adds', {
      level: marker.level,
    })
  }

  const result = (marker: Marker) =>
    marker.netPnl === null ? '' : `${money(marker.netPnl, true)} ${unit()}`

  const trades = (marker: Marker) =>
    marker.orders.map(
      (order) =>
        `${t(`orders.sides.${order.side}`)} ${amount(order.filled_amount)} ${order.symbol} · ${price(order.price)}`,
    )

  function tell(marker: Marker): string[] {
    const head = `${name(marker)} · ${t('detail.chart.cycle', { cycle: marker.cycle })}`
    const reached = [why(marker), points(marker.spread), result(marker)].filter(Boolean)
    return [`${head} · ${time(marker.at)}`, reached.join(' · '), ...trades(marker)]
  }

  function lines(point: SpreadPoint, markers: readonly Marker[]): string[] {
    const { market1_symbol: first, market2_symbol: second } = bot.value
    return [
      time(point.recorded_at),
      `${t('detail.chart.spread')} ${points(point.spread_percentage)}`,
      `${first} ${price(point.market1_price)} · ${second} ${price(point.market2_price)}`,
      ...markers.flatMap(tell),
    ]
  }

  function triggerLabel(trigger: Trigger): string {
    return t(`detail.triggers.${trigger.kind}`, { row: trigger.row })
  }

  const triggerName = (trigger: Trigger) =>
    `${triggerLabel(trigger)} ${trigger.isEstimate ? '≈ ' : ''}${percent(trigger.spread, 2, true)}`

  return { points, name, why, result, trades, lines, triggerLabel, triggerName }
}
