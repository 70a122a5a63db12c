"""Sources of tokens, for `OAuth2TokenSourceAuth` and its async counterpart: grants, files, platforms, your own, ...

    class VaultSource(TokenSource):
        def get_token(self, held):
            return BearerToken(vault.read("api/token"), expires_in=300)

    auth = OAuth2TokenSourceAuth(VaultSource())

A source says how to get a token; its handler decides when. Sources compose: `TokenExchangeSource` and `JwtBearerSource`
take others, and so does `ClientAssertionFrom`.
"""

from __future__ import annotations

from ._core.credential_errors import (
    CredentialNotFound,
    CredentialNotPermitted,
    CredentialTimeout,
    CredentialUnavailable,
    ExpiredCredential,
    InvalidCredential,
)
from ._renewal.identity_assertion import IdentityAssertionSource, InvalidIdentityAssertion
from ._renewal.sources import (
    AuthorizationCodeSource,
    CallableSource,
    ClientCredentialsSource,
    DeviceCodeSource,
    JwtBearerSource,
    RefreshTokenSource,
    ResourceOwnerPasswordSource,
    TokenExchangeSource,
    TokenSource,
)
from ._sources.assertions import SignedAssertion
from ._sources.commands import CommandSource
from ._sources.files import EnvironmentSource, FileSource, KubernetesSource, SpiffeSource
from ._sources.platforms import AmbientSource, GitHubActionsSource, GitLabSource
from ._sources.urls import UrlSource

__all__ = [
    "AmbientSource",
    "AuthorizationCodeSource",
    "CallableSource",
    "ClientCredentialsSource",
    "CommandSource",
    "CredentialNotFound",
    "CredentialNotPermitted",
    "CredentialTimeout",
    "CredentialUnavailable",
    "DeviceCodeSource",
    "EnvironmentSource",
    "ExpiredCredential",
    "FileSource",
    "GitHubActionsSource",
    "GitLabSource",
    "IdentityAssertionSource",
    "InvalidCredential",
    "InvalidIdentityAssertion",
    "JwtBearerSource",
    "KubernetesSource",
    "RefreshTokenSource",
    "ResourceOwnerPasswordSource",
    "SignedAssertion",
    "SpiffeSource",
    "TokenExchangeSource",
    "TokenSource",
    "UrlSource",
]
