import { beforeEach, expect, test } from 'vitest'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'

import { recoverLostParts } from '@/router/lost-parts'

const page = { template: '<p />' }

class Browser {
  online = true
  time = 1_000_000
  loaded: string[] = []
  told: string[] = []
  failure = new TypeError('Failed to fetch dynamically imported module: /assets/Old-1a2b.js')
  router: Router

  constructor() {
    this.router = createRouter({
      history: createMemoryHistory(),
      routes: [
        { path: '/', component: page },
        { path: '/gone', component: () => Promise.reject(this.failure) },
      ],
    })
    recoverLostParts(this.router, {
      isOnline: () => this.online,
      now: () => this.time,
      load: (path) => this.loaded.push(path),
      tell: (key) => this.told.push(key),
    })
  }

  async visit(path: string): Promise<void> {
    await this.router.push(path).catch(() => undefined)
  }
}

beforeEach(() => sessionStorage.clear())

test('a page of a build that is gone is loaded anew, with its query', async () => {
  const browser = new Browser()
  await browser.visit('/gone?tab=x#part')
  expect(browser.loaded).toEqual(['/gone?tab=x#part'])
  expect(browser.told).toEqual([])
})

test.each([
  'error loading dynamically imported module: https://x/assets/a.js',
  'Importing a module script failed.',
  'Unable to preload CSS for /assets/a.css',
])('every browser says it in its own words: %s', async (message) => {
  const browser = new Browser()
  browser.failure = new TypeError(message)
  await browser.visit('/gone')
  expect(browser.loaded).toEqual(['/gone'])
})

test('a part that is missing in the new build too is told, not loaded for ever', async () => {
  const browser = new Browser()
  await browser.visit('/gone')
  browser.time += 29_999
  await browser.visit('/gone')
  expect(browser.loaded).toEqual(['/gone'])
  expect(browser.told).toEqual(['problems.page_not_loaded'])
  browser.time += 1
  await browser.visit('/gone')
  expect(browser.loaded).toEqual(['/gone', '/gone'])
})

test('without a network nothing is loaded: the page that is open would be lost', async () => {
  const browser = new Browser()
  browser.online = false
  await browser.visit('/gone')
  expect(browser.loaded).toEqual([])
  expect(browser.told).toEqual(['problems.offline'])
})

test('other failures are not ours', async () => {
  const browser = new Browser()
  browser.failure = new TypeError('x is undefined')
  await browser.visit('/gone')
  expect(browser.loaded).toEqual([])
  expect(browser.told).toEqual([])
})
