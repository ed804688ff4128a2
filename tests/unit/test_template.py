"""The template as CloudFormation gets it: rights, time-outs, retries, tables."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pynamodb.models import Model
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from functions.api.settings import Settings as ApiSettings
from functions.deliver.settings import DeliverSettings
from functions.notify.settings import NotifySettings
from functions.push.settings import PushSettings
from functions.research.settings import ResearchSettings
from functions.socket.settings import SocketSettings
from functions.tick.settings import TickSettings
from pairtrader.model.research import KEPT_SECONDS, QUEUED_MS
from pairtrader.model.research import LEASE_MS as JOB_LEASE_MS
from pairtrader.storage import (
    accounts,
    api_tokens,
    audit_log,
    bots,
    candle_blocks,
    claims,
    connections,
    cycles,
    idempotency,
    login_attempts,
    notification_channels,
    orders,
    positions,
    refresh_tokens,
    research_jobs,
    research_results,
    risk,
    simulated_accounts,
    spread_history,
    trade_logs,
    users,
)
from pairtrader.storage.bot_items import StateItem
from pairtrader.trading.incidents import Incident
from pairtrader.trading.session import LEASE_MS
from scripts import stack

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = (
    "Tick", "Exchange", "Api", "Research", "Notify", "Deliver", "Socket", "Push", "Publish"
)  # fmt: skip
TABLES: tuple[type[Model], ...] = (
    accounts.AccountItem,
    api_tokens.ApiTokenItem,
    audit_log.AuditItem,
    bots.BotItem,
    claims.ClaimItem,
    connections.ConnectionItem,
    cycles.CycleItem,
    idempotency.KeyedRequestItem,
    login_attempts.AttemptItem,
    notification_channels.ChannelItem,
    orders.OrderItem,
    positions.PositionItem,
    refresh_tokens.FamilyItem,
    research_jobs.JobItem,
    risk.RiskItem,
    simulated_accounts.SimulatedAccountItem,
    spread_history.HistoryItem,
    trade_logs.LogItem,
    users.UserItem,
)
READ = {"dynamodb:GetItem", "dynamodb:Query"}
CHANGE = {
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
}
BATCH = {"dynamodb:BatchWriteItem"}
RISK = {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:UpdateItem"}


class NoManagedPolicies:
    """The template names none, so nothing has to be looked up on AWS."""

    def load(self) -> dict[str, str]:
        return {}


def parsed(name: str) -> dict[str, Any]:
    return yaml_parse((ROOT / name).read_text())


def resolved(node: Any, is_local: bool) -> Any:
    """Return `node` with every choice between the local stage and the others made."""
    if isinstance(node, dict):
        if node.get("Fn::If", [None])[0] == "IsLocal":
            return resolved(node["Fn::If"][1 if is_local else 2], is_local)
        return {key: resolved(each, is_local) for key, each in node.items()}
    if isinstance(node, list):
        items = [resolved(each, is_local) for each in node]
        return [each for each in items if each != {"Ref": "AWS::NoValue"}]
    return node


@pytest.fixture(scope="module")
def transformed() -> dict[str, Any]:
    template = parsed("template.yaml")
    template["Globals"]["Function"]["CodeUri"] = "s3://uploaded/bundle"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        return transform(template, {}, NoManagedPolicies())["Resources"]


@pytest.fixture(scope="module")
def resources(transformed: dict[str, Any]) -> dict[str, Any]:
    """Return what is deployed on AWS."""
    return resolved(transformed, is_local=False)


@pytest.fixture(scope="module")
def storage() -> dict[str, Any]:
    return parsed("infra/storage.yaml")["Resources"]


@pytest.fixture(scope="module")
def monitoring() -> dict[str, Any]:
    return parsed("infra/monitoring.yaml")["Resources"]


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: each for name, each in resources.items() if each["Type"] == kind}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(role: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for policy in role["Properties"].get("Policies", []):
        yield from policy["PolicyDocument"]["Statement"]


def allowed(role: dict[str, Any], service: str) -> set[tuple[str, str]]:
    """Return every pair of an action of `service` and a resource (as JSON) that `role` has."""
    return {
        (action, json.dumps(resource))
        for statement in statements(role)
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
        if action.startswith(f"{service}:")
    }


def tables_of(role: dict[str, Any]) -> dict[str, set[str]]:
    """Return the table actions that `role` has, by table or index."""
    rights: dict[str, set[str]] = {}
    for action, resource in allowed(role, "dynamodb"):
        table = resource.rsplit(":table/${AWS::StackName}-", 1)[1].removesuffix('"}')
        rights.setdefault(table, set()).add(action)
    return rights


# Rights


def test_no_role_may_do_everything_of_a_service(resources: dict[str, Any]) -> None:
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        for statement in statements(role):
            for action in as_list(statement["Action"]):
                assert "*" not in action, f"{name}: {action}"


def test_no_role_may_touch_everything(resources: dict[str, Any]) -> None:
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        for statement in statements(role):
            for resource in as_list(statement["Resource"]):
                assert resource != "*", f"{name}: {statement['Sid']}"
                assert not json.dumps(resource).endswith(':*"}'), f"{name}: {statement['Sid']}"


def test_no_role_has_a_managed_policy(resources: dict[str, Any]) -> None:
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        assert "ManagedPolicyArns" not in role["Properties"], name


def test_every_function_has_a_role_of_its_own(resources: dict[str, Any]) -> None:
    functions = of_type(resources, "AWS::Lambda::Function")
    roles = {name: each["Properties"]["Role"] for name, each in functions.items()}
    assert roles == {
        f"{name}Function": {"Fn::GetAtt": [f"{name}Role", "Arn"]} for name in FUNCTIONS
    }


def test_keys_of_accounts_are_read_by_tick_and_exchange_alone(resources: dict[str, Any]) -> None:
    keys = "secret:${AWS::StackName}/accounts/*"
    readers = {
        name: [r for a, r in allowed(role, "secretsmanager") if "GetSecretValue" in a]
        for name, role in of_type(resources, "AWS::IAM::Role").items()
    }
    assert keys in readers.pop("TickRole")[0]
    assert keys in readers.pop("ExchangeRole")[0]
    assert sorted(readers.pop("ApiRole")) == [
        '{"Fn::GetAtt": ["BootstrapSecret", "Id"]}',
        '{"Fn::GetAtt": ["JwtSecret", "Id"]}',
        '{"Fn::GetAtt": ["OriginSecret", "Id"]}',
        '{"Fn::GetAtt": ["SealingSecret", "Id"]}',
    ]
    assert readers.pop("DeliverRole") == ['{"Fn::GetAtt": ["SealingSecret", "Id"]}']
    keyless = ("Scheduler", "Research", "Notify", "Socket", "Push", "Publish")
    assert set(readers) == {f"{name}Role" for name in keyless}
    assert not any(readers.values())


def test_the_api_writes_keys_under_the_stack_s_prefix(resources: dict[str, Any]) -> None:
    rights = allowed(resources["ApiRole"], "secretsmanager")
    written = {action.split(":")[1] for action, resource in rights if "/accounts/*" in resource}
    assert written == {"CreateSecret", "DeleteSecret", "PutSecretValue", "TagResource"}


def test_the_tick_reaches_its_tables_and_no_other(resources: dict[str, Any]) -> None:
    books = (
        "bots", "claims", "cycles", "orders", "positions", "simulated-accounts",
        "spread-history", "trade-logs",
    )  # fmt: skip
    assert tables_of(resources["TickRole"]) == {
        **dict.fromkeys(books, READ | CHANGE | BATCH),
        "accounts": {"dynamodb:GetItem"},
        "bots": READ | CHANGE | BATCH | {"dynamodb:BatchGetItem"},
        "bots/index/by_user": {"dynamodb:Query"},
        "risk": RISK,
    }


def test_the_exchange_function_reaches_accounts_and_bots_markets(
    resources: dict[str, Any],
) -> None:
    assert tables_of(resources["ExchangeRole"]) == {
        "accounts": {"dynamodb:GetItem"},
        "bots": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        "simulated-accounts": READ | CHANGE - {"dynamodb:DeleteItem"},
    }


def test_the_api_reads_the_books_logs_its_commands_and_keeps_what_it_adopts(
    resources: dict[str, Any],
) -> None:
    own = ("accounts", "refresh-tokens", "users")
    books = (
        "cycles",
        "cycles/index/by_user",
        "orders",
        "orders/index/by_user",
        "positions",
        "spread-history",
        "trade-logs",
    )
    assert tables_of(resources["ApiRole"]) == {
        **dict.fromkeys(own, READ | CHANGE),
        **dict.fromkeys(books, READ),
        **dict.fromkeys(
            ("cycles", "positions"), READ | {"dynamodb:DeleteItem", "dynamodb:PutItem"}
        ),
        **dict.fromkeys(("bots", "claims"), READ | CHANGE | {"dynamodb:BatchGetItem"}),
        "trade-logs": READ | {"dynamodb:PutItem"},
        "bots/index/by_user": {"dynamodb:Query"},
        "api-tokens": {f"dynamodb:{verb}Item" for verb in ("Delete", "Get", "Put", "Update")},
        "api-tokens/index/by_user": {"dynamodb:Query"},
        "backtests": READ | CHANGE - {"dynamodb:ConditionCheckItem"},
        "audit-log": {f"dynamodb:{verb}" for verb in ("PutItem", "Query", "UpdateItem")},
        "audit-log/index/by_user": {"dynamodb:Query"},
        "users/index/by_name": {"dynamodb:Query"},
        "idempotency": {f"dynamodb:{verb}Item" for verb in ("Delete", "Get", "Put", "Update")},
        "login-attempts": {"dynamodb:DeleteItem", "dynamodb:UpdateItem"},
        "notification-channels": READ | CHANGE - {"dynamodb:ConditionCheckItem"},
        "websocket-connections": {"dynamodb:PutItem"},
        "refresh-tokens/index/by_user": {"dynamodb:Query"},
        "risk": RISK | {"dynamodb:DeleteItem"},
    }


def test_the_audit_log_is_added_to_and_never_changed(resources: dict[str, Any]) -> None:
    roles = of_type(resources, "AWS::IAM::Role")
    rights = [
        (name, set(as_list(statement["Action"])), statement.get("Condition"))
        for name, role in roles.items()
        for statement in statements(role)
        if "-audit-log" in json.dumps(statement["Resource"])
    ]
    outcomes_alone = {
        "ForAllValues:StringEquals": {"dynamodb:Attributes": ["month", "id", "outcome"]},
        "StringEqualsIfExists": {"dynamodb:ReturnValues": ["NONE", "UPDATED_OLD", "UPDATED_NEW"]},
    }
    assert rights == [
        ("ApiRole", {"dynamodb:PutItem"}, None),
        ("ApiRole", {"dynamodb:Query"}, None),
        ("ApiRole", {"dynamodb:UpdateItem"}, outcomes_alone),
    ]


def test_the_api_calls_the_other_functions_by_their_alias(resources: dict[str, Any]) -> None:
    assert allowed(resources["ApiRole"], "lambda") == {
        ("lambda:InvokeFunction", '{"Ref": "TickFunctionAliaslive"}'),
        ("lambda:InvokeFunction", '{"Ref": "ExchangeFunctionAliaslive"}'),
        ("lambda:InvokeFunction", '{"Ref": "ResearchFunctionAliaslive"}'),
    }


def test_the_tick_calls_the_exchange_function_alone(resources: dict[str, Any]) -> None:
    assert allowed(resources["TickRole"], "lambda") == {
        ("lambda:InvokeFunction", '{"Ref": "ExchangeFunctionAliaslive"}'),
    }
    given = resources["TickFunction"]["Properties"]["Environment"]["Variables"]
    assert given["EXCHANGE_FUNCTION"] == {"Ref": "ExchangeFunctionAliaslive"}


def test_only_the_api_passes_a_role_and_only_the_scheduler_s(resources: dict[str, Any]) -> None:
    passing = [
        (name, statement)
        for name, role in of_type(resources, "AWS::IAM::Role").items()
        for statement in statements(role)
        if "iam:PassRole" in as_list(statement["Action"])
    ]
    [(name, statement)] = passing
    assert name == "ApiRole"
    assert statement["Resource"] == {"Fn::GetAtt": ["SchedulerRole", "Arn"]}
    assert statement["Condition"] == {
        "StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}
    }


def test_the_scheduler_role_serves_this_account_s_group_alone(resources: dict[str, Any]) -> None:
    [statement] = resources["SchedulerRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {
            "aws:SourceAccount": {"Ref": "AWS::AccountId"},
            "aws:SourceArn": {"Fn::GetAtt": ["ScheduleGroup", "Arn"]},
        }
    }


def test_the_scheduler_role_calls_the_tick_and_keeps_what_fails(resources: dict[str, Any]) -> None:
    role = resources["SchedulerRole"]
    assert {(s["Action"], json.dumps(s["Resource"])) for s in statements(role)} == {
        ("lambda:InvokeFunction", '{"Ref": "TickFunctionAliaslive"}'),
        ("sqs:SendMessage", '{"Fn::GetAtt": ["SchedulerDeadLetterQueue", "Arn"]}'),
    }


@pytest.mark.parametrize(
    ("role", "actions"),
    [
        ("TickRole", {"DeleteSchedule"}),
        ("ApiRole", {"CreateSchedule", "DeleteSchedule", "GetSchedule"}),
    ],
)
def test_schedules_are_reached_in_the_stack_s_group_alone(
    resources: dict[str, Any], role: str, actions: set[str]
) -> None:
    rights = allowed(resources[role], "scheduler")
    assert {action.split(":")[1] for action, _ in rights} == actions
    assert all("schedule/${ScheduleGroup}/*" in resource for _, resource in rights)


def test_the_emulator_s_peculiar_rights_stay_local(
    transformed: dict[str, Any], resources: dict[str, Any]
) -> None:
    local = resolved(transformed, is_local=True)
    added = {
        (name, action, resource.split(":")[-1].strip('"}'))
        for name, role in of_type(local, "AWS::IAM::Role").items()
        for service in (
            "dynamodb",
            "iam",
            "lambda",
            "s3",
            "scheduler",
            "secretsmanager",
            "ses",
            "sqs",
        )
        for action, resource in allowed(role, service) - allowed(resources[name], service)
    }
    default_group = "schedule/default/*"
    assert added == {
        ("TickRole", "scheduler:DeleteSchedule", default_group),
        ("TickRole", "sqs:SendMessageBatch", ' ["TickQueue", "Arn"]'),
        ("NotifyRole", "sqs:SendMessageBatch", ' ["NotificationQueue", "Arn"]'),
        ("DeliverRole", "ses:SendEmail", "*"),
        ("ApiRole", "scheduler:CreateSchedule", default_group),
        ("ApiRole", "scheduler:DeleteSchedule", default_group),
        ("ApiRole", "scheduler:GetSchedule", default_group),
    }


# Functions


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_logs_to_a_group_that_forgets(resources: dict[str, Any], name: str) -> None:
    logs = resources[f"{name}Logs"]["Properties"]
    function = resources[f"{name}Function"]["Properties"]
    assert logs["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert function["LoggingConfig"]["LogGroup"] == {"Ref": f"{name}Logs"}
    rights = allowed(resources[f"{name}Role"], "logs")
    assert {resource for _, resource in rights} == {f'{{"Fn::GetAtt": ["{name}Logs", "Arn"]}}'}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_runs_on_arm_behind_an_alias(resources: dict[str, Any], name: str) -> None:
    function = resources[f"{name}Function"]["Properties"]
    assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
    assert resources[f"{name}FunctionAliaslive"]["Properties"]["Name"] == "live"


def test_the_api_starts_from_snapshots_where_that_is_asked_for(transformed: dict[str, Any]) -> None:
    template = parsed("template.yaml")
    assert template["Parameters"]["ApiSnapStart"]["Default"] == "false"
    assert template["Conditions"]["HasApiSnapStart"] == {
        "Fn::Equals": [{"Ref": "ApiSnapStart"}, "true"]
    }
    assert transformed["ApiFunction"]["Properties"]["SnapStart"] == {
        "Fn::If": ["HasApiSnapStart", {"ApplyOn": "PublishedVersions"}, {"Ref": "AWS::NoValue"}]
    }
    others = [
        name for name in FUNCTIONS if "SnapStart" in transformed[f"{name}Function"]["Properties"]
    ]
    assert others == ["Api"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_changed_variable_makes_a_new_version(name: str) -> None:
    function = parsed("template.yaml")["Resources"][f"{name}Function"]["Properties"]
    assert function["AutoPublishAliasAllProperties"] is True


def variables(resources: dict[str, Any], name: str) -> set[str]:
    return set(resources[f"{name}Function"]["Properties"]["Environment"]["Variables"])


def test_the_tick_is_told_what_it_asks_for(resources: dict[str, Any]) -> None:
    asked = {str(field.alias) for field in TickSettings.model_fields.values()}
    assert asked <= variables(resources, "Tick")


def test_the_api_is_told_what_it_asks_for(resources: dict[str, Any]) -> None:
    fields = ApiSettings.model_fields.items()
    asked = {name.upper() for name, field in fields if field.is_required()}
    assert asked | {"REGISTRATION_OPEN"} <= variables(resources, "Api")


def test_a_tick_ends_before_its_lease(resources: dict[str, Any]) -> None:
    timeout = resources["TickFunction"]["Properties"]["Timeout"]
    assert timeout == 15
    assert timeout * 1000 < LEASE_MS


def event_handling(resources: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what becomes of events that nobody waits for."""
    [config] = [
        each["Properties"]
        for each in of_type(resources, "AWS::Lambda::EventInvokeConfig").values()
        if each["Properties"]["FunctionName"] == {"Ref": f"{name}Function"}
    ]
    return config


