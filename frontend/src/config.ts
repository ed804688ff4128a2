/** Where this build runs: read at start, so that one build serves every stage. */
export interface RuntimeConfig {
  /** Prefix of the management API, such as `/api/v1`. */
  api_url: string
  /** Address of the live push, empty when there is none. */
  ws_url: string
  stage: string
  version: string
  /** Services that not every deployment has, such as `backtest`: pages of others are not offered. */
  features: readonly string[]
}

let loaded: RuntimeConfig | null = null

/** Fetch `/config.json`; throws when it is not there or not JSON. */
export async function loadConfig(): Promise<RuntimeConfig> {
  const answer = await fetch('/config.json', { cache: 'no-store' })
  if (!answer.ok) throw new Error(`config.json: ${answer.status}`)
  const found = (await answer.json()) as Partial<RuntimeConfig>
  loaded = { api_url: '/api/v1', ws_url: '', stage: '', version: '', features: [], ...found }
  return loaded
}

export function config(): RuntimeConfig {
  if (!loaded) throw new Error('config.json was not loaded')
  return loaded
}
