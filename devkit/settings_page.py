"""Writes docs/reference/settings.md: every setting of a client, from its signature and its docstring.

`python -m devkit.reference` writes it.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Mapping
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "settings.md"
HEAD = """# Settings of a client

`OAuth2Client(...)` and `AsyncOAuth2Client(...)` take these, all but the first two by name; `from_discovery_endpoint`,
`from_discovery_document`, `register` and the `add(...)` of web logins take them too. Each is an attribute of the client
afterwards. Where the client reads the metadata of the server, a setting that is given goes before what they say. A name
that is close to one of these is refused, with a suggestion. Where no default stands here, it is None or worked out.

`python -m devkit.reference` writes this page.

"""
GROUPS = {
    "Who the server is": "issuer further_issuers token_endpoint authorization_server_metadata metadata_url jwks_uri"
    " authorization_server_jwks",
    "Who the client is": "auth client_id client_secret private_key default_auth_handler client_certificate redirect_uri"
    " registration",
    "Endpoints": "authorization_endpoint userinfo_endpoint revocation_endpoint introspection_endpoint"
    " device_authorization_endpoint pushed_authorization_request_endpoint backchannel_authentication_endpoint"
    " end_session_endpoint registration_endpoint mtls_endpoint_aliases",
    "Authorization requests and callbacks": "code_challenge_method push request_object_signing_key"
    " authorization_response_iss_parameter_supported compare_callback_address authorization_signed_response_alg"
    " authorization_encrypted_response_alg authorization_encrypted_response_enc",
    "ID tokens": "id_token_signed_response_alg id_token_encrypted_response_alg id_token_encrypted_response_enc"
    " id_token_decryption_key id_token_leeway id_token_iat_max_age id_token_s_hash_required trusted_audiences"
    " authorized_parties acr_policy refreshed_auth_time_may_change allow_unknown_issuer logout_token_max_age",
    "Signed and encrypted answers": "userinfo_signed_response_alg userinfo_encrypted_response_alg"
    " userinfo_encrypted_response_enc introspection_signed_response_alg introspection_encrypted_response_alg"
    " introspection_encrypted_response_enc",
    "Tokens": "token_class dpop_bound_access_tokens dpop_key_generator dpop_alg bearer_token_types"
    " zero_lifetime_is_unlimited",
    "Requests to the server": "session timeout max_response_size retries",
    "Rules": "profile testing",
    "Anything else": "extra extra_metadata",
}
FURTHER = "Further settings"


def described() -> Mapping[str, str]:
    """Return what the docstring of the client says of each setting."""
    client = importlib.import_module("requests_oauth2client").OAuth2Client
    args = (inspect.getdoc(client) or "").partition("Args:\n")[2].partition("\nRaises:")[0]
    found = re.findall(r"^ {4}\**(\w+): (.*(?:\n {5,}.*)*)", args, re.MULTILINE)
    return {name: " ".join(said.split()) for name, said in found}


def defaults() -> Mapping[str, str]:
    """Return the default of each setting, as one would write it; "" where it is worked out."""
    client = importlib.import_module("requests_oauth2client").OAuth2Client
    parameters = inspect.signature(client).parameters.values()
    return {one.name: _default(one) for one in parameters}


def _default(parameter: inspect.Parameter) -> str:
    value = parameter.default
    plain = value is None or isinstance(value, (str, int, float, bool))
    if isinstance(value, type):
        return f"`{value.__name__}`"
    return f"`{value!r}`" if plain and type(value) in {type(None), str, int, float, bool} else ""


def written_page() -> str:
    """Return the text of the page."""
    said, default = described(), defaults()
    grouped = {group: [name for name in names.split() if name in default] for group, names in GROUPS.items()}
    named = {name for names in grouped.values() for name in names}
    grouped[FURTHER] = [name for name in default if name not in named]
    text = HEAD
    for group, names in grouped.items():
        if names:
            text += f"## {group}\n\n" + "".join(_line(name, default[name], said.get(name, "")) for name in names) + "\n"
    return text.rstrip() + "\n"


def _line(name: str, default: str, said: str) -> str:
    given = f" (default {default})" if default not in {"", "`None`"} else ""
    return f"- **`{name}`**{given}: {said}\n"
