"""The gateway of the local stack as a process beside the emulator, with a log and a memory."""

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts import gateway, processes
from scripts.emulator import ROOT
from scripts.gateway import Upstreams
from scripts.loopback import HOST, answers, free_port

MARK = "scripts.gateway"
"""What the command line of the gateway holds."""
START_SECONDS = 20
STOP_SECONDS = 10


class GatewayError(Exception):
    """The gateway cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """A running gateway."""

    pid: int
    port: int
    made_of: str
    """Digest of its code and of what it was told."""

    @property
    def origin(self) -> str:
        """The one address of UI, API and live push."""
        return f"http://{HOST}:{self.port}"


def start(directory: Path, port: int, upstreams: Upstreams, version: str) -> RunningGateway:
    """Return the gateway of `directory`, started anew where code or upstreams have changed.

    Port 0 takes the one it had last time, else a free one.

    Raises:
        GatewayError: the port is taken, or the gateway did not start.
    """
    told = ["--api", upstreams.api, "--socket", upstreams.socket]
    told += ["--results", upstreams.results, "--version", version]
    made_of = _digest(told)
    known = running(directory)
    if known and known.made_of == made_of and port in (0, known.port):
        return known
    stop(directory)
    port = port or _last_port(directory) or free_port()
    if answers(port):
        raise GatewayError(f"Port {port} is taken. Choose another one, such as UI_PORT={port + 1}.")
    process = _launch(directory, ["--port", str(port), *told])
    started = RunningGateway(process.pid, port, made_of)
    _record(directory).write_text(json.dumps(asdict(started)))
    _wait_until_ready(process, started, directory)
    return started


def stop(directory: Path) -> bool:
    """Stop the gateway of `directory`; return whether it ran."""
    known = running(directory)
    if known is None:
        return False
    processes.stop(known.pid, MARK, STOP_SECONDS)
    return True


def running(directory: Path) -> RunningGateway | None:
    """Return the gateway that runs for `directory`, None if there is none."""
    try:
        known = RunningGateway(**json.loads(_record(directory).read_text()))
    except FileNotFoundError:
        return None
    return known if processes.is_running(known.pid, MARK) else None


def _digest(told: Sequence[str]) -> str:
    code = Path(gateway.__file__).read_bytes()
    return hashlib.sha256(json.dumps(told).encode() + code).hexdigest()


def _launch(directory: Path, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
    with (directory / "gateway.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", MARK, *arguments],
            cwd=ROOT,
            env={"PATH": os.environ.get("PATH", os.defpath)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C in a terminal must not reach it: whoever started it stops it.
            start_new_session=True,
        )


def _wait_until_ready(
    process: subprocess.Popen[bytes], started: RunningGateway, directory: Path
) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            opener.open(f"{started.origin}/config.json", timeout=2),
        ):
            return
        time.sleep(0.05)
    log = (directory / "gateway.log").read_text(errors="replace")
    raise GatewayError("The gateway did not start:\n" + "\n".join(log.splitlines()[-20:]))


def _record(directory: Path) -> Path:
    return directory / "gateway.json"


def _last_port(directory: Path) -> int | None:
    try:
        port: int = json.loads(_record(directory).read_text())["port"]
    except FileNotFoundError:
        return None
    return None if answers(port) else port
