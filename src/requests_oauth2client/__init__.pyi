"""OAuth 2.x and OpenID Connect for `requests` and `httpx2`: get, renew, revoke, check and use tokens.

    client = OAuth2Client(issuer="https://as.example.com", auth=("my-service", "my-secret"))
    auth = OAuth2ClientCredentialsAuth(client, scope="api.read")
    requests.get("https://api.example.com/things", auth=auth)

What most programs need; `help(requests_oauth2client.OAuth2Client)` explains a name:

    OAuth2Client                 a client of one authorization server; each grant is a method
    OAuth2ClientCredentialsAuth  calls an API as the client itself
    OAuth2LoginAuth              logs a user in from a program, and calls an API for them
    OAuth2AccessTokenAuth        goes on with tokens that the program has
    OAuth2ResourceAuth           calls an API of which only the URL is known, such as an MCP server
    BearerAuth                   puts one token into requests
    ApiClient                    calls an API below one root URL
    AuthorizationRequest         sends a browser to log in; `validate_callback` reads what comes back
    BearerToken, IdToken         what a server issues
    ClientSecretBasic, ClientSecretPost, PrivateKeyJwt, PublicApp    how a client authenticates
    DPoPKey, Retries, TokenEvent, recording                          keys, failing servers, what happens
    OAuth2Error                  every error; its message ends with the address of its entry in the documentation

The async ones have `Async` in front. Token stores are in `stores`; logins of web sites in `flask`, `starlette` (FastAPI
too) and `django`; an authorization server for tests in `testing`; mail, Kafka and gRPC in `sasl`, `kafka` and `grpc`.
All of it, by task: https://requests-oauth2client.readthedocs.io/en/latest/

Every public name can be imported from here. A name is loaded when it is first used, so that importing the
package costs next to nothing: no HTTP library, no cryptography. The async client needs the extra "async", so a star
import leaves it out. Written by `python -m devkit.root`.
"""

