"""Constructors of clients that send something: they run before there is a client, and return one.

    from_discovery_endpoint ──► discovery ──────────────┐
    from_federation ──► federation ─────────────────────┼──► cls(...), its keys fetched
    register ──► discovery ──► registration ────────────┘
    find_issuer ──► webfinger ──► an issuer, for from_discovery_endpoint

Each takes the class of the client. What is found where stands in the modules beside this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..._core.effects import NewClient, Steps
from ..._core.messages import DEFAULT_MAX_RESPONSE_SIZE, DEFAULT_TIMEOUT
from ..._tokens.bearer import BearerToken
from ...retries import DEFAULT_RETRIES, Retries
from ..http.limits import FetchLimits
from ..settings import check_settings
from . import discovery, federation, registration, server_keys, server_metadata, webfinger

if TYPE_CHECKING:
    from ..arguments import ClientAuth, Session


def from_discovery_endpoint(
    cls: Any,
    /,
    url: str | None = None,
    issuer: object = None,
    *,
    auth: ClientAuth | None = None,
    session: Session | None = None,
    testing: bool = False,
    **kwargs: object,
) -> Steps[NewClient]:
    """Make a client from what the AS publishes: its metadata, then its keys.

    The issuer in the metadata must be the one asked for, to the letter, before anything else in them is used.
    With a `url` alone, that is the issuer which a well-known URL belongs to; any other URL is trusted to say
    who it speaks for. Metadata are kept in the process for as long as their HTTP headers allow, but not those
    that came through a `session` of yours.

    Args:
        url: where the metadata are.
        issuer: who the AS is; without `url`, the well-known addresses are tried one after the other.
        auth: how the client authenticates; also taken in the place of `issuer`.
        session: the session to send with, of the client's HTTP library; by default one of its own.
        testing: allow plain http to any host. Secrets then travel unencrypted.
        **kwargs: everything else that the client takes, such as `client_id` and `client_secret`.

    Returns:
        The client. If the metadata have a jwks_uri, it holds the AS's keys.

    Raises:
        InvalidParam: neither url nor issuer, a bad URL, or the metadata are of another issuer; its text has
            what was received and expected.
        InvalidDiscoveryDocument: there are no metadata, they are unreadable, or have no token_endpoint.
        InvalidAuthorizationServerJwks: what is at their jwks_uri is not a JWKS.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: OIDC Discovery section 4, RFC 8414 section 3.
    """
    check_settings(cls, kwargs)
    if not isinstance(issuer, str):  # the founding README's callers pass an auth in second place
        issuer, auth = discovery.told_apart(issuer, auth)
    limits = FetchLimits.of(kwargs, testing=testing)
    cache = discovery.DOCUMENTS if session is None else None
    found, document = yield from discovery.discover(limits, url, issuer, cache=cache, oidc_first=True)
    client = cls.from_discovery_document(document, auth=auth, session=session, testing=testing, **kwargs)
    server_metadata.cache_of(client).read.append(found)
    yield from server_keys.hold(client)
    return client


def from_federation(
    cls: Any,
    /,
    entity_id: Any,
    *,
    trust_anchors: Mapping[str, Any],
    auth: ClientAuth | None = None,
    session: Session | None = None,
    testing: bool = False,
    **kwargs: object,
) -> Steps[NewClient]:
    """Make a client of an OP that a trust anchor vouches for, which it has never been registered at.

    With automatic registration, the client_id is the client's own entity identifier, and the OP wants signed
    requests: `client.authorization_request().sign(key, lifetime=60, iss=True, aud=True, jti=True)`. Serve what
    `entity_configuration` returns, so that the OP can find out who this is. What the federation says is checked
    now and not again: make another client before the statements expire.

    Args:
        entity_id: of the OP: its issuer.
        trust_anchors: whom to trust: entity identifiers, each with its JWKS, which you got in another way.
        auth: how the client authenticates.
        session: the session to send with, of the client's HTTP library; by default one of its own.
        testing: allow plain http to any host. Secrets then travel unencrypted.
        **kwargs: everything else that the client takes, such as `client_id` and `private_key`.

    Returns:
        The client.

    Raises:
        InvalidEntityStatement: or one of its subclasses: what the OP says of itself is refused.
        MissingTrustChain: no trust anchor vouches for it.
        UnsupportedClientRegistrationTypes: it does not register clients automatically.
        InvalidParam: there are no trust anchors, a bad URL, or the metadata are of another issuer.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: OpenID Federation 1.0 sections 10 and 12.1.
    """
    check_settings(cls, kwargs)
    limits = FetchLimits.of(kwargs, testing=testing)
    known = yield from federation.provider_arguments(limits, entity_id, trust_anchors)
    settings = {**known, **kwargs}
    client = cls(settings.pop("token_endpoint"), auth, session=session, testing=testing, **settings)
    yield from server_keys.hold(client)
    return client


def find_issuer(
    cls: Any,  # noqa: ARG001  any client finds the same
    /,
    identifier: Any,
    *,
    host: object = None,
    session: Session | None = None,  # noqa: ARG001  for who runs this
    testing: bool = False,
    timeout: float = DEFAULT_TIMEOUT,
    max_response_size: int = DEFAULT_MAX_RESPONSE_SIZE,
    retries: Retries | None = DEFAULT_RETRIES,
) -> Steps[str]:
    """Find out which OP a user belongs to, from what the user typed; `from_discovery_endpoint` goes on from there.

    The user who types it chooses the host that is asked, and that host names the OP. Where only some OPs may log in
    users, compare the issuer with them; where all users are at one host, name it.

    Args:
        identifier: an e-mail address, a host, an `https:` URL, or an `acct:` URI.
        host: which host to ask, or its origin; by default the one in the identifier.
        session: the session to send with, of the client's HTTP library; by default one of its own.
        testing: allow plain http to any host.
        timeout: seconds for the whole of each answer.
        max_response_size: bytes that an answer may have.
        retries: how often a host that fails is asked again; None for once only.

    Returns:
        The issuer.

    Raises:
        InvalidIdentifier: nothing can be found with this; nothing was sent. An `InvalidParam`.
        UnknownWebFingerResource: the host knows nothing about this user.
        MissingIssuerLink: the host names no OP for this user.
        InvalidWebFingerResponse: the answer is no JRD, or the issuer in it is not an https URL.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: OIDC Discovery section 2, RFC 7033.
    """
    settings = {"timeout": timeout, "max_response_size": max_response_size, "retries": retries}
    return (yield from webfinger.find_issuer(FetchLimits.of(settings, testing=testing), identifier, host=host))


def register(
    cls: Any,
    /,
    metadata: Mapping[str, Any],
    *,
    url: object = None,
    issuer: object = None,
    initial_access_token: str | BearerToken | None = None,
    software_statement: object = None,
    private_key: object = None,
    session: Session | None = None,
    testing: bool = False,
    **kwargs: object,
) -> Steps[NewClient]:
    """Register a client at an AS, and make it.

    Args:
        metadata: what the client says of itself, such as `redirect_uris`, `client_name`, `jwks`, and
            `token_endpoint_auth_method` (RFC 7591 section 2).
        url: where the metadata of the AS are, as for `from_discovery_endpoint`.
        issuer: who the AS is, likewise. With neither, pass its registration_endpoint and token_endpoint.
        initial_access_token: what the AS wants to see first, if it does not let anyone register.
        software_statement: a JWT about the software, signed by a party that the AS trusts.
        private_key: what the client signs with, for `private_key_jwt`.
        session: the session to send with, of the client's HTTP library; by default one of its own.
        testing: allow plain http to any host. Secrets then travel unencrypted.
        **kwargs: everything else that the client takes.

    Returns:
        The client. Its `registration` has what the AS answered: store it, or the client is lost.

    Raises:
        ClientRegistrationError: the AS refused; `InvalidClientMetadata`, `RefusedRedirectUri`, ...
        InvalidClientInformationResponse: the response is invalid.
        MissingEndpointUri: the AS has no registration_endpoint.
        InvalidParam: the AS registered a method that can't be used: the error's `registration` has what it answered;
            and what `from_discovery_endpoint` raises.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: RFC 7591 section 3, OIDC Registration section 3.
    """
    check_settings(cls, kwargs)
    arguments = yield from registration.register(
        FetchLimits.of(kwargs, testing=testing, exception_classes=cls.exception_classes),
        metadata,
        url=url,
        issuer=issuer,
        initial_access_token=initial_access_token,
        software_statement=software_statement,
        private_key=private_key,
        settings=kwargs,
    )
    with registration.carrying(arguments["registration"]):
        return cls(session=session, testing=testing, **arguments)
