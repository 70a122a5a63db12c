"""Asking for an authorization (RFC 6749 section 4.1.1, OIDC Core section 3.1.2.1).

`AuthorizationRequest` is the URL to send the user to, with the values that bind the answer to it: state
(RFC 6749 section 10.12), nonce, code_verifier (RFC 7636), issuer (RFC 9207), DPoP key (RFC 9449). What comes
back is parsed and judged in `_callback`. A value without I/O: knows no client, no token and no HTTP library.
"""

from __future__ import annotations

import importlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import EllipsisType
from typing import Any, ClassVar, Protocol
from urllib.parse import parse_qsl, urlsplit

from ._callback import AuthorizationResponse, Extended, further, judge_callback, words
from ._http import Form, form_values
from .exceptions import (
    AccountSelectionRequired,
    AuthorizationResponseError,
    ConsentRequired,
    InteractionRequired,
    InvalidParam,
    LoginRequired,
    SessionSelectionRequired,
)
from .pkce import PkceUtils
from .utils import InvalidEndpointUri, InvalidUri, join_scope, validate_endpoint_uri

# An iterable for one of these is one text of words (OIDC Core section 3.1.2.1); for others, it is repeated.
SPACE_SEPARATED = frozenset({"prompt", "ui_locales", "claims_locales"})
REFUSED = {
    "request": "a request object replaces all other parameters, and can't be added to them",
    "request_uri": "a request object replaces all other parameters, and can't be added to them",
    "client_secret": "a URL that goes through the user's browser is no place for a secret",
    "kwargs": "no such parameter exists; to change a value use its method replace()",  # dataclasses.replace() says it
}
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20\x7f\\]+")


class InvalidAuthorizationRequestParam(InvalidParam):
    """A parameter can't be sent in an authorization request.

    Attributes:
        name: which one.
    """

    def __init__(self, *, name: str, problem: str) -> None:
        super().__init__(f"The parameter {name!r} can't be used: {problem}.")
        self.name = name


class InvalidMaxAgeParam(InvalidAuthorizationRequestParam):
    """`max_age` is no number of seconds (OIDC Core section 3.1.2.1)."""


class InvalidRedirectUri(InvalidUri):
    """A redirect_uri is not absolute, or has a fragment (RFC 6749 section 3.1.2)."""


class ProofKey(Protocol):
    """What an authorization request needs of a DPoP key (RFC 9449 section 10)."""

    @property
    def dpop_jkt(self) -> str: ...


@dataclass(frozen=True)
class BrowserRequest:
    """What the user's browser has to send."""

    url: str = field(repr=False)  # holds state and nonce
    method: str = "GET"


