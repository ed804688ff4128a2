"""Routes are made, and their code imported, when a path first begins like theirs."""

import warnings

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from functions.api.app import SUBJECTS, create_app
from functions.api.web.routes import Subject


@pytest.fixture
def app() -> FastAPI:
    return create_app(None)  # type: ignore[arg-type]


def opened(app: FastAPI) -> set[str]:
    """Return the modules whose routes are known by now."""
    subjects = [each for each in app.router.routes if isinstance(each, Subject)]
    pairs = zip(SUBJECTS, subjects, strict=True)
    return {module for (module, _, _), subject in pairs if "routes" in vars(subject)}


def test_a_request_opens_its_own_subject_alone(app: FastAPI) -> None:
    assert opened(app) == set()
    with TestClient(app) as client:
        assert client.get("/api/v1/health").status_code == 200
    assert opened(app) == {"health"}


@pytest.mark.parametrize("path", ["/", "/api/v1", "/api/v1/nowhere", "/nowhere/health", "/bot"])
def test_a_path_of_nobody_opens_nothing(app: FastAPI, path: str) -> None:
    with TestClient(app) as client:
        assert client.get(path).status_code == 404
    assert opened(app) == set()


def test_a_method_that_a_path_does_not_know_is_told_as_such(app: FastAPI) -> None:
    with TestClient(app) as client:
        assert client.put("/api/v1/health").status_code == 405


def test_every_route_lies_where_it_is_looked_for(app: FastAPI) -> None:
    assert len([route for route in app.routes if isinstance(route, APIRoute)]) > len(SUBJECTS)
    assert opened(app) == {module for module, _, _ in SUBJECTS}


def test_a_route_that_would_never_be_found_is_refused(app: FastAPI) -> None:
    stray = Subject(app, {}, ("functions.api.routers.health", "router"), ("elsewhere",))
    with pytest.raises(ValueError, match="health"):
        _ = stray.routes


def test_bodies_are_read_without_a_warning(app: FastAPI) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert app.openapi()["paths"]
