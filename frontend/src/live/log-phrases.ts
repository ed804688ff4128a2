import type { LogLine } from '@/api/types'

type Meaning = 'plain' | 'amount' | 'text' | 'hold' | 'reason' | 'purpose' | 'side'

/** A text of the log taken apart: which text it is, and what its blanks hold. */
export interface Phrase {
  key: string
  values: string[]
  /** How the values are to be said. */
  meanings: readonly Meaning[]
}

/** Every text that the bot writes; the API has them in English alone. */
const PHRASES: readonly (readonly [RegExp, string, ...Meaning[]])[] = [
  [/^level (\d+) opened$/, 'opened'],
  [/^level (\d+) added$/, 'added'],
  [/^level (\d+) not filled$/, 'notFilled'],
  [/^level (\d+) not filled: (.+)$/, 'notFilledWhy', 'plain', 'text'],
  [/^a part of level (\d+) was taken back: .+$/, 'takenBack'],
  [/^cycle (\d+) closed: (\w+)$/, 'cycleClosed', 'plain', 'reason'],
  [/^(?:entry|close) could not be brought to an end, the legs differ$/, 'unbalanced'],
  [
    /^(entry|rest|unwind|close): (buy|sell) (\S+) ([\w-]+)$/,
    'order',
    'purpose',
    'side',
    'amount',
    'plain',
  ],
  [
    /^(entry|rest|unwind|close): (buy|sell) (\S+) ([\w-]+), refused: (.+)$/,
    'orderRefused',
    'purpose',
    'side',
    'amount',
    'plain',
    'plain',
  ],
  [/^row (\d+) skipped: it would lift the position over its cap$/, 'overCap'],
  [/^held up: the account can't be read: (\w+)$/, 'heldUpReading', 'hold'],
  [/^held up: (.+)$/, 'heldUp'],
  [/^orders not found were given up: .+$/, 'givenUp'],
  [/^entry not made: (.+)$/, 'notMade', 'text'],
  [/^exchange accepted: (.+)$/, 'accepted', 'text'],
  [/^Started$/, 'started'],
  [/^Started with the position handed over$/, 'adopted'],
  [/^Paused$/, 'paused'],
  [/^Stopped$/, 'stopped'],
  [/^Close asked for$/, 'closeAsked'],
  [/^Stop asked for: close$/, 'stopCloseAsked'],
  [/^Stop asked for: leave$/, 'stopLeaveAsked'],
  [/^Kill asked for: (.+)$/, 'killAsked'],
  [/^Resolve asked for: accept_exchange$/, 'resolveAcceptAsked'],
  [/^Resolve asked for: close$/, 'resolveCloseAsked'],
  [/^Start undone: no schedule$/, 'startUndone'],
  [/^([A-Z0-9-]+) can't be traded now$/, 'notTradable'],
  [/^row (\d+) is below the minimum of ([A-Z0-9-]+)$/, 'belowMinimum'],
  [/^row (\d+) is above the maximum of ([A-Z0-9-]+)$/, 'aboveMaximum'],
  [/^the legs differ by (\S+) % after rounding to lot steps$/, 'legsDiffer'],
  [/^row (\d+) needs (\S+) (\S+) of margin, (\S+) are free$/, 'marginMissing'],
  [
    /^([A-Z0-9-]+) allows a leverage of (\d+) up to (\S+) (\S+), the whole ladder comes to (\S+)$/,
    'leverageLimit',
  ],
  [/^([A-Z0-9-]+): books (\S+), exchange (\S+)$/, 'books'],
  [/^nothing differed$/, 'nothingDiffered'],
]

/** Take a text of the log apart, null when it is none that is known. */
export function readLogText(text: string, details: LogLine['details'] = {}): Phrase | null {
  if (text.startsWith('entry held back: ') && typeof details.reason === 'string') {
    return { key: 'heldBack', values: [details.reason], meanings: ['hold'] }
  }
  for (const [pattern, key, ...meanings] of PHRASES) {
    const found = pattern.exec(text)
    if (found) return { key, values: found.slice(1), meanings }
  }
  return null
}