from .aio import AsyncApiClient as AsyncApiClient
from .aio import AsyncBackChannelAuthenticationPollingJob as AsyncBackChannelAuthenticationPollingJob
from .aio import AsyncDeviceAuthorizationPollingJob as AsyncDeviceAuthorizationPollingJob
from .aio import AsyncOAuth2AccessTokenAuth as AsyncOAuth2AccessTokenAuth
from .aio import AsyncOAuth2AuthorizationCodeAuth as AsyncOAuth2AuthorizationCodeAuth
from .aio import AsyncOAuth2Client as AsyncOAuth2Client
from .aio import AsyncOAuth2ClientCredentialsAuth as AsyncOAuth2ClientCredentialsAuth
from .aio import AsyncOAuth2DeviceCodeAuth as AsyncOAuth2DeviceCodeAuth
from .aio import AsyncOAuth2LoginAuth as AsyncOAuth2LoginAuth
from .aio import AsyncOAuth2ResourceAuth as AsyncOAuth2ResourceAuth
from .aio import AsyncOAuth2ResourceOwnerPasswordAuth as AsyncOAuth2ResourceOwnerPasswordAuth
from .aio import AsyncOAuth2TokenSourceAuth as AsyncOAuth2TokenSourceAuth
from .api_client import ApiClient as ApiClient
from .api_client import InvalidBoolFieldsParam as InvalidBoolFieldsParam
from .api_client import InvalidNoneFieldsParam as InvalidNoneFieldsParam
from .api_client import InvalidPathParam as InvalidPathParam
from .api_client import InvalidRedirect as InvalidRedirect
from .api_client import validate_bool_fields as validate_bool_fields
from .auth import BearerAuth as BearerAuth
from .auth import BearerAuthorization as BearerAuthorization
from .auth import OAuth2AccessTokenAuth as OAuth2AccessTokenAuth
from .auth import OAuth2AuthorizationCodeAuth as OAuth2AuthorizationCodeAuth
from .auth import OAuth2ClientCredentialsAuth as OAuth2ClientCredentialsAuth
from .auth import OAuth2DeviceCodeAuth as OAuth2DeviceCodeAuth
from .auth import OAuth2ResourceOwnerPasswordAuth as OAuth2ResourceOwnerPasswordAuth
from .auth import OAuth2TokenSourceAuth as OAuth2TokenSourceAuth
from .auth import TokenEvent as TokenEvent
from .authorization_details import AuthorizationDetail as AuthorizationDetail
from .authorization_details import InvalidAuthorizationDetails as InvalidAuthorizationDetails
from .authorization_details import read_authorization_details as read_authorization_details
from .authorization_request import AuthorizationRequest as AuthorizationRequest
from .authorization_request import AuthorizationResponse as AuthorizationResponse
from .authorization_request import BrowserRequest as BrowserRequest
from .authorization_request import ExpiredResponseJwt as ExpiredResponseJwt
from .authorization_request import InvalidAcrValuesParam as InvalidAcrValuesParam
from .authorization_request import InvalidAuthorizationRequestParam as InvalidAuthorizationRequestParam
from .authorization_request import InvalidMaxAgeParam as InvalidMaxAgeParam
from .authorization_request import InvalidPromptParam as InvalidPromptParam
from .authorization_request import InvalidPushedAuthorizationRequest as InvalidPushedAuthorizationRequest
from .authorization_request import InvalidRedirectUri as InvalidRedirectUri
from .authorization_request import InvalidResponseJwt as InvalidResponseJwt
from .authorization_request import MismatchingRedirectUri as MismatchingRedirectUri
from .authorization_request import MismatchingResponseJwtAudience as MismatchingResponseJwtAudience
from .authorization_request import MismatchingResponseMode as MismatchingResponseMode
from .authorization_request import MissingRequestObjectSigningKey as MissingRequestObjectSigningKey
from .authorization_request import MissingResponseJwt as MissingResponseJwt
from .authorization_request import RequestParameterAuthorizationRequest as RequestParameterAuthorizationRequest
from .authorization_request import RequestUriParameterAuthorizationRequest as RequestUriParameterAuthorizationRequest
from .authorization_request import UncheckableResponseJwt as UncheckableResponseJwt
from .authorization_request import UnsupportedResponseJwtAlg as UnsupportedResponseJwtAlg
from .authorization_request import UnsupportedResponseTypeParam as UnsupportedResponseTypeParam
from .authorization_request import callback_state as callback_state
from .backchannel_authentication import BackChannelAuthenticationPollingJob as BackChannelAuthenticationPollingJob
from .backchannel_authentication import BackChannelAuthenticationPoolingJob as BackChannelAuthenticationPoolingJob
from .backchannel_authentication import BackChannelAuthenticationResponse as BackChannelAuthenticationResponse
from .backchannel_authentication import (
    InvalidBackchannelAuthenticationRequestHintParam as InvalidBackchannelAuthenticationRequestHintParam,
)
from .backchannel_authentication import InvalidClientNotificationToken as InvalidClientNotificationToken
from .backchannel_authentication import InvalidPingCallback as InvalidPingCallback
from .backchannel_authentication import MismatchingAuthReqId as MismatchingAuthReqId
from .backchannel_authentication import MismatchingClientNotificationToken as MismatchingClientNotificationToken
from .backchannel_authentication import MismatchingIdTokenAuthReqId as MismatchingIdTokenAuthReqId
from .backchannel_authentication import MissingAuthRequestId as MissingAuthRequestId
from .backchannel_authentication import validate_ping_callback as validate_ping_callback
from .challenges import ApiError as ApiError
from .challenges import Challenge as Challenge
from .challenges import InsufficientScope as InsufficientScope
from .challenges import InsufficientUserAuthentication as InsufficientUserAuthentication
from .challenges import InvalidAccessToken as InvalidAccessToken
from .challenges import api_error as api_error
from .challenges import parse_challenges as parse_challenges
from .client import ClaimSource as ClaimSource
from .client import DeadlineAdapter as DeadlineAdapter
from .client import InvalidClaimSource as InvalidClaimSource
from .client import InvalidIntrospectionResponse as InvalidIntrospectionResponse
from .client import InvalidSamlAssertion as InvalidSamlAssertion
from .client import MismatchingUserInfoSubject as MismatchingUserInfoSubject
from .client import MissingRefreshToken as MissingRefreshToken
from .client import NotAnAccessToken as NotAnAccessToken
from .client import OAuth2Client as OAuth2Client
from .client import SecurityToken as SecurityToken
from .client import SourcedClaims as SourcedClaims
from .client import UnknownActorTokenType as UnknownActorTokenType
from .client import UnknownRequestedTokenType as UnknownRequestedTokenType
from .client import UnknownSubjectTokenType as UnknownSubjectTokenType
from .client import UnknownTokenType as UnknownTokenType
from .client import aggregated_claims as aggregated_claims
from .client import read_claim_sources as read_claim_sources
from .client_authentication import BaseClientAssertionAuthenticationMethod as BaseClientAssertionAuthenticationMethod
from .client_authentication import BaseClientAuthenticationMethod as BaseClientAuthenticationMethod
from .client_authentication import ClientAssertionFrom as ClientAssertionFrom
from .client_authentication import ClientAttestation as ClientAttestation
from .client_authentication import ClientSecretBasic as ClientSecretBasic
from .client_authentication import ClientSecretJWT as ClientSecretJWT
from .client_authentication import ClientSecretJwt as ClientSecretJwt
from .client_authentication import ClientSecretPost as ClientSecretPost
from .client_authentication import File as File
from .client_authentication import InvalidClientAssertionSigningKeyOrAlg as InvalidClientAssertionSigningKeyOrAlg
from .client_authentication import InvalidClientAttestation as InvalidClientAttestation
from .client_authentication import InvalidRequestForClientAuthentication as InvalidRequestForClientAuthentication
from .client_authentication import NoClientAuth as NoClientAuth
from .client_authentication import PrivateKeyJWT as PrivateKeyJWT
from .client_authentication import PrivateKeyJwt as PrivateKeyJwt
from .client_authentication import PublicApp as PublicApp
from .client_authentication import UnsupportedClientCredentials as UnsupportedClientCredentials
from .client_authentication import UseAttestationChallenge as UseAttestationChallenge
from .client_authentication import UseFreshAttestation as UseFreshAttestation
from .client_metadata import ClientMetadata as ClientMetadata
from .device_authorization import DeviceAuthorizationClient as DeviceAuthorizationClient
from .device_authorization import DeviceAuthorizationPollingJob as DeviceAuthorizationPollingJob
from .device_authorization import DeviceAuthorizationPoolingJob as DeviceAuthorizationPoolingJob
from .device_authorization import DeviceAuthorizationResponse as DeviceAuthorizationResponse
from .device_authorization import MissingDeviceCode as MissingDeviceCode
from .discovery import InvalidDiscoveryDocument as InvalidDiscoveryDocument
from .discovery import MismatchingDiscoveryIssuer as MismatchingDiscoveryIssuer
from .discovery import discovery_urls as discovery_urls
from .discovery import issuers_of as issuers_of
from .discovery import oauth2_discovery_document_url as oauth2_discovery_document_url
from .discovery import oidc_discovery_document_url as oidc_discovery_document_url
from .discovery import well_known_uri as well_known_uri
from .dpop import DPOP_ALGS as DPOP_ALGS
from .dpop import DPoPKey as DPoPKey
from .dpop import DPoPProof as DPoPProof
from .dpop import InvalidDPoPAccessToken as InvalidDPoPAccessToken
from .dpop import InvalidDPoPAlg as InvalidDPoPAlg
from .dpop import InvalidDPoPKey as InvalidDPoPKey
from .dpop import InvalidDPoPProof as InvalidDPoPProof
from .dpop import InvalidUseDPoPNonceResponse as InvalidUseDPoPNonceResponse
from .dpop import MissingDPoPNonce as MissingDPoPNonce
from .dpop import RefusedDPoPProof as RefusedDPoPProof
from .dpop import RepeatedDPoPNonce as RepeatedDPoPNonce
from .dpop import UnrepeatableRequestBody as UnrepeatableRequestBody
from .dpop import UnsupportedDPoPToken as UnsupportedDPoPToken
from .dpop import access_token_hash as access_token_hash
from .dpop import validate_dpop_proof as validate_dpop_proof
from .enums import AccessTokenTypes as AccessTokenTypes
from .enums import CodeChallengeMethods as CodeChallengeMethods
from .enums import EncryptionAlgs as EncryptionAlgs
from .enums import Endpoints as Endpoints
from .enums import GrantTypes as GrantTypes
from .enums import KeyManagementAlgs as KeyManagementAlgs
from .enums import ResponseTypes as ResponseTypes
from .enums import SignatureAlgs as SignatureAlgs
from .enums import TokenType as TokenType
from .exceptions import AccessDenied as AccessDenied
from .exceptions import AccessTokenError as AccessTokenError
from .exceptions import AccountSelectionRequired as AccountSelectionRequired
from .exceptions import AuthorizationDenied as AuthorizationDenied
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
from .exceptions import ExpiredLoginHintToken as ExpiredLoginHintToken
from .exceptions import ExpiredToken as ExpiredToken
from .exceptions import IncompleteResponse as IncompleteResponse
from .exceptions import InsecureTransport as InsecureTransport
from .exceptions import InteractionRequired as InteractionRequired
from .exceptions import IntrospectionError as IntrospectionError
from .exceptions import InvalidAnswer as InvalidAnswer
from .exceptions import InvalidAuthorizationServerJwks as InvalidAuthorizationServerJwks
from .exceptions import InvalidAuthResponse as InvalidAuthResponse
from .exceptions import InvalidBackChannelAuthenticationResponse as InvalidBackChannelAuthenticationResponse
from .exceptions import InvalidBindingMessage as InvalidBindingMessage
from .exceptions import InvalidClient as InvalidClient
from .exceptions import InvalidDeviceAuthorizationResponse as InvalidDeviceAuthorizationResponse
from .exceptions import InvalidGrant as InvalidGrant
from .exceptions import InvalidParam as InvalidParam
from .exceptions import InvalidPushedAuthorizationResponse as InvalidPushedAuthorizationResponse
from .exceptions import InvalidRequest as InvalidRequest
from .exceptions import InvalidRequestObject as InvalidRequestObject
from .exceptions import InvalidRequestUri as InvalidRequestUri
from .exceptions import InvalidScope as InvalidScope
from .exceptions import InvalidState as InvalidState
from .exceptions import InvalidTarget as InvalidTarget
from .exceptions import InvalidTokenResponse as InvalidTokenResponse
from .exceptions import InvalidUri as InvalidUri
from .exceptions import InvalidUrl as InvalidUrl
from .exceptions import InvalidUserCode as InvalidUserCode
from .exceptions import InvalidUserInfoResponse as InvalidUserInfoResponse
from .exceptions import LoginNeeded as LoginNeeded
from .exceptions import LoginRequired as LoginRequired
from .exceptions import LostStoredToken as LostStoredToken
from .exceptions import MismatchingIssuer as MismatchingIssuer
from .exceptions import MismatchingState as MismatchingState
from .exceptions import MissingAccessToken as MissingAccessToken
from .exceptions import MissingAuthCode as MissingAuthCode
from .exceptions import MissingEndpointUri as MissingEndpointUri
from .exceptions import MissingIdTokenEncryptedResponseAlgParam as MissingIdTokenEncryptedResponseAlgParam
from .exceptions import MissingIssuer as MissingIssuer
from .exceptions import MissingIssuerParam as MissingIssuerParam
from .exceptions import MissingServer as MissingServer
from .exceptions import MissingUserCode as MissingUserCode
from .exceptions import NonRenewableTokenError as NonRenewableTokenError
from .exceptions import OAuth2Error as OAuth2Error
from .exceptions import OtherEventLoop as OtherEventLoop
from .exceptions import RecursiveRenewal as RecursiveRenewal
from .exceptions import RefusedAuthorizationDetails as RefusedAuthorizationDetails
from .exceptions import RefusedAuthorizationRequest as RefusedAuthorizationRequest
from .exceptions import RefusedRefreshToken as RefusedRefreshToken
from .exceptions import RegistrationNotSupported as RegistrationNotSupported
from .exceptions import RepeatedParameter as RepeatedParameter
from .exceptions import RequestNotSupported as RequestNotSupported
from .exceptions import RequestUriNotSupported as RequestUriNotSupported
from .exceptions import ResponseTooLarge as ResponseTooLarge
from .exceptions import RevocationError as RevocationError
from .exceptions import ServerError as ServerError
from .exceptions import SessionSelectionRequired as SessionSelectionRequired
from .exceptions import SlowDown as SlowDown
from .exceptions import TemporarilyUnavailable as TemporarilyUnavailable
from .exceptions import TokenEndpointError as TokenEndpointError
from .exceptions import TokenInteractionRequired as TokenInteractionRequired
from .exceptions import TokenResponseError as TokenResponseError
from .exceptions import TransactionFailed as TransactionFailed
from .exceptions import TransportError as TransportError
from .exceptions import UnauthorizedClient as UnauthorizedClient
from .exceptions import UndiscoveredServer as UndiscoveredServer
from .exceptions import UnknownIntrospectionError as UnknownIntrospectionError
from .exceptions import UnknownTokenEndpointError as UnknownTokenEndpointError
from .exceptions import UnknownTokenResponseError as UnknownTokenResponseError
from .exceptions import UnknownUserId as UnknownUserId
from .exceptions import UnmetAuthenticationRequirements as UnmetAuthenticationRequirements
from .exceptions import UnsupportedGrantType as UnsupportedGrantType
from .exceptions import UnsupportedResponseType as UnsupportedResponseType
from .exceptions import UnsupportedTokenType as UnsupportedTokenType
from .exceptions import UnsupportedTokenTypeError as UnsupportedTokenTypeError
from .exceptions import UseDPoPNonce as UseDPoPNonce
from .federation import EntityStatement as EntityStatement
from .federation import ExpiredEntityStatement as ExpiredEntityStatement
from .federation import InvalidEntityStatement as InvalidEntityStatement
from .federation import MismatchingEntityStatement as MismatchingEntityStatement
from .federation import MissingEntityStatementClaim as MissingEntityStatementClaim
from .federation import MissingTrustChain as MissingTrustChain
from .federation import UnsupportedClientRegistrationTypes as UnsupportedClientRegistrationTypes
from .federation import UnsupportedEntityStatement as UnsupportedEntityStatement
from .federation import entity_configuration as entity_configuration
from .federation import provider_metadata as provider_metadata
from .federation import read_entity_statement as read_entity_statement
from .login import BrowserLogin as BrowserLogin
from .login import DeviceLogin as DeviceLogin
from .login import Login as Login
from .login import LoginCancelled as LoginCancelled
from .login import LoginFailed as LoginFailed
from .login import LoginImpossible as LoginImpossible
from .login import LoginSource as LoginSource
from .login import LoginTimeout as LoginTimeout
from .login import NoFreePort as NoFreePort
from .login import OAuth2LoginAuth as OAuth2LoginAuth
from .login import PasteLogin as PasteLogin
from .logout import EndSessionRequest as EndSessionRequest
from .logout import InvalidFrontChannelLogout as InvalidFrontChannelLogout
from .logout import InvalidLogoutToken as InvalidLogoutToken
from .logout import LogoutToken as LogoutToken
from .mtls import SelfSignedTlsClientAuth as SelfSignedTlsClientAuth
from .mtls import TlsClientAuth as TlsClientAuth
from .pkce import CHALLENGE_METHODS as CHALLENGE_METHODS
from .pkce import InvalidCodeVerifierParam as InvalidCodeVerifierParam
from .pkce import PkceUtils as PkceUtils
from .pkce import UnsupportedCodeChallengeMethod as UnsupportedCodeChallengeMethod
from .polling import BaseTokenEndpointPollingJob as BaseTokenEndpointPollingJob
from .polling import BaseTokenEndpointPoolingJob as BaseTokenEndpointPoolingJob
from .profiles import ProfileViolation as ProfileViolation
from .protected_resource import FROM_METADATA as FROM_METADATA
from .protected_resource import OAuth2ResourceAuth as OAuth2ResourceAuth
from .protected_resource import ProtectedResource as ProtectedResource
from .recorder import Exchange as Exchange
from .recorder import Story as Story
from .recorder import recording as recording
from .registration import ClientInformation as ClientInformation
from .registration import ClientRegistrationError as ClientRegistrationError
from .registration import InvalidClientInformationResponse as InvalidClientInformationResponse
from .registration import InvalidClientMetadata as InvalidClientMetadata
from .registration import InvalidSoftwareStatement as InvalidSoftwareStatement
from .registration import RefusedRedirectUri as RefusedRedirectUri
from .registration import UnapprovedSoftwareStatement as UnapprovedSoftwareStatement
from .resource_metadata import InvalidResourceMetadata as InvalidResourceMetadata
from .resource_metadata import MismatchingResource as MismatchingResource
from .resource_metadata import MissingPkce as MissingPkce
from .resource_metadata import UntrustedIssuer as UntrustedIssuer
from .resource_metadata import resource_metadata_urls as resource_metadata_urls
from .retries import Retries as Retries
from .sasl import SaslToken as SaslToken
from .sasl import oauthbearer as oauthbearer
from .sasl import xoauth2 as xoauth2
from .serializers import AuthorizationRequestSerializer as AuthorizationRequestSerializer
from .serializers import DPoPKeySerializer as DPoPKeySerializer
from .serializers import InvalidSerializedValue as InvalidSerializedValue
from .serializers import MismatchingSerializerKey as MismatchingSerializerKey
from .serializers import Serializer as Serializer
from .serializers import TokenSerializer as TokenSerializer
from .token_sources import AmbientSource as AmbientSource
from .token_sources import AuthorizationCodeSource as AuthorizationCodeSource
from .token_sources import CallableSource as CallableSource
from .token_sources import ClientCredentialsSource as ClientCredentialsSource
from .token_sources import CommandSource as CommandSource
from .token_sources import CredentialNotFound as CredentialNotFound
from .token_sources import CredentialNotPermitted as CredentialNotPermitted
from .token_sources import CredentialTimeout as CredentialTimeout
from .token_sources import CredentialUnavailable as CredentialUnavailable
from .token_sources import DeviceCodeSource as DeviceCodeSource
from .token_sources import EnvironmentSource as EnvironmentSource
from .token_sources import ExpiredCredential as ExpiredCredential
from .token_sources import FileSource as FileSource
from .token_sources import GitHubActionsSource as GitHubActionsSource
from .token_sources import GitLabSource as GitLabSource
from .token_sources import IdentityAssertionSource as IdentityAssertionSource
from .token_sources import InvalidCredential as InvalidCredential
from .token_sources import InvalidIdentityAssertion as InvalidIdentityAssertion
from .token_sources import JwtBearerSource as JwtBearerSource
from .token_sources import KubernetesSource as KubernetesSource
from .token_sources import RefreshTokenSource as RefreshTokenSource
from .token_sources import ResourceOwnerPasswordSource as ResourceOwnerPasswordSource
from .token_sources import SignedAssertion as SignedAssertion
from .token_sources import SpiffeSource as SpiffeSource
from .token_sources import TokenExchangeSource as TokenExchangeSource
from .token_sources import TokenSource as TokenSource
from .token_sources import UrlSource as UrlSource
from .tokens import BearerToken as BearerToken
from .tokens import DPoPToken as DPoPToken
from .tokens import ExpiredIdToken as ExpiredIdToken
from .tokens import IdToken as IdToken
from .tokens import IntrospectionResponse as IntrospectionResponse
from .tokens import InvalidIdToken as InvalidIdToken
from .tokens import InvalidIdTokenSignature as InvalidIdTokenSignature
from .tokens import MismatchingIdTokenAcr as MismatchingIdTokenAcr
from .tokens import MismatchingIdTokenAlg as MismatchingIdTokenAlg
from .tokens import MismatchingIdTokenAudience as MismatchingIdTokenAudience
from .tokens import MismatchingIdTokenAuthTime as MismatchingIdTokenAuthTime
from .tokens import MismatchingIdTokenAzp as MismatchingIdTokenAzp
from .tokens import MismatchingIdTokenHash as MismatchingIdTokenHash
from .tokens import MismatchingIdTokenIssuer as MismatchingIdTokenIssuer
from .tokens import MismatchingIdTokenNonce as MismatchingIdTokenNonce
from .tokens import MismatchingIdTokenSubject as MismatchingIdTokenSubject
from .tokens import MissingIdToken as MissingIdToken
from .tokens import MissingIdTokenClaim as MissingIdTokenClaim
from .tokens import MissingIdTokenKey as MissingIdTokenKey
from .tokens import StaleIdToken as StaleIdToken
from .tokens import UnsupportedIdTokenAlg as UnsupportedIdTokenAlg
from .tokens import UserInfo as UserInfo
from .utils import InvalidEndpointUri as InvalidEndpointUri
from .utils import InvalidIssuer as InvalidIssuer
from .utils import InvalidScopeParam as InvalidScopeParam
from .utils import accepts_expires_in as accepts_expires_in
from .utils import b64u_decode as b64u_decode
from .utils import b64u_encode as b64u_encode
from .utils import generate_jwk_key_pair as generate_jwk_key_pair
from .utils import validate_endpoint_uri as validate_endpoint_uri
from .utils import validate_issuer_uri as validate_issuer_uri
from .utils import validate_url as validate_url
from .webfinger import ISSUER_REL as ISSUER_REL
from .webfinger import InvalidIdentifier as InvalidIdentifier
from .webfinger import InvalidWebFingerResponse as InvalidWebFingerResponse
from .webfinger import MissingIssuerLink as MissingIssuerLink
from .webfinger import UnknownWebFingerResource as UnknownWebFingerResource
from .webfinger import WebFingerResource as WebFingerResource
from .webfinger import issuer_of as issuer_of
from .webfinger import webfinger_resource as webfinger_resource