def test_markets_not_renewed_are_left_to_a_later_tick(resources: dict[str, Any]) -> None:
    properties = event_handling(resources, "Exchange")
    assert properties["Qualifier"] == "live"
    assert properties["MaximumRetryAttempts"] == 0
    assert properties["MaximumEventAgeInSeconds"] == 300


def test_a_failed_event_is_not_tried_again_but_kept(resources: dict[str, Any]) -> None:
    properties = event_handling(resources, "Tick")
    assert properties["Qualifier"] == "live"
    assert properties["MaximumRetryAttempts"] == 0
    assert properties["MaximumEventAgeInSeconds"] == 60
    kept = properties["DestinationConfig"]["OnFailure"]["Destination"]
    assert kept == {"Fn::GetAtt": ["TickDeadLetterQueue", "Arn"]}


def test_queued_ticks_come_one_by_one(resources: dict[str, Any]) -> None:
    properties = mapping_of(resources, {"Fn::GetAtt": ["TickQueue", "Arn"]})
    assert properties["FunctionName"] == {"Ref": "TickFunctionAliaslive"}
    assert properties["BatchSize"] == 1
    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def mapping_of(
    resources: dict[str, Any], source: dict[str, Any], function: str = "Tick"
) -> dict[str, Any]:
    """Return how a function takes what `source` holds."""
    [mapping] = [
        each["Properties"]
        for each in of_type(resources, "AWS::Lambda::EventSourceMapping").values()
        if each["Properties"]["EventSourceArn"] == source
        and each["Properties"]["FunctionName"] == {"Ref": f"{function}FunctionAliaslive"}
    ]
    return mapping


