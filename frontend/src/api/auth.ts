import { all, get, patch, post, put, remove, send } from '@/api/client'
import type {
  ApiToken,
  LoginOptions,
  NewApiToken,
  Preferences,
  PreferencesUpdate,
  RecoveryCodes,
  Session,
  Tokens,
  TotpEnrolment,
  User,
} from '@/api/types'

/** Browsers get the refresh token in a cookie that no script can read. */
const IN_COOKIE = { 'X-Refresh-Token': 'cookie' }

export const options = () => get<LoginOptions>('/auth/options')
export const me = () => get<User>('/users/me')
export const changeMe = (changes: { email: string }) => patch<User>('/users/me', changes)

export const register = (username: string, email: string, password: string) =>
  post<User>('/auth/register', { username, email, password })

export const bootstrap = (token: string, username: string, email: string, password: string) =>
  post<User>('/auth/bootstrap', { token, username, email, password })

export const logIn = (username: string, password: string) =>
  send<Tokens>({
    method: 'POST',
    url: '/auth/login',
    data: new URLSearchParams({ username, password }),
    headers: IN_COOKIE,
  })

export const logInWithCode = (mfaToken: string, code: string) =>
  send<Tokens>({
    method: 'POST',
    url: '/auth/login/totp',
    data: { mfa_token: mfaToken, code },
    headers: IN_COOKIE,
  })

export const refresh = () => post<Tokens>('/auth/refresh')
export const logOut = () => post<void>('/auth/logout')
export const logOutEverywhere = () => post<void>('/auth/logout-everywhere')

export const changePassword = (current: string, fresh: string) =>
  send<Tokens>({
    method: 'POST',
    url: '/auth/password',
    data: { current_password: current, new_password: fresh },
    headers: IN_COOKIE,
  })

export const redeemReset = (token: string, fresh: string) =>
  post<void>('/auth/reset', { token, new_password: fresh })

export const sessions = () => all<Session>('/auth/sessions')
export const endSession = (id: string) => remove(`/auth/sessions/${id}`)

export const enrolTotp = (password: string) => post<TotpEnrolment>('/auth/totp', { password })
export const verifyTotp = (code: string) => post<RecoveryCodes>('/auth/totp/verify', { code })
export const disableTotp = (password: string, code: string) =>
  post<void>('/auth/totp/disable', { password, code })
export const renewRecoveryCodes = (password: string, code: string) =>
  post<RecoveryCodes>('/auth/totp/recovery-codes', { password, code })

export const apiTokens = () => all<ApiToken>('/auth/tokens')
export const createApiToken = (name: string, scope: string, expiresInDays: number | null) =>
  post<NewApiToken>('/auth/tokens', { name, scope, expires_in_days: expiresInDays })
export const deleteApiToken = (id: string) => remove(`/auth/tokens/${id}`)

export const preferences = () => get<Preferences>('/settings')
export const changePreferences = (changes: PreferencesUpdate) =>
  put<Preferences>('/settings', changes)
