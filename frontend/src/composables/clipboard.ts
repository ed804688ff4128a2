import { ElMessage } from 'element-plus'
import { useI18n } from 'vue-i18n'

/** Copies texts and says so. */
export function useClipboard() {
  const { t } = useI18n()

  async function copy(text: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text)
      ElMessage({ type: 'success', message: t('action.copied') })
    } catch {
      ElMessage({ type: 'warning', message: t('state.cannotCopy') })
    }
  }

  return { copy }
}
