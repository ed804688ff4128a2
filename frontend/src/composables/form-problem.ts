import { computed, ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'

import { ApiProblem, toProblem } from '@/api/problem'
import { formatDuration } from '@/composables/format'
import { useNow } from '@/composables/now'
import { useProblemText } from '@/composables/problem-text'

interface FormFields {
  /** Fields of the API's that the form shows. */
  fields?: readonly string[]
  /** Fields that problems without `errors` belong to, by their code. */
  codes?: Readonly<Record<string, string>>
}

/** What the API said of a form: told beside its fields where it concerns one, above them else. */
export function useFormProblem({ fields = [], codes = {} }: FormFields = {}) {
  const { t, te } = useI18n()
  const { text } = useProblemText()
  const now = useNow()
  const problem = shallowRef<ApiProblem | null>(null)
  const isBusy = ref(false)
  const waitUntil = ref(0)

  const secondsLeft = computed(() => Math.max(0, Math.ceil((waitUntil.value - now.value) / 1000)))

  /** What is wrong with one field, empty if nothing is. */
  function fieldError(field: string): string {
    const found = problem.value
    if (!found) return ''
    const said = found.fieldMessage(field)
    if (said === undefined && codes[found.code] !== field) return ''
    const key = said === 'is taken' ? `problems.${field}_taken` : `problems.${found.code}`
    return te(key) && found.code !== 'invalid_request' ? t(key) : (said ?? found.detail)
  }

  /** What belongs to no field of the form. */
  const general = computed(() => {
    const found = problem.value
    if (!found || codes[found.code]) return ''
    const homeless = found.errors.filter(({ field }) => !fields.includes(field))
    if (found.errors.length && !homeless.length) return ''
    const rest = new ApiProblem(found.status, found.code, found.detail, homeless)
    if (!secondsLeft.value) return text(rest)
    return `${text(rest)}\n${t('state.waitLeft', { time: formatDuration(secondsLeft.value) })}`
  })

  /** Carry `action` out; false if it failed, which is then told in the form. */
  async function attempt(action: () => Promise<unknown>): Promise<boolean> {
    if (isBusy.value) return false
    isBusy.value = true
    problem.value = null
    try {
      await action()
      return true
    } catch (error) {
      show(toProblem(error))
      return false
    } finally {
      isBusy.value = false
    }
  }

  function show(found: ApiProblem | null): void {
    problem.value = found
    waitUntil.value = found?.retryAfter ? Date.now() + found.retryAfter * 1000 : 0
  }

  return { problem, isBusy, secondsLeft, general, fieldError, attempt, show }
}
