"""Administration of users and the audit log on tables."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from threading import Barrier

import pytest
from pynamodb.exceptions import PynamoDBException

from functions.api.identifiers import new_id
from pairtrader.storage import audit_log
from pairtrader.storage.audit_log import (
    Actor,
    AuditEntry,
    AuditFilter,
    AuditItem,
    AuditRecord,
    AuditRepository,
    AuditUnavailable,
    Outcome,
    entry_id,
    month_of,
)
from pairtrader.storage.cursor import Page, encode_cursor
from pairtrader.storage.errors import BadCursor, Superseded
from pairtrader.storage.users import (
    NoLongerAdmin,
    Role,
    User,
    UserFilter,
    UserItem,
    UserRepository,
    amended,
)


def ms(*moment: int) -> int:
    return round(datetime(*moment, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc,arg-type]


def a_user(name: str, role: Role = Role.USER, **changes: object) -> User:
    user = User(
        id=new_id(), username=name, email=f"{name}@example.com", password_hash="hash", role=role,
        is_active=True, created_at=1, updated_at=1,
    )  # fmt: skip
    return replace(user, **changes)  # type: ignore[arg-type]


@pytest.fixture
def users(tables: str) -> UserRepository:
    return UserRepository()


def added(users: UserRepository, user: User) -> User:
    users.add(user)
    return user


def whole(read: Callable[[str | None], Page[object]]) -> list[object]:
    """All items of a list; more pages than there can be are an endless list."""
    page = read(None)
    items = list(page.items)
    for _ in range(200):
        if page.cursor is None:
            return items
        page = read(page.cursor)
        items += page.items
    raise AssertionError("the list has no end")


# Users


@pytest.fixture
def crowd(users: UserRepository) -> str:
    """Seven users whose names begin alike, and the beginning."""
    prefix = f"C{new_id()[-12:]}"
    for number, role in enumerate([Role.USER, Role.ADMIN, Role.READ_ONLY] * 2 + [Role.USER]):
        name = f"{prefix}-{number}" if number % 2 else f"{prefix.lower()}.{number}"
        added(users, a_user(name, role, is_active=number < 5, totp_enabled=number == 1))
    added(users, a_user(f"D{prefix}"))
    return prefix


@pytest.mark.parametrize("limit", [1, 3, 7, 50])
def test_users_of_a_prefix_are_listed_by_name(
    users: UserRepository, crowd: str, limit: int
) -> None:
    found = whole(lambda cursor: users.list(UserFilter(crowd), limit, cursor))
    names = [user.username.casefold() for user in found]  # type: ignore[attr-defined]
    assert len(names) == 7
    assert names == sorted(names)


def test_filters_leave_out_whom_nobody_wants(users: UserRepository, crowd: str) -> None:
    def count(**wanted: object) -> int:
        page = users.list(UserFilter(crowd.upper(), **wanted), 50, None)  # type: ignore[arg-type]
        return len(page.items)

    assert count(role=Role.ADMIN) == 2
    assert count(is_active=False) == 2
    assert count(role=Role.ADMIN, is_active=True) == 2
    assert count(role=Role.READ_ONLY, is_active=False) == 1


def test_filtered_pages_are_short_and_go_on(
    users: UserRepository, crowd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pairtrader.storage.users.READ_AT_ONCE", 2)
    monkeypatch.setattr("pairtrader.storage.users.MOST_READ", 2)
    wanted = UserFilter(crowd, is_active=False)
    first = users.list(wanted, 50, None)
    assert (list(first.items), first.cursor is None) == ([], False)
    assert len(whole(lambda cursor: users.list(wanted, 50, cursor))) == 2


def test_a_list_tells_what_it_shows_and_holds_no_secret(users: UserRepository, crowd: str) -> None:
    listed = users.list(UserFilter(f"{crowd}-1"), 50, None).items
    [user] = listed
    assert (user.role, user.is_active, user.totp_enabled) == (Role.ADMIN, True, True)
    [item] = UserItem.by_name.query("user", UserItem.name_key == user.username.casefold())
    assert item.attribute_values.keys() <= {
        "id", "username", "email", "role", "is_active", "totp_enabled", "created_at",
        "updated_at", "listing", "name_key",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["A", "a b", "a\x00", "z" * 51, "ü"])
def test_a_place_that_is_no_name_is_no_cursor_of_users(users: UserRepository, name: str) -> None:
    cursor = encode_cursor({"listing": {"S": "user"}, "name_key": {"S": name}})
    with pytest.raises(BadCursor):
        users.list(UserFilter(), 5, cursor)


def test_a_cursor_beyond_the_prefix_is_the_end(users: UserRepository, crowd: str) -> None:
    cursor = encode_cursor({"listing": {"S": "user"}, "name_key": {"S": "zzz"}})
    assert users.list(UserFilter(crowd), 5, cursor) == Page([], None)


def test_all_ids_are_found(users: UserRepository, crowd: str) -> None:
    expected = {user.id for user in users.list(UserFilter(crowd), 50, None).items}
    ids = whole(lambda cursor: users.ids(3, cursor))
    assert expected <= set(ids)
    assert len(ids) == len(set(ids))


def test_whoever_administers_must_be_an_administrator(users: UserRepository) -> None:
    target = added(users, a_user(f"t-{new_id()}"))
    for admin in (
        added(users, a_user(f"u-{new_id()}", Role.USER)),
        added(users, a_user(f"x-{new_id()}", Role.ADMIN, is_active=False)),
        a_user("nobody", Role.ADMIN),
    ):
        with pytest.raises(NoLongerAdmin):
            users.administer(target, amended(target, 2, role=Role.ADMIN), admin.id)
    assert users.get(target.id) == target


def test_a_user_changed_since_is_not_written_over(users: UserRepository) -> None:
    admin = added(users, a_user(f"a-{new_id()}", Role.ADMIN))
    target = added(users, a_user(f"t-{new_id()}"))
    users.administer(target, amended(target, 2, role=Role.READ_ONLY), admin.id)
    with pytest.raises(Superseded):
        users.administer(target, amended(target, 3, is_active=False), admin.id)
    changed = users.get(target.id)
    assert changed is not None
    assert (changed.role, changed.is_active) == (Role.READ_ONLY, True)


@pytest.mark.parametrize("size", [2, 3, 5])
def test_administrators_who_dismiss_one_another_at_once_leave_one(
    users: UserRepository, size: int
) -> None:
    """Each takes the role from the next in a ring, all at the same moment."""
    ring = [added(users, a_user(f"r{i}-{new_id()}", Role.ADMIN)) for i in range(size)]
    barrier = Barrier(size)

    def dismiss(number: int) -> bool:
        own, target = UserRepository(), ring[(number + 1) % size]
        barrier.wait()
        try:
            own.administer(target, amended(target, 2, role=Role.USER), ring[number].id)
        except (NoLongerAdmin, Superseded):
            return False
        return True

    with ThreadPoolExecutor(size) as pool:
        done = list(pool.map(dismiss, range(size)))

    left = [user for user in (users.get(each.id) for each in ring) if user]
    assert sum(user.role is Role.ADMIN for user in left) == size - sum(done)
    assert sum(done) < size


# Audit log


@pytest.fixture
def audit(tables: str) -> AuditRepository:
    return AuditRepository()


def an_entry(user_id: str, at: int, action: str = "bot.start") -> AuditEntry:
    actor = Actor(user_id, "ada", "session", "family", "198.51.100.10", "Firefox")
    return AuditEntry(
        entry_id(at), at, action, user_id, actor, "bot", "b", {"fields": "leverage"}, "request"
    )


def written(audit: AuditRepository, *entries: AuditEntry) -> None:
    for entry in entries:
        audit.add(entry)


def year(first: int = ms(2026, 1, 1), last: int = ms(2027, 1, 1), action: str = "") -> AuditFilter:
    return AuditFilter(first, last, action)


def entries(page: Page[AuditRecord]) -> list[AuditEntry]:
    return [record.entry for record in page.items]


def test_an_entry_is_read_back_with_its_outcome(audit: AuditRepository) -> None:
    entry = an_entry(new_id(), ms(2026, 5, 1))
    audit.add(entry)
    assert audit.of_user(entry.user_id, year(), 5, None).items == [AuditRecord(entry, None)]
    outcome = Outcome(409, "not_flat", ms(2026, 5, 1) + 7, "made")
    audit.conclude(entry, outcome)
    assert audit.of_user(entry.user_id, year(), 5, None).items == [AuditRecord(entry, outcome)]


def test_the_first_outcome_stays(audit: AuditRepository) -> None:
    entry = an_entry(new_id(), ms(2026, 5, 1))
    audit.add(entry)
    audit.conclude(entry, Outcome(200, "", 1))
    audit.conclude(entry, Outcome(500, "internal_error", 2))
    assert audit.of_user(entry.user_id, year(), 5, None).items[0].outcome == Outcome(200, "", 1)


def test_an_entry_sent_twice_is_there_once_and_as_it_was(audit: AuditRepository) -> None:
    entry = an_entry(new_id(), ms(2026, 5, 1))
    audit.add(entry)
    audit.add(replace(entry, action="bot.delete"))
    assert entries(audit.of_user(entry.user_id, year(), 5, None)) == [entry]


def test_an_outcome_makes_no_entry(audit: AuditRepository) -> None:
    entry = an_entry(new_id(), ms(2026, 5, 1))
    audit.conclude(entry, Outcome(200, "", 1))
    assert audit.of_user(entry.user_id, year(), 5, None).items == []


def test_an_entry_of_nobody_stands_among_all_alone(audit: AuditRepository) -> None:
    entry = an_entry("", ms(2024, 5, 1))
    audit.add(entry)
    found = audit.of_all(AuditFilter(ms(2024, 5, 1), ms(2024, 6, 1)), 5, None)
    assert entries(found) == [entry]


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
@pytest.mark.parametrize("action", ["", "bot.", "bot.start", "x"])
def test_a_user_s_entries_are_read_newest_first(
    audit: AuditRepository, limit: int, action: str
) -> None:
    user_id, names = new_id(), ["bot.start", "user.change", "bot.stop"] * 2
    made = [an_entry(user_id, ms(2026, month, 3), name) for month, name in enumerate(names, 1)]
    written(audit, *made, an_entry(new_id(), ms(2026, 3, 3)))
    found = whole(lambda cursor: audit.of_user(user_id, year(action=action), limit, cursor))
    expected = [entry for entry in reversed(made) if entry.action.startswith(action)]
    assert [record.entry for record in found] == expected  # type: ignore[attr-defined]


def test_filtered_pages_go_on_however_little_they_find(
    audit: AuditRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "READ_AT_ONCE", 2)
    monkeypatch.setattr(audit_log, "MOST_READ", 2)
    user_id = new_id()
    made = [an_entry(user_id, ms(2026, 1, day), "bot.pause") for day in range(2, 9)]
    oldest = an_entry(user_id, ms(2026, 1, 1), "bot.delete")
    written(audit, oldest, *made)
    wanted = year(action="bot.delete")
    assert audit.of_user(user_id, wanted, 5, None).items == []
    found = whole(lambda cursor: audit.of_user(user_id, wanted, 5, cursor))
    assert [record.entry for record in found] == [oldest]  # type: ignore[attr-defined]


def test_several_entries_of_one_millisecond_are_all_read(audit: AuditRepository) -> None:
    user_id, at = new_id(), ms(2026, 7, 7)
    made = [an_entry(user_id, at) for _ in range(5)]
    written(audit, *made)
    exactly = AuditFilter(at, at + 1)
    found = whole(lambda cursor: audit.of_user(user_id, exactly, 2, cursor))
    ids = [record.entry.id for record in found]  # type: ignore[attr-defined]
    assert ids == sorted((entry.id for entry in made), reverse=True)
    assert audit.of_user(user_id, AuditFilter(at + 1, at + 9), 5, None).items == []
    assert audit.of_user(user_id, AuditFilter(at - 9, at), 5, None).items == []


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_everybody_s_entries_are_read_back_through_the_months(
    audit: AuditRepository, limit: int
) -> None:
    months = [(2021, 1, 31, 23, 59, 59), (2021, 2, 1), (2021, 2, 28), (2022, 11, 1), (2023, 1, 1)]
    made = [an_entry(new_id(), ms(*moment)) for moment in months]
    written(audit, *made)
    wanted = AuditFilter(ms(2021, 1, 1), ms(2023, 12, 1))
    found = [record.entry for record in whole(lambda c: audit.of_all(wanted, limit, c))]  # type: ignore[attr-defined]
    assert [entry for entry in found if entry in made] == made[::-1]
    assert len(found) == len({entry.id for entry in found})


def test_many_empty_months_are_looked_through_in_parts(audit: AuditRepository) -> None:
    wanted = AuditFilter(0, ms(2020, 1, 1) + 36 * 31 * 86_400_000)
    first = audit.of_all(AuditFilter(0, ms(2100, 1, 1)), 5, None)
    assert (list(first.items), first.cursor is None) == ([], False)
    pages, cursor = 0, None
    while pages == 0 or cursor is not None:
        pages, cursor = pages + 1, audit.of_all(wanted, 50, cursor).cursor
        assert pages < 10
    assert pages == 3


@pytest.mark.parametrize(
    ("since", "until"), [(5, 5), (9, 5), (ms(2300, 1, 1), ms(2400, 1, 1)), (-(10**15), 0)]
)
def test_a_span_that_holds_nothing_is_empty(audit: AuditRepository, since: int, until: int) -> None:
    wanted = AuditFilter(since, until)
    assert audit.of_all(wanted, 5, None) == Page([], None)
    assert audit.of_user("anybody", wanted, 5, None) == Page([], None)


@pytest.mark.parametrize("place", ["x", "8" * 26, "U" * 26, "0" * 25, "0" * 27, "\x00" * 26])
def test_a_place_that_is_no_id_is_no_cursor(audit: AuditRepository, place: str) -> None:
    with pytest.raises(BadCursor):
        audit.of_all(year(), 5, encode_cursor({"id": {"S": place}}))
    of_user = encode_cursor({"user_id": {"S": "u"}, "id": {"S": place}})
    with pytest.raises(BadCursor):
        audit.of_user("u", year(), 5, of_user)
    with pytest.raises(BadCursor):
        audit.of_user("v", year(), 5, of_user)


@pytest.mark.parametrize("place", ["0" * 26, "7" + "Z" * 25])
def test_places_out_of_the_span_break_nothing(audit: AuditRepository, place: str) -> None:
    audit.of_all(year(), 5, encode_cursor({"id": {"S": place}}))
    cursor = encode_cursor({"user_id": {"S": "u"}, "id": {"S": place}})
    assert audit.of_user("u", year(), 5, cursor) == Page([], None)


def test_an_entry_lies_in_the_month_that_its_id_tells(audit: AuditRepository) -> None:
    at = time.time_ns() // 1_000_000
    entry = an_entry(new_id(), at)
    audit.add(entry)
    assert AuditItem.get(month_of(at), entry.id).body == entry
    assert entries(audit.of_user(entry.user_id, AuditFilter(at, at + 1), 5, None)) == [entry]


def test_a_table_that_does_not_answer_is_told(
    audit: AuditRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PynamoDBException("down")

    monkeypatch.setattr(AuditItem, "save", refuse)
    with pytest.raises(AuditUnavailable):
        audit.add(an_entry("u", ms(2026, 1, 1)))
