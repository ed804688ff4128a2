/** Tests read the pages in English; the app fetches the texts of the user's language first. */
import { setLanguage } from '@/i18n'

await setLanguage('en')
