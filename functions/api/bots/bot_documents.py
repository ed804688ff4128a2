"""A bot's settings as a document: to be kept, handed on, and made a bot of again."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from functions.api.bots.bots import Bots
from functions.api.schemas.bot_documents import BotClone, BotDocument, BotImport
from functions.api.web.problems import FieldError, Problem, field_errors, invalid
from pairtrader.model.bot import Bot
from pairtrader.model.settings import BotSettings

ACCOUNT = "exchange_account_id"
MAX_NAME = 100
_NUMBERED = re.compile(r"(?P<name>.*) \((?P<number>[0-9]{1,4})\)", re.DOTALL)


class BotDocuments:
    """Makes documents of bots and bots of documents."""

    def __init__(self, bots: Bots, now: Callable[[], int]) -> None:
        self._bots = bots
        self._now = now

    def export(self, user_id: str, bot_id: str) -> BotDocument:
        """Return the bot's document.

        Raises:
            Problem: 404 ``bot_not_found``.
        """
        config = self._bots.get(user_id, bot_id).config
        return BotDocument.of(config, self._now())

    def import_bot(self, user_id: str, request: BotImport) -> Bot:
        """Make a bot of a document, on an account of the user.

        Raises:
            Problem: 404 for the account; 422 with paths such as ``document.settings.leverage``.
            ExchangeFailure: the exchange can't be asked.
        """
        given, changes = request.document.settings, request.changes
        _refuse_account("document.settings", given)
        _refuse_account("changes", changes)
        account = {ACCOUNT: request.exchange_account_id}
        return self._create(user_id, given, {**changes, **account}, "document.settings.")

    def clone(self, user_id: str, bot_id: str, request: BotClone) -> Bot:
        """Make a bot like another one, changed as wanted.

        Raises:
            Problem: 404; 422 with paths such as ``changes.leverage``.
            ExchangeFailure: the exchange can't be asked.
        """
        settings, changes = self._bots.get(user_id, bot_id).config.settings, request.changes
        if request.bot_name is not None and "bot_name" in changes:
            message = "is given beside the changes already: name the bot once"
            raise invalid([FieldError(field="changes.bot_name", message=message)])
        named = {"bot_name": request.bot_name or next_name(settings.bot_name)}
        return self._create(user_id, {**settings.model_dump(), **named}, changes, "")

    def _create(
        self, user_id: str, base: Mapping[str, Any], changes: Mapping[str, Any], place: str
    ) -> Bot:
        """Create a bot of `base` with `changes`; problems name where each setting comes from."""
        merged = {**base, **changes}
        if "dca_config" in changes and "max_dca_times" not in changes:
            merged.pop("max_dca_times", None)

        def located(errors: list[FieldError] | tuple[FieldError, ...]) -> list[FieldError]:
            return [_at(error, changes, place) for error in errors]

        try:
            settings = BotSettings.model_validate(merged)
        except ValidationError as error:
            raise invalid(located(field_errors(error.errors(include_input=False)))) from error
        try:
            return self._bots.create(user_id, settings)
        except Problem as problem:
            errors = located(problem.errors)
            raise Problem(
                problem.status, problem.code, problem.detail, errors, problem.headers
            ) from problem


def next_name(name: str) -> str:
    """Return the name of a copy: ``gala (2)`` of ``gala``, ``gala (3)`` of that."""
    found = _NUMBERED.fullmatch(name)
    base, number = (found["name"], int(found["number"])) if found else (name, 1)
    suffix = f" ({number + 1})"
    return base[: MAX_NAME - len(suffix)] + suffix


def _at(error: FieldError, changes: Mapping[str, Any], place: str) -> FieldError:
    name = error.field.partition(".")[0]
    if name == ACCOUNT and place:
        return error
    prefix = "changes." if name in changes else place
    return FieldError(field=f"{prefix}{error.field}", message=error.message)


def _refuse_account(place: str, settings: Mapping[str, Any]) -> None:
    if ACCOUNT in settings:
        message = f"documents name no account: send {ACCOUNT} beside the document"
        raise invalid([FieldError(field=f"{place}.{ACCOUNT}", message=message)])
