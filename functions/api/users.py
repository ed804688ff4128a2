"""Users: registration and what they may change of themselves."""

from collections.abc import Callable
from dataclasses import replace

from functions.api.identifiers import new_id
from functions.api.passwords import hash_password
from functions.api.ports import UserStore
from functions.api.problems import FieldError, Problem, conflict
from functions.api.schemas.users import Registration, UserUpdate
from pairtrader.storage.errors import AlreadyExists
from pairtrader.storage.users import Role, User


class Users:
    """Registers users and changes them."""

    def __init__(
        self, users: UserStore, *, registration_open: bool, now: Callable[[], int]
    ) -> None:
        self._users = users
        self._registration_open = registration_open
        self._now = now

    def register(self, registration: Registration) -> User:
        """Store a new user.

        Raises:
            Problem: 403 ``registration_closed``, 409 ``username_taken`` or ``email_taken``.
        """
        if not self._registration_open:
            raise Problem(403, "registration_closed", "Registration is closed.")
        now = self._now()
        user = User(
            id=new_id(),
            username=registration.username,
            email=registration.email,
            password_hash=hash_password(registration.password.get_secret_value()),
            role=Role.USER,
            is_active=True,
            created_at=now,
            updated_at=now,
        )
        try:
            self._users.add(user)
        except AlreadyExists as error:
            raise _taken(error) from error
        return user

    def update(self, user: User, update: UserUpdate) -> User:
        """Change what the user may change of themselves.

        Raises:
            Problem: 409 ``email_taken``.
        """
        if update.email is None or update.email == user.email:
            return user
        changed = replace(user, email=update.email, updated_at=self._now())
        try:
            self._users.replace(user, changed)
        except AlreadyExists as error:
            raise _taken(error) from error
        return changed


def _taken(error: AlreadyExists) -> Problem:
    fields = [str(field) for field in error.args]
    errors = [FieldError(field=field, message="is taken") for field in fields]
    return conflict(f"{fields[0]}_taken", f"Taken: {', '.join(fields)}.", errors)
