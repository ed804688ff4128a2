/** What is common to everything that is worked out from history: backtests, analyses, searches. */

export type JobStatus = 'queued' | 'running' | 'done' | 'failed' | 'cancelled'

export interface JobState {
  id: string
  status: JobStatus
  /** Percent. */
  progress: number
  /** What it is at, such as `candles`; empty when it is at nothing. */
  stage: string
}

const ENDED: ReadonlySet<string> = new Set(['done', 'failed', 'cancelled'])

/** Whether nothing will become of it any more, unless it is asked for anew. */
export function hasEnded(job: Pick<JobState, 'status'>): boolean {
  return ENDED.has(job.status)
}

/**
 * `job` with what is told of it. News travel by several ways and overtake one another: what has
 * ended stays so, and progress never goes back.
 */
export function withNews<Job extends JobState>(job: Job, news: JobState): Job {
  if (news.id !== job.id || hasEnded(job)) return job
  if (!hasEnded(news) && news.progress < job.progress) return job
  const { status, progress, stage } = news
  return { ...job, status, progress, stage }
}
