"""What the API asks AWS for, answered in the process by what was put there: time without networks.

Only as much as the benchmarks need: items by their whole key, queries that return a whole table.
"""

import json
import time
from collections import defaultdict
from typing import Any

import botocore.endpoint
from botocore.awsrequest import AWSResponse

SIGNING_SECRET = json.dumps({"kid": "1", "key": "k" * 64})


class StubbedAws:
    """DynamoDB and Secrets Manager behind botocore, and the time that the library itself takes."""

    def __init__(self, tables: dict[str, list[dict[str, Any]]] | None = None) -> None:
        self.tables: dict[str, list[dict[str, Any]]] = defaultdict(list, tables or {})
        self.seconds = 0.0
        """Processor time of making and signing requests and reading answers."""
        self.requests = 0

    def install(self) -> None:
        """Answer every request that botocore makes from now on."""
        send = botocore.endpoint.Endpoint.make_request

        def timed(endpoint: Any, *arguments: Any) -> Any:
            began = time.process_time()
            try:
                return send(endpoint, *arguments)
            finally:
                self.seconds += time.process_time() - began
                self.requests += 1

        botocore.endpoint.Endpoint.make_request = timed  # type: ignore[method-assign]
        botocore.endpoint.Endpoint._send = lambda _, request: self._answer(request)

    def _answer(self, request: Any) -> AWSResponse:
        operation = request.headers["X-Amz-Target"].decode().partition(".")[2]
        asked = json.loads(request.body)
        body = json.dumps(getattr(self, f"_{operation}")(asked)).encode()
        headers = {"Content-Type": "application/x-amz-json-1.0"}
        answer = AWSResponse(request.url, 200, headers, None)
        answer._content = body
        return answer

    def _GetSecretValue(self, asked: Any) -> Any:  # noqa: N802 - the operation's name
        return {"ARN": asked["SecretId"], "Name": "secret", "SecretString": SIGNING_SECRET}

    def _GetItem(self, asked: Any) -> Any:  # noqa: N802
        key = asked["Key"].items()
        found = (each for each in self.tables[asked["TableName"]] if key <= each.items())
        item = next(found, None)
        return {} if item is None else {"Item": item}

    def _Query(self, asked: Any) -> Any:  # noqa: N802
        items = self.tables[asked["TableName"]]
        partition = asked["ExpressionAttributeValues"][":0"]
        items = [each for each in items if partition in each.values()]
        return {"Items": items, "Count": len(items), "ScannedCount": len(items)}

    def _BatchGetItem(self, asked: Any) -> Any:  # noqa: N802
        ((table, wanted),) = asked["RequestItems"].items()
        found = [self._GetItem({"TableName": table, "Key": key}) for key in wanted["Keys"]]
        items = [each["Item"] for each in found if each]
        return {"Responses": {table: items}, "UnprocessedKeys": {}}

    def _PutItem(self, asked: Any) -> Any:  # noqa: N802
        self.tables[asked["TableName"]].append(asked["Item"])
        return {}

    def _UpdateItem(self, asked: Any) -> Any:  # noqa: N802 - nothing here reads it again
        return {}

    def _TransactWriteItems(self, asked: Any) -> Any:  # noqa: N802
        for write in asked["TransactItems"]:
            if "Put" in write:
                self._PutItem(write["Put"])
        return {}
