import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, ref, type Ref } from 'vue'

import * as api from '@/api/bots'
import { ApiProblem } from '@/api/problem'
import type { Bot, Preferences, User } from '@/api/types'
import {
  ACTIONS,
  actionsFor,
  consequenceKey,
  isDecided,
  useBotActions,
  type BotMove,
} from '@/composables/bot-actions'
import en from '@/locales/en'
import zhCn from '@/locales/zh-CN'
import { usePreferences } from '@/stores/preferences'
import { useSession } from '@/stores/session'

vi.mock('@/api/bots')
vi.mock('element-plus', () => ({ ElMessage: vi.fn() }))
vi.mock('vue-i18n', async (original) => ({
  ...(await original<object>()),
  useI18n: () => ({ t: (key: string) => key, te: () => false }),
}))

const POSITION = { invested: '200' } as Bot['position']

function bot(changes: Partial<Bot> = {}): Bot {
  return {
    id: 'b1',
    bot_name: 'one',
    status: 'running',
    position: null,
    handed_over: null,
    pending_command: null,
    deleted_at: null,
    market1_symbol: 'GALA-USDT',
    market2_symbol: 'CHZ-USDT',
    ...changes,
  } as Bot
}

describe('what can be done to a bot', () => {
  it.each([
    ['stopped', {}, ['start', 'clone', 'export', 'delete']],
    ['running', {}, ['pause', 'stop', 'kill', 'clone', 'export']],
    ['running', { position: POSITION }, ['pause', 'close', 'stop', 'kill', 'clone', 'export']],
    ['paused', { position: POSITION }, ['start', 'close', 'stop', 'kill', 'clone', 'export']],
    ['error', { position: POSITION }, ['resolve', 'close', 'stop', 'kill', 'clone', 'export']],
    ['stopping', { position: POSITION }, ['kill', 'clone', 'export']],
    [
      'running',
      { position: POSITION, pending_command: 'close' },
      ['pause', 'stop', 'kill', 'clone', 'export'],
    ],
    ['stopped', { deleted_at: '2026-01-01T00:00:00Z' }, []],
  ] as const)('%s %j', (status, changes, actions) => {
    expect(actionsFor(bot({ status, ...(changes as Partial<Bot>) }), true)).toEqual(actions)
  })

  it('is looking alone without the right to trade', () => {
    expect(actionsFor(bot({ position: POSITION }), false)).toEqual(['export'])
  })
})

describe('the confirmation', () => {
  function textAt(texts: object, key: string): unknown {
    return key.split('.').reduce<unknown>((found, part) => (found as never)?.[part], texts)
  }

  const states: Bot[] = [
    bot(),
    bot({ position: POSITION }),
    bot({ status: 'stopped', handed_over: [] }),
  ]
  const moves = ACTIONS.filter((action): action is BotMove => action !== 'export')

  it.each(moves)('says in both languages what %s will do, whatever the bot holds', (move) => {
    for (const state of states) {
      for (const texts of [en, zhCn]) {
        expect(textAt(texts, consequenceKey(move, state))).toBeTypeOf('string')
        expect(textAt(texts, `bots.actions.${move}.title`)).toBeTypeOf('string')
        expect(textAt(texts, `bots.actions.${move}.done`)).toBeTypeOf('string')
      }
    }
  })

  it('tells an open position from none', () => {
    expect(consequenceKey('stop', bot())).toBe('bots.actions.stop.text')
    expect(consequenceKey('stop', bot({ position: POSITION }))).toBe('bots.actions.stop.textOpen')
    expect(consequenceKey('start', bot({ handed_over: [] }))).toBe(
      'bots.actions.start.textHandedOver',
    )
  })

  it('wants to know what becomes of an open position', () => {
    const choice = { adopt: false, name: '' }
    expect(isDecided('stop', bot(), choice)).toBe(true)
    expect(isDecided('stop', bot({ position: POSITION }), choice)).toBe(false)
    expect(isDecided('stop', bot({ position: POSITION }), { ...choice, position: 'leave' })).toBe(
      true,
    )
    expect(isDecided('resolve', bot(), choice)).toBe(false)
  })
})

describe('moving a bot', () => {
  let subject: Ref<Bot>
  const done = vi.fn()

  function actions() {
    const made = effectScope().run(() => useBotActions(subject, done))
    if (!made) throw new Error('no actions')
    return made
  }

  function confirmations(changes: Partial<Preferences['confirmations']>): void {
    const all = { start: true, pause: true, stop: true, close: true, edit: true }
    usePreferences().stored = { confirmations: { ...all, ...changes } } as Preferences
  }

  beforeEach(() => {
    vi.resetAllMocks()
    setActivePinia(createPinia())
    useSession().user = { id: 'u', role: 'user' } as User
    subject = ref(bot())
  })

  it('asks first, then does it and hands the bot back', async () => {
    const paused = bot({ status: 'paused' })
    vi.mocked(api.pauseBot).mockResolvedValue(paused)
    const { ask, asked, carryOut } = actions()
    await ask('pause')
    expect(asked.value).toBe('pause')
    expect(api.pauseBot).not.toHaveBeenCalled()
    await carryOut('pause', { adopt: false, name: '' })
    expect(asked.value).toBeNull()
    expect(done).toHaveBeenCalledWith('pause', paused)
  })

  it('does not ask what the user does not want to be asked', async () => {
    confirmations({ pause: false })
    vi.mocked(api.pauseBot).mockResolvedValue(bot({ status: 'paused' }))
    const { ask, asked } = actions()
    await ask('pause')
    expect(asked.value).toBeNull()
    expect(api.pauseBot).toHaveBeenCalledOnce()
  })

  it('asks for a choice even of users who want no questions', async () => {
    confirmations({ stop: false, start: false })
    subject.value = bot({ position: POSITION })
    const { ask, asked } = actions()
    await ask('stop')
    expect(asked.value).toBe('stop')
    subject.value = bot({ status: 'stopped', handed_over: [] })
    await ask('start')
    expect(asked.value).toBe('start')
    expect(api.stopBot).not.toHaveBeenCalled()
  })

  it('adopts only what was handed over', async () => {
    vi.mocked(api.startBot).mockResolvedValue(bot())
    const { carryOut } = actions()
    await carryOut('start', { adopt: true, name: '' })
    expect(api.startBot).toHaveBeenLastCalledWith('b1', false)
    subject.value = bot({ status: 'stopped', handed_over: [] })
    await carryOut('start', { adopt: true, name: '' })
    expect(api.startBot).toHaveBeenLastCalledWith('b1', true)
  })

  it('stays open with the problem when the API refuses', async () => {
    const refusal = new ApiProblem(409, 'symbol_claimed', 'taken')
    vi.mocked(api.startBot).mockRejectedValue(refusal)
    const { ask, asked, carryOut, problem } = actions()
    await ask('start')
    await carryOut('start', { adopt: false, name: '' })
    expect(asked.value).toBe('start')
    expect(problem.value).toBe(refusal)
    expect(done).not.toHaveBeenCalled()
  })
})
