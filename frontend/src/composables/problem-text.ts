import { ElMessage } from 'element-plus'
import { useI18n } from 'vue-i18n'

import { toProblem, type ApiProblem } from '@/api/problem'

/** Problems in the user's language: known codes are translated, others told as the API does. */
export function useProblemText() {
  const { t, te } = useI18n()

  function text(problem: ApiProblem): string {
    const key = `problems.${problem.code}`
    const said = te(key) ? t(key) : problem.detail || t('problems.unknown', { code: problem.code })
    const fields = problem.errors.map((error) => `${error.field}: ${error.message}`)
    return [said, ...fields].join('\n')
  }

  /** Show what went wrong for a while; for actions that have no place of their own for it. */
  function tell(error: unknown): void {
    const problem = toProblem(error)
    ElMessage({ type: 'error', message: text(problem), duration: 8000, showClose: true })
  }

  return { text, tell }
}
