"""The founding module for OpenID Connect; today `OAuth2Client` does all of it.

`OpenIdConnectClient` is an `OAuth2Client`, and `OpenIdConnectTokenResponse` a `BearerToken`: both know ID tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._core.deprecated import deprecated_names
from ._oidc.id_token import IdToken

if TYPE_CHECKING:
    from ._tokens.bearer import BearerToken as OpenIdConnectTokenResponse
    from .client import OAuth2Client as OpenIdConnectClient
else:
    __getattr__ = deprecated_names(
        __name__,
        OpenIdConnectClient=(".client:OAuth2Client", "OAuth2Client"),
        OpenIdConnectTokenResponse=(".tokens:BearerToken", "BearerToken"),
    )

__all__ = ["IdToken", "OpenIdConnectClient", "OpenIdConnectTokenResponse"]
