"""Written by `python -m devkit.stubs` from src/requests_oauth2client/client.py."""

from collections.abc import Callable, Iterable, Mapping
from types import EllipsisType
from typing import Any, Literal, Self

import requests

from ._authorization.callback import AuthorizationResponse
from ._authorization.request_object import RequestParameterAuthorizationRequest, RequestUriParameterAuthorizationRequest
from ._core.credentials import File
from ._core.issuers import Issuer
from ._core.messages import Certificate
from ._drivers.deadlines import DeadlineAdapter
from ._drivers.requests import SyncRunner
from ._oidc.expectations import AcrPolicy
from ._oidc.id_token import IdToken
from ._oidc.user_info import UserInfo
from ._protocol.arguments import ClientAuth
from ._protocol.client import Client
from ._protocol.grants.ciba import BackChannelAuthenticationResponse
from ._protocol.grants.device import DeviceAuthorizationResponse
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
from ._protocol.oidc.claim_sources import (
    ClaimSource,
    InvalidClaimSource,
    SourcedClaims,
    aggregated_claims,
    read_claim_sources,
)
from ._protocol.oidc.userinfo import MismatchingUserInfoSubject
from ._protocol.tokens.introspection import InvalidIntrospectionResponse
from ._tokens.bearer import BearerToken
from ._tokens.introspection_response import IntrospectionResponse
from .authorization_request import AnyAuthorizationRequest, AuthorizationRequest
from .dpop import DPoPKey
from .logout import LogoutToken
from .registration import ClientInformation
from .retries import Retries

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
    def __init__(
        self,
        token_endpoint: str | None = None,
        auth: ClientAuth | None = None,
        *,
        client_id: str | None = None,
        client_secret: str | File | None = None,
        private_key: object = None,
        revocation_endpoint: str | None = None,
        introspection_endpoint: str | None = None,
        userinfo_endpoint: str | None = None,
        authorization_endpoint: str | None = None,
        redirect_uri: str | None = None,
        backchannel_authentication_endpoint: str | None = None,
        device_authorization_endpoint: str | None = None,
        pushed_authorization_request_endpoint: str | None = None,
        end_session_endpoint: str | None = None,
        registration_endpoint: str | None = None,
        mtls_endpoint_aliases: Mapping[str, str] | None = None,
        authorization_server_metadata: Mapping[str, Any] | None = None,
        jwks_uri: str | None = None,
        authorization_server_jwks: object = None,
        issuer: Issuer | None = None,
        metadata_url: str | None = None,
        protected_resource: str | None = None,
        id_token_signed_response_alg: str | None = ...,
        id_token_encrypted_response_alg: str | None = None,
        id_token_encrypted_response_enc: str | None = None,
        id_token_decryption_key: object = None,
        id_token_iat_max_age: float | None = None,
        id_token_s_hash_required: bool = False,
        userinfo_signed_response_alg: str | None = None,
        userinfo_encrypted_response_alg: str | None = None,
        userinfo_encrypted_response_enc: str | None = None,
        introspection_signed_response_alg: str | None = None,
        introspection_encrypted_response_alg: str | None = None,
        introspection_encrypted_response_enc: str | None = None,
        authorization_signed_response_alg: str | None = None,
        authorization_encrypted_response_alg: str | None = None,
        authorization_encrypted_response_enc: str | None = None,
        client_certificate: Certificate | None = None,
        allow_unknown_issuer: bool = False,
        further_issuers: Iterable[str] = ...,
        id_token_leeway: float = 0,
        trusted_audiences: Iterable[str] = ...,
        authorized_parties: Iterable[str] = ...,
        acr_policy: AcrPolicy | None = None,
        refreshed_auth_time_may_change: bool = False,
        bearer_token_types: Iterable[str] = ...,
        zero_lifetime_is_unlimited: bool = False,
        logout_token_max_age: float | None = 3600,
        compare_callback_address: bool = False,
        code_challenge_method: str | None = "S256",
        authorization_response_iss_parameter_supported: bool = ...,
        token_class: type[BearerToken] = ...,
        session: requests.Session | None = None,
        dpop_bound_access_tokens: bool = ...,
        dpop_key_generator: Callable[[str], DPoPKey] = ...,
        dpop_alg: str = "ES256",
        default_auth_handler: Callable[[str, str], Any] | None = None,
        timeout: float = 10.0,
        max_response_size: int = 1048576,
        retries: Retries | None = ...,
        registration: ClientInformation | None = None,
        push: bool | None = None,
        request_object_signing_key: object = None,
        profile: str | None = None,
        testing: bool = False,
        extra: Mapping[str, Any] | None = None,
        **extra_metadata: Any,
    ) -> None: ...
    @property
    def session(self) -> requests.Session:  # type: ignore[override]
        """The session that requests to the AS are sent with."""
    def close(self) -> None:
        """Close the session that the client made; one that was given stays open."""
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    @classmethod
    def from_discovery_endpoint(
        cls,
        /,
        url: str | None = None,
        issuer: object = None,
        *,
        auth: ClientAuth | None = None,
        session: requests.Session | None = None,
        testing: bool = False,
        **kwargs: object,
    ) -> Self:
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
    @classmethod
    def from_federation(
        cls,
        /,
        entity_id: Any,
        *,
        trust_anchors: Mapping[str, Any],
        auth: ClientAuth | None = None,
        session: requests.Session | None = None,
        testing: bool = False,
        **kwargs: object,
    ) -> Self:
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
    @classmethod
    def find_issuer(
        cls,
        /,
        identifier: Any,
        *,
        host: object = None,
        session: requests.Session | None = None,
        testing: bool = False,
        timeout: float = 10.0,
        max_response_size: int = 1048576,
        retries: Retries | None = ...,
    ) -> str:
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
    @classmethod
    def register(
        cls,
        /,
        metadata: Mapping[str, Any],
        *,
        url: object = None,
        issuer: object = None,
        initial_access_token: str | BearerToken | None = None,
        software_statement: object = None,
        private_key: object = None,
        session: requests.Session | None = None,
        testing: bool = False,
        **kwargs: object,
    ) -> Self:
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
    def discover(self, /) -> Mapping[str, Any]:
        """Read the metadata of the AS now, whether or not those that are known are still fresh.

        A client that was made with an issuer and without a token_endpoint does so by itself when it needs them. What was
        given when the client was made goes before what they say.

        Returns:
            The metadata; `authorization_server_metadata` of the client is the same from now on.

        Raises:
            InvalidParam: the client has no issuer; the metadata are of another one (`MismatchingDiscoveryIssuer`).
            InvalidDiscoveryDocument: there are no metadata, or they are unreadable.
            TransportError: no whole answer came; also an exception of the HTTP library.

        Source: OIDC Discovery section 4, RFC 8414 section 3.
        """
    def token_request(
        self,
        /,
        data: Mapping[str, Any],
        *,
        timeout: float | None = None,
        dpop: bool | None = None,
        dpop_key: DPoPKey | None = None,
        requests_kwargs: Mapping[str, Any] | None = None,
    ) -> BearerToken:
        """Ask the token endpoint with any grant, authenticated as this client.

        Args:
            data: the form fields, `grant_type` among them; those that are None are not sent.
            timeout: seconds for the whole answer; by default the client's.
            dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
            dpop_key: the key; implies `dpop`. By default one is generated.
            requests_kwargs: further arguments for the HTTP library.

        Returns:
            The token; a `DPoPToken` if it is bound to a key.

        Raises:
            ProfileViolation: the profile of the client forbids this grant, or a token that is not bound to a key.
            TokenEndpointError: or another `EndpointError`: the AS refused; its class is the `error` code's.
            InvalidTokenResponse: the answer is neither a token nor an OAuth error, or the token is not bound to the key.
            InvalidUseDPoPNonceResponse: the AS demands a DPoP nonce, and gives none or the same again.
            TransportError: no whole answer came; also an exception of the HTTP library.

        Source: RFC 6749 sections 3.2, 4.5 and 5, RFC 9449 section 5.
        """
    def client_credentials(
        self,
        /,
        scope: str | Iterable[str] | None = None,
        *,
        dpop: bool | None = None,
        dpop_key: DPoPKey | None = None,
        requests_kwargs: Mapping[str, Any] | None = None,
        **token_kwargs: object,
    ) -> BearerToken:
        """Get a token for the client itself, without a user.

        Args:
            scope: what to ask for; a str or an iterable of words.
            dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
            dpop_key: the key; implies `dpop`. By default one is generated.
            requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
            **token_kwargs: further form fields, such as `resource` or `audience`.

        Returns:
            The token; its `expires_in` counts down in seconds.

        Raises:
            InvalidScopeParam: the scope is no text and no iterable of words.
            TokenEndpointError: and everything else that `token_request` raises.

        Source: RFC 6749 section 4.4.
        """
    def authorization_code(
        self,
        /,
        code: str | AuthorizationResponse,
        *,
        validate: bool = True,
        dpop: bool | None = None,
        dpop_key: DPoPKey | None = None,
        requests_kwargs: Mapping[str, Any] | None = None,
        **token_kwargs: object,
    ) -> BearerToken:
        """Exchange an authorization code for tokens.

        Args:
            code: the code, or the response that `AuthorizationRequest.validate_callback` returned: then
                code_verifier, redirect_uri and DPoP key come along, and the ID token is checked against the request.
            validate: check the ID token. Without it, anyone who can answer for the AS decides who logs in.
            dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
            dpop_key: the key; implies `dpop`. By default one is generated.
            requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
            **token_kwargs: further form fields: `redirect_uri`, `code_verifier`, ...

        Returns:
            The token; `id_token.checked` tells whether its ID token was checked.

        Raises:
            MismatchingIssuer: another AS answered; nothing was sent.
            InvalidGrant: the code is expired or used, or verifier or redirect_uri don't belong to it.
            InvalidIdToken: the ID token is not acceptable.
            MissingAccessToken: the AS sent an ID token alone; it is checked, and the error's `id_token`.
            TokenEndpointError: and everything else that `token_request` raises.

        Source: RFC 6749 section 4.1.3, RFC 7636 section 4.5, OIDC Core section 3.1.3.
        """
    def authorization_code_pkce(
        self,
        /,
        code: str | AuthorizationResponse,
        code_verifier: str,
        *,
        dpop: bool | None = None,
        dpop_key: DPoPKey | None = None,
        requests_kwargs: Mapping[str, Any] | None = None,
        **token_kwargs: Any,
    ) -> BearerToken:
        """Exchange an authorization code with its PKCE verifier.

        Args:
            code: the code, or the response that `AuthorizationRequest.validate_callback` returned.
            code_verifier: the verifier of the request.
            dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
            dpop_key: the key; implies `dpop`. By default one is generated.
            requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
            **token_kwargs: further form fields, such as `redirect_uri`.

        Returns:
            The token.

        Raises:
            InvalidGrant: and everything else that `authorization_code` raises.

        Source: RFC 7636 section 4.5.
        """
    def refresh_token(
        self,
        /,
        refresh_token: str | BearerToken,
        *,
        validate: bool = True,
        dpop: bool | None = None,
        dpop_key: DPoPKey | None = None,
        requests_kwargs: Mapping[str, Any] | None = None,
        **token_kwargs: object,
    ) -> BearerToken:
        """Renew a token with a refresh token.

        Args:
            refresh_token: the refresh token, or a token that has one. The key of a `DPoPToken` is used again.
            validate: check the ID token that comes. Without it, `id_token.checked` of the new one is False.
            dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
            dpop_key: the key; implies `dpop`. By default one is generated.
            requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
            **token_kwargs: further form fields, such as a narrower `scope`.

        Returns:
            The token that replaces the other; a refresh token that the AS did not rotate is kept in it.

        Raises:
            MissingRefreshToken: the token has no refresh token.
            RefusedRefreshToken: (an `InvalidGrant`) the refresh token is expired, revoked or used; log in again.
            InvalidIdToken: the ID token that came is not acceptable. What came with it is the error's `renewed_token`: the
                old refresh token may be used up, so store that one.
            TokenEndpointError: and everything else that `token_request` raises.

        Source: RFC 6749 section 6.
        """
    def device_code(
        self,
        /,
        device_code: str | DeviceAuthorizationResponse,
        *,
        dpop: bool | None = None,
        dpop_key: DPoPKey | None = None,
        requests_kwargs: Mapping[str, Any] | None = None,
        **token_kwargs: object,
    ) -> BearerToken:
        """Ask once whether the user has authorized the device.

        Args:
            device_code: the device code, or the response that `authorize_device` returned.
            dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
            dpop_key: the key; implies `dpop`. By default one is generated.
            requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
            **token_kwargs: further form fields.

        Returns:
            The token, once the user said yes.

        Raises:
            MissingDeviceCode: there is no device code.
            AuthorizationPending: the user is not done yet: ask again after the interval.
            SlowDown: the same, and the interval must be 5 seconds longer.
            ExpiredToken: (also named `ExpiredDeviceCode`) the device code is no longer valid.
            AccessDenied: the user said no.
            TokenEndpointError: and everything else that `token_request` raises.

        Source: RFC 8628 sections 3.4 and 3.5.
        """
    def jwt_bearer(
        self,
        /,
        assertion: Any,
        *,
        dpop: bool | None = None,
        dpop_key: DPoPKey | None = None,
        requests_kwargs: Mapping[str, Any] | None = None,
        **token_kwargs: object,
    ) -> BearerToken:
        """Get a token for a signed JWT.

        Args:
            assertion: the JWT as a string or bytes, or an object whose `str()` it is.
            dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
            dpop_key: the key; implies `dpop`. By default one is generated.
            requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
            **token_kwargs: further form fields, such as `scope`.

        Returns:
            The token.

        Raises:
            InvalidParam: this is not a token.
            InvalidGrant: the AS does not take this assertion.
            TokenEndpointError: and everything else that `token_request` raises.

        Source: RFC 7523 section 2.1.
        """
    def saml2_bearer(
        self,
        /,
        assertion: Any,
        *,
        dpop: bool | None = None,
        dpop_key: DPoPKey | None = None,
        requests_kwargs: Mapping[str, Any] | None = None,
        **token_kwargs: object,
    ) -> BearerToken:
        """Get a token for a SAML 2.0 assertion.

        Args:
            assertion: one assertion, as XML or already in base64url: a str, bytes, or any object whose `str()` it is.
            dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
            dpop_key: the key; implies `dpop`. By default one is generated.
            requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
            **token_kwargs: further form fields, such as `scope`.

        Returns:
            The token.

        Raises:
            InvalidSamlAssertion: this is neither XML nor base64url; nothing was sent.
            InvalidGrant: the AS does not take this assertion.
            TokenEndpointError: and everything else that `token_request` raises.

        Source: RFC 7522 section 2.1.
        """
    def resource_owner_password(
        self,
        /,
        username: str,
        password: str,
        *,
        dpop: bool | None = None,
        dpop_key: DPoPKey | None = None,
        requests_kwargs: Mapping[str, Any] | None = None,
        **token_kwargs: object,
    ) -> BearerToken:
        """Get a token for a user's name and password. OAuth 2.1 drops this grant: use it where nothing else is left.

        Args:
            username: the user's name.
            password: the user's password.
            dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
            dpop_key: the key; implies `dpop`. By default one is generated.
            requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
            **token_kwargs: further form fields, such as `scope`.

        Returns:
            The token.

        Raises:
            InvalidGrant: name or password are wrong.
            TokenEndpointError: and everything else that `token_request` raises.

        Source: RFC 6749 section 4.3.
        """
    def token_exchange(
        self,
        /,
        *,
        subject_token: object,
        subject_token_type: str | None = None,
        actor_token: object = None,
        actor_token_type: str | None = None,
        requested_token_type: str | None = None,
        dpop: bool | None = None,
        dpop_key: DPoPKey | None = None,
        requests_kwargs: Mapping[str, Any] | None = None,
        **token_kwargs: object,
    ) -> BearerToken:
        """Exchange a token for another one: for another audience, another type, or on behalf of a user.

        Types are short names (access_token, refresh_token, id_token, saml1, saml2, jwt) or URIs.

        Args:
            subject_token: the token of the party on whose behalf is asked: a `BearerToken`, an `IdToken`, a str or
                bytes.
            subject_token_type: its type, inferred from a `BearerToken` or an `IdToken`. With `refresh_token` or
                `id_token`, that token of a `BearerToken` is sent.
            actor_token: the token of the party that acts, likewise.
            actor_token_type: its type, likewise.
            requested_token_type: the type that is wanted; the AS chooses without it.
            dpop: bind the token to a key; by default, if the client has `dpop_bound_access_tokens`.
            dpop_key: the key; implies `dpop`. By default one is generated.
            requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
            **token_kwargs: further form fields, such as `audience`, `resource` or `scope`.

        Returns:
            The token; `issued_token_type` says what it is. What is no access token (the AS says token_type N_A) is
            a `SecurityToken`, which authenticates no request. An ID token is checked, unless it is for another
            `audience` or `resource`: then `id_token.checked` is False.

        Raises:
            UnknownSubjectTokenType: the type of the subject_token is unknown.
            UnknownActorTokenType: nor that of the actor_token.
            InvalidParam: one of them is not a token.
            InvalidTarget: the AS does not know the audience or resource.
            InvalidIdToken: the ID token is not acceptable.
            TokenEndpointError: and everything else that `token_request` raises.

        Source: RFC 8693 section 2.
        """
    def authorization_url(
        self,
        /,
        azr: AnyAuthorizationRequest,
        *,
        push: bool | None = None,
        requests_kwargs: Mapping[str, Any] | None = None,
    ) -> str:
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
    def authorization_response(
        self, /, request: AnyAuthorizationRequest, response: object, *, requests_kwargs: Mapping[str, Any] | None = None
    ) -> AuthorizationResponse:
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
    def pushed_authorization_request(
        self,
        /,
        authorization_request: AuthorizationRequest | RequestParameterAuthorizationRequest,
        *,
        requests_kwargs: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
        **data: object,
    ) -> RequestUriParameterAuthorizationRequest:
        """Push an authorization request to the AS, authenticated as this client.

        Args:
            authorization_request: the request; plain, or signed (and encrypted) with its `sign` methods.
            requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
            extra: further form fields that are sent even though their names look like misspellings of others.
            **data: further form fields.

        Returns:
            The request to send the browser with. It remembers the one that was pushed, and validates the callback;
            `expires_in` counts down in seconds.

        Raises:
            UnknownParam: a further field is spelled almost like a known one.
            MissingEndpointUri: the client has no pushed_authorization_request_endpoint.
            InvalidPushedAuthorizationRequest: it is a reference already, or of another client.
            ProfileViolation: the profile of the client forbids this request.
            EndpointError: the AS refused; its class is the `error` code's.
            InvalidPushedAuthorizationResponse: the answer is neither a request_uri nor an OAuth error.
            TransportError: no whole answer came; also an exception of the HTTP library.

        Source: RFC 9126 sections 2 and 3, RFC 9449 section 10.1.
        """
    def authorize_device(
        self,
        /,
        *,
        scope: str | Iterable[str] | None = None,
        requests_kwargs: Mapping[str, Any] | None = None,
        **data: object,
    ) -> DeviceAuthorizationResponse:
        """Ask for a device code and a user code.

        Args:
            scope: what to ask for; a str or an iterable of words.
            requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
            **data: further form fields, such as `resource`.

        Returns:
            The codes, and where the user goes with them.

        Raises:
            MissingEndpointUri: the client has no device_authorization_endpoint.
            DeviceAuthorizationError: or another `EndpointError`: the AS refused.
            InvalidDeviceAuthorizationResponse: the answer is neither codes nor an OAuth error.
            TransportError: no whole answer came; also an exception of the HTTP library.

        Source: RFC 8628 sections 3.1 and 3.2.
        """
    def backchannel_authentication_request(
        self,
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
    ) -> BackChannelAuthenticationResponse:
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
    def ciba(
        self,
        /,
        auth_req_id: str | BackChannelAuthenticationResponse,
        *,
        dpop: bool | None = None,
        dpop_key: DPoPKey | None = None,
        requests_kwargs: Mapping[str, Any] | None = None,
        **token_kwargs: object,
    ) -> BearerToken:
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
    def introspect_token(
        self,
        /,
        token: str | BearerToken,
        token_type_hint: str | None = None,
        *,
        requests_kwargs: Mapping[str, Any] | None = None,
        **introspect_kwargs: object,
    ) -> IntrospectionResponse:
        """Ask the AS whether a token is active, and what it stands for.

        A client with an `introspection_signed_response_alg` asks for a JWT, and takes nothing else.

        Args:
            token: the token to ask about.
            token_type_hint: `access_token` or `refresh_token`. With `refresh_token`, a `BearerToken`'s refresh
                token is asked about.
            requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
            **introspect_kwargs: further form fields.

        Returns:
            The JSON of the response, a dict with `active`; of a JWT, its `token_introspection`, once it was checked.
            A server that does not speak RFC 7662 is quoted: other JSON is returned as it is, anything else as a string.

        Raises:
            MissingEndpointUri: the client has no introspection_endpoint.
            IntrospectionError: or another `EndpointError`: the AS refused.
            UnknownIntrospectionError: the AS failed without an OAuth error.
            InvalidIntrospectionResponse: `active` is no boolean, the JWT is not acceptable, or there should be one.
            TransportError: no whole answer came; also an exception of the HTTP library.

        Source: RFC 7662 section 2, RFC 9701 sections 4 and 5.
        """
    def revoke_token(
        self,
        /,
        token: str | BearerToken,
        token_type_hint: str | None = None,
        *,
        requests_kwargs: Mapping[str, Any] | None = None,
        **revoke_kwargs: object,
    ) -> bool:
        """Tell the AS that a token is no longer needed.

        Args:
            token: the token to revoke.
            token_type_hint: `access_token` or `refresh_token`. With `refresh_token`, a `BearerToken`'s refresh
                token is revoked.
            requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
            **revoke_kwargs: further form fields.

        Returns:
            True when the AS accepted; False when it failed without an OAuth error.

        Raises:
            MissingEndpointUri: the client has no revocation_endpoint.
            MissingRefreshToken: the token has no refresh token.
            UnsupportedTokenType: the AS can't revoke such a token.
            RevocationError: or another `EndpointError`: the AS refused.
            TransportError: no whole answer came; also an exception of the HTTP library.

        Source: RFC 7009 section 2.
        """
    def revoke_access_token(
        self,
        /,
        access_token: str | BearerToken,
        *,
        requests_kwargs: Mapping[str, Any] | None = None,
        **revoke_kwargs: object,
    ) -> bool:
        """Revoke an access token.

        Args:
            access_token: the token to revoke.
            requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
            **revoke_kwargs: further form fields.

        Returns:
            True when the AS accepted; False when the client has no revocation_endpoint (nothing is sent), or
            the AS failed without an OAuth error.

        Raises:
            RevocationError: and everything else that `revoke_token` raises.

        Source: RFC 7009 section 2.
        """
    def revoke_refresh_token(
        self,
        /,
        refresh_token: str | BearerToken,
        *,
        requests_kwargs: Mapping[str, Any] | None = None,
        **revoke_kwargs: object,
    ) -> bool:
        """Revoke a refresh token, and with it the grant.

        Args:
            refresh_token: the refresh token, or a token that has one.
            requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).
            **revoke_kwargs: further form fields.

        Returns:
            True when the AS accepted; False when the client has no revocation_endpoint (nothing is sent), or
            the AS failed without an OAuth error.

        Raises:
            MissingRefreshToken: the token has no refresh token.
            RevocationError: and everything else that `revoke_token` raises.

        Source: RFC 7009 section 2.
        """
    def userinfo(
        self,
        /,
        access_token: str | BearerToken,
        *,
        method: Literal["POST", "GET"] | None = None,
        bearer_method: Literal["header", "body"] = "header",
        requests_kwargs: Mapping[str, Any] | None = None,
    ) -> UserInfo:
        """Ask the OP about the user who granted a token.

        A client with a `userinfo_signed_response_alg` or a `userinfo_encrypted_response_alg` takes only answers that
        are protected so.

        Args:
            access_token: a token with the scope openid. With a `BearerToken` that has an ID token, the answer must be
                about the same user.
            method: how to ask. By default by POST, and where the server does not know that (status 404, 405 or 501), by
                GET, which this client then remembers.
            bearer_method: where the token goes, RFC 6750 section 2; in the body only if the OP knows no header.
            requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).

        Returns:
            The claims, a dict with `sub`; the standard ones are also properties.

        Raises:
            MissingEndpointUri: the client has no userinfo_endpoint.
            EndpointError: the OP refused, in the body or in a `WWW-Authenticate` header; also with a status of 200.
            InvalidUserInfoResponse: the OP failed without an OAuth error, or its answer is not acceptable.
            MismatchingUserInfoSubject: the answer is about another user than the ID token.
            InvalidIdToken: the ID token is still encrypted, so it is unknown whom it is about; nothing was sent.
            TransportError: no whole answer came; also an exception of the HTTP library.

        Source: OIDC Core section 5.3, RFC 6750 section 2.
        """
    def update_authorization_server_public_keys(self, /, *, requests_kwargs: Mapping[str, Any] | None = None) -> Any:
        """Fetch the public keys of the AS now, whether or not those that are known are still fresh.

        Args:
            requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).

        Returns:
            The JWKS; `authorization_server_jwks` of the client is the same from now on. Keys that the AS withdrew
            are gone.

        Raises:
            MissingEndpointUri: the client has no jwks_uri.
            InvalidAuthorizationServerJwks: the answer is not a JWKS.
            TransportError: no whole answer came; also an exception of the HTTP library.

        Source: RFC 7517 section 5, OIDC Core section 10.1.1.
        """
    def distributed_claims(
        self,
        /,
        userinfo: Mapping[str, Any],
        *,
        keys: Mapping[str, Any] | None = None,
        sources: Iterable[str] | None = None,
        requests_kwargs: Mapping[str, Any] | None = None,
    ) -> dict[str, SourcedClaims]:
        """Fetch the claims of others that the OP tells where to find.

        Nothing of this client goes there but the access token that the OP gave for the source.

        Args:
            userinfo: the claims that the OP gave.
            keys: the JWKS of each claims provider that is trusted, by its issuer. Claims of others are given too,
                with `checked` False.
            sources: the names of the sources to fetch; by default all of them.
            requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds) of each request.

        Returns:
            The claims, by the name of their source.

        Raises:
            InvalidClaimSource: a source is not as it should be, answers with no JWT, or with one that is not signed
                by the provider it names.
            TransportError: no whole answer came; also an exception of the HTTP library.

        Source: OIDC Core section 5.6.2.2.
        """
    def check_id_token(
        self,
        /,
        id_token: str | bytes | IdToken,
        *,
        nonce: str | EllipsisType | None = ...,
        access_token: str | None = None,
        acr_values: str | Iterable[str] | None = None,
        max_age: int | None = None,
        requests_kwargs: Mapping[str, Any] | None = None,
    ) -> IdToken:
        """Check an ID token that came alone. Keys are fetched as needed; no token endpoint is asked.

        Such are those of a login by an app or a script (Google One Tap, Apple, Facebook), and those that a platform issues
        to what runs on it (GitHub Actions, Kubernetes).

        Args:
            id_token: the JWT.
            nonce: the nonce that was sent; None: none was sent, so none may come; by default it is not compared. Without
                one, anyone who got hold of the ID token can show it again until it expires.
            access_token: the access token that came along, to be compared with `at_hash`.
            acr_values: the wanted classes of login; a str or an iterable of words.
            max_age: seconds; the user must not have logged in earlier.
            requests_kwargs: further arguments for the HTTP library, when keys have to be fetched.

        Returns:
            The checked ID token, decrypted if it was encrypted.

        Raises:
            InvalidIdToken: or one of its subclasses, each for one rule.

        Source: OIDC Core section 3.1.3.7.
        """
    def logout_token(self, /, logout_token: Any, *, requests_kwargs: Mapping[str, Any] | None = None) -> LogoutToken:
        """Check the `logout_token` that the OP posted to the backchannel_logout_uri.

        Answer it with status 200 and `Cache-Control: no-store` once the session is ended; with 400 when this raises.

        Args:
            logout_token: the JWT; any object whose `str()` it is, or bytes.
            requests_kwargs: further arguments for the HTTP library, when keys have to be fetched.

        Returns:
            Whose session to end.

        Raises:
            InvalidLogoutToken: it is not acceptable.

        Source: OIDC Back-Channel Logout section 2.6.
        """
    def read_registration(self, /) -> Self:
        """Ask the AS how this client is registered now.

        Returns:
            A client of what came, like this one but for that. Its `registration` has the metadata. Use it from now on:
            the AS may have given it another secret or registration_access_token.

        Raises:
            InvalidParam: this client was not registered through `register`, or can't be managed.
            ClientRegistrationError: the AS refused.
            InvalidClientInformationResponse: the response is invalid.
            TransportError: no whole answer came; also an exception of the HTTP library.

        Source: RFC 7592 section 2.1.
        """
    def update_registration(self, /, **changes: object) -> Self:
        """Change how this client is registered.

        Args:
            **changes: metadata with new values; None removes one. The others stay.

        Returns:
            A client of what came, like this one but for that. Use it from now on: the AS may have given it another
            secret or registration_access_token.

        Raises:
            InvalidParam: this client was not registered through `register`, or can't be managed.
            ClientRegistrationError: the AS refused.
            InvalidClientInformationResponse: the response is invalid.
            TransportError: no whole answer came; also an exception of the HTTP library.

        Source: RFC 7592 section 2.2.
        """
    def delete_registration(self, /) -> None:
        """Delete this client at the AS. It can't be used afterwards.

        Raises:
            InvalidParam: this client was not registered through `register`, or can't be managed.
            ClientRegistrationError: the AS refused.
            InvalidClientInformationResponse: the AS failed without an OAuth error.
            TransportError: no whole answer came; also an exception of the HTTP library.

        Source: RFC 7592 section 2.3.
        """

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
