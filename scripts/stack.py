"""The local stack: the deployed template on an emulator, up, down and described in stack.json."""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts import emulator, gateway_process
from scripts.emulator import ROOT, Emulator, EmulatorError
from scripts.gateway import Upstreams
from scripts.gateway_process import GatewayError, RunningGateway
from scripts.loopback import HOST

SAM = ROOT / ".tools" / "sam" / "bin" / "sam"
CONFIG_ENV = "local"
DEFAULT_PORT = 4566
DEFAULT_UI_PORT = 8080
SOCKET_STAGE = "live"
DEPLOYED_STATUSES = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
STUCK_STATUSES = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "UPDATE_FAILED", "UPDATE_ROLLBACK_FAILED"}
"""Statuses that no deployment leads out of: the emulator can't change what it keeps."""
STUCK = (
    "The stack kept in {} is of an older checkout and can't be brought up to this one; nothing of "
    "it was deleted: `make clean` removes it with all its bots, then `make up` starts afresh."
)
NO_SETTINGS = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""Where the AWS library looks for its user's settings: nowhere."""
PASSED_THROUGH = {"EXCHANGE_HOSTS": "ExchangeHosts", "LOG_LEVEL": "LogLevel"}
"""Variables of the shell that set a parameter of the template."""


class StackError(Exception):
    """The local stack could not be brought up; the message says why."""


def local_directory() -> Path:
    """Return the folder that holds everything of this local stack."""
    return ROOT / os.environ.get("LOCAL_DIR", ".local")


def up() -> dict[str, Any]:
    """Bring the local stack up, as the checkout is now; return what stack.json says.

    Nothing is built or deployed when the running stack is that of the checkout already.

    Raises:
        EmulatorError: the emulator does not start.
        GatewayError: the gateway does not start.
        StackError: the template cannot be built or deployed.
    """
    directory = local_directory()
    directory.mkdir(parents=True, exist_ok=True)
    local_port, ui_port = _ports()
    machine = emulator.start(directory, local_port)
    parameters = _parameters()
    checkout = _fingerprint(parameters)
    known = _read(directory)
    if known.get("fingerprint") != checkout or not _is_deployed(machine):
        began = time.monotonic()
        print("Building and deploying the stack ...", flush=True)
        _build(directory, parameters)
        _deploy(directory, machine, parameters)
        print(f"Deployed in {time.monotonic() - began:.0f} s.", flush=True)
    outputs = _outputs(machine)
    origin = gateway_process.start(directory, ui_port, _upstreams(machine, outputs), _version())
    description = _describe(machine, origin, outputs) | {"fingerprint": checkout}
    (directory / "stack.json").write_text(json.dumps(description, indent=2) + "\n")
    return description


def down() -> bool:
    """Stop the local stack, its state kept; return whether it ran."""
    gateway_process.stop(local_directory())
    return emulator.stop(local_directory())


def read_description() -> dict[str, Any]:
    """Return what stack.json says of the running stack.

    Raises:
        StackError: no local stack runs.
    """
    directory = local_directory()
    if emulator.running(directory) is None or not (description := _read(directory)):
        raise StackError("No local stack runs; `make up` starts one.")
    return description


def client(service: str, url: str) -> Any:
    """Return an AWS client of the emulator at `url`, deaf to profiles, settings and proxies."""
    core = botocore.session.Session(session_vars=NO_SETTINGS)
    make_client: Callable[..., Any] = boto3.Session(
        aws_access_key_id=emulator.KEY,
        aws_secret_access_key=emulator.KEY,
        region_name=emulator.REGION,
        botocore_session=core,
    ).client
    return make_client(service, endpoint_url=url, config=Config(proxies={}))


def _ports() -> tuple[int, int]:
    """Return the ports of emulator and gateway; 0 takes a free one, for both if for the first."""
    local = int(os.environ.get("LOCAL_PORT", DEFAULT_PORT))
    return local, int(os.environ.get("UI_PORT", DEFAULT_UI_PORT if local else 0))


def _version() -> str:
    """Return the version of the checkout, which the UI shows."""
    version: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    return version


def _config() -> Any:
    return tomllib.loads((ROOT / "samconfig.toml").read_text())[CONFIG_ENV]


def _stack_name() -> str:
    name: str = _config()["global"]["parameters"]["stack_name"]
    return name


def _parameters() -> dict[str, str]:
    configured = _config()["deploy"]["parameters"]["parameter_overrides"]
    parameters = dict(setting.split("=", 1) for setting in configured)
    for variable, parameter in PASSED_THROUGH.items():
        if value := os.environ.get(variable):
            parameters[parameter] = value
    return parameters


