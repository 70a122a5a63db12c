"""The sync face of the client: `OAuth2Client`, on `requests`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, Self

import requests

from . import _requests
from ._protocol import (
    assertion,
    authorization,
    ciba,
    claim_sources,
    device,
    discovery,
    introspection,
    keys,
    logout,
    par,
    registration,
    revocation,
    token_endpoint,
    token_exchange,
    userinfo,
)
from ._protocol.assertion import InvalidSamlAssertion
from ._protocol.claim_sources import (
    ClaimSource,
    InvalidClaimSource,
    SourcedClaims,
    aggregated_claims,
    read_claim_sources,
)
from ._protocol.client import Client
from ._protocol.introspection import InvalidIntrospectionResponse
from ._protocol.token_endpoint import MissingRefreshToken
from ._protocol.token_exchange import (
    NotAnAccessToken,
    SecurityToken,
    UnknownActorTokenType,
    UnknownRequestedTokenType,
    UnknownSubjectTokenType,
    UnknownTokenType,
)
from ._protocol.userinfo import MismatchingUserInfoSubject
from ._requests import DeadlineAdapter, SyncFace
from ._steps import blocking
from .tokens import BearerToken


class _Visitor(SyncFace):
    """Runs rules while there is no client."""

    def __init__(self, session: requests.Session) -> None:
        self.session = session


class OAuth2Client(SyncFace, Client):
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
        testing: allow plain http to any host. Secrets then travel unencrypted.
        **extra_metadata: anything else worth keeping with the client.

    Raises:
        UnsupportedClientCredentials: the credentials are missing or contradict each other.
        InvalidEndpointUri: an address is not acceptable.
        InvalidIssuer: the issuer is not acceptable.
    """

    @property
    def session(self) -> requests.Session:  # type: ignore[override]
        """The session that requests to the AS are sent with."""
        if self._given_session is None:
            self._given_session, self._owns_session = _requests.new_session(), True
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
        cache = discovery.DOCUMENTS if session is None else None
        asking = discovery.discover(discovery.asker_of(kwargs, testing=testing), url, issuer, cache=cache)
        with _requests.new_session() if session is None else nullcontext(session) as visiting:
            document = _Visitor(visiting)._drive(asking)  # noqa: SLF001  the two halves of one face
        client = cls.from_discovery_document(document, auth=auth, session=session, testing=testing, **kwargs)
        return client.__enter__()

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
        with _requests.new_session() if session is None else nullcontext(session) as visiting:
            arguments = _Visitor(visiting)._drive(registering)  # noqa: SLF001  the two halves of one face
        return cls(session=session, testing=testing, **arguments)

    def close(self) -> None:
        """Close the session that the client made; one that was given stays open."""
        if self._owns_session:
            self.session.close()
            self._given_session, self._owns_session = None, False

    def __enter__(self) -> Self:
        try:
            self._drive(keys.hold(self))
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
    saml2_bearer = blocking(assertion.saml2_bearer)
    resource_owner_password = blocking(token_endpoint.resource_owner_password)
    token_exchange = blocking(token_exchange.token_exchange)
    authorization_response = blocking(authorization.authorization_response)
    pushed_authorization_request = blocking(par.pushed_authorization_request)
    authorize_device = blocking(device.authorize_device)
    backchannel_authentication_request = blocking(ciba.backchannel_authentication_request)
    ciba = blocking(ciba.ciba)
    introspect_token = blocking(introspection.introspect_token)
    revoke_token = blocking(revocation.revoke_token)
    revoke_access_token = blocking(revocation.revoke_access_token)
    revoke_refresh_token = blocking(revocation.revoke_refresh_token)
    userinfo = blocking(userinfo.userinfo)
    update_authorization_server_public_keys = blocking(keys.update_authorization_server_public_keys)
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
