import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'

import { ApiProblem } from '@/api/problem'
import { killMine } from '@/api/risk'
import type { Killed } from '@/api/types'
import { i18n } from '@/i18n'
import KillDialog from '@/views/settings/risk/KillDialog.vue'

vi.mock('@/api/risk')

const KILLED: Killed = {
  halted: true,
  lifting: 'PUT /api/v1/risk',
  items: [],
  counts: { commanded: 0, stopped: 0, already_stopped: 0, failed: 0 },
  cursor: null,
}

async function open() {
  const dialog = mount(KillDialog, {
    global: { plugins: [i18n], stubs: { teleport: true, transition: true } },
  })
  await flushPromises()
  return dialog
}

async function confirm(dialog: Awaited<ReturnType<typeof open>>, word: string) {
  await dialog.findAll('input').at(0)?.setValue(' markets are mad ')
  await dialog.findAll('input').at(1)?.setValue(word)
  await dialog.get('form').trigger('submit')
  await flushPromises()
}

beforeEach(() => {
  vi.resetAllMocks()
  setActivePinia(createPinia())
  i18n.global.locale.value = 'en'
})

describe('the kill switch', () => {
  it.each(['', 'KIL', 'yes', 'KILL ALL'])('does nothing for %j', async (word) => {
    await confirm(await open(), word)
    expect(killMine).not.toHaveBeenCalled()
  })

  it('kills once the word was typed', async () => {
    vi.mocked(killMine).mockResolvedValue(KILLED)
    const dialog = await open()
    await confirm(dialog, ' kill ')
    expect(killMine).toHaveBeenCalledExactlyOnceWith('markets are mad', expect.any(Function))
    expect(dialog.emitted('done')).toEqual([[KILLED]])
  })

  it('says what it does before', async () => {
    expect((await open()).text()).toContain('Every bot closes both legs at market')
  })

  it('stays open, and may be tried again, when it fails', async () => {
    vi.mocked(killMine).mockRejectedValue(new ApiProblem(0, 'offline', ''))
    const dialog = await open()
    await confirm(dialog, 'KILL')
    expect(dialog.text()).toContain('The API cannot be reached.')
    expect(dialog.emitted('done')).toBeUndefined()
    await dialog.get('form').trigger('submit')
    expect(killMine).toHaveBeenCalledTimes(2)
  })
})
