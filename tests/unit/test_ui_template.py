"""The one origin of web UI and API, as CloudFront is told, and as the local gateway plays it."""

import json
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from functions.api.web.client_address import VIEWER
from functions.api.web.origin import HEADER
from functions.publish.deployment import Place
from functions.publish.handler import RESERVE_MS
from pairtrader.storage.rotating_keys import RotatingKeys
from scripts.gateway import security_headers

ROOT = Path(__file__).resolve().parents[2]
SECURE_HEADERS = {
    "StrictTransportSecurity": "Strict-Transport-Security",
    "ContentTypeOptions": "X-Content-Type-Options",
    "FrameOptions": "X-Frame-Options",
    "ReferrerPolicy": "Referrer-Policy",
    "ContentSecurityPolicy": "Content-Security-Policy",
}


@pytest.fixture(scope="module")
def main() -> dict[str, Any]:
    return yaml_parse((ROOT / "template.yaml").read_text())


@pytest.fixture(scope="module")
def ui() -> dict[str, Any]:
    resources: dict[str, Any] = yaml_parse((ROOT / "infra/ui.yaml").read_text())["Resources"]
    return {name: each["Properties"] for name, each in resources.items()}


@pytest.fixture(scope="module")
def distribution(ui: dict[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = ui["Distribution"]["DistributionConfig"]
    return config


def behaviour(distribution: dict[str, Any]) -> dict[str, Any]:
    [of_the_api] = distribution["CacheBehaviors"]
    return of_the_api  # type: ignore[no-any-return]


# The bucket


def test_the_bucket_is_read_by_this_distribution_alone(ui: dict[str, Any]) -> None:
    assert set(ui["UiBucket"]["PublicAccessBlockConfiguration"].values()) == {True}
    read, deny = ui["UiBucketPolicy"]["PolicyDocument"]["Statement"]
    assert (read["Action"], read["Principal"]) == (
        "s3:GetObject",
        {"Service": "cloudfront.amazonaws.com"},
    )
    [(_, source)] = read["Condition"]["StringEquals"].items()
    assert source["Fn::Sub"].endswith("distribution/${Distribution}")
    assert (deny["Effect"], deny["Action"]) == ("Deny", "s3:*")
    access = ui["UiAccess"]["OriginAccessControlConfig"]
    assert (access["SigningBehavior"], access["SigningProtocol"]) == ("always", "sigv4")


# The API behind the same name


def test_the_api_is_neither_cached_nor_called_in_the_open(distribution: dict[str, Any]) -> None:
    api = behaviour(distribution)
    assert api["PathPattern"] == "/api/*"
    assert api["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert api["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= set(api["AllowedMethods"])
    assert api["ViewerProtocolPolicy"] == "https-only"


def test_answers_of_the_api_are_never_replaced_by_pages(distribution: dict[str, Any]) -> None:
    assert "CustomErrorResponses" not in distribution


def test_cloudfront_proves_itself_by_the_secret_the_api_reads(
    main: dict[str, Any], distribution: dict[str, Any]
) -> None:
    [api] = [each for each in distribution["Origins"] if each["Id"] == "api"]
    [header] = api["OriginCustomHeaders"]
    assert header["HeaderName"].lower().encode() == HEADER
    assert ":SecretString:key:" in header["HeaderValue"]["Fn::Sub"]
    resources = main["Resources"]
    given = resources["Ui"]["Properties"]["Parameters"]["OriginSecretArn"]
    variables = resources["ApiFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["ORIGIN_SECRET_ARN"] == {"Fn::If": ["IsLocal", "", given]}
    made = resources["OriginSecret"]["Properties"]["GenerateSecretString"]
    assert made["GenerateStringKey"] == "key"
    text = json.loads(made["SecretStringTemplate"]) | {"key": "x" * made["PasswordLength"]}
    assert RotatingKeys.model_validate(text)


def test_cookies_are_for_the_address_that_browsers_show(main: dict[str, Any]) -> None:
    variables = main["Resources"]["ApiFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["UI_ORIGIN"] == {
        "Fn::If": ["IsLocal", "", {"Fn::GetAtt": ["Ui", "Outputs.UiUrl"]}]
    }


def test_the_local_stack_has_no_cloudfront(main: dict[str, Any]) -> None:
    for name in ("Ui", "OriginSecret"):
        assert main["Resources"][name]["Condition"] == "HasUi"
    assert main["Conditions"]["HasUi"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "Stage"}, "local"]}]}


