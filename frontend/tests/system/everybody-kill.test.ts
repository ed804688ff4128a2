import { beforeEach, describe, expect, it, vi } from 'vitest'

import { postOnce } from '@/api/client'
import { ApiProblem } from '@/api/problem'
import type { Killed, KillLine } from '@/api/types'
import { useEverybodyKill } from '@/views/system/everybody-kill'

vi.mock('@/api/client', () => ({ postOnce: vi.fn() }))
const post = vi.mocked(postOnce)

function line(bot_id: string, outcome: KillLine['outcome'] = 'commanded'): KillLine {
  return { bot_id, user_id: 'u', outcome, code: null }
}

function answer(items: KillLine[], cursor: string | null, halted = true): Killed {
  const counts = { already_stopped: 0, commanded: 0, failed: 0, stopped: 0 }
  return { items, cursor, halted, counts, lifting: '' }
}

describe('killing everybody', () => {
  beforeEach(() => post.mockReset())

  it('goes on until the answer has no cursor', async () => {
    post
      .mockResolvedValueOnce(answer([line('a')], 'next'))
      .mockResolvedValueOnce(answer([line('b', 'failed')], null, false))
    const kill = useEverybodyKill()
    await kill.begin('exchange is down')
    expect(post.mock.calls.map(([, body]) => body)).toEqual([
      { scope: 'all', position: 'close', reason: 'exchange is down', cursor: null },
      { scope: 'all', position: 'close', reason: 'exchange is down', cursor: 'next' },
    ])
    expect(kill.counts.value).toEqual({ commanded: 1, failed: 1 })
    expect(kill.isDone.value).toBe(true)
    expect(kill.isHalted.value).toBe(false)
  })

  it('keeps what is done when it breaks, and goes on from there', async () => {
    post
      .mockResolvedValueOnce(answer([line('a')], 'next'))
      .mockRejectedValueOnce(new ApiProblem(0, 'offline', ''))
    const kill = useEverybodyKill()
    await kill.begin('')
    expect(kill.problem.value?.code).toBe('offline')
    expect(kill.isDone.value).toBe(false)
    post.mockResolvedValueOnce(answer([line('b')], null))
    await kill.goOn()
    expect(post).toHaveBeenLastCalledWith('/kill', expect.objectContaining({ cursor: 'next' }))
    expect(kill.lines.value.map((each) => each.bot_id)).toEqual(['a', 'b'])
    expect(kill.problem.value).toBeNull()
    expect(kill.isDone.value).toBe(true)
  })
})