def test_a_crashed_tick_is_never_delivered_again(resources: dict[str, Any]) -> None:
    queue = resources["TickQueue"]["Properties"]
    assert queue["VisibilityTimeout"] >= 6 * resources["TickFunction"]["Properties"]["Timeout"]
    assert queue["MessageRetentionPeriod"] == 300
    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": ["TickDeadLetterQueue", "Arn"]},
        "maxReceiveCount": 1,
    }


@pytest.mark.parametrize(
    ("api", "stage", "function"),
    [("HttpApi", "ApiStage", "Api"), ("SocketApi", "SocketStage", "Socket")],
)
def test_a_gateway_throttles_and_calls_its_function_alone(
    resources: dict[str, Any], api: str, stage: str, function: str
) -> None:
    limits = resources[stage]["Properties"]["DefaultRouteSettings"]
    assert limits["ThrottlingRateLimit"] > 0
    assert limits["ThrottlingBurstLimit"] > 0
    permissions = of_type(resources, "AWS::Lambda::Permission").values()
    [permission] = [
        each["Properties"]
        for each in permissions
        if f"${{{api}}}" in each["Properties"]["SourceArn"]["Fn::Sub"]
    ]
    assert permission["FunctionName"] == {"Ref": f"{function}FunctionAliaslive"}


