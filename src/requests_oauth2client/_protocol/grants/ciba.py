"""CIBA: the client starts the login, the user says yes on a device of their own (OpenID Connect CIBA Core 1.0).

backchannel authentication endpoint -> auth_req_id (section 7), plain or as a signed request; then the grant
(section 10.1). Reading a ping is in `ping`, waiting between the questions in `polling`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import uuid4

from ... import profiles
from ..._core import issuers
from ..._core.compare import is_same_secret
from ..._core.effects import Now, Steps, inner
from ..._core.messages import Response, is_success, read_json_object
from ..._core.scope import join_scope
from ..._core.times import Expiring, expiry, seconds
from ..._core.values import Received
from ..._oidc.id_token import InvalidIdToken
from ..._tokens.bearer import BearerToken
from ...exceptions import BackChannelAuthenticationError, InvalidBackChannelAuthenticationResponse, InvalidParam
from ..http.call import call_endpoint, raise_oauth_error
from ..oidc import id_token
from .device import polling_interval
from .token_endpoint import token_request

if TYPE_CHECKING:
    from ...dpop import DPoPKey
    from ..hooks import Client

CIBA = "urn:openid:params:grant-type:ciba"  # CIBA Core section 4
AUTH_REQ_ID_CLAIM = "urn:openid:params:jwt:claim:auth_req_id"  # CIBA Core section 10.3.1

DEFAULT_INTERVAL = 20  # seconds; CIBA Core section 7.3 asks for 5 at least, a person needs longer
REQUEST_LIFETIME = 60  # seconds that a signed request is good for
_NOTIFICATION_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,1024}=*")  # CIBA Core section 7.1, RFC 6750 section 2.1


class InvalidBackchannelAuthenticationRequestHintParam(InvalidParam):
    """A request has exactly one hint about who the user is (CIBA Core section 7.1)."""


class InvalidClientNotificationToken(InvalidParam):
    """A client_notification_token can't be sent as a bearer token (CIBA Core section 7.1)."""


class MissingAuthRequestId(InvalidParam):
    """An auth_req_id is needed, and there is none in what was given (CIBA Core section 10.1)."""


class MismatchingIdTokenAuthReqId(InvalidIdToken):
    """The ID token is the answer to another authentication request (CIBA Core section 10.3.1)."""


class BackChannelAuthenticationResponse(Expiring, Received):
    """What the OP gives a client that asks it to authenticate a user (CIBA Core section 7.3).

    Args:
        auth_req_id: what the client asks the token endpoint with.
        expires_at: when it expires: a datetime (naive = local time), or seconds since 1970.
        interval: seconds to wait between two questions.
        expires_in: or in how many seconds from now it expires.
        **kwargs: the other fields of the answer; they are attributes.
    """

    pickle_advice = "Store its `auth_req_id` where secrets may be stored."

    def __init__(
        self,
        /,
        auth_req_id: str,
        expires_at: datetime | float | str | None = None,
        interval: float | str | None = DEFAULT_INTERVAL,
        *,
        expires_in: float | str | None = None,
        **kwargs: object,
    ) -> None:
        self.auth_req_id = auth_req_id
        self.expires_at = expiry(expires_at, expires_in)
        self.interval = polling_interval(DEFAULT_INTERVAL if interval is None else interval)
        self.kwargs = kwargs

    def __repr__(self) -> str:
        until = f" expires_at={self.expires_at.isoformat()}" if self.expires_at else ""
        return f"<BackChannelAuthenticationResponse{until} interval={self.interval}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BackChannelAuthenticationResponse) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash(self.auth_req_id)


