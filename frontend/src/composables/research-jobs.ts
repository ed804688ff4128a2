import { computed, onMounted, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'

import { toProblem, type ApiProblem } from '@/api/problem'
import { hasEnded, withNews, type JobState } from '@/research/job'
import { RESEARCH, useLive } from '@/stores/live'

/** Without a push; with one only what was lost is asked for. */
export const ASK_EVERY = 2000
export const CHECK_EVERY = 15_000

/** News on all backtests and analyses of the user, for as long as the page is open. */
function useJobNews(onNews: (news: JobState) => void, onGap: () => void) {
  const live = useLive()
  const leave = live.watch(RESEARCH, {
    onMessage: (message) => onNews(message as unknown as JobState),
    onGap,
  })
  onScopeDispose(leave)
  return { isPushed: () => live.hears(RESEARCH) }
}

/** Call `ask` now and then while `isWanted`: seldom while news are pushed. */
function useAsking(ask: () => Promise<void>, isWanted: () => boolean, isPushed: () => boolean) {
  let askedAt = Date.now()
  const timer = setInterval(() => {
    const wait = isPushed() ? CHECK_EVERY : ASK_EVERY
    // Timers run a little early at times.
    if (document.hidden || !isWanted() || Date.now() - askedAt < wait - ASK_EVERY / 10) return
    askedAt = Date.now()
    void ask()
  }, ASK_EVERY)
  onScopeDispose(() => clearInterval(timer))
}

/** One backtest or analysis, kept up until it has ended. */
export function useJob<Job extends JobState>(fetchJob: () => Promise<Job>) {
  const job = shallowRef<Job | null>(null)
  const problem = shallowRef<ApiProblem | null>(null)
  const isLoading = ref(true)
  const isMissing = computed(() => problem.value?.status === 404 && job.value === null)

  async function reload(): Promise<void> {
    try {
      job.value = await fetchJob()
      problem.value = null
    } catch (error) {
      problem.value = toProblem(error)
    } finally {
      isLoading.value = false
    }
  }

  function take(news: JobState): void {
    if (!job.value || news.id !== job.value.id) return
    // The end brings figures and errors with it, which are not pushed.
    if (hasEnded(news)) void reload()
    else job.value = withNews(job.value, news)
  }

  const { isPushed } = useJobNews(take, () => void reload())
  const isUnderWay = () => job.value !== null && !hasEnded(job.value)
  useAsking(reload, isUnderWay, isPushed)
  onMounted(reload)
  return { job, problem, isLoading, isMissing, reload }
}

/** Rows of a list with what has become of them since the list was fetched. */
export function useLiveJobs<Job extends JobState>(
  rows: () => readonly Job[],
  reload: () => Promise<void>,
): Ref<readonly Job[]> {
  const news = shallowRef<ReadonlyMap<string, JobState>>(new Map())
  const { isPushed } = useJobNews(
    (fresh) => {
      if (hasEnded(fresh) || !rows().some((row) => row.id === fresh.id)) void reload()
      else news.value = new Map(news.value).set(fresh.id, fresh)
    },
    () => void reload(),
  )
  const shown = computed(() =>
    rows().map((row) => {
      const fresh = news.value.get(row.id)
      return fresh ? withNews(row, fresh) : row
    }),
  )
  useAsking(reload, () => shown.value.some((row) => !hasEnded(row)), isPushed)
  return shown
}

/** The document of a job that is done; fetched once there is one. */
export function useResult<Document>(job: Ref<JobState | null>, fetchIt: () => Promise<Document>) {
  const document = shallowRef<Document | null>(null)
  const problem = shallowRef<ApiProblem | null>(null)
  const isLoading = ref(false)

  async function load(): Promise<void> {
    isLoading.value = true
    try {
      document.value = await fetchIt()
      problem.value = null
    } catch (error) {
      problem.value = toProblem(error)
    } finally {
      isLoading.value = false
    }
  }

  watch(
    () => job.value?.status === 'done',
    (isDone) => {
      if (isDone && !document.value) void load()
    },
    { immediate: true },
  )
  return { document, problem, isLoading, load }
}
