"""`Idempotency-Key`: a request that is sent again is not done again, it gets the same answer."""

import math
import secrets
from collections.abc import Callable

from functions.api.ports import IdempotencyStore
from functions.api.web.problems import Problem, conflict
from pairtrader.observability import logger
from pairtrader.storage.idempotency import Attempt, Earlier, IdempotencyUnknown, KeptAnswer

HEADER = "Idempotency-Key"


class Replayed(Exception):
    """The request was carried out before: this is what it was answered."""

    def __init__(self, answer: KeptAnswer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Idempotency:
    """Lets each request with a key through once."""

    def __init__(self, store: IdempotencyStore, now: Callable[[], int]) -> None:
        self._store = store
        self._now = now

    def begin(self, id_: str, digest: str) -> Attempt:
        """Return the attempt that may now be made.

        Args:
            id_: digest of who sends what with which key.
            digest: of what is asked for.

        Raises:
            Replayed: it was made before.
            Problem: 409 ``request_in_progress``; 422 ``idempotency_key_reused``; 503
                ``idempotency_unavailable``.
        """
        attempt = Attempt(id_, digest, secrets.token_hex(8), self._now())
        try:
            earlier = self._store.begin(attempt)
        except IdempotencyUnknown as error:
            logger.exception("the table of idempotency keys does not answer")
            detail = (
                "Whether this request came before can't be known now: nothing was done. Try again, "
                f"or without {HEADER} if it can't wait."
            )
            raise Problem(
                503, "idempotency_unavailable", detail, headers={"Retry-After": "5"}
            ) from error
        if earlier is None:
            return attempt
        if earlier.digest != digest:
            detail = f"This {HEADER} was used for another request: make a new one for each."
            raise Problem(422, "idempotency_key_reused", detail)
        if earlier.answer is None:
            raise _in_progress(earlier, attempt.at)
        raise Replayed(earlier.answer)

    def end(self, attempt: Attempt, answer: KeptAnswer | None) -> None:
        """Keep the answer; None makes the key free again.

        What can't be stored is only logged: the request has been carried out by now.
        """
        try:
            if answer is None:
                self._store.release(attempt)
            else:
                self._store.finish(attempt, answer)
        except IdempotencyUnknown:
            logger.exception("an idempotency key stays as it is until it expires")


def _in_progress(earlier: Earlier, now: int) -> Problem:
    left = max(1, math.ceil((earlier.locked_until - now) / 1000))
    problem = conflict("request_in_progress", "The same request is being carried out: ask again.")
    problem.headers["Retry-After"] = str(min(left, 2))
    return problem
