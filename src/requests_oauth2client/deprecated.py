"""Names of earlier releases, in one place. Each is another name of something that has a better one today."""

from __future__ import annotations

from .backchannel_authentication import BackChannelAuthenticationPoolingJob
from .client_authentication import ClientSecretJWT, PrivateKeyJWT
from .device_authorization import DeviceAuthorizationClient, DeviceAuthorizationPoolingJob
from .exceptions import ExpiredDeviceCode, InvalidState, InvalidUrl, TokenResponseError, UnknownTokenResponseError
from .polling import BaseTokenEndpointPoolingJob
from .utils import validate_url

__all__ = [
    "BackChannelAuthenticationPoolingJob",
    "BaseTokenEndpointPoolingJob",
    "ClientSecretJWT",
    "DeviceAuthorizationClient",
    "DeviceAuthorizationPoolingJob",
    "ExpiredDeviceCode",
    "InvalidState",
    "InvalidUrl",
    "PrivateKeyJWT",
    "TokenResponseError",
    "UnknownTokenResponseError",
    "validate_url",
]
