"""Users, and the markers that keep names and e-mail addresses unique whatever their case."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.exceptions import DoesNotExist, TransactWriteError
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from pairtrader.storage.cursor import Page, decode_cursor, encode_cursor
from pairtrader.storage.errors import AlreadyExists, BadCursor, StorageError, Superseded
from pairtrader.storage.table import TableMeta, table_name
from pairtrader.storage.transactions import failed_conditions, open_connection

LISTING = "user"
LISTED = ("username", "email", "role", "is_active", "totp_enabled", "created_at", "updated_at")
READ_AT_ONCE = 200
MOST_READ = 1000
"""Users looked at for one page: filters may leave few of them, the cursor goes on."""
# Names hold ASCII letters, digits, "_", "." and "-": all of them lie between these two.
_BEFORE_ALL, _AFTER_ALL = " ", "~"


class NoLongerAdmin(StorageError):
    """Whoever changes a user is no active administrator any more: refuse."""


class Role(StrEnum):
    """What a user may do."""

    READ_ONLY = "read_only"
    """Look at their own things; change only what concerns the login."""
    USER = "user"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class User:
    """One person."""

    id: str
    username: str
    email: str
    password_hash: str
    role: Role
    is_active: bool
    created_at: int
    updated_at: int
    """ms UTC, rising with every change: what conditional writes go by."""
    epoch: int = 0
    """Sessions begun in another epoch are over."""
    token_epoch: int = 0
    """API tokens made in another epoch are over."""
    totp_secret: str = ""
    """Sealed for ``totp#`` and the user's id; empty: no second factor."""
    totp_enabled: bool = False
    """Whether logins ask for the second factor; a secret not proven yet is not asked for."""
    totp_step: int = 0
    """Number of the 30 seconds whose code was used last: it and those before are used up."""
    recovery_digests: tuple[str, ...] = ()
    """SHA-256 of the recovery codes not used yet."""
    reset_digest: str = ""
    """SHA-256 of the token that sets a new password, once; empty: there is none."""
    reset_expires_at: int = 0
    """ms UTC."""

    def __repr__(self) -> str:
        return f"User({self.id!r}, {self.username!r})"


@dataclass(frozen=True, slots=True)
class ListedUser:
    """What a list tells of a user."""

    id: str
    username: str
    email: str
    role: Role
    is_active: bool
    totp_enabled: bool
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Which users are wanted."""

    prefix: str = ""
    """Beginning of the name, whatever its case."""
    role: Role | None = None
    is_active: bool | None = None

    def wants(self, user: ListedUser) -> bool:
        """Whether role and activity are as wanted."""
        return self.role in (None, user.role) and self.is_active in (None, user.is_active)


def amended(user: User, now: int, **changes: Any) -> User:
    """Return what `user` becomes by `changes` at `now` (ms UTC).

    The moment of change always rises, even within one millisecond: of two writers who have read
    the same user only one gets through.
    """
    return replace(user, updated_at=max(now, user.updated_at + 1), **changes)


def ended(user: User, now: int, **changes: Any) -> User:
    """Return `user` with `changes`, out of every session and every API token once written."""
    epochs = {"epoch": user.epoch + 1, "token_epoch": user.token_epoch + 1}
    return amended(user, now, **epochs, **changes)


class UsersByName(GlobalSecondaryIndex["UserItem"]):  # type: ignore[no-untyped-call]
    """All users by name, without what only the login needs."""

    class Meta(TableMeta):
        index_name = "by_name"
        projection = IncludeProjection(list(LISTED))

    listing = UnicodeAttribute(hash_key=True)
    name_key = UnicodeAttribute(range_key=True)


class UserItem(Model):
    """A user; ids never hold a ``#``."""

    class Meta(TableMeta):
        table_name = table_name("users")

    id = UnicodeAttribute(hash_key=True)
    username = UnicodeAttribute()
    email = UnicodeAttribute()
    password_hash = UnicodeAttribute()
    role = UnicodeAttribute()
    is_active = BooleanAttribute()
    created_at = NumberAttribute()
    updated_at = NumberAttribute()
    epoch = NumberAttribute(null=True)
    token_epoch = NumberAttribute(null=True)
    totp_secret = UnicodeAttribute(null=True)
    totp_enabled = BooleanAttribute(null=True)
    totp_step = NumberAttribute(null=True)
    recovery_digests = ListAttribute(of=UnicodeAttribute, null=True)
    reset_digest = UnicodeAttribute(null=True)
    reset_expires_at = NumberAttribute(null=True)
    listing = UnicodeAttribute(null=True)
    name_key = UnicodeAttribute(null=True)
    by_name = UsersByName()


