import {
  computed,
  onBeforeUnmount,
  onMounted,
  ref,
  toValue,
  watch,
  type MaybeRefOrGetter,
  type ShallowRef,
} from 'vue'

/** Rows drawn beyond what is seen, on either side. */
const SPARE = 12

/** Which of `count` rows of one height are seen; `seenFrom` and `seenTo` are px from their top. */
export function rowsInSight(
  count: number,
  height: number,
  seenFrom: number,
  seenTo: number,
): { first: number; end: number } {
  if (seenTo <= seenFrom) return { first: 0, end: Math.min(count, SPARE) }
  const first = Math.max(0, Math.min(count, Math.floor(seenFrom / height)) - SPARE)
  const end = Math.min(count, Math.max(0, Math.ceil(seenTo / height)) + SPARE)
  return { first: Math.min(first, end), end }
}

/**
 * Draws only those rows of a long list that are in sight of the window and of the box that they
 * scroll in, if any: thousands of rows cost as much as a screenful.
 */
export function useWindowedRows(
  /** What holds all rows: its top is that of the first one. */
  rows: Readonly<ShallowRef<HTMLElement | null>>,
  box: Readonly<ShallowRef<HTMLElement | null>>,
  count: MaybeRefOrGetter<number>,
  rowHeight: MaybeRefOrGetter<number>,
) {
  const first = ref(0)
  const end = ref(Math.min(toValue(count), SPARE * 2))
  let frame = 0

  function look(): void {
    frame = 0
    if (!rows.value) return
    const top = rows.value.getBoundingClientRect().top
    const bounds = box.value?.getBoundingClientRect()
    const seenFrom = Math.max(0, bounds?.top ?? 0) - top
    const seenTo = Math.min(window.innerHeight, bounds?.bottom ?? Infinity) - top
    const seen = rowsInSight(toValue(count), toValue(rowHeight), seenFrom, seenTo)
    first.value = seen.first
    end.value = seen.end
  }

  function lookSoon(): void {
    if (!frame) frame = requestAnimationFrame(look)
  }

  onMounted(() => {
    look()
    // Scrolling does not bubble: caught on its way down it tells of every box around the rows.
    document.addEventListener('scroll', lookSoon, { capture: true, passive: true })
    window.addEventListener('resize', lookSoon, { passive: true })
  })
  onBeforeUnmount(() => {
    cancelAnimationFrame(frame)
    document.removeEventListener('scroll', lookSoon, { capture: true })
    window.removeEventListener('resize', lookSoon)
  })
  watch(() => [toValue(count), toValue(rowHeight)], look, { flush: 'post' })

  return {
    first,
    end,
    before: computed(() => first.value * toValue(rowHeight)),
    after: computed(() => Math.max(0, toValue(count) - end.value) * toValue(rowHeight)),
  }
}