@dataclass(frozen=True, init=False)
class AuthorizationRequest(Extended):
    """A request for an authorization: the URL that the user's browser has to visit. Its `str()` is that URL.

    Keep it until the callback comes, in the user's session and nowhere else: it recognises the answer.
    It does not change, equals another one with the same values, and is hashable.

    Args:
        authorization_endpoint: https (http for loopback); a query in it is kept (RFC 6749 section 3.1).
        client_id: who asks.
        redirect_uri: where the answer shall go: an absolute URI, custom schemes included (RFC 8252).
        scope: a str or an iterable of words; None is not sent.
        response_type: only `code` can be completed by `validate_callback`; others are sent as they are.
        state: a str; None or False: none is sent. Otherwise one is generated.
        nonce: a str; None or False: none is sent; True: generated. By default one is generated if the
            scope has the word openid.
        code_verifier: for PKCE; generated if it is not given.
        code_challenge_method: `S256` or `plain`; None: no PKCE, and code_verifier is not used.
        acr_values: a str or an iterable of words, the wanted classes of login.
        max_age: seconds; a user who logged in earlier must log in again.
        issuer: who is asked, to be compared with the `iss` of the answer.
        authorization_response_iss_parameter_supported: the AS announces `iss`, so it must come; needs `issuer`.
        dpop: bind the code to a key (RFC 9449 section 10).
        dpop_alg: the algorithm of the key, where one is generated.
        dpop_key: the key; implies `dpop`. Otherwise one is generated.
        **kwargs: further parameters, reachable as attributes: `resource` may be a list, `claims` and
            `authorization_details` JSON values; a bool is sent as true or false, None is not sent.

    Attributes:
        scope: the words joined by spaces, or None.
        acr_values: a tuple of words, or None.
        kwargs: the further parameters, as given.

    Raises:
        InvalidEndpointUri: plain http, credentials, a fragment, no path, or a parameter that is set here.
        InvalidRedirectUri: not absolute, or with a fragment.
        InvalidScopeParam: neither a str nor an iterable of words.
        InvalidCodeVerifierParam: not 43 to 128 of the allowed characters.
        UnsupportedCodeChallengeMethod: neither `S256` nor `plain`.
        InvalidMaxAgeParam: not an int, or negative.
        InvalidAuthorizationRequestParam: another parameter is wrong.

    Source: RFC 6749 section 4.1.1, OIDC Core section 3.1.2.1, RFC 7636, RFC 8707, RFC 9207.
    """

    pickle_advice = "Use AuthorizationRequestSerializer, or store `as_dict()` where secrets may be stored."
    exception_classes: ClassVar[dict[str, type[AuthorizationResponseError]]] = {
        "interaction_required": InteractionRequired,
        "login_required": LoginRequired,
        "account_selection_required": AccountSelectionRequired,
        "session_selection_required": SessionSelectionRequired,
        "consent_required": ConsentRequired,
    }

    authorization_endpoint: str
    client_id: str
    redirect_uri: str | None
    scope: str | None
    response_type: str
    state: str | None = field(repr=False)
    nonce: str | None = field(repr=False)
    code_verifier: str | None = field(repr=False)
    code_challenge_method: str | None
    acr_values: tuple[str, ...] | None
    max_age: int | None
    issuer: str | None
    authorization_response_iss_parameter_supported: bool
    dpop: bool
    dpop_alg: str
    dpop_key: Any = field(hash=False)
    kwargs: Mapping[str, Any] = field(hash=False)

    def __init__(
        self,
        /,
        authorization_endpoint: str,
        client_id: str,
        redirect_uri: str | None = None,
        scope: str | Iterable[str] | None = "openid",
        response_type: str = "code",
        state: str | bool | EllipsisType | None = ...,
        nonce: str | bool | EllipsisType | None = ...,
        code_verifier: str | bytes | None = None,
        code_challenge_method: str | None = "S256",
        *,
        acr_values: str | Iterable[str] | None = None,
        max_age: int | None = None,
        issuer: str | None = None,
        authorization_response_iss_parameter_supported: bool = False,
        dpop: bool = False,
        dpop_alg: str = "ES256",
        dpop_key: ProofKey | None = None,
        **kwargs: Any,
    ) -> None:
        words = join_scope(scope) or None
        self.__dict__.update(
            authorization_endpoint=validate_endpoint_uri(authorization_endpoint, name="authorization_endpoint"),
            client_id=_text(client_id, "client_id"),
            redirect_uri=_redirect_uri(redirect_uri),
            scope=words,
            response_type=_text(response_type, "response_type"),
            state=_generated(state, "state", by_default=True),
            nonce=_generated(nonce, "nonce", by_default="openid" in (words or "").split()),
            code_verifier=_code_verifier(code_verifier, code_challenge_method),
            code_challenge_method=code_challenge_method,
            acr_values=_acr_values(acr_values),
            max_age=_max_age(max_age),
            issuer=None if issuer is None else str(issuer),
            authorization_response_iss_parameter_supported=bool(authorization_response_iss_parameter_supported),
            dpop=bool(dpop) or dpop_key is not None,
            dpop_alg=dpop_alg,
            dpop_key=_dpop_key(dpop_key, dpop_alg, dpop=dpop),
            kwargs=further(kwargs),
        )
        self._check()

    __replace__ = Extended.replace  # dataclass puts its own here, which knows no kwargs

    def _check(self) -> None:
        """Refuse what only shows when all parameters are together."""
        if self.authorization_response_iss_parameter_supported and not self.issuer:
            problem = "it is needed to check the `iss` that authorization_response_iss_parameter_supported announces"
            raise InvalidAuthorizationRequestParam(name="issuer", problem=problem)
        own = self._own_args()
        for name, value in self.kwargs.items():
            problem = "this request sets it itself" if name in own else REFUSED.get(name) or _unsendable(value)
            if problem:
                raise InvalidAuthorizationRequestParam(name=name, problem=problem)
        there = {name for name, _ in parse_qsl(urlsplit(self.authorization_endpoint).query, keep_blank_values=True)}
        if twice := sorted(there & self.args.keys()):  # RFC 6749 §3.1
            problem = f"its query has {', '.join(twice)} already, which this request sends"
            raise InvalidEndpointUri(self.authorization_endpoint, problem, "authorization_endpoint")

    def _own_args(self) -> Form:
        return Form(
            client_id=self.client_id,
            redirect_uri=self.redirect_uri,
            response_type=self.response_type,
            state=self.state,
            nonce=self.nonce,
            scope=self.scope,
            code_challenge=self.code_challenge,
            code_challenge_method=self.code_challenge_method,
            acr_values=" ".join(self.acr_values) if self.acr_values else None,
            max_age=self.max_age,
            dpop_jkt=self.dpop_jkt,
        )

    @property
    def args(self) -> Form:
        """The parameters that are sent, as values: `resource` may be a list, `claims` a mapping."""
        return Form(
            self._own_args(),
            {
                name: " ".join(form_values(value)) if name in SPACE_SEPARATED else value
                for name, value in self.kwargs.items()
            },
        )

    @property
    def code_challenge(self) -> str | None:
        """The public half of PKCE; None without (RFC 7636 section 4.2)."""
        if self.code_verifier is None or self.code_challenge_method is None:
            return None
        return PkceUtils.derive_challenge(self.code_verifier, self.code_challenge_method)

    @property
    def dpop_jkt(self) -> str | None:
        """The thumbprint of the key that the code will be bound to; None without (RFC 9449 section 10)."""
        return None if self.dpop_key is None else self.dpop_key.dpop_jkt

    @property
    def uri(self) -> str:
        """The URL to send the user to (RFC 6749 section 3.1)."""
        endpoint = self.authorization_endpoint
        joint = "" if endpoint.endswith(("?", "&")) else "&" if "?" in endpoint else "?"
        return f"{endpoint}{joint}{self.args.encode().decode()}"

    @property
    def request(self) -> BrowserRequest:
        """The request that the browser has to send."""
        return BrowserRequest(self.uri)

    def __str__(self) -> str:
        return self.uri

    def validate_callback(self, response: Any) -> AuthorizationResponse:
        """Check that a callback answers this request.

        Args:
            response: the full URL, or its query with or without `?`, as a str, bytes or any object whose
                `str()` it is; or its parameters as a mapping or as a framework's multi-dict. Scheme, host and
                path of a URL are not compared: behind a proxy they may differ.

        Returns:
            The code, with what is needed to redeem it. `str()` of it is the code.

        Raises:
            InvalidAuthResponse: it can't be read.
            RepeatedParameter: a parameter came twice.
            MissingIssuer: the AS announces `iss`, and none came.
            MismatchingIssuer: another AS answered.
            MismatchingState: the state is not the one of this request, or came unasked.
            AuthorizationResponseError: the AS refused; `exception_classes` has the classes for some errors.
            MissingAuthCode: there is neither error nor code.

        Source: RFC 6749 sections 4.1.2 and 10.12, RFC 9207 section 2.4.
        """
        return judge_callback(self, response)


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value:
        problem = f"a text was expected, got {'an empty one' if value == '' else f'a {type(value).__name__}'}"
        raise InvalidAuthorizationRequestParam(name=name, problem=problem)
    try:
        value.encode()
    except UnicodeEncodeError:
        problem = "it can't be written in UTF-8"
        raise InvalidAuthorizationRequestParam(name=name, problem=problem) from None
    return value


