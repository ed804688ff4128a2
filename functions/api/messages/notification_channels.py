"""Where a user is told of events: channels set up, proven, tested and taken away."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from functions.api.identifiers import is_id, new_id
from functions.api.ports import ChannelStore, Outbox, Sealer
from functions.api.schemas.notifications import ChannelCreate, ChannelUpdate
from functions.api.web.problems import FieldError, Problem, conflict, invalid, not_found
from pairtrader.model.notification import (
    MAX_CHANNELS,
    MAX_CODES_A_DAY,
    Channel,
    ChannelKind,
    DeliveryRecord,
    MessageKind,
    Notification,
    Proof,
    Quota,
    channel_owner,
    code_owner,
)
from pairtrader.model.webhook_target import BadTarget, WebhookTarget, parse_target
from pairtrader.observability import logger
from pairtrader.storage.cursor import Page
from pairtrader.storage.notification_queue import NotQueued
from pairtrader.storage.users import User

CODE_DIGITS = 8
CODE_MS = 15 * 60_000
"""How long a code is good for."""
CODE_TRIES = 5
RESEND_MS = 60_000
"""Between two codes."""
TEST_MS = 10_000
"""Between two test messages of one channel."""
DAY_MS = 86_400_000
_BOT_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,100}")
_HINT_LENGTH = 4

NEEDED: Mapping[ChannelKind, tuple[str, ...]] = {
    ChannelKind.EMAIL: (),
    ChannelKind.TELEGRAM: ("bot_token", "chat_id"),
    ChannelKind.WEBHOOK: ("url",),
}
"""Fields that a channel of each kind must have; it may have no other of them."""
_OF_KINDS = ("url", "bot_token", "chat_id")

Addresses = ChannelCreate | ChannelUpdate


class NotificationChannels:
    """A user's channels."""

    def __init__(
        self,
        channels: ChannelStore,
        seal: Sealer,
        outbox: Outbox,
        now: Callable[[], int],
        *,
        has_mail: bool,
        allow_loopback: bool,
    ) -> None:
        self._channels = channels
        self._seal = seal
        self._outbox = outbox
        self._now = now
        self._has_mail = has_mail
        self._allow_loopback = allow_loopback

    def get(self, user_id: str, channel_id: str) -> Channel:
        """Return the user's channel.

        Raises:
            Problem: 404 ``notification_channel_not_found``.
        """
        channel = self._channels.get(user_id, channel_id) if is_id(channel_id) else None
        if channel is None:
            raise not_found("notification channel")
        return channel

    def list(self, user_id: str, limit: int, cursor: str | None) -> Page[Channel]:
        """Return the user's channels, oldest first."""
        return self._channels.list(user_id, limit, cursor)

    def add(self, user: User, request: ChannelCreate) -> tuple[Channel, str | None]:
        """Store a new channel; return it with a webhook's signing key, which is shown once.

        An e-mail channel is sent a code at once.

        Raises:
            Problem: 422 naming the fields; 409 ``too_many_channels`` or ``no_mail``; 429
                ``too_many_codes``; 503 ``notifications_unavailable``: the channel is there, its
                code is not on the way.
            Superseded: another channel was added at the same time.
        """
        _refuse(_creation_errors(request))
        if request.kind is ChannelKind.EMAIL and not self._has_mail:
            raise conflict("no_mail", "This installation sends no mail: take another kind.")
        now = self._now()
        quota = self._channels.quota(user.id)
        if quota.channels >= MAX_CHANNELS:
            raise conflict("too_many_channels", f"There are {MAX_CHANNELS} channels already.")
        channel = self._addressed(_new_channel(user, request, now), request)
        channel, secret = self._with_signing_secret(channel)
        code = ""
        taken = replace(quota, channels=quota.channels + 1, revision=quota.revision + 1)
        if channel.kind is ChannelKind.EMAIL:
            taken = _with_code(taken, now)
            channel, code = _asked_for_proof(channel, now)
        self._channels.add(channel, quota, taken)
        if code:
            self._send_code(channel, code)
        return channel, secret

    def update(self, user_id: str, channel_id: str, request: ChannelUpdate) -> Channel:
        """Change what is given.

        Raises:
            Problem: 404; 422 naming the fields.
            Superseded: the channel was changed at the same time.
        """
        channel = self.get(user_id, channel_id)
        _refuse(_update_errors(channel, request))
        changed = replace(self._addressed(channel, request), **request.changes())
        if request.is_enabled:
            changed = replace(changed, record=DeliveryRecord())
        return self._store(channel, changed)

    def delete(self, user_id: str, channel_id: str) -> None:
        """Remove the channel; messages under way to it are dropped.

        Raises:
            Problem: 404.
            Superseded: the user's channels were changed at the same time.
        """
        channel = self.get(user_id, channel_id)
        quota = self._channels.quota(user_id)
        left = replace(quota, channels=max(quota.channels - 1, 0), revision=quota.revision + 1)
        self._channels.delete(channel, quota, left)

    def rotate(self, user_id: str, channel_id: str) -> tuple[Channel, str]:
        """Give a webhook a new signing key, from the next message on; return both.

        Raises:
            Problem: 404; 409 ``no_signing_secret`` for a channel of another kind.
            Superseded: the channel was changed at the same time.
        """
        channel = self.get(user_id, channel_id)
        changed, secret = self._with_signing_secret(channel)
        if secret is None:
            raise conflict("no_signing_secret", "Only messages to webhooks are signed.")
        return self._store(channel, changed), secret

    def test(self, user_id: str, channel_id: str) -> None:
        """Have a test message sent; how that went is shown by the channel afterwards.

        Raises:
            Problem: 404; 409 ``channel_unverified``; 429 ``too_soon``; 503
                ``notifications_unavailable``.
            Superseded: the channel was changed at the same time.
        """
        channel, now = self.get(user_id, channel_id), self._now()
        if not channel.is_verified:
            raise conflict("channel_unverified", "Prove the address first: send the code.")
        _require_pause(channel.tested_at + TEST_MS, now)
        self._store(channel, replace(channel, tested_at=now))
        self._queue(_message(channel, MessageKind.TEST, now))

    def send_code(self, user_id: str, channel_id: str) -> None:
        """Send a new code to an e-mail address; older ones are void.

        Raises:
            Problem: 404; 409 ``already_verified``; 429 ``too_soon`` or ``too_many_codes``; 503
                ``notifications_unavailable``.
            Superseded: the channel was changed at the same time.
        """
        channel, now = self.get(user_id, channel_id), self._now()
        _require_unproven(channel)
        if channel.proof is not None:
            _require_pause(channel.proof.sent_at + RESEND_MS, now)
        quota = self._channels.quota(user_id)
        taken = _with_code(replace(quota, revision=quota.revision + 1), now)
        asked, code = _asked_for_proof(channel, now)
        asked = replace(asked, updated_at=now, revision=channel.revision + 1)
        self._channels.replace_counted(channel, asked, quota, taken)
        self._send_code(asked, code)

    def verify(self, user_id: str, channel_id: str, code: str) -> Channel:
        """Take the code for proof that the user reads the address.

        A wrong code is counted before anything is said of it.

        Raises:
            Problem: 404; 409 ``already_verified``, ``code_expired`` or ``code_used_up``; 422
                ``wrong_code``.
            Superseded: another code was given at the same time; this one was not looked at.
        """
        channel, now = self.get(user_id, channel_id), self._now()
        _require_unproven(channel)
        proof = channel.proof
        if proof is None or now >= proof.expires_at:
            raise conflict("code_expired", "The code is not valid any more: have a new one sent.")
        if proof.tries >= CODE_TRIES:
            raise conflict("code_used_up", "Too many wrong codes: have a new one sent.")
        if hmac.compare_digest(proof.digest, _digest(channel.id, code)):
            return self._store(channel, replace(channel, is_verified=True, proof=None))
        self._store(channel, replace(channel, proof=replace(proof, tries=proof.tries + 1)))
        raise invalid([FieldError(field="code", message="is not the one sent")], "wrong_code")

    def _store(self, old: Channel, new: Channel) -> Channel:
        stored = replace(new, updated_at=self._now(), revision=old.revision + 1)
        self._channels.replace(old, stored)
        return stored

    def _addressed(self, channel: Channel, request: Addresses) -> Channel:
        """The channel with the addresses and secrets that `request` names."""
        owner = channel_owner(channel.id)
        if request.chat_id is not None:
            channel = replace(channel, target=request.chat_id)
        if request.bot_token is not None:
            token = request.bot_token.get_secret_value()
            if not _BOT_TOKEN.fullmatch(token):
                raise _not_acceptable("bot_token", "does not look like a token of @BotFather")
            sealed = self._seal.close(token, owner)
            channel = replace(channel, sealed_secret=sealed, secret_hint=_hint(token))
        if request.url is not None:
            url = request.url.get_secret_value()
            target = self._checked(url)
            sealed = self._seal.close(url, owner)
            channel = replace(channel, sealed_url=sealed, target=f"{target.origin}/{_hint(url)}")
        return channel

    def _checked(self, url: str) -> WebhookTarget:
        try:
            return parse_target(url, allow_loopback=self._allow_loopback)
        except BadTarget as error:
            raise _not_acceptable("url", str(error)) from None

    def _with_signing_secret(self, channel: Channel) -> tuple[Channel, str | None]:
        if channel.kind is not ChannelKind.WEBHOOK:
            return channel, None
        secret = f"whsec_{secrets.token_urlsafe(32)}"
        sealed = self._seal.close(secret, channel_owner(channel.id))
        return replace(channel, sealed_secret=sealed, secret_hint=_hint(secret)), secret

    def _send_code(self, channel: Channel, code: str) -> None:
        sealed = self._seal.close(code, code_owner(channel.id))
        message = _message(channel, MessageKind.CODE, self._now())
        self._queue(replace(message, sealed_code=sealed))

    def _queue(self, message: Notification) -> None:
        try:
            self._outbox.send(message)
        except NotQueued as error:
            logger.exception("a message could not be queued", channel_id=message.channel_id)
            raise Problem(
                503,
                "notifications_unavailable",
                "The message could not be sent: try again in a minute.",
                headers={"Retry-After": "60"},
            ) from error


