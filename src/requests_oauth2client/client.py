"""The sync client of the client: `OAuth2Client`, on `requests`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, Self

import requests

from ._core.effects import blocking
from ._core.messages import DEFAULT_MAX_RESPONSE_SIZE, DEFAULT_TIMEOUT
from ._drivers.requests import DeadlineAdapter, SyncRunner, new_session
from ._protocol.authorization import authorization_endpoint, par
from ._protocol.client import Client
from ._protocol.grants import ciba, device, saml2, token_endpoint, token_exchange
from ._protocol.grants.saml2 import InvalidSamlAssertion
from ._protocol.grants.token_endpoint import MissingRefreshToken
from ._protocol.grants.token_exchange import (
    NotAnAccessToken,
    SecurityToken,
    UnknownActorTokenType,
    UnknownRequestedTokenType,
    UnknownSubjectTokenType,
    UnknownTokenType,
)
from ._protocol.metadata import discovery, federation, registration, server_keys, webfinger
from ._protocol.oidc import claim_sources, logout, userinfo
from ._protocol.oidc.claim_sources import (
    ClaimSource,
    InvalidClaimSource,
    SourcedClaims,
    aggregated_claims,
    read_claim_sources,
)
from ._protocol.oidc.userinfo import MismatchingUserInfoSubject
from ._protocol.settings import check_settings
from ._protocol.tokens import introspection, revocation
from ._protocol.tokens.introspection import InvalidIntrospectionResponse
from ._tokens.bearer import BearerToken
from .retries import DEFAULT_RETRIES, Retries


class _Fetcher(SyncRunner):
    """Runs rules while there is no client."""

    def __init__(self, session: requests.Session) -> None:
        self.session = session


class OAuth2Client(SyncRunner, Client):
    """A client of one authorization server: it gets, renews, revokes and checks tokens.

    Args:
        token_endpoint: the address of the token endpoint. This and all other addresses of the AS must be https,
            except on loopback.
        auth: how the client authenticates: a method such as `ClientSecretBasic`, a `requests` auth handler,
            `(client_id, client_secret)`, `(client_id, private_key)`, or the client_id of a public client.
        client_id: instead of `auth`, with `client_secret` or `private_key`, or alone for a public client.
        client_secret: the client secret, sent as `client_secret_post`.
        private_key: the key for `private_key_jwt`: a JWK, PEM, or a `cryptography` key.
        revocation_endpoint: where tokens are revoked (RFC 7009).
        introspection_endpoint: where tokens are asked about (RFC 7662).
        userinfo_endpoint: where the OP tells about the user (OIDC Core section 5.3).
        authorization_endpoint: where users are sent to (RFC 6749 section 3.1).
        redirect_uri: where they come back to.
        backchannel_authentication_endpoint: for CIBA.
        device_authorization_endpoint: for devices (RFC 8628).
        pushed_authorization_request_endpoint: for PAR (RFC 9126).
        end_session_endpoint: where users are sent to log out (OIDC RP-Initiated Logout).
        registration_endpoint: where clients are registered (RFC 7591).
        mtls_endpoint_aliases: where clients with a certificate find the endpoints (RFC 8705 section 5).
        authorization_server_metadata: all that the AS says about itself.
        jwks_uri: where the AS publishes its keys; they are fetched when they are first needed, and again when they
            are no longer fresh or a token names one that is unknown.
        authorization_server_jwks: those keys, where they are known already.
        issuer: who the AS is (RFC 8414 section 2). With it, or with keys, every ID token is checked; without both,
            they are handed back unchecked, and the log says so.
        id_token_signed_response_alg: the only JWS alg that ID tokens may have.
        id_token_encrypted_response_alg: the JWE alg of ID tokens; None when they are not encrypted.
        id_token_encrypted_response_enc: their JWE enc; by default A128CBC-HS256.
        id_token_decryption_key: the key to decrypt them with; a private key, or a JWKS of them.
        id_token_iat_max_age: seconds for which an ID token is taken after it was issued, also if it expires later;
            None leaves that to the AS.
        id_token_s_hash_required: refuse ID tokens that come through the browser without the `s_hash` of the state, as
            FAPI 1.0 Advanced demands (part 2, section 5.2.2.1).
        allow_unknown_issuer: take ID tokens of any issuer, where none is known, if a known key has signed them.
            Whoever else signs with these keys can then log in anybody.
        userinfo_signed_response_alg: the only JWS alg that userinfo answers may have; None when they are not signed.
            With userinfo_encrypted_response_alg and userinfo_encrypted_response_enc they are encrypted too.
        introspection_signed_response_alg: the only JWS alg that introspection answers may have (RFC 9701), likewise.
        authorization_signed_response_alg: the only JWS alg that authorization responses may have where a request
            asks for signed ones (JARM), likewise; by default RS256.
        client_certificate: for mutual TLS (RFC 8705): a PEM file with certificate and key, or one file for each. Then
            the mtls_endpoint_aliases of the AS are used, and tokens are bound to it if the client is registered so.
        code_challenge_method: for PKCE; None switches it off.
        authorization_response_iss_parameter_supported: whether the AS names itself in its answers (RFC 9207).
        token_class: what a token response becomes.
        session: the `requests.Session` to send with; by default one of its own.
        default_auth_handler: the method for an id and a secret.
        dpop_bound_access_tokens: bind all tokens to keys (RFC 9449), unless a call says dpop=False.
        dpop_key_generator: makes a key for an algorithm where none is given.
        dpop_alg: that algorithm.
        timeout: seconds for the whole of each answer.
        max_response_size: bytes that an answer may have.
        retries: how requests that are safe to repeat are made again when the AS is ill; None for no retries.
        profile: `oauth2.1` or `fapi2`: switch on all that it demands, and refuse what it forbids. Settings that are
            not given get its values.
        testing: allow plain http to any host. Secrets then travel unencrypted.
        extra: anything else worth keeping with the client, as `extra_metadata`.
        **extra_metadata: the same, for names that are not close to that of an argument.

    Raises:
        UnknownParam: a name is close to that of an argument, and so probably misspelled.
        MissingIssuerParam: the AS names itself in its responses, and there is no issuer to compare with.
        MissingIdTokenEncryptedResponseAlgParam: there is a decryption key, and no response is encrypted.
        UnsupportedClientCredentials: the credentials are missing or contradict each other.
        InvalidEndpointUri: an address is not acceptable.
        InvalidIssuer: the issuer is not acceptable.
        ProfileViolation: what is given contradicts the profile; it names the clause.
    """

    @property
    def session(self) -> requests.Session:  # type: ignore[override]
        """The session that requests to the AS are sent with."""
        if self._given_session is None or self._is_inherited():
            return self._own(new_session())
        session: requests.Session = self._given_session
        return session

    @classmethod
    def from_discovery_endpoint(
        cls,
        url: Any = None,
        issuer: Any = None,
        *,
        auth: Any = None,
        session: requests.Session | None = None,
        testing: bool = False,
        **kwargs: Any,
    ) -> Self:
        """Make a client from what the AS publishes: its metadata, then its keys.

        The issuer in the metadata must be the one asked for, to the letter, before anything else in them is used.
        With a `url` alone, that is the issuer which a well-known URL belongs to; any other URL is trusted to say
        who it speaks for. Metadata are kept in the process for as long as their HTTP headers allow, but not those
        that came through a `session` of yours.

        Args:
            url: where the metadata are.
            issuer: who the AS is; without `url`, the well-known addresses are tried one after the other.
            auth: how the client authenticates.
            session: the `requests.Session` to send with; by default one of its own.
            testing: allow plain http to any host. Secrets then travel unencrypted.
            **kwargs: everything else that the client takes, such as `client_id` and `client_secret`.

        Returns:
            The client. If the metadata have a jwks_uri, it holds the AS's keys.

        Raises:
            InvalidParam: neither url nor issuer, a bad URL, or the metadata are of another issuer; its text has
                what was received and expected.
            InvalidDiscoveryDocument: there are no metadata, they are unreadable, or have no token_endpoint.
            InvalidAuthorizationServerJwks: what is at their jwks_uri is no JWKS.
            TransportError: no whole answer came; also an exception of the HTTP library.

        Source: OIDC Discovery section 4, RFC 8414 section 3.
        """
        check_settings(cls, kwargs)
        cache = discovery.DOCUMENTS if session is None else None
        asking = discovery.discover(discovery.asker_of(kwargs, testing=testing), url, issuer, cache=cache)
        with new_session() if session is None else nullcontext(session) as fetching_session:
            document = _Fetcher(fetching_session)._drive(asking)  # noqa: SLF001
        client = cls.from_discovery_document(document, auth=auth, session=session, testing=testing, **kwargs)
        return client.__enter__()

    @classmethod
    def from_federation(
        cls,
        entity_id: Any,
        *,
        trust_anchors: Mapping[str, Any],
        auth: Any = None,
        session: requests.Session | None = None,
        testing: bool = False,
        **kwargs: Any,
    ) -> Self:
        """Make a client of an OP that a trust anchor vouches for, which it has never been registered at.

        With automatic registration, the client_id is the client's own entity identifier, and the OP wants signed
        requests: `client.authorization_request().sign(key, lifetime=60, iss=True, aud=True, jti=True)`. Serve what
        `entity_configuration` returns, so that the OP can find out who this is. What the federation says is judged
        now and not again: make another client before the statements expire.

        Args:
            entity_id: of the OP: its issuer.
            trust_anchors: whom to trust: entity identifiers, each with its JWKS, which you got in another way.
            auth: how the client authenticates.
            session: the `requests.Session` to send with; by default one of its own.
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
        asking = federation.provider_arguments(discovery.asker_of(kwargs, testing=testing), entity_id, trust_anchors)
        with new_session() if session is None else nullcontext(session) as fetching_session:
            known = _Fetcher(fetching_session)._drive(asking)  # noqa: SLF001
        settings = {**known, **kwargs}
        client = cls(settings.pop("token_endpoint"), auth, session=session, testing=testing, **settings)
        return client.__enter__()

    @classmethod
    def find_issuer(
        cls,
        identifier: Any,
        *,
        host: Any = None,
        session: requests.Session | None = None,
        testing: bool = False,
        timeout: float = DEFAULT_TIMEOUT,
        max_response_size: int = DEFAULT_MAX_RESPONSE_SIZE,
        retries: Retries | None = DEFAULT_RETRIES,
    ) -> str:
        """Find out which OP a user belongs to, from what the user typed; `from_discovery_endpoint` goes on from there.

        Whoever types it chooses the host that is asked, and that host names the OP. Where only some OPs may log in
        users, compare the issuer with them; where all users are at one host, name it.

        Args:
            identifier: an e-mail address, a host, an `https:` URL, or an `acct:` URI.
            host: which host to ask, or its origin; by default the one in the identifier.
            session: the `requests.Session` to send with; by default one of its own.
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
            InvalidWebFingerResponse: the answer is no JRD, or the issuer in it is no https URL.
            TransportError: no whole answer came; also an exception of the HTTP library.

        Source: OIDC Discovery section 2, RFC 7033.
        """
        limits = {"timeout": timeout, "max_response_size": max_response_size, "retries": retries}
        asker = discovery.asker_of(limits, testing=testing)
        finding = webfinger.find_issuer(asker, identifier, host=host)
        with new_session() if session is None else nullcontext(session) as fetching_session:
            return _Fetcher(fetching_session)._drive(finding)  # noqa: SLF001

    @classmethod
    def register(
        cls,
        metadata: Mapping[str, Any],
        *,
        url: Any = None,
        issuer: Any = None,
        initial_access_token: str | BearerToken | None = None,
        software_statement: Any = None,
        private_key: Any = None,
        session: requests.Session | None = None,
        testing: bool = False,
        **kwargs: Any,
    ) -> Self:
        """Register a client at an AS, and make it.

        Args:
            metadata: what the client says of itself, such as `redirect_uris`, `client_name`, `jwks`, and
                `token_endpoint_auth_method` (RFC 7591 section 2).
            url: where the metadata of the AS are, as for `from_discovery_endpoint`.
            issuer: who the AS is, likewise. With neither, pass its registration_endpoint and token_endpoint.
            initial_access_token: what the AS wants to see first, if it does not let everybody register.
            software_statement: a JWT about the software that somebody signed whom the AS believes.
            private_key: what the client signs with, for `private_key_jwt`.
            session: the `requests.Session` to send with; by default one of its own.
            testing: allow plain http to any host. Secrets then travel unencrypted.
            **kwargs: everything else that the client takes.

        Returns:
            The client. Its `registration` has what the AS answered: store it, or the client is lost.

        Raises:
            ClientRegistrationError: the AS refused; `InvalidClientMetadata`, `RefusedRedirectUri`, ...
            InvalidClientInformationResponse: the answer is none.
            MissingEndpointUri: the AS has no registration_endpoint.
            InvalidParam: the AS registered a method that can't be used; and what `from_discovery_endpoint` raises.
            TransportError: no whole answer came; also an exception of the HTTP library.

        Source: RFC 7591 section 3, OIDC Registration section 3.
        """
        check_settings(cls, kwargs)
        registering = registration.register(
            cls.exception_classes,
            metadata,
            url=url,
            issuer=issuer,
            initial_access_token=initial_access_token,
            software_statement=software_statement,
            private_key=private_key,
            testing=testing,
            settings=kwargs,
        )
        with new_session() if session is None else nullcontext(session) as fetching_session:
            arguments = _Fetcher(fetching_session)._drive(registering)  # noqa: SLF001
        return cls(session=session, testing=testing, **arguments)

    def close(self) -> None:
        """Close the session that the client made; one that was given stays open."""
        if self._owns_session:
            self.session.close()
            self._given_session, self._owns_session = None, False

    def __enter__(self) -> Self:
        try:
            self._drive(server_keys.hold(self))
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    token_request = blocking(token_endpoint.token_request)
    client_credentials = blocking(token_endpoint.client_credentials)
    authorization_code = blocking(token_endpoint.authorization_code)
    authorization_code_pkce = blocking(token_endpoint.authorization_code_pkce)
    refresh_token = blocking(token_endpoint.refresh_token)
    device_code = blocking(token_endpoint.device_code)
    jwt_bearer = blocking(token_endpoint.jwt_bearer)
    saml2_bearer = blocking(saml2.saml2_bearer)
    resource_owner_password = blocking(token_endpoint.resource_owner_password)
    token_exchange = blocking(token_exchange.token_exchange)
    authorization_response = blocking(authorization_endpoint.authorization_response)
    pushed_authorization_request = blocking(par.pushed_authorization_request)
    authorize_device = blocking(device.authorize_device)
    backchannel_authentication_request = blocking(ciba.backchannel_authentication_request)
    ciba = blocking(ciba.ciba)
    introspect_token = blocking(introspection.introspect_token)
    revoke_token = blocking(revocation.revoke_token)
    revoke_access_token = blocking(revocation.revoke_access_token)
    revoke_refresh_token = blocking(revocation.revoke_refresh_token)
    userinfo = blocking(userinfo.userinfo)
    update_authorization_server_public_keys = blocking(server_keys.update_authorization_server_public_keys)
    distributed_claims = blocking(claim_sources.distributed_claims)
    logout_token = blocking(logout.logout_token)
    read_registration = blocking(registration.read_registration)
    update_registration = blocking(registration.update_registration)
    delete_registration = blocking(registration.delete_registration)


__all__ = [
    "ClaimSource",
    "DeadlineAdapter",
    "InvalidClaimSource",
    "InvalidIntrospectionResponse",
    "InvalidSamlAssertion",
    "MismatchingUserInfoSubject",
    "MissingRefreshToken",
    "NotAnAccessToken",
    "OAuth2Client",
    "SecurityToken",
    "SourcedClaims",
    "UnknownActorTokenType",
    "UnknownRequestedTokenType",
    "UnknownSubjectTokenType",
    "UnknownTokenType",
    "aggregated_claims",
    "read_claim_sources",
]
