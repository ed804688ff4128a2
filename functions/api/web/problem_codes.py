"""The codes of all problems: their status and meaning, and which operation may answer them.

A code is stable: programs rely on it. What every endpoint of a kind may answer (no valid
credential, a role that may not, an object that is not there, fields that are not acceptable) is
derived from the endpoint itself; `OPERATION_CODES` names the rest. Tests hold every problem that
they see against the description that is made of this.
"""

from typing import NamedTuple


class Meaning(NamedTuple):
    """What a code says."""

    status: int
    text: str


CODES: dict[str, Meaning] = {
    # The request itself
    "malformed_json": Meaning(400, "The body is not valid JSON."),
    "bad_cursor": Meaning(400, "The cursor was not made by this list."),
    "invalid_request": Meaning(422, "Fields are missing or not acceptable: `errors` names them."),
    "request_in_progress": Meaning(409, "The same request, by its key, is still running."),
    "idempotency_key_reused": Meaning(422, "The key was used for another request."),
    "idempotency_unavailable": Meaning(503, "Keys can't be looked up now: nothing was done."),
    "route_not_found": Meaning(404, "There is no such path."),
    "method_not_allowed": Meaning(405, "The path does not take this method."),
    "internal_error": Meaning(500, "Something went wrong on our side."),
    # Who sends it
    "not_authenticated": Meaning(401, "No credential was sent."),
    "invalid_token": Meaning(401, "The credential is not valid (any more)."),
    "invalid_credentials": Meaning(401, "The user name or the password is wrong."),
    "invalid_refresh_token": Meaning(401, "The refresh token is not valid (any more)."),
    "refresh_token_reused": Meaning(401, "The token was used before: the session has ended."),
    "read_only": Meaning(403, "This user or token may look, not change anything."),
    "session_required": Meaning(403, "An API token may not do this: log in."),
    "admin_required": Meaning(403, "Only an administrator may do this."),
    "user_disabled": Meaning(403, "This user has been disabled."),
    "foreign_origin": Meaning(403, "A page of another site may not use the session."),
    "wrong_origin": Meaning(403, "The request went around the stack's one address."),
    "registration_closed": Meaning(403, "This stack takes no registrations."),
    "username_taken": Meaning(409, "Another user has this name."),
    "email_taken": Meaning(409, "Another user has this address."),
    "totp_required": Meaning(401, "The password is right: finish with `mfa_token` and a code."),
    "invalid_mfa_token": Meaning(401, "The password was proven too long ago: log in again."),
    "invalid_mfa_code": Meaning(401, "The code is wrong, or was used before."),
    "wrong_totp_code": Meaning(403, "The code is wrong, or was used before."),
    "wrong_password": Meaning(403, "The current password is wrong."),
    "totp_enabled": Meaning(409, "The second factor is on already."),
    "totp_not_enabled": Meaning(409, "The second factor is not on."),
    "totp_not_enrolled": Meaning(409, "There is no secret of a second factor yet."),
    "wrong_bootstrap_token": Meaning(403, "The token is not the stack's."),
    "already_bootstrapped": Meaning(409, "The first administrator was made before."),
    "session_not_found": Meaning(404, "There is no such session of yours."),
    "token_not_found": Meaning(404, "There is no such API token of yours."),
    "too_many_tokens": Meaning(409, "There are as many API tokens as a user may have."),
    # Objects
    "bot_not_found": Meaning(404, "There is no such bot, or it is somebody else's."),
    "exchange_account_not_found": Meaning(404, "There is no such account of yours."),
    "changed_meanwhile": Meaning(409, "Somebody else changed it at the same time: try again."),
    "weak_password": Meaning(422, "The password is too easy to guess: `errors` says why."),
    "too_many_attempts": Meaning(429, "Too many were tried: `Retry-After` says when to go on."),
    "attempts_unavailable": Meaning(503, "Nothing can be tried at the moment: try again."),
    "user_not_found": Meaning(404, "There is no such user."),
    "own_user": Meaning(409, "Another administrator must do this to your own user."),
    "invalid_reset_token": Meaning(401, "The reset token is not valid (any more)."),
    "audit_unavailable": Meaning(
        503, "It can't be written into the audit log, so it was not done: try again."
    ),
    # Exchange accounts
    "account_exists": Meaning(409, "This exchange account is here already."),
    "account_in_use": Meaning(409, "A bot is set to the account."),
    "account_inactive": Meaning(409, "The exchange account is switched off."),
    "key_can_withdraw": Meaning(422, "Keys that can withdraw are not taken."),
    "key_cannot_trade": Meaning(422, "The key may not trade."),
    "key_of_other_account": Meaning(422, "The key belongs to another exchange account."),
    "keys_refused": Meaning(422, "The exchange does not take the keys."),
    # Bots
    "unknown_symbol": Meaning(422, "The exchange has no such perpetual swap."),
    "symbol_not_traded": Meaning(422, "The exchange has halted this market."),
    "no_start_price": Meaning(422, "There is no candle at `start_time`."),
    "not_editable_now": Meaning(409, "These settings change only while stopped and flat."),
    "bot_not_stopped": Meaning(409, "Stop the bot first; it must hold no position."),
    "invalid_transition": Meaning(409, "The bot's status does not allow it."),
    "position_required": Meaning(409, "A position is open: say what becomes of it."),
    "no_open_position": Meaning(409, "The bot holds no position."),
    "symbol_claimed": Meaning(409, "Another bot trades this symbol on the same account."),
    "capacity_reached": Meaning(409, "The exchange allows no more bots at this interval."),
    "open_orders": Meaning(409, "There are open orders on a symbol."),
    "not_flat": Meaning(409, "A symbol is not flat on the exchange."),
    "nothing_to_adopt": Meaning(409, "The bot has handed no position over."),
    "adoption_mismatch": Meaning(409, "The exchange holds other amounts than were handed over."),
    "schedule_unavailable": Meaning(503, "The scheduler does not answer: nothing was changed."),
    "risk_unknown": Meaning(503, "The limits could not be read: try again."),
    # Backtests and analyses
    "backtest_not_found": Meaning(404, "There is no such backtest of yours."),
    "analysis_not_found": Meaning(404, "There is no such analysis of yours."),
    "too_many_unfinished": Meaning(
        429, "As many backtests and analyses run as a user may have: wait for one, or cancel it."
    ),
    "too_many_stored": Meaning(
        409, "As many backtests and analyses are kept as a user may have: delete some."
    ),
    "daily_limit_reached": Meaning(
        429, "As many were begun today as a user may: `Retry-After` says when to go on."
    ),
    "not_done": Meaning(409, "There is no result (yet)."),
    "already_finished": Meaning(409, "It has ended and can't be cancelled any more."),
    "not_finished": Meaning(409, "It waits or runs: cancel it first."),
    "research_unavailable": Meaning(503, "It could not be started: nothing is kept, try again."),
    # Notifications
    "notification_channel_not_found": Meaning(404, "There is no such channel of yours."),
    "too_many_channels": Meaning(409, "There are as many channels as a user may have."),
    "no_mail": Meaning(409, "This installation sends no mail."),
    "no_signing_secret": Meaning(409, "Only messages to webhooks are signed."),
    "channel_unverified": Meaning(409, "The channel's address has to be proven first."),
    "already_verified": Meaning(409, "The channel needs no code (any more)."),
    "code_expired": Meaning(409, "No code is valid now: have a new one sent."),
    "code_used_up": Meaning(409, "Too many wrong codes: have a new one sent."),
    "wrong_code": Meaning(422, "This is not the code that was sent."),
    "too_soon": Meaning(429, "One was sent a moment ago: Retry-After says how long to wait."),
    "too_many_codes": Meaning(429, "Enough codes were sent today."),
    "notifications_unavailable": Meaning(503, "The message could not be queued: try again."),
    # The exchange
    "user_must_act": Meaning(422, "The exchange wants the account's owner to do something."),
    "unknown_exchange": Meaning(422, "There is no such exchange here."),
    "no_market_data": Meaning(422, "The exchange has no prices of that time."),
    "order_refused": Meaning(422, "The exchange refused an order."),
    "exchange_error": Meaning(502, "The exchange answered something unexpected."),
    "region_blocked": Meaning(502, "The exchange does not serve the region of this stack."),
    "exchange_unavailable": Meaning(502, "The exchange can't be asked at the moment."),
    "retry_later": Meaning(503, "The exchange is busy: try again."),
    "maintenance": Meaning(503, "The exchange is being maintained."),
    "rate_limited": Meaning(503, "The exchange takes no more requests for a moment."),
    "clock_skew": Meaning(503, "Our clock and the exchange's differ: try again."),
    "skip_tick": Meaning(503, "The exchange gave no usable answer: try again."),
}

