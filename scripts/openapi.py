"""Writes the description of the API to openapi.json, from which clients are generated."""

import argparse
import json
import os
import sys
from pathlib import Path

TARGET = Path(__file__).parents[1] / "openapi.json"
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "TABLE_PREFIX": "description",
    "POWERTOOLS_SERVICE_NAME": "description",
}


def text() -> str:
    """Return the description as it is kept: the same with every version of Python."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from functions.api.app import create_app  # noqa: PLC0415 - reads the environment

    document = create_app(None).openapi()  # type: ignore[arg-type]
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def differs(path: Path = TARGET) -> str:
    """Return what is wrong with the kept description; empty if it is the code's."""
    if path.exists() and path.read_text(encoding="utf-8") == text():
        return ""
    return f"{path.name} is not what the code says: run `make openapi` and commit it."


def main() -> int:
    """Write the description, or with --check only say whether it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    if parser.parse_args().check:
        fault = differs()
        print(fault or f"{TARGET.name} is up to date", file=sys.stderr if fault else sys.stdout)
        return 1 if fault else 0
    TARGET.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
