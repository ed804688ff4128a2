import { defineStore } from 'pinia'
import { computed, ref } from 'vue'

import * as auth from '@/api/auth'
import { useCredentials } from '@/api/client'
import { toProblem } from '@/api/problem'
import type { Tokens, User } from '@/api/types'
import { usePreferences } from '@/stores/preferences'

/** Who is logged in. The access token lives in memory alone, the refresh token in a cookie. */
export const useSession = defineStore('session', () => {
  const preferences = usePreferences()
  const user = ref<User | null>(null)
  const expired = ref(false)
  let accessToken: string | null = null
  let renewal: Promise<boolean> | null = null

  const isLoggedIn = computed(() => user.value !== null)
  const isAdmin = computed(() => user.value?.role === 'admin')
  const mayTrade = computed(() => user.value !== null && user.value.role !== 'read_only')

  useCredentials({ accessToken: () => accessToken, renew })

  async function enter(tokens: Tokens): Promise<void> {
    accessToken = tokens.access_token
    await greet()
    expired.value = false
  }

  /** Fetch who has logged in, and how they want things to look. */
  async function greet(): Promise<void> {
    const [found] = await Promise.all([auth.me(), preferences.load()])
    user.value = found
  }

  /** Show anew what has changed of the user. */
  async function reload(): Promise<void> {
    user.value = await auth.me()
  }

  /** Go on with new tokens, after a change that has ended all others. */
  function continueWith(tokens: Tokens): void {
    accessToken = tokens.access_token
  }

  /** Go on with the session of before, if its cookie is still good. */
  async function resume(): Promise<void> {
    if (!(await renew())) return
    try {
      await greet()
    } catch {
      leave()
    }
  }

  async function logIn(name: string, password: string): Promise<void> {
    await enter(await auth.logIn(name, password))
  }

  async function logInWithCode(mfaToken: string, code: string): Promise<void> {
    await enter(await auth.logInWithCode(mfaToken, code))
  }

  /** End the session. Without the network it goes on: the browser would still hold its cookie. */
  async function logOut(): Promise<void> {
    try {
      await auth.logOut()
    } catch (error) {
      if (toProblem(error).isOffline) throw error
    }
    leave()
  }

  /** One renewal at a time: requests that fail together wait for the same one. */
  function renew(): Promise<boolean> {
    renewal ??= askForTokens().finally(() => {
      renewal = null
    })
    return renewal
  }

  async function askForTokens(): Promise<boolean> {
    try {
      accessToken = (await auth.refresh()).access_token
      return true
    } catch (error) {
      // Without the network nothing is known of the session: it is kept.
      if (toProblem(error).isOffline) return false
      if (user.value) expired.value = true
      leave()
      return false
    }
  }

  function leave(): void {
    accessToken = null
    user.value = null
    preferences.forget()
  }

  return {
    user,
    expired,
    isLoggedIn,
    isAdmin,
    mayTrade,
    enter,
    continueWith,
    reload,
    resume,
    logIn,
    logInWithCode,
    logOut,
    leave,
  }
})
