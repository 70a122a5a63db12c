"""Every example of the founding README runs as it was written, in its order, against the live server.

Only hosts and credentials are replaced (and "myscope", which this server doesn't know). Each block has its row in
`BLOCKS`: how it is read, and what must have come of it.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from joserfc.jwk import RSAKey

from devkit.authorization_server import AuthorizationServer
from devkit.browser import Browser
from devkit.protected_api import ProtectedApi
from requests_oauth2client import AuthorizationPending, BearerToken

from .documents import ROOT, Block, literal_blocks, markdown_headings, rst_headings
from .live import Reader, get_token, quoted

DOCUMENT = ROOT / "docs" / "seed-readme.rst"
SHA256 = "0d6f87593b439c83315e50f31de0a85675fdb9d626b51b6a9e1f26111f0afeca"

Server = AuthorizationServer
Reading = Callable[[Reader, Block, Server], None]


def runs(reader: Reader, block: Block, server: Server) -> None:
    reader.run(block)


def names_the_package(reader: Reader, block: Block, server: Server) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert block.code == f"pip install {project['name']}"


def shows_the_request(reader: Reader, block: Block, server: Server) -> None:
    shown = [line.lstrip("?&").partition("=")[0] for line in block.lines[1:]]
    sent = parse_qsl(urlsplit(reader.screen[-1]).query)
    assert [name for name, _ in sent] == shown


def calls_the_api(reader: Reader, block: Block, server: Server) -> None:
    reader.run(block)
    assert reader[answer_of(block)].status_code == 200


def answer_of(block: Block) -> str:
    return "response" if "response = " in block.code else "resp"


def gets_a_token(reader: Reader, block: Block, server: Server) -> None:
    reader.run(block)
    assert isinstance(reader["token"], BearerToken)


def exchanges_and_calls(reader: Reader, block: Block, server: Server) -> None:
    calls_the_api(reader, block, server)
    assert reader["resp"].json()["sub"] == "alice"
    assert reader["token"].id_token.subject == "alice"
    assert reader["token"].id_token.checked is False  # nothing is known of the OP, and the client says so


def does_the_same_with_another_code(reader: Reader, block: Block, server: Server) -> None:
    for beginning in ("auth_request =", "params = input("):  # "or": a code can be used once, so go back for another
        reader.run(earlier_block(beginning))
    calls_the_api(reader, block, server)
    first = reader["auth"].token
    assert first.refresh_token
    reader["auth"].renew_token()
    assert requests.get(reader.api.url, auth=reader["auth"], timeout=10).json()["sub"] == "alice"
    assert reader["auth"].token != first


def earlier_block(beginning: str) -> Block:
    return next(block for block in literal_blocks(DOCUMENT) if block.first_line.startswith(beginning))


def is_pending(reader: Reader, block: Block, server: Server) -> None:
    with pytest.raises(AuthorizationPending):
        reader.run(block)


def is_approved_while_it_polls(reader: Reader, block: Block, server: Server) -> None:
    codes = reader["device_auth_resp"]
    reader.browser.approve_device(codes.verification_uri, codes.user_code)
    reader.run(block)
    assert isinstance(reader["resp"], BearerToken)


def authenticates_with_a_key(reader: Reader, block: Block, server: Server) -> None:
    key = RSAKey.generate_key(2048, {"kid": "mykid"})
    private = key.as_dict(private=True)
    hidden = {f'"{name}": "..."': f'"{name}": {json.dumps(value)}' for name, value in private.items()}
    reader.names["client_id"] = register(server, key.as_dict(private=False))
    reader.run(block, **hidden)
    assert isinstance(reader["client"].client_credentials(), BearerToken)
    assert reader["private_jwk"] == private


def register(server: Server, public_jwk: dict[str, Any]) -> str:
    """Register a client for a public key, and return its id."""
    metadata = {
        "redirect_uris": [],
        "response_types": [],
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [public_jwk]},
    }
    return str(requests.post(server.registration_endpoint, json=metadata, timeout=10).json()["client_id"])


def configures_an_api(reader: Reader, block: Block, server: Server) -> None:
    client = server.clients["client_secret_post"]
    reader.names["client_id"] = client.client_id
    calls_the_api(reader, block, server)
    assert reader["resp"].json()["path"] == "/root/resource"


def stays_below_the_root(reader: Reader, block: Block, server: Server) -> None:
    reader.run(block)
    expression = reader.rewrite(block.code.partition("#")[0])
    answer = eval(expression, reader.names)  # noqa: S307  the document's own line
    assert answer.json()["path"] == "/root/resource"


BLOCKS: dict[str, Reading] = {
    "pip install requests_oauth2client": names_the_package,
    "from requests_oauth2client import *": runs,
    "import requests": runs,
    'token = "an_access_token"': calls_the_api,
    'token_endpoint = "https://my.as/token" / token': gets_a_token,
    'token_endpoint = "https://my.as/token" / response': calls_the_api,
    "auth_request = AuthorizationRequest(": runs,
    "https://myas.local/authorize": shows_the_request,
    'params = input("Please enter the full url and/or params obtained on the redirect_uri: ")': runs,
    "token = client.authorization_code(code=code, code_verifier=auth_request.code_verifier,"
    " redirect_uri=redirect_uri) # add any other params as needed": exchanges_and_calls,
    "auth = OAuth2AuthorizationCodeAuth(client, code, redirect_uri=redirect_uri)"
    "  # add any other params as needed": does_the_same_with_another_code,
    "da_client = DeviceAuthorizationClient(": runs,
    "device_auth_resp.device_code": runs,
    "client = OAuth2Client(": is_pending,
    "pool_job = DeviceAuthorizationPoolingJob(": is_approved_while_it_polls,
    "private_jwk = {": authenticates_with_a_key,
    'oauth2client = OAuth2Client("https://myas.local/token", (client_id, client_secret))': configures_an_api,
    'api.get("resource") # will actually send a get to https://myapi.local/root/resource': stays_below_the_root,
}


def row_of(block: Block) -> str:
    """Name a block by its first line; two begin alike, and differ in what they assign last."""
    if block.first_line.startswith("token_endpoint ="):
        return f"{block.first_line} / {block.lines[-1].split()[0]}"
    return block.first_line


@pytest.fixture
def reader(authorization_server: Server, protected_api: ProtectedApi, browser: Browser) -> Reader:
    client = authorization_server.clients["client_secret_post"]
    credentials = {
        "an_access_token": get_token(authorization_server),
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "myscope": "api.read",
    }
    hosts = {
        "https://my.as/token": authorization_server.token_endpoint,
        "https://myas.local/token": authorization_server.token_endpoint,
        "https://myas.local/device": authorization_server.device_authorization_endpoint,
        "https://my.protected.api": protected_api.url,
        "https://your.protected.api": protected_api.url,
        "https://myapi.local": protected_api.url,
    }
    given = {
        "authorization_endpoint": authorization_server.authorization_endpoint,
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "redirect_uri": client.redirect_uri,
        "scope": "openid email profile api.read",
        "resource": "urn:devkit:api",
        "audience": "urn:devkit:api",
    }
    return Reader(api=protected_api, browser=browser, replacements={**hosts, **quoted(credentials)}, names=given)


def test_the_promise_is_unchanged() -> None:
    assert hashlib.sha256(DOCUMENT.read_bytes()).hexdigest() == SHA256


def test_no_example_is_left_out() -> None:
    assert [row_of(block) for block in literal_blocks(DOCUMENT)] == list(BLOCKS)


def test_every_example_runs_as_written(reader: Reader, authorization_server: Server) -> None:
    for block in literal_blocks(DOCUMENT):
        BLOCKS[row_of(block)](reader, block, authorization_server)


PLACES = {
    "Installation": "Installation",
    "Usage": "The five things people do",
    "Calling API with an access token": "Calling an API with an access token",
    "Obtaining tokens with the Client Credentials grant": "Client credentials",
    "Obtaining tokens with the Authorization Code Grant": "Authorization code",
    "Generating Authorization Requests": "Making the request",
    "Validating the Authorization Response": "Checking the answer",
    "Exchanging code for tokens": "Exchanging the code",
    "Device Authorization Grant": "Device authorization",
    "Supported Client Authorization Methods": "Client authentication",
    "Specialized API Client": "ApiClient",
}


def test_each_of_its_sections_has_a_place_in_the_readme() -> None:
    assert rst_headings(DOCUMENT) == list(PLACES)
    assert set(PLACES.values()) <= set(markdown_headings(ROOT / "README.md"))
