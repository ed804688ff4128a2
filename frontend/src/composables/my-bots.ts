import { all } from '@/api/client'
import type { Bot } from '@/api/types'

export type Mode = Bot['mode']
export const MODES: readonly Mode[] = ['live', 'sandbox', 'paper']

/** All of the user's bots, as lists and choices need them; deleted ones too if asked for. */
export async function fetchBots(withDeleted = false): Promise<Bot[]> {
  const lists = [all<Bot>('/bots')]
  if (withDeleted) lists.push(all<Bot>('/bots', { deleted: true }))
  return (await Promise.all(lists)).flat()
}

/** The mode to show first: where bots run, else where there are some; real money before play. */
export function likeliestMode(bots: readonly Pick<Bot, 'mode' | 'status'>[]): Mode {
  const running = bots.filter((bot) => bot.status === 'running')
  const candidates = running.length ? running : bots
  return MODES.find((mode) => candidates.some((bot) => bot.mode === mode)) ?? 'paper'
}

export function isMode(text: string): text is Mode {
  return (MODES as readonly string[]).includes(text)
}

/** The currency that all these bots reckon in; empty when they differ or there are none. */
export function commonQuote(bots: readonly Pick<Bot, 'market1_symbol'>[]): string {
  const quotes = new Set(bots.map((bot) => bot.market1_symbol.split('-')[1] ?? ''))
  return quotes.size === 1 ? ([...quotes][0] ?? '') : ''
}
