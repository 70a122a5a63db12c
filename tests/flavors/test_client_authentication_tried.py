"""How a client authenticates where nobody says: as the metadata list it, and in another way after `invalid_client`."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote_plus

import pytest
import requests

from devkit.exchange import Answer, Received, answer
from devkit.flavors import Flavor
from requests_oauth2client import (
    ClientSecretBasic,
    ClientSecretJwt,
    ClientSecretPost,
    InvalidClient,
    InvalidGrant,
    UnsupportedClientCredentials,
)

ISSUER = "https://as.local"
PLAIN, ODD = ("id", "hush-hush"), ("id", "h/u+s=h %&ü")
REFUSED = answer({"error": "invalid_client"}, 401)
EMPTY_401 = answer("", 401, WWW_Authenticate="Basic")
TOKEN = answer({"access_token": "at", "token_type": "Bearer"})
REVOCATION = f"{ISSUER}/revoke"


def basic(received: Received) -> str | None:
    scheme, _, pair = received.headers.get("authorization", "").partition(" ")
    return base64.b64decode(pair).decode() if scheme == "Basic" else None


def posted(received: Received) -> dict[str, list[str]]:
    body = received.body
    return parse_qs(body.decode() if isinstance(body, bytes) else body)


class Server:
    """Takes one way to authenticate."""

    def __init__(self, way: str, credentials: tuple[str, str], refusal: Answer = REFUSED) -> None:
        self.way, self.pair, self.refusal = way, credentials, refusal

    def __call__(self, received: Received) -> Answer:
        pair, form = basic(received), posted(received)
        accepted = {
            "raw": pair == ":".join(self.pair),
            "form": pair is not None and tuple(map(unquote_plus, pair.split(":", 1))) == self.pair,
            "post": form.get("client_secret") == [self.pair[1]],
            "nothing": False,
        }[self.way]
        return TOKEN if accepted else self.refusal


def metadata(*methods: str) -> dict[str, Any]:
    listed = {"token_endpoint_auth_methods_supported": list(methods)} if methods else {}
    return {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token", "revocation_endpoint": REVOCATION, **listed}


def connect(flavor: Flavor, server: Server, *methods: str, auth: Any = None) -> tuple[Any, list[Received]]:
    session, received = flavor.answered_by(server)
    kind = flavor.named("OAuth2Client")
    client = kind.from_discovery_document(metadata(*methods), auth=auth or server.pair, session=session)
    return flavor.keep(client), received


@pytest.mark.parametrize(
    ("methods", "chosen"),
    [
        ([], ClientSecretPost),
        (["client_secret_basic", "client_secret_post"], ClientSecretPost),
        (["client_secret_basic"], ClientSecretBasic),
        (["private_key_jwt", "client_secret_jwt", "client_secret_basic"], ClientSecretBasic),
        (["client_secret_jwt"], ClientSecretJwt),
        (["private_key_jwt"], ClientSecretPost),
    ],
)
def test_the_method_for_a_bare_pair_is_one_that_the_server_lists(
    flavor: Flavor, methods: list[str], chosen: type
) -> None:
    for credentials in ({"auth": PLAIN}, {"client_id": "id", "client_secret": "hush-hush"}):
        client = flavor.named("OAuth2Client").from_discovery_document(metadata(*methods), **credentials)
        assert type(flavor.keep(client).auth) is chosen


def test_arguments_go_before_the_list(flavor: Flavor) -> None:
    kind = flavor.named("OAuth2Client")
    given = ClientSecretPost(*PLAIN)
    assert kind.from_discovery_document(metadata("client_secret_basic"), auth=given).auth is given
    client = kind.from_discovery_document(
        metadata("client_secret_basic"), auth=PLAIN, default_auth_handler=ClientSecretPost
    )
    assert client.auth == given


@pytest.mark.parametrize("refusal", [REFUSED, EMPTY_401, answer({"error": "invalid_client"}, 400)], ids=str)
@pytest.mark.parametrize("methods", [[], ["client_secret_post", "client_secret_basic"]], ids=str)
def test_the_other_method_is_tried_once_and_remembered(flavor: Flavor, methods: list[str], refusal: Answer) -> None:
    client, received = connect(flavor, Server("form", PLAIN, refusal), *methods)
    assert flavor.run(client.client_credentials()).access_token == "at"
    assert [basic(request) for request in received] == [None, "id:hush-hush"]
    flavor.run(client.client_credentials())
    flavor.run(client.revoke_token("t"))
    assert [basic(request) for request in received[2:]] == ["id:hush-hush"] * 2
    assert isinstance(client.auth, ClientSecretBasic)


def test_a_method_that_is_not_listed_is_not_tried(flavor: Flavor) -> None:
    client, received = connect(flavor, Server("form", PLAIN), "client_secret_post")
    with pytest.raises(InvalidClient):
        flavor.run(client.client_credentials())
    assert len(received) == 1


@pytest.mark.parametrize("way", ["form", "raw"])
def test_basic_is_tried_form_encoded_and_raw(flavor: Flavor, way: str) -> None:
    client, received = connect(flavor, Server(way, ODD), auth=ClientSecretBasic(*ODD))
    for _ in range(2):
        assert flavor.run(client.client_credentials()).access_token == "at"
    first = "id:h%2Fu%2Bs%3Dh%20%25%26%C3%BC"
    assert [basic(request) for request in received] == (
        [first, first] if way == "form" else [first, ":".join(ODD), ":".join(ODD)]
    )


@pytest.mark.parametrize("encoding", ["form", "raw"])
def test_a_fixed_encoding_is_the_only_one(flavor: Flavor, encoding: str) -> None:
    client, received = connect(flavor, Server("nothing", ODD), auth=ClientSecretBasic(*ODD, encoding=encoding))
    with pytest.raises(InvalidClient):
        flavor.run(client.client_credentials())
    assert len(received) == 1
    assert (basic(received[0]) == ":".join(ODD)) is (encoding == "raw")
    with pytest.raises(UnsupportedClientCredentials, match="encoding"):
        ClientSecretBasic(*ODD, encoding="utf-8")


def test_a_plain_secret_is_the_same_either_way(flavor: Flavor) -> None:
    client, received = connect(flavor, Server("nothing", PLAIN), auth=ClientSecretBasic(*PLAIN))
    with pytest.raises(InvalidClient):
        flavor.run(client.client_credentials())
    assert len(received) == 1


def test_the_refusal_names_what_was_tried_and_what_is_listed(flavor: Flavor) -> None:
    client, received = connect(flavor, Server("nothing", PLAIN), "client_secret_post", "client_secret_basic", "tls_x")
    with pytest.raises(InvalidClient) as refused:
        flavor.run(client.client_credentials())
    assert len(received) == 2
    text = str(refused.value)
    assert "client_secret_post, then client_secret_basic" in text
    assert "tls_x" in text
    assert "hush" not in text


def test_once_accepted_a_method_is_the_only_one(flavor: Flavor) -> None:
    server = Server("post", PLAIN)
    client, received = connect(flavor, server)
    flavor.run(client.client_credentials())
    server.way = "nothing"
    with pytest.raises(InvalidClient):
        flavor.run(client.client_credentials())
    assert len(received) == 2


def test_another_refusal_is_no_reason_to_try_again(flavor: Flavor) -> None:
    client, received = connect(flavor, Server("nothing", PLAIN, answer({"error": "invalid_grant"}, 400)))
    with pytest.raises(InvalidGrant):
        flavor.run(client.authorization_code("the-code", validate=False))
    assert len(received) == 1


@pytest.mark.parametrize("secret", ["hush\n", "hush\r\n", "\nhush"])
def test_a_line_end_in_a_secret_is_named(flavor: Flavor, secret: str) -> None:
    with pytest.raises(UnsupportedClientCredentials, match=r"line end.*\.strip\(\)") as refused:
        flavor.client(auth=("id", secret))
    assert "hush" not in str(refused.value)


UNPROVEN = {
    "not decoded": answer({"error": "invalid_request"}, 400),
    "a page": answer("<html>", 403, Content_Type="text/html"),
    "a redirect": answer("", 302, Location="/login"),
    "failing": answer({"error": "server_error"}, 500),
    "overloaded": answer("", 429),
    "no answer": ConnectionError("planted"),
    "too large": answer(b"x" * 5000, 200),
}
ENDPOINTS: dict[str, Callable[[Any], Any]] = {
    "token": lambda client: client.client_credentials(),
    "revocation": lambda client: client.revoke_token("t"),
    "introspection": lambda client: client.introspect_token("t"),
    "pushed_authorization_request": lambda client: client.pushed_authorization_request(
        client.authorization_request(redirect_uri="https://app.local/cb")
    ),
    "device_authorization": lambda client: client.authorize_device(),
    "backchannel_authentication": lambda client: client.backchannel_authentication_request(login_hint="alice"),
}


@pytest.mark.parametrize("second", UNPROVEN)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_second_try_that_fails_too_does_not_hide_the_first_refusal(
    flavor: Flavor, endpoint: str, second: str
) -> None:
    """Also when it proves nothing; and the second way is not taken for the right one."""

    def server(received: Received) -> Answer:
        if "%" in (basic(received) or ""):
            return REFUSED
        answered = UNPROVEN[second]
        if isinstance(answered, Exception):
            raise flavor.library.ConnectError("planted") if flavor.is_async else requests.ConnectionError("planted")
        return answered

    session, received = flavor.answered_by(server)
    urls = {f"{name}_endpoint": f"{ISSUER}/{name}" for name in [*ENDPOINTS, "authorization"] if name != "token"}
    client = flavor.client(
        session=session, auth=ClientSecretBasic("id", "wrong one"), retries=None, max_response_size=4000, **urls
    )
    for _ in range(2):
        with pytest.raises(InvalidClient) as refused:
            flavor.run(ENDPOINTS[endpoint](client))
        assert refused.value.status == 401
    assert len(received) == 4


def test_an_error_about_something_else_shows_that_the_client_was_accepted(flavor: Flavor) -> None:
    session, received = flavor.answered_by(
        lambda it: REFUSED if "%" in (basic(it) or "") else answer({"error": "invalid_grant"}, 400)
    )
    client = flavor.client(session=session, auth=ClientSecretBasic("id", "odd one"))
    for _ in range(2):
        with pytest.raises(InvalidGrant):
            flavor.run(client.authorization_code("c", validate=False))
    assert len(received) == 3
