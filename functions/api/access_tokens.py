"""Short-lived access tokens: JWTs signed with HS256."""

from typing import Protocol

from jose import JWTError, jwt

from functions.api.identifiers import new_id
from functions.api.signing_keys import SigningKey, SigningKeys

ALGORITHM = "HS256"
AUDIENCE = "pairtrader-api"
LIFETIME_SECONDS = 15 * 60
SKEW_SECONDS = 60
"""How far ahead of our clock a token may have been issued."""
# Times are judged here, by the clock that is given: the library reads the machine's.
_OPTIONS = {"verify_exp": False} | {
    f"require_{claim}": True for claim in ("aud", "iss", "sub", "jti")
}


class InvalidToken(Exception):
    """The token is not one of ours, or not any more."""


class KeySource(Protocol):
    """Where the signing keys come from."""

    def current(self) -> SigningKeys:
        """Return the keys in force."""

    def find(self, kid: str) -> SigningKey | None:
        """Return the key of this id."""


class AccessTokens:
    """Issues and verifies access tokens of one stack."""

    def __init__(self, keys: KeySource, issuer: str) -> None:
        self._keys = keys
        self._issuer = issuer

    def issue(self, user_id: str, now: int) -> str:
        """Return a token for the user, good for `LIFETIME_SECONDS` from `now` (ms UTC)."""
        key = self._keys.current()
        issued_at = now // 1000
        claims = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": user_id,
            "iat": issued_at,
            "exp": issued_at + LIFETIME_SECONDS,
            "jti": new_id(),
        }
        token: str = jwt.encode(
            claims, key.key.get_secret_value(), algorithm=ALGORITHM, headers={"kid": key.kid}
        )
        return token

    def verify(self, token: str, now: int) -> str:
        """Return the id of the user the token was issued to.

        Raises:
            InvalidToken: the signature, the key's id or any claim is missing or wrong.
        """
        try:
            key = self._keys.find(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                raise InvalidToken("unknown key")
            claims = jwt.decode(
                token,
                key.key.get_secret_value(),
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=self._issuer,
                options=_OPTIONS,
            )
        except JWTError as error:
            raise InvalidToken(str(error)) from error
        if not _valid_at(now // 1000, claims.get("iat"), claims.get("exp")):
            raise InvalidToken("not valid now")
        return str(claims["sub"])


def _valid_at(seconds: int, issued_at: object, expires_at: object) -> bool:
    if not isinstance(issued_at, int) or not isinstance(expires_at, int):
        return False
    return issued_at <= seconds + SKEW_SECONDS and seconds < expires_at
