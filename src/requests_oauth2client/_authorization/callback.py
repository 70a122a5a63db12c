"""What comes back on the redirect_uri: parsed, checked, and kept (RFC 6749 section 4.1.2, RFC 9207).

One parser for all shapes: a URL, a query string, what a web framework parsed; also the body of a
form_post. Bounded in size and number; no parameter twice. A JWT is read by `jarm`. Then the checks, in the order of
the RFCs. Never quotes what came. Knows no client and no HTTP library, and of the request only its values.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .. import profiles
from .._core.compare import is_same_secret
from .._core.issuers import accepts
from .._core.redaction import one_line, without_query
from .._core.story import Clause, failed, passed, recorder
from .._jose import compact
from .._jose.errors import MalformedToken
from .._oidc.id_token import IdToken, MissingIdToken
from ..exceptions import (
    AuthorizationResponseError,
    InvalidAuthResponse,
    MismatchingIssuer,
    MismatchingState,
    MissingAuthCode,
    MissingIssuer,
    RepeatedParameter,
)
from . import jarm
from .params import words
from .values import Extended, SentRequest, add_server_error, further

MAX_CALLBACK_SIZE = 1 << 16  # characters; web servers stop at 8 to 32 KiB of URL, a form_post may hold more
MAX_CALLBACK_PARAMETERS = 100  # the registered ones are about 15

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")
_NEVER_IN_A_URL = re.compile(r"[\x00-\x20\x7f]")

STATE = Clause("state", "RFC 6749 §10.12")
ISSUER = Clause("iss", "RFC 9207 §2.4")
ONCE = Clause("each parameter once", "RFC 6749 §3.1")
GRANTED = Clause("request granted", "RFC 6749 §4.1.2.1")
ANSWER = Clause("callback", "RFC 6749 §4.1.2")
REFUSALS: tuple[tuple[type[Exception], Clause], ...] = (
    (MismatchingState, STATE),
    (MismatchingIssuer, ISSUER),
    (MissingIssuer, ISSUER),
)


class MismatchingRedirectUri(InvalidAuthResponse):
    """The callback came on another address than the redirect_uri of the request (RFC 6749 section 3.1.2)."""


class MismatchingResponseMode(InvalidAuthResponse):
    """The callback came in another mode than the request asked for (Multiple Response Type Encoding section 2.1)."""


@dataclass(frozen=True, init=False)
class AuthorizationResponse(Extended):
    """The AS said yes: a code, with what is needed to redeem it (RFC 6749 section 4.1.2).

    Its `str()` is the code. Only `code`, `id_token` and `kwargs` come from the callback, all else from the request.

    Args:
        code: the authorization code; empty if the response_type of the request asked for none.
        redirect_uri: that of the request, to be repeated (RFC 6749 section 4.1.3).
        code_verifier: the secret half of PKCE, to be shown now (RFC 7636 section 4.5).
        state: that of the request, which came back.
        nonce: has to be in the ID token (OIDC Core section 3.1.3.7).
        acr_values: a str or an iterable of words, of which the ID token's `acr` has to be one.
        max_age: seconds; the ID token's `auth_time` may not be older.
        issuer: who was asked, and, if it names itself in its answers, who answered.
        dpop_key: the key that the code is bound to (RFC 9449 section 10).
        id_token: the ID token that came with the code, where the response_type asked for one.
        essential_acr: the classes of login of which the `claims` of the request demand one; empty: any, but one.
        profile: the profile that the request kept to, and by which the callback was checked.
        **kwargs: the other parameters of the callback, such as `session_state`; reachable as attributes.

    Attributes:
        acr_values: a tuple of words, or None.
        id_token: an `IdToken` or None; its `checked` tells whether it was checked: the client's
            `authorization_response` does so, `validate_callback` does not.
        scope: the `scope` parameter of the callback, where the server says there what it granted; else None.
        kwargs: the other parameters. Anyone can write them into a URL: do not rely on them.
    """

    pickle_advice = "Store the request with AuthorizationRequestSerializer and validate the callback where it is used."

    named = frozenset({"scope"})

    code: str = field(repr=False)
    redirect_uri: str | None
    code_verifier: str | None = field(repr=False)
    state: str | None = field(repr=False)
    nonce: str | None = field(repr=False)
    acr_values: tuple[str, ...] | None
    max_age: int | None
    issuer: str | None
    dpop_key: Any = field(hash=False)
    id_token: IdToken | None = field(repr=False)
    essential_acr: tuple[str, ...] | None
    profile: str | None
    kwargs: Mapping[str, Any] = field(hash=False)

    def __init__(
        self,
        /,
        code: str,
        redirect_uri: str | None = None,
        code_verifier: str | None = None,
        state: str | None = None,
        nonce: str | None = None,
        acr_values: str | Iterable[str] | None = None,
        max_age: int | None = None,
        issuer: str | None = None,
        dpop_key: object = None,
        id_token: IdToken | str | None = None,
        profile: str | None = None,
        essential_acr: Iterable[str] | None = None,
        **kwargs: object,
    ) -> None:
        self.__dict__.update(
            code=code,
            redirect_uri=redirect_uri,
            code_verifier=code_verifier,
            state=state,
            nonce=nonce,
            acr_values=words(acr_values),
            max_age=max_age,
            issuer=issuer,
            dpop_key=dpop_key,
            id_token=id_token if isinstance(id_token, IdToken) or not id_token else IdToken(id_token),
            essential_acr=None if essential_acr is None else tuple(essential_acr),
            profile=profile,
            kwargs=further(kwargs),
        )

    __replace__ = Extended.replace  # dataclass puts its own here, which knows no kwargs

    def __str__(self) -> str:
        return self.code


def validate_callback(
    request: SentRequest, response: Any, *, jwks: Any = None, alg: str = "RS256"
) -> AuthorizationResponse:
    """Check that a callback answers a request, without asking anyone; see `AuthorizationRequest.validate_callback`."""
    params = parse_callback(response, request=request)
    if request.profile == "fapi2":
        check_address(request, params, response)
    if not jarm.is_asked_for(request):
        return validate_parameters(request, params, response)
    profiles.check(request.profile, "signed answer", alg)
    token = jarm.response_jwt(request, params, response)
    if jwks is None:
        msg = (
            "The answer is a JWT, and the keys of the AS are not known here. Call the client's"
            " authorization_response(request, callback), which fetches them, or pass jwks= and alg=."
        )
        raise jarm.UncheckableResponseJwt(msg, request=request, response=response)
    registration = jarm.Registration(signed_alg=alg)
    parsed = jarm.read(request, token, registration, response)
    return validate_parameters(request, jarm.verify(request, parsed, jwks, registration, response), response)


def validate_parameters(
    request: SentRequest, params: dict[str, str], response: Any, *, further_issuers: Collection[str] = ()
) -> AuthorizationResponse:
    """Check the parameters of a callback: state, issuer, error, code. Every error tells what the server said."""
    try:
        return _validated(request, params, response, further_issuers)
    except InvalidAuthResponse as wrong:
        add_server_error(wrong, params)
        failed(_clause_of(wrong), wrong)
        raise
    except AuthorizationResponseError as refusal:
        failed(GRANTED, refusal)
        raise


def _validated(
    request: SentRequest, params: dict[str, str], response: Any, further_issuers: Collection[str]
) -> AuthorizationResponse:
    wanted = request.response_type.split()
    lacks_answer = not {"error", "code", "id_token", "access_token"} & params.keys() and wanted != ["none"]
    if lacks_answer and "state" not in params:
        msg = (
            "This callback has neither code nor error, nor a state. Pass the whole URL that the user came back with, or"
            " its parameters; it is not the one of the request, nor that of a login page."
        )
        raise MissingAuthCode(msg, request=request, response=response)
    if not _same(params.get("state"), request.state):  # RFC 6749 §10.12; one that was not sent must not come
        raise MismatchingState(params.get("state"), request.state, request, response)
    if request.state is not None:
        passed(STATE)
    if lacks_answer:
        msg = "The callback has neither code nor error. Pass all that came on the redirect_uri, or start again."
        raise MissingAuthCode(msg, request=request, response=response)

    _check_issuers(request, params, response, further_issuers)
    if "iss" in params and request.issuer is not None:
        passed(ISSUER)
    if "error" in params:  # RFC 6749 §4.1.2.1
        raise _refusal(request, params, response)

    if "code" in wanted and "code" not in params:
        msg = "The callback has neither code nor error. Pass all that came on the redirect_uri, or start again."
        raise MissingAuthCode(msg, request=request, response=response)
    if "id_token" in wanted and "id_token" not in params:  # OIDC Core §3.2.2.5, §3.3.2.5
        msg = f"response_type={request.response_type!r} asked for an ID token, and the callback has none. Start again."
        raise MissingIdToken(msg)
    return _answer(request, params, {name: params[name] for name in ("code", "id_token") if name in wanted})


def _clause_of(wrong: Exception) -> Clause:
    return next((clause for kind, clause in REFUSALS if isinstance(wrong, kind)), ANSWER)


def _check_issuers(
    request: SentRequest, params: Mapping[str, str], response: Any, further_issuers: Collection[str]
) -> None:
    """Check that who was asked has answered (RFC 9207 section 2.4), under whichever of its names."""
    issuers = _named_issuers(request, params)
    if not issuers and request.authorization_response_iss_parameter_supported:
        msg = f"The callback has no iss, expected {request.issuer!r}. Drop it and start again."
        raise MissingIssuer(msg, request=request, response=response)
    for issuer in issuers:
        is_right = issuer is not None and (issuer in further_issuers or accepts(request.issuer or "", issuer))
        if request.issuer is not None and not is_right:  # to the letter
            raise MismatchingIssuer(issuer, request.issuer, request, response)


def check_address(request: SentRequest, params: Mapping[str, str], response: Any) -> None:
    """Check that a callback came on the redirect_uri, and in the mode that was asked for, as far as it shows that.

    Raises:
        MismatchingRedirectUri: it came on another address.
        MismatchingResponseMode: it came in another mode.
    """
    text = _address_of(response)
    if text is None:
        return
    front = text.partition("#")[0]
    if request.redirect_uri is not None and not _is_at(front, request.redirect_uri):
        msg = (
            f"The callback came on {one_line(without_query(front))!r}, the redirect_uri of the request is"
            f" {request.redirect_uri!r}. Drop it and start again. If a proxy rewrites addresses, pass the parameters"
            " of the callback instead of its URL."
        )
        raise MismatchingRedirectUri(msg, request=request, response=response)
    mode = (request.response_mode or "").removesuffix("jwt").removesuffix(".")
    came = "query" if any(name in dict(parse_qsl(urlsplit(front).query)) for name in params) else "fragment"
    expected = mode or ("fragment" if _in_fragment(request) else "query")
    if params and came != expected:
        msg = f"The callback came in the {came}, the request asked for {expected!r}. Drop it and start again."
        raise MismatchingResponseMode(msg, request=request, response=response)


def _address_of(response: Any) -> str | None:
    """Return a callback that is a full URL, as a str; None for anything that does not show its address."""
    if response is None or isinstance(response, Mapping) or hasattr(response, "getlist"):
        return None
    text = response.decode(errors="replace") if isinstance(response, bytes) else str(response)
    return text.strip() if _ABSOLUTE.match(text.strip()) else None


def _is_at(address: str, redirect_uri: str) -> bool:
    ours, theirs = urlsplit(redirect_uri), urlsplit(address)
    kept = set(parse_qsl(ours.query, keep_blank_values=True)) <= set(parse_qsl(theirs.query, keep_blank_values=True))
    return kept and (ours.scheme.lower(), ours.netloc.lower(), ours.path or "/") == (
        theirs.scheme.lower(),
        theirs.netloc.lower(),
        theirs.path or "/",
    )


def _named_issuers(request: SentRequest, params: Mapping[str, str]) -> list[str | None]:
    """Return who says that he answered: the parameter, and an ID token that was asked for (RFC 9207 section 4)."""
    named: list[str | None] = [params["iss"]] if "iss" in params else []
    if "id_token" in params and "id_token" in request.response_type.split():
        id_token = IdToken(params["id_token"])
        named.append(request.issuer if id_token.is_encrypted else id_token.issuer)  # the client opens and checks it
    return named


def _same(received: str | None, expected: str | None) -> bool:
    if received is None or expected is None:
        return received is expected
    return is_same_secret(received, expected)


def _refusal(request: SentRequest, params: Mapping[str, str], response: Any) -> AuthorizationResponseError:
    error = params["error"]
    return request.exception_classes.get(error, AuthorizationResponseError)(
        request=request,
        response=response,
        error=error,
        description=params.get("error_description"),
        uri=params.get("error_uri"),
        state=request.state,
    )


def _answer(request: SentRequest, params: Mapping[str, str], asked_for: Mapping[str, str]) -> AuthorizationResponse:
    """Put what was asked for beside what the request knows; nothing in the callback can take the place of that."""
    ours = {one.name for kind in (AuthorizationResponse, request) for one in fields(kind)} | {"iss"}  # type: ignore[arg-type]
    ours.remove("scope")  # what was granted, at servers such as Google's that say it here; the token response decides
    return AuthorizationResponse(
        code=asked_for.get("code", ""),
        redirect_uri=request.redirect_uri,
        code_verifier=request.code_verifier,
        state=request.state,
        nonce=request.nonce,
        acr_values=request.acr_values,
        max_age=request.max_age,
        issuer=named[0] if (named := _named_issuers(request, params)) and request.issuer else request.issuer,
        dpop_key=request.dpop_key,
        id_token=asked_for.get("id_token"),
        profile=request.profile,
        essential_acr=_essential_acr(request.kwargs.get("claims")),
        **{name: value for name, value in params.items() if name not in ours},
    )


def _essential_acr(claims: Any) -> tuple[str, ...] | None:
    """Return the values of which an essential `acr` has to have one (OIDC Core section 5.5.1.1); None without one."""
    wanted = claims.get("id_token") if isinstance(claims, Mapping) else None
    acr = wanted.get("acr") if isinstance(wanted, Mapping) else None
    if not isinstance(acr, Mapping) or acr.get("essential") is not True:
        return None
    values = acr["values"] if isinstance(acr.get("values"), (list, tuple)) else [acr.get("value")]
    return tuple(value for value in values if isinstance(value, str))


def callback_state(response: object) -> str | None:
    """Return the `state` of a callback before anything is validated, to find the pending request that it answers.

    Anyone can write it into a URL: use it to look the request up, and let that validate the callback.

    Args:
        response: the callback, in any form that `validate_callback` takes; a signed one (JARM) too.

    Returns:
        The state; None where there is none, or where it is in an encrypted JWT.

    Raises:
        InvalidAuthResponse: the callback can't be read.

    Source: RFC 6749 section 4.1.2, JARM section 2.1.
    """
    params = _parse_anywhere(response)
    if "response" not in params:
        return params.get("state")
    try:
        state = {} if compact.is_jwe(params["response"]) else compact.take_apart(params["response"]).claims()
    except MalformedToken:
        return None
    found = state.get("state")
    return found if isinstance(found, str) and found else None


def _parse_anywhere(response: object) -> dict[str, str]:
    """Read the parameters of a callback, whether they stand in its query or in its fragment."""
    text = _address_of(response) or (response if isinstance(response, str) else "")
    fragment = text.partition("#")[2]
    if "=" in fragment and ("state=" in fragment or "response=" in fragment):
        return parse_callback(fragment)
    return parse_callback(response)


def parse_callback(response: Any, *, request: Any = None) -> dict[str, str]:
    """Read the parameters of a callback; one without a value counts as absent (RFC 6749 section 3.1).

    Args:
        response: the full URL, or its query or fragment with or without `?` or `#`, as a str, bytes or any object
            whose `str()` it is; or a mapping of names to a str or a list of str; or a framework's multi-dict.
        request: the authorization request it should answer; says where the parameters stand.

    Raises:
        RepeatedParameter: a parameter came twice.
        InvalidAuthResponse: it can't be read, is too large, or has its parameters in the fragment.
    Source: RFC 6749 section 3.1 and appendix B.
    """
    try:
        pairs = _parameters(response, fragment=request is not None and _in_fragment(request))
    except ValueError as wrong:
        why = "it is not UTF-8" if isinstance(wrong, UnicodeError) else str(wrong)
        msg = f"The callback can't be read: {why}. Pass the full URL that the AS redirected to, or its parameters."
        raise InvalidAuthResponse(msg, request=request, response=response) from None

    recording = None if request is None else recorder()
    if recording is not None:
        recording.browser_came(dict(pairs), getattr(request, "redirect_uri", None))
    counted = Counter(name for name, _ in pairs)
    repeated = sorted(name for name, times in counted.items() if times > 1)
    if repeated:  # RFC 6749 §3.1, also where the values are equal or empty
        problem = RepeatedParameter(names=repeated, request=request, response=response)
        failed(ONCE, problem)
        raise problem
    return {name: value for name, value in pairs if value}


def _in_fragment(request: SentRequest) -> bool:
    """Tell where the parameters stand (OAuth 2.0 Multiple Response Type Encoding sections 2.1 and 5, JARM 2.3)."""
    mode = (request.response_mode or "").removesuffix("jwt").removesuffix(".")
    return mode == "fragment" or (not mode and not {"id_token", "token"}.isdisjoint(request.response_type.split()))


def _parameters(response: Any, *, fragment: bool) -> list[tuple[str, str]]:
    if hasattr(response, "multi_items"):  # Starlette, httpx
        return _from_items(response.multi_items())
    if hasattr(response, "getlist"):  # Werkzeug (Flask), Django
        return _from_items((name, response.getlist(name)) for name in dict.fromkeys(response))
    if isinstance(response, Mapping):
        return _from_items(response.items())
    if response is None:
        msg = "it is None"
        raise ValueError(msg)
    return _from_text(_text(response if isinstance(response, bytes) else str(response)).strip(), fragment=fragment)


def _from_items(items: Iterable[tuple[Any, Any]]) -> list[tuple[str, str]]:
    flat = ((name, one) for name, value in items for one in (value if isinstance(value, (list, tuple)) else [value]))
    pairs = [(_text(name), _text(one)) for name, one in islice(flat, MAX_CALLBACK_PARAMETERS + 1) if one is not None]
    if len(pairs) > MAX_CALLBACK_PARAMETERS:
        msg = f"it has more than {MAX_CALLBACK_PARAMETERS} parameters"
        raise ValueError(msg)
    _check_size(sum(len(name) + len(value) for name, value in pairs))
    return pairs


def _from_text(text: str, *, fragment: bool) -> list[tuple[str, str]]:
    _check_size(len(text))
    if _NEVER_IN_A_URL.search(text):
        msg = "it contains spaces or control characters, which no URL has"
        raise ValueError(msg)
    query, after = _split(text)
    chosen = after if fragment and "=" in after else query  # a page's script may have moved it into a query
    if chosen.count("&") >= MAX_CALLBACK_PARAMETERS:
        msg = f"it has more than {MAX_CALLBACK_PARAMETERS} parameters"
        raise ValueError(msg)
    pairs = parse_qsl(chosen, keep_blank_values=True, errors="strict")
    if not pairs and "=" in after:
        msg = "its parameters stand in the fragment (after '#'), and this request expects them in the query"
        raise ValueError(msg)
    return pairs


def _split(text: str) -> tuple[str, str]:
    """Return query and fragment; a `?` inside a bare query belongs to a value (RFC 3986 section 3.4)."""
    front, _, fragment = text.partition("#")
    head, _, query = front.partition("?")
    is_address = "=" not in head or head.startswith("/") or _ABSOLUTE.match(head)
    return query if is_address else front, fragment


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode()
    if not isinstance(value, str):
        msg = f"it holds a {type(value).__name__} where a str was expected"
        raise ValueError(msg)  # noqa: TRY004  what came is wrong, not the argument
    value.encode()  # a lone surrogate can't be sent on
    return value


def _check_size(size: int) -> None:
    if size > MAX_CALLBACK_SIZE:
        msg = f"it is larger than the limit of {MAX_CALLBACK_SIZE} characters"
        raise ValueError(msg)


__all__ = [
    "MAX_CALLBACK_PARAMETERS",
    "MAX_CALLBACK_SIZE",
    "AuthorizationResponse",
    "MismatchingRedirectUri",
    "MismatchingResponseMode",
    "callback_state",
    "check_address",
    "parse_callback",
    "validate_callback",
    "validate_parameters",
]
