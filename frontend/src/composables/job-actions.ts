import { ElMessage, ElMessageBox } from 'element-plus'
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'

import * as api from '@/api/research'
import { useProblemText } from '@/composables/problem-text'
import { hasEnded, type JobState } from '@/research/job'

interface Named extends JobState {
  name: string
}

const MOVES = {
  backtests: { cancel: api.cancelBacktest, remove: api.deleteBacktest },
  analyses: { cancel: api.cancelAnalysis, remove: api.deleteAnalysis },
} as const

/** Cancel what is under way; delete what has ended, after a question. */
export function useJobActions(kind: keyof typeof MOVES, done: (job: JobState) => void) {
  const { t } = useI18n()
  const { tell } = useProblemText()
  const busy = ref('')

  async function attempt(job: Named, action: () => Promise<unknown>, said: string) {
    busy.value = job.id
    try {
      await action()
      ElMessage({ type: 'success', message: t(said), grouping: true })
      done(job)
    } catch (error) {
      tell(error)
    } finally {
      busy.value = ''
    }
  }

  const cancel = (job: Named) =>
    attempt(job, () => MOVES[kind].cancel(job.id), 'research.cancelAsked')

  async function remove(job: Named): Promise<void> {
    const isSure = await ElMessageBox.confirm(
      t('research.deleteText'),
      t('research.deleteTitle', { name: job.name }),
      {
        type: 'warning',
        confirmButtonText: t('action.delete'),
        cancelButtonText: t('action.cancel'),
      },
    ).then(
      () => true,
      () => false,
    )
    if (isSure) await attempt(job, () => MOVES[kind].remove(job.id), 'research.deleted')
  }

  const mayCancel = (job: JobState & { cancel_requested?: boolean }) =>
    !hasEnded(job) && !job.cancel_requested

  return { busy, cancel, remove, mayCancel }
}
