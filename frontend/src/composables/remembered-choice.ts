import { ref, watch, type Ref } from 'vue'

/** One of a few ways to show a page, kept in this browser; the first one unless chosen otherwise. */
export function useRememberedChoice<Choice extends string>(
  key: string,
  choices: readonly [Choice, ...Choice[]],
): Ref<Choice> {
  const chosen = ref(choices[0]) as Ref<Choice>
  try {
    const kept = localStorage.getItem(key)
    chosen.value = choices.find((choice) => choice === kept) ?? choices[0]
  } catch {
    // A browser that keeps nothing shows the page as it was made.
  }
  watch(chosen, (choice) => {
    try {
      localStorage.setItem(key, choice)
    } catch {
      // As above.
    }
  })
  return chosen
}
