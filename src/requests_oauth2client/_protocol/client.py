"""What both clients have in common: the settings of a client, and the hooks of its users.

The methods that send something are rules (the other files of this folder); each client makes its own of them.
Knows no HTTP library.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from .._core.effects import Steps
from .._core.late import operations
from .._core.refusals import (
    InvalidClientAttestation,
    InvalidClientMetadata,
    InvalidSoftwareStatement,
    RefusedDPoPProof,
    RefusedRedirectUri,
    UnapprovedSoftwareStatement,
    UseAttestationChallenge,
    UseFreshAttestation,
)
from .._tokens.bearer import BearerToken
from ..exceptions import (
    AccessDenied,
    AuthorizationPending,
    EndpointError,
    ExpiredLoginHintToken,
    ExpiredToken,
    InvalidBindingMessage,
    InvalidClient,
    InvalidGrant,
    InvalidRequest,
    InvalidRequestObject,
    InvalidRequestUri,
    InvalidScope,
    InvalidTarget,
    InvalidUserCode,
    MissingUserCode,
    RefusedAuthorizationDetails,
    RegistrationNotSupported,
    RequestNotSupported,
    RequestUriNotSupported,
    ServerError,
    SlowDown,
    TemporarilyUnavailable,
    TokenInteractionRequired,
    TransactionFailed,
    UnauthorizedClient,
    UnknownUserId,
    UnmetAuthenticationRequirements,
    UnsupportedGrantType,
    UnsupportedResponseType,
    UnsupportedTokenType,
    UseDPoPNonce,
)
from .grants import token_response
from .settings import ClientSettings, check_settings

if TYPE_CHECKING:
    from .._core.messages import Response
    from ..authorization_request import RequestUriParameterAuthorizationRequest
    from ..dpop import DPoPKey
    from .arguments import ClientAuth
    from .authorization import authorization_endpoint, par
    from .grants import ciba, device, token_exchange
    from .metadata import discovery as server_documents
    from .metadata import server_metadata
    from .oidc import logout, userinfo
    from .tokens import introspection, revocation
else:
    authorization_endpoint = operations(__package__, ".authorization.authorization_endpoint")
    ciba = operations(__package__, ".grants.ciba")
    device = operations(__package__, ".grants.device")
    introspection = operations(__package__, ".tokens.introspection")
    logout = operations(__package__, ".oidc.logout")
    par = operations(__package__, ".authorization.par")
    revocation = operations(__package__, ".tokens.revocation")
    server_documents = operations(__package__, ".metadata.discovery")
    server_metadata = operations(__package__, ".metadata.server_metadata")
    token_exchange = operations(__package__, ".grants.token_exchange")
    userinfo = operations(__package__, ".oidc.userinfo")


class Client(ClientSettings):
    """The settings and rules of an OAuth 2.x client; `OAuth2Client` and `AsyncOAuth2Client` run its operations."""

    exception_classes: ClassVar[Mapping[str, type[EndpointError]]] = {
        "server_error": ServerError,
        "invalid_request": InvalidRequest,
        "invalid_client": InvalidClient,
        "invalid_scope": InvalidScope,
        "invalid_target": InvalidTarget,
        "invalid_grant": InvalidGrant,
        "access_denied": AccessDenied,
        "unauthorized_client": UnauthorizedClient,
        "authorization_pending": AuthorizationPending,
        "slow_down": SlowDown,
        "expired_token": ExpiredToken,
        "use_dpop_nonce": UseDPoPNonce,
        "invalid_dpop_proof": RefusedDPoPProof,
        "use_attestation_challenge": UseAttestationChallenge,
        "use_fresh_attestation": UseFreshAttestation,
        "invalid_client_attestation": InvalidClientAttestation,
        "unsupported_token_type": UnsupportedTokenType,
        "invalid_resource": InvalidTarget,
        "unsupported_grant_type": UnsupportedGrantType,
        "temporarily_unavailable": TemporarilyUnavailable,
        "invalid_authorization_details": RefusedAuthorizationDetails,
        "unsupported_response_type": UnsupportedResponseType,
        "invalid_request_object": InvalidRequestObject,
        "invalid_request_uri": InvalidRequestUri,
        "request_not_supported": RequestNotSupported,
        "request_uri_not_supported": RequestUriNotSupported,
        "registration_not_supported": RegistrationNotSupported,
        "unmet_authentication_requirements": UnmetAuthenticationRequirements,
        "interaction_required": TokenInteractionRequired,
        "login_required": TokenInteractionRequired,
        "consent_required": TokenInteractionRequired,
        "account_selection_required": TokenInteractionRequired,
        "session_selection_required": TokenInteractionRequired,
        "transaction_failed": TransactionFailed,
        "expired_login_hint_token": ExpiredLoginHintToken,
        "unknown_user_id": UnknownUserId,
        "missing_user_code": MissingUserCode,
        "invalid_user_code": InvalidUserCode,
        "invalid_binding_message": InvalidBindingMessage,
        "invalid_client_metadata": InvalidClientMetadata,
        "invalid_redirect_uri": RefusedRedirectUri,
        "invalid_software_statement": InvalidSoftwareStatement,
        "unapproved_software_statement": UnapprovedSoftwareStatement,
    }

    authorization_request = authorization_endpoint.authorization_request
    end_session_request = logout.end_session_request
    front_channel_logout = logout.front_channel_logout

    @classmethod
    def from_discovery_document(
        cls,
        discovery: Mapping[str, Any],
        issuer: object = None,
        *,
        auth: ClientAuth | None = None,
        https: bool = True,
        testing: bool = False,
        **kwargs: object,
    ) -> Self:
        """Make a client from the metadata of its AS. Nothing is sent.

        Args:
            discovery: the metadata; all endpoints in it are taken. One that can't be used is an error when it is
                needed: plain http or this machine, stated by an https issuer elsewhere, or a wrong type.
            issuer: who it has to be; by default the one that the metadata name.
            auth: how the client authenticates; also taken in the place of `issuer`.
            https: False allows plain http to any host, as `testing` does. Secrets then travel unencrypted.
            testing: allow plain http to any host.
            **kwargs: everything else that the client takes, such as `client_id` and `client_secret`; they
                go before what the metadata say.

        Returns:
            The client; its `authorization_server_metadata` are the whole document.

        Raises:
            MismatchingDiscoveryIssuer: the metadata are of another issuer; an `InvalidParam`.
            InvalidDiscoveryDocument: there is no token_endpoint, or what a client is made of is of another type.
            InvalidEndpointUri: and everything else that making a client raises.

        Source: RFC 8414 sections 2 and 3.3, OIDC Discovery section 4.3.
        """
        check_settings(cls, kwargs)
        issuer, auth = server_documents.told_apart(issuer, auth)
        testing = testing or not https
        known = server_documents.client_arguments(discovery, issuer=issuer, testing=testing, given=kwargs)
        settings = {**known, **kwargs}
        return cls(settings.pop("token_endpoint"), auth, testing=testing, **settings)

    @classmethod
    def from_resource(cls, url: str, *, auth: ClientAuth | None = None, **kwargs: object) -> Self:
        """Make a client of the authorization server that an API names. Nothing is sent.

        The metadata of the API (RFC 9728) and of its server are read by the first operation that needs them, or by
        `discover()`. `issuer=` says which of several servers it is; without it, it is the first one.

        Args:
            url: of the API.
            auth: how the client authenticates.
            **kwargs: everything else that the client takes, such as `client_id` and `client_secret`.

        Returns:
            The client. It finds its server later, so its errors come later too: `InvalidResourceMetadata`,
            `MismatchingResource`, `UntrustedIssuer`.

        Raises:
            InvalidUri: the URL is not acceptable, and everything else that making a client raises.

        Source: RFC 9728 section 5.
        """
        check_settings(cls, kwargs)
        settings: dict[str, Any] = {**kwargs, "protected_resource": url}
        return cls(None, auth, **settings)

    def note_scope(self, scope: object) -> None:
        """Note what is about to be asked for: with openid, metadata are looked for where OIDC Discovery has them."""
        if self.finds_its_server:
            server_metadata.note_scope(self, scope)

    def find_endpoint(self, endpoint_name: str) -> Steps[None]:
        """Read metadata, if the client reads them by itself or they may have this endpoint; for operations."""
        return server_metadata.find(self, endpoint_name)

    @classmethod
    def get_token_type(cls, token_type: str | None = None, token: object = None) -> str:
        """Return the URN of a token's type.

        Args:
            token_type: a short name (access_token, refresh_token, id_token, saml1, saml2, jwt) or a URI, which is
                returned as it is.
            token: the token; without `token_type`, a `BearerToken` or an `IdToken` says it.

        Raises:
            UnknownTokenType: neither says it, or they contradict each other.

        Source: RFC 8693 section 3.
        """
        return token_exchange.get_token_type(token_type, token)

    # --- hooks: override them to teach the client an AS that answers otherwise

    def parse_token_response(self, response: Response, *, dpop_key: DPoPKey | None = None) -> BearerToken:
        """Make a token of a successful answer of the token endpoint.

        Raises:
            InvalidTokenResponse: it has no usable token, nor an OAuth error.
        """
        return token_response.parse(self, response, dpop_key=dpop_key)

    def on_token_error(self, response: Response, *, dpop_key: DPoPKey | None = None) -> BearerToken:
        """Raise what an answer of the token endpoint without a token means; a token returned here is taken."""
        return token_response.fail(self, response, dpop_key=dpop_key)

    def parse_device_authorization_response(
        self, response: Response, *, dpop_key: DPoPKey | None = None
    ) -> device.DeviceAuthorizationResponse:
        """Make a `DeviceAuthorizationResponse` of a successful answer."""
        return device.parse(self, response)

    def on_device_authorization_error(
        self, response: Response, *, dpop_key: DPoPKey | None = None
    ) -> device.DeviceAuthorizationResponse:
        """Raise what an answer of the device authorization endpoint without codes means."""
        return device.fail(self, response)

    def parse_pushed_authorization_response(
        self, response: Response, *, dpop_key: DPoPKey | None = None
    ) -> RequestUriParameterAuthorizationRequest:
        """Make a request that refers to the pushed one of a successful answer."""
        return par.parse(self, response, dpop_key=dpop_key)

    def on_pushed_authorization_error(
        self, response: Response, *, dpop_key: DPoPKey | None = None
    ) -> RequestUriParameterAuthorizationRequest:
        """Raise what an answer of the pushed authorization request endpoint without a request_uri means."""
        return par.fail(self, response)

    def parse_backchannel_authentication_response(
        self, response: Response, *, dpop_key: DPoPKey | None = None
    ) -> ciba.BackChannelAuthenticationResponse:
        """Make a `BackChannelAuthenticationResponse` of a successful answer."""
        return ciba.parse(self, response)

    def on_backchannel_authentication_error(
        self, response: Response, *, dpop_key: DPoPKey | None = None
    ) -> ciba.BackChannelAuthenticationResponse:
        """Raise what an answer of the backchannel authentication endpoint without an auth_req_id means."""
        return ciba.fail(self, response)

    def parse_revocation_response(self, response: Response, *, dpop_key: DPoPKey | None = None) -> bool:
        """Say that a successful revocation was one."""
        return True

    def on_revocation_error(self, response: Response, *, dpop_key: DPoPKey | None = None) -> bool:
        """Raise the OAuth error of a failed revocation; False without one."""
        return revocation.fail(self, response)

    def parse_introspection_response(self, response: Response, *, dpop_key: DPoPKey | None = None) -> object:
        """Read a successful answer of the introspection endpoint."""
        return introspection.parse(self, response)

    def on_introspection_error(self, response: Response, *, dpop_key: DPoPKey | None = None) -> object:
        """Raise what an answer of the introspection endpoint that is no success means."""
        return introspection.fail(self, response)

    def parse_userinfo_response(self, response: Response, *, dpop_key: DPoPKey | None = None) -> object:
        """Read a successful answer of the userinfo endpoint."""
        return userinfo.parse(self, response)

    def on_userinfo_error(self, response: Response, *, dpop_key: DPoPKey | None = None) -> object:
        """Raise what an answer of the userinfo endpoint that is no success means."""
        return userinfo.fail(self, response)
