import { isAxiosError } from 'axios'

export interface FieldError {
  field: string
  message: string
}

/** What the API says went wrong (RFC 9457), or why it could not be asked. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'

  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors: readonly FieldError[] = [],
    readonly requestId = '',
    /** Members of this one problem alone, such as `mfa_token`. */
    readonly extra: Readonly<Record<string, unknown>> = {},
    /** Seconds to wait before trying again, 0 when not said. */
    readonly retryAfter = 0,
  ) {
    super(`${code}: ${detail}`)
  }

  /** Whether the network, not the API, is at fault. */
  get isOffline(): boolean {
    return this.status === 0
  }

  fieldMessage(field: string): string | undefined {
    return this.errors.find((error) => error.field === field)?.message
  }
}

interface ProblemBody {
  code?: string
  detail?: string
  errors?: FieldError[]
  request_id?: string
  [name: string]: unknown
}

const KNOWN = new Set(['type', 'title', 'status', 'detail', 'code', 'request_id', 'errors'])

/** Turn whatever was thrown by a request into a problem. */
export function toProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error
  if (!isAxiosError(error) || !error.response) return new ApiProblem(0, 'offline', '')
  const { status, data, headers } = error.response
  const body: ProblemBody = typeof data === 'object' && data !== null ? data : {}
  const extra = Object.fromEntries(Object.entries(body).filter(([name]) => !KNOWN.has(name)))
  return new ApiProblem(
    status,
    body.code ?? `http_${status}`,
    body.detail ?? '',
    body.errors ?? [],
    body.request_id ?? '',
    extra,
    Number(headers['retry-after']) || 0,
  )
}
