"""Asking for an authorization (RFC 6749 section 4.1.1, OIDC Core section 3.1.2.1).

`AuthorizationRequest` is the URL to send the user to, with the values that bind the answer to it: state
(RFC 6749 section 10.12), nonce, code_verifier (RFC 7636), issuer (RFC 9207), DPoP key (RFC 9449). What comes
back is checked in `_authorization/callback`. A value without I/O: knows no client, no token and no HTTP library.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import EllipsisType
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from . import profiles
from ._authorization import params
from ._authorization.callback import (
    AuthorizationResponse,
    MismatchingRedirectUri,
    MismatchingResponseMode,
    callback_state,
    validate_callback,
)
from ._authorization.jarm import (
    ExpiredResponseJwt,
    InvalidResponseJwt,
    MismatchingResponseJwtAudience,
    MissingResponseJwt,
    UncheckableResponseJwt,
    UnsupportedResponseJwtAlg,
)
from ._authorization.params import (
    InvalidAcrValuesParam,
    InvalidAuthorizationRequestParam,
    InvalidMaxAgeParam,
    InvalidPromptParam,
    InvalidRedirectUri,
    ProofKey,
    UnsupportedResponseTypeParam,
)
from ._authorization.request_object import (
    BrowserRequest,
    InvalidPushedAuthorizationRequest,
    MissingRequestObjectSigningKey,
    RequestParameterAuthorizationRequest,
    RequestUriParameterAuthorizationRequest,
    Signable,
    join_query,
)
from ._authorization.values import Spelled, further
from ._core.messages import Form
from ._core.scope import scope_words
from ._core.story import sent
from ._core.urls import InvalidEndpointUri, validate_endpoint_uri
from .exceptions import (
    AccountSelectionRequired,
    AuthorizationDenied,
    AuthorizationResponseError,
    ConsentRequired,
    InteractionRequired,
    InvalidAuthResponse,
    LoginRequired,
    MismatchingIssuer,
    MismatchingState,
    MissingAuthCode,
    MissingIssuer,
    MissingIssuerParam,
    SessionSelectionRequired,
)
from .pkce import InvalidCodeVerifierParam, PkceUtils, UnsupportedCodeChallengeMethod

if TYPE_CHECKING:
    from .authorization_details import AuthorizationDetail


@dataclass(frozen=True, init=False)
class AuthorizationRequest(Signable, Spelled):
    """A request for an authorization: the URL that the user's browser has to visit. Its `str()` is that URL.

    Keep it until the callback comes, in the user's session and nowhere else: it recognises the answer.
    It does not change, equals another one with the same values, and is hashable.

    Args:
        authorization_endpoint: https (http for loopback); a query in it is kept (RFC 6749 section 3.1).
        client_id: who asks.
        redirect_uri: where the response shall go, as registered; sent as it is.
        scope: a str or an iterable of words; None is not sent.
        response_type: `code`, and for those who need them `id_token` or `code id_token`, whose answers the
            client's `authorization_response` checks.
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
        response_mode: how the answer comes: `query`, `fragment`, `form_post`, or as a signed JWT: `jwt`,
            `query.jwt`, `fragment.jwt`, `form_post.jwt` (JARM).
        prompt: `none`, or words out of `login`, `consent`, `select_account`, `create`.
        display: `page`, `popup`, `touch` or `wap`.
        ui_locales: the languages that the user prefers, as BCP 47 tags.
        login_hint: who will probably log in.
        id_token_hint: an ID token of the user who logged in before.
        claims: which claims to give: a mapping, or JSON (OIDC Core section 5.5).
        resource: for which APIs the token shall be: one URI or several (RFC 8707).
        authorization_details: `AuthorizationDetail`s, or mappings with a `type` (RFC 9396).
        profile: `oauth2.1` or `fapi2`: refuse what it forbids. Under `fapi2` this request has no URL: it is pushed.
        testing: allow plain http to any host. What is sent there then travels unencrypted.
        extra: further parameters that are sent even though their names look like misspellings of others.
        **kwargs: further parameters: a bool is sent as true or false, a list as a repeated parameter, a mapping
            as JSON; None is not sent.

    Attributes:
        scope: a tuple of words, or None.
        acr_values: a tuple of words, or None.
        kwargs: the parameters from `response_mode` on; they are attributes too, the named ones None when absent.

    Raises:
        InvalidEndpointUri: plain http, credentials, a fragment, no path, or a parameter that is set here.
        InvalidRedirectUri: empty, with a space or control character, or with a fragment.
        InvalidScopeParam: neither a str nor an iterable of words.
        InvalidCodeVerifierParam: not 43 to 128 of the allowed characters.
        UnsupportedCodeChallengeMethod: neither `S256` nor `plain`.
        InvalidMaxAgeParam: not an int, or negative.
        InvalidAcrValuesParam: neither a str nor an iterable of words.
        MissingIssuerParam: the AS announces `iss`, and there is no issuer to compare it with.
        UnsupportedResponseTypeParam: none whose response could be read.
        UnknownParam: a further parameter is spelled almost like a known one.
        InvalidPromptParam: `none` beside other words.
        InvalidAuthorizationDetails: no list of objects with a type.
        InvalidAuthorizationRequestParam: another parameter is wrong.
        ProfileViolation: the profile forbids this request; it names the clause.

    Source: RFC 6749 section 4.1.1, OIDC Core section 3.1.2.1, RFC 7636, RFC 8707, RFC 9207, RFC 9396.
    """

    pickle_advice = "Use AuthorizationRequestSerializer, or store `as_dict()` where secrets may be stored."
    exception_classes: ClassVar[dict[str, type[AuthorizationResponseError]]] = {
        "interaction_required": InteractionRequired,
        "login_required": LoginRequired,
        "account_selection_required": AccountSelectionRequired,
        "session_selection_required": SessionSelectionRequired,
        "consent_required": ConsentRequired,
        "access_denied": AuthorizationDenied,
    }

    named = frozenset(
        "response_mode prompt display ui_locales login_hint id_token_hint claims resource authorization_details".split()
    )

    authorization_endpoint: str
    client_id: str
    redirect_uri: str | None
    scope: tuple[str, ...] | None
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
    profile: str | None
    testing: bool
    kwargs: Mapping[str, Any] = field(hash=False)

    if TYPE_CHECKING:  # those in `named`, which are kept in `kwargs`
        prompt: str | Iterable[str] | None
        display: str | None
        ui_locales: str | Iterable[str] | None
        login_hint: str | None
        id_token_hint: object
        claims: Mapping[str, Any] | str | None
        resource: str | Iterable[str] | None
        authorization_details: list[AuthorizationDetail] | None

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
        response_mode: str | None = None,
        prompt: str | Iterable[str] | None = None,
        display: str | None = None,
        ui_locales: str | Iterable[str] | None = None,
        login_hint: str | None = None,
        id_token_hint: object = None,
        claims: Mapping[str, Any] | str | None = None,
        resource: str | Iterable[str] | None = None,
        authorization_details: Iterable[Mapping[str, Any]] | Mapping[str, Any] | str | None = None,
        profile: str | None = None,
        testing: bool = False,
        extra: Mapping[str, Any] | None = None,
        **kwargs: object,
    ) -> None:
        words = None if scope is None else tuple(scope_words(scope)) or None
        kwargs = self.accept(kwargs, extra)
        named = {
            "response_mode": response_mode,
            "prompt": prompt,
            "display": display,
            "ui_locales": ui_locales,
            "login_hint": login_hint,
            "id_token_hint": id_token_hint,
            "claims": claims,
            "resource": resource,
            "authorization_details": authorization_details,
        }
        self.__dict__.update(
            authorization_endpoint=validate_endpoint_uri(
                authorization_endpoint, https=not testing, name="authorization_endpoint"
            ),
            client_id=params.text(client_id, "client_id"),
            redirect_uri=params.redirect_uri(redirect_uri),
            scope=words,
            response_type=params.response_type(response_type),
            state=params.generated(state, "state", by_default=True),
            nonce=params.generated(nonce, "nonce", by_default="openid" in (words or ())),
            code_verifier=params.code_verifier(code_verifier, code_challenge_method),
            code_challenge_method=code_challenge_method,
            acr_values=params.acr_values(acr_values),
            max_age=params.max_age(max_age),
            issuer=None if issuer is None else str(issuer),
            authorization_response_iss_parameter_supported=bool(authorization_response_iss_parameter_supported)
            or profiles.announces_issuer(profile),
            dpop=bool(dpop) or dpop_key is not None,
            dpop_alg=dpop_alg,
            dpop_key=params.dpop_key(dpop_key, dpop_alg, dpop=dpop),
            profile=profiles.known(profile),
            testing=bool(testing),
            kwargs=further(params.further_params({**named, **kwargs})),
        )
        self._check()

    __replace__ = Spelled.replace  # dataclass puts its own here, which knows no kwargs

    def _check(self) -> None:
        """Refuse what only shows when all parameters are together."""
        profiles.check(self.profile, "request", self)
        if self.authorization_response_iss_parameter_supported and not self.issuer:
            raise MissingIssuerParam
        if self.nonce is None and "id_token" in self.response_type.split():  # OIDC Core §3.2.2.1, §3.3.2.1
            problem = f"response_type={self.response_type!r} demands one, since the ID token comes through the browser"
            raise InvalidAuthorizationRequestParam(name="nonce", problem=problem)
        for name in sorted(self._own_args().keys() & self.kwargs.keys()):
            raise InvalidAuthorizationRequestParam(name=name, problem="this request sets it itself")
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
            scope=" ".join(self.scope) if self.scope else None,
            code_challenge=self.code_challenge,
            code_challenge_method=self.code_challenge_method,
            acr_values=" ".join(self.acr_values) if self.acr_values else None,
            max_age=self.max_age,
            dpop_jkt=self.dpop_jkt,
        )

    @property
    def args(self) -> Form:
        """The parameters that are sent, as values: `resource` may be a list, `claims` a mapping."""
        return Form(self._own_args(), params.as_sent(self.kwargs))

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
        """The URL to send the user to (RFC 6749 section 3.1).

        Raises:
            ProfileViolation: the profile demands that this request is pushed.
        """
        profiles.check(self.profile, "browser", self)
        return sent(join_query(self.authorization_endpoint, self.args), "authorization request")

    @property
    def request(self) -> BrowserRequest:
        """The request that the browser has to send."""
        return BrowserRequest(self.uri)

    def __str__(self) -> str:
        return self.uri

    @property
    def response_mode(self) -> str | None:
        """How the response comes (OAuth 2.0 Multiple Response Type Encoding section 2.1); None for the default."""
        mode: str | None = self.kwargs.get("response_mode")
        return mode

    def validate_callback(self, response: object, *, jwks: object = None, alg: str = "RS256") -> AuthorizationResponse:
        """Check that a callback answers this request.

        Args:
            response: the full URL, or its query or fragment with or without `?` or `#`, as a str, bytes or any
                object whose `str()` it is; or its parameters as a mapping or as a framework's multi-dict, also
                those of a form_post. Scheme, host and path of a URL are not compared: behind a proxy they may differ.
            jwks: the keys of the AS, where this request asked for a signed answer (JARM). The client's
                `authorization_response` fetches them, and also checks ID tokens and decrypts.
            alg: the only algorithm that a signed answer may have.

        Returns:
            The code, with what is needed to redeem it. `str()` of it is the code. Its `id_token`, where one was
            asked for, is not checked here.

        Raises:
            InvalidAuthResponse: it can't be read.
            RepeatedParameter: a parameter came twice.
            MissingResponseJwt: this request asked for a signed answer, and this one is not.
            UncheckableResponseJwt: it is signed, and the keys or the issuer to check it with are not known here.
            InvalidResponseJwt: its JWT is refused; the subclass says for what.
            MismatchingRedirectUri: under the profile `fapi2`, it came on another address.
            MismatchingResponseMode: under the profile `fapi2`, it came in another mode than was asked for.
            MismatchingState: the state is not the one of this request, or came unasked.
            MissingIssuer: the AS announces `iss`, and none came.
            MismatchingIssuer: another AS answered.
            AuthorizationResponseError: the AS refused; `exception_classes` has the classes for some errors.
            MissingAuthCode: there is neither error nor code.
            InvalidIdToken: this request asked for an ID token, and there is none (`MissingIdToken`), or it is no JWT.

        Source: RFC 6749 sections 4.1.2 and 10.12, RFC 9207 section 2.4, JARM section 2.4.
        """
        return validate_callback(self, response, jwks=jwks, alg=alg)


AnyAuthorizationRequest: TypeAlias = (
    AuthorizationRequest | RequestParameterAuthorizationRequest | RequestUriParameterAuthorizationRequest
)

__all__ = [
    "AuthorizationRequest",
    "AuthorizationResponse",
    "BrowserRequest",
    "ExpiredResponseJwt",
    "InvalidAcrValuesParam",
    "InvalidAuthResponse",
    "InvalidAuthorizationRequestParam",
    "InvalidCodeVerifierParam",
    "InvalidMaxAgeParam",
    "InvalidPromptParam",
    "InvalidPushedAuthorizationRequest",
    "InvalidRedirectUri",
    "InvalidResponseJwt",
    "MismatchingIssuer",
    "MismatchingRedirectUri",
    "MismatchingResponseJwtAudience",
    "MismatchingResponseMode",
    "MismatchingState",
    "MissingAuthCode",
    "MissingIssuer",
    "MissingRequestObjectSigningKey",
    "MissingResponseJwt",
    "RequestParameterAuthorizationRequest",
    "RequestUriParameterAuthorizationRequest",
    "UncheckableResponseJwt",
    "UnsupportedCodeChallengeMethod",
    "UnsupportedResponseJwtAlg",
    "UnsupportedResponseTypeParam",
    "callback_state",
]
