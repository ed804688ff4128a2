import { useI18n } from 'vue-i18n'

/** An exchange by the name that it calls itself. */
export function useExchangeName(): (exchange: string) => string {
  const { t } = useI18n()
  return (exchange) => t(`exchanges.names.${exchange}`)
}
