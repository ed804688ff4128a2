import { get, postOnce, put } from '@/api/client'
import type { Killed, Risk, RiskUpdate } from '@/api/types'

export const risk = () => get<Risk>('/risk')
export const changeRisk = (changes: RiskUpdate) => put<Risk>('/risk', changes)

/** Close and stop all bots of the user; the answer may be of the first ones only. */
const killSome = (reason: string, cursor: string | null) =>
  postOnce<Killed>('/kill', { scope: 'mine', reason, cursor })

/** Close and stop all bots of the user; `onPart` is told how far it has come. */
export async function killMine(
  reason: string,
  onPart: (soFar: Killed) => void = () => undefined,
): Promise<Killed> {
  let answer = await killSome(reason, null)
  const all = { ...answer, counts: { ...answer.counts }, items: [...answer.items] }
  onPart(all)
  while (answer.cursor) {
    answer = await killSome(reason, answer.cursor)
    all.items.push(...answer.items)
    all.halted &&= answer.halted
    for (const name of Object.keys(answer.counts) as (keyof Killed['counts'])[]) {
      all.counts[name] += answer.counts[name]
    }
    onPart(all)
  }
  return { ...all, cursor: null }
}
