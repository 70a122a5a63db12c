"""OAuth 2.x and OpenID Connect for `requests` and `httpx2`: get, renew, revoke and check tokens, and use them.

Every public name can be imported from here. A name is loaded when it is first used, so that importing the
package costs next to nothing: no HTTP library, no cryptography. The async face needs the extra "async", so a star
import leaves it out. Written by `python -m devkit.root`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "2.0.0"

if TYPE_CHECKING:
    from ._async_auth import AsyncOAuth2AccessTokenAuth as AsyncOAuth2AccessTokenAuth
    from ._async_auth import AsyncOAuth2AuthorizationCodeAuth as AsyncOAuth2AuthorizationCodeAuth
    from ._async_auth import AsyncOAuth2ClientCredentialsAuth as AsyncOAuth2ClientCredentialsAuth
    from ._async_auth import AsyncOAuth2DeviceCodeAuth as AsyncOAuth2DeviceCodeAuth
    from ._async_auth import AsyncOAuth2ResourceOwnerPasswordAuth as AsyncOAuth2ResourceOwnerPasswordAuth
    from .aio import AsyncDeviceAuthorizationPollingJob as AsyncDeviceAuthorizationPollingJob
    from .aio import AsyncOAuth2Client as AsyncOAuth2Client
    from .auth import BearerAuth as BearerAuth
    from .auth import BearerAuthorization as BearerAuthorization
    from .auth import OAuth2AccessTokenAuth as OAuth2AccessTokenAuth
    from .auth import OAuth2AuthorizationCodeAuth as OAuth2AuthorizationCodeAuth
    from .auth import OAuth2ClientCredentialsAuth as OAuth2ClientCredentialsAuth
    from .auth import OAuth2DeviceCodeAuth as OAuth2DeviceCodeAuth
    from .auth import OAuth2ResourceOwnerPasswordAuth as OAuth2ResourceOwnerPasswordAuth
    from .authorization_request import AuthorizationRequest as AuthorizationRequest
    from .authorization_request import AuthorizationResponse as AuthorizationResponse
    from .authorization_request import BrowserRequest as BrowserRequest
    from .authorization_request import InvalidAuthorizationRequestParam as InvalidAuthorizationRequestParam
    from .authorization_request import InvalidMaxAgeParam as InvalidMaxAgeParam
    from .authorization_request import InvalidRedirectUri as InvalidRedirectUri
    from .client import DeadlineAdapter as DeadlineAdapter
    from .client import MissingRefreshToken as MissingRefreshToken
    from .client import OAuth2Client as OAuth2Client
    from .client_authentication import ClientSecretBasic as ClientSecretBasic
    from .client_authentication import ClientSecretJWT as ClientSecretJWT
    from .client_authentication import ClientSecretJwt as ClientSecretJwt
    from .client_authentication import ClientSecretPost as ClientSecretPost
    from .client_authentication import InvalidClientAssertionSigningKeyOrAlg as InvalidClientAssertionSigningKeyOrAlg
    from .client_authentication import InvalidRequestForClientAuthentication as InvalidRequestForClientAuthentication
    from .client_authentication import PrivateKeyJWT as PrivateKeyJWT
    from .client_authentication import PrivateKeyJwt as PrivateKeyJwt
    from .client_authentication import PublicApp as PublicApp
    from .client_authentication import UnsupportedClientCredentials as UnsupportedClientCredentials
    from .device_authorization import DeviceAuthorizationClient as DeviceAuthorizationClient
    from .device_authorization import DeviceAuthorizationPollingJob as DeviceAuthorizationPollingJob
    from .device_authorization import DeviceAuthorizationPoolingJob as DeviceAuthorizationPoolingJob
    from .device_authorization import DeviceAuthorizationResponse as DeviceAuthorizationResponse
    from .device_authorization import MissingDeviceCode as MissingDeviceCode
    from .exceptions import AccessDenied as AccessDenied
    from .exceptions import AccessTokenError as AccessTokenError
    from .exceptions import AccountSelectionRequired as AccountSelectionRequired
    from .exceptions import AuthorizationPending as AuthorizationPending
    from .exceptions import AuthorizationResponseError as AuthorizationResponseError
    from .exceptions import BackChannelAuthenticationError as BackChannelAuthenticationError
    from .exceptions import ConsentRequired as ConsentRequired
    from .exceptions import DeadlineExceeded as DeadlineExceeded
    from .exceptions import DeviceAuthorizationError as DeviceAuthorizationError
    from .exceptions import EndpointError as EndpointError
    from .exceptions import ExpiredAccessToken as ExpiredAccessToken
    from .exceptions import ExpiredBearerToken as ExpiredBearerToken
    from .exceptions import ExpiredDeviceCode as ExpiredDeviceCode
    from .exceptions import ExpiredToken as ExpiredToken
    from .exceptions import IncompleteResponse as IncompleteResponse
    from .exceptions import InsecureTransport as InsecureTransport
    from .exceptions import InteractionRequired as InteractionRequired
    from .exceptions import IntrospectionError as IntrospectionError
    from .exceptions import InvalidAnswer as InvalidAnswer
    from .exceptions import InvalidAuthResponse as InvalidAuthResponse
    from .exceptions import InvalidBackChannelAuthenticationResponse as InvalidBackChannelAuthenticationResponse
    from .exceptions import InvalidClient as InvalidClient
    from .exceptions import InvalidDeviceAuthorizationResponse as InvalidDeviceAuthorizationResponse
    from .exceptions import InvalidGrant as InvalidGrant
    from .exceptions import InvalidParam as InvalidParam
    from .exceptions import InvalidPushedAuthorizationResponse as InvalidPushedAuthorizationResponse
    from .exceptions import InvalidRequest as InvalidRequest
    from .exceptions import InvalidScope as InvalidScope
    from .exceptions import InvalidState as InvalidState
    from .exceptions import InvalidTarget as InvalidTarget
    from .exceptions import InvalidTokenResponse as InvalidTokenResponse
    from .exceptions import InvalidUserInfoResponse as InvalidUserInfoResponse
    from .exceptions import LoginRequired as LoginRequired
    from .exceptions import MismatchingIssuer as MismatchingIssuer
    from .exceptions import MismatchingState as MismatchingState
    from .exceptions import MissingAuthCode as MissingAuthCode
    from .exceptions import MissingEndpointUri as MissingEndpointUri
    from .exceptions import MissingIssuer as MissingIssuer
    from .exceptions import NonRenewableTokenError as NonRenewableTokenError
    from .exceptions import OAuth2Error as OAuth2Error
    from .exceptions import RepeatedParameter as RepeatedParameter
    from .exceptions import ResponseTooLarge as ResponseTooLarge
    from .exceptions import RevocationError as RevocationError
    from .exceptions import ServerError as ServerError
    from .exceptions import SessionSelectionRequired as SessionSelectionRequired
    from .exceptions import SlowDown as SlowDown
    from .exceptions import TokenEndpointError as TokenEndpointError
    from .exceptions import TokenResponseError as TokenResponseError
    from .exceptions import TransportError as TransportError
    from .exceptions import UnauthorizedClient as UnauthorizedClient
    from .exceptions import UnknownIntrospectionError as UnknownIntrospectionError
    from .exceptions import UnknownTokenEndpointError as UnknownTokenEndpointError
    from .exceptions import UnknownTokenResponseError as UnknownTokenResponseError
    from .exceptions import UnsupportedTokenType as UnsupportedTokenType
    from .exceptions import UseDPoPNonce as UseDPoPNonce
    from .pkce import CHALLENGE_METHODS as CHALLENGE_METHODS
    from .pkce import InvalidCodeVerifierParam as InvalidCodeVerifierParam
    from .pkce import PkceUtils as PkceUtils
    from .pkce import UnsupportedCodeChallengeMethod as UnsupportedCodeChallengeMethod
    from .polling import BaseTokenEndpointPollingJob as BaseTokenEndpointPollingJob
    from .polling import BaseTokenEndpointPoolingJob as BaseTokenEndpointPoolingJob
    from .tokens import BearerToken as BearerToken
    from .tokens import ExpiredIdToken as ExpiredIdToken
    from .tokens import IdToken as IdToken
    from .tokens import InvalidIdToken as InvalidIdToken
    from .tokens import MismatchingIdTokenAcr as MismatchingIdTokenAcr
    from .tokens import MismatchingIdTokenAlg as MismatchingIdTokenAlg
    from .tokens import MismatchingIdTokenAudience as MismatchingIdTokenAudience
    from .tokens import MismatchingIdTokenAzp as MismatchingIdTokenAzp
    from .tokens import MismatchingIdTokenIssuer as MismatchingIdTokenIssuer
    from .tokens import MismatchingIdTokenNonce as MismatchingIdTokenNonce
    from .tokens import MissingIdToken as MissingIdToken
    from .tokens import UnsupportedIdTokenAlg as UnsupportedIdTokenAlg
    from .tokens import UnsupportedTokenTypeError as UnsupportedTokenTypeError
    from .utils import InvalidEndpointUri as InvalidEndpointUri
    from .utils import InvalidIssuer as InvalidIssuer
    from .utils import InvalidScopeParam as InvalidScopeParam
    from .utils import InvalidUri as InvalidUri
    from .utils import InvalidUrl as InvalidUrl
    from .utils import b64u_decode as b64u_decode
    from .utils import b64u_encode as b64u_encode
    from .utils import generate_jwk_key_pair as generate_jwk_key_pair
    from .utils import validate_endpoint_uri as validate_endpoint_uri
    from .utils import validate_issuer_uri as validate_issuer_uri
    from .utils import validate_url as validate_url
else:
    _HOMES = {
        "_async_auth": (
            "AsyncOAuth2AccessTokenAuth AsyncOAuth2AuthorizationCodeAuth AsyncOAuth2ClientCredentialsAuth"
            " AsyncOAuth2DeviceCodeAuth AsyncOAuth2ResourceOwnerPasswordAuth"
        ),
        "aio": ("AsyncDeviceAuthorizationPollingJob AsyncOAuth2Client"),
        "auth": (
            "BearerAuth BearerAuthorization OAuth2AccessTokenAuth OAuth2AuthorizationCodeAuth"
            " OAuth2ClientCredentialsAuth OAuth2DeviceCodeAuth OAuth2ResourceOwnerPasswordAuth"
        ),
        "authorization_request": (
            "AuthorizationRequest AuthorizationResponse BrowserRequest InvalidAuthorizationRequestParam"
            " InvalidMaxAgeParam InvalidRedirectUri"
        ),
        "client": ("DeadlineAdapter MissingRefreshToken OAuth2Client"),
        "client_authentication": (
            "ClientSecretBasic ClientSecretJWT ClientSecretJwt ClientSecretPost"
            " InvalidClientAssertionSigningKeyOrAlg InvalidRequestForClientAuthentication PrivateKeyJWT"
            " PrivateKeyJwt PublicApp UnsupportedClientCredentials"
        ),
        "device_authorization": (
            "DeviceAuthorizationClient DeviceAuthorizationPollingJob DeviceAuthorizationPoolingJob"
            " DeviceAuthorizationResponse MissingDeviceCode"
        ),
        "exceptions": (
            "AccessDenied AccessTokenError AccountSelectionRequired AuthorizationPending"
            " AuthorizationResponseError BackChannelAuthenticationError ConsentRequired DeadlineExceeded"
            " DeviceAuthorizationError EndpointError ExpiredAccessToken ExpiredBearerToken ExpiredDeviceCode"
            " ExpiredToken IncompleteResponse InsecureTransport InteractionRequired IntrospectionError"
            " InvalidAnswer InvalidAuthResponse InvalidBackChannelAuthenticationResponse InvalidClient"
            " InvalidDeviceAuthorizationResponse InvalidGrant InvalidParam InvalidPushedAuthorizationResponse"
            " InvalidRequest InvalidScope InvalidState InvalidTarget InvalidTokenResponse InvalidUserInfoResponse"
            " LoginRequired MismatchingIssuer MismatchingState MissingAuthCode MissingEndpointUri MissingIssuer"
            " NonRenewableTokenError OAuth2Error RepeatedParameter ResponseTooLarge RevocationError ServerError"
            " SessionSelectionRequired SlowDown TokenEndpointError TokenResponseError TransportError"
            " UnauthorizedClient UnknownIntrospectionError UnknownTokenEndpointError UnknownTokenResponseError"
            " UnsupportedTokenType UseDPoPNonce"
        ),
        "pkce": ("CHALLENGE_METHODS InvalidCodeVerifierParam PkceUtils UnsupportedCodeChallengeMethod"),
        "polling": ("BaseTokenEndpointPollingJob BaseTokenEndpointPoolingJob"),
        "tokens": (
            "BearerToken ExpiredIdToken IdToken InvalidIdToken MismatchingIdTokenAcr MismatchingIdTokenAlg"
            " MismatchingIdTokenAudience MismatchingIdTokenAzp MismatchingIdTokenIssuer MismatchingIdTokenNonce"
            " MissingIdToken UnsupportedIdTokenAlg UnsupportedTokenTypeError"
        ),
        "utils": (
            "InvalidEndpointUri InvalidIssuer InvalidScopeParam InvalidUri InvalidUrl b64u_decode b64u_encode"
            " generate_jwk_key_pair validate_endpoint_uri validate_issuer_uri validate_url"
        ),
    }
    _HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}

    def __getattr__(name):
        """Load the module of a public name."""
        module = _HOME_OF.get(name)
        if module is None:
            msg = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(msg)
        from importlib import import_module  # noqa: PLC0415  the root loads nothing by itself

        value = getattr(import_module(f".{module}", __name__), name)
        globals()[name] = value
        return value

    def __dir__():
        """Show what can be loaded too."""
        return sorted({*globals(), *_HOME_OF})


__all__ = [
    "CHALLENGE_METHODS",
    "AccessDenied",
    "AccessTokenError",
    "AccountSelectionRequired",
    "AuthorizationPending",
    "AuthorizationRequest",
    "AuthorizationResponse",
    "AuthorizationResponseError",
    "BackChannelAuthenticationError",
    "BaseTokenEndpointPollingJob",
    "BaseTokenEndpointPoolingJob",
    "BearerAuth",
    "BearerAuthorization",
    "BearerToken",
    "BrowserRequest",
    "ClientSecretBasic",
    "ClientSecretJWT",
    "ClientSecretJwt",
    "ClientSecretPost",
    "ConsentRequired",
    "DeadlineAdapter",
    "DeadlineExceeded",
    "DeviceAuthorizationClient",
    "DeviceAuthorizationError",
    "DeviceAuthorizationPollingJob",
    "DeviceAuthorizationPoolingJob",
    "DeviceAuthorizationResponse",
    "EndpointError",
    "ExpiredAccessToken",
    "ExpiredBearerToken",
    "ExpiredDeviceCode",
    "ExpiredIdToken",
    "ExpiredToken",
    "IdToken",
    "IncompleteResponse",
    "InsecureTransport",
    "InteractionRequired",
    "IntrospectionError",
    "InvalidAnswer",
    "InvalidAuthResponse",
    "InvalidAuthorizationRequestParam",
    "InvalidBackChannelAuthenticationResponse",
    "InvalidClient",
    "InvalidClientAssertionSigningKeyOrAlg",
    "InvalidCodeVerifierParam",
    "InvalidDeviceAuthorizationResponse",
    "InvalidEndpointUri",
    "InvalidGrant",
    "InvalidIdToken",
    "InvalidIssuer",
    "InvalidMaxAgeParam",
    "InvalidParam",
    "InvalidPushedAuthorizationResponse",
    "InvalidRedirectUri",
    "InvalidRequest",
    "InvalidRequestForClientAuthentication",
    "InvalidScope",
    "InvalidScopeParam",
    "InvalidState",
    "InvalidTarget",
    "InvalidTokenResponse",
    "InvalidUri",
    "InvalidUrl",
    "InvalidUserInfoResponse",
    "LoginRequired",
    "MismatchingIdTokenAcr",
    "MismatchingIdTokenAlg",
    "MismatchingIdTokenAudience",
    "MismatchingIdTokenAzp",
    "MismatchingIdTokenIssuer",
    "MismatchingIdTokenNonce",
    "MismatchingIssuer",
    "MismatchingState",
    "MissingAuthCode",
    "MissingDeviceCode",
    "MissingEndpointUri",
    "MissingIdToken",
    "MissingIssuer",
    "MissingRefreshToken",
    "NonRenewableTokenError",
    "OAuth2AccessTokenAuth",
    "OAuth2AuthorizationCodeAuth",
    "OAuth2Client",
    "OAuth2ClientCredentialsAuth",
    "OAuth2DeviceCodeAuth",
    "OAuth2Error",
    "OAuth2ResourceOwnerPasswordAuth",
    "PkceUtils",
    "PrivateKeyJWT",
    "PrivateKeyJwt",
    "PublicApp",
    "RepeatedParameter",
    "ResponseTooLarge",
    "RevocationError",
    "ServerError",
    "SessionSelectionRequired",
    "SlowDown",
    "TokenEndpointError",
    "TokenResponseError",
    "TransportError",
    "UnauthorizedClient",
    "UnknownIntrospectionError",
    "UnknownTokenEndpointError",
    "UnknownTokenResponseError",
    "UnsupportedClientCredentials",
    "UnsupportedCodeChallengeMethod",
    "UnsupportedIdTokenAlg",
    "UnsupportedTokenType",
    "UnsupportedTokenTypeError",
    "UseDPoPNonce",
    "b64u_decode",
    "b64u_encode",
    "generate_jwk_key_pair",
    "validate_endpoint_uri",
    "validate_issuer_uri",
    "validate_url",
]
