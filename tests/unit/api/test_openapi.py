"""The description of the API is complete, true and kept up to date."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from functions.api.app import create_app
from functions.api.web.openapi import METHODS, OPERATION_CODES
from functions.api.web.problem_codes import CODES, EXCHANGE_CODES
from functions.api.web.problems import _EXCHANGE_STATUS, MEDIA_TYPE
from pairtrader.storage.users import Role
from scripts import openapi
from tests.fakes.api_world import ApiWorld

API = Path(__file__).parents[3] / "functions" / "api"
DOCUMENT = create_app(None).openapi()  # type: ignore[arg-type]
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    operation["operationId"]: (path, method, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}


def each_operation() -> Any:
    return pytest.mark.parametrize("name", sorted(OPERATIONS))


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every body of an operation: what it is, its media type and its description."""
    bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
    for what, body in bodies.items():
        for media_type, content in body.get("content", {}).items():
            yield what, media_type, content


def validator(schema: dict[str, Any]) -> Any:
    whole = {"components": DOCUMENT["components"], **schema}
    return jsonschema_rs.validator_for(whole, validate_formats=True)


def test_the_kept_description_is_what_the_code_says() -> None:
    assert openapi.differs() == ""


def test_a_stale_description_is_told_with_the_way_out(tmp_path: Path) -> None:
    stale = tmp_path / "openapi.json"
    assert "make openapi" in openapi.differs(stale)
    stale.write_text("{}")
    assert "make openapi" in openapi.differs(stale)


def test_the_api_serves_its_description_and_shows_it() -> None:
    world = ApiWorld()
    assert world.client.get("/api/v1/openapi.json").json() == DOCUMENT
    assert world.client.get("/api/v1/docs").status_code == 200
    assert "HTTPValidationError" not in openapi.text()


def test_operations_have_names_of_their_own() -> None:
    count = sum(method in METHODS for item in DOCUMENT["paths"].values() for method in item)
    assert len(OPERATIONS) == count
    assert set(OPERATION_CODES) <= set(OPERATIONS)


@each_operation()
def test_every_operation_is_told_in_words(name: str) -> None:
    _, _, operation = OPERATIONS[name]
    assert operation["summary"]
    assert operation.get("description"), "needs a docstring"
    assert set(operation["tags"]) <= {tag["name"] for tag in DOCUMENT["tags"]}
    for parameter in operation.get("parameters", ()):
        text = parameter.get("description")
        assert text, f"{parameter['name']}: describe it there or in web/field_texts.py"
    public = operation["x-level"] == "public"
    assert public or {"session": []} in operation["security"]


@each_operation()
def test_every_problem_is_listed_with_its_codes(name: str) -> None:
    _, _, operation = OPERATIONS[name]
    for status, response in operation["responses"].items():
        if status.startswith(("4", "5")):
            codes = response["content"][MEDIA_TYPE].get("examples")
            assert codes, f"{name} answers {status}: list its codes in functions/api/problem_codes"
            assert all(f"`{code}`" in response["description"] for code in codes)
            assert {CODES[code].status for code in codes} == {int(status)}


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_field_is_described(name: str) -> None:
    for field, schema in SCHEMAS[name].get("properties", {}).items():
        text = schema.get("description")
        assert text, f"{name}.{field}: write a docstring under it, or see field_texts.py"


@each_operation()
def test_every_body_has_an_example_that_fits(name: str) -> None:
    _, _, operation = OPERATIONS[name]
    for what, media_type, content in contents(operation):
        is_told = content.get("schema") and ("json" in media_type or "form" in media_type)
        if not is_told:
            continue
        examples = [content["example"]] if "example" in content else []
        examples += [resolved(each)["value"] for each in content.get("examples", {}).values()]
        assert examples, f"{name} {what}: no example"
        for example in examples:
            faults = [
                f"{'.'.join(map(str, error.instance_path))}: {error.message}"
                for error in validator(content["schema"]).iter_errors(example)
            ]
            assert not faults, f"{name} {what}: state examples at the fields: {faults}"


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    found: Any = DOCUMENT
    for part in node["$ref"].removeprefix("#/").split("/") if "$ref" in node else ():
        found = found[part]
    return found if "$ref" in node else node


def test_references_lead_somewhere() -> None:
    for node in walk(DOCUMENT):
        if isinstance(node.get("$ref"), str):
            assert resolved(node)


def walk(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


@pytest.mark.parametrize(
    "name", sorted(name for name, (_, _, each) in OPERATIONS.items() if "requestBody" in each)
)
def test_the_api_takes_its_own_examples(name: str) -> None:
    path, method, operation = OPERATIONS[name]
    body = operation["requestBody"]
    admin = ApiWorld().user("root", Role.ADMIN)
    media_type, content = next(iter(body["content"].items()))
    form = content["example"] if "form" in media_type else None
    json = None if form else content["example"]
    place = path.removeprefix("/api/v1").replace("{", "").replace("}", "")
    answer = admin(method, place, json, data=form)
    code = answer.json().get("code") if answer.content else None
    assert code not in ("invalid_request", "malformed_json"), answer.text


# Codes in the code


def stated_codes() -> Iterator[tuple[str, int | None, str]]:
    """Codes that the source states: where, with which status, and the code."""
    for path in sorted(API.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                place = f"{path.name}:{node.lineno}"
                yield from ((place, status, code) for status, code in _of_call(node))


def _of_call(node: ast.Call) -> Iterator[tuple[int | None, str]]:
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    arguments = [each.value for each in node.args if isinstance(each, ast.Constant)]
    texts = [each for each in arguments if isinstance(each, str)]
    if name == "Problem" and len(arguments) > 1 and isinstance(arguments[0], int):
        yield arguments[0], str(arguments[1])
    elif name in ("conflict", "unauthorized") and texts:
        yield {"conflict": 409, "unauthorized": 401}[name], texts[0]
    elif name == "not_found" and texts:
        yield 404, f"{texts[0].replace(' ', '_')}_not_found"
    elif name == "invalid":
        said = [each.value for each in node.keywords if each.arg == "code"] + node.args[1:2]
        yield from ((422, str(each.value)) for each in said if isinstance(each, ast.Constant))


def test_every_code_is_listed_with_its_status() -> None:
    found = list(stated_codes())
    assert len({code for _, _, code in found}) > 20
    for place, status, code in found:
        assert code in CODES, f"{place}: list {code!r} in functions/api/web/problem_codes.py"
        assert CODES[code].status == status, f"{place}: {code!r} has another status"


def test_what_exchanges_refuse_is_listed() -> None:
    assert set(_EXCHANGE_STATUS) <= set(EXCHANGE_CODES)
    for code, status in _EXCHANGE_STATUS.items():
        assert CODES[code].status == status
