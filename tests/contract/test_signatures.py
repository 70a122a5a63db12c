"""What API-CONTRACT.md says that a caller may pass: parameters, their order, their defaults.

A row of `SIGNATURES` is Python's own notation. A `...` default is one that the contract leaves to us. We may take more
than is listed, and let be passed by position what need not be.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

import requests_oauth2client

CLIENT = """
    (token_endpoint, auth=None, *, client_id=None, client_secret=None, private_key=None, revocation_endpoint=None,
    introspection_endpoint=None, userinfo_endpoint=None, authorization_endpoint=None, redirect_uri=None,
    backchannel_authentication_endpoint=None, device_authorization_endpoint=None,
    pushed_authorization_request_endpoint=None, jwks_uri=None, authorization_server_jwks=None, issuer=None,
    id_token_signed_response_alg="RS256", id_token_encrypted_response_alg=None, id_token_decryption_key=None,
    code_challenge_method="S256", authorization_response_iss_parameter_supported=False, token_class=BearerToken,
    session=None, dpop_bound_access_tokens=False, dpop_key_generator=DPoPKey.generate, dpop_alg="ES256",
    testing=False, default_auth_handler=..., **extra_metadata)
"""

HANDLERS = {
    "OAuth2AccessTokenAuth": "(client, token, *, leeway=20, **kw)",
    "OAuth2ClientCredentialsAuth": "(client, *, leeway=20, token=None, **kw)",
    "OAuth2AuthorizationCodeAuth": "(client, code, *, leeway=20, token=None, **kw)",
    "OAuth2ResourceOwnerPasswordAuth": "(client, *, username, password, leeway=20, token=None, **kw)",
    "OAuth2DeviceCodeAuth": "(client, device_code, *, leeway=20, interval=..., expires_in=..., token=None, **kw)",
}

JOBS = {
    "DeviceAuthorizationPollingJob": """
        (client, device_code, interval=None, slow_down_interval=5, requests_kwargs=None, **kw)
    """,
    "BackChannelAuthenticationPollingJob": """
        (client, auth_req_id, interval=None, slow_down_interval=5, requests_kwargs=None, **kw)
    """,
}

METHODS = {
    "token_request": "(data, *, timeout=..., dpop=None, dpop_key=None, requests_kwargs=None)",
    "client_credentials": "(scope=None, *, dpop=None, dpop_key=None, requests_kwargs=None, **token_kwargs)",
    "authorization_code": "(code, *, validate=True, dpop=..., dpop_key=None, requests_kwargs=None, **token_kwargs)",
    "authorization_code_pkce": "(code, code_verifier, *, requests_kwargs=None, **token_kwargs)",
    "refresh_token": "(refresh_token, *, requests_kwargs=None, **token_kwargs)",
    "device_code": "(device_code, *, requests_kwargs=None, **token_kwargs)",
    "ciba": "(auth_req_id, *, requests_kwargs=None, **token_kwargs)",
    "token_exchange": """
        (*, subject_token, subject_token_type=None, actor_token=None, actor_token_type=None,
        requested_token_type=None, requests_kwargs=None, **token_kwargs)
    """,
    "jwt_bearer": "(assertion, *, requests_kwargs=None, **token_kwargs)",
    "resource_owner_password": "(username, password, *, requests_kwargs=None, **token_kwargs)",
    "pushed_authorization_request": "(authorization_request, *, requests_kwargs=None)",
    "authorize_device": "(*, requests_kwargs=None, **data)",
    "backchannel_authentication_request": """
        (scope="openid", *, client_notification_token=None, acr_values=None, login_hint_token=None,
        id_token_hint=None, login_hint=None, binding_message=None, user_code=None, requested_expiry=None,
        private_jwk=None, alg=None, requests_kwargs=None)
    """,
    "introspect_token": "(token, token_type_hint=None, *, requests_kwargs=None)",
    "revoke_token": "(token, token_type_hint=None, *, requests_kwargs=None)",
    "revoke_access_token": "(access_token, *, requests_kwargs=None)",
    "revoke_refresh_token": "(refresh_token, *, requests_kwargs=None)",
    "userinfo": "(access_token, *, requests_kwargs=None)",
    "update_authorization_server_public_keys": "(*, requests_kwargs=None)",
    "from_discovery_endpoint": """
        (url=None, issuer=None, *, auth=None, client_id=None, client_secret=None, private_key=None, session=None,
        testing=False, **kw)
    """,
    "get_token_type": "(token_type=None, token=None)",
}

OF_ONE_FACE = {
    "authorization_request": """
        (*, scope="openid", response_type=..., redirect_uri=..., state=..., nonce=..., code_verifier=..., dpop=...,
        dpop_key=..., dpop_alg=..., **kw)
    """,
    "from_discovery_document": """
        (discovery, issuer=None, *, auth=None, client_id=None, client_secret=None, private_key=None, session=None,
        https=True, testing=False, **kw)
    """,
}

ANSWERS = (
    "token pushed_authorization userinfo revocation introspection backchannel_authentication device_authorization"
).split()
HOOKS = {
    **{f"parse_{answer}_response": "(response, *, dpop_key=None)" for answer in ANSWERS},
    **{f"on_{answer}_error": "(response, *, dpop_key=None)" for answer in ANSWERS},
}

SIGNATURES = {
    "OAuth2Client": CLIENT,
    "AsyncOAuth2Client": CLIENT,
    **HANDLERS,
    **{f"Async{name}": signature for name, signature in (HANDLERS | JOBS).items()},
    **JOBS,
    **{
        f"{flavor}.{name}": signature
        for flavor in ("OAuth2Client", "AsyncOAuth2Client")
        for name, signature in (METHODS | OF_ONE_FACE | HOOKS).items()
    },
    "ClientSecretBasic": "(client_id, client_secret)",
    "ClientSecretPost": "(client_id, client_secret)",
    "ClientSecretJwt": '(client_id, client_secret, lifetime=60, alg="HS256", jti_gen=..., aud=None)',
    "PrivateKeyJwt": "(client_id, private_jwk, *, alg=..., lifetime=60, jti_gen=..., aud=None, kid=...)",
    "PrivateKeyJwt.client_assertion": "(audience, lifetime=..., jti=...)",
    "PublicApp": "(client_id)",
    "BearerAuth": "(token=None)",
    "BearerToken": """
        (access_token, *, expires_at=None, expires_in=None, scope=None, refresh_token=None, token_type=...,
        id_token=None, **kw)
    """,
    "BearerToken.is_expired": "(leeway=0)",
    "BearerToken.validate_id_token": "(client, azr, exp_leeway=..., auth_time_leeway=...)",
    "IdToken.is_expired": "(leeway=0)",
    "AuthorizationRequest": """
        (authorization_endpoint, client_id, redirect_uri=None, scope="openid", response_type="code", state=...,
        nonce=..., code_verifier=None, code_challenge_method="S256", *, acr_values=None, max_age=None, issuer=None,
        authorization_response_iss_parameter_supported=False, dpop=False, dpop_alg="ES256", dpop_key=None, **kw)
    """,
    "AuthorizationRequest.validate_callback": "(response)",
    "AuthorizationRequest.sign": "(jwk, alg=..., lifetime=..., **claims)",
    "AuthorizationRequest.sign_and_encrypt": """
        (sign_jwk, enc_jwk, sign_alg=..., enc_alg=..., enc=..., lifetime=...)
    """,
    "AuthorizationRequest.sign_request_jwt": "(jwk)",
    "AuthorizationRequest.sign_and_encrypt_request_jwt": "(sign_jwk, enc_jwk)",
    "PkceUtils.generate_code_verifier": "()",
    "PkceUtils.derive_challenge": "(verifier, method=...)",
    "PkceUtils.generate_code_verifier_and_challenge": "(method=...)",
    "PkceUtils.validate_code_verifier": "(verifier, challenge, method=...)",
    "DPoPKey": "(private_key, alg=None)",
    "DPoPKey.generate": '(alg="ES256")',
    "DPoPKey.proof": "(htm, htu, ath=None, nonce=None)",
    "validate_dpop_proof": "(proof, *, htm, htu, ath=..., nonce=..., leeway=60, alg=..., algs=...)",
    "DeviceAuthorizationResponse": """
        (device_code, user_code, verification_uri, verification_uri_complete=None, *, expires_at=None,
        expires_in=None, interval=..., **kw)
    """,
    "BackChannelAuthenticationResponse": "(auth_req_id, *, expires_at=None, expires_in=None, interval=20, **kw)",
    "DeviceAuthorizationClient": "(device_authorization_endpoint, auth=None)",
    "OAuth2Error": "(response=None, client=None, description=None)",
    "ApiClient": """
        (base_url=None, auth=None, *, timeout=60, raise_for_status=True, none_fields="exclude",
        bool_fields=("true", "false"), cookies=..., headers=..., user_agent=..., session=None, url=...,
        trusted_origins=..., **session_kwargs)
    """,
    "ApiClient.request": "(method, path=..., *, raise_for_status=None, none_fields=None, bool_fields=None)",
    "ApiClient.get": "(path=..., *, raise_for_status=None)",
    "ApiClient.post": "(path=..., *, raise_for_status=None)",
    "ApiClient.patch": "(path=..., *, raise_for_status=None)",
    "ApiClient.put": "(path=..., *, raise_for_status=None)",
    "ApiClient.delete": "(path=..., *, raise_for_status=None)",
    "ApiClient.to_absolute_url": "(path=...)",
    "flask.FlaskOAuth2ClientCredentialsAuth": "(session_key, serializer=..., client=..., **kw)",
    "well_known_uri": "(origin, name, *, at_root=True)",
    "oidc_discovery_document_url": "(issuer)",
    "oauth2_discovery_document_url": "(issuer)",
}

Parameters = dict[str, inspect.Parameter]
VARIABLE = {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}


def promised(signature: str) -> Parameters:
    """Read a row."""
    names: dict[str, Any] = {**{name: getattr(requests_oauth2client, name) for name in ("BearerToken", "DPoPKey")}}
    exec(f"def row{' '.join(signature.split())}: pass", names)  # noqa: S102  rows are Python's notation
    return dict(inspect.signature(names["row"]).parameters)


def actual(path: str) -> Parameters:
    """Read what is there: of a class, also what its `**kwargs` hand on to the constructors it inherits."""
    module, _, rest = path.partition(".") if path.startswith("flask.") else ("", "", path)
    found: Any = importlib.import_module(f"requests_oauth2client.{module}") if module else requests_oauth2client
    for name in rest.split("."):
        owner, found = found, inspect.getattr_static(found, name) if isinstance(found, type) else getattr(found, name)
    if isinstance(found, type):
        return dict(_of_constructor(found))
    if isinstance(found, classmethod):
        own = dict(inspect.signature(found.__get__(None, owner)).parameters)
        return {**own, **_handed_on(own, owner)}
    if isinstance(found, staticmethod):
        return dict(inspect.signature(found.__func__).parameters)
    parameters = {**_unpacked(found), **inspect.signature(found).parameters}
    if isinstance(owner, type):
        del parameters["self" if "self" in parameters else next(iter(inspect.signature(found).parameters))]
    return parameters


def _handed_on(own: Parameters, cls: type) -> Parameters:
    """List what the `**kwargs` of a class method hand on to the constructor."""
    if not any(one.kind is inspect.Parameter.VAR_KEYWORD for one in own.values()):
        return {}
    further = [(name, one) for name, one in _of_constructor(cls) if name not in own and one.kind not in VARIABLE]
    return {name: one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for name, one in further}


def _unpacked(function: Any) -> Parameters:
    """List what `**options: Unpack[...]` takes; none of it need be given."""
    annotations = [str(one.annotation) for one in inspect.signature(function).parameters.values()]
    name = next((found[1] for text in annotations if (found := re.fullmatch(r"Unpack\[(\w+)\]", text))), None)
    options = getattr(importlib.import_module(function.__module__), name) if name else {}
    fields = getattr(options, "__annotations__", {})
    return {field: inspect.Parameter(field, inspect.Parameter.KEYWORD_ONLY, default=None) for field in fields}


def _of_constructor(cls: type) -> Iterator[tuple[str, inspect.Parameter]]:
    seen: set[str] = set()
    for base in cls.__mro__[:-1]:
        if "__init__" not in vars(base):
            continue
        parameters = list(inspect.signature(vars(base)["__init__"]).parameters.values())[1:]
        yield from ((one.name, one) for one in parameters if one.name not in seen and one.kind not in VARIABLE)
        seen |= {one.name for one in parameters}
        further = [one for one in parameters if one.kind is inspect.Parameter.VAR_KEYWORD]
        if not further:
            return
        yield "**", further[0]


@pytest.mark.parametrize("path", SIGNATURES)
def test_it_takes_what_the_contract_says(path: str) -> None:
    wanted, there = promised(SIGNATURES[path]), actual(path)
    by_position = [one.name for one in wanted.values() if one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    positional = [one.name for one in there.values() if one.kind in {one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD}]
    assert positional[: len(by_position)] == by_position
    for name, one in wanted.items():
        if one.kind is inspect.Parameter.VAR_KEYWORD:
            assert any(other.kind is one.kind for other in there.values()), f"no **{name}"
            continue
        assert name in there, f"{name} is missing"
        assert has_default(one, there[name]), f"{name}={there[name].default!r}"


def has_default(wanted: inspect.Parameter, there: inspect.Parameter) -> bool:
    """Compare two defaults; `...` is any, and what the contract demands may have one."""
    if wanted.default is wanted.empty:
        return True
    if wanted.default is ...:
        return there.default is not inspect.Parameter.empty
    return bool(wanted.default == there.default)


def test_a_client_shows_what_it_was_given() -> None:
    client = requests_oauth2client.OAuth2Client("https://as.example/token", ("id", "secret"))
    names = [name for name, one in promised(CLIENT).items() if one.kind not in VARIABLE]
    asked = {"private_key", "default_auth_handler"}  # they become `auth`
    assert [name for name in names if name not in asked and not hasattr(client, name)] == []
    assert (client.client_id, client.client_secret, client.extra_metadata) == ("id", "secret", {})
