"""How each library checks an ID token: a function for each, given the text of a token.

Shared by the cases that measure what a check costs and how often it fetches keys. A library that can fetch keys is
given a `jwks_uri`, one that can't, or where nothing shall be fetched, the `jwks`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeAlias

from .signer import ACCESS_TOKEN, CLIENT_ID, ISSUER, NONCE

Check: TypeAlias = Callable[[str], object]
"""Check the text of an ID token; raise when it is refused."""


def rule(**keys: Any) -> Check:
    """Check as our client does with each token response: it fetches keys when it has to."""
    library = import_module("requests_oauth2client")
    check = import_module("requests_oauth2client._protocol.oidc.id_token").check
    client, answered, token = _client(library, **keys), _answered(library), library.BearerToken(ACCESS_TOKEN)

    def run(text: str) -> object:
        return client._drive(check(client, token._with_id_token(library.IdToken(text)), answered))  # noqa: SLF001

    return run


def bearer_token(**keys: Any) -> Check:
    """Use `BearerToken.validate_id_token` of ours, or of the release, with the keys that the client holds."""
    library = import_module("requests_oauth2client")
    client, answered, bearer = _client(library, **keys), _answered(library), library.BearerToken
    if "jwks_uri" in keys:
        client.update_authorization_server_public_keys()
    return lambda text: bearer(ACCESS_TOKEN, id_token=text).validate_id_token(client, answered)


def authlib(**keys: Any) -> Check:
    """Use `parse_id_token` of the clients that Authlib makes for web frameworks."""
    base = import_module("authlib.integrations.base_client")
    session = import_module("authlib.integrations.requests_client").OAuth2Session
    mixins = (base.OAuth2Mixin, base.OpenIDMixin, base.BaseApp)
    app = type("App", mixins, {"client_cls": session})(
        None, client_id=CLIENT_ID, client_secret="secret", issuer=ISSUER,
        id_token_signing_alg_values_supported=["RS256"], **keys,
    )  # fmt: skip
    return lambda text: app.parse_id_token({"id_token": text, "access_token": ACCESS_TOKEN}, nonce=NONCE)


def pyjwt(**keys: Any) -> Check:
    """Use `jwt.decode`, with a key of its `PyJWKClient` where there is something to fetch; it compares no nonce."""
    jwt = import_module("jwt")
    if "jwks_uri" in keys:
        key_of = jwt.PyJWKClient(keys["jwks_uri"]).get_signing_key_from_jwt
    else:
        known = jwt.PyJWKSet.from_dict(keys["jwks"])
        key_of = lambda text: known[jwt.get_unverified_header(text)["kid"]]  # noqa: E731
    required = {"require": ["iss", "sub", "aud", "exp", "iat"]}
    return lambda text: jwt.decode(
        text, key_of(text), algorithms=["RS256"], audience=CLIENT_ID, issuer=ISSUER, options=required
    )


def refuses(check: Check, text: str) -> bool:
    """Tell whether a check refuses a token."""
    try:
        check(text)
    except Exception:  # noqa: BLE001  each library has errors of its own
        return True
    return False


def _client(library: Any, *, jwks: Any = None, jwks_uri: str | None = None) -> Any:
    return library.OAuth2Client(
        "https://op.example.org/token", auth=(CLIENT_ID, "secret"), issuer=ISSUER, testing=True,
        authorization_server_jwks=jwks, jwks_uri=jwks_uri,
    )  # fmt: skip


def _answered(library: Any) -> Any:
    return library.AuthorizationResponse(code="code", nonce=NONCE, issuer=ISSUER)
