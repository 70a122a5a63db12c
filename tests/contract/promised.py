"""What callers of both generations import, as data: the names of API-CONTRACT.md, by the module that it gives them.

Under "" stand names that are promised of the root only. A name in a module is promised of the root too, except in
`NOT_AT_THE_ROOT`.
"""

from __future__ import annotations

PROMISED = {
    "": """
        InvalidBackchannelAuthenticationRequestHintParam InvalidDiscoveryDocument
        InvalidEndpointUri InvalidIssuer InvalidParam InvalidScopeParam InvalidUrl InvalidState
        MissingAuthRequestId MissingDeviceCode MissingEndpointUri MissingRefreshToken
        UnknownActorTokenType UnknownSubjectTokenType UnknownTokenType
        BaseClientAssertionAuthenticationMethod BaseClientAuthenticationMethod
        InvalidAcrValuesParam MissingIdTokenEncryptedResponseAlgParam MissingIssuerParam UnsupportedResponseTypeParam
        AsyncOAuth2Client AsyncApiClient
        AsyncOAuth2AccessTokenAuth AsyncOAuth2ClientCredentialsAuth AsyncOAuth2AuthorizationCodeAuth
        AsyncOAuth2ResourceOwnerPasswordAuth AsyncOAuth2DeviceCodeAuth
        AsyncDeviceAuthorizationPollingJob AsyncBackChannelAuthenticationPollingJob
    """,
    "api_client": "ApiClient InvalidBoolFieldsParam InvalidNoneFieldsParam InvalidPathParam validate_bool_fields",
    "auth": """
        BearerAuth BearerAuthorization ExpiredAccessToken NonRenewableTokenError OAuth2AccessTokenAuth
        OAuth2AuthorizationCodeAuth OAuth2ClientCredentialsAuth OAuth2DeviceCodeAuth OAuth2ResourceOwnerPasswordAuth
    """,
    "authorization_request": """
        AccountSelectionRequired AuthorizationRequest AuthorizationResponse AuthorizationResponseError ConsentRequired
        InteractionRequired InvalidAuthResponse InvalidCodeVerifierParam LoginRequired MismatchingIssuer
        MismatchingState MissingAuthCode MissingIssuer PkceUtils RequestParameterAuthorizationRequest
        RequestUriParameterAuthorizationRequest SessionSelectionRequired UnsupportedCodeChallengeMethod
    """,
    "backchannel_authentication": """
        BackChannelAuthenticationPollingJob BackChannelAuthenticationPoolingJob BackChannelAuthenticationResponse
    """,
    "client": "OAuth2Client",
    "client_authentication": """
        ClientSecretBasic ClientSecretJWT ClientSecretJwt ClientSecretPost InvalidClientAssertionSigningKeyOrAlg
        InvalidRequestForClientAuthentication PrivateKeyJWT PrivateKeyJwt PublicApp UnsupportedClientCredentials
    """,
    "device_authorization": """
        DeviceAuthorizationClient DeviceAuthorizationPollingJob DeviceAuthorizationPoolingJob
        DeviceAuthorizationResponse
    """,
    "deprecated": "",
    "discovery": "oauth2_discovery_document_url oidc_discovery_document_url well_known_uri",
    "dpop": """
        DPoPKey DPoPToken InvalidDPoPAccessToken InvalidDPoPAlg InvalidDPoPKey InvalidDPoPProof
        InvalidUseDPoPNonceResponse MissingDPoPNonce RepeatedDPoPNonce validate_dpop_proof
    """,
    "enums": """
        AccessTokenTypes CodeChallengeMethods EncryptionAlgs Endpoints GrantTypes KeyManagementAlgs ResponseTypes
        SignatureAlgs TokenType
    """,
    "exceptions": """
        AccessDenied AccountSelectionRequired AuthorizationPending AuthorizationResponseError
        BackChannelAuthenticationError ConsentRequired DeviceAuthorizationError EndpointError ExpiredAccessToken
        ExpiredDeviceCode ExpiredToken InteractionRequired IntrospectionError InvalidAuthResponse
        InvalidBackChannelAuthenticationResponse InvalidClient InvalidDeviceAuthorizationResponse InvalidGrant
        InvalidParam InvalidPushedAuthorizationResponse InvalidRequest InvalidScope InvalidTarget
        InvalidTokenResponse LoginRequired MismatchingIssuer MismatchingState MissingAuthCode MissingIssuer
        OAuth2Error RevocationError ServerError SessionSelectionRequired SlowDown TokenEndpointError
        TokenResponseError UnauthorizedClient UnknownIntrospectionError UnknownTokenEndpointError
        UnknownTokenResponseError UnsupportedTokenType UnsupportedTokenTypeError UseDPoPNonce InvalidUrl
    """,
    "flask": "FlaskOAuth2ClientCredentialsAuth",
    "oidc": "IdToken OpenIdConnectClient OpenIdConnectTokenResponse",
    "polling": "BaseTokenEndpointPollingJob BaseTokenEndpointPoolingJob",
    "serializers": "AuthorizationRequestSerializer DPoPKeySerializer TokenSerializer",
    "token_response": "",
    "tokens": """
        BearerToken DPoPToken ExpiredIdToken IdToken InvalidIdToken MismatchingIdTokenAcr MismatchingIdTokenAlg
        MismatchingIdTokenAudience MismatchingIdTokenAzp MismatchingIdTokenIssuer MismatchingIdTokenNonce
        MissingIdToken UnsupportedIdTokenAlg UnsupportedTokenTypeError
    """,
    "utils": "accepts_expires_in b64u_decode b64u_encode generate_jwk_key_pair validate_url",
    "vendor_specific": "Auth0 Auth0Client Auth0ManagementApiClient Auth0OIDCClient Ping",
}

# Their modules are extras, or of the founding generation; only these say where they come from.
NOT_AT_THE_ROOT = {"flask", "vendor_specific", "oidc", "token_response"}

ALIASES = {
    "BearerAuthorization": "BearerAuth",
    "BaseTokenEndpointPoolingJob": "BaseTokenEndpointPollingJob",
    "BackChannelAuthenticationPoolingJob": "BackChannelAuthenticationPollingJob",
    "ClientSecretJWT": "ClientSecretJwt",
    "DeviceAuthorizationPoolingJob": "DeviceAuthorizationPollingJob",
    "ExpiredDeviceCode": "ExpiredToken",
    "InvalidState": "MismatchingState",
    "InvalidUrl": "InvalidUri",
    "PrivateKeyJWT": "PrivateKeyJwt",
    "TokenResponseError": "TokenEndpointError",
    "UnknownTokenResponseError": "UnknownTokenEndpointError",
}

# "module.Name", or ".Name" of the root. It shrinks, and is empty in the end.
NOT_YET: set[str] = set()


def promises() -> list[tuple[str, str]]:
    """List every (module, name); the module of the root is ""."""
    of_modules = [(module, name) for module, names in PROMISED.items() for name in names.split()]
    of_root = {("", name) for module, name in of_modules if module not in NOT_AT_THE_ROOT}
    return sorted({*of_modules, *of_root})
