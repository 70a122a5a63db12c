"""Auth0: endpoints and issuer follow from the tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

from .._core.urls import validate_uri
from ..api_client import ApiClient
from ..auth import OAuth2ClientCredentialsAuth
from ..client import OAuth2Client
from ..exceptions import InvalidParam

if TYPE_CHECKING:
    from .._protocol.arguments import ClientAuth


class Auth0:
    """Makes clients for an Auth0 tenant."""

    @classmethod
    def tenant(cls, tenant: str) -> str:
        """Return the host name of a tenant.

        Args:
            tenant: a name (`example`, `example.eu`), a host name, also a custom one, or an https URL of it.

        Raises:
            InvalidParam: it is empty, or a URL with more than a host.
        """
        text = str(tenant).strip().rstrip("/")
        host = validate_uri(text, path=False, no_query=True).partition("://")[2] if "://" in text else text
        if not host or "/" in host or text.startswith("http://"):
            msg = f"An Auth0 tenant is a name such as 'example.eu', or a host name, got {tenant!r}."
            raise InvalidParam(msg)
        is_whole = "." in host and not host.endswith((".eu", ".us", ".au", ".jp", ".uk", ".ca"))
        return host if is_whole or host.endswith(".auth0.com") else f"{host}.auth0.com"

    @classmethod
    def client(
        cls,
        tenant: str,
        auth: ClientAuth | None = None,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        private_key: object = None,
        session: requests.Session | None = None,
        **kwargs: Any,
    ) -> OAuth2Client:
        """Make a client of a tenant.

        Args:
            tenant: as for `tenant()`.
            auth: how the client authenticates, as for `OAuth2Client`.
            client_id: as for `OAuth2Client`.
            client_secret: as for `OAuth2Client`.
            private_key: as for `OAuth2Client`.
            session: the session to send with.
            **kwargs: further arguments of `OAuth2Client`.
        """
        credentials = {"client_id": client_id, "client_secret": client_secret, "private_key": private_key}
        return OAuth2Client(auth=auth, session=session, **{**endpoints_of(tenant), **credentials, **kwargs})

    @classmethod
    def management_api_client(
        cls,
        tenant: str,
        auth: ClientAuth | None = None,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        private_key: object = None,
        session: requests.Session | None = None,
        **kwargs: Any,
    ) -> ApiClient:
        """Make a client of the Management API v2, with tokens for the client itself.

        Args:
            tenant: as for `tenant()`.
            auth: how the client authenticates, as for `OAuth2Client`.
            client_id: as for `OAuth2Client`.
            client_secret: as for `OAuth2Client`.
            private_key: as for `OAuth2Client`.
            session: the session to call the API with.
            **kwargs: further arguments of `ApiClient`.
        """
        client = cls.client(tenant, auth, client_id=client_id, client_secret=client_secret, private_key=private_key)
        api = f"https://{cls.tenant(tenant)}/api/v2/"
        return ApiClient(api, auth=OAuth2ClientCredentialsAuth(client, audience=api), session=session, **kwargs)


def endpoints_of(tenant: str) -> dict[str, Any]:
    """Return what a tenant's name tells about it."""
    root = f"https://{Auth0.tenant(tenant)}"
    return {
        "issuer": f"{root}/",
        "token_endpoint": f"{root}/oauth/token",
        "authorization_endpoint": f"{root}/authorize",
        "revocation_endpoint": f"{root}/oauth/revoke",
        "device_authorization_endpoint": f"{root}/oauth/device/code",
        "pushed_authorization_request_endpoint": f"{root}/oauth/par",
        "backchannel_authentication_endpoint": f"{root}/bc-authorize",
        "userinfo_endpoint": f"{root}/userinfo",
        "jwks_uri": f"{root}/.well-known/jwks.json",
    }


class Auth0Client(OAuth2Client):
    """A client of a tenant (the first generation's name)."""

    def __init__(self, tenant: str, auth: ClientAuth | None = None, **kwargs: Any) -> None:
        """Take the tenant, and what `OAuth2Client` takes."""
        super().__init__(auth=auth, **{**endpoints_of(tenant), **kwargs})


Auth0OIDCClient = Auth0Client


class Auth0ManagementApiClient(ApiClient):
    """A client of the Management API v2 (the first generation's name)."""

    def __init__(self, tenant: str, auth: ClientAuth | None = None, **kwargs: Any) -> None:
        """Take the tenant, how its client authenticates, and what `ApiClient` takes."""
        api = f"https://{Auth0.tenant(tenant)}/api/v2/"
        super().__init__(api, auth=OAuth2ClientCredentialsAuth(Auth0.client(tenant, auth), audience=api), **kwargs)
