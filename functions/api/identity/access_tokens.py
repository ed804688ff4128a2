"""Short-lived tokens: JWTs signed with HS256, each kind with an audience of its own."""

from dataclasses import dataclass
from typing import Any, Protocol

from functions.api.identifiers import new_id
from pairtrader.storage.rotating_keys import RotatingKey, RotatingKeys

ALGORITHM = "HS256"
AUDIENCE = "pairtrader-api"
LIFETIME_SECONDS = 15 * 60
MFA_AUDIENCE = "pairtrader-mfa"
MFA_LIFETIME_SECONDS = 5 * 60
SKEW_SECONDS = 60
"""How far ahead of our clock a token may have been issued."""
# Times are judged here, by the clock that is given: the library reads the machine's.
_OPTIONS = {"verify_exp": False} | {
    f"require_{claim}": True for claim in ("aud", "iss", "sub", "jti")
}


class InvalidToken(Exception):
    """The token is not one of ours, or not any more."""


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What an access token says."""

    user_id: str
    session_id: str


@dataclass(frozen=True, slots=True)
class MfaClaims:
    """What the token between password and second factor says."""

    user_id: str
    epoch: int


class KeySource(Protocol):
    """Where the signing keys come from."""

    def current(self) -> RotatingKeys:
        """Return the keys in force."""

    def find(self, kid: str) -> RotatingKey | None:
        """Return the key of this id."""


class AccessTokens:
    """Issues and verifies the tokens of one stack."""

    def __init__(self, keys: KeySource, issuer: str) -> None:
        self._keys = keys
        self._issuer = issuer

    def issue(self, user_id: str, session_id: str, now: int) -> str:
        """Return a token of the user's session, good for `LIFETIME_SECONDS` from `now` (ms UTC)."""
        claims = {"aud": AUDIENCE, "sub": user_id, "sid": session_id}
        return self._sign(claims, now, LIFETIME_SECONDS)

    def verify(self, token: str, now: int) -> AccessClaims:
        """Return whose session an access token is of.

        Raises:
            InvalidToken: the signature, the key's id or any claim is missing or wrong.
        """
        claims = self._claims(token, AUDIENCE, now)
        session_id = claims.get("sid")
        if not isinstance(session_id, str):
            raise InvalidToken("no session")
        return AccessClaims(str(claims["sub"]), session_id)

    def issue_mfa(self, user_id: str, epoch: int, now: int) -> str:
        """Return a token that says: this user's password was right, in this epoch."""
        claims = {"aud": MFA_AUDIENCE, "sub": user_id, "epoch": epoch}
        return self._sign(claims, now, MFA_LIFETIME_SECONDS)

    def verify_mfa(self, token: str, now: int) -> MfaClaims:
        """Return whose password was right.

        Raises:
            InvalidToken: as `verify` does.
        """
        claims = self._claims(token, MFA_AUDIENCE, now)
        epoch = claims.get("epoch")
        if not isinstance(epoch, int):
            raise InvalidToken("no epoch")
        return MfaClaims(str(claims["sub"]), epoch)

    def _sign(self, claims: dict[str, Any], now: int, seconds: int) -> str:
        from jose import jwt  # noqa: PLC0415 - what it loads is a tenth of a cold start

        key = self._keys.current()
        issued_at = now // 1000
        common = {
            "iss": self._issuer,
            "iat": issued_at,
            "exp": issued_at + seconds,
            "jti": new_id(),
        }
        token: str = jwt.encode(
            claims | common,
            key.key.get_secret_value(),
            algorithm=ALGORITHM,
            headers={"kid": key.kid},
        )
        return token

    def _claims(self, token: str, audience: str, now: int) -> dict[str, Any]:
        from jose import JWTError, jwt  # noqa: PLC0415 - as above

        try:
            key = self._keys.find(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                raise InvalidToken("unknown key")
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key.get_secret_value(),
                algorithms=[ALGORITHM],
                audience=audience,
                issuer=self._issuer,
                options=_OPTIONS,
            )
        except (JWTError, RecursionError) as error:  # the latter of JSON nested without end
            raise InvalidToken(str(error)) from error
        if not _valid_at(now // 1000, claims.get("iat"), claims.get("exp")):
            raise InvalidToken("not valid now")
        return claims


def _valid_at(seconds: int, issued_at: object, expires_at: object) -> bool:
    if not isinstance(issued_at, int) or not isinstance(expires_at, int):
        return False
    return issued_at <= seconds + SKEW_SECONDS and seconds < expires_at
