"""Mistakes that people make, really made, and what they are told: what came, what was expected, what to do.

Each case is one of the common mistakes; the words after it have to be in the message, on the sync and the async client.
"""

from __future__ import annotations

import ast
import asyncio
import importlib
import re
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from devkit.exchange import Answer, Received, answer
from devkit.failing_server import FailingServer
from devkit.flavors import Flavor
from devkit.redis_server import RedisServer, free_port
from requests_oauth2client import (
    AsyncOAuth2Client,
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
from requests_oauth2client.stores import RedisStore, StoreCorrupted, StoreUnavailable

UTC = timezone.utc  # noqa: UP017  like the library
ISSUER = "https://as.local"
TOKEN = "https://as.local/token"
KEY = generate_private_jwk("ES256") | {"kid": "k"}
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


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


def id_token(alg: str = "ES256", iat_in: int = 0, exp_in: int = 60, **claims: Any) -> Callable[[Flavor], Any]:
    # The times count from the run of the test, which may start many minutes after this module is read.
    def make(flavor: Flavor) -> Any:
        now = int(datetime.now(tz=UTC).timestamp())
        issued, expires = now + iat_in, now + exp_in
        said = {"iss": ISSUER, "aud": "id", "sub": "alice", "nonce": "n", "iat": issued, "exp": expires, **claims}
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


def behind_the_server(flavor: Flavor) -> Any:
    response = refused("invalid_client", status=401, Date=date(600))
    return asking(response, "client_credentials", auth=ClientSecretJwt("id", "hush-hush".ljust(32, "x")))(flavor)


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


STORE_KEY = b"k" * 32


def a_store(url: str | None = None, **more: Any) -> RedisStore:
    """Make a store, by default at a server that is not there."""
    return RedisStore(url or f"redis://127.0.0.1:{free_port()}/0", **{"key": STORE_KEY, **more})


def stored(flavor: Flavor, store: RedisStore) -> Any:
    return flavor.named("OAuth2AccessTokenAuth")(flavor.client(), store=store, subject="alice")


def encrypted_pem() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"hush-hush")).decode()


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
    "clock behind, ID token": Mistake(id_token(iat_in=700, exp_in=900), ("Check the clock",)),
    "clock ahead, ID token": Mistake(id_token(iat_in=-7300, exp_in=-7200), ("clock of this machine is ahead",)),
    "clock behind, assertion": Mistake(
        behind_the_server,
        ("seconds behind the server's", "Date"),
    ),
    "scope openid is missing": Mistake(
        lambda flavor: BearerToken("at").validate_id_token(flavor.client(), request()), ("openid",)
    ),
    "the subject of a token without ID token": Mistake(lambda _: BearerToken("at").subject, ("openid",)),
    "a private key with a passphrase": Mistake(
        lambda _: PrivateKeyJwt("id", encrypted_pem()), ("encrypted with a password", "cryptography")
    ),
    "hex as a key": Mistake(lambda _: RedisStore("redis://127.0.0.1", key="ab" * 32), ("got str", "hex", "32 random")),
    "Redis without a key": Mistake(lambda _: RedisStore("redis://127.0.0.1"), ("pass the same key=", "32 random")),
    "a store without a subject": Mistake(
        lambda flavor: flavor.named("OAuth2AccessTokenAuth")(flavor.client(), store=a_store()), ("subject=",)
    ),
    "Redis is down": Mistake(
        lambda flavor: flavor.run(stored(flavor, a_store()).get_token()),
        ("can't be reached", "that it runs"),
        kind=StoreUnavailable,
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
    "no Redis client at all": Mistake(lambda _: RedisStore(object(), key=STORE_KEY), ("redis.Redis",)),  # type: ignore[arg-type]
    "a Redis client of asyncio": Mistake(
        lambda _: RedisStore(redis.asyncio.Redis(), key=STORE_KEY),  # type: ignore[arg-type]
        ("takes a URL, a redis.Redis", "got a redis.asyncio", "async clients take these too"),
    ),
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


@pytest.fixture(scope="module")
def private_tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """What a server needs whose certificate a private CA signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    ca, name = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, of)]) for of in ("A private CA", "127.0.0.1"))
    certificate = (
        x509.CertificateBuilder(ca, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(tz=UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(tz=UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@contextmanager
def plain_server(tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Answer whatever comes in plain HTTP, or through TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    talk, _ = listener.accept()
                    with talk, suppress(OSError):
                        talk = tls.wrap_socket(talk, server_side=True) if tls else talk
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


def test_a_private_ca_is_named_with_its_variables(
    flavor: Flavor, private_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    with plain_server(private_tls) as port, pytest.raises(exceptions.TransportError) as raised:
        flavor.run(flavor.client(f"https://127.0.0.1:{port}/token", retries=None).client_credentials())
    assert "CERTIFICATE_VERIFY_FAILED" in str(raised.value)
    assert "set REQUESTS_CA_BUNDLE or SSL_CERT_FILE" in str(raised.value)
    assert not raised.value.is_transient


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


# --- mistakes with a store, an event loop, an installation


def test_another_key_for_stored_tokens_is_named(flavor: Flavor, redis_server: RedisServer) -> None:
    prefix = f"mistakes {flavor.library.__name__}:"
    first, second = (a_store(redis_server.url, prefix=prefix, key=key) for key in (STORE_KEY, b"j" * 32))
    flavor.run(stored(flavor, first).save_token(BearerToken("at")))
    with pytest.raises(StoreCorrupted, match=r"another key than those given.*Give the store the key"):
        flavor.run(stored(flavor, second).get_token())
    for store in (first, second):
        store.close()


def test_tls_to_a_redis_server_without_is_named(flavor: Flavor, redis_server: RedisServer) -> None:
    store = a_store(redis_server.url.replace("redis://", "rediss://"), timeout=0.2)
    with pytest.raises(StoreUnavailable, match="has to speak TLS on this port"):
        flavor.run(stored(flavor, store).get_token())


def test_two_event_loops_one_after_the_other_just_work(failing: FailingServer) -> None:
    client = AsyncOAuth2Client(failing.endpoint("good"), ("id", "secret"))
    assert [asyncio.run(client.client_credentials()).access_token for _ in range(2)] == ["an-access-token"] * 2


EXTRAS = {
    "requests_oauth2client.flask": ("flask", "flask"),
    "requests_oauth2client.starlette": ("starlette", "starlette"),
    "requests_oauth2client.django": ("django", "django"),
    "requests_oauth2client.testing.plugin": ("pytest", "testing"),
    "requests_oauth2client.stores.redis": ("redis valkey", "redis"),
    "requests_oauth2client.stores.sql": ("sqlalchemy", "sql"),
    "requests_oauth2client.stores.file": ("filelock", "file"),
    "requests_oauth2client.stores.keyring": ("keyring", "keyring"),
    "requests_oauth2client.stores.keyring ": ("platformdirs", "keyring"),
    "requests_oauth2client.aio": ("httpx2 httpx", "async"),
}


@pytest.mark.parametrize("module", EXTRAS)
def test_a_missing_extra_is_named(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    libraries, extra = EXTRAS[module]
    for name in list(sys.modules):
        if name.startswith("requests_oauth2client"):
            monkeypatch.delitem(sys.modules, name)
    for library in libraries.split():
        monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError, match=re.escape(f"requests_oauth2client[{extra}]")):
        importlib.import_module(module.strip())


README = (Path(__file__).parents[2] / "README.md").read_text()
RECIPES = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text()


def test_readme_and_recipes_have_what_no_message_can_say() -> None:
    assert "logins.required" in README, "the handler keeps the request, and starts again where it is lost"
    assert "star leaves these\nnames out" in README
    assert "`await` in front of the call" in README
    assert "The server shows an error page" in RECIPES


# --- all thirty-five that were collected, and what proves their grade: a case, or a test of this module

GRADES: dict[str, tuple[str, str]] = {
    "wrong secret, unknown client": ("A", "wrong secret"),
    "redirect_uri differs at the token endpoint": ("B", "redirect_uri differs, expired, reused or foreign code"),
    "redirect_uri is not registered": ("B", "test_readme_and_recipes_have_what_no_message_can_say"),
    "clock behind, ID token": ("A", "clock behind, ID token"),
    "clock ahead, ID token": ("A", "clock ahead, ID token"),
    "clock behind, assertion": ("A", "clock behind, assertion"),
    "scope openid is missing": ("A", "the subject of a token without ID token"),
    "http issuer": ("A", "http issuer"),
    "trailing slash of the issuer": ("A", "trailing slash of the issuer"),
    "expired, reused, foreign code": ("B", "redirect_uri differs, expired, reused or foreign code"),
    "wrong audience or resource": ("A", "wrong resource"),
    "wrong alg of the ID token": ("A", "wrong alg of the ID token"),
    "proxy down": ("A", "test_a_proxy_that_is_down_is_named_with_its_variable"),
    "private CA": ("A", "test_a_private_ca_is_named_with_its_variables"),
    "DNS failure": ("A", "the host's name is wrong"),
    "discovery is a page": ("A", "discovery is a page"),
    "discovery redirects to a login": ("A", "discovery redirects to a login"),
    "discovery is nowhere": ("A", "discovery is nowhere"),
    "secret with special characters": ("A", "test_the_way_out_of_basic_is_named"),
    "missing extra": ("A", "test_a_missing_extra_is_named"),
    "Python 3.10": ("B", "test_pip_refuses_an_old_python"),
    "refresh token revoked": ("A", "a revoked refresh token"),
    "the user said no": ("A", "the user said no"),
    "state of another tab": ("A", "another tab's state"),
    "session lost": ("A", "test_readme_and_recipes_have_what_no_message_can_say"),
    "needs Basic, got post": ("A", "another method than the server's"),
    "key without kid": ("A", "a key without kid"),
    "PEM with a passphrase": ("A", "a private key with a passphrase"),
    "file name or certificate for a key": ("A", "a path instead of a key"),
    "two times asyncio.run": ("A", "test_two_event_loops_one_after_the_other_just_work"),
    "client must use DPoP": ("A", "DPoP is required"),
    "callback without parameters": ("A", "a callback without parameters"),
    "token endpoint is a page": ("A", "the token endpoint is a page"),
    "forgot await; star import lacks Async": ("B", "test_readme_and_recipes_have_what_no_message_can_say"),
    "Redis: other key, down, TLS, no key, no subject, asyncio": ("A", "test_tls_to_a_redis_server_without_is_named"),
}


def test_pip_refuses_an_old_python() -> None:
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert 'requires-python = ">=3.11"' in project
    assert "Python 3.11 or later" in README


def test_every_mistake_is_graded_a_or_b_and_proved() -> None:
    tests = {one.name for one in ast.parse(Path(__file__).read_text()).body if isinstance(one, ast.FunctionDef)}
    assert len(GRADES) == 35
    assert {grade for grade, _ in GRADES.values()} <= {"A", "B"}
    assert {proof for _, proof in GRADES.values()} <= tests | MISTAKES.keys()
