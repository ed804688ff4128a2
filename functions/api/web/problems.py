"""What goes wrong, as RFC 9457 problem details with a stable `code`."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from functions.api.accounts.exchange_failure import ExchangeFailure
from pairtrader.storage.errors import BadCursor, CapacityReached, Superseded
from pairtrader.trading.invalid_move import InvalidMove

TYPE_PREFIX = "urn:pairtrader:problem:"
MEDIA_TYPE = "application/problem+json"


def title_of(status: int) -> str:
    """Return the status in words; Python's own for 422 depend on its version."""
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        return "Unprocessable Content"
    return HTTPStatus(status).phrase


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str = Field(examples=["dca_config.0.spread"])
    """Dotted path into the body, or the name of a parameter."""
    message: str


class ProblemDetails(BaseModel):
    """Body of every answer that is not a success."""

    type: str = Field(examples=[f"{TYPE_PREFIX}invalid_request"])
    title: str
    status: int
    detail: str
    code: str = Field(examples=["invalid_request"])
    """Stable: programs may rely on it."""
    request_id: str
    """To be quoted when asking for help."""
    errors: list[FieldError] | None = None
    """The fields concerned."""
    mfa_token: str | None = None
    """Of ``totp_required`` alone: proves the password when the code is sent, for five minutes."""


class Problem(Exception):
    """A request that can't be carried out, and what its sender is told."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extensions = dict(extensions or {})
        """Members of `ProblemDetails` that only this code has."""


def unauthorized(code: str, detail: str) -> Problem:
    """Return the problem of a request whose sender is not known."""
    return Problem(401, code, detail, headers={"WWW-Authenticate": "Bearer"})


def not_found(what: str) -> Problem:
    """Return the problem of an object that is not there, or not the user's."""
    return Problem(404, f"{what.replace(' ', '_')}_not_found", f"There is no such {what}.")


def conflict(code: str, detail: str, errors: Sequence[FieldError] = ()) -> Problem:
    """Return the problem of an object that is in the wrong state for the request."""
    return Problem(409, code, detail, errors)


def invalid(errors: Sequence[FieldError], code: str = "invalid_request") -> Problem:
    """Return the problem of fields that can't be accepted."""
    names = ", ".join(dict.fromkeys(error.field for error in errors))
    return Problem(422, code, f"Not acceptable: {names}.", errors)


def field_errors(errors: Sequence[Any], skip: int = 0) -> list[FieldError]:
    """Return Pydantic's errors with dotted paths; `skip` leading parts are left out."""
    places = [error["loc"] for error in errors]
    return [
        FieldError(
            field=".".join(str(part) for part in error["loc"][skip:]) or "body",
            message=_sentence(error["msg"]),
        )
        for error in errors
        if not (error["type"] == "too_short" and _has_faults_inside(error["loc"], places))
    ]


def _has_faults_inside(place: tuple[Any, ...], places: Sequence[tuple[Any, ...]]) -> bool:
    """Whether a list is only called too short because its faulty items were not counted."""
    return any(other[: len(place)] == place and other != place for other in places)


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ")


def problem_response(problem: Problem, request_id: str) -> JSONResponse:
    """Return the answer that tells `problem`."""
    details = ProblemDetails(
        type=f"{TYPE_PREFIX}{problem.code}",
        title=title_of(problem.status),
        status=problem.status,
        detail=problem.detail,
        code=problem.code,
        request_id=request_id,
        errors=list(problem.errors) or None,
        **problem.extensions,
    )
    return JSONResponse(
        details.model_dump(exclude_none=True),
        status_code=problem.status,
        headers=problem.headers,
        media_type=MEDIA_TYPE,
    )


def _of_http_exception(error: HTTPException) -> Problem:
    codes = {404: "route_not_found", 405: "method_not_allowed"}
    code = codes.get(error.status_code, HTTPStatus(error.status_code).name.lower())
    return Problem(error.status_code, code, str(error.detail), headers=error.headers)


def _of_validation(error: RequestValidationError) -> Problem:
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return Problem(400, "malformed_json", "The body is not valid JSON.")
    return invalid(field_errors(found, skip=1))


# How the exchange function's refusals are told: those the user can cure are 422.
_EXCHANGE_STATUS = {
    "user_must_act": 422,
    "unknown_symbol": 422,
    "unknown_exchange": 422,
    "no_market_data": 422,
    "order_refused": 422,
    "keys_refused": 422,
    "retry_later": 503,
    "maintenance": 503,
    "rate_limited": 503,
    "clock_skew": 503,
    "skip_tick": 503,
}


def _of_exchange_failure(error: ExchangeFailure) -> Problem:
    if error.code == "account_not_found":
        return not_found("exchange account")
    status = _EXCHANGE_STATUS.get(error.code, 502)
    headers = {"Retry-After": "5"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return Problem(status, error.code, error.message, headers=headers)


def _of_full_exchange(error: CapacityReached) -> Problem:
    from pairtrader.model.capacity import bots_of  # noqa: PLC0415 - hardly ever needed

    exchange, interval = error.exchange, error.interval_seconds
    fitting = bots_of(exchange, interval)
    detail = (
        f"{exchange} takes only so many requests from one address: that is {fitting} bots with an "
        f"interval of {interval} s, and the bots that run leave no room for this one. Choose a "
        "longer interval, stop another bot, or use a stack whose requests leave through another "
        "address."
    )
    message = f"there is no room on {exchange} for a bot that ticks every {interval} s"
    return conflict(
        "capacity_reached", detail, [FieldError(field="tick_interval_seconds", message=message)]
    )


def _of_conflict(error: InvalidMove | CapacityReached | Superseded) -> Problem:
    match error:
        case InvalidMove():
            return conflict("invalid_transition", f"{str(error).capitalize()}.")
        case CapacityReached():
            return _of_full_exchange(error)
        case Superseded():
            return conflict("changed_meanwhile", "It was changed by somebody else: try again.")


def to_problem(error: Exception) -> Problem:
    """Return what the sender of the request is told of `error`; unknown errors tell nothing."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return _of_validation(error)
        case HTTPException():
            return _of_http_exception(error)
        case ExchangeFailure():
            return _of_exchange_failure(error)
        case BadCursor():
            message = "The cursor was not made by this list."
            return Problem(
                400, "bad_cursor", message, [FieldError(field="cursor", message=message)]
            )
        case InvalidMove() | CapacityReached() | Superseded():
            return _of_conflict(error)
        case _:
            return Problem(500, "internal_error", "Something went wrong on our side.")


def handle_problem(request: Request, error: Exception) -> JSONResponse:
    """Answer a request that failed for a known reason."""
    return problem_response(to_problem(error), request.state.request_id)


def install(app: FastAPI) -> None:
    """Make `app` answer every known error as a problem."""
    known = (
        Problem,
        RequestValidationError,
        HTTPException,
        ExchangeFailure,
        BadCursor,
        InvalidMove,
        CapacityReached,
        Superseded,
    )
    for kind in known:
        app.add_exception_handler(kind, handle_problem)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return OpenAPI's responses for the problems an endpoint may answer."""
    return {
        status: {
            "description": title_of(status),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        }
        for status in statuses
    }
