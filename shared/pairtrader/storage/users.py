"""Users, and the markers that keep names and e-mail addresses unique whatever their case."""

from dataclasses import dataclass
from enum import StrEnum

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DoesNotExist, TransactWriteError
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from pairtrader.storage.errors import AlreadyExists, Superseded
from pairtrader.storage.table import TableMeta, table_name
from pairtrader.storage.transactions import failed_conditions, open_connection


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

    def __repr__(self) -> str:
        return f"User({self.id!r}, {self.username!r})"


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
            owner = MarkerItem.get(marker.id, consistent_read=True)
        except DoesNotExist:
            return None
        return self.get(owner.user_id)

    def add(self, user: User) -> None:
        """Store a new user with both markers, all or nothing.

        Raises:
            AlreadyExists: its arguments name what is taken: ``username``, ``email``.
        """
        absent = MarkerItem.id.does_not_exist()
        try:
            with TransactWrite(connection=self._connection) as write:
                write.save(_marker("username", user.username, user.id), condition=absent)
                write.save(_marker("email", user.email, user.id), condition=absent)
                write.save(_item(user), condition=UserItem.id.does_not_exist())
        except TransactWriteError as error:
            taken = failed_conditions(error, ("username", "email", "id"))
            raise AlreadyExists(*taken) from error

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