class MarkerItem(Model):
    """Says whose a name or an address is: ``username#bob``, ``email#bob@example.com``."""

    class Meta(TableMeta):
        table_name = table_name("users")

    id = UnicodeAttribute(hash_key=True)
    user_id = UnicodeAttribute()


def _marker(kind: str, text: str, user_id: str = "") -> MarkerItem:
    return MarkerItem(f"{kind}#{text.casefold()}", user_id=user_id)


def _item(user: User) -> UserItem:
    return UserItem(
        user.id,
        username=user.username,
        email=user.email,
        password_hash=user.password_hash,
        role=user.role,
        is_active=user.is_active,
        created_at=user.created_at,
        updated_at=user.updated_at,
        epoch=user.epoch,
        token_epoch=user.token_epoch,
        totp_secret=user.totp_secret or None,
        totp_enabled=user.totp_enabled,
        totp_step=user.totp_step,
        recovery_digests=list(user.recovery_digests),
        reset_digest=user.reset_digest or None,
        reset_expires_at=user.reset_expires_at,
        listing=LISTING,
        name_key=user.username.casefold(),
    )


def _user(item: UserItem) -> User:
    return User(
        id=item.id,
        username=item.username,
        email=item.email,
        password_hash=item.password_hash,
        role=Role(item.role),
        is_active=item.is_active,
        created_at=int(item.created_at),
        updated_at=int(item.updated_at),
        epoch=int(item.epoch or 0),
        token_epoch=int(item.token_epoch or 0),
        totp_secret=item.totp_secret or "",
        totp_enabled=bool(item.totp_enabled),
        totp_step=int(item.totp_step or 0),
        recovery_digests=tuple(str(digest) for digest in item.recovery_digests or ()),
        reset_digest=item.reset_digest or "",
        reset_expires_at=int(item.reset_expires_at or 0),
    )


