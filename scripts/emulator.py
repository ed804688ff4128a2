"""The AWS emulator of the local stack: started on loopback, stopped so that its state is kept."""

import contextlib
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts import processes
from scripts.loopback import HOST, answers, free_port

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".tools" / "ministack" / "bin" / "python"
MARK = "ministack"
"""What the command line of the emulator holds."""
REGION = "us-east-1"
KEY = "test"
"""Access key and secret of the emulator's owner; it takes no other."""
START_SECONDS = 60
STOP_SECONDS = 60


class EmulatorError(Exception):
    """The emulator cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator."""

    pid: int
    port: int

    @property
    def url(self) -> str:
        """Endpoint of every AWS service."""
        return f"http://{HOST}:{self.port}"


def client_environment(url: str) -> dict[str, str]:
    """Return the variables that point AWS libraries and tools at the emulator, and nowhere else."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": HOST,
        "no_proxy": HOST,
    }


def start(directory: Path, port: int = 0) -> Emulator:
    """Return the emulator whose state is in `directory`, started if it does not run yet.

    Port 0 takes the one it had last time, else a free one.

    Raises:
        EmulatorError: the port is taken, or the emulator did not start.
    """
    emulator = running(directory)
    if emulator and port in (0, emulator.port):
        return emulator
    if emulator:
        stop(directory)
    port = port or _last_port(directory) or free_port()
    if answers(port):
        raise EmulatorError(
            f"Port {port} is taken. Choose another one, such as LOCAL_PORT={port + 1}."
        )
    process = _launch(directory.resolve(), port)
    emulator = Emulator(process.pid, port)
    _record(directory).write_text(json.dumps(asdict(emulator)))
    _wait_until_ready(process, emulator, directory)
    return emulator


def stop(directory: Path) -> bool:
    """Stop the emulator of `directory`, its state saved; return whether it ran."""
    emulator = running(directory)
    if emulator is None:
        return False
    if not processes.stop(emulator.pid, MARK, STOP_SECONDS):
        raise EmulatorError(f"The emulator did not stop within {STOP_SECONDS} s; killed it.")
    return True


def running(directory: Path) -> Emulator | None:
    """Return the emulator that runs for `directory`, None if there is none."""
    try:
        emulator = Emulator(**json.loads(_record(directory).read_text()))
    except FileNotFoundError:
        return None
    return emulator if processes.is_running(emulator.pid, MARK) else None


def _launch(directory: Path, port: int) -> subprocess.Popen[bytes]:
    if not PYTHON.exists():
        raise EmulatorError("The emulator is not installed; `make environments` does that.")
    scratch = directory / "tmp"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    settings = {
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "AUTH": "true",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(directory / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(directory / "s3"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "TMPDIR": str(scratch),
        "HOME": str(scratch),
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONUNBUFFERED": "1",
    }
    # Functions inherit the emulator's environment, so it gets none of this shell's.
    with (directory / "emulator.log").open("wb") as log:
        return subprocess.Popen(
            [str(PYTHON), "-m", MARK],
            cwd=scratch,
            env=client_environment(f"http://{HOST}:{port}") | settings,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C in a terminal must not reach it: whoever started it stops it.
            start_new_session=True,
        )


def _wait_until_ready(
    process: subprocess.Popen[bytes], emulator: Emulator, directory: Path
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(urllib.error.URLError, OSError):
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(f"{emulator.url}/_ministack/health", timeout=2):
                return
        time.sleep(0.05)
    log = (directory / "emulator.log").read_text(errors="replace")
    raise EmulatorError("The emulator did not start:\n" + "\n".join(log.splitlines()[-20:]))


def _record(directory: Path) -> Path:
    return directory / "emulator.json"


def _last_port(directory: Path) -> int | None:
    try:
        port: int = json.loads(_record(directory).read_text())["port"]
    except FileNotFoundError:
        return None
    return None if answers(port) else port
