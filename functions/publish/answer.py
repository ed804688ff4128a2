"""The answer that CloudFormation waits for: without it a deployment hangs for an hour."""

import json
import urllib.request
from collections.abc import Mapping
from typing import Any, Protocol

LONGEST_REASON = 1000
"""Characters; CloudFormation takes answers of 4 kB."""
TRIES = 3
SECONDS = 5.0
DELETE = "Delete"
UNPUBLISHED = "ui-unpublished"
"""Names a resource that never came to be."""


class NotAnswered(Exception):
    """CloudFormation could not be told; the whole request must come again."""


class Sender(Protocol):
    """Puts a body at an address."""

    def __call__(self, url: str, body: bytes) -> None:
        """Send once.

        Raises:
            OSError: it did not arrive.
        """


def never_was(event: Mapping[str, Any]) -> bool:
    """Return whether `event` ends a resource whose creation failed before it had a place."""
    return event.get("RequestType") == DELETE and event.get("PhysicalResourceId") == UNPUBLISHED


def outcome(event: Mapping[str, Any], failure: str | None) -> dict[str, str]:
    """Return the answer to `event`: success, or the reason of the failure.

    The physical id is the bucket's: a new bucket is a new resource, after whose publication
    CloudFormation has the old one emptied.
    """
    known = event.get("PhysicalResourceId")
    properties = event.get("ResourceProperties")
    bucket = properties.get("Bucket") if isinstance(properties, Mapping) else None
    place = f"ui-{bucket}" if bucket else UNPUBLISHED
    answer = {
        "Status": "SUCCESS" if failure is None else "FAILED",
        # A deletion is told the id that it came with, whatever the properties say by now.
        "PhysicalResourceId": known if known and event.get("RequestType") == DELETE else place,
        **{
            name: str(event.get(name, "")) for name in ("StackId", "RequestId", "LogicalResourceId")
        },
    }
    if failure is not None:
        answer["Reason"] = failure[:LONGEST_REASON]
    return answer


def send_answer(url: str, answer: Mapping[str, str], send: Sender) -> None:
    """Tell CloudFormation, at the address it gave.

    Raises:
        NotAnswered: it could not be told in several tries.
    """
    body = json.dumps(answer).encode()
    for _ in range(TRIES):
        try:
            send(url, body)
        except OSError:
            continue
        return
    # The address is a key to the answer: it stands in no message.
    raise NotAnswered("CloudFormation did not take the answer.")


def put(url: str, body: bytes) -> None:
    """Send over HTTPS.

    Raises:
        OSError: it did not arrive.
    """
    if not url.startswith("https://"):
        raise OSError("The address of the answer is none of CloudFormation's.")
    # The address is signed for a request without a content type.
    request = urllib.request.Request(  # noqa: S310
        url, data=body, method="PUT", headers={"Content-Type": ""}
    )
    with urllib.request.urlopen(request, timeout=SECONDS):  # noqa: S310
        pass
