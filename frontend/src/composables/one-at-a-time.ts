/**
 * Runs of `job` that never overlap: whoever asks while it runs gets one more run, begun after the
 * request, since the answer under way may have been made before.
 */
export function oneAtATime(job: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | null = null
  let next: Promise<void> | null = null

  function run(): Promise<void> {
    if (!running) {
      running = job().finally(() => {
        running = null
      })
      return running
    }
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = null
        return run()
      })
    return next
  }

  return run
}