def _fingerprint(parameters: dict[str, str]) -> str:
    """Return a digest of all that the deployed stack is made of."""
    digest = hashlib.sha256(json.dumps([parameters, sys.version], sort_keys=True).encode())
    for path in sorted(_sources()):
        digest.update(f"\n{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    yield from (ROOT / name for name in ("template.yaml", "samconfig.toml", "scripts/bundle.py"))
    yield from (ROOT / "requirements" / name for name in ("ministack.txt", "sam.txt"))
    for folder in ("infra", "functions", "shared"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _build(directory: Path, parameters: dict[str, str]) -> None:
    # The emulator publishes a version of a function for new code only; AWS does for new settings
    # too. So a local bundle holds the settings.
    variables = {"BUILD_TARGET": "local", "BUNDLE_SETTINGS": json.dumps(parameters)}
    _sam(directory, ["build", "--build-dir", str(directory / "build")], variables)


def _deploy(directory: Path, machine: Emulator, parameters: dict[str, str]) -> None:
    bucket = _config()["deploy"]["parameters"]["s3_bucket"]
    client("s3", machine.url).create_bucket(Bucket=bucket)
    overrides = [f"{name}='{value}'" for name, value in parameters.items()]
    template = str(directory / "build" / "template.yaml")
    arguments = ["deploy", "--template-file", template, "--parameter-overrides", *overrides]
    try:
        _sam(directory, arguments, emulator.client_environment(machine.url))
    except StackError as error:
        if _status(machine) not in STUCK_STATUSES:
            raise
        raise StackError(f"{error}\n{STUCK.format(directory)}") from error


def _sam(directory: Path, arguments: list[str], variables: dict[str, str]) -> None:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAKE"))
    }
    settings = {
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.5",
        "__SAM_CLI_APP_DIR": str(directory / "sam"),
    }
    log = directory / f"sam-{arguments[0]}.log"
    config = ["--config-file", str(ROOT / "samconfig.toml"), "--config-env", CONFIG_ENV]
    command = [str(SAM), *arguments, *config]
    with log.open("wb") as output:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=inherited | settings | variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        raise StackError(f"{log.read_text(errors='replace')}\nsam {arguments[0]} failed; see {log}")


def _read(directory: Path) -> dict[str, Any]:
    try:
        known: dict[str, Any] = json.loads((directory / "stack.json").read_text())
    except FileNotFoundError:
        return {}
    return known


def _is_deployed(machine: Emulator) -> bool:
    """Return whether the emulator has the stack: killed, it forgets what it held."""
    return _status(machine) in DEPLOYED_STATUSES


def _status(machine: Emulator) -> str:
    """Return the stack's status; empty if the emulator knows no such stack."""
    try:
        status: str = _stack(machine)["StackStatus"]
    except ClientError:
        return ""
    return status


def _stack(machine: Emulator) -> Any:
    stacks = client("cloudformation", machine.url).describe_stacks(StackName=_stack_name())
    return stacks["Stacks"][0]


def _outputs(machine: Emulator) -> dict[str, str]:
    return {each["OutputKey"]: each["OutputValue"] for each in _stack(machine)["Outputs"]}


def _secret(machine: Emulator, arn: str) -> str:
    text: str = client("secretsmanager", machine.url).get_secret_value(SecretId=arn)["SecretString"]
    return text


def _upstreams(machine: Emulator, outputs: dict[str, str]) -> Upstreams:
    """Return where the emulator has the stack's HTTP API and WebSocket API."""
    paths = f"{HOST}:{machine.port}/_aws/execute-api"
    return Upstreams(
        api=f"http://{paths}/{outputs['ApiId']}/$default",
        socket=f"ws://{paths}/{outputs['SocketApiId']}/{SOCKET_STAGE}",
        results=machine.url,
    )


def _describe(machine: Emulator, origin: RunningGateway, outputs: dict[str, str]) -> dict[str, Any]:
    return {
        "api_url": origin.origin,
        "ws_url": f"ws://{HOST}:{origin.port}/ws",
        "ui_url": origin.origin,
        "emulator_url": machine.url,
        "region": emulator.REGION,
        "stack_name": _stack_name(),
        "functions": {
            "tick": outputs["TickFunction"],
            "exchange": outputs["ExchangeFunction"],
            "api": outputs["ApiFunction"],
            "socket": outputs["SocketFunction"],
            "push": outputs["PushFunction"],
            "notify": outputs["NotifyFunction"],
            "deliver": outputs["DeliverFunction"],
            "research": outputs["ResearchFunction"],
        },
        "table_prefix": outputs["TablePrefix"],
        "data_bucket": outputs["DataBucket"],
        "tick_queue_url": outputs["TickQueueUrl"],
        "notification_dlq_url": outputs["NotificationDeadLetterQueueUrl"],
        "schedule_group": outputs["ScheduleGroup"],
        "bootstrap_token": _secret(machine, outputs["BootstrapSecretArn"]),
        "pid": machine.pid,
    }


def main() -> int:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("up", "down"))
    arguments = parser.parse_args()
    try:
        if arguments.command == "up":
            description = up()
            print(f"UI   {description['ui_url']}")
            print(f"API  {description['api_url']}/api/v1/docs")
            print(f"All addresses are in {local_directory() / 'stack.json'}")
        else:
            print("Stopped." if down() else "Nothing runs.")
    except (EmulatorError, GatewayError, StackError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
