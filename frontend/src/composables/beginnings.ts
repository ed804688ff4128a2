import type { LocationQuery } from 'vue-router'

import { bot as fetchBot } from '@/api/bots'
import { backtest as fetchBacktest } from '@/api/research'
import type { BotSettings, Preferences } from '@/api/types'
import { rememberedDraft } from '@/composables/bot-draft'
import { filtersOf } from '@/composables/url-filters'
import {
  againAs,
  freshBacktest,
  NAMELESS,
  type AskedRun,
  type BacktestForm,
} from '@/research/backtest-form'
import { freshForm, toForm, withDefaults, type BotForm } from '@/strategy/bot-form'

/** What an address says a form shall begin with: another page has sent the user here. */
const SOURCES = ['bot', 'run', 'draft', 'account', 'market1', 'market2'] as const

export interface Beginning {
  bot: BotForm
  run: BacktestForm
}

/** The form with what the user's settings say of new bots. */
export function usualForm(wanted: Preferences | null, now: number): BotForm {
  const fresh = freshForm(now)
  if (!wanted) return fresh
  return {
    ...withDefaults(fresh, wanted.bot_defaults),
    exchange_account_id: wanted.default_exchange_account_id ?? '',
  }
}

/** Whether the address asks for anything. */
export function saysBeginning(query: LocationQuery): boolean {
  return Object.values(filtersOf(query, SOURCES)).some(Boolean)
}

/**
 * The forms that `query` asks for, null if for nothing: the settings of a bot (`bot`), of a
 * backtest (`run`), of the wizard's draft (`draft`), or a pair of an account.
 * Throws an `ApiProblem` where the bot or backtest can't be had.
 */
export async function beginningOf(
  query: LocationQuery,
  userId: string,
  usual: BotForm,
  now: number,
): Promise<Beginning | null> {
  const asked = filtersOf(query, SOURCES)
  if (asked.bot) return { bot: toForm(await fetchBot(asked.bot), now), run: freshBacktest(now) }
  if (asked.run) {
    const run = await fetchBacktest(asked.run)
    return { bot: named(run.settings as BotSettings, now), run: againAs(run as AskedRun, now) }
  }
  if (asked.draft) {
    const draft = rememberedDraft(userId)
    return draft && { bot: draft.form, run: freshBacktest(now) }
  }
  if (!asked.account && !asked.market1) return null
  const pair = {
    exchange_account_id: asked.account || usual.exchange_account_id,
    market1_symbol: asked.market1,
    market2_symbol: asked.market2,
  }
  return { bot: { ...usual, ...pair }, run: freshBacktest(now) }
}

/** Settings of a run as a form; the name that stands for none is dropped. */
function named(settings: BotSettings, now: number): BotForm {
  const form = toForm(settings, now)
  return form.bot_name === NAMELESS ? { ...form, bot_name: '' } : form
}
