import { liveTicket, parseFrame, type LiveFrame } from '@/api/live'

export type ConnectionState = 'idle' | 'connecting' | 'live' | 'offline'

/** What a connection tells whoever made it. */
export interface Listener {
  onState: (state: ConnectionState) => void
  onOpen: () => void
  onFrame: (frame: LiveFrame) => void
}

export const FIRST_WAIT = 1000
export const LONGEST_WAIT = 60_000
/** The server forgets subscriptions and ends silent connections after some minutes more. */
export const PING_EVERY = 4 * 60_000
/** A socket that answers nothing for so long is dead, whatever the browser thinks of it. */
export const ANSWER_WITHIN = 10_000

type Timer = ReturnType<typeof setTimeout>

/**
 * A socket that is kept open: comes back by itself after waits that grow, each with a new ticket,
 * and notices when nobody is at the other end any more.
 */
export class LiveConnection {
  private socket: WebSocket | null = null
  private isWanted = false
  /** Raised whenever what is under way no longer counts. */
  private attempt = 0
  private isAsking = false
  private failures = 0
  private retryTimer: Timer | null = null
  private pingTimer: Timer | null = null
  private answerTimer: Timer | null = null

  constructor(
    private readonly address: () => string,
    private readonly listener: Listener,
  ) {}

  open(): void {
    if (!this.address()) return
    this.isWanted = true
    void this.connect()
  }

  close(): void {
    this.isWanted = false
    this.drop()
    this.listener.onState('idle')
  }

  send(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message))
  }

  /** The network or the user is back: don't wait any longer, and see whether the socket lives. */
  hurry(): void {
    if (!this.isWanted) return
    if (this.retryTimer) {
      clearTimeout(this.retryTimer)
      this.retryTimer = null
      this.failures = 0
      void this.connect()
    } else this.ping()
  }

  private async connect(): Promise<void> {
    if (this.socket || this.isAsking || this.retryTimer) return
    const mine = ++this.attempt
    this.isAsking = true
    this.listener.onState('connecting')
    try {
      const { ticket } = await liveTicket()
      if (mine !== this.attempt) return
      this.isAsking = false
      this.use(new WebSocket(`${this.address()}?ticket=${encodeURIComponent(ticket)}`))
    } catch {
      if (mine === this.attempt) this.retry()
    }
  }

  private use(socket: WebSocket): void {
    this.socket = socket
    this.expectAnswer()
    socket.onopen = () => {
      if (this.socket !== socket) return
      this.answered()
      this.pingTimer = setInterval(() => this.ping(), PING_EVERY)
      this.listener.onState('live')
      this.listener.onOpen()
    }
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (this.socket !== socket) return
      this.answered()
      // A server that takes connections and ends them at once is not to be stormed: only one
      // that says something has its failures forgotten.
      this.failures = 0
      const frame = parseFrame(event.data)
      if (frame) this.listener.onFrame(frame)
    }
    socket.onclose = () => {
      if (this.socket === socket) this.retry()
    }
  }

  private ping(): void {
    if (this.socket?.readyState !== WebSocket.OPEN) return
    this.send({ action: 'ping' })
    this.expectAnswer()
  }

  private expectAnswer(): void {
    this.answerTimer ??= setTimeout(() => this.retry(), ANSWER_WITHIN)
  }

  private answered(): void {
    if (this.answerTimer) clearTimeout(this.answerTimer)
    this.answerTimer = null
  }

  private retry(): void {
    this.drop()
    this.listener.onState('offline')
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.failures++)
    // Not everybody at the same moment, when the server has been away.
    const wait = longest * (0.5 + Math.random() / 2)
    this.retryTimer = setTimeout(() => {
      this.retryTimer = null
      void this.connect()
    }, wait)
  }

  /** Let go of the socket, without a word to the listener. */
  private drop(): void {
    this.attempt++
    this.isAsking = false
    this.answered()
    if (this.pingTimer) clearInterval(this.pingTimer)
    if (this.retryTimer) clearTimeout(this.retryTimer)
    this.pingTimer = null
    this.retryTimer = null
    const left = this.socket
    this.socket = null
    left?.close()
  }
}
