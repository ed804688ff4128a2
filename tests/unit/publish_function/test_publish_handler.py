"""What CloudFormation is told, whatever happens."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from functions.publish import handler as entry
from functions.publish.answer import NotAnswered, outcome, put, send_answer
from tests.fakes.static_site import FakeCloudFront, FakeS3

URL = "https://answers.example/stack?Signature=not-for-logs"


class Stack:
    """CloudFormation's side of the resource."""

    def __init__(self, s3: FakeS3) -> None:
        self.s3 = s3
        self.answers: list[dict[str, Any]] = []
        self.failures = 0
        self.remaining_ms = 300_000

    def send(self, url: str, body: bytes) -> None:
        assert url == URL
        if self.failures:
            self.failures -= 1
            raise TimeoutError
        self.answers.append(json.loads(body))

    def ask(self, kind: str, **changes: Any) -> dict[str, Any]:
        event = {
            "RequestType": kind,
            "RequestId": "request-1",
            "ResponseURL": URL,
            "StackId": "stack-1",
            "LogicalResourceId": "PublishedUi",
            "ResourceProperties": {
                "ServiceToken": "arn:publish",
                "Bucket": "the-ui",
                "Distribution": "EDIST",
                "Build": "arn:publish:7",
            },
            **changes,
        }
        context = SimpleNamespace(
            get_remaining_time_in_millis=lambda: self.remaining_ms,
            log_stream_name="2026/11/24/[7]abc",
            function_name="publish",
            memory_limit_in_mb=256,
            invoked_function_arn="arn:publish",
            aws_request_id="invocation-1",
        )
        entry.handler(event, context)
        return self.answers[-1]


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    (tmp_path / "site" / "assets").mkdir(parents=True)
    (tmp_path / "site" / "index.html").write_text("<html>")
    (tmp_path / "site" / "assets" / "a.js").write_text("1")
    (tmp_path / "version").write_text("1.2.3\n")
    stack = Stack(FakeS3("the-ui"))
    cloudfront = FakeCloudFront()
    monkeypatch.setattr(entry, "SITE", tmp_path / "site")
    monkeypatch.setattr(entry, "VERSION", tmp_path / "version")
    monkeypatch.setattr(entry, "_s3", lambda: stack.s3)
    monkeypatch.setattr(entry, "_cloudfront", lambda: cloudfront)
    monkeypatch.setattr(entry, "put", stack.send)
    return stack


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_published_build_is_a_success(stack: Stack, kind: str) -> None:
    assert stack.ask(kind) == {
        "Status": "SUCCESS",
        "PhysicalResourceId": "ui-the-ui",
        "StackId": "stack-1",
        "RequestId": "request-1",
        "LogicalResourceId": "PublishedUi",
    }
    assert "index.html" in stack.s3.objects


def test_deletion_empties_the_bucket_and_keeps_the_id(stack: Stack) -> None:
    stack.ask("Create")
    answer = stack.ask("Delete", PhysicalResourceId="ui-of-old")
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "ui-of-old")
    assert stack.s3.objects == {}


def test_an_update_keeps_the_id_so_that_nothing_is_deleted(stack: Stack) -> None:
    first = stack.ask("Create")["PhysicalResourceId"]
    assert stack.ask("Update", PhysicalResourceId=first)["PhysicalResourceId"] == first


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"RequestType": "Repair"}, "RequestType"),
        ({"ResourceProperties": {}}, "Bucket"),
        ({"ResourceProperties": None}, "ResourceProperties"),
        ({"ResourceProperties": {"Bucket": "foreign", "Distribution": "E"}}, "AccessDenied"),
    ],
)
def test_what_cannot_be_done_is_a_failure_with_its_reason(
    stack: Stack, changes: dict[str, Any], reason: str
) -> None:
    answer = stack.ask("Create", **changes)
    assert answer["Status"] == "FAILED"
    assert reason in answer["Reason"]
    assert "2026/11/24/[7]abc" in answer["Reason"]


def test_time_that_runs_out_is_told_before_it_has(stack: Stack) -> None:
    stack.remaining_ms = entry.RESERVE_MS
    answer = stack.ask("Create")
    assert (answer["Status"], stack.s3.objects) == ("FAILED", {})
    assert "OutOfTime" in answer["Reason"]


def test_what_never_was_is_deleted_without_a_look(stack: Stack) -> None:
    failed = stack.ask("Create", ResourceProperties={})
    stack.s3.is_gone = True
    answer = stack.ask(
        "Delete", PhysicalResourceId=failed["PhysicalResourceId"], ResourceProperties={}
    )
    assert answer["Status"] == "SUCCESS"
    assert answer["PhysicalResourceId"] == failed["PhysicalResourceId"]


def test_an_answer_is_sent_until_it_arrives(stack: Stack) -> None:
    stack.failures = 2
    assert stack.ask("Create")["Status"] == "SUCCESS"
    assert len(stack.answers) == 1


def test_an_answer_that_never_arrives_makes_the_request_come_again(stack: Stack) -> None:
    stack.failures = 3
    with pytest.raises(NotAnswered):
        stack.ask("Create")


def test_the_address_of_the_answer_is_told_nobody(
    stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    stack.failures = 3
    with pytest.raises(NotAnswered) as failure:
        stack.ask("Create", ResourceProperties={}, RequestId="")
    stack.ask("Create", ResourceProperties={}, RequestId="")
    told = caplog.text + repr(failure.value) + stack.answers[-1]["Reason"]
    assert "published" in told  # the failure was logged here
    assert "not-for-logs" not in told


def test_a_long_reason_is_cut_to_what_cloudformation_takes() -> None:
    assert len(json.dumps(outcome({}, "x" * 100_000))) < 4096


def test_answers_go_over_https_alone() -> None:
    with pytest.raises(OSError, match="none of CloudFormation's"):
        put("file:///etc/passwd", b"{}")
    with pytest.raises(NotAnswered):
        send_answer("http://answers.example", {}, put)
