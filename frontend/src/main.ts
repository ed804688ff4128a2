import { createPinia } from 'pinia'
import { createApp } from 'vue'

import 'element-plus/theme-chalk/dark/css-vars.css'
import 'element-plus/es/components/message/style/css'
import 'element-plus/es/components/message-box/style/css'
import 'element-plus/es/components/loading/style/css'
import '@/styles/index.css'

import App from '@/App.vue'
import { loadConfig } from '@/config'
import { i18n } from '@/i18n'
import { router } from '@/router'
import { usePreferences } from '@/stores/preferences'
import { useSession } from '@/stores/session'

async function start(): Promise<void> {
  await loadConfig()
  const app = createApp(App)
  app.use(createPinia())
  app.use(i18n)
  await usePreferences().restore()
  await useSession().resume()
  app.use(router)
  app.mount('#app')
}

start().catch((error: unknown) => {
  const root = document.getElementById('app')
  if (root) root.textContent = `pairtrader could not start: ${String(error)}`
})
