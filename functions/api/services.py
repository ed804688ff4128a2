"""The parts of the application that endpoints call."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from functions.api.accounts.accounts import Accounts
    from functions.api.bots.bot_commands import BotCommands
    from functions.api.bots.bot_documents import BotDocuments
    from functions.api.bots.bots import Bots
    from functions.api.bots.kill_switch import KillSwitch
    from functions.api.bots.previews import Previews
    from functions.api.bots.risk import Risk
    from functions.api.identity.administration import Administration
    from functions.api.identity.api_tokens import ApiTokens
    from functions.api.identity.bootstrap import Bootstrap
    from functions.api.identity.logins import Logins
    from functions.api.identity.preferences import UserPreferences
    from functions.api.identity.second_factor import SecondFactor
    from functions.api.identity.sessions import Sessions
    from functions.api.identity.throttling import Throttle
    from functions.api.identity.users import Users
    from functions.api.messages.live_tickets import LiveTickets
    from functions.api.messages.notification_channels import NotificationChannels
    from functions.api.ports import Exchanges
    from functions.api.records.audit import Audit
    from functions.api.records.bot_stats import Statistics
    from functions.api.records.dashboard import Dashboard
    from functions.api.records.histories import Histories
    from functions.api.records.ledger import Ledger
    from functions.api.research.jobs import ResearchJobs
    from functions.api.web.idempotency import Idempotency


@dataclass(frozen=True)
class Services:
    """What the endpoints call."""

    throttle: "Throttle"
    sessions: "Sessions"
    logins: "Logins"
    second_factor: "SecondFactor"
    api_tokens: "ApiTokens"
    users: "Users"
    bootstrap: "Bootstrap"
    accounts: "Accounts"
    exchanges: "Exchanges"
    bots: "Bots"
    commands: "BotCommands"
    bot_documents: "BotDocuments"
    previews: "Previews"
    kill_switch: "KillSwitch"
    idempotency: "Idempotency"
    histories: "Histories"
    ledger: "Ledger"
    dashboard: "Dashboard"
    statistics: "Statistics"
    preferences: "UserPreferences"
    live_tickets: "LiveTickets"
    channels: "NotificationChannels"
    risk: "Risk"
    administration: "Administration"
    research: "ResearchJobs"
    audit: "Audit"
