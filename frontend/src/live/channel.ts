import type { LiveMessage } from '@/api/live'

/** What a page wants of one subscription. */
export interface Watcher {
  onMessage: (message: LiveMessage) => void
  /** Messages may have been missed: fetch what is shown anew. */
  onGap: () => void
}

/** Messages of different kinds overtake one another; one that stays away longer was lost. */
export const LATE_AFTER = 5000
/** More missing numbers than this were never under way. */
const MOST_MISSING = 500

/**
 * One subscription: hands messages on as they come and finds out which were lost. Rows are told
 * apart by their ids and states by their times, so that order and repetition do no harm.
 */
export class Channel {
  readonly watchers = new Set<Watcher>()
  /** The server does not let us subscribe; asking again would not help. */
  isRefused = false
  private highest: number | null = null
  private readonly missing = new Set<number>()
  private timer: ReturnType<typeof setTimeout> | null = null

  /** The subscription holds from now on; `seq` is the last number given before. */
  begin(seq: number | null): void {
    this.isRefused = false
    this.forget()
    this.highest = seq
    this.fetchAnew()
  }

  take(message: LiveMessage): void {
    this.count(message.seq)
    for (const watcher of this.watchers) watcher.onMessage(message)
  }

  fetchAnew(): void {
    for (const watcher of this.watchers) watcher.onGap()
  }

  /** The connection is gone: what comes with the next one is counted anew. */
  forget(): void {
    this.highest = null
    this.missing.clear()
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
  }

  private count(seq: number): void {
    if (this.highest === null) return
    if (seq <= this.highest) {
      this.missing.delete(seq)
      return
    }
    const skipped = seq - this.highest - 1
    for (let lost = 1; lost <= Math.min(skipped, MOST_MISSING); lost++) {
      this.missing.add(this.highest + lost)
    }
    this.highest = seq
    if (this.missing.size) this.timer ??= setTimeout(() => this.giveUpWaiting(), LATE_AFTER)
  }

  private giveUpWaiting(): void {
    this.timer = null
    if (!this.missing.size) return
    this.missing.clear()
    this.fetchAnew()
  }
}
