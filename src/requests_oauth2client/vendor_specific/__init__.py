"""Clients for products whose addresses can be told from a name: Auth0 and PingFederate.

Nothing here changes a rule of OAuth; an AS with a discovery document needs none of it:
`OAuth2Client.from_discovery_endpoint`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._core.deprecated import deprecated_names
from .auth0 import Auth0
from .ping import Ping

if TYPE_CHECKING:
    from .auth0 import Auth0Client, Auth0ManagementApiClient, Auth0OIDCClient
else:
    __getattr__ = deprecated_names(
        __name__,
        Auth0Client=(".vendor_specific.auth0:Auth0Client", "Auth0.client(tenant, ...)"),
        Auth0OIDCClient=(".vendor_specific.auth0:Auth0OIDCClient", "Auth0.client(tenant, ...)"),
        Auth0ManagementApiClient=(
            ".vendor_specific.auth0:Auth0ManagementApiClient",
            "Auth0.management_api_client(tenant, ...)",
        ),
    )

__all__ = ["Auth0", "Auth0Client", "Auth0ManagementApiClient", "Auth0OIDCClient", "Ping"]
