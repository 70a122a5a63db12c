"""The two ends of an authorization at the client: the request with the client's settings, and its answer.

    authorization_request(client)                  no I/O: an AuthorizationRequest that knows whom it asks
    authorization_url(client, request)             where to send the browser: signed and pushed as configured
    authorization_response(client, request, ...)   the callback, checked whole: what is signed in it (JARM, ID
                                                   tokens of the hybrid flow) with the keys of the AS, fetched as needed

Sending the browser there, and catching where it comes back, is the application's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import EllipsisType
from typing import TYPE_CHECKING, Any

from ... import profiles
from ..._authorization import jarm
from ..._authorization.callback import AuthorizationResponse, check_address, parse_callback, validate_parameters
from ..._authorization.params import InvalidAuthorizationRequestParam
from ..._authorization.request_object import (
    MissingRequestObjectSigningKey,
    ReferringAuthorizationRequest,
    RequestParameterAuthorizationRequest,
    RequestUriParameterAuthorizationRequest,
)
from ..._authorization.values import SentRequest
from ..._core import issuers
from ..._core.effects import Steps, inner
from ..._core.story import Clause, place, reported
from ...authorization_request import AnyAuthorizationRequest, AuthorizationRequest
from ...dpop import DPoPKey
from ...exceptions import InvalidParam, MismatchingIssuer, MissingIssuer
from ..http import dpop_nonce
from ..metadata import server_keys
from ..oidc import id_token
from ..settings import stated_list
from . import par

if TYPE_CHECKING:
    from ..._jose.keys import SigningKey
    from ..hooks import Client

SIGNED_RESPONSE = Clause("signed response", "JARM 2.4")


def authorization_request(
    client: Client,
    /,
    *,
    scope: str | Iterable[str] | None = "openid",
    response_type: str = "code",
    redirect_uri: str | None = None,
    state: str | bool | EllipsisType | None = ...,
    nonce: str | bool | EllipsisType | None = ...,
    code_verifier: str | bytes | None = None,
    dpop: bool | None = None,
    dpop_key: DPoPKey | None = None,
    dpop_alg: str | None = None,
    **kwargs: Any,
) -> AuthorizationRequest:
    """Make an authorization request of this client. Nothing is sent: that is for the user's browser.

    Args:
        scope: what to ask for; a str or an iterable of words.
        response_type: what shall come back.
        redirect_uri: where; by default that of the client.
        state: a str; None: none is sent; by default one is generated.
        nonce: a str; None: none is sent; by default one is generated if the scope has the word openid.
        code_verifier: for PKCE; by default one is generated.
        dpop: bind the code to a key; by default, if this client has `dpop_bound_access_tokens`.
        dpop_key: the key; by default one is generated.
        dpop_alg: the algorithm of the key; by default that of the client.
        **kwargs: everything else that `AuthorizationRequest` takes, such as `prompt` or `resource`.

    Returns:
        The request; it carries the client's issuer, so that its answer is compared with it.

    Raises:
        MissingEndpointUri: the client has no authorization_endpoint.
        ProfileViolation: the profile of the client forbids this request.
        InvalidParam: an argument is not acceptable; its class says which.

    Source: RFC 6749 section 4.1.1.
    """
    client.note_scope(scope)
    client.endpoint("authorization_endpoint")  # first: a client that reads its metadata now knows the rest too
    key = dpop_nonce.key_for(client, dpop=dpop, dpop_key=dpop_key, alg=dpop_alg)
    known = {
        "code_challenge_method": client.code_challenge_method,
        "issuer": client.issuer,
        "authorization_response_iss_parameter_supported": client.authorization_response_iss_parameter_supported
        and client.issuer is not None,  # then authorization_response() compares it
        "testing": client.testing,
    }
    profile = {} if client.profile is None else {"profile": client.profile}
    request = AuthorizationRequest(
        client.endpoint("authorization_endpoint"),
        client.client_id,
        redirect_uri or client.redirect_uri,
        scope,
        response_type,
        state,
        nonce,
        code_verifier,
        dpop=key is not None,
        dpop_alg=dpop_alg or client.dpop_alg,
        dpop_key=key,
        **{**known, **kwargs, **profile},
    )
    profiles.check(client.profile, "own request", client, request)
    return request


def authorization_url(
    client: Client,
    /,
    azr: AnyAuthorizationRequest,
    *,
    push: bool | None = None,
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[str]:
    """Return where to send the browser with an authorization request: signed and pushed, as configured.

    It is signed if the client has a `request_object_signing_key`, or if the AS, or the registration of the client,
    demands signed requests (then with the key of `private_key_jwt`, where there is no other). A signed request carries
    iss, aud, iat, nbf, exp (in 5 minutes) and jti. It is pushed if `push` or the setting of that name says so, and by
    default if the AS or the registration demands it, or under the profile `fapi2`.

    Keep `azr`: it validates the callback.

    Args:
        azr: what `authorization_request` returned. One that is signed already is not signed again, and one that is
            pushed already is returned as it is.
        push: whether to push it; by default, what the client is set to.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).

    Returns:
        The URL.

    Raises:
        MissingRequestObjectSigningKey: it has to be signed, and there is no key for that. Nothing was sent.
        InvalidAuthorizationRequestParam: another client made the request; or it has to be signed and the issuer of
            the AS is not known.
        InvalidParam: this is no authorization request.
        MissingEndpointUri: it has to be pushed, and the client has no pushed_authorization_request_endpoint.
        ProfileViolation: the profile of the client forbids this request.
        EndpointError: and everything else that `pushed_authorization_request` raises.

    Source: RFC 9101 sections 5 and 10.5, RFC 9126 sections 4 to 6.
    """
    _check_belongs(client, azr)
    if isinstance(azr, RequestUriParameterAuthorizationRequest):
        return azr.uri
    client.note_scope(getattr(azr, "scope", None))
    yield from client.find_endpoint("authorization_endpoint")
    if isinstance(azr, AuthorizationRequest):
        if client.profile is not None and azr.profile != client.profile:
            azr = azr.replace(profile=client.profile)
        if client.request_object_signing_key is not None or _demands(client, "require_signed_request_object"):
            azr = _signed(client, azr)
    if _is_pushed(client, push):
        azr = yield from inner(client, par.pushed_authorization_request, azr, requests_kwargs=requests_kwargs)
    return azr.uri


def _demands(client: Client, name: str) -> bool:
    """Tell whether the AS demands something of all clients, or of this one (RFC 9101 section 10.5, RFC 9126 5)."""
    said = (
        client.authorization_server_metadata.get(name),
        client.registration and client.registration.metadata.get(name),
    )
    return any(one is True or str(one).lower() == "true" for one in said)


def _is_pushed(client: Client, push: bool | None) -> bool:
    for said in (push, client.push):
        if said is not None:
            return bool(said)
    return client.profile == "fapi2" or _demands(client, "require_pushed_authorization_requests")


def _signed(client: Client, request: AuthorizationRequest) -> RequestParameterAuthorizationRequest:
    """Sign a request: to the AS, by this client, for a short time and once."""
    told = (request.issuer, client.issuer, client.authorization_server_metadata.get("issuer"))
    aud = next((one for one in told if issuers.is_exact(one)), True)  # True: its error says what to do
    return request.sign(
        _signing_key(client), lifetime=profiles.REQUEST_OBJECT_LIFETIME, iss=True, aud=aud, nbf=True, jti=True
    )


def _signing_key(client: Client) -> SigningKey:
    """Return the key for request objects, with an algorithm that the AS lists where the key leaves the choice."""
    key, kid = client.request_object_signing_key, None
    if key is None:
        if getattr(client.auth, "method", None) != profiles.KEY_METHOD:
            raise MissingRequestObjectSigningKey
        key, kid = client.auth.private_jwk, client.auth.kid
        usual = client.auth.key
    else:
        usual = profiles.signing_key(client.profile, key, symmetric=True)
    registered = client.registration and client.registration.metadata.get("request_object_signing_alg")
    listed = stated_list(client.authorization_server_metadata, "request_object_signing_alg_values_supported")
    return profiles.key_with_alg(client.profile, key, kid=kid, usual=usual, algs=[registered] if registered else listed)


def authorization_response(
    client: Client,
    /,
    request: AnyAuthorizationRequest,
    response: object,
    *,
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[AuthorizationResponse]:
    """Check that a callback answers a request, with all that is signed in it: the answer itself, or an ID token.

    For a plain code, this is what `validate_callback` of the request does. Algorithms are pinned by the client's
    registration: `authorization_signed_response_alg` (default RS256), `authorization_encrypted_response_alg` and
    `authorization_encrypted_response_enc` for signed answers (JARM), `id_token_signed_response_alg` for ID tokens.

    Args:
        request: the request that the browser was sent with, or the one it was made of.
        response: the callback: a full URL, its query or fragment, or its parameters as a mapping.
        requests_kwargs: further arguments for the HTTP library, when keys have to be fetched.

    Returns:
        The code, with what is needed to redeem it; its `id_token`, where one was asked for, is checked.

    Raises:
        InvalidAuthResponse: or one of its subclasses, each for one rule: this is no answer to the request.
        InvalidAuthorizationRequestParam: another client made this request.
        AuthorizationResponseError: the AS refused.
        InvalidIdToken: or one of its subclasses: the ID token is not acceptable.
        MissingEndpointUri: keys are needed, and the client has neither `authorization_server_jwks` nor `jwks_uri`.
        TransportError: and everything else that fetching the keys raises.

    Source: RFC 6749 section 4.1.2, JARM section 2.4, OIDC Core sections 3.2.2.11 and 3.3.2.12.
    """
    asked = request.original if isinstance(request, ReferringAuthorizationRequest) else request
    _check_belongs(client, asked)
    params = parse_callback(response, request=asked)
    if client.compare_callback_address or client.profile == "fapi2":
        check_address(asked, params, response)
    if jarm.is_asked_for(asked):
        params = yield from _open_response_jwt(client, asked, params, response, requests_kwargs)
    answer = validate_parameters(asked, params, response, further_issuers=client.further_issuers)
    if asked.issuer is None:
        answer = _with_issuer(client, asked, answer, params, response)
    if answer.id_token is None:
        return answer
    access_token = params.get("access_token") if "token" in asked.response_type.split() else None
    checked = yield from id_token.check_front_channel(
        client, answer.id_token, answer, access_token=access_token, requests_kwargs=requests_kwargs
    )
    return answer.replace(id_token=checked)


def _check_belongs(client: Client, request: Any) -> None:
    """Refuse a request that another client made, or that went to another AS: its response would go to the wrong one."""
    if not isinstance(request, AuthorizationRequest | ReferringAuthorizationRequest):
        msg = f"A {type(request).__name__} is no authorization request. Pass what authorization_request() returned."
        raise InvalidParam(msg)
    if request.client_id != client.client_id:
        msg = f"This is a request of client {request.client_id!r}, and {client.client_id!r} would check its response."
        raise InvalidAuthorizationRequestParam(name="client_id", problem=msg.rstrip("."))
    asked = getattr(request, "authorization_request", None) or request
    issuer = getattr(asked, "issuer", None)  # a signed request that was made by hand has none
    issuers.check_same_server(issuer, client.issuer_rule, further=client.further_issuers, request=request)


def _with_issuer(
    client: Client, request: SentRequest, answer: AuthorizationResponse, params: Mapping[str, str], response: Any
) -> AuthorizationResponse:
    """Compare the `iss` of a callback with a rule that is a function, which the request can't keep."""
    iss, rule = params.get("iss"), client.issuer_rule
    if rule is None or not callable(rule):
        return answer
    if iss is None and client.authorization_response_iss_parameter_supported:
        msg = "The callback has no iss, which this AS announces. Drop it and start again."
        raise MissingIssuer(msg, request=request, response=response)
    if iss is None:
        return answer
    if not issuers.is_one_of(rule, iss, further=client.further_issuers):
        raise MismatchingIssuer(iss, issuers.describe(rule), request, response)
    return answer.replace(issuer=iss)


def _open_response_jwt(
    client: Client,
    request: SentRequest,
    params: dict[str, str],
    response: Any,
    requests_kwargs: Mapping[str, Any] | None,
) -> Steps[dict[str, str]]:
    """Return the parameters in the JWT of a callback, once its signature is that of a key of the AS."""
    registration = _registration(client)
    token = jarm.response_jwt(request, params, response)
    parsed = jarm.read(request, token, registration, response)
    with reported(SIGNED_RESPONSE, place()), jarm.translated(request, response):
        verified = yield from server_keys.verify_jws(
            client,
            parsed,
            algs=registration.signed_algs,
            secret=registration.client_secret,
            requests_kwargs=requests_kwargs,
        )
        return jarm.parameters(verified)


def _registration(client: Client) -> jarm.Registration:
    """Read what the client is registered for (JARM section 3)."""
    return jarm.Registration(
        signed_alg=client.authorization_signed_response_alg or jarm.DEFAULT_ALG,
        encrypted_alg=client.authorization_encrypted_response_alg,
        encrypted_enc=client.authorization_encrypted_response_enc,
        decryption_key=client.id_token_decryption_key,
        client_secret=client.client_secret,
    )
