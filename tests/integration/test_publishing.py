"""The publish function against an emulated S3 and CloudFront, and CloudFormation over HTTPS."""

import datetime
import ipaddress
import json
import ssl
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from functions.publish import handler as entry

HOST = "127.0.0.1"


def certificate(folder: Path) -> Path:
    """A certificate of this machine's own, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


class CloudFormation:
    """Takes answers at an address of its own."""

    def __init__(self, certificate: Path) -> None:
        self.answers: list[dict[str, Any]] = []
        self.content_types: list[str | None] = []
        cloudformation = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                cloudformation.answers.append(json.loads(body))
                cloudformation.content_types.append(self.headers["Content-Type"])
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://{HOST}:{self._server.server_port}/answer?Signature=s"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def cloudformation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudFormation]:
    path = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    monkeypatch.setenv("no_proxy", "*")
    server = CloudFormation(path)
    yield server
    server.close()


class Deployed:
    """Bucket and distribution of a stack, and the function that publishes there."""

    def __init__(self, folder: Path, cloudformation: CloudFormation) -> None:
        self.site = folder / "site"
        self.cloudformation = cloudformation
        self.s3, self.cloudfront = boto3.client("s3"), boto3.client("cloudfront")
        self.bucket = f"ui-{uuid.uuid4().hex[:12]}"
        self.s3.create_bucket(Bucket=self.bucket)
        made = self.cloudfront.create_distribution(
            DistributionConfig={
                "CallerReference": self.bucket,
                "Comment": "",
                "Enabled": True,
                "Origins": {
                    "Quantity": 1,
                    "Items": [
                        {
                            "Id": "ui",
                            "DomainName": f"{self.bucket}.s3.amazonaws.com",
                            "S3OriginConfig": {"OriginAccessIdentity": ""},
                        }
                    ],
                },
                "DefaultCacheBehavior": {
                    "TargetOriginId": "ui",
                    "ViewerProtocolPolicy": "redirect-to-https",
                    "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
                },
            }
        )
        self.distribution: str = made["Distribution"]["Id"]

    def build(self, name: str) -> None:
        """Put another build into the function's bundle."""
        (self.site / "assets").mkdir(parents=True, exist_ok=True)
        for path in (self.site / "assets").iterdir():
            path.unlink()
        (self.site / "assets" / f"index-{name}.js").write_text(name)
        (self.site / "index.html").write_text(f"<script src=/assets/index-{name}.js>")

    def ask(self, kind: str) -> dict[str, Any]:
        event = {
            "RequestType": kind,
            "RequestId": uuid.uuid4().hex,
            "ResponseURL": self.cloudformation.url,
            "StackId": "stack",
            "LogicalResourceId": "PublishedUi",
            "PhysicalResourceId": f"ui-{self.bucket}",
            "ResourceProperties": {
                "Bucket": self.bucket,
                "Distribution": self.distribution,
                "SocketUrl": "wss://socket.example/live",
                "Stage": "dev",
            },
        }
        context = SimpleNamespace(
            get_remaining_time_in_millis=lambda: 300_000,
            log_stream_name="stream",
            function_name="publish",
            memory_limit_in_mb=256,
            invoked_function_arn="arn",
            aws_request_id="invocation",
        )
        entry.handler(event, context)  # type: ignore[arg-type]
        return self.cloudformation.answers[-1]

    @property
    def paths(self) -> set[str]:
        listed = self.s3.list_objects_v2(Bucket=self.bucket)
        return {each["Key"] for each in listed.get("Contents", ())}


@pytest.fixture
def deployed(
    aws: str, tmp_path: Path, cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Deployed]:
    monkeypatch.setattr(entry, "SITE", tmp_path / "site")
    monkeypatch.setattr(entry, "VERSION", tmp_path / "version")
    (tmp_path / "version").write_text("1.2.3")
    entry._s3.cache_clear()
    entry._cloudfront.cache_clear()
    yield Deployed(tmp_path, cloudformation)
    entry._s3.cache_clear()
    entry._cloudfront.cache_clear()


def test_a_stack_s_life(deployed: Deployed) -> None:
    deployed.build("a")
    assert deployed.ask("Create")["Status"] == "SUCCESS"
    # The address of the answer is signed for a request without a content type.
    assert deployed.cloudformation.content_types == [""]
    page = deployed.s3.get_object(Bucket=deployed.bucket, Key="index.html")
    assert page["ContentType"] == "text/html; charset=utf-8"
    assert page["CacheControl"] == "no-cache"
    script = deployed.s3.head_object(Bucket=deployed.bucket, Key="assets/index-a.js")
    assert script["CacheControl"] == "public, max-age=31536000, immutable"
    config = json.load(deployed.s3.get_object(Bucket=deployed.bucket, Key="config.json")["Body"])
    assert config == {
        "api_url": "/api/v1",
        "ws_url": "wss://socket.example/live",
        "stage": "dev",
        "version": "1.2.3",
        "features": [],
    }
    for name in "bc":
        deployed.build(name)
        assert deployed.ask("Update")["Status"] == "SUCCESS"
    assert deployed.paths == {
        "assets/index-b.js", "assets/index-c.js", "builds.json", "config.json", "index.html",
    }  # fmt: skip
    made = deployed.cloudfront.list_invalidations(DistributionId=deployed.distribution)
    assert made["InvalidationList"]["Quantity"] == 3
    assert deployed.ask("Delete")["Status"] == "SUCCESS"
    assert deployed.paths == set()
    deployed.s3.delete_bucket(Bucket=deployed.bucket)
    assert deployed.ask("Delete")["Status"] == "SUCCESS"


def test_a_distribution_that_is_not_there_is_told(deployed: Deployed) -> None:
    deployed.build("a")
    deployed.distribution = "EGONE"
    answer = deployed.ask("Create")
    assert answer["Status"] == "FAILED"
    assert "NoSuchDistribution" in answer["Reason"]