KEYED_CODES = ("request_in_progress", "idempotency_key_reused", "idempotency_unavailable")
"""Of every operation that takes an `Idempotency-Key`."""

EXCHANGE_CODES = (
    "exchange_account_not_found",
    "user_must_act",
    "unknown_symbol",
    "unknown_exchange",
    "no_market_data",
    "order_refused",
    "keys_refused",
    "exchange_error",
    "region_blocked",
    "exchange_unavailable",
    "retry_later",
    "maintenance",
    "rate_limited",
    "clock_skew",
    "skip_tick",
)
"""Of every operation that asks an exchange, which is one that documents 502."""

_ACCOUNT_KEYS = ("key_can_withdraw", "key_cannot_trade", "account_exists", "changed_meanwhile")
_PAIR = ("symbol_not_traded", "no_start_price", "exchange_account_not_found")
_COMMAND = ("invalid_transition", "changed_meanwhile")
_TRIED = ("too_many_attempts", "attempts_unavailable")
_PROVEN = ("wrong_password", "changed_meanwhile", *_TRIED)
_RESEARCH = (
    "exchange_account_not_found",
    "too_many_unfinished",
    "too_many_stored",
    "daily_limit_reached",
    "research_unavailable",
    "changed_meanwhile",
)

OPERATION_CODES: dict[str, tuple[str, ...]] = {
    "bootstrap": (
        "wrong_bootstrap_token",
        "already_bootstrapped",
        "username_taken",
        "email_taken",
        "weak_password",
        *_TRIED,
    ),
    "register": (
        "registration_closed",
        "username_taken",
        "email_taken",
        "weak_password",
        *_TRIED,
    ),
    "login": ("invalid_credentials", "totp_required", "user_disabled", *_TRIED),
    "finish_login": ("invalid_mfa_token", "invalid_mfa_code", "changed_meanwhile", *_TRIED),
    "log_out_everywhere": ("changed_meanwhile",),
    "change_password": ("weak_password", *_PROVEN),
    "enrol_totp": ("totp_enabled", *_PROVEN),
    "verify_totp": (
        "wrong_totp_code",
        "totp_enabled",
        "totp_not_enrolled",
        "changed_meanwhile",
        *_TRIED,
    ),
    "renew_recovery_codes": ("wrong_totp_code", "totp_not_enabled", *_PROVEN),
    "disable_totp": ("wrong_totp_code", "totp_not_enabled", *_PROVEN),
    "create_api_token": ("too_many_tokens",),
    "refresh": (
        "not_authenticated",
        "invalid_refresh_token",
        "refresh_token_reused",
        "foreign_origin",
    ),
    "logout": ("foreign_origin",),
    "update_me": ("email_taken", "changed_meanwhile"),
    "add_account": _ACCOUNT_KEYS,
    "update_account": (*_ACCOUNT_KEYS, "key_of_other_account", "account_in_use"),
    "delete_account": ("account_in_use", "changed_meanwhile"),
    "create_bot": _PAIR,
    "preview_bot": ("exchange_account_not_found",),
    "draw_spread": ("no_start_price",),
    "update_bot": (*_PAIR, *_COMMAND, "not_editable_now", "capacity_reached"),
    "delete_bot": ("bot_not_stopped", "changed_meanwhile"),
    "start_bot": (
        *_PAIR,
        *_COMMAND,
        "account_inactive",
        "open_orders",
        "not_flat",
        "nothing_to_adopt",
        "adoption_mismatch",
        "symbol_claimed",
        "capacity_reached",
        "schedule_unavailable",
    ),
    "pause_bot": _COMMAND,
    "stop_bot": (*_COMMAND, "position_required"),
    "close_bot": (*_COMMAND, "no_open_position"),
    "resolve_bot": _COMMAND,
    "import_bot": _PAIR,
    "clone_bot": _PAIR,
    "kill_bots": ("bad_cursor", "user_not_found", "session_required", "admin_required"),
    "add_channel": (
        "too_many_channels",
        "no_mail",
        "too_many_codes",
        "changed_meanwhile",
        "notifications_unavailable",
    ),
    "list_all_orders": ("bot_not_found",),
    "export_orders": ("bot_not_found",),
    "list_all_cycles": ("bot_not_found",),
    "export_cycles": ("bot_not_found",),
    "update_settings": ("exchange_account_not_found", "changed_meanwhile"),
    "update_channel": ("changed_meanwhile",),
    "delete_channel": ("changed_meanwhile",),
    "test_channel": (
        "channel_unverified",
        "too_soon",
        "changed_meanwhile",
        "notifications_unavailable",
    ),
    "send_channel_code": (
        "already_verified",
        "too_soon",
        "too_many_codes",
        "changed_meanwhile",
        "notifications_unavailable",
    ),
    "verify_channel": (
        "already_verified",
        "code_expired",
        "code_used_up",
        "wrong_code",
        "changed_meanwhile",
    ),
    "rotate_channel_secret": ("no_signing_secret", "changed_meanwhile"),
    "change_user": ("own_user", "changed_meanwhile", "risk_unknown"),
    "reset_user": ("own_user", "changed_meanwhile"),
    "redeem_reset": (
        "invalid_reset_token",
        "weak_password",
        "changed_meanwhile",
        "too_many_attempts",
        "attempts_unavailable",
    ),
    "create_backtest": (*_RESEARCH, "symbol_not_traded"),
    "get_backtest_result": ("not_done",),
    "rename_backtest": ("changed_meanwhile",),
    "cancel_backtest": ("already_finished", "changed_meanwhile"),
    "delete_backtest": ("not_finished", "changed_meanwhile"),
    "create_analysis": _RESEARCH,
    "get_analysis_result": ("not_done",),
    "rename_analysis": ("changed_meanwhile",),
    "cancel_analysis": ("already_finished", "changed_meanwhile"),
    "delete_analysis": ("not_finished", "changed_meanwhile"),
    "list_audit": ("admin_required", "session_required"),
    "get_stack_risk": ("risk_unknown",),
    "update_stack_risk": ("risk_unknown",),
    "get_risk": ("risk_unknown",),
    "update_risk": ("risk_unknown", "changed_meanwhile"),
    "get_bot_risk": ("risk_unknown",),
    "update_bot_risk": ("risk_unknown", "changed_meanwhile"),
}
