"""`pairtrader backtest`: the document, the summary, the files."""

import io
import json
import os
from typing import Any

import pytest

from pairtrader.cli.output import duration, number, short, table, write_text
from pairtrader.cli.prices import symbol_in
from tests.unit.cli.desk import SETTINGS, Desk


def test_the_result_is_one_document(desk: Desk) -> None:
    said = desk.pair("backtest", "--json")
    assert said.code == 0
    assert said.err == ""
    document = said.document
    assert document.keys() >= {
        "version", "config", "data", "start_prices", "warnings", "metrics", "cycles", "orders",
        "equity",
    }  # fmt: skip
    closed = [cycle["net_pnl"] for cycle in document["cycles"] if cycle["reason"] != "open"]
    assert len(closed) == document["metrics"]["cycles"] > 5
    assert sum(cycle["net_pnl"] for cycle in document["cycles"]) == pytest.approx(
        document["metrics"]["net_pnl"]
    )
    assert len(document["orders"]) == document["metrics"]["orders"]


def test_without_json_a_summary_is_printed(desk: Desk) -> None:
    said = desk.pair("backtest")
    assert said.code == 0
    assert "MARKET1-USDT / MARKET2-USDT, 2025-05-04T16:00:00Z" in said.out
    assert "of the initial capital" in said.out
    assert "take_profit" in said.out
    assert "\x1b" not in said.out


def test_symbols_left_out_come_from_the_names_of_the_files(desk: Desk) -> None:
    for market, name in (("market1", "binance_LTC-USDT-PERP_1m.csv"), ("market2", "LINK-USDT.csv")):
        (desk.folder / f"{market}.csv").rename(desk.folder / name)
    files = [desk.path("binance_LTC-USDT-PERP_1m.csv"), desk.path("LINK-USDT.csv")]
    said = desk.run(
        "backtest", "--market1", files[0], "--market2", files[1],
        "--config", desk.path("bot.json"), "--json",
    )  # fmt: skip
    config = said.document["config"]
    assert (config["market1_symbol"], config["market2_symbol"]) == ("LTC-USDT", "LINK-USDT")
    assert "symbols_assumed" in [warning["code"] for warning in said.document["warnings"]]


def test_symbols_that_are_given_are_not_remarked_on(desk: Desk) -> None:
    desk.write("named.json", {**SETTINGS, "market1_symbol": "A-USDT", "market2_symbol": "B-USDT"})
    said = desk.pair("backtest", "--json", config="named.json")
    assert "symbols_assumed" not in [warning["code"] for warning in said.document["warnings"]]


def test_one_file_twice_is_noticed(desk: Desk) -> None:
    (desk.folder / "market1.csv").rename(desk.folder / "LTC-USDT_1m.csv")
    path = desk.path("LTC-USDT_1m.csv")
    config = desk.path("bot.json")
    said = desk.run("backtest", "--market1", path, "--market2", path, "--config", config)
    assert said.code == 2
    assert "both name LTC-USDT" in said.err


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("binance_LTC-USDT-PERP_1m.csv.gz", "LTC-USDT"),
        ("data/okx_1INCH-USDT-PERP_5m.parquet", "1INCH-USDT"),
        ("GALA-USDT.csv", "GALA-USDT"),
        ("market1.csv", None),
        ("ltc-usdt.csv", None),
    ],
)
def test_a_symbol_is_seen_in_a_name(name: str, symbol: str | None) -> None:
    assert symbol_in(name) == symbol


def test_settings_are_changed_on_the_command_line(desk: Desk) -> None:
    words = ["profit_ratio=0.7", "dca_config.0.spread=1.25", "fill_at=signal_close"]
    said = desk.pair("backtest", "--json", "--set", *words, "--set", "taker_fee=0")
    config = said.document["config"]
    assert config["profit_ratio"] == 0.7
    assert config["dca_config"][0]["spread"] == 1.25
    assert config["fill_at"] == "signal_close"
    assert said.document["metrics"]["fees"] == 0


