import type { Preferences, User } from '@/api/types'

export const userOf = (changes: Partial<User> = {}): User => ({
  id: '01KV3ZN0A7B5C3D1E9F8G6H4J2',
  username: 'ada',
  email: 'ada@example.com',
  role: 'user',
  is_active: true,
  totp_enabled: false,
  recovery_codes_left: 0,
  created_at: '2026-01-31T12:00:00.000Z',
  updated_at: '2026-01-31T12:00:00.000Z',
  ...changes,
})

export const preferencesOf = (changes: Partial<Preferences> = {}): Preferences => ({
  language: 'auto',
  theme: 'auto',
  time_zone_display: 'local',
  profit_colours: 'green_up',
  default_exchange_account_id: null,
  page_size: 50,
  bot_defaults: {},
  ladder_templates: [],
  confirmations: { start: true, pause: true, stop: true, close: true, edit: true },
  version: 1,
  updated_at: null,
  ...changes,
})
