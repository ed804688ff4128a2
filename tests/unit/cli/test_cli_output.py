"""Documents on stdout, written a part at a time."""

import json

import pytest

from pairtrader.cli.output import ROWS_AT_ONCE, print_json


@pytest.mark.parametrize(
    "count", [0, 1, ROWS_AT_ONCE, ROWS_AT_ONCE + 1, 2 * ROWS_AT_ONCE, 2 * ROWS_AT_ONCE + 3]
)
def test_long_lists_are_written_as_json_writes_them(
    count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"number": number, "text": 'a "quoted" ü'} for number in range(count)]
    document = {"version": 1, "rows": rows, "none": None, "figures": {"net": -0.5}, "last": rows}

    print_json(document)

    assert capsys.readouterr().out == json.dumps(document, separators=(",", ":")) + "\n"


def test_an_empty_document_is_one_too(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({})

    assert capsys.readouterr().out == "{}\n"


def test_what_json_does_not_know_is_an_error() -> None:
    with pytest.raises(ValueError, match="JSON"):
        print_json({"net": float("nan")})
