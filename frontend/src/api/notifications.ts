import { all, patch, post, remove } from '@/api/client'
import type { Channel, ChannelCreate, ChannelUpdate, NewChannel } from '@/api/types'

const BASE = '/notifications/channels'

export const channels = () => all<Channel>(BASE)
export const addChannel = (channel: ChannelCreate) => post<NewChannel>(BASE, channel)
export const changeChannel = (id: string, changes: ChannelUpdate) =>
  patch<Channel>(`${BASE}/${id}`, changes)
export const deleteChannel = (id: string) => remove(`${BASE}/${id}`)
export const testChannel = (id: string) => post<void>(`${BASE}/${id}/test`)
export const sendChannelCode = (id: string) => post<void>(`${BASE}/${id}/verification`)
export const verifyChannel = (id: string, code: string) =>
  post<Channel>(`${BASE}/${id}/verify`, { code })
export const renewSigningSecret = (id: string) => post<NewChannel>(`${BASE}/${id}/secret`)
