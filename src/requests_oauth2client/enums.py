"""The registered names of OAuth, as string enums: each member is a `str` and equals the name that it stands for."""

from __future__ import annotations

from enum import StrEnum


class Endpoints(StrEnum):
    """Endpoints of an authorization server, as its metadata name them (RFC 8414 section 2)."""

    TOKEN = "token_endpoint"
    AUTHORIZATION = "authorization_endpoint"
    BACKCHANNEL_AUTHENTICATION = "backchannel_authentication_endpoint"
    DEVICE_AUTHORIZATION = "device_authorization_endpoint"
    INTROSPECTION = "introspection_endpoint"
    REVOCATION = "revocation_endpoint"
    PUSHED_AUTHORIZATION_REQUEST = "pushed_authorization_request_endpoint"
    REGISTRATION = "registration_endpoint"
    END_SESSION = "end_session_endpoint"
    JWKS = "jwks_uri"
    USER_INFO = "userinfo_endpoint"


class GrantTypes(StrEnum):
    """Values of `grant_type` (RFC 6749 section 4, and the RFCs that add grants)."""

    CLIENT_CREDENTIALS = "client_credentials"
    AUTHORIZATION_CODE = "authorization_code"
    REFRESH_TOKEN = "refresh_token"
    RESOURCE_OWNER_PASSWORD = "password"
    TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
    JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    SAML2_BEARER = "urn:ietf:params:oauth:grant-type:saml2-bearer"
    CLIENT_INITIATED_BACKCHANNEL_AUTHENTICATION = "urn:openid:params:grant-type:ciba"
    DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


class ResponseTypes(StrEnum):
    """Values of `response_type` (OAuth 2.0 Multiple Response Type Encoding Practices)."""

    CODE = "code"
    NONE = "none"
    TOKEN = "token"
    IDTOKEN = "id_token"
    CODE_IDTOKEN = "code id_token"
    CODE_TOKEN = "code token"
    CODE_IDTOKEN_TOKEN = "code id_token token"
    IDTOKEN_TOKEN = "id_token token"


class CodeChallengeMethods(StrEnum):
    """Values of `code_challenge_method` (RFC 7636 section 4.2)."""

    plain = "plain"
    S256 = "S256"


class AccessTokenTypes(StrEnum):
    """Values of `token_type` (RFC 6750, RFC 9449)."""

    BEARER = "Bearer"
    DPOP = "DPoP"


class TokenType(StrEnum):
    """Values of `token_type_hint` (RFC 7009 section 2.1), and the ID token."""

    ACCESS_TOKEN = "access_token"
    REFRESH_TOKEN = "refresh_token"
    ID_TOKEN = "id_token"


class SignatureAlgs(StrEnum):
    """Values of `alg` that sign (RFC 7518 section 3.1, RFC 8037, RFC 8812, RFC 9864)."""

    HS256 = "HS256"
    HS384 = "HS384"
    HS512 = "HS512"
    RS256 = "RS256"
    RS384 = "RS384"
    RS512 = "RS512"
    PS256 = "PS256"
    PS384 = "PS384"
    PS512 = "PS512"
    ES256 = "ES256"
    ES384 = "ES384"
    ES512 = "ES512"
    ES256K = "ES256K"
    EdDSA = "EdDSA"
    Ed25519 = "Ed25519"
    Ed448 = "Ed448"


class KeyManagementAlgs(StrEnum):
    """Values of `alg` that encrypt (RFC 7518 section 4.1). Those with a password (PBES2) are not supported."""

    RSA1_5 = "RSA1_5"
    RSA_OAEP = "RSA-OAEP"
    RSA_OAEP_256 = "RSA-OAEP-256"
    ECDH_ES = "ECDH-ES"
    ECDH_ES_A128KW = "ECDH-ES+A128KW"
    ECDH_ES_A192KW = "ECDH-ES+A192KW"
    ECDH_ES_A256KW = "ECDH-ES+A256KW"
    A128KW = "A128KW"
    A192KW = "A192KW"
    A256KW = "A256KW"
    A128GCMKW = "A128GCMKW"
    A192GCMKW = "A192GCMKW"
    A256GCMKW = "A256GCMKW"
    dir = "dir"


class EncryptionAlgs(StrEnum):
    """Values of `enc` (RFC 7518 section 5.1)."""

    A128CBC_HS256 = "A128CBC-HS256"
    A192CBC_HS384 = "A192CBC-HS384"
    A256CBC_HS512 = "A256CBC-HS512"
    A128GCM = "A128GCM"
    A192GCM = "A192GCM"
    A256GCM = "A256GCM"


__all__ = [
    "AccessTokenTypes",
    "CodeChallengeMethods",
    "EncryptionAlgs",
    "Endpoints",
    "GrantTypes",
    "KeyManagementAlgs",
    "ResponseTypes",
    "SignatureAlgs",
    "TokenType",
]
