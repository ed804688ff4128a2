"""Settings of users."""

from typing import Any

import pytest

from pairtrader.model.preferences import MOST_TEMPLATES, LadderTemplate, Preferences
from pairtrader.storage.preferences import PreferencesItem
from pairtrader.storage.users import Role
from tests.fakes.api_world import ApiWorld, Caller

LADDER = [
    {"times": 1, "spread": 1.0, "multiplier": 1},
    {"times": 2, "spread": 0.8, "multiplier": 2},
]


def test_settings_begin_as_they_were_made(ada: Caller) -> None:
    answer = ada("GET", "/settings")
    shown = answer.json()
    assert (shown["language"], shown["theme"], shown["version"]) == ("auto", "auto", 0)
    assert (shown["profit_colours"], shown["updated_at"]) == ("green_up", None)
    assert answer.headers["ETag"] == '"0"'


def test_what_is_left_out_stays(ada: Caller) -> None:
    account = ada.account()
    changes = {
        "language": "zh-CN",
        "profit_colours": "red_up",
        "default_exchange_account_id": account,
        "bot_defaults": {"leverage": 5, "investment_per_order": "1E+2"},
        "ladder_templates": [{"name": " Two steps ", "dca_config": LADDER}],
        "confirmations": {"pause": False},
    }
    assert ada("PUT", "/settings", changes).status_code == 200
    ada("PUT", "/settings", {"theme": "dark"})
    shown = ada("GET", "/settings").json()
    assert (shown["language"], shown["theme"], shown["version"]) == ("zh-CN", "dark", 2)
    assert shown["default_exchange_account_id"] == account
    assert shown["bot_defaults"]["investment_per_order"] == "100"
    assert shown["bot_defaults"]["leverage"] == 5
    assert [each["name"] for each in shown["ladder_templates"]] == ["Two steps"]
    assert shown["confirmations"]["pause"] is False
    assert shown["confirmations"]["close"] is True
    assert shown["updated_at"] == "2026-06-01T12:00:00.000Z"


def test_settings_are_each_users_own(world: ApiWorld, ada: Caller) -> None:
    ada("PUT", "/settings", {"theme": "dark"})
    assert world.user("bob")("GET", "/settings").json()["theme"] == "auto"


def test_of_two_tabs_the_second_is_told(ada: Caller) -> None:
    first = ada("GET", "/settings").headers["ETag"]

    def put(theme: str, match: str | None) -> Any:
        headers = {**ada.headers, **({"If-Match": match} if match else {})}
        client = ada._client
        return client.put("/api/v1/settings", json={"theme": theme}, headers=headers)

    changed = put("dark", first)
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"1"')
    refused = put("light", first)
    assert (refused.status_code, refused.json()["code"]) == (409, "changed_meanwhile")
    assert put("light", changed.headers["ETag"]).json()["version"] == 2
    assert put("dark", "*").json()["version"] == 3
    assert put("dark", None).json()["version"] == 3
    for bad in ("1", '"x"', '"1", "2"'):
        assert put("dark", bad).status_code == 422


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"colour": "blue"}, "colour"),
        ({"language": "de"}, "language"),
        ({"theme": None}, "theme"),
        ({"page_size": 9}, "page_size"),
        ({"page_size": 201}, "page_size"),
        ({"bot_defaults": {"leverage": 7}}, "bot_defaults.leverage"),
        ({"bot_defaults": {"bot_name": "x"}}, "bot_defaults.bot_name"),
        ({"bot_defaults": {"profit_ratio": -1}}, "bot_defaults.profit_ratio"),
        ({"confirmations": {"start": "yes"}}, "confirmations.start"),
        (
            {"ladder_templates": [{"name": "a", "dca_config": LADDER[1:]}]},
            "ladder_templates.0.dca_config",
        ),
        (
            {"ladder_templates": [{"name": "a\x00", "dca_config": LADDER}]},
            "ladder_templates.0.name",
        ),
        (
            {"ladder_templates": [{"name": name, "dca_config": LADDER} for name in ("a", "A")]},
            "ladder_templates",
        ),
        (
            {
                "ladder_templates": [
                    {"name": str(n), "dca_config": LADDER} for n in range(MOST_TEMPLATES + 1)
                ]
            },
            "ladder_templates",
        ),
    ],
)
def test_what_is_not_known_is_refused_by_name(ada: Caller, body: Any, named: str) -> None:
    answer = ada("PUT", "/settings", body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [named]
    assert ada("GET", "/settings").json()["version"] == 0


@pytest.mark.parametrize("account_id", ["nobody", "not an id", "\x00"])
def test_the_default_account_must_be_ones_own(
    world: ApiWorld, ada: Caller, account_id: str
) -> None:
    bob = world.user("bob")
    for each in (account_id, bob.account()):
        answer = ada("PUT", "/settings", {"default_exchange_account_id": each})
        assert answer.status_code == 404
        assert answer.json()["code"] == "exchange_account_not_found"


def test_a_user_who_only_looks_chooses_how(world: ApiWorld) -> None:
    looker = world.user("looker", Role.READ_ONLY)
    assert looker("PUT", "/settings", {"theme": "dark"}).status_code == 200


def test_a_template_stays_below_four_kilobytes() -> None:
    rows = [
        {"times": n, "spread": 123.45678901234567, "multiplier": 123.45678901234567}
        for n in range(1, 11)
    ]
    numbers = {
        "leverage": 20,
        "investment_per_order": "1234567890.12345678",
        "max_position_value": "1234567890.12345678",
        "stop_loss_ratio": 123.45678901234567,
    }
    template = LadderTemplate.model_validate(
        {"name": "\U0001f911" * 100, "dca_config": rows, "settings": numbers}
    )
    stored = PreferencesItem(
        "x", version=1, updated_at=1, body=Preferences(ladder_templates=(template,) * 1)
    ).serialize()
    assert len(stored["body"]["S"].encode()) < 4096
