"""The description of the API: what the framework derives, completed by what the code says."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any, get_args

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from pydantic import BaseModel

from functions.api import dependencies as levels
from functions.api.web.audited import Audited, Noted
from functions.api.web.field_texts import EXAMPLES, FITTING, TEXTS
from functions.api.web.problem_codes import (
    CODES,
    EXCHANGE_CODES,
    KEYED_CODES,
    OPERATION_CODES,
    Meaning,
)
from functions.api.web.problems import MEDIA_TYPE, TYPE_PREFIX, ProblemDetails, title_of

METHODS = ("get", "post", "put", "patch", "delete")
REFERENCE = "#/components/schemas/"
OWN = ("functions.", "pairtrader.")
"""Where classes lie whose source is ours to read."""

SECURITY_SCHEMES: dict[str, Any] = {
    "session": {
        "type": "oauth2",
        "description": "Access token of a login, sent as `Authorization: Bearer …`; 15 minutes.",
        "flows": {"password": {"tokenUrl": "/api/v1/auth/login", "scopes": {}}},
    },
    "apiToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "API token of a script, sent as `Authorization: Bearer …`.",
    },
    "refreshCookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "refresh_token",
        "description": "Refresh token of a browser's session.",
    },
}

_SESSION: dict[str, list[str]] = {"session": []}
_TOKEN: dict[str, list[str]] = {"apiToken": []}
_UNKNOWN = ("not_authenticated", "invalid_token")
_SESSION_ONLY = (*_UNKNOWN, "session_required")


class Level:
    """Who may use an endpoint: what its dependency says."""

    def __init__(self, name: str, *schemes: dict[str, list[str]], codes: tuple[str, ...]) -> None:
        self.name = name
        self.security = list(schemes)
        self.codes = codes


PUBLIC = Level("public", codes=())
# Strongest first: an endpoint is of the first level that it depends on.
LEVELS = {
    levels.get_admin: Level("admin", _SESSION, codes=(*_SESSION_ONLY, "admin_required")),
    levels.get_key_holder: Level("keys", _SESSION, codes=(*_SESSION_ONLY, "read_only")),
    levels.get_signed_in_user: Level("signed in", _SESSION, codes=_SESSION_ONLY),
    levels.get_trading_user: Level("trade", _SESSION, _TOKEN, codes=(*_UNKNOWN, "read_only")),
    levels.get_current_user: Level("look", _SESSION, _TOKEN, codes=_UNKNOWN),
    levels.get_caller: Level("look", _SESSION, _TOKEN, codes=_UNKNOWN),
}
COOKIE_OPERATIONS = ("refresh", "logout")
PATH_OBJECTS = {
    "bot_id": "bot_not_found",
    "account_id": "exchange_account_not_found",
    "user_id": "user_not_found",
    "session_id": "session_not_found",
    "token_id": "token_not_found",
    "channel_id": "notification_channel_not_found",
    "backtest_id": "backtest_not_found",
    "analysis_id": "analysis_not_found",
}
"""What is not there when the id in the path is nobody's, or somebody else's."""


def endpoints(routes: Any) -> Iterator[RouteContext]:
    """Return the endpoints that the description shows."""
    for context in iter_route_contexts(routes):
        if (
            isinstance(context.original_route, APIRoute)
            and context.original_route.include_in_schema
        ):
            yield context


def level_of(dependant: Dependant) -> Level:
    """Return who may use the endpoint of these dependencies."""
    found = set(_calls(dependant))
    return next((level for call, level in LEVELS.items() if call in found), PUBLIC)


def complete(document: dict[str, Any], routes: Any) -> dict[str, Any]:
    """Return the framework's description with problems, security, texts and examples."""
    known = list(endpoints(routes))
    schemas = document["components"]["schemas"]
    details = ProblemDetails.model_json_schema(ref_template=f"{REFERENCE}{{model}}")
    schemas.update(details.pop("$defs"))
    schemas["ProblemDetails"] = details
    _tell_fields(schemas, _models(known))
    document["components"]["securitySchemes"] = SECURITY_SCHEMES
    document["components"]["examples"] = {}
    for context in known:
        for method in context.methods or ():
            operation = document["paths"][context.path_format][method.lower()]
            _tell_operation(operation, context, document["components"])
    return document


