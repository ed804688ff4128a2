import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'

import { spreadHistory, type Resolution } from '@/api/bot-history'
import { toProblem, type ApiProblem } from '@/api/problem'
import type { Bot, SpreadPoint } from '@/api/types'

export const RANGES = ['hour', 'hours6', 'day', 'week', 'all'] as const
export type Range = (typeof RANGES)[number]

const HOUR = 3_600_000
const MINUTE = 60_000
const DAY = 24 * HOUR
const SPANS: Record<Range, number> = {
  hour: HOUR,
  hours6: 6 * HOUR,
  day: DAY,
  week: 7 * DAY,
  // As long as looks are kept.
  all: 90 * DAY,
}
/** More points than this are not seen apart. */
const MOST_RAW = 6000

export const sinceOf = (range: Range, bot: Bot, now: number) =>
  Math.max(now - SPANS[range], Date.parse(bot.created_at))

/** Every look where a chart can show it, else one a minute. */
export function resolutionOf(range: Range, bot: Bot): Resolution {
  const looks = SPANS[range] / (bot.tick_interval_seconds * 1000)
  return looks <= MOST_RAW ? 'raw' : 'minute'
}

const timeOf = (point: SpreadPoint) => Date.parse(point.recorded_at)

/** The points with a new one: in its place, over the one of its minute if there is one a minute. */
export function withPoint(
  points: readonly SpreadPoint[],
  point: SpreadPoint,
  resolution: Resolution,
  since: number,
): readonly SpreadPoint[] {
  const last = points.at(-1)
  if (last && timeOf(point) <= timeOf(last)) return points
  const minute = (each: SpreadPoint) => Math.floor(timeOf(each) / MINUTE)
  const isSame = resolution === 'minute' && last !== undefined && minute(last) === minute(point)
  const kept = isSame ? points.slice(0, -1) : points
  const first = kept.findIndex((each) => timeOf(each) >= since)
  return [...(first > 0 ? kept.slice(first) : kept), point]
}

interface Source {
  gaps: Ref<number>
  onLook: (listener: (point: SpreadPoint) => void) => () => void
}

/** The bot's looks of a span of time, with each new one as it comes. */
export function useSpreadSeries(bot: () => Bot, range: Ref<Range>, source: Source) {
  const points = shallowRef<readonly SpreadPoint[] | null>(null)
  const problem = shallowRef<ApiProblem | null>(null)
  const isLoading = ref(false)
  let newest = 0
  /** Looks that came while the history was being fetched. */
  let early: SpreadPoint[] = []

  async function reload(): Promise<void> {
    const mine = ++newest
    const wanted = range.value
    const since = sinceOf(wanted, bot(), Date.now())
    isLoading.value = true
    early = []
    try {
      const isWanted = () => mine === newest
      const found = await spreadHistory(bot().id, since, resolutionOf(wanted, bot()), isWanted)
      if (!isWanted()) return
      points.value = found
      problem.value = null
      isLoading.value = false
      early.forEach(append)
    } catch (error) {
      if (mine === newest) problem.value = toProblem(error)
    } finally {
      if (mine === newest) isLoading.value = false
    }
  }

  function append(point: SpreadPoint): void {
    if (isLoading.value) early.push(point)
    if (!points.value) return
    const since = sinceOf(range.value, bot(), timeOf(point))
    points.value = withPoint(points.value, point, resolutionOf(range.value, bot()), since)
  }

  watch([range, source.gaps], reload, { immediate: true })
  const leave = source.onLook(append)
  onScopeDispose(() => {
    newest++
    leave()
  })

  return { points, problem, isLoading, reload }
}
