"""The sync client of the client: `OAuth2Client`, on `requests`."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Self, TypeVar

import requests

from ._core.effects import Steps, blocking, blocking_class_method, blocking_constructor
from ._core.late import late_names, operations
from ._drivers.deadlines import DeadlineAdapter
from ._drivers.requests import SyncRunner, new_session
from ._protocol.client import Client
from ._protocol.grants import token_endpoint
from ._protocol.grants.token_endpoint import MissingRefreshToken

if TYPE_CHECKING:
    from ._protocol.authorization import authorization_endpoint, par
    from ._protocol.grants import ciba, device, saml2, token_exchange
    from ._protocol.grants.saml2 import InvalidSamlAssertion
    from ._protocol.grants.token_exchange import (
        NotAnAccessToken,
        SecurityToken,
        UnknownActorTokenType,
        UnknownRequestedTokenType,
        UnknownSubjectTokenType,
        UnknownTokenType,
    )
    from ._protocol.metadata import constructors, registration, server_keys, server_metadata
    from ._protocol.oidc import claim_sources, id_token, logout, userinfo
    from ._protocol.oidc.claim_sources import (
        ClaimSource,
        InvalidClaimSource,
        SourcedClaims,
        aggregated_claims,
        read_claim_sources,
    )
    from ._protocol.oidc.userinfo import MismatchingUserInfoSubject
    from ._protocol.tokens import introspection, revocation
    from ._protocol.tokens.introspection import InvalidIntrospectionResponse

    Session = requests.Session
else:  # a program loads the operations that it calls
    authorization_endpoint = operations(__package__, "._protocol.authorization.authorization_endpoint")
    ciba = operations(__package__, "._protocol.grants.ciba")
    claim_sources = operations(__package__, "._protocol.oidc.claim_sources")
    constructors = operations(__package__, "._protocol.metadata.constructors")
    device = operations(__package__, "._protocol.grants.device")
    id_token = operations(__package__, "._protocol.oidc.id_token")
    introspection = operations(__package__, "._protocol.tokens.introspection")
    logout = operations(__package__, "._protocol.oidc.logout")
    par = operations(__package__, "._protocol.authorization.par")
    registration = operations(__package__, "._protocol.metadata.registration")
    revocation = operations(__package__, "._protocol.tokens.revocation")
    saml2 = operations(__package__, "._protocol.grants.saml2")
    server_keys = operations(__package__, "._protocol.metadata.server_keys")
    server_metadata = operations(__package__, "._protocol.metadata.server_metadata")
    token_exchange = operations(__package__, "._protocol.grants.token_exchange")
    userinfo = operations(__package__, "._protocol.oidc.userinfo")
    __getattr__ = late_names(
        __name__,
        {
            "._protocol.grants.saml2": "InvalidSamlAssertion",
            "._protocol.grants.token_exchange": (
                "NotAnAccessToken SecurityToken UnknownActorTokenType UnknownRequestedTokenType"
                " UnknownSubjectTokenType UnknownTokenType"
            ),
            "._protocol.oidc.claim_sources": (
                "ClaimSource InvalidClaimSource SourcedClaims aggregated_claims read_claim_sources"
            ),
            "._protocol.oidc.userinfo": "MismatchingUserInfoSubject",
            "._protocol.tokens.introspection": "InvalidIntrospectionResponse",
        },
    )

R = TypeVar("R")


class _Fetcher(SyncRunner):
    """Runs rules while there is no client."""

    def __init__(self, session: requests.Session) -> None:
        self.session = session


class OAuth2Client(SyncRunner, Client):
    """A client of one authorization server: it gets, renews, revokes and checks tokens.

    Args:
        token_endpoint: the address of the token endpoint. This and all other addresses of the AS must be https,
            except on loopback. Without it, and with an `issuer`, the metadata of the AS are read by the first
            operation that needs them, and again when they are no longer fresh; arguments go before what they say.
        auth: how the client authenticates: a method such as `ClientSecretBasic`, a `requests` auth handler,
            `(client_id, client_secret)`, `(client_id, private_key)`, or the client_id of a public client.
        client_id: instead of `auth`, with `client_secret` or `private_key`, or alone for a public client.
        client_secret: the client secret, sent as `client_secret_post`.
        private_key: the key for `private_key_jwt`: a JWK, PEM, or a `cryptography` key.
        revocation_endpoint: where tokens are revoked (RFC 7009).
        introspection_endpoint: where tokens are asked about (RFC 7662).
        userinfo_endpoint: where the OP tells about the user (OIDC Core section 5.3).
        authorization_endpoint: where users are sent to (RFC 6749 section 3.1).
        redirect_uri: where users come back to (RFC 6749 section 3.1.2).
        backchannel_authentication_endpoint: for CIBA.
        device_authorization_endpoint: for devices (RFC 8628).
        pushed_authorization_request_endpoint: for PAR (RFC 9126).
        end_session_endpoint: where users are sent to log out (OIDC RP-Initiated Logout).
        registration_endpoint: where clients are registered (RFC 7591).
        mtls_endpoint_aliases: where clients with a certificate find the endpoints (RFC 8705 section 5).
        authorization_server_metadata: all that the AS says about itself.
        jwks_uri: where the AS publishes its keys; they are fetched when they are first needed, and again when they
            are no longer fresh or a token names one that is unknown.
        authorization_server_jwks: the keys of the AS, where they are known already.
        issuer: who the AS is (RFC 8414 section 2); for one with many tenants a template, such as
            `https://login.microsoftonline.com/{tenantid}/v2.0` (`{tenantid}` is the claim `tid`, any other name the
            claim of that name), or a function of the claims that returns the issuer which they must have, or whether
            theirs is right. With an issuer, or with keys, every ID token is checked; without both, they are returned
            unchecked, and the log says so.
        metadata_url: where the metadata of the AS are, if that does not follow from the issuer, which they must name.
            They are read when they are needed, also beside a `token_endpoint`.
        protected_resource: the URL of an API: its metadata name the AS (RFC 9728). An `issuer` has to be one of those
            that they name. See `from_resource`.
        id_token_signed_response_alg: the only JWS alg that ID tokens may have; by default RS256, or where the metadata
            list only others, the asymmetric ones of these.
        id_token_encrypted_response_alg: the JWE alg of ID tokens; None when they are not encrypted.
        id_token_encrypted_response_enc: their JWE enc; by default any that is registered.
        id_token_decryption_key: the key to decrypt them with; a private key, or a JWKS of them.
        id_token_iat_max_age: seconds for which an ID token is taken after it was issued, also if it expires later;
            None leaves that to the AS.
        id_token_s_hash_required: refuse ID tokens that come through the browser without the `s_hash` of the state, as
            FAPI 1.0 Advanced demands (part 2, section 5.2.2.1).
        allow_unknown_issuer: return ID tokens of any issuer, where none is known, if a known key has signed them. They
            stay unchecked: anyone else who signs with these keys could log in as any user.
        further_issuers: other names of the issuer, to the letter, in ID tokens, callbacks and logout tokens.
        id_token_leeway: seconds for which an expired ID token is still accepted.
        trusted_audiences: who else an ID token without `azp` may be for.
        authorized_parties: other clients that an ID token may have been issued to, such as the app (`azp`).
        acr_policy: what an `acr` means that is none of the `acr_values` of the request: `report` (in
            `id_token.missed_acr_values`) or `demand` (an error), or a function of the `acr` and of those values that
            says whether it is as good. By default, `validate_id_token` demands, and everything else reports.
        refreshed_auth_time_may_change: accept another `auth_time` in the ID token of a refresh.
        bearer_token_types: what servers call a bearer token, such as Slack's `bot`.
        zero_lifetime_is_unlimited: read `expires_in: 0` in a token response as a token that never expires (Mailchimp).
        logout_token_max_age: seconds for which a logout token is accepted after it was issued; None for no limit.
        compare_callback_address: refuse a callback on another address than the redirect_uri, or in another mode than
            the request asked for. Only where no proxy rewrites addresses.
        userinfo_signed_response_alg: the only JWS alg that userinfo answers may have; None when they are not signed.
        userinfo_encrypted_response_alg: their JWE alg; None when they are not encrypted.
        userinfo_encrypted_response_enc: their JWE enc; by default any that is registered.
        introspection_signed_response_alg: the only JWS alg that introspection answers may have (RFC 9701); None when
            they are not signed.
        introspection_encrypted_response_alg: their JWE alg; None when they are not encrypted.
        introspection_encrypted_response_enc: their JWE enc; by default any that is registered.
        authorization_signed_response_alg: the only JWS alg that authorization responses may have where a request
            asks for signed ones (JARM); by default RS256.
        authorization_encrypted_response_alg: their JWE alg; None when they are not encrypted.
        authorization_encrypted_response_enc: their JWE enc; by default any that is registered.
        client_certificate: for mutual TLS (RFC 8705): a PEM file with certificate and key, or one file for each. Then
            the mtls_endpoint_aliases of the AS are used, and tokens are bound to it if the client is registered so.
        code_challenge_method: for PKCE; None switches it off.
        authorization_response_iss_parameter_supported: whether the AS names itself in its answers (RFC 9207).
        token_class: what a token response becomes.
        session: the `requests.Session` to send with; by default one of its own.
        default_auth_handler: the authentication method for `(client_id, client_secret)`, where `auth` names none.
        dpop_bound_access_tokens: bind all tokens to keys (RFC 9449), unless a call says dpop=False.
        dpop_key_generator: makes a DPoP key for an algorithm, where none is given.
        dpop_alg: the algorithm of the DPoP keys that are made.
        timeout: seconds for the whole of each answer.
        max_response_size: bytes that an answer may have.
        retries: how requests that are safe to repeat are made again when the server is failing; None for no retries.
        push: push authorization requests in `authorization_url` (RFC 9126). By default, where the AS demands it, and
            under the profile `fapi2`; False never does.
        request_object_signing_key: sign authorization requests in `authorization_url` with this key (RFC 9101): a
            private JWK, PEM, a `cryptography` key or a signer. Without it, where the AS demands signed requests, they
            are signed with the key of `private_key_jwt`.
        profile: `oauth2.1` or `fapi2`: switch on all that it demands, and refuse what it forbids. Settings that are
            not given get its values.
        registration: what the AS answered when the client was registered, which `read_registration` and its like need.
        testing: allow plain http to any host. Secrets then travel unencrypted.
        extra: anything else worth keeping with the client, as `extra_metadata`.
        **extra_metadata: the same as `extra`, for names that are not close to that of an argument.

    Raises:
        UnknownParam: a name is close to that of an argument, and so probably misspelled.
        MissingIssuerParam: the AS names itself in its responses, and there is no issuer to compare with.
        MissingIdTokenEncryptedResponseAlgParam: there is a decryption key, and no response is encrypted.
        UnsupportedClientCredentials: the credentials are missing or contradict each other.
        InvalidEndpointUri: an address is not acceptable.
        InvalidKey: `request_object_signing_key` can't sign.
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
    def _drive_without_client(cls, steps: Steps[R], session: Any) -> R:
        """Run steps while there is no client: with the session that it is going to have, or with one for them only."""
        with new_session() if session is None else nullcontext(session) as fetching_session:
            return _Fetcher(fetching_session)._drive(steps)  # noqa: SLF001

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

    def _find_now(self, endpoint_name: str) -> None:
        if server_metadata.may_find(self, endpoint_name):
            self._drive(server_metadata.find(self, endpoint_name))

    def __exit__(self, *_: object) -> None:
        self.close()

    from_discovery_endpoint = blocking_constructor(constructors.from_discovery_endpoint)
    from_federation = blocking_constructor(constructors.from_federation)
    find_issuer = blocking_class_method(constructors.find_issuer)
    register = blocking_constructor(constructors.register)
    discover = blocking(server_metadata.discover)
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
    authorization_url = blocking(authorization_endpoint.authorization_url)
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
    check_id_token = blocking(id_token.check_id_token)
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