def _calls(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for each in dependant.dependencies:
        yield from _calls(each)


def _tell_operation(
    operation: dict[str, Any], context: RouteContext, components: dict[str, Any]
) -> None:
    level = level_of(context.dependant)
    operation.pop("security", None)
    if level.security:
        operation["security"] = level.security
    elif operation["operationId"] in COOKIE_OPERATIONS:
        operation["security"] = [{"refreshCookie": []}, {}]
    operation["x-level"] = level.name
    _tell_problems(operation, _with_audit(level, context.dependant), components["examples"])
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        parameter.setdefault("description", TEXTS.get(name, ""))
        if name in EXAMPLES and "example" not in parameter:
            parameter["example"] = EXAMPLES[name]
    for content in _contents(operation):
        if not {"example", "examples"} & set(content):
            content["example"] = example_of(content["schema"], components["schemas"])


def _with_audit(level: Level, dependant: Dependant) -> Level:
    """Return `level` with what an endpoint may answer whose actions go into the audit log."""
    found = [call for call in _calls(dependant) if isinstance(call, Audited | Noted)]
    if not found or any(isinstance(call, Audited) and call.is_way_out for call in found):
        return level
    return Level(level.name, *level.security, codes=(*level.codes, "audit_unavailable"))


def _contents(operation: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Return the bodies of the request and of every success."""
    bodies = [operation.get("requestBody", {})]
    bodies += [body for status, body in operation["responses"].items() if status.startswith("2")]
    for body in bodies:
        for content in body.get("content", {}).values():
            if content.get("schema"):
                yield content


# Problems


def _tell_problems(operation: dict[str, Any], level: Level, examples: dict[str, Any]) -> None:
    responses = operation["responses"]
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(_codes(operation, level)):
        by_status.setdefault(CODES[code].status, []).append(code)
    for status, codes in by_status.items():
        content = {
            "schema": {"$ref": f"{REFERENCE}ProblemDetails"},
            "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
        }
        responses[str(status)] = {
            "description": f"{title_of(status)}: {', '.join(f'`{code}`' for code in codes)}.",
            "content": {MEDIA_TYPE: content},
        }
        examples.update({code: _problem_example(code, CODES[code]) for code in codes})
    for status in (401, 403):  # routers document them for all, not every endpoint has them
        if status not in by_status:
            responses.pop(str(status), None)
    operation["responses"] = dict(sorted(responses.items()))


def _codes(operation: Mapping[str, Any], level: Level) -> Iterator[str]:
    """Return the codes the endpoint may answer, those that follow from its kind first."""
    yield from level.codes
    parameters = [each["name"] for each in operation.get("parameters", ())]
    for each in operation.get("parameters", ()):
        if each["in"] == "path" and each["name"] in PATH_OBJECTS:
            yield PATH_OBJECTS[each["name"]]
    if "Idempotency-Key" in parameters:
        yield from KEYED_CODES
    if "cursor" in parameters:
        yield "bad_cursor"
    if "application/json" in operation.get("requestBody", {}).get("content", {}):
        yield "malformed_json"
    if parameters or "requestBody" in operation:
        yield "invalid_request"
    else:
        operation["responses"].pop("422", None)
    yield from OPERATION_CODES.get(operation["operationId"], ())
    if "502" in operation["responses"]:
        yield from EXCHANGE_CODES


def _problem_example(code: str, meaning: Meaning) -> dict[str, Any]:
    value: dict[str, Any] = {
        "type": f"{TYPE_PREFIX}{code}",
        "title": title_of(meaning.status),
        "status": meaning.status,
        "detail": meaning.text,
        "code": code,
        "request_id": EXAMPLES["request_id"],
    }
    return {"summary": meaning.text, "value": value}


# Fields


def _tell_fields(schemas: dict[str, Any], models: Mapping[str, type]) -> None:
    for name, schema in schemas.items():
        model = models.get(re.sub(r"-(Input|Output)$", "", name))
        said = attribute_docs(model) if model is not None else {}
        for field, description in schema.get("properties", {}).items():
            text = description.get("description") or said.get(field) or TEXTS.get(field)
            if text:
                description["description"] = text


def _models(contexts: list[RouteContext]) -> dict[str, type]:
    """Return the classes that endpoints take and answer, by their names in the description."""
    found: dict[str, type] = {"ProblemDetails": ProblemDetails}
    for context in contexts:
        for model in (
            context.response_model,
            *(r.get("model") for r in context.responses.values()),
        ):
            _collect(model, found)
        if context.body_field is not None:
            _collect(context.body_field.field_info.annotation, found)
    for model in ProblemDetails.model_fields.values():
        _collect(model.annotation, found)
    return found


def _collect(annotation: Any, found: dict[str, type]) -> None:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        name = re.sub(r"\W", "_", annotation.__name__)
        if name not in found:
            found[name] = annotation
            for field in annotation.model_fields.values():
                _collect(field.annotation, found)
    for part in get_args(annotation):
        _collect(part, found)


@cache
def attribute_docs(model: type) -> dict[str, str]:
    """Return the texts under the attributes of `model` and its bases, by attribute."""
    texts: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if each.__module__.startswith(OWN) and "[" not in each.__name__:
            texts |= _own_docs(each)
    return texts


def _own_docs(model: type) -> dict[str, str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(model)))
    body = tree.body[0].body  # type: ignore[attr-defined]
    return {
        attribute.target.id: inspect.cleandoc(text.value.value)
        for attribute, text in pairwise(body)
        if isinstance(attribute, ast.AnnAssign)
        and isinstance(attribute.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


# Examples

_BY_TYPE: dict[str, Any] = {
    "string": "text",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "null": None,
}


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any], name: str = "") -> Any:
    """Return a value that `schema` describes: the fields' own examples, put together."""
    stated, value = _stated_example(schema, name)
    if stated:
        return value
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].removeprefix(REFERENCE)], schemas, name)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return example_of(schema[choice][0], schemas, name)
    if "properties" in schema:
        title = schema.get("title", "")
        return {
            field: _example_of_field(f"{title}.{field}", each, schemas)
            for field, each in schema["properties"].items()
        }
    if schema.get("type") == "array":
        return [example_of(schema["items"], schemas)] if "items" in schema else []
    if schema.get("type") == "object":
        return {}
    return _BY_TYPE.get(schema.get("type", ""))


def _example_of_field(place: str, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    name = place.partition(".")[2]
    for key in (place, name):
        if key in FITTING:
            return FITTING[key]
    return example_of(schema, schemas, name)


def _stated_example(schema: Mapping[str, Any], name: str) -> tuple[bool, Any]:
    if "example" in schema:
        return True, schema["example"]
    if schema.get("examples"):
        return True, schema["examples"][0]
    if name in EXAMPLES:
        return True, EXAMPLES[name]
    if schema.get("default") is not None:
        return True, schema["default"]
    if "const" in schema:
        return True, schema["const"]
    if schema.get("enum"):
        return True, schema["enum"][0]
    return False, None
