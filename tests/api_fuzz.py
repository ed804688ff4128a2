"""Requests that nobody would send, made from the API's own description; what must be answered."""

import zlib
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks

from functions.api.app import create_app

# Left out, each for a reason:
#   positive_data_acceptance: what fits the schema may be refused by the state of things.
#   negative_data_rejection: numbers and switches are taken as text too, where that is unambiguous.
#   use_after_free, ensure_resource_availability, object_level_authorization: the matrix of
#     tests/unit/api/test_authorisation.py asks the same of every endpoint, by name.
#   ignored_auth, missing_required_header: so does it, with every kind of credential.
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


def schema(document: dict[str, Any] | None = None, *, coverage: bool) -> Any:
    """Return the description as the fuzzer reads it; `coverage`: with all boundary values."""
    config = SchemathesisConfig()
    config.projects.default.phases.coverage.enabled = coverage
    config.projects.default.phases.stateful.enabled = False
    document = document or create_app(None).openapi()  # type: ignore[arg-type]
    return schemathesis.openapi.from_dict(document, config=config)


def budget(examples: int) -> Any:
    """So many random requests for each operation, the same in every run."""
    return settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def draw(case: Any, choices: int) -> int:
    """Return a choice that hangs on the request alone, so that every run makes the same."""
    text = f"{case.method} {case.path_parameters} {case.query} {case.body}"
    return zlib.crc32(text.encode("utf-8", "replace")) % choices


def aim(case: Any, ids: dict[str, str]) -> None:
    """Point the request at objects that exist: else hardly any gets past a 404."""
    for name, value in ids.items():
        if name in (case.path_parameters or {}):
            case.path_parameters[name] = value
