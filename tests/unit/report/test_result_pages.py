import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pairtrader.backtest.result import DataSource, MarketSource, result_of
from pairtrader.report import drawing, page
from pairtrader.report.charts import thinned
from pairtrader.report.content import MOST_ROWS
from pairtrader.report.markup import Markup, duration, element, embedded, number, percent
from pairtrader.report.page import html
from pairtrader.report.tables import write_tables
from tests.made_runs import made_run

NASTY = "</script><script>alert(1)</script>&\u2028\"'"
VOID = {"meta"}


class Structure(HTMLParser):
    """Collects what a page consists of; fails on an element closed that was not open."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.scripts, self.texts = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        elif self.open and self.open[-1] != "style":
            self.texts.append(data)


def result_document(seed=2, bars=2000, **shape):
    run = made_run(seed, bars, **shape)
    return result_of(run.series, run.config, run.outcome).document()


def data_of(text):
    found = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', text, re.S)
    return json.loads(found.group(1))


SWEEP = {
    "version": 1,
    "kind": "sweep",
    "objective": "sharpe",
    "parameters": [
        {"name": "profit_ratio", "values": [0.5, 1.0]},
        {"name": "dca_config.0.spread", "values": [1.0, 2.0]},
    ],
    "runs": [
        {
            "settings": {"profit_ratio": ratio, "dca_config.0.spread": spread},
            "metrics": {"sharpe": 3 - ratio * spread, "net_pnl": 10.0, "cycles": 40},
        }
        for ratio in (0.5, 1.0)
        for spread in (1.0, 2.0)
    ],
    "walk_forward": [
        {
            "train": {"from": "2025-05-04T16:00:00Z", "to": "2025-05-14T00:00:00Z"},
            "test": {"from": "2025-05-14T00:00:00Z", "to": "2025-05-18T00:00:00Z"},
            "best_settings": {"profit_ratio": 0.5, "dca_config.0.spread": 1.0},
            "train_metrics": {"sharpe": 4.0},
            "test_metrics": None,
        }
    ],
}
ANALYSIS = {
    "version": 1,
    "kind": "analysis",
    "market1": "LTC-USDT",
    "market2": NASTY,
    "warnings": [{"code": "in_sample", "text": NASTY}],
    "data": {"first": "2025-05-04T16:00:00Z", "last": "2025-05-05T16:00:00Z", "bars": 1440},
    "correlation": [{"timeframe_seconds": 3600, "pearson": 0.9, "reason": None}],
    "spreads": {"bot": {"adf": {"p_value": 0.01, "reason": None}, "half_life": {"seconds": 7200}}},
    "bot_spread": {
        "histogram": {"edges": [-1.0, 0.0, 1.0], "counts": [3, 4]},
        "curve": {"times": [0, 60000], "spread": [0.5, None]},
    },
    "ladder": {"given": True, "rows": [{"times": 1, "distance": 0.75}]},
}
FINDER = {
    "version": 1,
    "kind": "finder",
    "correlation_matrix": {"symbols": ["A-USDT", "B-USDT"], "values": [[1.0, 0.5], [0.5, None]]},
    "pairs": [{"rank": n, "market1": "A-USDT", "half_life_seconds": 60.0 * n} for n in range(9)],
}
COMPARISON = {
    "version": 1,
    "kind": "comparison",
    "results": ["a", NASTY],
    "data": [
        {"market1": {"symbol": "A"}, "market2": {"symbol": "B"}, "first": "", "last": "", "bars": 1}
    ]
    * 2,
    "settings": {"profit_ratio": [0.5, None]},
    "metrics": {"net_pnl": [1.0, -2.0], "sharpe": [None, 2.0], "own": [1.0, 2.0]},
}
DOCUMENTS = {
    "a result": result_document(),
    "a result without trades": result_document(pace=0.0),
    "a result of one bar": result_document(bars=1),
    "a sweep": SWEEP,
    "a sweep without runs": {**SWEEP, "runs": [], "walk_forward": []},
    "an analysis": ANALYSIS,
    "a finder's answer": FINDER,
    "a comparison": COMPARISON,
    "something unknown": {"kind": "other", "a": {"b": [1, None, "x"]}, "c": None, "d": []},
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_page_is_whole_and_loads_nothing(document):
    text = html(document)
    structure = Structure(text)
    data = data_of(text)

    assert text.startswith("<!doctype html>")
    assert structure.open == []
    assert len(structure.ids) == len(set(structure.ids))
    for part in (*data["charts"], *data["tables"]):
        assert part["id"] in structure.ids
    own = text.replace(drawing.plotly_source(), "")
    assert not re.search(r"(src|href)=|url\(|@import|https?://", own)
    assert "default-src 'none'" in own
    assert len(text.encode()) < 6_000_000


def test_texts_from_outside_stay_texts():
    run = made_run(2, 300)
    source = DataSource(MarketSource(300, symbol=NASTY, file=NASTY), MarketSource(300))
    document = result_of(run.series, run.config, run.outcome, source).document()
    document["warnings"].append({"code": NASTY, "text": NASTY})
    structure = Structure(html(document))

    assert len(structure.scripts) == 3
    assert not any("alert(1)" in script for script in structure.scripts)
    assert sum(NASTY in text for text in structure.texts) >= 2


@pytest.mark.parametrize("document", [ANALYSIS, COMPARISON, {**SWEEP, "objective": NASTY}])
def test_so_do_those_of_other_documents(document):
    text = html(document)

    assert "<script>alert(1)" not in text.replace(drawing.plotly_source(), "")
    assert Structure(text).open == []


def test_the_page_of_a_result_shows_its_parts():
    document = DOCUMENTS["a result"]
    text = html(document)
    data = data_of(text)
    titles = re.findall(r"<h2>(.*?)</h2>", text)
    by_name = {chart["id"]: chart for chart in data["charts"]}

    assert titles == [
        "Equity",
        "Spread",
        "Returns by month",
        "Net PnL by cycle",
        "Distributions",
        "Figures",
        "Why cycles ended, and rows entered",
        "Cycles",
        "Settings",
        "Data",
    ]
    assert set(by_name) == {"equity", "spread", "cycles-chart", "nets", "holding"}
    assert by_name["equity"]["traces"][0]["y"] == document["equity"]["curve"]["equity"]
    marked = sum(len(trace["x"]) for trace in by_name["spread"]["traces"][1:])
    assert marked == len(document["orders"]) / 2
    assert len(by_name["spread"]["layout"]["shapes"]) == 6
    assert sum(by_name["nets"]["traces"][0]["y"]) == len(document["cycles"])
    assert len(data["tables"][0]["rows"]) == len(document["cycles"])
    for warning in document["warnings"]:
        assert warning["text"] in text


def test_months_multiply_the_returns_of_their_days():
    document = dict(DOCUMENTS["a result"])
    days = [("2024-12-31", 10.0), ("2025-01-01", 10.0), ("2025-01-02", -5.0), ("2025-03-01", None)]
    document["equity"] = {
        **document["equity"],
        "daily": [{"day": day, "equity": 1.0, "return": value} for day, value in days],
    }
    found = re.findall(r'class="tint"[^>]*>(.*?)</span>', html(document))

    assert found == ["10.00 %", "10.00 %", "4.50 %", "4.50 %"]


def test_a_sweep_shows_the_best_of_each_pair_of_values():
    data = data_of(html(SWEEP))
    heat = next(chart for chart in data["charts"] if chart["id"] == "heat")
    board = next(table for table in data["tables"] if table["id"] == "leaderboard")

    assert heat["traces"][0]["z"] == [[2.5, 2.0], [2.0, 1.0]]
    assert [column["label"] for column in board["columns"]][:4] == [
        "rank",
        "profit_ratio",
        "dca_config.0.spread",
        "Sharpe ratio",
    ]
    assert {chart["id"] for chart in data["charts"]} == {"heat", "parameter0", "parameter1", "walk"}


def test_an_analysis_draws_series_and_distributions_with_the_ladder():
    data = data_of(html(ANALYSIS))
    lines = {chart["id"]: chart["layout"]["shapes"] for chart in data["charts"]}

    assert set(lines) == {"bot_spread-histogram", "bot_spread-curve-spread"}
    assert [line["x0"] for line in lines["bot_spread-histogram"]] == [0.75, -0.75]


def test_a_page_without_charts_needs_no_drawing_library():
    assert len(html(COMPARISON)) < 100_000


def test_a_missing_drawing_library_names_the_way_out(monkeypatch):
    monkeypatch.setattr(drawing, "PLOTLY", "plotly_that_is_not_there")

    with pytest.raises(drawing.NoDrawing, match=re.escape("pip install 'pairtrader[report]'")):
        html(DOCUMENTS["a result"])


def test_a_number_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        html({"kind": "other", "curve": {"times": [0], "x": [float("inf")]}})


def test_very_many_rows_are_cut_and_said(monkeypatch):
    rows = [{"rank": n} for n in range(MOST_ROWS + 5)]
    text = html({"kind": "finder", "pairs": rows})

    assert f"The first {MOST_ROWS:,} of {MOST_ROWS + 5:,}" in text
    assert len(data_of(text)["tables"][0]["rows"]) == MOST_ROWS


def test_embedded_json_can_end_no_script():
    text = embedded({"a": NASTY})

    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"a": NASTY}


def test_markup_is_not_escaped_twice():
    assert element("b", Markup("<i>x</i>"), class_="a&b") == '<b class="a&amp;b"><i>x</i></b>'
    assert element("b", "<i>") == "<b>&lt;i&gt;</b>"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "\u2013"),
        (float("nan"), "\u2013"),
        (True, "yes"),
        (1234567, "1,234,567"),
        (1234.5, "1,234.50"),
        (0.0, "0.00"),
        (-0.00012345, "-0.0001234"),
        (1e-15, "0.00"),
        ("x", "x"),
    ],
)
def test_numbers_are_written_for_reading(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "\u2013"),
        (5, "5 s"),
        (60, "1 min"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (86_400, "1 d"),
        (273_600, "3 d 4 h"),
    ],
)
def test_spans_of_time_are_written_in_two_units(seconds, text):
    assert duration(seconds) == text


def test_percentages_have_two_places():
    assert [percent(value) for value in (None, 0.4397, -12345.678)] == [
        "\u2013",
        "0.44 %",
        "-12,345.68 %",
    ]


def test_thinning_keeps_the_order_and_the_number_down():
    assert thinned(list(range(10)), 4) == [0, 3, 6, 9]
    assert thinned([], 4) == []


def test_tables_are_written_into_a_new_folder(tmp_path):
    document = DOCUMENTS["a result"]
    written = write_tables(document, tmp_path / "a" / "b")

    assert [path.name for path in written] == ["cycles.csv", "orders.csv", "equity.csv"]
    assert len(written[1].read_text().splitlines()) == len(document["orders"]) + 1


def test_the_page_holds_files_of_its_own_package():
    folder = Path(page.__file__).parent / "assets"

    assert {path.name for path in folder.iterdir()} == {"page.css", "page.js"}
