"""PingFederate: endpoints follow from the issuer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

from .._core.urls import validate_issuer_uri
from ..client import OAuth2Client

if TYPE_CHECKING:
    from .._protocol.arguments import ClientAuth

PATHS = {
    "token_endpoint": "/as/token.oauth2",
    "authorization_endpoint": "/as/authorization.oauth2",
    "revocation_endpoint": "/as/revoke_token.oauth2",
    "introspection_endpoint": "/as/introspect.oauth2",
    "device_authorization_endpoint": "/as/device_authz.oauth2",
    "backchannel_authentication_endpoint": "/as/bc-auth.ciba",
    "pushed_authorization_request_endpoint": "/as/par.oauth2",
    "userinfo_endpoint": "/idp/userinfo.openid",
    "jwks_uri": "/pf/JWKS",
}


class Ping:
    """Makes clients for a PingFederate server."""

    @classmethod
    def client(
        cls,
        issuer: str,
        auth: ClientAuth | None = None,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        private_key: object = None,
        session: requests.Session | None = None,
        **kwargs: Any,
    ) -> OAuth2Client:
        """Make a client of a server, its endpoints where PingFederate has them by default.

        Args:
            issuer: the base URL of the server; without a scheme, https is meant.
            auth: how the client authenticates, as for `OAuth2Client`.
            client_id: as for `OAuth2Client`.
            client_secret: as for `OAuth2Client`.
            private_key: as for `OAuth2Client`.
            session: the session to send with.
            **kwargs: further arguments of `OAuth2Client`.

        Raises:
            InvalidIssuer: the issuer is not an https URL.
        """
        text = str(issuer)
        root = validate_issuer_uri(text if "://" in text else f"https://{text}")
        known = {"issuer": root, **{name: f"{root.rstrip('/')}{path}" for name, path in PATHS.items()}}
        credentials = {"client_id": client_id, "client_secret": client_secret, "private_key": private_key}
        return OAuth2Client(auth=auth, session=session, **{**known, **credentials, **kwargs})
