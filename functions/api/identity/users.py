"""Users: registration and what they may change of themselves."""

from collections.abc import Callable

from functions.api.identifiers import new_id
from functions.api.identity.passwords import hash_password, require_strong
from functions.api.ports import UserStore
from functions.api.schemas.users import Registration, UserUpdate
from functions.api.web.problems import FieldError, Problem, conflict
from pairtrader.storage.errors import AlreadyExists
from pairtrader.storage.users import Role, User, amended


class Users:
    """Registers users and changes them."""

    def __init__(
        self, users: UserStore, *, registration_open: bool, now: Callable[[], int]
    ) -> None:
        self._users = users
        self._registration_open = registration_open
        self._now = now

    @property
    def registration_open(self) -> bool:
        """Whether anyone may register."""
        return self._registration_open

    def register(self, registration: Registration) -> User:
        """Store a new user.

        Raises:
            Problem: 403 ``registration_closed``, 409 ``username_taken`` or ``email_taken``,
                422 ``weak_password``.
        """
        if not self._registration_open:
            raise Problem(403, "registration_closed", "Registration is closed.")
        return self.store(registration, Role.USER)

    def store(self, registration: Registration, role: Role, once: str = "") -> User:
        """Store a new user of any role; `once` as `UserRepository.add` takes it.

        Raises:
            AlreadyExists: what can be done `once` was done before.
            Problem: 409 ``username_taken`` or ``email_taken``, 422 ``weak_password``.
        """
        password = registration.password.get_secret_value()
        require_strong(password, registration.username, "password")
        now = self._now()
        user = User(
            id=new_id(),
            username=registration.username,
            email=registration.email,
            password_hash=hash_password(password),
            role=role,
            is_active=True,
            created_at=now,
            updated_at=now,
        )
        try:
            self._users.add(user, once)
        except AlreadyExists as error:
            if once in error.args:
                raise
            raise _taken(error) from error
        return user

    def update(self, user: User, update: UserUpdate) -> User:
        """Change what the user may change of themselves.

        Raises:
            Problem: 409 ``email_taken``.
        """
        if update.email is None or update.email == user.email:
            return user
        changed = amended(user, self._now(), email=update.email)
        try:
            self._users.replace(user, changed)
        except AlreadyExists as error:
            raise _taken(error) from error
        return changed


def _taken(error: AlreadyExists) -> Problem:
    fields = [str(field) for field in error.args]
    errors = [FieldError(field=field, message="is taken") for field in fields]
    return conflict(f"{fields[0]}_taken", f"Taken: {', '.join(fields)}.", errors)