# Research


def bucket_rights(role: dict[str, Any]) -> set[tuple[str, str]]:
    """Return actions on the data bucket, by the prefix of the keys."""
    return {
        (action, resource.partition("${Bucket}")[2].split('"')[0])
        for action, resource in allowed(role, "s3")
    }


def test_the_research_function_notes_its_jobs_and_reads_accounts(
    resources: dict[str, Any],
) -> None:
    role = resources["ResearchRole"]
    assert tables_of(role) == {
        "backtests": {"dynamodb:UpdateItem"},
        "accounts": {"dynamodb:GetItem"},
    }
    assert bucket_rights(role) == {
        ("s3:GetObject", "/history/*"),
        ("s3:PutObject", "/history/*"),
        ("s3:PutObject", "/results/*"),
        ("s3:DeleteObject", "/results/*"),
        ("s3:GetObject", "/candles/*"),
        ("s3:GetObject", "/funding/*"),
        ("s3:ListBucket", ""),
    }
    others = {action for action, _ in rights_of(role)}
    assert {action.partition(":")[0] for action in others} == {"dynamodb", "s3", "sqs"}


def test_the_api_hands_out_and_removes_results_alone(resources: dict[str, Any]) -> None:
    assert bucket_rights(resources["ApiRole"]) == {
        ("s3:GetObject", "/results/*"),
        ("s3:DeleteObject", "/results/*"),
    }
    assert (research_results.PREFIX, candle_blocks.PREFIX) == ("results/", "history/")


