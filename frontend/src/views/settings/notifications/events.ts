import type { EventKind } from '@/api/types'

/** Every kind of event, the urgent ones first. */
export const EVENTS: readonly EventKind[] = [
  'error',
  'broken_pair',
  'leg_failure',
  'liquidation_guard',
  'stop_loss',
  'held_up',
  'paused',
  'close',
  'fill',
]

/** Those after which somebody has to look: bots go on by themselves after the others. */
export const URGENT: readonly EventKind[] = EVENTS.slice(0, 7)
