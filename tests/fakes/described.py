"""A client that holds every answer against the API's description."""

from functools import lru_cache
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import compile_path

from functions.api.web.problems import MEDIA_TYPE

UNDESCRIBED = ("route_not_found", "method_not_allowed", "internal_error", "wrong_origin")
"""Answers of no operation, and what no operation is meant to answer."""


@lru_cache
def _operations(app: FastAPI) -> list[tuple[Any, dict[str, Any]]]:
    paths = app.openapi()["paths"]
    return [(compile_path(path)[0], paths[path]) for path in sorted(paths, key=_fixed_first)]


def _fixed_first(path: str) -> tuple[bool, str]:
    return "{" in path, path


class DescribedClient(TestClient):
    """Fails the test whose request is answered by a problem that the description does not list."""

    def request(self, method: str, url: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        answer = super().request(method, url, **kwargs)
        if answer.headers.get("content-type") == MEDIA_TYPE:
            self._require_listed(method, answer)
        return answer

    def _require_listed(self, method: str, answer: Any) -> None:
        code, status = answer.json()["code"], str(answer.status_code)
        if code in UNDESCRIBED:
            return
        path = answer.request.url.path.rstrip("/")
        item = next(item for regex, item in _operations(self.app) if regex.match(path))
        operation = item[method.lower()]
        listed = operation["responses"].get(status, {}).get("content", {}).get(MEDIA_TYPE, {})
        assert code in listed.get("examples", {}), (
            f"{operation['operationId']} answers {status} {code}: list it in "
            "functions/api/web/problem_codes.py"
        )
