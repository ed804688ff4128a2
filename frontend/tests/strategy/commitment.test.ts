import { describe, expect, it } from 'vitest'

import { commitment, distanceToLiquidation, type Level } from '@/strategy/commitment'
import cases from '../../../tests/cases/ladder_preview.json'

type Case = (typeof cases)[number]

function committed(given: Case) {
  const [step1, step2] = given.amount_steps as [string, string]
  const [fee1, fee2] = given.taker_fees as [string, string]
  return commitment(
    given.settings,
    [
      { amount_step: step1, taker_fee: fee1 },
      { amount_step: step2, taker_fee: fee2 },
    ],
    given.prices as [string, string],
  )
}

function asInTheCase(level: Level) {
  return {
    times: level.times,
    trigger: level.trigger,
    reached: level.reached,
    amounts: level.amounts.map(Number),
    residual: level.residual.toNumber(),
    invested: level.invested.toNumber(),
    margin: level.margin.toNumber(),
    average: level.average,
    fees: level.fees.toNumber(),
    break_even: level.breakEven,
    take_profit: level.takeProfit,
    stop_loss: level.stopLoss,
    liquidation: level.liquidation,
  }
}

describe('the preview of a ladder', () => {
  it.each(cases.map((given) => [given.name, given] as const))(
    'gives the numbers of the API: %s',
    (_, given) => {
      const found = committed(given)
      expect(found.levels.map(asInTheCase)).toEqual(given.expected.levels)
      expect(found.maxLoss.toNumber()).toBe(given.expected.max_loss)
      expect(found.target).toBe(given.expected.target)
      expect(found.feeShare).toBe(given.expected.fee_share)
    },
  )

  it('says what rounding takes of each leg', () => {
    const [first] = committed(cases[0] as Case).levels
    expect(first?.rounding.map(String)).toEqual(['0.0178', '0.0001'])
  })

  it('tells how far the last entry is from liquidation', () => {
    const { deepest } = committed(cases[0] as Case)
    expect(deepest && distanceToLiquidation(deepest)).toBeCloseTo(19.2857, 3)
  })

  it('takes nothing where row 1 is over the cap', () => {
    const given = cases[0] as Case
    const found = committed({
      ...given,
      settings: { ...given.settings, max_position_value: '100' },
    } as Case)
    expect(found.deepest).toBeNull()
    expect(found.maxLoss.toNumber()).toBe(0)
    expect(found.feeShare).toBe(100)
  })
})