# The files of the web UI


@pytest.fixture(scope="module")
def published(main: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = main["Resources"]["PublishedUi"]["Properties"]
    return properties


def transformed(code: str) -> dict[str, Any]:
    """Return the template's resources as CloudFormation gets them, with this code uploaded."""
    template = yaml_parse((ROOT / "template.yaml").read_text())
    template["Globals"]["Function"]["CodeUri"] = f"s3://uploaded/{code}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        no_policies = SimpleNamespace(load=dict)
        resources: dict[str, Any] = transform(template, {}, no_policies)["Resources"]
    return resources


def test_another_build_is_published_and_the_same_is_not() -> None:
    def build(code: str) -> Any:
        return transformed(code)["PublishedUi"]["Properties"]["Build"]

    assert build("a") == build("a")
    assert build("a") != build("b")
    assert build("a")["Ref"].startswith("PublishFunctionVersion")


def test_the_resource_says_all_that_publishing_asks_for(published: dict[str, Any]) -> None:
    asked = {field.alias for field in Place.model_fields.values()}
    assert asked <= set(published)
    for name, output in (("Bucket", "UiBucket"), ("Distribution", "DistributionId")):
        assert published[name] == {"Fn::GetAtt": ["Ui", f"Outputs.{output}"]}


def test_live_push_is_told_to_pages_where_they_may_connect(
    main: dict[str, Any], published: dict[str, Any]
) -> None:
    allowed = main["Resources"]["Ui"]["Properties"]["Parameters"]["SocketOrigin"]["Fn::Sub"]
    assert published["SocketUrl"]["Fn::Sub"] == f"{allowed}/live"


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_the_publisher_may_replace_the_files_of_its_bucket_and_no_more(
    main: dict[str, Any],
) -> None:
    [policy] = main["Resources"]["PublishRole"]["Properties"]["Policies"]
    rights = {
        action: statement["Resource"].get("Fn::Sub")
        for statement in policy["PolicyDocument"]["Statement"]
        for action in _listed(statement["Action"])
        if not action.startswith("logs:")
    }
    bucket = "arn:${AWS::Partition}:s3:::${Ui.Outputs.UiBucket}"
    assert rights == {
        "s3:GetObject": f"{bucket}/*",
        "s3:PutObject": f"{bucket}/*",
        "s3:DeleteObject": f"{bucket}/*",
        "s3:ListBucket": bucket,
        "cloudfront:CreateInvalidation": (
            "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}"
            ":distribution/${Ui.Outputs.DistributionId}"
        ),
    }


def test_cloudformation_is_answered_before_it_gives_up(
    main: dict[str, Any], published: dict[str, Any]
) -> None:
    seconds = main["Resources"]["PublishFunction"]["Properties"]["Timeout"]
    assert RESERVE_MS < 1000 * seconds < 1000 * published["ServiceTimeout"]


def test_the_local_stack_publishes_nothing(main: dict[str, Any]) -> None:
    for name in ("PublishedUi", "PublishFunction", "PublishRole", "PublishLogs"):
        assert main["Resources"][name]["Condition"] == "HasUi"


# Headers


def policy(ui: dict[str, Any], socket_origin: str, results_origin: str) -> dict[str, str]:
    """Return the headers that CloudFront makes of its policy."""
    config = ui["SecurityHeaders"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
    assert all(each["Override"] is True for each in config.values())
    assert set(config) == set(SECURE_HEADERS)
    hsts = config["StrictTransportSecurity"]
    assert hsts["IncludeSubdomains"] is True
    content = config["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
    content = content.replace("${SocketOrigin}", socket_origin)
    return {
        "Content-Security-Policy": content.replace("${ResultsOrigin}", results_origin),
        "Strict-Transport-Security": f"max-age={hsts['AccessControlMaxAgeSec']}; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": config["FrameOptions"]["FrameOption"],
        "Referrer-Policy": config["ReferrerPolicy"]["ReferrerPolicy"],
    }


def test_the_local_gateway_sends_cloudfront_s_headers(ui: dict[str, Any]) -> None:
    assert policy(ui, "wss://s", "https://b") == security_headers("wss://s", "https://b")


def test_scripts_are_files_of_the_origin_and_nothing_frames_it() -> None:
    content = security_headers("wss://s", "https://b")["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in content.split(";"))
    assert rules["script-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["object-src"] == rules["base-uri"] == "'none'"
    assert rules["connect-src"] == "'self' wss://s https://b"


def test_every_answer_bears_the_headers(distribution: dict[str, Any]) -> None:
    for each in (distribution["DefaultCacheBehavior"], behaviour(distribution)):
        assert each["ResponseHeadersPolicyId"] == {"Ref": "SecurityHeaders"}


def test_pages_may_connect_to_live_push(main: dict[str, Any]) -> None:
    given = main["Resources"]["Ui"]["Properties"]["Parameters"]["SocketOrigin"]
    assert given["Fn::Sub"].startswith("wss://${SocketApi}.execute-api.")


def test_pages_may_read_results_of_the_stack_s_own_bucket(main: dict[str, Any]) -> None:
    given = main["Resources"]["Ui"]["Properties"]["Parameters"]["ResultsOrigin"]["Fn::Sub"]
    assert given == "https://${Storage.Outputs.DataBucket}.s3.${AWS::Region}.${AWS::URLSuffix}"
    [rule] = yaml_parse((ROOT / "infra/storage.yaml").read_text())["Resources"]["DataBucket"][
        "Properties"
    ]["CorsConfiguration"]["CorsRules"]
    # An address is signed for its bearer; neither cookies nor headers are ever needed.
    assert rule == {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "MaxAge": 600}


# Functions of the edge


def run(code: str, event: dict[str, Any]) -> dict[str, Any]:
    node = shutil.which("node")
    assert node is not None, "the web UI and these functions need Node"
    script = f"{code}\nconsole.log(JSON.stringify(handler({json.dumps(event)})))"
    done = subprocess.run([node, "-e", script], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("path", "served"),
    [
        ("/", "/index.html"),
        ("/bots", "/index.html"),
        ("/bots/01ABC/", "/index.html"),
        ("/v1.2/bots", "/index.html"),
        ("/assets/app-1a2b.js", "/assets/app-1a2b.js"),
        ("/config.json", "/config.json"),
    ],
)
def test_a_path_without_an_extension_is_a_page(ui: dict[str, Any], path: str, served: str) -> None:
    event = {"request": {"uri": path, "headers": {}}}
    assert run(ui["PagesFunction"]["FunctionCode"], event)["uri"] == served


def test_the_viewer_s_address_is_cloudfront_s_word(ui: dict[str, Any]) -> None:
    name = VIEWER.lower()
    event = {
        "viewer": {"ip": "198.51.100.7"},
        "request": {"uri": "/api/v1/x", "headers": {name: {"value": "spoofed"}}},
    }
    headers = run(ui["ViewerFunction"]["FunctionCode"], event)["headers"]
    assert headers == {name: {"value": "198.51.100.7"}}


def test_each_kind_of_path_has_its_function(distribution: dict[str, Any]) -> None:
    associated = [
        each["FunctionAssociations"][0]["FunctionARN"]["Fn::GetAtt"][0]
        for each in (distribution["DefaultCacheBehavior"], behaviour(distribution))
    ]
    assert associated == ["PagesFunction", "ViewerFunction"]
