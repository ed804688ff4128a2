"""Endpoints as they are written down; each becomes a route when it is first asked for.

Making a route is reading its signature and building validators: all of them together take longer
than anything else in a cold start, and one invocation needs one of them. For the same reason the
code of a subject is imported when a path first looks like one of its own.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any, TypeVar

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from pydantic.warnings import UnsupportedFieldAttributeWarning
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

PREFIX = "/api/v1"
_CHOSEN = "pairtrader.route"
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
Responses = Mapping[int | str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Written:
    method: str
    path: str
    endpoint: Callable[..., Any]
    settings: dict[str, Any]


class Routes:
    """Endpoints of one subject, declared as on FastAPI's router."""

    def __init__(
        self,
        *,
        prefix: str = "",
        tags: Sequence[str] = (),
        responses: Responses | None = None,
        route_class: type[APIRoute] = APIRoute,
    ) -> None:
        self._prefix = prefix
        self._tags = list(tags)
        self._responses = dict(responses or {})
        self._route_class = route_class
        self._written: list[_Written] = []

    def get(self, path: str, **settings: Any) -> Callable[[Endpoint], Endpoint]:
        """Declare what answers GET; `settings` are those of FastAPI."""
        return self._declare("GET", path, settings)

    def post(self, path: str, **settings: Any) -> Callable[[Endpoint], Endpoint]:
        """Declare what answers POST; `settings` are those of FastAPI."""
        return self._declare("POST", path, settings)

    def put(self, path: str, **settings: Any) -> Callable[[Endpoint], Endpoint]:
        """Declare what answers PUT; `settings` are those of FastAPI."""
        return self._declare("PUT", path, settings)

    def patch(self, path: str, **settings: Any) -> Callable[[Endpoint], Endpoint]:
        """Declare what answers PATCH; `settings` are those of FastAPI."""
        return self._declare("PATCH", path, settings)

    def delete(self, path: str, **settings: Any) -> Callable[[Endpoint], Endpoint]:
        """Declare what answers DELETE; `settings` are those of FastAPI."""
        return self._declare("DELETE", path, settings)

    def under(self, app: FastAPI, responses: Responses) -> "list[LazyRoute]":
        """Return the endpoints as routes of `app`; `responses` are those that all may give."""
        maker = APIRouter(
            prefix=PREFIX + self._prefix,
            tags=list(self._tags),
            responses={**responses, **self._responses},
            route_class=self._route_class,
            dependency_overrides_provider=app,
            generate_unique_id_function=_operation_id,
        )
        return [LazyRoute(maker, written) for written in self._written]

    def _declare(
        self, method: str, path: str, settings: dict[str, Any]
    ) -> Callable[[Endpoint], Endpoint]:
        def write_down(endpoint: Endpoint) -> Endpoint:
            self._written.append(_Written(method, path, endpoint, settings))
            return endpoint

        return write_down


class LazyRoute(BaseRoute):
    """Stands for a route until a path looks like its own."""

    def __init__(self, maker: APIRouter, written: _Written) -> None:
        self._maker = maker
        self._written = written
        self._segments = f"{maker.prefix}{written.path}".split("/")

    @cached_property
    def made(self) -> APIRoute:
        """The route itself."""
        written = self._written
        settings = {"methods": [written.method], **written.settings}
        self._maker.add_api_route(written.path, written.endpoint, **settings)
        route = self._maker.routes.pop()
        assert isinstance(route, APIRoute)  # noqa: S101 - what that call makes
        _complete_body(route)
        return route

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return what the route itself says, unless the path is another one at a glance."""
        if scope["type"] != "http" or not self._resembles(scope["path"]):
            return Match.NONE, {}
        return self.made.matches(scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the route itself answer."""
        await self.made.handle(scope, receive, send)

    @property
    def head(self) -> str:
        """First segment of the path after what all paths begin with."""
        return _head_of(f"{self._maker.prefix}{self._written.path}")

    def _resembles(self, path: str) -> bool:
        given = path.split("/")
        return len(given) == len(self._segments) and all(
            own == other or own.startswith("{")
            for own, other in zip(self._segments, given, strict=True)
        )


class Subject(BaseRoute):
    """Stands for the routes of one module until a path begins like one of theirs."""

    def __init__(
        self, app: FastAPI, responses: Responses, source: tuple[str, str], heads: Sequence[str]
    ) -> None:
        """Take over the routes of `app` that `source` (module and name there) has written down.

        `heads` are the first segments of their paths: nothing is imported for other paths.
        """
        self._app = app
        self._responses = responses
        self._source = source
        self._heads = frozenset(heads)

    @cached_property
    def routes(self) -> Sequence[LazyRoute]:
        """The routes; the module is imported by now.

        Raises:
            ValueError: one of them has a path that would not be looked for here.
        """
        module, name = self._source
        written: Routes = getattr(import_module(module), name)
        routes = written.under(self._app, self._responses)
        if strays := {route.head for route in routes} - self._heads:
            raise ValueError(f"{module} answers paths that it is not asked for: {sorted(strays)}")
        return routes

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return what the best of the routes says."""
        found: tuple[Match, Scope] = (Match.NONE, {})
        if scope["type"] != "http" or _head_of(scope["path"]) not in self._heads:
            return found
        for route in self.routes:
            match, child_scope = route.matches(scope)
            if match.value > found[0].value:
                found = match, {**child_scope, _CHOSEN: route}
        return found

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the route answer that was the best."""
        chosen: LazyRoute = scope[_CHOSEN]
        await chosen.handle(scope, receive, send)


def _complete_body(route: APIRoute) -> None:
    """Build the validator of the route's body, which models that build late have put off.

    It has attributes of a parameter, such as an alias, of which pydantic says that they have no
    effect. FastAPI hushes that up while it makes the route; a validator built later would tell.
    """
    if route.body_field is None:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category=UnsupportedFieldAttributeWarning)
        route.body_field._type_adapter.rebuild()


def _head_of(path: str) -> str:
    return path.removeprefix(PREFIX).lstrip("/").partition("/")[0]


def _operation_id(route: APIRoute) -> str:
    return route.name