def _generated(value: Any, name: str, *, by_default: bool) -> str | None:
    if value is True or (value is ... and by_default):
        return secrets.token_urlsafe(32)
    return None if value is None or value is False or value is ... else _text(value, name)


def _code_verifier(verifier: str | bytes | None, method: str | None) -> str | None:
    if method is None:
        return None
    return PkceUtils.generate_code_verifier() if verifier is None else PkceUtils.check_code_verifier(verifier)


def _redirect_uri(uri: Any) -> str | None:
    if uri is None:
        return None
    text = str(uri)
    if not _URI.fullmatch(text):
        raise InvalidRedirectUri(
            text, "an absolute URI, such as https://app.example/callback, is needed", "redirect_uri"
        )
    if "#" in text:
        raise InvalidRedirectUri(text, "it must not contain a fragment", "redirect_uri")
    return text


def _acr_values(values: Any) -> tuple[str, ...] | None:
    if not isinstance(values, Iterable | None):
        problem = f"a str or an iterable of words was expected, got a {type(values).__name__}"
        raise InvalidAuthorizationRequestParam(name="acr_values", problem=problem)
    found = words(values)
    for word in found or ():
        if len(_text(word, "acr_values").split()) != 1:
            raise InvalidAuthorizationRequestParam(name="acr_values", problem="one of its words contains a space")
    return found


def _max_age(seconds: Any) -> int | None:
    if seconds is None:
        return None
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds < 0:
        problem = f"seconds as an int from 0 on were expected, got {seconds!r}"
        raise InvalidMaxAgeParam(name="max_age", problem=problem)
    return seconds


def _unsendable(value: Any) -> str | None:
    try:
        Form(it=value).encode()
    except (TypeError, ValueError):
        return f"this {type(value).__name__} can be written neither as text nor as JSON"
    return None


def _dpop_key(key: ProofKey | None, alg: str, *, dpop: bool) -> ProofKey | None:
    if key is None and dpop:
        key = importlib.import_module(f"{__package__}.dpop").DPoPKey.generate(alg=alg)  # loads cryptography
    if key is not None and not isinstance(getattr(key, "dpop_jkt", None), str):
        raise InvalidAuthorizationRequestParam(
            name="dpop_key", problem=f"expected a DPoPKey, got a {type(key).__name__}"
        )
    return key


__all__ = [
    "AuthorizationRequest",
    "AuthorizationResponse",
    "BrowserRequest",
    "InvalidAuthorizationRequestParam",
    "InvalidMaxAgeParam",
    "InvalidRedirectUri",
]
