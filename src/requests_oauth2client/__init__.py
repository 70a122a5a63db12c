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

from __future__ import annotations

__version__ = "2.0.0"

_ASYNC = ("aio",)
_HOMES = {
    "aio": (
        "AsyncApiClient AsyncBackChannelAuthenticationPollingJob AsyncDeviceAuthorizationPollingJob"
        " AsyncOAuth2AccessTokenAuth AsyncOAuth2AuthorizationCodeAuth AsyncOAuth2Client"
        " AsyncOAuth2ClientCredentialsAuth AsyncOAuth2DeviceCodeAuth AsyncOAuth2LoginAuth"
        " AsyncOAuth2ResourceAuth AsyncOAuth2ResourceOwnerPasswordAuth AsyncOAuth2TokenSourceAuth"
    ),
    "api_client": (
        "ApiClient InvalidBoolFieldsParam InvalidNoneFieldsParam InvalidPathParam InvalidRedirect validate_bool_fields"
    ),
    "auth": (
        "BearerAuth BearerAuthorization OAuth2AccessTokenAuth OAuth2AuthorizationCodeAuth"
        " OAuth2ClientCredentialsAuth OAuth2DeviceCodeAuth OAuth2ResourceOwnerPasswordAuth"
        " OAuth2TokenSourceAuth TokenEvent"
    ),
    "authorization_details": ("AuthorizationDetail InvalidAuthorizationDetails read_authorization_details"),
    "authorization_request": (
        "AuthorizationRequest AuthorizationResponse BrowserRequest ExpiredResponseJwt InvalidAcrValuesParam"
        " InvalidAuthorizationRequestParam InvalidMaxAgeParam InvalidPromptParam"
        " InvalidPushedAuthorizationRequest InvalidRedirectUri InvalidResponseJwt MismatchingRedirectUri"
        " MismatchingResponseJwtAudience MismatchingResponseMode MissingRequestObjectSigningKey"
        " MissingResponseJwt RequestParameterAuthorizationRequest RequestUriParameterAuthorizationRequest"
        " UncheckableResponseJwt UnsupportedResponseJwtAlg UnsupportedResponseTypeParam callback_state"
    ),
    "backchannel_authentication": (
        "BackChannelAuthenticationPollingJob BackChannelAuthenticationPoolingJob"
        " BackChannelAuthenticationResponse InvalidBackchannelAuthenticationRequestHintParam"
        " InvalidClientNotificationToken InvalidPingCallback MismatchingAuthReqId"
        " MismatchingClientNotificationToken MismatchingIdTokenAuthReqId MissingAuthRequestId"
        " validate_ping_callback"
    ),
    "challenges": (
        "ApiError Challenge InsufficientScope InsufficientUserAuthentication InvalidAccessToken api_error"
        " parse_challenges"
    ),
    "client": (
        "ClaimSource DeadlineAdapter InvalidClaimSource InvalidIntrospectionResponse InvalidSamlAssertion"
        " MismatchingUserInfoSubject MissingRefreshToken NotAnAccessToken OAuth2Client SecurityToken"
        " SourcedClaims UnknownActorTokenType UnknownRequestedTokenType UnknownSubjectTokenType"
        " UnknownTokenType aggregated_claims read_claim_sources"
    ),
    "client_authentication": (
        "BaseClientAssertionAuthenticationMethod BaseClientAuthenticationMethod ClientAssertionFrom"
        " ClientAttestation ClientSecretBasic ClientSecretJWT ClientSecretJwt ClientSecretPost File"
        " InvalidClientAssertionSigningKeyOrAlg InvalidClientAttestation InvalidRequestForClientAuthentication"
        " NoClientAuth PrivateKeyJWT PrivateKeyJwt PublicApp UnsupportedClientCredentials"
        " UseAttestationChallenge UseFreshAttestation"
    ),
    "client_metadata": ("ClientMetadata"),
    "device_authorization": (
        "DeviceAuthorizationClient DeviceAuthorizationPollingJob DeviceAuthorizationPoolingJob"
        " DeviceAuthorizationResponse MissingDeviceCode"
    ),
    "discovery": (
        "InvalidDiscoveryDocument MismatchingDiscoveryIssuer discovery_urls issuers_of"
        " oauth2_discovery_document_url oidc_discovery_document_url well_known_uri"
    ),
    "dpop": (
        "DPOP_ALGS DPoPKey DPoPProof InvalidDPoPAccessToken InvalidDPoPAlg InvalidDPoPKey InvalidDPoPProof"
        " InvalidUseDPoPNonceResponse MissingDPoPNonce RefusedDPoPProof RepeatedDPoPNonce"
        " UnrepeatableRequestBody UnsupportedDPoPToken access_token_hash validate_dpop_proof"
    ),
    "enums": (
        "AccessTokenTypes CodeChallengeMethods EncryptionAlgs Endpoints GrantTypes KeyManagementAlgs"
        " ResponseTypes SignatureAlgs TokenType"
    ),
    "exceptions": (
        "AccessDenied AccessTokenError AccountSelectionRequired AuthorizationDenied AuthorizationPending"
        " AuthorizationResponseError BackChannelAuthenticationError ConsentRequired DeadlineExceeded"
        " DeviceAuthorizationError EndpointError ExpiredAccessToken ExpiredBearerToken ExpiredDeviceCode"
        " ExpiredLoginHintToken ExpiredToken IncompleteResponse InsecureTransport InteractionRequired"
        " IntrospectionError InvalidAnswer InvalidAuthResponse InvalidAuthorizationServerJwks"
        " InvalidBackChannelAuthenticationResponse InvalidBindingMessage InvalidClient"
        " InvalidDeviceAuthorizationResponse InvalidGrant InvalidParam InvalidPushedAuthorizationResponse"
        " InvalidRequest InvalidRequestObject InvalidRequestUri InvalidScope InvalidState InvalidTarget"
        " InvalidTokenResponse InvalidUri InvalidUrl InvalidUserCode InvalidUserInfoResponse LoginNeeded"
        " LoginRequired LostStoredToken MismatchingIssuer MismatchingState MissingAccessToken MissingAuthCode"
        " MissingEndpointUri MissingIdTokenEncryptedResponseAlgParam MissingIssuer MissingIssuerParam"
        " MissingServer MissingUserCode NonRenewableTokenError OAuth2Error OtherEventLoop RecursiveRenewal"
        " RefusedAuthorizationDetails RefusedAuthorizationRequest RefusedRefreshToken RegistrationNotSupported"
        " RepeatedParameter RequestNotSupported RequestUriNotSupported ResponseTooLarge RevocationError"
        " ServerError SessionSelectionRequired SlowDown TemporarilyUnavailable TokenEndpointError"
        " TokenInteractionRequired TokenResponseError TransactionFailed TransportError UnauthorizedClient"
        " UndiscoveredServer UnknownIntrospectionError UnknownTokenEndpointError UnknownTokenResponseError"
        " UnknownUserId UnmetAuthenticationRequirements UnsupportedGrantType UnsupportedResponseType"
        " UnsupportedTokenType UnsupportedTokenTypeError UseDPoPNonce"
    ),
    "federation": (
        "EntityStatement ExpiredEntityStatement InvalidEntityStatement MismatchingEntityStatement"
        " MissingEntityStatementClaim MissingTrustChain UnsupportedClientRegistrationTypes"
        " UnsupportedEntityStatement entity_configuration provider_metadata read_entity_statement"
    ),
    "login": (
        "BrowserLogin DeviceLogin Login LoginCancelled LoginFailed LoginImpossible LoginSource LoginTimeout"
        " NoFreePort OAuth2LoginAuth PasteLogin"
    ),
    "logout": ("EndSessionRequest InvalidFrontChannelLogout InvalidLogoutToken LogoutToken"),
    "mtls": ("SelfSignedTlsClientAuth TlsClientAuth"),
    "pkce": ("CHALLENGE_METHODS InvalidCodeVerifierParam PkceUtils UnsupportedCodeChallengeMethod"),
    "polling": ("BaseTokenEndpointPollingJob BaseTokenEndpointPoolingJob"),
    "profiles": ("ProfileViolation"),
    "protected_resource": ("FROM_METADATA OAuth2ResourceAuth ProtectedResource"),
    "recorder": ("Exchange Story recording"),
    "registration": (
        "ClientInformation ClientRegistrationError InvalidClientInformationResponse InvalidClientMetadata"
        " InvalidSoftwareStatement RefusedRedirectUri UnapprovedSoftwareStatement"
    ),
    "resource_metadata": (
        "InvalidResourceMetadata MismatchingResource MissingPkce UntrustedIssuer resource_metadata_urls"
    ),
    "retries": ("Retries"),
    "sasl": ("SaslToken oauthbearer xoauth2"),
    "serializers": (
        "AuthorizationRequestSerializer DPoPKeySerializer InvalidSerializedValue MismatchingSerializerKey"
        " Serializer TokenSerializer"
    ),
    "token_sources": (
        "AmbientSource AuthorizationCodeSource CallableSource ClientCredentialsSource CommandSource"
        " CredentialNotFound CredentialNotPermitted CredentialTimeout CredentialUnavailable DeviceCodeSource"
        " EnvironmentSource ExpiredCredential FileSource GitHubActionsSource GitLabSource"
        " IdentityAssertionSource InvalidCredential InvalidIdentityAssertion JwtBearerSource KubernetesSource"
        " RefreshTokenSource ResourceOwnerPasswordSource SignedAssertion SpiffeSource TokenExchangeSource"
        " TokenSource UrlSource"
    ),
    "tokens": (
        "BearerToken DPoPToken ExpiredIdToken IdToken IntrospectionResponse InvalidIdToken"
        " InvalidIdTokenSignature MismatchingIdTokenAcr MismatchingIdTokenAlg MismatchingIdTokenAudience"
        " MismatchingIdTokenAuthTime MismatchingIdTokenAzp MismatchingIdTokenHash MismatchingIdTokenIssuer"
        " MismatchingIdTokenNonce MismatchingIdTokenSubject MissingIdToken MissingIdTokenClaim"
        " MissingIdTokenKey StaleIdToken UnsupportedIdTokenAlg UserInfo"
    ),
    "utils": (
        "InvalidEndpointUri InvalidIssuer InvalidScopeParam accepts_expires_in b64u_decode b64u_encode"
        " generate_jwk_key_pair validate_endpoint_uri validate_issuer_uri validate_url"
    ),
    "webfinger": (
        "ISSUER_REL InvalidIdentifier InvalidWebFingerResponse MissingIssuerLink UnknownWebFingerResource"
        " WebFingerResource issuer_of webfinger_resource"
    ),
}

_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}

# pyright: reportUnsupportedDunderAll=false
__all__ = [name for name, module in sorted(_HOME_OF.items()) if module not in _ASYNC]


def __getattr__(name: str) -> object:
    """Load the module of a public name."""
    module = _HOME_OF.get(name)
    if module is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module  # noqa: PLC0415  the root loads nothing by itself

    value: object = getattr(import_module(f".{module}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Show what can be loaded too, but not to `help()`: it would print every class, which is longer than a book."""
    import sys  # noqa: PLC0415  the root loads nothing by itself

    asking = sys._getframe(1)  # noqa: SLF001  documented, for interpreters that have it
    while asking.f_back and asking.f_globals.get("__name__") == "inspect":
        asking = asking.f_back
    if asking.f_globals.get("__name__") == "pydoc":
        return ["__version__"]
    return sorted({*globals(), *_HOME_OF})