def _new_channel(user: User, request: ChannelCreate, now: int) -> Channel:
    is_mail = request.kind is ChannelKind.EMAIL
    return Channel(
        user_id=user.id,
        id=new_id(),
        kind=request.kind,
        label=request.label,
        events=tuple(request.events),
        language=request.language,
        is_enabled=True,
        target=user.email if is_mail else "",
        is_verified=not is_mail,
        created_at=now,
        updated_at=now,
        revision=1,
    )


def _creation_errors(request: ChannelCreate) -> list[FieldError]:
    needed = NEEDED[request.kind]
    missing = [
        FieldError(field=name, message=f"is needed for {request.kind}")
        for name in needed
        if getattr(request, name) is None
    ]
    return [*missing, *_foreign_fields(request.kind, request)]


def _update_errors(channel: Channel, request: ChannelUpdate) -> list[FieldError]:
    return _foreign_fields(channel.kind, request)


def _foreign_fields(kind: ChannelKind, request: Addresses) -> list[FieldError]:
    return [
        FieldError(field=name, message=f"is not for {kind}: leave it out")
        for name in _OF_KINDS
        if name not in NEEDED[kind] and getattr(request, name) is not None
    ]


def _refuse(errors: list[FieldError]) -> None:
    if errors:
        raise invalid(errors)


