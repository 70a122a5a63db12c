"""Mistakes that people make, really made, and what they are told: what came, what was expected, what to do.

Each case is one of the common mistakes; the words after it have to be in the message, on the sync and the async client.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from devkit.exchange import Answer, Received, answer
from devkit.flavors import Flavor
from requests_oauth2client import (
    AuthorizationRequest,
    BearerToken,
    ClientSecretBasic,
    ClientSecretJwt,
    OAuth2Error,
    PrivateKeyJwt,
    TokenSerializer,
    exceptions,
)
from requests_oauth2client._jose import jws
from requests_oauth2client._jose.keys import generate_private_jwk, public_jwk, signing_key
from requests_oauth2client.stores import RedisStore

UTC = timezone.utc  # noqa: UP017  like the library
ISSUER = "https://as.local"
TOKEN = "https://as.local/token"
KEY = generate_private_jwk("ES256") | {"kid": "k"}
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
NOW = datetime.now(tz=UTC)


@dataclass(frozen=True)
class Mistake:
    """A mistake, and the words that help."""

    make: Callable[[Flavor], Any]
    words: tuple[str, ...]
    not_words: tuple[str, ...] = ()
    kind: type[Exception] = OAuth2Error


def refused(error: str, description: str = "no", status: int = 400, **headers: str) -> Answer:
    return answer({"error": error, "error_description": description}, status, **headers)


def asking(response: Answer, operation: str, *args: Any, auth: Any = ("id", "hush-hush"), **settings: Any) -> Any:
    """Make a mistake that the server notices."""
    arguments = settings.pop("arguments", {})

    def make(flavor: Flavor) -> Any:
        client, _ = flavor.mocked(response, auth=auth, **settings)
        return flavor.run(getattr(client, operation)(*args, **arguments))

    return make


def date(seconds: float) -> str:
    return format_datetime(datetime.now(tz=UTC) + timedelta(seconds=seconds), usegmt=True)


def request(**more: Any) -> AuthorizationRequest:
    return AuthorizationRequest(f"{ISSUER}/a", "id", "https://app.local/cb", state="s", nonce="n", **more)


def callback(params: str, **more: Any) -> Callable[[Flavor], Any]:
    return lambda _: request(**more).validate_callback(f"https://app.local/cb{params}")


def id_token(alg: str = "ES256", **claims: Any) -> Callable[[Flavor], Any]:
    def make(flavor: Flavor) -> Any:
        now = int(datetime.now(tz=UTC).timestamp())
        said = {"iss": ISSUER, "aud": "id", "sub": "alice", "nonce": "n", "iat": now, "exp": now + 60, **claims}
        token = jws.sign({name: value for name, value in said.items() if value is not None}, signing_key(KEY))
        response = answer({"access_token": "at", "token_type": "Bearer", "id_token": token})
        client, _ = flavor.mocked(
            response,
            issuer=ISSUER,
            authorization_server_jwks={"keys": [public_jwk(KEY)]},
            id_token_signed_response_alg=alg,
        )
        return flavor.run(client.authorization_code(request().validate_callback("?code=c&state=s")))

    return make


def discovering(respond: Callable[[Received], Answer], **arguments: Any) -> Callable[[Flavor], Any]:
    def make(flavor: Flavor) -> Any:
        session, _ = flavor.answered_by(respond)
        make_client = flavor.named("OAuth2Client").from_discovery_endpoint
        return flavor.run(make_client(**arguments, auth=("id", "hush-hush"), session=session))

    return make


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def at(url: str) -> Callable[[Flavor], Any]:
    """Ask a server that is really not there."""
    return lambda flavor: flavor.run(flavor.client(url, retries=None).client_credentials())


PAGE = answer("<html><title>Sign in</title></html>", 200, Content_Type="text/html")
BASIC_ONLY = {"authorization_server_metadata": {"token_endpoint_auth_methods_supported": ["private_key_jwt"]}}
AGAIN = ("Log in again",)

MISTAKES: dict[str, Mistake] = {
    "wrong secret": Mistake(
        asking(refused("invalid_client", status=401), "client_credentials"), ("authenticated with", "client_id")
    ),
    "another method than the server's": Mistake(
        asking(refused("invalid_client", status=401), "client_credentials", **BASIC_ONLY),
        ("metadata list private_key_jwt", "Pass auth=PrivateKeyJwt("),
    ),
    "redirect_uri differs, expired, reused or foreign code": Mistake(
        asking(refused("invalid_grant"), "authorization_code", "c", arguments={"validate": False}),
        ("redirect_uri", *AGAIN),
    ),
    "clock behind, ID token": Mistake(
        id_token(iat=int(NOW.timestamp()) + 700, exp=int(NOW.timestamp()) + 900), ("Check the clock",)
    ),
    "clock ahead, ID token": Mistake(
        id_token(iat=int(NOW.timestamp()) - 7300, exp=int(NOW.timestamp()) - 7200), ("clock of this machine is ahead",)
    ),
    "clock behind, assertion": Mistake(
        asking(
            refused("invalid_client", status=401, Date=date(600)),
            "client_credentials",
            auth=ClientSecretJwt("id", "hush-hush".ljust(32, "x")),
        ),
        ("seconds behind the server's", "Date"),
    ),
    "scope openid is missing": Mistake(
        lambda flavor: BearerToken("at").validate_id_token(flavor.client(), request()), ("openid",)
    ),
    "http issuer": Mistake(
        lambda flavor: flavor.client(TOKEN, issuer="http://as.example"), ("https is needed", "testing=True")
    ),
    "trailing slash of the issuer": Mistake(
        discovering(lambda _: answer({"issuer": ISSUER, "token_endpoint": TOKEN}), issuer=f"{ISSUER}/"),
        ("to the letter", f"{ISSUER}/"),
    ),
    "wrong resource": Mistake(
        asking(refused("invalid_target"), "client_credentials", arguments={"resource": "https://api.local"}),
        ("resource='https://api.local'",),
    ),
    "wrong scope": Mistake(
        asking(refused("invalid_scope"), "client_credentials", arguments={"scope": "a b"}), ("scope='a b'",)
    ),
    "wrong alg of the ID token": Mistake(id_token(alg="RS256"), ("id_token_signed_response_alg='ES256'",)),
    "no nonce in the ID token": Mistake(id_token(nonce=None), ("nonce=None",)),
    "a grant that the server does not have": Mistake(
        asking(refused("unsupported_grant_type"), "client_credentials"), ("grant_type='client_credentials'",)
    ),
    "a grant that the client may not use": Mistake(
        asking(refused("unauthorized_client"), "client_credentials"), ("grant_type='client_credentials'", "allow")
    ),
    "the host's name is wrong": Mistake(at("https://keycloak.corp.invalid/token"), ("keycloak.corp.invalid", "host")),
    "discovery is a page": Mistake(discovering(lambda _: PAGE, issuer=ISSUER), ("text/html", "Sign in")),
    "discovery redirects to a login": Mistake(
        discovering(lambda _: answer(b"", 302, Location="/login"), issuer=ISSUER), ("redirects to /login",)
    ),
    "discovery is nowhere": Mistake(
        discovering(lambda _: answer(b"", 404), issuer=f"{ISSUER}/tenant"),
        ("Is this the issuer, to the letter?", "openid-configuration", "name its endpoints"),
    ),
    "discovery is given the issuer as url": Mistake(
        discovering(lambda _: answer(b"", 404), url=f"{ISSUER}/tenant"), (f"did you mean issuer='{ISSUER}/tenant'",)
    ),
    "a revoked refresh token": Mistake(asking(refused("invalid_grant"), "refresh_token", "rt"), AGAIN),
    "the user said no": Mistake(
        callback("?error=access_denied&error_description=no&state=s"), ("access_denied", "Nothing is wrong"),
        kind=exceptions.AuthorizationDenied,
    ),
    "another tab's state": Mistake(callback("?code=c&state=t"), ("another state", "another login")),
    "a callback without parameters": Mistake(callback("", issuer=ISSUER), ("neither code nor error",)),
    "a key without kid": Mistake(lambda _: PrivateKeyJwt("id", {**KEY, "kid": None}), ("kid=",)),
    "a path instead of a key": Mistake(lambda _: PrivateKeyJwt("id", "/etc/app/key.pem"), ("looks like the path",)),
    "a certificate instead of a key": Mistake(lambda _: PrivateKeyJwt("id", CERTIFICATE), ("It is a certificate",)),
    "DPoP is required": Mistake(
        asking(refused("invalid_grant", "DPoP proof JWT not provided"), "client_credentials"),
        ("dpop_bound_access_tokens=True",),
        AGAIN,
    ),
    "a wrong password": Mistake(
        asking(refused("invalid_grant"), "resource_owner_password", "alice", "hush-hush"), ("password",), AGAIN
    ),
    "the token endpoint is a page": Mistake(asking(PAGE, "client_credentials"), ("Sign in",)),
    "a short key for encryption": Mistake(lambda _: TokenSerializer("secret").dumps(BearerToken("at")), ("32",)),
    "a misspelled setting": Mistake(lambda flavor: flavor.client(TOKEN, isuer=ISSUER), ("Did you mean 'issuer'?",)),
    "a Redis client of the other kind": Mistake(lambda _: RedisStore(object(), key=b"k" * 32), ("redis.Redis",)),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_answered_with_words_that_help(flavor: Flavor, name: str) -> None:
    mistake = MISTAKES[name]
    with pytest.raises(mistake.kind) as raised:
        mistake.make(flavor)
    text = str(raised.value)
    assert [word for word in mistake.words if word not in text] == [], text
    assert [word for word in mistake.not_words if word in text] == [], text
    assert "hush-hush" not in text


def test_a_proxy_that_is_down_is_named_with_its_variable(flavor: Flavor, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    proxy = f"http://user:hush-hush@127.0.0.1:{closed_port()}"
    monkeypatch.setenv("https_proxy", proxy)
    client = flavor.client("https://as.example/token", retries=None)
    with pytest.raises(exceptions.TransportError) as raised:
        flavor.run(client.client_credentials())
    assert "https_proxy=http://127.0.0.1" in str(raised.value)
    assert "hush-hush" not in str(raised.value)
    assert raised.value.is_transient


@contextmanager
def plain_server() -> Iterator[int]:
    """Answer whatever comes in plain HTTP."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    talk, _ = listener.accept()
                    with talk:
                        talk.recv(1 << 16)
                        talk.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_a_server_without_tls_is_named(flavor: Flavor) -> None:
    with plain_server() as port, pytest.raises(exceptions.TransportError) as raised:
        flavor.run(flavor.client(f"https://127.0.0.1:{port}/token", retries=None).client_credentials())
    assert "does not speak TLS" in str(raised.value)


def test_a_private_ca_is_named_with_its_variables(flavor: Flavor) -> None:
    from requests_oauth2client._drivers.advice import said

    text = said(OSError("[SSL: CERTIFICATE_VERIFY_FAILED] unable to get local issuer certificate"), TOKEN)
    assert "REQUESTS_CA_BUNDLE or SSL_CERT_FILE" in text
    assert isinstance(flavor, Flavor)


def test_the_way_out_of_basic_is_named(flavor: Flavor) -> None:
    make = asking(
        refused("invalid_client", status=401),
        "client_credentials",
        auth=ClientSecretBasic("id", "hush-hush"),
        authorization_server_metadata={"token_endpoint_auth_methods_supported": ["client_secret_post"]},
    )
    with pytest.raises(exceptions.InvalidClient, match=r"Pass auth=ClientSecretPost\("):
        make(flavor)


@pytest.mark.parametrize("path", [Path("/etc/app/key.pem"), r"C:\keys\app.key", "client.pem"])
def test_a_path_is_recognized(path: Any) -> None:
    with pytest.raises(OAuth2Error, match="path of a file"):
        PrivateKeyJwt("id", str(path))
