import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, shallowRef, type Ref } from 'vue'

import type { LiveMessage } from '@/api/live'
import { ApiProblem } from '@/api/problem'
import { ASK_EVERY, CHECK_EVERY, useJob, useLiveJobs } from '@/composables/research-jobs'
import { hasEnded, withNews, type JobState } from '@/research/job'
import type { Watcher } from '@/stores/live'

const live = vi.hoisted(() => ({ watcher: null as Watcher | null, isPushed: false, left: 0 }))

vi.mock('@/stores/live', () => ({
  RESEARCH: 'backtests',
  useLive: () => ({
    watch: (_: string, watcher: Watcher) => {
      live.watcher = watcher
      return () => live.left++
    },
    hears: () => live.isPushed,
  }),
}))

function aJob(changes: Partial<JobState> = {}): JobState {
  return { id: 'one', status: 'running', progress: 10, stage: 'candles', ...changes }
}

const push = (changes: Partial<JobState>) =>
  live.watcher?.onMessage(aJob(changes) as unknown as LiveMessage)

let page: VueWrapper | null = null

function inPage<Made>(make: () => Made): Made {
  let made: Made | null = null
  page = mount(
    defineComponent({
      setup() {
        made = make()
        return () => null
      },
    }),
  )
  return made as Made
}

beforeEach(() => {
  vi.useFakeTimers()
  setActivePinia(createPinia())
  Object.assign(live, { watcher: null, isPushed: false, left: 0 })
})

afterEach(() => {
  page?.unmount()
  vi.useRealTimers()
})

describe('news of a job', () => {
  it.each([
    ['go on', { progress: 40 }, 40, 'running'],
    ['do not go back', { progress: 5 }, 10, 'running'],
    ['end it', { status: 'done', progress: 100 }, 100, 'done'],
    ['of another are none', { id: 'other', progress: 90 }, 10, 'running'],
  ] as const)('%s', (_, changes, progress, status) => {
    expect(withNews(aJob(), aJob(changes))).toMatchObject({ progress, status })
  })

  it('change nothing once it has ended', () => {
    const done = aJob({ status: 'done', progress: 100 })
    expect(withNews(done, aJob({ progress: 99 }))).toBe(done)
    expect(hasEnded(done)).toBe(true)
  })
})

describe('a job on its page', () => {
  it('is asked for again and again without a push, until it has ended', async () => {
    const ask = vi.fn().mockResolvedValue(aJob())
    const { job } = inPage(() => useJob(ask))
    await vi.advanceTimersByTimeAsync(ASK_EVERY)
    expect(ask).toHaveBeenCalledTimes(2)
    ask.mockResolvedValue(aJob({ status: 'done' }))
    await vi.advanceTimersByTimeAsync(ASK_EVERY)
    expect(job.value?.status).toBe('done')
    const asked = ask.mock.calls.length
    await vi.advanceTimersByTimeAsync(20 * ASK_EVERY)
    expect(ask).toHaveBeenCalledTimes(asked)
  })

  it('follows the push and is asked for seldom, and once it has ended', async () => {
    live.isPushed = true
    const ask = vi.fn().mockResolvedValue(aJob())
    const { job } = inPage(() => useJob(ask))
    await flushPromises()
    push({ progress: 60 })
    expect(job.value?.progress).toBe(60)
    await vi.advanceTimersByTimeAsync(CHECK_EVERY - ASK_EVERY)
    expect(ask).toHaveBeenCalledTimes(1)
    ask.mockResolvedValue(aJob({ status: 'done', progress: 100 }))
    push({ status: 'done', progress: 100 })
    await flushPromises()
    expect(ask).toHaveBeenCalledTimes(2)
    expect(job.value?.status).toBe('done')
  })

  it('is asked for anew after messages were lost', async () => {
    const ask = vi.fn().mockResolvedValue(aJob())
    inPage(() => useJob(ask))
    await flushPromises()
    live.watcher?.onGap()
    expect(ask).toHaveBeenCalledTimes(2)
  })

  it('is missing when there is none', async () => {
    const ask = vi.fn().mockRejectedValue(new ApiProblem(404, 'backtest_not_found', ''))
    const { isMissing } = inPage(() => useJob(ask))
    await flushPromises()
    expect(isMissing.value).toBe(true)
  })

  it('is left when its page is', () => {
    inPage(() => useJob(() => Promise.resolve(aJob())))
    page?.unmount()
    page = null
    expect(live.left).toBe(1)
  })
})

describe('jobs of a list', () => {
  let rows: Ref<JobState[]>
  const reload = vi.fn().mockResolvedValue(undefined)
  const list = () => inPage(() => useLiveJobs(() => rows.value, reload))

  beforeEach(() => {
    reload.mockClear()
    rows = shallowRef([aJob(), aJob({ id: 'two', status: 'done', progress: 100 })])
  })

  it('show how far they are', () => {
    const shown = list()
    push({ progress: 70 })
    expect(shown.value.map(({ progress }) => progress)).toEqual([70, 100])
    expect(reload).not.toHaveBeenCalled()
  })

  it.each([
    ['one ends', { status: 'done' }],
    ['one is new', { id: 'three' }],
  ] as const)('are fetched anew when %s', (_, news) => {
    list()
    push(news)
    expect(reload).toHaveBeenCalledOnce()
  })

  it('are not asked for while nothing is under way', async () => {
    rows.value = [aJob({ status: 'failed' })]
    list()
    await vi.advanceTimersByTimeAsync(10 * ASK_EVERY)
    expect(reload).not.toHaveBeenCalled()
  })
})
