import { fileURLToPath, URL } from 'node:url'

import vue from '@vitejs/plugin-vue'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import Components from 'unplugin-vue-components/vite'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [
    vue(),
    Components({
      // Our own components are imported by hand: a reader sees where each comes from.
      dirs: [],
      dts: 'src/element-plus.d.ts',
      resolvers: [ElementPlusResolver({ importStyle: 'css' })],
    }),
  ],
  resolve: {
    alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) },
  },
  build: {
    target: 'es2022',
    cssCodeSplit: true,
    // Inlined assets would need data: URLs in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The largest holds the charts; no page waits for it but those that draw some.
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: {
      '/api': process.env.PAIRTRADER_ORIGIN ?? 'http://127.0.0.1:8080',
      '/config.json': process.env.PAIRTRADER_ORIGIN ?? 'http://127.0.0.1:8080',
      '/ws': { target: process.env.PAIRTRADER_ORIGIN ?? 'http://127.0.0.1:8080', ws: true },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['tests/**/*.test.ts'],
    setupFiles: ['tests/english.ts'],
    server: { deps: { inline: ['element-plus'] } },
    css: false,
  },
})