def _not_acceptable(field: str, message: str) -> Problem:
    return invalid([FieldError(field=field, message=message)])


def _asked_for_proof(channel: Channel, now: int) -> tuple[Channel, str]:
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    proof = Proof(digest=_digest(channel.id, code), expires_at=now + CODE_MS, sent_at=now)
    return replace(channel, proof=proof), code


def _digest(channel_id: str, code: str) -> str:
    return hashlib.sha256(f"{channel_id}:{code}".encode()).hexdigest()


def _with_code(quota: Quota, now: int) -> Quota:
    """The quota after one more code was sent.

    Raises:
        Problem: 429 ``too_many_codes``.
    """
    today = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y-%m-%d")
    used = quota.codes if quota.codes_on == today else 0
    if used >= MAX_CODES_A_DAY:
        wait = DAY_MS - now % DAY_MS
        raise _wait("too_many_codes", "Enough codes were sent today: try again tomorrow.", wait)
    return replace(quota, codes=used + 1, codes_on=today)


def _require_unproven(channel: Channel) -> None:
    if channel.is_verified:
        raise conflict("already_verified", "The channel needs no code.")


def _require_pause(over_at: int, now: int) -> None:
    if now < over_at:
        raise _wait("too_soon", "One was sent a moment ago: wait for it.", over_at - now)


def _wait(code: str, detail: str, milliseconds: int) -> Problem:
    seconds = -(-milliseconds // 1000)
    return Problem(429, code, detail, headers={"Retry-After": str(seconds)})


def _message(channel: Channel, kind: MessageKind, now: int) -> Notification:
    return Notification(
        id=f"{new_id()}-{channel.id}",
        user_id=channel.user_id,
        channel_id=channel.id,
        kind=kind,
        occurred_at=now,
    )


def _hint(secret: str) -> str:
    return f"…{secret[-_HINT_LENGTH:]}"