class UserRepository:
    """Reads and writes users."""

    def __init__(self) -> None:
        self._connection = open_connection()

    def get(self, user_id: str) -> User | None:
        """Return the user, None if there is none of this id."""
        if "#" in user_id:
            return None
        try:
            return _user(UserItem.get(user_id, consistent_read=True))
        except DoesNotExist:
            return None

    def find(self, login: str) -> User | None:
        """Return the user of this name or e-mail address, whatever its case."""
        marker = _marker("email" if "@" in login else "username", login)
        try:
            owner = MarkerItem.get(marker.id, consistent_read=True).user_id
        except DoesNotExist:
            owner = "nobody"  # who is looked for too: an unknown name takes as long as a known one
        return self.get(owner)

    def add(self, user: User, once: str = "") -> None:
        """Store a new user with both markers, all or nothing.

        Args:
            user: the new user.
            once: what is done with it that can be done once for ever, such as ``bootstrap``.

        Raises:
            AlreadyExists: its arguments name what is taken: ``username``, ``email``, or `once`.
        """
        absent = MarkerItem.id.does_not_exist()
        names = ("username", "email", "id", *((once,) if once else ()))
        try:
            with TransactWrite(connection=self._connection) as write:
                write.save(_marker("username", user.username, user.id), condition=absent)
                write.save(_marker("email", user.email, user.id), condition=absent)
                write.save(_item(user), condition=UserItem.id.does_not_exist())
                if once:
                    write.save(_marker("once", once, user.id), condition=absent)
        except TransactWriteError as error:
            raise AlreadyExists(*failed_conditions(error, names)) from error

    def is_done(self, once: str) -> bool:
        """Whether a user was stored with this `once`."""
        try:
            MarkerItem.get(_marker("once", once).id, consistent_read=True)
        except DoesNotExist:
            return False
        return True

    def replace(self, old: User, new: User) -> None:
        """Write what the user has become; a new e-mail address moves its marker.

        Raises:
            AlreadyExists: the e-mail address is taken.
            Superseded: the user was changed since `old` was read.
        """
        moves = old.email.casefold() != new.email.casefold()
        # The library sends deletes first, then saves: the order of the names below.
        names = ("", "user", "email") if moves else ("user",)
        try:
            with TransactWrite(connection=self._connection) as write:
                write.save(_item(new), condition=UserItem.updated_at == old.updated_at)
                if moves:
                    write.delete(_marker("email", old.email))
                    write.save(
                        _marker("email", new.email, new.id),
                        condition=MarkerItem.id.does_not_exist(),
                    )
        except TransactWriteError as error:
            failed = failed_conditions(error, names)
            if "user" in failed:
                raise Superseded(old.id) from error
            raise AlreadyExists("email") from error

    def administer(self, old: User, new: User, admin_id: str) -> None:
        """Write what an administrator has made of another user, while being one.

        Nobody can end up without administrators: whoever takes the role away from somebody, or
        disables them, still has it at that moment.

        Raises:
            NoLongerAdmin: `admin_id` is no active administrator any more.
            Superseded: the user was changed since `old` was read.
        """
        is_admin = (UserItem.role == Role.ADMIN.value) & (UserItem.is_active == True)  # noqa: E712
        unchanged = UserItem.updated_at == old.updated_at
        try:
            with TransactWrite(connection=self._connection) as write:
                write.condition_check(UserItem, admin_id, condition=is_admin)
                write.save(_item(new), condition=unchanged)
        except TransactWriteError as error:
            failed_conditions(error, ("admin", "user"))
            of_admin, _ = error.cancellation_reasons
            if of_admin and of_admin.code == "ConditionalCheckFailed":
                raise NoLongerAdmin(admin_id) from error
            raise Superseded(old.id) from error

    def ids(self, limit: int, cursor: str | None) -> Page[str]:
        """Return the ids of all users, by name; those of the last moments may be missing.

        Raises:
            BadCursor: the cursor is not of this list.
        """
        page = self.list(UserFilter(), limit, cursor)
        return Page([user.id for user in page.items], page.cursor)

    def list(self, wanted: UserFilter, limit: int, cursor: str | None) -> Page[ListedUser]:
        """Return users by name; changes of the last moments may not be seen yet.

        A page may be short, even empty, while its cursor goes on.

        Raises:
            BadCursor: the cursor is not of this list.
        """
        prefix = wanted.prefix.casefold()
        start = decode_cursor(cursor, "listing name_key", listing=LISTING)
        first = prefix or _BEFORE_ALL
        if start is not None:
            first = max(first, _after(_name_in(start)))
        users: list[ListedUser] = []
        looked_at = 0
        while first <= prefix + _AFTER_ALL:
            found = list(
                UserItem.by_name.query(
                    LISTING,
                    UserItem.name_key.between(first, prefix + _AFTER_ALL),
                    limit=READ_AT_ONCE,
                )
            )
            for item in found:
                user = _listed(item)
                users += [user] if wanted.wants(user) else []
                if len(users) == limit:
                    return Page(users, _cursor_after(item))
            looked_at += len(found)
            if len(found) < READ_AT_ONCE:
                break
            if looked_at >= MOST_READ:
                return Page(users, _cursor_after(found[-1]))
            first = _after(found[-1].name_key)
        return Page(users, None)


def _name_in(start: dict[str, Any]) -> str:
    name: str = start["name_key"]["S"]
    if re.fullmatch(r"[a-z0-9_.-]{1,50}", name) is None:
        raise BadCursor(name)
    return name


def _after(name: str) -> str:
    """Return a text that comes after `name` and before every other name that does."""
    return name + _BEFORE_ALL


def _cursor_after(item: UserItem) -> str | None:
    return encode_cursor({"listing": {"S": LISTING}, "name_key": {"S": item.name_key}})


def _listed(item: UserItem) -> ListedUser:
    return ListedUser(
        id=item.id,
        username=item.username,
        email=item.email,
        role=Role(item.role),
        is_active=item.is_active,
        totp_enabled=bool(item.totp_enabled),
        created_at=int(item.created_at),
        updated_at=int(item.updated_at),
    )