def backchannel_authentication_request(
    client: Client,
    /,
    scope: str | Iterable[str] | None = "openid",
    *,
    client_notification_token: str | None = None,
    acr_values: str | Iterable[str] | None = None,
    login_hint_token: object = None,
    id_token_hint: object = None,
    login_hint: str | None = None,
    binding_message: str | None = None,
    user_code: str | None = None,
    requested_expiry: int | None = None,
    private_jwk: object = None,
    alg: str | None = None,
    requests_kwargs: Mapping[str, Any] | None = None,
    **ciba_kwargs: object,
) -> Steps[BackChannelAuthenticationResponse]:
    """Ask the OP to authenticate a user on a device of theirs. Exactly one hint says who it is.

    Args:
        scope: what to ask for; a str or an iterable of words, openid among them.
        client_notification_token: what the OP shows when it pings this client; for the ping mode.
        acr_values: the wanted classes of login, best first; a str or an iterable of words.
        login_hint_token: a token that says who the user is, as agreed with the OP.
        id_token_hint: an ID token that the OP issued for the user.
        login_hint: an e-mail address, a telephone number or the like.
        binding_message: a short text that both devices show, so that the user sees that they belong together.
        user_code: a secret that only the user and the OP know.
        requested_expiry: seconds that the request shall be good for.
        private_jwk: signs the request: a JWK, a `cryptography` key, PEM, or a signer object.
        alg: the JWS algorithm, where the key does not say it.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        **ciba_kwargs: further parameters, such as `resource`.

    Returns:
        The auth_req_id: pass it to `ciba`, or to a `BackChannelAuthenticationPollingJob`.

    Raises:
        InvalidBackchannelAuthenticationRequestHintParam: there is no hint, or more than one.
        InvalidClientNotificationToken: that token can't be sent in a header.
        ProfileViolation: the profile of the client demands a signed request.
        MissingEndpointUri: the client has no backchannel_authentication_endpoint.
        BackChannelAuthenticationError: or another `EndpointError`: the OP refused.
        InvalidBackChannelAuthenticationResponse: the answer is neither an auth_req_id nor an OAuth error.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: CIBA Core section 7.
    """
    profiles.check(client.profile, "CIBA request", private_jwk)
    hints = {"login_hint_token": login_hint_token, "id_token_hint": id_token_hint, "login_hint": login_hint}
    data = {
        "scope": join_scope(scope),
        "client_notification_token": _notification_token(client_notification_token),
        "acr_values": _join_words(acr_values),
        **_one_hint(hints),
        "binding_message": binding_message,
        "user_code": user_code,
        "requested_expiry": requested_expiry,
        **ciba_kwargs,
    }
    if private_jwk is not None:
        data = {"request": (yield from _signed(client, data, private_jwk, alg))}
    elif alg is not None:
        msg = f"alg={alg!r} was passed without private_jwk=, so the request would not be signed. Pass the key."
        raise InvalidParam(msg)
    response = yield from call_endpoint(
        client,
        "backchannel_authentication_endpoint",
        data,
        invalid=InvalidBackChannelAuthenticationResponse,
        requests_kwargs=requests_kwargs,
    )
    is_accepted = is_success(response)
    read = (
        client.parse_backchannel_authentication_response if is_accepted else client.on_backchannel_authentication_error
    )
    started: BackChannelAuthenticationResponse = read(response)
    return started


def _one_hint(hints: Mapping[str, Any]) -> dict[str, str]:
    given = {name: _text(hint) for name, hint in hints.items() if hint is not None and _text(hint)}
    if len(given) != 1:  # CIBA Core section 7.1: one, and only one
        came = " and ".join(given) or "none"
        msg = f"Exactly one of {', '.join(hints)} says who the user is; got {came}."
        raise InvalidBackchannelAuthenticationRequestHintParam(msg)
    return given


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _join_words(values: str | Iterable[str] | None) -> str | None:
    return values if values is None or isinstance(values, str) else " ".join(values)


def _notification_token(token: str | None) -> str | None:
    if token is not None and not (isinstance(token, str) and _NOTIFICATION_TOKEN.fullmatch(token)):
        msg = "A client_notification_token has 1 to 1024 characters of A-Z a-z 0-9 - . _ ~ + /, = at its end."
        msg += " Make one with secrets.token_urlsafe(32)."
        raise InvalidClientNotificationToken(msg)
    return token