__version__: str

__all__ = [
    "CHALLENGE_METHODS",
    "DPOP_ALGS",
    "FROM_METADATA",
    "ISSUER_REL",
    "AccessDenied",
    "AccessTokenError",
    "AccessTokenTypes",
    "AccountSelectionRequired",
    "AmbientSource",
    "ApiClient",
    "ApiError",
    "AuthorizationCodeSource",
    "AuthorizationDenied",
    "AuthorizationDetail",
    "AuthorizationPending",
    "AuthorizationRequest",
    "AuthorizationRequestSerializer",
    "AuthorizationResponse",
    "AuthorizationResponseError",
    "BackChannelAuthenticationError",
    "BackChannelAuthenticationPollingJob",
    "BackChannelAuthenticationPoolingJob",
    "BackChannelAuthenticationResponse",
    "BaseClientAssertionAuthenticationMethod",
    "BaseClientAuthenticationMethod",
    "BaseTokenEndpointPollingJob",
    "BaseTokenEndpointPoolingJob",
    "BearerAuth",
    "BearerAuthorization",
    "BearerToken",
    "BrowserLogin",
    "BrowserRequest",
    "CallableSource",
    "Challenge",
    "ClaimSource",
    "ClientAssertionFrom",
    "ClientAttestation",
    "ClientCredentialsSource",
    "ClientInformation",
    "ClientMetadata",
    "ClientRegistrationError",
    "ClientSecretBasic",
    "ClientSecretJWT",
    "ClientSecretJwt",
    "ClientSecretPost",
    "CodeChallengeMethods",
    "CommandSource",
    "ConsentRequired",
    "CredentialNotFound",
    "CredentialNotPermitted",
    "CredentialTimeout",
    "CredentialUnavailable",
    "DPoPKey",
    "DPoPKeySerializer",
    "DPoPProof",
    "DPoPToken",
    "DeadlineAdapter",
    "DeadlineExceeded",
    "DeviceAuthorizationClient",
    "DeviceAuthorizationError",
    "DeviceAuthorizationPollingJob",
    "DeviceAuthorizationPoolingJob",
    "DeviceAuthorizationResponse",
    "DeviceCodeSource",
    "DeviceLogin",
    "EncryptionAlgs",
    "EndSessionRequest",
    "EndpointError",
    "Endpoints",
    "EntityStatement",
    "EnvironmentSource",
    "Exchange",
    "ExpiredAccessToken",
    "ExpiredBearerToken",
    "ExpiredCredential",
    "ExpiredDeviceCode",
    "ExpiredEntityStatement",
    "ExpiredIdToken",
    "ExpiredLoginHintToken",
    "ExpiredResponseJwt",
    "ExpiredToken",
    "File",
    "FileSource",
    "GitHubActionsSource",
    "GitLabSource",
    "GrantTypes",
    "IdToken",
    "IdentityAssertionSource",
    "IncompleteResponse",
    "InsecureTransport",
    "InsufficientScope",
    "InsufficientUserAuthentication",
    "InteractionRequired",
    "IntrospectionError",
    "IntrospectionResponse",
    "InvalidAccessToken",
    "InvalidAcrValuesParam",
    "InvalidAnswer",
    "InvalidAuthResponse",
    "InvalidAuthorizationDetails",
    "InvalidAuthorizationRequestParam",
    "InvalidAuthorizationServerJwks",
    "InvalidBackChannelAuthenticationResponse",
    "InvalidBackchannelAuthenticationRequestHintParam",
    "InvalidBindingMessage",
    "InvalidBoolFieldsParam",
    "InvalidClaimSource",
    "InvalidClient",
    "InvalidClientAssertionSigningKeyOrAlg",
    "InvalidClientAttestation",
    "InvalidClientInformationResponse",
    "InvalidClientMetadata",
    "InvalidClientNotificationToken",
    "InvalidCodeVerifierParam",
    "InvalidCredential",
    "InvalidDPoPAccessToken",
    "InvalidDPoPAlg",
    "InvalidDPoPKey",
    "InvalidDPoPProof",
    "InvalidDeviceAuthorizationResponse",
    "InvalidDiscoveryDocument",
    "InvalidEndpointUri",
    "InvalidEntityStatement",
    "InvalidFrontChannelLogout",
    "InvalidGrant",
    "InvalidIdToken",
    "InvalidIdTokenSignature",
    "InvalidIdentifier",
    "InvalidIdentityAssertion",
    "InvalidIntrospectionResponse",
    "InvalidIssuer",
    "InvalidLogoutToken",
    "InvalidMaxAgeParam",
    "InvalidNoneFieldsParam",
    "InvalidParam",
    "InvalidPathParam",
    "InvalidPingCallback",
    "InvalidPromptParam",
    "InvalidPushedAuthorizationRequest",
    "InvalidPushedAuthorizationResponse",
    "InvalidRedirect",
    "InvalidRedirectUri",
    "InvalidRequest",
    "InvalidRequestForClientAuthentication",
    "InvalidRequestObject",
    "InvalidRequestUri",
    "InvalidResourceMetadata",
    "InvalidResponseJwt",
    "InvalidSamlAssertion",
    "InvalidScope",
    "InvalidScopeParam",
    "InvalidSerializedValue",
    "InvalidSoftwareStatement",
    "InvalidState",
    "InvalidTarget",
    "InvalidTokenResponse",
    "InvalidUri",
    "InvalidUrl",
    "InvalidUseDPoPNonceResponse",
    "InvalidUserCode",
    "InvalidUserInfoResponse",
    "InvalidWebFingerResponse",
    "JwtBearerSource",
    "KeyManagementAlgs",
    "KubernetesSource",
    "Login",
    "LoginCancelled",
    "LoginFailed",
    "LoginImpossible",
    "LoginNeeded",
    "LoginRequired",
    "LoginSource",
    "LoginTimeout",
    "LogoutToken",
    "LostStoredToken",
    "MismatchingAuthReqId",
    "MismatchingClientNotificationToken",
    "MismatchingDiscoveryIssuer",
    "MismatchingEntityStatement",
    "MismatchingIdTokenAcr",
    "MismatchingIdTokenAlg",
    "MismatchingIdTokenAudience",
    "MismatchingIdTokenAuthReqId",
    "MismatchingIdTokenAuthTime",
    "MismatchingIdTokenAzp",
    "MismatchingIdTokenHash",
    "MismatchingIdTokenIssuer",
    "MismatchingIdTokenNonce",
    "MismatchingIdTokenSubject",
    "MismatchingIssuer",
    "MismatchingRedirectUri",
    "MismatchingResource",
    "MismatchingResponseJwtAudience",
    "MismatchingResponseMode",
    "MismatchingSerializerKey",
    "MismatchingState",
    "MismatchingUserInfoSubject",
    "MissingAccessToken",
    "MissingAuthCode",
    "MissingAuthRequestId",
    "MissingDPoPNonce",
    "MissingDeviceCode",
    "MissingEndpointUri",
    "MissingEntityStatementClaim",
    "MissingIdToken",
    "MissingIdTokenClaim",
    "MissingIdTokenEncryptedResponseAlgParam",
    "MissingIdTokenKey",
    "MissingIssuer",
    "MissingIssuerLink",
    "MissingIssuerParam",
    "MissingPkce",
    "MissingRefreshToken",
    "MissingRequestObjectSigningKey",
    "MissingResponseJwt",
    "MissingServer",
    "MissingTrustChain",
    "MissingUserCode",
    "NoClientAuth",
    "NoFreePort",
    "NonRenewableTokenError",
    "NotAnAccessToken",
    "OAuth2AccessTokenAuth",
    "OAuth2AuthorizationCodeAuth",
    "OAuth2Client",
    "OAuth2ClientCredentialsAuth",
    "OAuth2DeviceCodeAuth",
    "OAuth2Error",
    "OAuth2LoginAuth",
    "OAuth2ResourceAuth",
    "OAuth2ResourceOwnerPasswordAuth",
    "OAuth2TokenSourceAuth",
    "OtherEventLoop",
    "PasteLogin",
    "PkceUtils",
    "PrivateKeyJWT",
    "PrivateKeyJwt",
    "ProfileViolation",
    "ProtectedResource",
    "PublicApp",
    "RecursiveRenewal",
    "RefreshTokenSource",
    "RefusedAuthorizationDetails",
    "RefusedAuthorizationRequest",
    "RefusedDPoPProof",
    "RefusedRedirectUri",
    "RefusedRefreshToken",
    "RegistrationNotSupported",
    "RepeatedDPoPNonce",
    "RepeatedParameter",
    "RequestNotSupported",
    "RequestParameterAuthorizationRequest",
    "RequestUriNotSupported",
    "RequestUriParameterAuthorizationRequest",
    "ResourceOwnerPasswordSource",
    "ResponseTooLarge",
    "ResponseTypes",
    "Retries",
    "RevocationError",
    "SaslToken",
    "SecurityToken",
    "SelfSignedTlsClientAuth",
    "Serializer",
    "ServerError",
    "SessionSelectionRequired",
    "SignatureAlgs",
    "SignedAssertion",
    "SlowDown",
    "SourcedClaims",
    "SpiffeSource",
    "StaleIdToken",
    "Story",
    "TemporarilyUnavailable",
    "TlsClientAuth",
    "TokenEndpointError",
    "TokenEvent",
    "TokenExchangeSource",
    "TokenInteractionRequired",
    "TokenResponseError",
    "TokenSerializer",
    "TokenSource",
    "TokenType",
    "TransactionFailed",
    "TransportError",
    "UnapprovedSoftwareStatement",
    "UnauthorizedClient",
    "UncheckableResponseJwt",
    "UndiscoveredServer",
    "UnknownActorTokenType",
    "UnknownIntrospectionError",
    "UnknownRequestedTokenType",
    "UnknownSubjectTokenType",
    "UnknownTokenEndpointError",
    "UnknownTokenResponseError",
    "UnknownTokenType",
    "UnknownUserId",
    "UnknownWebFingerResource",
    "UnmetAuthenticationRequirements",
    "UnrepeatableRequestBody",
    "UnsupportedClientCredentials",
    "UnsupportedClientRegistrationTypes",
    "UnsupportedCodeChallengeMethod",
    "UnsupportedDPoPToken",
    "UnsupportedEntityStatement",
    "UnsupportedGrantType",
    "UnsupportedIdTokenAlg",
    "UnsupportedResponseJwtAlg",
    "UnsupportedResponseType",
    "UnsupportedResponseTypeParam",
    "UnsupportedTokenType",
    "UnsupportedTokenTypeError",
    "UntrustedIssuer",
    "UrlSource",
    "UseAttestationChallenge",
    "UseDPoPNonce",
    "UseFreshAttestation",
    "UserInfo",
    "WebFingerResource",
    "accepts_expires_in",
    "access_token_hash",
    "aggregated_claims",
    "api_error",
    "b64u_decode",
    "b64u_encode",
    "callback_state",
    "discovery_urls",
    "entity_configuration",
    "generate_jwk_key_pair",
    "issuer_of",
    "issuers_of",
    "oauth2_discovery_document_url",
    "oauthbearer",
    "oidc_discovery_document_url",
    "parse_challenges",
    "provider_metadata",
    "read_authorization_details",
    "read_claim_sources",
    "read_entity_statement",
    "recording",
    "resource_metadata_urls",
    "validate_bool_fields",
    "validate_dpop_proof",
    "validate_endpoint_uri",
    "validate_issuer_uri",
    "validate_ping_callback",
    "validate_url",
    "webfinger_resource",
    "well_known_uri",
    "xoauth2",
]
