"""What an operation may use of the client that it runs for: its settings, and the hooks that users override.

`OAuth2Client` and `AsyncOAuth2Client` have all of it; `_protocol.client` documents the hooks, `_protocol.settings` the
settings. Operations name this protocol and not the clients, so that nothing imports a client back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol, Self

from .._authorization.request_object import RequestUriParameterAuthorizationRequest
from .._core.client_auth import ClientAuthentication
from .._core.effects import Steps
from .._core.issuers import Issuer
from .._core.messages import Certificate
from .._tokens.bearer import BearerToken
from ..authorization_request import AuthorizationRequest
from ..dpop import DPoPKey
from ..exceptions import EndpointError
from ..registration import ClientInformation
from ..retries import Retries


class Client(Protocol):
    """A client, as operations see it."""

    exception_classes: ClassVar[Mapping[str, type[EndpointError]]]
    authorization_server_jwks: Any
    _alternatives: tuple[ClientAuthentication, ...]

    @property
    def client_id(self) -> str:
        """Who asks."""
        ...

    @property
    def auth(self) -> Any:
        """How it authenticates."""
        ...

    @property
    def issuer(self) -> str | None:
        """Who the server is, or a template for that."""
        ...

    @property
    def metadata_url(self) -> str | None:
        """Where its metadata are, if that does not follow from the issuer."""
        ...

    @property
    def issuer_rule(self) -> Issuer | None:
        """Who it may be: the issuer, or a function."""
        ...

    @property
    def protected_resource(self) -> str | None:
        """The API whose metadata name the server, if it is found so."""
        ...

    @property
    def profile(self) -> str | None:
        """The profile that it keeps to."""
        ...

    @property
    def testing(self) -> bool:
        """Whether plain http is allowed to any host."""
        ...

    @property
    def timeout(self) -> float:
        """Seconds for the whole of each answer."""
        ...

    @property
    def max_response_size(self) -> int:
        """Bytes that an answer may have."""
        ...

    @property
    def retries(self) -> Retries | None:
        """When requests are repeated."""
        ...

    @property
    def client_secret(self) -> str | None:
        """The client secret, where there is one."""
        ...

    @property
    def client_certificate(self) -> Certificate | None:
        """What is shown for mutual TLS."""
        ...

    @property
    def token_endpoint(self) -> str:
        """The address of the token endpoint."""
        ...

    @property
    def registration_endpoint(self) -> str | None:
        """Where clients are registered."""
        ...

    @property
    def authorization_endpoint(self) -> str | None:
        """Where the browser is sent."""
        ...

    @property
    def userinfo_endpoint(self) -> str | None:
        """Where claims are asked for."""
        ...

    @property
    def jwks_uri(self) -> str | None:
        """Where the keys of the server are."""
        ...

    @property
    def authorization_server_metadata(self) -> Mapping[str, Any]:
        """What the server says of itself."""
        ...

    @property
    def redirect_uri(self) -> str | None:
        """Where responses go by default."""
        ...

    @property
    def token_class(self) -> type[BearerToken]:
        """What tokens are made into."""
        ...

    @property
    def code_challenge_method(self) -> str | None:
        """How PKCE is used."""
        ...

    @property
    def authorization_response_iss_parameter_supported(self) -> bool:
        """Whether `iss` has to come."""
        ...

    @property
    def allow_unknown_issuer(self) -> bool:
        """Whether any issuer is accepted while none is known."""
        ...

    @property
    def further_issuers(self) -> tuple[str, ...]:
        """Other names of the issuer."""
        ...

    @property
    def bearer_token_types(self) -> tuple[str, ...]:
        """What the server calls a bearer token."""
        ...

    @property
    def zero_lifetime_is_unlimited(self) -> bool:
        """Whether `expires_in: 0` means that a token does not expire."""
        ...

    @property
    def logout_token_max_age(self) -> float | None:
        """Seconds for which a logout token is accepted."""
        ...

    @property
    def compare_callback_address(self) -> bool:
        """Whether the address and the mode of callbacks are compared."""
        ...

    @property
    def dpop_bound_access_tokens(self) -> bool:
        """Whether DPoP tokens are asked for."""
        ...

    @property
    def dpop_key_generator(self) -> Callable[..., DPoPKey]:
        """Makes DPoP keys."""
        ...

    @property
    def dpop_alg(self) -> str:
        """For which algorithm."""
        ...

    @property
    def id_token_decryption_key(self) -> Any:
        """What encrypted responses are decrypted with."""
        ...

    @property
    def authorization_signed_response_alg(self) -> str | None:
        """JARM section 3."""
        ...

    @property
    def authorization_encrypted_response_alg(self) -> str | None:
        """JARM section 3."""
        ...

    @property
    def authorization_encrypted_response_enc(self) -> str | None:
        """JARM section 3."""
        ...

    @property
    def registration(self) -> ClientInformation | None:
        """What the server answered at the registration."""
        ...

    @property
    def push(self) -> bool | None:
        """Whether authorization requests are pushed; None where the server decides."""
        ...

    @property
    def request_object_signing_key(self) -> Any:
        """What authorization requests are signed with."""
        ...

    @property
    def device_authorization_endpoint(self) -> str | None:
        """Where device codes are asked for."""
        ...

    @property
    def authorization_request(self) -> Callable[..., AuthorizationRequest]:
        """Makes an authorization request of this client."""
        ...

    @property
    def finds_its_server(self) -> bool:
        """Whether metadata are read when they are needed."""
        ...

    @property
    def given(self) -> frozenset[str]:
        """The settings that the user gave, and metadata don't change."""
        ...

    def learn(self, *, authorization_server_metadata: Mapping[str, Any], **known: Any) -> None:
        """Take what metadata say, where the user gave nothing."""
        ...

    def note_scope(self, scope: Any) -> None:
        """Note what is about to be asked for."""
        ...

    def find_endpoint(self, endpoint_name: str) -> Steps[None]:
        """Read metadata, if they may have this endpoint."""
        ...

    def endpoint(self, endpoint_name: str) -> str:
        """Return the address of an endpoint, or raise `MissingEndpointUri`."""
        ...

    def check_discovered_uri(self, name: str, uri: str) -> None:
        """Refuse an address that a server leads to."""
        ...

    def settle_auth(self, auth: ClientAuthentication) -> None:
        """Go on with the authentication method that the AS accepted."""
        ...

    def replace(self, **changes: Any) -> Self:
        """Return a client with other settings."""
        ...

    def parse_token_response(self, response: Any, *, dpop_key: Any = None) -> BearerToken:
        """Read a successful response."""
        ...

    def on_token_error(self, response: Any, *, dpop_key: Any = None) -> BearerToken:
        """Raise what any other response means."""
        ...

    def parse_device_authorization_response(self, response: Any, *, dpop_key: Any = None) -> Any:
        """Read a successful response."""
        ...

    def on_device_authorization_error(self, response: Any, *, dpop_key: Any = None) -> Any:
        """Raise what any other response means."""
        ...

    def parse_pushed_authorization_response(
        self, response: Any, *, dpop_key: Any = None
    ) -> RequestUriParameterAuthorizationRequest:
        """Read a successful response."""
        ...

    def on_pushed_authorization_error(
        self, response: Any, *, dpop_key: Any = None
    ) -> RequestUriParameterAuthorizationRequest:
        """Raise what any other response means."""
        ...

    def parse_backchannel_authentication_response(self, response: Any, *, dpop_key: Any = None) -> Any:
        """Read a successful response."""
        ...

    def on_backchannel_authentication_error(self, response: Any, *, dpop_key: Any = None) -> Any:
        """Raise what any other response means."""
        ...

    def parse_revocation_response(self, response: Any, *, dpop_key: Any = None) -> bool:
        """Read a successful response."""
        ...

    def on_revocation_error(self, response: Any, *, dpop_key: Any = None) -> bool:
        """Raise what any other response means."""
        ...

    def parse_introspection_response(self, response: Any, *, dpop_key: Any = None) -> Any:
        """Read a successful response."""
        ...

    def on_introspection_error(self, response: Any, *, dpop_key: Any = None) -> Any:
        """Raise what any other response means."""
        ...

    def parse_userinfo_response(self, response: Any, *, dpop_key: Any = None) -> Any:
        """Read a successful response."""
        ...

    def on_userinfo_error(self, response: Any, *, dpop_key: Any = None) -> Any:
        """Raise what any other response means."""
        ...