DOCUMENTS: dict[str, Any] = {
    "flat": SETTINGS,
    "exported": {
        "format": "pairtrader.bot/1",
        "exported_at": "2026-06-01T12:00:00Z",
        "exchange_name": "binance",
        "settings": SETTINGS,
    },
    "as the API takes it": {"settings": SETTINGS, "terms": {"fill_at": "next_open"}},
}


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_settings_are_read_in_every_form_that_they_are_written_in(kind: str, desk: Desk) -> None:
    desk.write("other.json", DOCUMENTS[kind])
    expected = desk.pair("backtest", "--json").document
    assert desk.pair("backtest", "--json", config="other.json").document == expected


def test_a_result_is_run_again_from_itself(desk: Desk) -> None:
    first = desk.pair("backtest", "--json")
    desk.write("result.json", first.out)
    again = desk.pair("backtest", "--json", config="result.json").document
    assert again["metrics"] == first.document["metrics"]
    assert again["orders"] == first.document["orders"]


def test_a_configuration_comes_through_standard_input(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(SETTINGS).encode())))
    markets = ("--market1", desk.path("market1.csv"), "--market2", desk.path("market2.csv"))
    assert desk.run("backtest", *markets, "--config", "-").code == 0


def test_a_part_of_the_data_is_run(desk: Desk) -> None:
    period = ("--from", "2025-05-05", "--to", "2025-05-05T12:00")
    said = desk.pair("backtest", "--json", *period)
    data = said.document["data"]
    assert (data["first"], data["last"]) == ("2025-05-05T00:00:00Z", "2025-05-05T11:59:00Z")
    assert data["bars"] == 720


def test_results_are_written_to_files(desk: Desk) -> None:
    files = ("--out", desk.path("r.json"), "--csv", desk.path("tables"))
    said = desk.pair("backtest", "--json", *files)
    assert json.loads((desk.folder / "r.json").read_text()) == said.document
    orders = (desk.folder / "tables" / "orders.csv").read_text().splitlines()
    assert len(orders) == 1 + len(said.document["orders"])
    assert {path.name for path in (desk.folder / "tables").iterdir()} == {
        "cycles.csv",
        "orders.csv",
        "equity.csv",
    }


def test_a_file_is_written_whole_or_not_at_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write("r.json", "the one before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", full)
    said = desk.pair("backtest", "--out", desk.path("r.json"))
    assert said.code == 1
    assert (desk.folder / "r.json").read_text() == "the one before"
    assert not list(desk.folder.glob(".r.json*"))


def test_a_device_is_written_to_not_replaced(desk: Desk) -> None:
    os.mkfifo(desk.path("pipe"))
    reader = os.open(desk.path("pipe"), os.O_RDONLY | os.O_NONBLOCK)
    write_text(desk.path("pipe"), "text")
    assert os.read(reader, 10) == b"text"
    os.close(reader)
    assert not (desk.folder / "pipe").is_file()


def test_rates_that_are_not_asked_for_are_remarked_on(desk: Desk) -> None:
    rates = desk.write("rates.csv", "timestamp,funding_rate\n1746403200000,0.0001\n")
    said = desk.pair("backtest", "--json", "--funding1", rates, "--funding2", rates)
    assert "funding_unused" in [warning["code"] for warning in said.document["warnings"]]
    assert said.document["metrics"]["funding"] == 0


def test_the_compiled_engine_must_be_installed_to_be_demanded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pairtrader.cli.engines.find_spec", lambda name: None)
    said = desk.pair("backtest", "--fast")
    assert said.code == 2
    assert "pip install 'pairtrader[fast]'" in said.err
    assert desk.pair("backtest", "--no-fast").code == 0


def test_values_are_written_for_reading() -> None:
    assert [number(v) for v in (None, -0.001, 1234.5, -2.0)] == ["-", "0.00", "1,234.50", "-2.00"]
    assert [duration(v) for v in (None, 0, 59, 60, 3_660, 90_000, 86_430)] == [
        "-", "0 s", "59 s", "1 min", "1 h 1 min", "1 d 1 h", "1 d",
    ]  # fmt: skip
    assert [short(v) for v in (0.5, "limit", True, [1])] == ["0.5", "limit", "true", "[1]"]
    assert table(["a", "n"], [["x", "10"], ["long", "-"]]) == "a      n\nx     10\nlong   -"
