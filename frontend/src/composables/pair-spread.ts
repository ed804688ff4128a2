import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'

import { pairSpread, type PairQuestion } from '@/api/exchanges'
import { toProblem, type ApiProblem } from '@/api/problem'
import type { PairSpread } from '@/api/types'

const SETTLES_AFTER = 400
const RENEWED_EVERY = 15_000

export interface PairToWatch extends PairQuestion {
  account_id: string
}

/** The spread of the chosen pair since its start, asked anew when the choice changes and as time goes by. */
export function usePairSpread(pair: Ref<PairToWatch | null>) {
  const data = shallowRef<PairSpread | null>(null)
  const problem = shallowRef<ApiProblem | null>(null)
  const isLoading = ref(false)
  let newest = 0
  let settling: ReturnType<typeof setTimeout> | null = null

  async function reload(): Promise<void> {
    const asked = pair.value
    const mine = ++newest
    if (!asked) return
    const { account_id: accountId, ...question } = asked
    isLoading.value = true
    try {
      const found = await pairSpread(accountId, question)
      if (mine !== newest) return
      data.value = found
      problem.value = null
    } catch (error) {
      if (mine === newest) problem.value = toProblem(error)
    } finally {
      if (mine === newest) isLoading.value = false
    }
  }

  function forget(): void {
    newest += 1
    data.value = null
    problem.value = null
    isLoading.value = false
    if (settling) clearTimeout(settling)
  }

  watch(
    () => JSON.stringify(pair.value),
    () => {
      forget()
      if (pair.value) settling = setTimeout(() => void reload(), SETTLES_AFTER)
    },
    { immediate: true },
  )
  const timer = setInterval(() => {
    if (!document.hidden && data.value) void reload()
  }, RENEWED_EVERY)
  onScopeDispose(() => {
    clearInterval(timer)
    forget()
  })

  /** Both markets' prices now, or those of the start while there are none since. */
  const prices = computed<[string, string] | null>(() => {
    const last = data.value?.points.at(-1)
    if (last) return [last.market1_price, last.market2_price]
    const [first, second] = data.value?.start_prices ?? []
    return first && second ? [first, second] : null
  })

  return { data, problem, isLoading, prices, reload }
}

export type WatchedSpread = ReturnType<typeof usePairSpread>