def test_a_job_is_begun_once_and_kept_where_it_crashes(resources: dict[str, Any]) -> None:
    properties = event_handling(resources, "Research")
    assert properties["MaximumRetryAttempts"] == 0
    assert properties["MaximumEventAgeInSeconds"] * 1000 < QUEUED_MS
    kept = properties["DestinationConfig"]["OnFailure"]["Destination"]
    assert kept == {"Fn::GetAtt": ["ResearchDeadLetterQueue", "Arn"]}


def test_a_job_ends_before_it_counts_as_broken_off(resources: dict[str, Any]) -> None:
    function = resources["ResearchFunction"]["Properties"]
    assert function["Timeout"] * 1000 < JOB_LEASE_MS
    assert function["MemorySize"] >= 1769  # a whole processor


def test_the_research_function_is_told_what_it_asks_for(resources: dict[str, Any]) -> None:
    asked = {str(field.alias) for field in ResearchSettings.model_fields.values()}
    assert asked <= variables(resources, "Research")


def test_results_and_candles_of_the_past_are_forgotten_in_time(storage: dict[str, Any]) -> None:
    rules = storage["DataBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    days = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule}
    assert days == {"results/": 91, "history/": 365}
    assert days["results/"] * 86_400 > KEPT_SECONDS


# Live push


STREAMS = {
    name: {"Fn::GetAtt": ["Storage", f"Outputs.{name}StreamArn"]}
    for name in ("Bots", "Orders", "Positions", "TradeLogs", "Backtests")
}
MARK_ALONE = {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["bot_id", "kind", "w"]}}


def clients_of(role: dict[str, Any]) -> set[tuple[str, str]]:
    """Return what `role` may do with connections: verb and API."""
    return {
        (
            resource["Fn::Sub"].split("/live/")[1],
            resource["Fn::Sub"].rsplit(":", 1)[1].split("/")[0],
        )
        for statement in statements(role)
        for resource in as_list(statement["Resource"])
        if statement["Action"] == "execute-api:ManageConnections"
    }


def test_the_socket_function_keeps_connections_and_looks_at_logins(
    resources: dict[str, Any],
) -> None:
    assert tables_of(resources["SocketRole"]) == {
        "websocket-connections": READ | {"dynamodb:DeleteItem", "dynamodb:PutItem"},
        "api-tokens": {"dynamodb:GetItem"},
        "refresh-tokens": {"dynamodb:GetItem"},
        "users": {"dynamodb:GetItem"},
        "bots": {"dynamodb:GetItem", "dynamodb:UpdateItem"},
        "bots/index/by_user": {"dynamodb:Query"},
    }
    assert clients_of(resources["SocketRole"]) == {
        ("POST/@connections/*", "${SocketApi}"),
        ("DELETE/@connections/*", "${SocketApi}"),
    }


def test_the_push_function_follows_the_streams_and_finds_who_watches(
    resources: dict[str, Any],
) -> None:
    reading = ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")
    rights = {right for right in rights_of(resources["PushRole"]) if "execute" not in right[0]}
    assert rights == {
        *((f"dynamodb:{verb}", json.dumps(arn)) for verb in reading for arn in STREAMS.values()),
        ("dynamodb:DeleteItem", "websocket-connections"),
        ("dynamodb:Query", "websocket-connections"),
        ("dynamodb:UpdateItem", "websocket-connections"),
        ("dynamodb:GetItem", "bots"),
        ("dynamodb:Query", "bots"),
        ("dynamodb:UpdateItem", "bots"),
    }
    assert clients_of(resources["PushRole"]) == {("POST/@connections/*", "${SocketApi}")}


