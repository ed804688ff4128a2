"""Processes that outlive the shell that started them, found again by their ids."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path


def is_running(pid: int, mark: str) -> bool:
    """Return whether `pid` still is the process whose command line holds `mark`.

    The id of a process that has ended may be that of another one by now.
    """
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    if Path("/proc/self").exists():
        with contextlib.suppress(OSError):
            return mark.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        return False
    command = ["ps", "-p", str(pid), "-o", "command="]
    listed = subprocess.run(command, capture_output=True, check=False)
    return mark.encode() in listed.stdout


def stop(pid: int, mark: str, seconds: float) -> bool:
    """Ask the process to end and wait for it; return whether it did so by itself.

    After `seconds` it is killed.
    """
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while is_running(pid, mark) or _is_ending(pid):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            return False
        time.sleep(0.05)
    return True


def _is_ending(pid: int) -> bool:
    """Return whether the process has given back its command line, but maybe not its ports yet."""
    with contextlib.suppress(OSError):
        ended = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in {"Z", "X"}
        return not ended and not Path(f"/proc/{pid}/cmdline").read_bytes()
    return False
