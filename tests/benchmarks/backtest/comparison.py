"""All comparisons of one bench: who runs what, by turns, and what is demanded of the ratio."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.backtest import pair_data
from tests.benchmarks.backtest.findings import Findings, Row
from tests.benchmarks.backtest.worker import PACKAGE, ROOT, Worker, environment

FOLDER = ROOT / ".local" / "bench"
DATA = FOLDER / "data"
RESULT = FOLDER / "backtest.json"
TABLE = FOLDER / "backtest.md"
PEERS = ROOT / ".tools" / "peers" / "bin" / "python"
NAUTILUS = ROOT / ".tools" / "nautilus" / "bin" / "python"
OURS = Path(sys.executable)

MILLION = 1_000_000
LENGTHS = (100_000, MILLION, 10 * MILLION)
SHORT = 100_000
"""Bars for the peers that would take a minute for a million; they are linear."""
PROFIT_RATIOS = [round(0.5 + 0.1 * place, 1) for place in range(20)]
STEPS = [round(0.4 + 0.1 * place, 1) for place in range(10)]
SETS = [{"profit_ratio": ratio, "ladder.step": step} for ratio in PROFIT_RATIOS for step in STEPS]
CORES = 2

Answer = dict[str, Any]
Ask = Callable[[], Answer]


def by_turns(rounds: int, ours: Ask, theirs: Ask) -> tuple[list[Answer], list[Answer]]:
    """Ask both `rounds` times, taking turns, after one try each that nobody counts."""
    ours(), theirs()
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def seconds(answers: list[Answer], kind: str = "seconds") -> list[float]:
    """Return the times of answers."""
    return [answer[kind] for answer in answers]


class Bench:
    """Runs the comparisons one after the other."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self.findings = Findings()
        self._say = say

    def run(self) -> Findings:
        """Do everything; the findings are written as well."""
        with ExitStack() as stack:
            hired = {
                name: stack.enter_context(Worker(python, module, str(DATA), *words))
                for name, python, module, words in (
                    ("base", OURS, "ours", ()),
                    ("fast", OURS, "ours", ("fast",)),
                    ("vectorbt", PEERS, "peer_vectorbt", ()),
                    ("backtesting.py", PEERS, "peer_backtesting", ()),
                    ("nautilus", NAUTILUS, "peer_nautilus", ()),
                )
            }
            self.findings.facts["workers"] = {name: each.facts for name, each in hired.items()}
            for kind in ("base", "fast"):
                self._one_run(kind, hired[kind], hired["vectorbt"])
                self._with_metrics(kind, hired[kind], hired["vectorbt"])
                self._lengths(kind, hired[kind])
            self._slow_peers(hired)
            self._floors(hired["base"])
            self._sweeps(hired)
        self._memory()
        self._from_files()
        for line in self.findings.lines():
            self._say(line)
        FOLDER.mkdir(parents=True, exist_ok=True)
        TABLE.write_text(self.findings.markdown())
        RESULT.write_text(json.dumps(self.findings.document(), indent=1) + "\n")
        return self.findings

    def _one_run(self, kind: str, ours: Worker, peer: Worker) -> None:
        self._say(f"one run, {kind}")
        mine, its = by_turns(
            9,
            lambda: ours.ask("run", bars=MILLION, fast=kind == "fast"),
            lambda: peer.ask("run", bars=MILLION),
        )
        self._agree("equity", MILLION, {f"ours, {kind}": mine[0], "vectorbt": its[0]})
        target = {"base": 4.0, "fast": 50.0}[kind]
        self._compare(f"run_{kind}", f"one run, {kind}", "vectorbt", mine, its, target)

    def _with_metrics(self, kind: str, ours: Worker, peer: Worker) -> None:
        self._say(f"one run with equity curve and metrics, {kind}")
        mine, its = by_turns(
            7,
            lambda: ours.ask("metrics", bars=MILLION, fast=kind == "fast"),
            lambda: peer.ask("metrics", bars=MILLION),
        )
        name = f"with equity curve and metrics, {kind}"
        self._compare(f"metrics_{kind}", name, "vectorbt", mine, its, 8.0)
        if kind == "base":
            peer.ask("stats", bars=MILLION)
            stats = [peer.ask("stats", bars=MILLION) for _ in range(5)]
            name = "with all figures that each has itself, base"
            self._compare("stats_base", name, "vectorbt", mine, stats, 8.0)

    def _lengths(self, kind: str, ours: Worker) -> None:
        self._say(f"lengths, {kind}")
        found = {}
        for bars in LENGTHS:
            ours.ask("run", bars=bars, fast=kind == "fast")
            runs = [ours.ask("run", bars=bars, fast=kind == "fast") for _ in range(5)]
            found[bars] = median(seconds(runs))
        self.findings.lengths[kind] = found

    def _slow_peers(self, hired: dict[str, Worker]) -> None:
        base, million = hired["base"], self.findings.rows["run_base"]
        for key, figure, target in (
            ("nautilus", "equity", 500.0),
            ("backtesting.py", "equity1", 0.0),
        ):
            self._say(key)
            mine, its = [], []
            for _ in range(2):
                mine += [base.ask("run", bars=SHORT, fast=False) for _ in range(9)]
                its.append(hired[key].ask("run", bars=SHORT))
            ours = {**mine[0], "equity": mine[0][figure]}
            self._agree("equity", SHORT, {"ours, base": ours, key: its[0]})
            self._compare(f"run_{key}", "one run of 100,000 bars, base", key, mine, its, target)
            self._add(
                f"run_{key}_million",
                "one run, base",
                key,
                million.ours,
                seconds(its),
                target,
                scale=MILLION / SHORT,
                note="theirs: ten times 100,000 bars",
            )

    def _floors(self, base: Worker) -> None:
        for bars in LENGTHS:
            answer = base.ask("floor", bars=bars)
            self.findings.floors[bars] = {name: answer[name] for name in ("max", "dot")}

    def _sweeps(self, hired: dict[str, Worker]) -> None:
        its: list[Answer] = []
        mine: dict[str, list[Answer]] = {"base": [], "fast": []}
        for turn in range(3):
            for kind, answers in mine.items():
                self._say(f"sweep, {kind}")
                order = {"sets": SETS, "fast": kind == "fast", "jobs": CORES}
                answers.append(hired[kind].ask("sweep", bars=MILLION, **order))
            if not turn:
                self._say("sweep, vectorbt")
                its.append(hired["vectorbt"].ask("sweep", bars=MILLION, sets=SETS))
        self.findings.sweep_closes["vectorbt"] = its[0]["closes"]
        self.findings.facts["vectorbt_sweep_peak_mb"] = its[0]["peak_mb"]
        for kind, target in (("base", 12.0), ("fast", 100.0)):
            self.findings.sweep_closes[kind] = mine[kind][0]["closes"]
            self._add(
                f"sweep_{kind}",
                f"sweep of {len(SETS)}, {kind}, {CORES} cores",
                "vectorbt",
                seconds(mine[kind]),
                seconds(its),
                target,
                note="vectorbt: one core, a set a call",
            )

    def _memory(self) -> None:
        self._say("memory")
        peaks = {}
        for name, python, module in (("ours", OURS, "ours"), ("vectorbt", PEERS, "peer_vectorbt")):
            with Worker(python, module, str(DATA)) as worker:
                options = {"fast": False} if name == "ours" else {}
                peaks[name] = worker.ask("run", bars=MILLION, **options)["peak_mb"]
        self._add(
            "memory",
            "peak memory of one run, base",
            "vectorbt",
            [peaks["ours"]],
            [peaks["vectorbt"]],
            4.0,
            unit="MB",
        )

    def _from_files(self) -> None:
        self._say("from two CSV files to printed figures")
        files = [str(path) for path in pair_data.candle_files(DATA, MILLION)]
        config = Path(__file__).with_name("reference.json")
        ours = [str(OURS.with_name("pairtrader")), "backtest", "--market1", files[0]]
        ours += ["--market2", files[1], "--config", str(config), "--no-fast"]
        theirs = [str(PEERS), "-m", f"{PACKAGE}.files_vectorbt", *files]
        cold, warm, its, peaks = [], [], [], []
        for _ in range(3):
            with tempfile.TemporaryDirectory() as cache:
                cold.append(_printed(ours, PAIRTRADER_CACHE=cache)[0])
                warm.append(_printed(ours, PAIRTRADER_CACHE=cache)[0])
            took, output = _printed(theirs)
            its.append(took)
            peaks.append(json.loads(output.splitlines()[-1])["peak_mb"])
        peer = "vectorbt"
        self._add("files", "process start to printed figures, base", peer, cold, its, 10.0)
        self._add("files_warm", "the same, files known from before", peer, warm, its, 10.0)
        self._add(
            "files_memory",
            "peak memory of that process",
            peer,
            [_peak(ours[1:])],
            peaks,
            4.0,
            unit="MB",
        )

    def _agree(self, figure: str, bars: int, answers: dict[str, Answer]) -> None:
        for name, answer in answers.items():
            self.findings.agreement.append(
                {
                    "bars": bars,
                    "who": name,
                    "closes": answer["closes"],
                    "entries": answer["entries"],
                    "net": answer[figure] - 10_000,
                }
            )

    def _compare(
        self,
        key: str,
        name: str,
        peer: str,
        ours: list[Answer],
        theirs: list[Answer],
        target: float,
        **more: Any,
    ) -> None:
        processor = {
            "ours_processor": seconds(ours, "processor_seconds"),
            "theirs_processor": seconds(theirs, "processor_seconds"),
        }
        self._add(key, name, peer, seconds(ours), seconds(theirs), target, **processor, **more)

    def _add(
        self,
        key: str,
        name: str,
        peer: str,
        ours: list[float],
        theirs: list[float],
        target: float,
        **more: Any,
    ) -> None:
        row = Row(name, peer, ours, theirs, target, **more)
        self.findings.rows[key] = row
        self._say(row.line())


def _printed(command: list[str], **variables: str) -> tuple[float, str]:
    """Return how long a command took to print all it has to say, and that."""
    began = time.perf_counter()
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env=environment(**variables), cwd=ROOT
    )
    took = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr}")
    return took, done.stdout


def _peak(words: list[str]) -> float:
    """Return the most megabytes that the command `pairtrader` holds, nothing known from before."""
    script = (
        "import sys\n"
        "from pairtrader.cli.main import main\n"
        "code = main(sys.argv[1:])\n"
        "from tests.benchmarks.backtest.worker import peak_megabytes\n"
        "print(); print(peak_megabytes())\n"
        "sys.exit(code)\n"
    )
    with tempfile.TemporaryDirectory() as cache:
        _, output = _printed([str(OURS), "-c", script, *words], PAIRTRADER_CACHE=cache)
    return float(output.splitlines()[-1])