def _signed(client: Client, parameters: Mapping[str, Any], private_jwk: Any, alg: str | None) -> Steps[str]:
    """Make the signed request: all parameters go inside, with the claims of CIBA Core section 7.1.1."""
    from ..._jose.jws import sign  # noqa: PLC0415  loads cryptography

    now: Any = yield Now()
    issued_at = int(now.timestamp())
    claims = {
        **{name: value for name, value in parameters.items() if value is not None},
        "iss": client.client_id,
        "aud": issuers.exact(client.issuer) or client.endpoint("backchannel_authentication_endpoint"),
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + REQUEST_LIFETIME,
        "jti": str(uuid4()),
    }
    return sign(claims, profiles.signing_key(client.profile, private_jwk, alg))


def parse(client: Client, response: Response) -> BackChannelAuthenticationResponse:
    """Read a 2xx answer; without an auth_req_id in it, its `error` decides."""
    try:
        answer = read_json_object(response)
    except ValueError as wrong:
        _fail(client, response, f"This is no backchannel authentication response: {wrong}.")
    if not isinstance(answer.get("auth_req_id"), str) or not answer["auth_req_id"]:
        what = "no text" if "auth_req_id" in answer else "missing"
        _fail(client, response, f"This is no backchannel authentication response: its auth_req_id is {what}.")
    if (seconds(answer.get("expires_in")) or 0) <= 0:  # CIBA Core §7.3: required
        _fail(client, response, "This is no backchannel authentication response: it has no expires_in above 0.")
    return BackChannelAuthenticationResponse(**answer)


def fail(client: Client, response: Response) -> NoReturn:
    """Raise what an answer without an auth_req_id means."""
    _fail(client, response, None)


def _fail(client: Client, response: Response, problem: str | None) -> NoReturn:
    raise_oauth_error(
        client,
        response,
        unknown=BackChannelAuthenticationError,
        invalid=InvalidBackChannelAuthenticationResponse,
        expected="a backchannel authentication response",
        problem=problem,
    )


def ciba(
    client: Client,
    /,
    auth_req_id: str | BackChannelAuthenticationResponse,
    *,
    dpop: bool | None = None,
    dpop_key: DPoPKey | None = None,
    requests_kwargs: Mapping[str, Any] | None = None,
    **token_kwargs: object,
) -> Steps[BearerToken]:
    """Ask once whether the user has authenticated. In ping mode, ask when the ping has come.

    Args:
        auth_req_id: the auth_req_id, or the response that `backchannel_authentication_request` returned.
        dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
        dpop_key: the key; implies `dpop`. By default one is generated.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
        **token_kwargs: further form fields.

    Returns:
        The token, once the user said yes.

    Raises:
        MissingAuthRequestId: there is no auth_req_id.
        AuthorizationPending: the user is not done yet: ask again after the interval.
        SlowDown: the same, and the interval must be 5 seconds longer.
        ExpiredToken: the auth_req_id is no longer valid.
        AccessDenied: the user said no.
        InvalidIdToken: the ID token is not acceptable.
        TokenEndpointError: and everything else that `token_request` raises.

    Source: CIBA Core sections 10.1 and 11.
    """
    value = auth_req_id if isinstance(auth_req_id, str) else getattr(auth_req_id, "auth_req_id", None)
    if not isinstance(value, str) or not value:
        msg = f"An auth_req_id is a string or a BackChannelAuthenticationResponse, got a {type(auth_req_id).__name__}."
        raise MissingAuthRequestId(msg)
    data = {"grant_type": CIBA, "auth_req_id": value, **token_kwargs}
    token = yield from inner(client, token_request, data, dpop=dpop, dpop_key=dpop_key, requests_kwargs=requests_kwargs)
    token = yield from id_token.check(client, token, None, requests_kwargs=requests_kwargs)
    _check_auth_req_id(token, value)
    return token


def _check_auth_req_id(token: BearerToken, expected: str) -> None:
    """Compare the auth_req_id that an ID token may name (CIBA Core section 10.3.1: it must in push mode)."""
    received = _claim(token, AUTH_REQ_ID_CLAIM)
    if received is None:
        return
    if not is_same_secret(str(received), expected):
        msg = "The ID token names another auth_req_id than the one that was asked with. Drop it and start again."
        raise MismatchingIdTokenAuthReqId(msg, token.id_token)


def _claim(token: BearerToken, claim: str) -> Any:
    readable = token.id_token is not None and not token.id_token.is_encrypted
    return token.id_token.claims.get(claim) if readable and token.id_token else None
