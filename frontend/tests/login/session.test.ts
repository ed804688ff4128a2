import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import * as auth from '@/api/auth'
import { useCredentials, type Credentials } from '@/api/client'
import { ApiProblem } from '@/api/problem'
import { useSession } from '@/stores/session'
import { preferencesOf, userOf } from '../settings/people'

vi.mock('@/api/auth')
vi.mock('@/api/client', () => ({ useCredentials: vi.fn() }))

const TOKENS = { access_token: 'access-1', token_type: 'bearer', expires_in: 900 }
const OFFLINE = new ApiProblem(0, 'offline', '')
const OVER = new ApiProblem(401, 'invalid_refresh_token', '')

function credentials(): Credentials {
  const call = vi.mocked(useCredentials).mock.lastCall
  if (!call) throw new Error('the session lends nothing')
  return call[0]
}

beforeEach(() => {
  vi.resetAllMocks()
  localStorage.clear()
  setActivePinia(createPinia())
  vi.mocked(auth.me).mockResolvedValue(userOf())
  vi.mocked(auth.preferences).mockResolvedValue(preferencesOf())
  vi.mocked(auth.logIn).mockResolvedValue(TOKENS)
  vi.mocked(auth.refresh).mockResolvedValue({ ...TOKENS, access_token: 'access-2' })
})

describe('a session', () => {
  it('begins with a login and lends its token', async () => {
    const session = useSession()
    await session.logIn('ada', 'secret')
    expect(session.user?.username).toBe('ada')
    expect(credentials().accessToken()).toBe('access-1')
  })

  it('leaves no token in the storage of the browser', async () => {
    await useSession().logIn('ada', 'secret')
    expect(JSON.stringify({ ...localStorage, ...sessionStorage })).not.toContain('access-1')
  })

  it('is renewed once for all requests that fail together', async () => {
    await useSession().logIn('ada', 'secret')
    const { renew, accessToken } = credentials()
    const renewals = await Promise.all([renew(), renew(), renew()])
    expect(renewals).toEqual([true, true, true])
    expect(auth.refresh).toHaveBeenCalledTimes(1)
    expect(accessToken()).toBe('access-2')
    await renew()
    expect(auth.refresh).toHaveBeenCalledTimes(2)
  })

  it('outlives a network that is gone', async () => {
    const session = useSession()
    await session.logIn('ada', 'secret')
    vi.mocked(auth.refresh).mockRejectedValue(OFFLINE)
    expect(await credentials().renew()).toBe(false)
    expect(session.isLoggedIn).toBe(true)
    expect(session.expired).toBe(false)
    expect(credentials().accessToken()).toBe('access-1')
  })

  it('says that it has ended when its renewal is refused', async () => {
    const session = useSession()
    await session.logIn('ada', 'secret')
    vi.mocked(auth.refresh).mockRejectedValue(OVER)
    expect(await credentials().renew()).toBe(false)
    expect(session.isLoggedIn).toBe(false)
    expect(session.expired).toBe(true)
    expect(credentials().accessToken()).toBeNull()
    await session.logIn('ada', 'secret')
    expect(session.expired).toBe(false)
  })

  it('has not ended for somebody who was never logged in', async () => {
    vi.mocked(auth.refresh).mockRejectedValue(OVER)
    const session = useSession()
    await session.resume()
    expect(session.isLoggedIn).toBe(false)
    expect(session.expired).toBe(false)
  })

  it('goes on from the cookie of before', async () => {
    const session = useSession()
    await session.resume()
    expect(session.user?.username).toBe('ada')
    expect(credentials().accessToken()).toBe('access-2')
  })

  it('ends with a logout, even one that the API fails at', async () => {
    const session = useSession()
    await session.logIn('ada', 'secret')
    vi.mocked(auth.logOut).mockRejectedValue(new ApiProblem(500, 'internal_error', ''))
    await session.logOut()
    expect(session.isLoggedIn).toBe(false)
  })

  it('does not pretend to end while the cookie can’t be taken back', async () => {
    const session = useSession()
    await session.logIn('ada', 'secret')
    vi.mocked(auth.logOut).mockRejectedValue(OFFLINE)
    await expect(session.logOut()).rejects.toBe(OFFLINE)
    expect(session.isLoggedIn).toBe(true)
  })

  it('knows what its user may do', async () => {
    vi.mocked(auth.me).mockResolvedValue(userOf({ role: 'read_only' }))
    const session = useSession()
    await session.logIn('ada', 'secret')
    expect([session.isAdmin, session.mayTrade]).toEqual([false, false])
    vi.mocked(auth.me).mockResolvedValue(userOf({ role: 'admin' }))
    await session.reload()
    expect([session.isAdmin, session.mayTrade]).toEqual([true, true])
  })
})
