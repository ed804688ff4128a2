"""Assemble the deployment bundle of one function: its locked dependencies, its code, bytecode.

Run by ``sam build`` through the Makefile. Installed dependencies are kept between builds, so that
only a changed lock installs anything.
"""

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".build"
TARGETS = ("local", "aws")

DEPLOYED_PYTHON = "3.13"
DEPLOYED_PLATFORM = "aarch64-manylinux_2_34"
"""What the Lambda runtime offers: 64-bit ARM, and the C library of Amazon Linux 2023."""

SUPPORTED_EXCHANGES = ("okx", "binance", "binanceusdm", "bybit")
"""Modules of CCXT: the exchanges' own, and those that they inherit from."""
CCXT_KEPT = (
    "ccxt/__init__.py",
    "ccxt/abstract/__init__.py",
    "ccxt/async_support/__init__.py",
    "ccxt/async_support/base/",
    "ccxt/base/",
    *(f"ccxt/abstract/{exchange}.py" for exchange in SUPPORTED_EXCHANGES),
    *(f"ccxt/async_support/{exchange}.py" for exchange in SUPPORTED_EXCHANGES),
)
"""What the slim import of CCXT needs: `pairtrader.exchanges.ccxt_slim`."""
AWS_SERVICES = (
    "apigatewaymanagementapi",
    "cloudfront",
    "dynamodb",
    "lambda",
    "s3",
    "scheduler",
    "secretsmanager",
    "sesv2",
    "sqs",
)
"""The services whose descriptions the AWS library keeps; the others are 20 MB."""

_AT_THE_DESK = ("pairtrader/cli", "pairtrader/report")
"""What only the command line needs."""
_NO_PAST = ("pairtrader/backtest", "pairtrader/history", *_AT_THE_DESK)
_NO_TRADING = (
    "pairtrader/exchanges", "pairtrader/trading", "pairtrader/strategy", *_NO_PAST
)  # fmt: skip
CODE_LEFT_OUT = {
    "tick": _NO_PAST,
    "exchange": _NO_PAST,
    # Of backtests the API knows how they are asked for.
    "api": ("pairtrader/exchanges", "pairtrader/history", *_AT_THE_DESK),
    "research": ("pairtrader/trading", "pairtrader/views", *_AT_THE_DESK),
    "socket": _NO_TRADING,
    "push": ("pairtrader/exchanges", "pairtrader/trading", *_NO_PAST),
    "notify": _NO_TRADING,
    "deliver": _NO_TRADING,
    "publish": (*_NO_TRADING, "pairtrader/analysis", "pairtrader/storage", "pairtrader/views"),
}
"""First-party packages that a function may not import, by function."""

DIST = ROOT / "frontend" / "dist"
SITE = "site"
"""Folder of the built web UI in the bundle of the function that publishes it."""

DATA_DEPTH = 2
"""Files below ``data`` itself concern all services."""

SOURCE_SUFFIXES = {".c", ".h", ".pxd", ".pyi", ".pyx"}
METADATA_KEPT = {"METADATA", "entry_points.txt"}


class BuildError(Exception):
    """The bundle cannot be built on this machine; the message says what to do."""


def deployed_python() -> str:
    """Return a Python of the deployed version, whose bytecode Lambda can load.

    Raises:
        BuildError: this machine has none.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [
        os.environ.get("PYTHON313"),
        f"python{DEPLOYED_PYTHON}",
        *map(str, sorted(pyenv.glob(f"versions/{DEPLOYED_PYTHON}*/bin/python"), reverse=True)),
    ]
    for candidate in filter(None, candidates):
        if _python_version(candidate) == DEPLOYED_PYTHON:
            return candidate
    raise BuildError(
        f"A build for AWS needs python{DEPLOYED_PYTHON}, which compiles the bytecode that Lambda\n"
        "loads: without it every cold start compiles for seconds. Install it, or name it:\n"
        f"  PYTHON313=/path/to/python{DEPLOYED_PYTHON} make build-aws\n"
        "For a local stack use `make up`, which needs no other Python than this one."
    )


def _python_version(python: str) -> str | None:
    script = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()


def build(function: str, into: Path, target: str) -> None:
    """Fill the folder `into` with the bundle of `function`, for this machine or for AWS.

    Raises:
        BuildError: a tool that the build needs is missing.
    """
    python = sys.executable if target == "local" else deployed_python()
    dependencies = _dependencies(function, target, python)
    shutil.rmtree(into, ignore_errors=True)
    shutil.copytree(dependencies, into, copy_function=_link)
    _copy_code(function, into)
    if function == "publish":
        _copy_site(into)
    for folder in ("functions", "pairtrader"):
        _compile(into / folder, into, python)
    if settings := os.environ.get("BUNDLE_SETTINGS"):
        (into / "settings").write_text(settings)


def _dependencies(function: str, target: str, python: str) -> Path:
    """Return the folder of the function's installed and pruned dependencies."""
    lock = ROOT / "functions" / function / "requirements.txt"
    key = hashlib.sha256(Path(__file__).read_bytes() + lock.read_bytes())
    key.update(f"{platform.platform()} {sys.version} {_python_version(python)}".encode())
    kept = CACHE / f"{target}-{function}-{key.hexdigest()[:16]}"
    if kept.exists():
        return kept
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        fresh = Path(scratch) / "bundle"
        _install(lock, fresh, target)
        _prune(fresh)
        _compile(fresh, fresh, python)
        for stale in CACHE.glob(f"{target}-{function}-*"):
            shutil.rmtree(stale, ignore_errors=True)
        try:
            fresh.rename(kept)
        except OSError:
            if not kept.exists():  # else another build was quicker
                raise
    return kept