@pytest.mark.parametrize("role", ["SocketRole", "PushRole"])
def test_live_push_changes_nothing_of_a_bot_but_its_mark(
    resources: dict[str, Any], role: str
) -> None:
    [condition] = [
        statement["Condition"]
        for statement in statements(resources[role])
        if "dynamodb:UpdateItem" in as_list(statement["Action"])
        and "-bots" in json.dumps(statement["Resource"])
    ]
    assert condition == MARK_ALONE
    assert StateItem.watched.attr_name == "w"


@pytest.mark.parametrize("name", STREAMS)
def test_news_are_pushed_while_they_are_news(resources: dict[str, Any], name: str) -> None:
    properties = mapping_of(resources, STREAMS[name], "Push")
    # What is written while the mapping is made is not missed; what is old is not told.
    assert properties["StartingPosition"] == "TRIM_HORIZON"
    assert properties["MaximumRecordAgeInSeconds"] == 60
    assert properties["MaximumRetryAttempts"] == 2
    assert properties["BisectBatchOnFunctionError"] is True
    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_of_bots_the_watched_ones_alone_are_pushed(resources: dict[str, Any]) -> None:
    [criteria] = mapping_of(resources, STREAMS["Bots"], "Push")["FilterCriteria"]["Filters"]
    marked = {StateItem.watched.attr_name: {StateItem.watched.attr_type: [{"exists": True}]}}
    assert json.loads(criteria["Pattern"]) == {"dynamodb": {"NewImage": marked}}


def test_streams_show_what_their_readers_need(storage: dict[str, Any]) -> None:
    views = {
        name: each["Properties"]["StreamSpecification"]["StreamViewType"]
        for name, each in of_type(storage, "AWS::DynamoDB::Table").items()
        if "StreamSpecification" in each["Properties"]
    }
    assert views == {
        "BotsTable": "NEW_AND_OLD_IMAGES",
        "OrdersTable": "NEW_IMAGE",
        "PositionsTable": "NEW_IMAGE",
        "TradeLogsTable": "NEW_IMAGE",
        "BacktestsTable": "NEW_IMAGE",
    }


@pytest.mark.parametrize("key", ["$connect", "$disconnect", "$default"])
def test_every_route_of_the_socket_leads_to_its_function(
    resources: dict[str, Any], key: str
) -> None:
    routes = [
        each["Properties"]
        for each in of_type(resources, "AWS::ApiGatewayV2::Route").values()
        if each["Properties"]["ApiId"] == {"Ref": "SocketApi"}
    ]
    targets = {each["RouteKey"]: each["Target"] for each in routes}
    assert len(targets) == 3
    assert targets[key] == {"Fn::Sub": "integrations/${SocketIntegration}"}
    stage = resources["SocketStage"]["Properties"]
    assert stage["StageName"] == "live"
    assert "AccessLogSettings" not in stage  # a log of requests would hold tickets


@pytest.mark.parametrize("name", ["Api", "Socket", "Push"])
def test_all_reach_the_same_socket(transformed: dict[str, Any], name: str) -> None:
    def endpoint(is_local: bool) -> str:
        function = resolved(transformed, is_local)[f"{name}Function"]["Properties"]
        text: str = function["Environment"]["Variables"]["WEBSOCKET_ENDPOINT"]["Fn::Sub"]
        return text

    host = "${SocketApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"
    assert endpoint(is_local=False) == f"https://{host}/live"
    assert endpoint(is_local=True) == "/_aws/execute-api/${SocketApi}/live"


def test_socket_and_push_are_told_what_they_ask_for(resources: dict[str, Any]) -> None:
    for name, model in (("Socket", SocketSettings), ("Push", PushSettings)):
        asked = {str(field.alias) for field in model.model_fields.values()}
        assert asked <= variables(resources, name)


# Notifications


TRADE_LOGS_STREAM = {"Fn::GetAtt": ["Storage", "Outputs.TradeLogsStreamArn"]}
NOTIFICATIONS = {"Fn::GetAtt": ["NotificationQueue", "Arn"]}
UNDELIVERED = {"Fn::GetAtt": ["NotificationDeadLetterQueue", "Arn"]}


def rights_of(role: dict[str, Any]) -> set[tuple[str, str]]:
    """Return every pair of an action and a table or other resource that `role` has."""
    return {
        (action, json.dumps(resource).rsplit(":table/${AWS::StackName}-", 1)[-1].removesuffix('"}'))
        for statement in statements(role)
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
        if not action.startswith("logs:")
    }


def test_the_notify_function_reads_whom_to_tell_and_queues(resources: dict[str, Any]) -> None:
    stream = json.dumps(TRADE_LOGS_STREAM)
    assert rights_of(resources["NotifyRole"]) == {
        ("dynamodb:DescribeStream", stream),
        ("dynamodb:GetRecords", stream),
        ("dynamodb:GetShardIterator", stream),
        ("dynamodb:ListStreams", stream),
        ("dynamodb:GetItem", "bots"),
        ("dynamodb:Query", "notification-channels"),
        ("sqs:SendMessage", json.dumps(NOTIFICATIONS)),
        ("sqs:SendMessage", json.dumps(UNDELIVERED)),
    }


