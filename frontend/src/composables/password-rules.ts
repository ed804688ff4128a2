export const SHORTEST_PASSWORD = 10
export const LONGEST_PASSWORD = 128

export type PasswordFault = 'short' | 'long' | 'holdsName' | 'repeated'

/** What the API would refuse `password` for, as far as that is known here. */
export function passwordFaults(password: string, username = ''): PasswordFault[] {
  const faults: PasswordFault[] = []
  const characters = [...password]
  const folded = password.toLowerCase()
  if (characters.length < SHORTEST_PASSWORD) faults.push('short')
  if (characters.length > LONGEST_PASSWORD) faults.push('long')
  if (username && folded.includes(username.toLowerCase())) faults.push('holdsName')
  if (new Set(folded).size <= 2) faults.push('repeated')
  return faults
}

/** 0 (refused) to 4: how long guessing would take, from its length and the kinds of characters. */
export function passwordStrength(password: string, username = ''): number {
  if (passwordFaults(password, username).length) return 0
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/].filter((kind) => kind.test(password))
  const bits = new Set(password).size * (1.5 + kinds.length)
  return [25, 40, 55].filter((limit) => bits >= limit).length + 1
}