def _install(lock: Path, into: Path, target: str) -> None:
    command = [_uv(), "pip", "install", "--quiet", "--require-hashes", "--no-deps"]
    command += ["--only-binary", ":all:", "--python", sys.executable]
    if target == "aws":
        command += ["--python-version", DEPLOYED_PYTHON, "--python-platform", DEPLOYED_PLATFORM]
    command += ["--target", str(into), "--requirement", str(lock)]
    if subprocess.run(command, check=False).returncode != 0:
        raise BuildError(f"The dependencies in {lock.relative_to(ROOT)} could not be installed.")


def _uv() -> str:
    own = ROOT / ".tools" / "uv" / "bin" / "uv"
    found = str(own) if own.exists() else shutil.which("uv")
    if not found:
        raise BuildError("uv is missing; `make environments` installs it.")
    return found


def _link(source: str, copy: str) -> None:
    """Link a file that nobody changes, or copy it where that cannot be done."""
    try:
        os.link(source, copy)
    except OSError:
        shutil.copy2(source, copy)


def _prune(bundle: Path) -> None:
    """Remove what no function loads at run time."""
    for path in list(bundle.rglob("*")):
        if path.is_file() and not is_needed(PurePosixPath(path.relative_to(bundle).as_posix())):
            path.unlink()
    for folder in sorted(bundle.rglob("*"), reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def is_needed(path: PurePosixPath) -> bool:
    """Return whether a file of the installed dependencies may be loaded at run time.

    Exchanges that are not supported, services of AWS that are not called, tests and sources of
    compiled modules are not; `path` is relative to the bundle.
    """
    top, *folders = path.parts
    if top in ("bin", ".lock") or path.suffix in SOURCE_SUFFIXES:
        return False
    if {"test", "tests"} & set(path.parts[:-1]):
        return False
    if top.endswith(".dist-info"):
        return path.name in METADATA_KEPT
    if top == "ccxt":
        return str(path).startswith(CCXT_KEPT)
    if top in ("boto3", "botocore") and folders[0] == "data" and len(folders) > DATA_DEPTH:
        return folders[1] in AWS_SERVICES
    return True


def _copy_code(function: str, into: Path) -> None:
    """Copy the function's own code and the shared package, under the names they are imported by."""
    ignore = shutil.ignore_patterns("__pycache__", "requirements.*", "*.md")
    shutil.copytree(ROOT / "functions" / function, into / "functions" / function, ignore=ignore)
    shutil.copy2(ROOT / "functions" / "__init__.py", into / "functions")
    shutil.copytree(ROOT / "shared" / "pairtrader", into / "pairtrader", ignore=ignore)
    for left_out in CODE_LEFT_OUT.get(function, ()):
        shutil.rmtree(into / left_out)


def _copy_site(into: Path) -> None:
    """Copy the built web UI, and the version that it shows."""
    if not (DIST / "index.html").is_file():
        raise BuildError("The web UI has not been built; `make ui` builds it.")
    shutil.copytree(DIST, into / SITE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (into / "version").write_text(f"{project['version']}\n")


def _compile(folder: Path, root: Path, python: str) -> None:
    """Write bytecode that is loaded without a look at its source's date, and names no machine."""
    script = (
        "import compileall, py_compile, sys\n"
        "sys.exit(not compileall.compile_dir(sys.argv[1], stripdir=sys.argv[2], quiet=1,"
        " maxlevels=30, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH))"
    )
    done = subprocess.run([python, "-c", script, str(folder), str(root)], check=False)
    if done.returncode != 0:
        raise BuildError(f"{folder} does not compile.")


def main() -> int:
    """Build the bundle that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("function", help="folder of the function, such as tick")
    parser.add_argument("--into", type=Path, required=True, help="folder to fill")
    parser.add_argument("--target", choices=TARGETS, default="aws")
    arguments = parser.parse_args()
    try:
        build(arguments.function, arguments.into, arguments.target)
    except BuildError as error:
        print(f"\n{error}\n", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