def test_the_deliver_function_knows_channels_and_no_trading(resources: dict[str, Any]) -> None:
    queue = json.dumps(NOTIFICATIONS)
    rights = rights_of(resources["DeliverRole"])
    mail = {right for right in rights if right[0].startswith("ses:")}
    assert rights - mail == {
        ("dynamodb:GetItem", "notification-channels"),
        ("dynamodb:UpdateItem", "notification-channels"),
        ("secretsmanager:GetSecretValue", '{"Fn::GetAtt": ["SealingSecret", "Id"]}'),
        ("sqs:ChangeMessageVisibility", queue),
        ("sqs:DeleteMessage", queue),
        ("sqs:GetQueueAttributes", queue),
        ("sqs:ReceiveMessage", queue),
    }
    [(action, resource)] = mail
    assert action == "ses:SendEmail"
    assert ":identity/*" in resource
    [statement] = [s for s in statements(resources["DeliverRole"]) if s["Sid"] == "SendMail"]
    assert statement["Condition"] == {"StringEquals": {"ses:FromAddress": {"Ref": "MailFrom"}}}


def test_events_are_taken_from_the_logs_stream_and_never_lost_unseen(
    resources: dict[str, Any],
) -> None:
    properties = mapping_of(resources, TRADE_LOGS_STREAM, "Notify")
    [criteria] = properties["FilterCriteria"]["Filters"]
    assert json.loads(criteria["Pattern"]) == {
        "eventName": ["INSERT"],
        "dynamodb": {"NewImage": {"event": {"S": [{"exists": True}]}}},
    }
    assert properties["StartingPosition"] == "TRIM_HORIZON"
    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert properties["BisectBatchOnFunctionError"] is True
    assert properties["DestinationConfig"]["OnFailure"]["Destination"] == UNDELIVERED


def test_a_notification_is_tried_as_often_as_there_are_waits_and_kept_then(
    transformed: dict[str, Any], resources: dict[str, Any]
) -> None:
    queue = resources["NotificationQueue"]["Properties"]
    timeout = resources["DeliverFunction"]["Properties"]["Timeout"]
    assert queue["VisibilityTimeout"] >= 6 * timeout
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == UNDELIVERED
    for is_local in (True, False):
        stage = resolved(transformed, is_local)["DeliverFunction"]["Properties"]
        told = {"NOTIFICATION_QUEUE_URL": "q", "SEALING_SECRET_ARN": "a"}
        waits = DeliverSettings.model_validate(
            {**told, "RETRY_SECONDS": stage["Environment"]["Variables"]["RETRY_SECONDS"]}
        ).retry_seconds
        assert queue["RedrivePolicy"]["maxReceiveCount"] == len(waits) + 1
        assert sum(waits) < queue["MessageRetentionPeriod"]
    kept = resources["NotificationDeadLetterQueue"]["Properties"]["MessageRetentionPeriod"]
    assert kept == 14 * 86_400
    properties = mapping_of(resources, NOTIFICATIONS, "Deliver")
    assert properties["BatchSize"] == 1
    assert properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize("name", ["Api", "Deliver"])
def test_webhooks_reach_inside_on_a_local_stack_alone(
    transformed: dict[str, Any], name: str
) -> None:
    def allows(is_local: bool) -> Any:
        function = resolved(transformed, is_local)[f"{name}Function"]["Properties"]
        return function["Environment"]["Variables"]["ALLOW_PRIVATE_WEBHOOKS"]

    assert allows(is_local=False) == "false"
    assert allows(is_local=True) == {"Ref": "AllowPrivateWebhooks"}
    assert parsed("template.yaml")["Parameters"]["AllowPrivateWebhooks"]["Default"] == "false"


def test_notify_and_deliver_are_told_what_they_ask_for(resources: dict[str, Any]) -> None:
    for name, model in (("Notify", NotifySettings), ("Deliver", DeliverSettings)):
        asked = {str(field.alias) for field in model.model_fields.values()}
        assert asked <= variables(resources, name)


# Storage


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model.__name__)
def test_a_table_is_as_the_code_reads_it(storage: dict[str, Any], model: type[Model]) -> None:
    suffix = model.Meta.table_name.split("-", 1)[1]
    [table] = [
        each["Properties"]
        for each in of_type(storage, "AWS::DynamoDB::Table").values()
        if each["Properties"]["TableName"] == {"Fn::Sub": f"${{Prefix}}-{suffix}"}
    ]
    schema = model._get_schema()
    assert keys(table["KeySchema"]) == keys(schema["key_schema"])
    assert types(table["AttributeDefinitions"]) == types(schema["attribute_definitions"])
    assert {
        index["IndexName"]: keys(index["KeySchema"])
        for index in table.get("GlobalSecondaryIndexes", [])
    } == {
        index["index_name"]: keys(index["key_schema"])
        for index in schema["global_secondary_indexes"]
    }
    ages = "expires_at" in model.get_attributes()
    assert ("TimeToLiveSpecification" in table) == ages


def keys(schema: list[dict[str, str]]) -> dict[str, str]:
    return {key["KeyType"]: key["AttributeName"] for key in schema}


def types(definitions: list[dict[str, str]]) -> dict[str, str]:
    return {each["AttributeName"]: each["AttributeType"] for each in definitions}


def test_every_table_has_a_model(storage: dict[str, Any]) -> None:
    assert len(of_type(storage, "AWS::DynamoDB::Table")) == len(TABLES)


