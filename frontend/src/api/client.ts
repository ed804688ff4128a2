import axios, { type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from 'axios'

import { toProblem } from '@/api/problem'
import { config } from '@/config'

/** What the client needs of whoever keeps the tokens. */
export interface Credentials {
  accessToken: () => string | null
  /** Get a new access token; false when the session is over. */
  renew: () => Promise<boolean>
}

let credentials: Credentials = { accessToken: () => null, renew: () => Promise.resolve(false) }
let instance: AxiosInstance | null = null

export function useCredentials(given: Credentials): void {
  credentials = given
}

function http(): AxiosInstance {
  instance ??= axios.create({ baseURL: config().api_url, timeout: 30_000, withCredentials: true })
  return instance
}

const UNAUTHORIZED = 401
const PUBLIC = /^\/auth\/(login|refresh|register|bootstrap|reset|options)/

/** Send one request; a session that has expired is renewed once. Throws an `ApiProblem`. */
export async function send<T>(request: AxiosRequestConfig): Promise<T> {
  return (await answerTo<T>(request)).data
}

/** As `send`, with the answer's headers. */
export async function answerTo<T>(request: AxiosRequestConfig): Promise<AxiosResponse<T>> {
  try {
    return await attempt<T>(request)
  } catch (error) {
    const problem = toProblem(error)
    const renewable = problem.status === UNAUTHORIZED && !PUBLIC.test(request.url ?? '')
    if (!renewable || !(await credentials.renew())) throw problem
  }
  try {
    return await attempt<T>(request)
  } catch (error) {
    throw toProblem(error)
  }
}

async function attempt<T>(request: AxiosRequestConfig): Promise<AxiosResponse<T>> {
  const token = credentials.accessToken()
  const headers = token ? { Authorization: `Bearer ${token}`, ...request.headers } : request.headers
  return http().request<T>({ ...request, headers })
}

type Query = Record<string, unknown>

export const get = <T>(url: string, params?: Query) => send<T>({ method: 'GET', url, params })
export const put = <T>(url: string, data: unknown) => send<T>({ method: 'PUT', url, data })
export const patch = <T>(url: string, data: unknown) => send<T>({ method: 'PATCH', url, data })
export const remove = (url: string) => send<void>({ method: 'DELETE', url })

export const post = <T>(url: string, data?: unknown, params?: Query) =>
  send<T>({ method: 'POST', url, data, params })

/** A POST that makes or moves something: sent twice, it happens once. */
export const postOnce = <T>(url: string, data?: unknown, params?: Query) =>
  send<T>({
    method: 'POST',
    url,
    data,
    params,
    headers: { 'Idempotency-Key': crypto.randomUUID() },
  })

export interface Page<T> {
  items: T[]
  cursor: string | null
}

/** Every item of a list, page after page; `most` bounds what is fetched. */
export async function all<T>(url: string, params: Query = {}, most = 1000): Promise<T[]> {
  const items: T[] = []
  let cursor: string | null = null
  do {
    const page: Page<T> = await get(url, { limit: 200, ...params, ...(cursor ? { cursor } : {}) })
    items.push(...page.items)
    cursor = page.cursor
  } while (cursor && items.length < most)
  return items
}
