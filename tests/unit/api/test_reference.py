"""The page at /api/v1/docs: everything the API offers, with nothing that a policy would block."""

import pytest

from functions.api.web.reference import render
from tests.fakes.api_world import ApiWorld


def test_it_lists_every_operation_without_scripts_or_other_hosts(world: ApiWorld) -> None:
    answer = world.client.get("/api/v1/docs")
    assert answer.headers["content-type"].startswith("text/html")
    document = world.client.get("/api/v1/openapi.json").json()
    for path, item in document["paths"].items():
        for method in item:
            assert f"{method.upper()} {path}</code>" in answer.text
    assert "/api/v1/openapi.json" in answer.text
    for blocked in ("<script", "<link", "src=", "http://", "https://cdn"):
        assert blocked not in answer.text


@pytest.mark.parametrize("place", ["title", "description"])
def test_texts_are_texts(place: str) -> None:
    info = {"title": "t", "description": "d"} | {place: "<script>alert(1)</script>"}
    page = render({"info": info, "tags": [], "paths": {}}, "/openapi.json")
    assert "<script" not in page