def test_data_outlive_the_stack(resources: dict[str, Any], storage: dict[str, Any]) -> None:
    kept = {
        "Storage": resources["Storage"],
        "JwtSecret": resources["JwtSecret"],
        "DataBucket": storage["DataBucket"],
        **of_type(storage, "AWS::DynamoDB::Table"),
    }
    for name, resource in kept.items():
        assert resource["DeletionPolicy"] == "RetainExceptOnCreate", name
        assert resource["UpdateReplacePolicy"] == "Retain", name


def test_tables_are_protected_outside_the_local_stage(
    resources: dict[str, Any], storage: dict[str, Any]
) -> None:
    assert resources["Storage"]["Properties"]["Parameters"]["Protected"] == "true"
    protected = {"Fn::If": ["IsProtected", True, False]}
    for name, table in of_type(storage, "AWS::DynamoDB::Table").items():
        properties = table["Properties"]
        assert properties["BillingMode"] == "PAY_PER_REQUEST", name
        assert properties["DeletionProtectionEnabled"] == protected, name
        restorable = properties["PointInTimeRecoverySpecification"]
        assert restorable == {"PointInTimeRecoveryEnabled": protected}, name


# Alarms


def test_every_alarm_notifies_operators(monitoring: dict[str, Any]) -> None:
    for name, alarm in of_type(monitoring, "AWS::CloudWatch::Alarm").items():
        assert alarm["Properties"]["AlarmActions"] == [{"Ref": "AlarmTopic"}], name


def test_alarms_watch_what_the_stack_has(
    resources: dict[str, Any], monitoring: dict[str, Any]
) -> None:
    given = resources["Monitoring"]["Properties"]["Parameters"]
    watched = {
        name: (
            alarm["Properties"]["Namespace"],
            alarm["Properties"]["MetricName"],
            {
                each["Name"]: given[each["Value"]["Ref"]]
                for each in alarm["Properties"]["Dimensions"]
            },
        )
        for name, alarm in of_type(monitoring, "AWS::CloudWatch::Alarm").items()
        if alarm["Properties"]["Namespace"] != {"Ref": "MetricsNamespace"}
    }
    depth = "ApproximateNumberOfMessagesVisible"
    assert watched == {
        "TickErrorsAlarm": ("AWS/Lambda", "Errors", {"FunctionName": {"Ref": "TickFunction"}}),
        "PushErrorsAlarm": ("AWS/Lambda", "Errors", {"FunctionName": {"Ref": "PushFunction"}}),
        "ResearchErrorsAlarm": (
            "AWS/Lambda",
            "Errors",
            {"FunctionName": {"Ref": "ResearchFunction"}},
        ),
        "ResearchDeadLetterAlarm": (
            "AWS/SQS",
            depth,
            {"QueueName": {"Fn::GetAtt": ["ResearchDeadLetterQueue", "QueueName"]}},
        ),
        "TickDeadLetterAlarm": (
            "AWS/SQS",
            depth,
            {"QueueName": {"Fn::GetAtt": ["TickDeadLetterQueue", "QueueName"]}},
        ),
        "SchedulerDeadLetterAlarm": (
            "AWS/SQS",
            depth,
            {"QueueName": {"Fn::GetAtt": ["SchedulerDeadLetterQueue", "QueueName"]}},
        ),
        "NotificationDeadLetterAlarm": (
            "AWS/SQS",
            depth,
            {"QueueName": {"Fn::GetAtt": ["NotificationDeadLetterQueue", "QueueName"]}},
        ),
    }


def test_alarms_on_own_metrics_watch_what_the_tick_function_emits(
    resources: dict[str, Any], monitoring: dict[str, Any]
) -> None:
    given = resources["Monitoring"]["Properties"]["Parameters"]
    tick = resources["TickFunction"]["Properties"]["Environment"]["Variables"]
    emitted = {*Incident, "TicksInError", "TicksSkippedInARow"}
    own = [
        alarm["Properties"]
        for alarm in of_type(monitoring, "AWS::CloudWatch::Alarm").values()
        if alarm["Properties"]["Namespace"] == {"Ref": "MetricsNamespace"}
    ]
    assert given["MetricsNamespace"] == tick["POWERTOOLS_METRICS_NAMESPACE"]
    assert {alarm["MetricName"] for alarm in own} <= emitted
    assert len(own) == 5
    for alarm in own:
        service = tick["POWERTOOLS_SERVICE_NAME"]
        assert alarm["Dimensions"] == [{"Name": "service", "Value": service}]


# Environments


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
def test_samconfig_deploys_every_stage_as_a_stack_of_its_own(stage: str) -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())[stage]
    assert config["global"]["parameters"]["stack_name"] == f"pairtrader-{stage}"
    assert f"Stage={stage}" in config["deploy"]["parameters"]["parameter_overrides"]
    assert config["build"]["parameters"]["build_in_source"] is True


def test_the_local_stack_names_every_parameter_that_the_shell_may_set() -> None:
    # A deployment keeps what it is not told: an override once given would stay for good.
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())["local"]
    settings = config["deploy"]["parameters"]["parameter_overrides"]
    assert set(stack.PASSED_THROUGH.values()) <= {each.split("=")[0] for each in settings}
