"""The official authorization scenarios for MCP clients, and what each of them asks of a client, in a line."""

from __future__ import annotations

SCENARIOS: dict[str, str] = {
    "auth/2025-03-26-oauth-endpoint-fallback": "a server without any metadata, as MCP of 2025-03-26 allows",
    "auth/2025-03-26-oauth-metadata-backcompat": "the server's metadata at the API's root, and no others",
    "auth/authorization-server-migration": "the API moves to another server: register there, reuse nothing",
    "auth/basic-cimd": "a client_id metadata document, where the server knows them",
    "auth/client-credentials-basic": "client credentials with a secret",
    "auth/client-credentials-jwt": "client credentials with a signed assertion",
    "auth/dpop": "tokens bound to a key, a fresh proof for each request",
    "auth/dpop-nonce": "nonces that the server and the API demand",
    "auth/enterprise-managed-authorization": "an identity assertion (ID-JAG) of the company's provider",
    "auth/iss-normalized": "an `iss` that equals the issuer only after normalization is refused",
    "auth/iss-not-advertised": "no `iss`, and none was promised",
    "auth/iss-supported": "the promised `iss`",
    "auth/iss-supported-missing": "a promised `iss` that is missing is refused",
    "auth/iss-unexpected": "a wrong `iss` is refused also where none was promised",
    "auth/iss-wrong-issuer": "an `iss` of another server is refused",
    "auth/metadata-default": "metadata of the API and of the server where they are expected first",
    "auth/metadata-issuer-mismatch": "metadata that name another issuer are refused",
    "auth/metadata-var1": "metadata of an OpenID provider",
    "auth/metadata-var2": "metadata of the API at its root; an issuer with a path",
    "auth/metadata-var3": "metadata of an OpenID provider whose issuer has a path",
    "auth/offline-access-not-supported": "`offline_access` is not asked for where it is not listed",
    "auth/offline-access-scope": "`offline_access` is asked for where it is listed",
    "auth/pre-registration": "credentials of a client that is registered already",
    "auth/resource-mismatch": "metadata of another resource are refused",
    "auth/scope-from-scopes-supported": "the scope that the API's metadata list",
    "auth/scope-from-www-authenticate": "the scope that the challenge asks for",
    "auth/scope-omitted-when-undefined": "no scope where nothing names one",
    "auth/scope-retry-limit": "an API that always asks for more is not obeyed forever",
    "auth/scope-step-up": "more scope is asked for when the API wants it, with what was granted before",
    "auth/token-endpoint-auth-basic": "a registered client whose secret goes into a header",
    "auth/token-endpoint-auth-none": "a registered client without a secret",
    "auth/token-endpoint-auth-post": "a registered client whose secret goes into the form",
    "auth/wif-jwt-bearer": "the assertion of a workload (RFC 7523); what is refused is not tried again",
}


def table() -> str:
    """Return the table for docs/conformance.md: a test plays every row of it."""
    rows = (f"|`{name}`|{asked}|passed|" for name, asked in SCENARIOS.items())
    return "\n".join(["|scenario|what it asks of a client|this library|", "|-|-|-|", *rows])
