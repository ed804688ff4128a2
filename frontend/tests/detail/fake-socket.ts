/** A WebSocket that does what the test says. */
export class FakeSocket {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly CLOSED = 3
  static made: FakeSocket[] = []

  readyState = FakeSocket.CONNECTING
  readonly sent: { action: string; bot_id?: string }[] = []
  onopen: (() => void) | null = null
  onclose: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null

  constructor(readonly url: string) {
    FakeSocket.made.push(this)
  }

  static get last(): FakeSocket {
    const socket = FakeSocket.made.at(-1)
    if (!socket) throw new Error('no socket was made')
    return socket
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text))
  }

  /** The page lets go of it: the browser tells of that later, if at all. */
  close(): void {
    this.readyState = FakeSocket.CLOSED
  }

  accept(): void {
    this.readyState = FakeSocket.OPEN
    this.onopen?.()
  }

  /** The other end, or the network, ends it. */
  die(): void {
    this.readyState = FakeSocket.CLOSED
    this.onclose?.()
  }

  say(frame: object | string): void {
    this.onmessage?.({ data: typeof frame === 'string' ? frame : JSON.stringify(frame) })
  }

  subscribed(botId: string, seq: number): void {
    this.say({ type: 'subscribed', bot_id: botId, seq })
  }

  count(action: string): number {
    return this.sent.filter((frame) => frame.action === action).length
  }
}
