/** The API's objects by short names; their shapes are generated from `openapi.json`. */
import type { components, operations } from '@/api/schema'

type Schemas = components['schemas']

export type User = Schemas['UserResponse']
export type Session = Schemas['SessionResponse']
export type ApiToken = Schemas['ApiTokenResponse']
export type NewApiToken = Schemas['NewApiTokenResponse']
export type TotpEnrolment = Schemas['TotpEnrolResponse']
export type RecoveryCodes = Schemas['RecoveryCodesResponse']
export type LoginOptions = Schemas['LoginOptions']
export type Tokens = Schemas['TokenResponse']

export type Bot = Schemas['BotResponse']
export type UpdatedBot = Schemas['BotUpdateResponse']
export type BotSettings = Schemas['BotSettings']
export type BotDocument = Schemas['BotDocument']
export type BotDefaults = Schemas['BotDefaults-Output']
export type ExchangeName = Schemas['ExchangeName']
export type BotPreview = Schemas['BotPreviewResponse']
export type PairSpread = Schemas['PairSpreadResponse']
export type PairSpreadPoint = Schemas['PairSpreadPoint']
export type DcaRow = Schemas['DcaRow']
export type Order = Schemas['OrderResponse']
export type NamedOrder = Schemas['NamedOrderResponse']
export type Position = Schemas['PositionResponse']
export type Cycle = Schemas['CycleResponse']
export type NamedCycle = Schemas['NamedCycleResponse']
export type LogLine = Schemas['LogResponse']
export type SpreadPoint = Schemas['SpreadPointResponse']
export type BotStats = Schemas['StatsResponse']
export type BotRisk = Schemas['BotRiskResponse']

export type ExchangeAccount = Schemas['AccountResponse']
export type AccountCreate = Schemas['AccountCreate']
export type AccountUpdate = Schemas['AccountUpdate']
export type AccountTest = Schemas['AccountTestResponse']
export type Balance = Schemas['BalanceResponse']
export type MarketSymbol = Schemas['SymbolResponse']

export type Backtest = Schemas['BacktestResponse']
/** What has a default is required in answers, but may be left out of requests. */
export type BacktestCreate = Pick<Schemas['BacktestCreate'], 'settings' | 'from' | 'to'> &
  Partial<Omit<Schemas['BacktestCreate'], 'terms'>> & { terms?: Partial<Schemas['TermsRequest']> }
export type BacktestSummary = Schemas['BacktestSummary']
export type Analysis = Schemas['AnalysisResponse']
export type AnalysisCreate = Pick<
  Schemas['AnalysisCreate'],
  'kind' | 'exchange_account_id' | 'symbols' | 'from' | 'to'
> &
  Partial<Omit<Schemas['AnalysisCreate'], 'filters'>> & {
    filters?: Partial<Schemas['FinderFilters']>
  }
export type FinderFilters = Schemas['FinderFilters']
export type ResultAddress = Schemas['ResultResponse']

export type Dashboard = Schemas['DashboardResponse']
export type Risk = Schemas['RiskResponse']
export type RiskUpdate = Partial<Schemas['RiskUpdate']>
export type StackRisk = Schemas['StackRiskResponse']
export type Killed = Schemas['KillResponse']
export type Preferences = Schemas['PreferencesResponse']
/** What has a default is required in answers, but may be left out of requests. */
export type PreferencesUpdate = Partial<Schemas['PreferencesUpdate']>
export type LadderTemplate = Schemas['LadderTemplate-Output']
export type Confirmations = Schemas['Confirmations']
export type EventKind = Schemas['EventKind']
export type Channel = Schemas['ChannelResponse']
export type NewChannel = Schemas['NewChannelResponse']
export type ChannelCreate = Pick<Schemas['ChannelCreate'], 'kind'> &
  Partial<Schemas['ChannelCreate']>
export type ChannelUpdate = Schemas['ChannelUpdate']
export type AuditEntry = Schemas['AuditResponse']
export type AdminUser = Schemas['AdminUserResponse']
export type Health = Schemas['HealthResponse']
export type KillCounts = Schemas['KillCounts']
export type KillLine = Schemas['KillLineResponse']
export type AdminBot = Schemas['AdminBotResponse']
export type UserReset = Schemas['UserResetResponse']

export type Query<Name extends keyof operations> = operations[Name]['parameters'] extends {
  query?: infer Q
}
  ? NonNullable<Q>
  : never
