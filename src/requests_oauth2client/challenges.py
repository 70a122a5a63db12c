"""What an API demands in a WWW-Authenticate header: the grammar, and an exception for each demand.

The grammar is that of RFC 9110 section 11.6.1, parsed strictly; schemes and parameter names are in lower case. The
errors are those of RFC 6750 section 3.1 (and RFC 9449 section 7.1, for DPoP) and RFC 9470 (step-up). Knows no client;
of HTTP libraries only what they call the error for a status, so that each exception is that one too.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

from ._core import hints
from ._core.dual_errors import dual_error
from ._core.messages import Response
from ._core.printable import kept
from ._core.redaction import excerpt, one_line, sent_secrets
from ._core.scope import InvalidScopeParam, scope_words
from .exceptions import OAuth2Error

UNAUTHORIZED, FORBIDDEN = 401, 403
INVALID_TOKEN = "invalid_token"
TOKEN_SCHEMES = frozenset({"bearer", "dpop"})
MAX_HEADER_SIZE = 1 << 13  # characters; web servers stop at 8 KiB for all headers
MAX_CHALLENGES = 30  # and as many parameters in each; servers have one or two
STATUS_ERRORS = {"requests": "HTTPError", "httpx2": "HTTPStatusError", "httpx": "HTTPStatusError"}

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"  # RFC 9110 section 5.6.2
_END = r"[ \t]*+(?=,|$)"
_GAP = re.compile(r"[ \t,]*+")
_PARAM = re.compile(rf'({_TOKEN})[ \t]*+=[ \t]*+(?:({_TOKEN})|"((?:[^"\\]++|\\.)*+)"){_END}')
_SCHEME = re.compile(rf"({_TOKEN})(?:{_END}|[ \t]++(?:([A-Za-z0-9._~+/-]++=*+){_END})?)")
_SECONDS = re.compile(r"[0-9]{1,10}")  # RFC 9470 §3: a non-negative integer


class Challenge(NamedTuple):
    """One way to authenticate that a server offers.

    Attributes:
        scheme: in lower case, such as `bearer`.
        params: its parameters, their names in lower case.
    """

    scheme: str
    params: dict[str, str]


def parse_challenges(header: str) -> list[Challenge]:
    """Parse a WWW-Authenticate header, or several joined by commas.

    Args:
        header: the value, as `response.headers.get("WWW-Authenticate", "")` has it.

    Returns:
        The challenges, in order; none for an empty header.

    Raises:
        ValueError: it is too long, or breaks the grammar; nothing of it is to be used.

    Source: RFC 9110 section 11.6.1.
    """
    if len(header) > MAX_HEADER_SIZE:
        msg = f"it is longer than {MAX_HEADER_SIZE} characters"
        raise ValueError(msg)
    found: list[Challenge] = []
    position = _skip(header, 0)
    while position < len(header):
        match = (_PARAM.match(header, position) if found else None) or _SCHEME.match(header, position)
        if match is None:
            msg = f"at character {position} there is neither a scheme nor a parameter"
            raise ValueError(msg)
        if len(found) > MAX_CHALLENGES or (found and len(found[-1].params) > MAX_CHALLENGES):
            msg = f"it has more than {MAX_CHALLENGES} challenges or parameters"
            raise ValueError(msg)
        if match.re is _SCHEME:
            found.append(Challenge(match[1].lower(), {}))
        else:
            _add(found[-1].params, match)
        position = _skip(header, match.end())
    return found


def _skip(header: str, position: int) -> int:
    gap = _GAP.match(header, position)
    return gap.end() if gap else position


def _add(params: dict[str, str], match: re.Match[str]) -> None:
    name = match[1].lower()
    if name in params:  # RFC 9110 §11.2: once in a challenge
        msg = f"it repeats the parameter {name!r}"
        raise ValueError(msg)
    params[name] = match[2] if match[3] is None else re.sub(r"\\(.)", r"\1", match[3])


def challenges_of(response: Response) -> list[Challenge]:
    """Return the challenges of an answer; none where the header breaks the grammar."""
    try:
        return parse_challenges(response.headers.get("WWW-Authenticate") or "")
    except ValueError:
        return []


def challenge_error(response: Response, scheme: str) -> str | None:
    """Return the error that a 401 gives with a scheme (RFC 6750 section 3, RFC 9449 section 7.1); None without one."""
    if response.status_code != UNAUTHORIZED:
        return None
    errors = (one.params["error"] for one in _offers(response, scheme) if "error" in one.params)
    return next(errors, None)


def challenge_params(response: Response) -> dict[str, str]:
    """Return the parameters of the first challenge that gives an error (RFC 6750 section 3); empty without one."""
    return next((one.params for one in challenges_of(response) if one.params.get("error")), {})


def _offers(response: Response, scheme: str) -> list[Challenge]:
    return [one for one in challenges_of(response) if one.scheme == scheme.lower()]


def refusal_of_token(response: Response, scheme: str) -> str | None:
    """Return why a 401 refuses a token of a scheme.

    Returns:
        The error that it gives; "" if it gives none, as many APIs do, or names only schemes that are not for tokens;
        None if it wants another kind of token.
    """
    if response.status_code != UNAUTHORIZED:
        return None
    for name in (scheme, "Bearer"):  # what guards an API may know no other scheme than Bearer
        error = challenge_error(response, name)
        if error is not None:
            return error
    others = {one.scheme for one in challenges_of(response)} & TOKEN_SCHEMES  # Basic, of a gateway, is none
    return "" if _offers(response, scheme) or not others else None


# --- what an API demands, as exceptions -------------------------------------------------------------------


class ApiError(OAuth2Error):
    """An API refuses a request, and says in a challenge what would do. It is also an error of the HTTP library.

    Args:
        response: the answer.
        params: the parameters of the challenge, their names in lower case.
        scheme: the authentication scheme of the challenge.

    Attributes:
        error: the error code.
        scheme: the authentication scheme of the challenge, in lower case.
        realm: its `realm`, or None.
        scope: the words of scope that the API asks for; empty if it names none.
        acr_values: the authentication contexts that it asks for, the preferred one first; empty if it names none.
        max_age: seconds since the user has logged in that it allows, or None.
        resource_metadata: where the API says what it is and which servers it trusts (RFC 9728 section 5.1), or None.
    """

    kept: ClassVar[tuple[str, ...]] = (
        *OAuth2Error.kept, "error", "scheme", "realm", "scope", "acr_values", "max_age", "resource_metadata",
    )  # fmt: skip

    def __init__(
        self, response: object = None, params: Mapping[str, str] | None = None, *, scheme: str = "bearer"
    ) -> None:
        params = params or {}
        self.scheme = scheme.lower()
        self.error = kept(params.get("error", "")) or ""
        self.realm = kept(params.get("realm"))
        self.scope = _words(params.get("scope"))
        self.acr_values = _words(params.get("acr_values"))
        self.max_age = _seconds(params.get("max_age"))
        self.resource_metadata = kept(params.get("resource_metadata"))
        super().__init__(response=response, description=params.get("error_description"))

    def authorization_params(self, scope: object = None) -> dict[str, Any]:
        """Return what a new authorization request has to ask for, as `client.authorization_request(**params)` takes it.

        Args:
            scope: what the token had so far, a str or an iterable of words; what the API asks for is added.

        Raises:
            InvalidScopeParam: `scope` is neither a str nor an iterable of words.

        Source: RFC 9470 section 4.
        """
        words = dict.fromkeys([*scope_words(scope or ()), *self.scope])
        asked = {"scope": " ".join(words), "acr_values": " ".join(self.acr_values), "max_age": self.max_age}
        return {name: value for name, value in asked.items() if value not in {"", None}}

    def _text(self) -> str:
        hide = sent_secrets(self.request)
        said = f": {excerpt(self.description, hide=hide).rstrip('.')}." if self.description else "."
        asked = ", ".join(f"{name}={value!r}" for name, value in self.authorization_params().items())
        wants = f"It asks for {excerpt(asked, hide=hide)}." if asked else ""
        clock = hints.clock_difference(self.response) if self.error == INVALID_TOKEN else ""
        code = f" error={excerpt(self.error, hide=hide)!r}" if self.error else ""
        came = f"{self.endpoint or 'The API'} answered {self.status}{code}{said}"
        return " ".join(part for part in (came, wants, self._advice(), clock) if part)

    def _advice(self) -> str:
        where = one_line(self.resource_metadata) if self.resource_metadata else ""
        is_known = f"Its metadata are at {where}: OAuth2ResourceAuth gets tokens from the server that they name."
        return self.advice or (is_known if where else "")


class InvalidAccessToken(ApiError):
    """`invalid_token`: the token is expired, revoked, malformed, or of another AS (RFC 6750 section 3.1)."""

    advice = "Get another token. If this one is new, is it for this API, and from the AS that this API trusts?"


class InsufficientScope(ApiError):
    """`insufficient_scope`: the token does not allow this; `scope` says what would (RFC 6750 section 3.1)."""

    advice = "Get a token with that scope: authorization_params() makes the parameters of a new authorization request."


class InsufficientUserAuthentication(ApiError):
    """`insufficient_user_authentication`: the user has to log in again, or better (RFC 9470 section 3)."""

    advice = "Let the user log in again: authorization_params() makes the parameters of a new authorization request."

    @property
    def needs_login(self) -> bool:
        """Whether only a new login of the user helps: yes."""
        return True


ERRORS: dict[str, type[ApiError]] = {
    INVALID_TOKEN: InvalidAccessToken,
    "insufficient_scope": InsufficientScope,
    "insufficient_user_authentication": InsufficientUserAuthentication,
}


def api_error(response: Response) -> ApiError | None:
    """Return what an API demands in its answer, as an exception to raise; None if it demands nothing.

    Args:
        response: an answer as requests, httpx2 or httpx give it.

    Returns:
        An `ApiError` that is also a `requests.HTTPError`, or an `HTTPStatusError` of httpx2 or httpx. A 401 that only
        says where the metadata of the API are is one too.

    Source: RFC 6750 section 3.1, RFC 9449 section 7.1, RFC 9470 section 3, RFC 9728 section 5.1.
    """
    if response.status_code not in {UNAUTHORIZED, FORBIDDEN}:
        return None
    challenges = challenges_of(response)
    for challenge in challenges:
        kind = ERRORS.get(challenge.params.get("error", ""))
        if kind is not None:
            return _raisable(kind, response, challenge)
    if response.status_code == UNAUTHORIZED:
        for challenge in challenges:
            if challenge.params.get("resource_metadata"):
                return _raisable(ApiError, response, challenge)
    return None


def _raisable(kind: type[ApiError], response: Response, challenge: Challenge) -> ApiError:
    error: ApiError = _in_library(kind, response)(response, challenge.params, scheme=challenge.scheme)
    return error


def _in_library(kind: type[ApiError], response: Any) -> Any:
    """Return the class that is also the error for a status of the library that a response is of."""
    for library, name in STATUS_ERRORS.items():
        module = sys.modules.get(library)
        if module is not None and isinstance(response, module.Response):
            return dual_error(kind, getattr(module, name))
    return kind


def _words(text: str | None) -> tuple[str, ...]:
    """Return the words of a list; none of them if one could not be asked for."""
    try:
        return tuple(scope_words(text or ""))
    except InvalidScopeParam:
        return ()


def _seconds(text: str | None) -> int | None:
    return int(text) if text is not None and _SECONDS.fullmatch(text) else None


__all__ = [
    "ApiError",
    "Challenge",
    "InsufficientScope",
    "InsufficientUserAuthentication",
    "InvalidAccessToken",
    "api_error",
    "parse_challenges",
]
