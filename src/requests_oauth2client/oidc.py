"""The founding module for OpenID Connect; today `OAuth2Client` does all of it.

`OpenIdConnectClient` is an `OAuth2Client`, and `OpenIdConnectTokenResponse` a `BearerToken`: both know ID tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._deprecated import deprecated_names
from .tokens import IdToken

if TYPE_CHECKING:
    from .client import OAuth2Client as OpenIdConnectClient
    from .tokens import BearerToken as OpenIdConnectTokenResponse
else:
    __getattr__ = deprecated_names(
        __name__,
        OpenIdConnectClient=(".client:OAuth2Client", "OAuth2Client"),
        OpenIdConnectTokenResponse=(".tokens:BearerToken", "BearerToken"),
    )

__all__ = ["IdToken", "OpenIdConnectClient", "OpenIdConnectTokenResponse"]
