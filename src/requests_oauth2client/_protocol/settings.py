"""What a client knows: its AS, its credentials, its limits. Read-only once it is made.

Each argument is an attribute of the same name, spelled as in the metadata of clients and servers (RFC 7591
section 2, RFC 8414 section 2). Knows no HTTP library and no operation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn, SupportsIndex

from .._http import DEFAULT_MAX_RESPONSE_SIZE, DEFAULT_TIMEOUT, Request
from ..client_authentication import ClientAuthentication, ClientSecretPost, client_auth_factory
from ..exceptions import InvalidParam, MissingEndpointUri
from ..tokens import BearerToken
from ..utils import validate_endpoint_uri, validate_issuer_uri


class ClientSettings:
    """The settings of a client of either face; `OAuth2Client` says what each is for."""

    testing: bool
    issuer: str | None
    client_id: str
    token_endpoint: str
    revocation_endpoint: str | None
    introspection_endpoint: str | None
    userinfo_endpoint: str | None
    authorization_endpoint: str | None
    backchannel_authentication_endpoint: str | None
    device_authorization_endpoint: str | None
    pushed_authorization_request_endpoint: str | None
    jwks_uri: str | None
    redirect_uri: str | None
    authorization_server_jwks: Any
    id_token_signed_response_alg: str | None
    id_token_encrypted_response_alg: str | None
    id_token_decryption_key: Any
    code_challenge_method: str | None
    authorization_response_iss_parameter_supported: bool
    token_class: type[BearerToken]
    timeout: float
    max_response_size: int
    extra_metadata: dict[str, Any]

    def __init__(
        self,
        token_endpoint: str,
        auth: Any = None,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        private_key: Any = None,
        revocation_endpoint: str | None = None,
        introspection_endpoint: str | None = None,
        userinfo_endpoint: str | None = None,
        authorization_endpoint: str | None = None,
        redirect_uri: str | None = None,
        backchannel_authentication_endpoint: str | None = None,
        device_authorization_endpoint: str | None = None,
        pushed_authorization_request_endpoint: str | None = None,
        jwks_uri: str | None = None,
        authorization_server_jwks: Any = None,
        issuer: str | None = None,
        id_token_signed_response_alg: str | None = "RS256",
        id_token_encrypted_response_alg: str | None = None,
        id_token_decryption_key: Any = None,
        code_challenge_method: str | None = "S256",
        authorization_response_iss_parameter_supported: bool = False,
        token_class: type[BearerToken] = BearerToken,
        session: Any = None,
        default_auth_handler: Callable[[str, str], Any] = ClientSecretPost,
        timeout: float = DEFAULT_TIMEOUT,
        max_response_size: int = DEFAULT_MAX_RESPONSE_SIZE,
        testing: bool = False,
        **extra_metadata: Any,
    ) -> None:
        self._set(testing=testing, issuer=None if issuer is None else validate_issuer_uri(issuer, https=not testing))
        self.auth = client_auth_factory(
            auth,
            client_id=client_id,
            client_secret=client_secret,
            private_key=private_key,
            issuer=self.issuer,
            default_auth_handler=default_auth_handler,
        )
        self.client_id = _client_id(self.auth, client_id)
        self._set_endpoints(
            token_endpoint=token_endpoint,
            revocation_endpoint=revocation_endpoint,
            introspection_endpoint=introspection_endpoint,
            userinfo_endpoint=userinfo_endpoint,
            authorization_endpoint=authorization_endpoint,
            backchannel_authentication_endpoint=backchannel_authentication_endpoint,
            device_authorization_endpoint=device_authorization_endpoint,
            pushed_authorization_request_endpoint=pushed_authorization_request_endpoint,
            jwks_uri=jwks_uri,
        )
        self._set(
            redirect_uri=redirect_uri,
            authorization_server_jwks=authorization_server_jwks,
            id_token_signed_response_alg=id_token_signed_response_alg,
            id_token_encrypted_response_alg=id_token_encrypted_response_alg,
            id_token_decryption_key=id_token_decryption_key,
            code_challenge_method=code_challenge_method,
            authorization_response_iss_parameter_supported=authorization_response_iss_parameter_supported,
            token_class=token_class,
            timeout=timeout,
            max_response_size=max_response_size,
            extra_metadata=extra_metadata,
        )
        self._given_session = session
        self._check_face()

    def _set_endpoints(self, **uris: str | None) -> None:
        self._set(
            **{
                name: None if uri is None else validate_endpoint_uri(uri, https=not self.testing, name=name)
                for name, uri in uris.items()
            }
        )

    def _set(self, **settings: Any) -> None:
        self.__dict__.update(settings)

    def _check_face(self) -> None:
        """Refuse a session or an auth that is not of this face's HTTP library."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__ and not name.startswith("_"):
            msg = f"{name!r} of a {type(self).__name__} can't be changed. Make another client."
            raise AttributeError(msg)
        super().__setattr__(name, value)

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        msg = f"A {type(self).__name__} holds credentials and connections and is not pickled. Make one in each process."
        raise TypeError(msg)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} client_id={self.client_id!r} token_endpoint={self.token_endpoint!r}>"

    @property
    def client_secret(self) -> str | None:
        """The client secret, where the client has one."""
        return getattr(self.auth, "client_secret", None)

    def endpoint(self, endpoint_name: str) -> str:
        """Return the address of an endpoint.

        Args:
            endpoint_name: as in the metadata of the AS, such as `token_endpoint`.

        Raises:
            MissingEndpointUri: the client does not know it.
        """
        uri: str | None = getattr(self, endpoint_name, None)
        if uri is None:
            raise MissingEndpointUri(endpoint_name)
        return uri

    def authenticate(self, request: Request) -> Request:
        """Add the client's credentials to a request to the AS."""
        if isinstance(self.auth, ClientAuthentication):
            return self.auth.authenticate(request)
        return replace(request, foreign_auth=self.auth)


def _client_id(auth: Any, client_id: str | None) -> str:
    """Return the client_id of an authentication method; a foreign handler does not tell, so it is given."""
    own: str | None = getattr(auth, "client_id", None)
    if own is not None and client_id is not None and own != client_id:
        msg = f"client_id={client_id!r} contradicts that of auth=, {own!r}. Pass one of them."
        raise InvalidParam(msg)
    return own or client_id or ""
