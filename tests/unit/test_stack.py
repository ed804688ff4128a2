"""What the local stack says when a checkout can't be deployed over what is kept of an older one."""

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts import stack
from scripts.emulator import Emulator
from scripts.stack import StackError

FAILURE = "Requested attribute LatestStreamArn\nsam deploy failed; see sam-deploy.log"


class FakeAws:
    """Every service at once; the stack has one status."""

    def __init__(self, status: str) -> None:
        self.status = status

    def create_bucket(self, **_: Any) -> None:
        """There it is."""

    def describe_stacks(self, StackName: str) -> Any:  # noqa: N803 - as AWS spells it
        if not self.status:
            raise ClientError({"Error": {"Code": "ValidationError"}}, "DescribeStacks")
        return {"Stacks": [{"StackName": StackName, "StackStatus": self.status}]}


def failure_over(status: str, directory: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return what is said of a failed deployment that left the stack in `status`."""

    def fail(*_: Any) -> None:
        raise StackError(FAILURE)

    monkeypatch.setattr(stack, "client", lambda *_: FakeAws(status))
    monkeypatch.setattr(stack, "_sam", fail)
    kept = directory / "state.json"
    kept.write_text("{}")
    with pytest.raises(StackError) as error:
        stack._deploy(directory, Emulator(port=1, pid=1), {})
    assert kept.exists()
    return str(error.value)


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_FAILED", "UPDATE_FAILED", "ROLLBACK_COMPLETE"])
def test_a_stack_that_is_stuck_names_the_way_out(
    status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = failure_over(status, tmp_path, monkeypatch)
    assert told.startswith(FAILURE)
    last = told.splitlines()[-1]
    assert str(tmp_path) in last
    assert "nothing of it was deleted" in last
    assert "`make clean`" in last


@pytest.mark.parametrize("status", ["", "CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_mistake_in_the_checkout_is_not_put_down_to_old_state(
    status: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert failure_over(status, tmp_path, monkeypatch) == FAILURE
