import { computed, ref, shallowRef } from 'vue'

import { postOnce } from '@/api/client'
import { toProblem, type ApiProblem } from '@/api/problem'
import type { Killed, KillLine } from '@/api/types'

/** Kills the bots of all users: answer after answer, until there is none left to be told. */
export function useEverybodyKill() {
  const lines = shallowRef<readonly KillLine[]>([])
  const problem = shallowRef<ApiProblem | null>(null)
  const isRunning = ref(false)
  const isDone = ref(false)
  const isHalted = ref(true)
  let reason = ''
  let cursor: string | null = null

  const counts = computed(() => {
    const counted: Partial<Record<KillLine['outcome'], number>> = {}
    for (const { outcome } of lines.value) counted[outcome] = (counted[outcome] ?? 0) + 1
    return counted
  })

  async function begin(why: string): Promise<void> {
    reason = why
    cursor = null
    lines.value = []
    isDone.value = false
    isHalted.value = true
    await goOn()
  }

  /** From where the last answer has come to: also after a failure in between. */
  async function goOn(): Promise<void> {
    if (isRunning.value) return
    isRunning.value = true
    problem.value = null
    try {
      do {
        const killed: Killed = await postOnce<Killed>('/kill', {
          scope: 'all',
          position: 'close',
          reason,
          cursor,
        })
        lines.value = [...lines.value, ...killed.items]
        isHalted.value &&= killed.halted
        cursor = killed.cursor
      } while (cursor)
      isDone.value = true
    } catch (error) {
      problem.value = toProblem(error)
    } finally {
      isRunning.value = false
    }
  }

  return { lines, counts, problem, isRunning, isDone, isHalted, begin, goOn }
}
