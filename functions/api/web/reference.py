"""The API's reference as one page without scripts: it needs no internet and passes any policy."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "code{font-size:.95em}li{margin:.2rem 0}details{margin:.4rem 0}"
)


def render(document: Mapping[str, Any], description_url: str) -> str:
    """Return HTML that lists the operations of an OpenAPI document by their tags."""
    title = escape(document["info"]["title"])
    sections = "".join(_section(document, tag) for tag in document["tags"])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>"
        f"<p>{escape(document['info']['description'])}</p>"
        f'<p>Machine-readable: <a href="{escape(description_url)}">OpenAPI</a></p>'
        f"{sections}</body></html>"
    )


def _section(document: Mapping[str, Any], tag: Mapping[str, str]) -> str:
    operations = "".join(
        _operation(path, method, operation)
        for path, method, operation in _operations(document)
        if tag["name"] in operation["tags"]
    )
    name, description = escape(tag["name"]), escape(tag["description"])
    return f"<h2>{name}</h2><p>{description}</p>{operations}"


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> str:
    parameters = "".join(_parameter(each) for each in operation.get("parameters", ()))
    answers = ", ".join(escape(status) for status in operation["responses"])
    return (
        f"<details><summary><code>{method.upper()} {escape(path)}</code> "
        f"{escape(operation['summary'])}</summary>"
        f"<p>{escape(operation.get('description', ''))}</p>"
        f"<ul>{parameters}</ul><p>Answers: {answers}</p></details>"
    )


def _parameter(parameter: Mapping[str, Any]) -> str:
    needed = ", required" if parameter.get("required") else ""
    text = escape(parameter.get("description", ""))
    return f"<li><code>{escape(parameter['name'])}</code> ({parameter['in']}{needed}) {text}</li>"
