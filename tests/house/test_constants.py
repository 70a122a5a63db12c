"""What a specification or a decision fixes is fixed here too: a constant that changes has to change twice.

Numbers are seconds, bytes, characters or counts, as the comment at the constant says.
"""

from __future__ import annotations

import ast
import importlib
import re
from datetime import timedelta
from typing import Any

from devkit import root

CONSTANTS: dict[str, Any] = {
    "sasl:SEPARATOR": "\x01",
    "sasl:MAX_ERROR_SIZE": 8192,
    "kafka:UNKNOWN_LIFETIME": 300.0,
    "starlette.logins:POLICY_VIOLATION": 1008,
    "_api.calls:DEFAULT_TIMEOUT": 60.0,
    "_authorization.callback:MAX_CALLBACK_SIZE": 65536,
    "_authorization.callback:MAX_CALLBACK_PARAMETERS": 100,
    "_authorization.jarm:DEFAULT_ALG": "RS256",
    "_authorization.jarm:LEEWAY": 10,
    "_authorization.request_object:JWE_DOTS": 4,
    "_authorization.request_object:TYP": "oauth-authz-req+jwt",
    "_core.messages:JSON_DEPTH": 32,
    "_core.retry_info:TOO_MANY_REQUESTS": 429,
    "_core.messages:DEFAULT_TIMEOUT": 10.0,
    "_core.messages:DEFAULT_MAX_RESPONSE_SIZE": 1048576,
    "_core.messages:CODINGS": {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"},
    "_jose.compact:MAX_SIZE": 262144,
    "_jose.compact:MAX_HEADER": 16384,
    "_jose.jwe:MAX_SIZE": 524288,
    "_jose.keys:MAX_KEYS": 1000,
    "_jose.sealed:KEY_SIZE": 32,
    "_jose.sealed:NAME_SIZE": 9,
    "_login.source:OFFLINE_ACCESS": "offline_access",
    "_oidc.decryption:MAX_TRIED_KEYS": 10,
    "_oidc.expectations:DEFAULT_ALG": "RS256",
    "_oidc.id_token_checks:CLOCK_LEEWAY": 60,
    "_profiles.clauses:FAPI_ALGS": ("PS256", "ES256", "EdDSA", "Ed25519"),
    "_profiles.clauses:FAPI_METHODS": ("private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"),
    "_profiles.clauses:LONGEST_REQUEST_OBJECT": 3600,
    "_protocol.grants.ciba:CIBA": "urn:openid:params:grant-type:ciba",
    "_protocol.grants.ciba:AUTH_REQ_ID_CLAIM": "urn:openid:params:jwt:claim:auth_req_id",
    "_protocol.grants.ciba:DEFAULT_INTERVAL": 20,
    "_protocol.grants.ciba:REQUEST_LIFETIME": 60,
    "_protocol.grants.device:DEFAULT_INTERVAL": 5,
    "_protocol.grants.ping:MAX_SIZE": 65536,
    "_protocol.grants.polling:FAILURE_FACTOR": 2,
    "_protocol.grants.polling:REQUEST_TIMEOUT": 408,
    "_protocol.grants.saml2:SAML2_BEARER": "urn:ietf:params:oauth:grant-type:saml2-bearer",
    "_protocol.grants.token_endpoint:DEVICE_CODE": "urn:ietf:params:oauth:grant-type:device_code",
    "_protocol.grants.token_endpoint:JWT_BEARER": "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "_protocol.grants.token_exchange:TOKEN_EXCHANGE": "urn:ietf:params:oauth:grant-type:token-exchange",
    "_protocol.grants.token_exchange:NOT_APPLICABLE": "N_A",
    "_protocol.http.dpop_nonce:HEADER": "DPoP",
    "_protocol.http.retrying:TOO_MANY_REQUESTS": 429,
    "_protocol.http.retrying:SERVER_ERRORS": 500,
    "_protocol.metadata.discovery:MAX_KEPT": 100,
    "_protocol.metadata.discovery:CEILING": 86400,
    "_protocol.metadata.discovery:ISS_FLAG": "authorization_response_iss_parameter_supported",
    "_protocol.metadata.federation:MAX_DEPTH": 5,
    "_protocol.metadata.federation:MAX_FETCHES": 30,
    "_protocol.metadata.server_keys:LIFETIME": 600,
    "_protocol.metadata.server_keys:FLOOR": 60,
    "_protocol.metadata.server_keys:CEILING": 86400,
    "_protocol.metadata.server_keys:COOL_DOWN": 30,
    "_protocol.metadata.server_keys:MAX_KEYS": 500,
    "_protocol.metadata.webfinger:MAX_REDIRECTS": 3,
    "_protocol.oidc.claim_sources:MOST_SOURCES": 20,
    "_protocol.oidc.jwt_response:LEEWAY": 10,
    "_protocol.settings:DEFAULT_DPOP_ALG": "ES256",
    "_protocol.tokens.introspection:JWT_TYPE": "token-introspection+jwt",
    "_protocol.tokens.introspection:DEFAULT_ALG": "RS256",
    "_renewal.flight:FIRST_PAUSE": 0.5,
    "_renewal.flight:LONGEST_PAUSE": 30.0,
    "_renewal.identity_assertion:ID_JAG": "urn:ietf:params:oauth:token-type:id-jag",
    "_renewal.manager:MAX_LEEWAY_FRACTION": 0.25,
    "_renewal.records:PENDING_FOR": 90.0,
    "_renewal.records:CLOCK_DIFFERENCE": 5.0,
    "_renewal.shared:LONGEST_WAIT": 30.0,
    "_renewal.shared:LONGEST_LOGIN": 900.0,
    "_renewal.shared:KEPT_AFTER_EXPIRY": 7776000,
    "_renewal.shared:PENDING_POLL_DELAYS": (0.25, 0.5, 1.0, 1.25),
    "_renewal.shared:SAVE_RETRY_DELAYS": (0.1, 0.2, 0.4, *(0.8,) * 70),
    "_resource.clients:CIMD": "client_id_metadata_document_supported",
    "_resource.flow:PAUSE": 60.0,
    "_tokens.dpop_proof:TYP": "dpop+jwt",
    "challenges:MAX_HEADER_SIZE": 8192,
    "challenges:MAX_CHALLENGES": 30,
    "_client_authentication.values:ASSERTION_TYPE": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "client_authentication:ASSERTION_TYP": "client-authentication+jwt",
    "discovery:WELL_KNOWN": "/.well-known/",
    "discovery:OIDC": "openid-configuration",
    "discovery:OAUTH2": "oauth-authorization-server",
    "_client_authentication.attestation:CHALLENGE_HEADER": "OAuth-Client-Attestation-Challenge",
    "_client_authentication.attestation:POP_TYP": "oauth-client-attestation-pop+jwt",
    "_client_authentication.attestation:CHALLENGE_ENDPOINT": "challenge_endpoint",
    "_client_authentication.attestation:HEADER": "OAuth-Client-Attestation",
    "_client_authentication.attestation:POP_HEADER": "OAuth-Client-Attestation-PoP",
    "dpop:HEADER": "DPoP",
    "dpop:NONCE_HEADER": "DPoP-Nonce",
    "dpop:USE_NONCE": "use_dpop_nonce",
    "dpop:MAX_ORIGINS": 100,
    "federation:TYP": "entity-statement+jwt",
    "federation:CLOCK_LEEWAY": 60,
    "federation:MAX_HINTS": 10,
    "logout:EVENT": "http://schemas.openid.net/event/backchannel-logout",
    "logout:LEEWAY": 60,
    "profiles:NAMES": ("oauth2.1", "fapi2"),
    "profiles:REQUEST_OBJECT_LIFETIME": 300,
    "profiles:PLAIN_ALG": "RS256",
    "resource_metadata:OAUTH_RESOURCE": "oauth-protected-resource",
    "registration:DEFAULT_METHOD": "client_secret_basic",
    "serializers:MAX_SIZE": 1048576,
    "serializers:MIN_KEY_SIZE": 32,
    "stores.base:FENCE_KEPT": 3600,
    "stores.base:FENCES_PER_SECOND": 1000000,
    "stores.base:MAX_FENCE": 9007199254740992,
    "stores.base:LONGEST": 1000000000,
    "stores.base:SWEEP_AHEAD": 60,
    "_core.credentials:MAX_FILE_SIZE": 1048576,
    "webfinger:ISSUER_REL": "http://openid.net/specs/connect/1.0/issuer",
    "webfinger:MAX_IDENTIFIER": 2048,
    "webfinger:MAX_LINKS": 100,
    "_renewal.flight:TRIAL": timedelta(seconds=60),
    "_renewal.flight:BETWEEN_REFUSALS": timedelta(seconds=30),
}
DEFAULTS: dict[str, Any] = {
    "attempts": 3,
    "backoff": 0.5,
    "max_wait": 10,
    "max_total": None,
}
SPECIFIED = re.compile(r"RFC \d|section \d|draft-")  # in the comment at a constant
NOT_OF_A_VALUE = {  # grammars, which tests of their parsers pin
    "_api.urls:PATH_SAFE",
    "challenges:_TOKEN",
    "_core.issuers:_VALUE",
    "_core.redaction:_LONGEST_LABEL",
    "_protocol.metadata.webfinger:ACCEPT",
    "webfinger:_XRI",
}


def value_of(path: str) -> Any:
    module, name = path.split(":")
    return getattr(importlib.import_module(f"requests_oauth2client.{module}"), name, "is gone: edit CONSTANTS")


def test_constants_are_what_a_specification_or_a_decision_says() -> None:
    changed = {path: (value_of(path), pinned) for path, pinned in CONSTANTS.items() if value_of(path) != pinned}
    assert not changed, "if the specification or decision says so, edit CONSTANTS"


def test_a_client_asks_a_failing_server_as_often_as_documented() -> None:
    retries = importlib.import_module("requests_oauth2client").Retries()
    assert {name: getattr(retries, name) for name in DEFAULTS} == DEFAULTS


def test_every_constant_that_names_its_specification_is_pinned() -> None:
    unpinned = [path for path in specified() if path not in CONSTANTS.keys() | NOT_OF_A_VALUE]
    assert not unpinned, f"add them to CONSTANTS: {unpinned}"


def specified() -> list[str]:
    found = []
    for file in sorted(root.PACKAGE.rglob("*.py")):
        text = file.read_text()
        module = ".".join(file.relative_to(root.PACKAGE).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.parse(text).body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant() | ast.BinOp()) if name.isupper():
                    comment = text.splitlines()[(node.end_lineno or 1) - 1].partition("  # ")[2]
                    if SPECIFIED.search(comment) and not module.startswith("testing"):
                        found.append(f"{module}:{name}")
    return found
