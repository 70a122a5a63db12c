"""The async client, its handlers and its `ApiClient`: on `httpx2`, or on `httpx`. Needs the extra "async"."""

from __future__ import annotations

from .api_client import AsyncApiClient
from .auth import (
    AsyncOAuth2AccessTokenAuth,
    AsyncOAuth2AuthorizationCodeAuth,
    AsyncOAuth2ClientCredentialsAuth,
    AsyncOAuth2DeviceCodeAuth,
    AsyncOAuth2ResourceOwnerPasswordAuth,
    AsyncOAuth2TokenSourceAuth,
)
from .client import (
    AsyncBackChannelAuthenticationPollingJob,
    AsyncDeviceAuthorizationPollingJob,
    AsyncOAuth2Client,
)
from .login import AsyncOAuth2LoginAuth
from .protected_resource import AsyncOAuth2ResourceAuth

__all__ = [
    "AsyncApiClient",
    "AsyncBackChannelAuthenticationPollingJob",
    "AsyncDeviceAuthorizationPollingJob",
    "AsyncOAuth2AccessTokenAuth",
    "AsyncOAuth2AuthorizationCodeAuth",
    "AsyncOAuth2Client",
    "AsyncOAuth2ClientCredentialsAuth",
    "AsyncOAuth2DeviceCodeAuth",
    "AsyncOAuth2LoginAuth",
    "AsyncOAuth2ResourceAuth",
    "AsyncOAuth2ResourceOwnerPasswordAuth",
    "AsyncOAuth2TokenSourceAuth",
]
