"""How endpoints say that what they do goes into the audit log."""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Request

from functions.api.dependencies import CurrentCaller, ServicesDependency
from functions.api.identifiers import is_id
from functions.api.records.audit import Act, owner_of
from functions.api.services import Services
from functions.api.web.client_address import client_of
from pairtrader.storage.users import User

MOST_FIELDS = 40
LONGEST_BODY = 100_000
SHOWN = frozenset(
    {
        "action", "adopt", "clear_totp", "deleted", "exchange_name", "halted", "is_active", "mode",
        "position", "role", "scope", "user_id",
    }
)  # fmt: skip
"""Fields whose values are told: words of the API, switches and ids."""
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}")
_WORD = re.compile(r"[A-Za-z0-9_-]{1,64}")


async def told_by(request: Request) -> dict[str, str]:
    """Return what may be told of a request: names of the body's fields, values of a few."""
    body = await _body_of(request)
    told = {name: text for name, text in _words(request.query_params) if name in SHOWN}
    told.update((name, text) for name, text in _words(body) if name in SHOWN)
    names = sorted(name for name in body if _FIELD.fullmatch(name))
    if names:
        told["fields"] = ", ".join(names[:MOST_FIELDS])
    return told


class Audited:
    """Writes the entry of an action before the endpoint runs; `AuditFrame` adds the outcome."""

    def __init__(self, action: str, object_param: str, *, is_way_out: bool) -> None:
        self.action = action
        self.object_param = object_param
        self.is_way_out = is_way_out

    def __call__(
        self,
        request: Request,
        caller: CurrentCaller,
        services: ServicesDependency,
        told: Annotated[dict[str, str], Depends(told_by)],
    ) -> None:
        """Write the entry.

        Raises:
            Problem: 503 ``audit_unavailable``; 401 before that, which needs no entry.
        """
        act = _act(self.action, request, self.object_param, told)
        named = request.path_params.get("user_id") or told.get("user_id", "")
        owner = owner_of(caller, str(named))
        begin = services.audit.attempt if self.is_way_out else services.audit.begin
        request.state.audit = begin(act, caller, owner)


class Note:
    """Writes the entry of an action of somebody who is not logged in, once told who it may be."""

    def __init__(self, action: str, request: Request, services: Services) -> None:
        self._action = action
        self._request = request
        self._services = services

    def of(self, user: User | None) -> None:
        """Write the entry, before anything is done; None stands for a name that nobody has.

        Raises:
            Problem: 503 ``audit_unavailable``.
        """
        act = _act(self._action, self._request, "", {})
        client = client_of(self._request)
        self._request.state.audit = self._services.audit.note(act, user, client)


class Noted:
    """Gives an endpoint its `Note`."""

    def __init__(self, action: str) -> None:
        self.action = action

    def __call__(self, request: Request, services: ServicesDependency) -> Note:
        """Return the note; nothing is written yet."""
        return Note(self.action, request, services)


def audited(action: str, object_param: str = "", *, is_way_out: bool = False) -> Any:
    """Return a dependency of routes whose every known caller's request goes into the audit log.

    Args:
        action: such as ``bot.start``.
        object_param: parameter of the path that holds the object's id.
        is_way_out: whether it only lowers exposure. Such an action is done even when it can't be
            written down: nobody may be kept in a position by a log.
    """
    return Depends(Audited(action, object_param, is_way_out=is_way_out))


def noted(action: str) -> Any:
    """Return a dependency that is a `Note`: for endpoints that need no credential."""
    return Depends(Noted(action))


def _act(action: str, request: Request, object_param: str, told: Mapping[str, str]) -> Act:
    named = str(request.path_params.get(object_param, ""))
    object_id = named if is_id(named) else ""
    return Act(action, object_id, told, request.state.request_id)


async def _body_of(request: Request) -> dict[str, Any]:
    """Return the JSON object that was sent; empty if it is anything else."""
    if "json" not in request.headers.get("content-type", ""):
        return {}
    raw = await request.body()
    if len(raw) > LONGEST_BODY:
        return {}
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _words(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    texts = [(name, str(v).lower() if isinstance(v, bool) else v) for name, v in values.items()]
    return [(name, t) for name, t in texts if isinstance(t, str) and _WORD.fullmatch(t)]
