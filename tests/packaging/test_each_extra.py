"""The main job of each requirement and each extra, once: what `make lowest` and `make pythons` try.

Needs nothing but the package with all extras, and the tools in `devkit/packaging/tried.py`.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
import requests
from keyring.backends.null import Keyring as NullKeyring

from devkit.redis_server import start_redis_server
from requests_oauth2client import (
    ApiClient,
    AsyncOAuth2Client,
    AsyncOAuth2ClientCredentialsAuth,
    DPoPKey,
    OAuth2Client,
    OAuth2ClientCredentialsAuth,
    PrivateKeyJwt,
)
from requests_oauth2client.stores import FileStore, KeyringStore, RedisStore, SqlStore, TokenStore
from requests_oauth2client.testing import AuthorizationServer

KEY = b"k" * 32
SERVICE = ("my-service", "my-secret")


def test_requests(oauth_server: AuthorizationServer) -> None:
    client = OAuth2Client.from_discovery_endpoint(issuer=oauth_server.issuer, auth=SERVICE)
    azr = client.authorization_request(
        redirect_uri="https://app.example.com/callback", scope="openid offline_access", prompt="consent"
    )
    token = client.authorization_code(azr.validate_callback(oauth_server.log_in(azr.uri)))
    assert token.id_token is not None
    assert token.id_token.subject == client.userinfo(token)["sub"] == "alice"
    assert client.refresh_token(token).access_token != token.access_token


def test_urllib3() -> None:
    with AuthorizationServer().listening() as server:
        client = OAuth2Client.from_discovery_endpoint(issuer=server.issuer, auth=SERVICE)
        auth = OAuth2ClientCredentialsAuth(client)
        assert ApiClient(server.issuer, auth=auth).get(".well-known/openid-configuration").ok
        with pytest.raises(requests.exceptions.ConnectionError):
            requests.get("http://127.0.0.1:9/", auth=auth, timeout=10)


@pytest.mark.parametrize("alg", ["RS256", "ES256", "EdDSA"])
def test_joserfc_and_cryptography(oauth_server: AuthorizationServer, alg: str) -> None:
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    key = {"RS256": lambda: RSAKey.generate_key(2048), "ES256": ECKey.generate_key, "EdDSA": OKPKey.generate_key}[alg]()
    auth = PrivateKeyJwt("my-service", {**key.as_dict(private=True), "alg": alg, "kid": "1"})
    client = OAuth2Client.from_discovery_endpoint(issuer=oauth_server.issuer, auth=auth)
    token = client.client_credentials(dpop_key=DPoPKey.generate())
    assert token.token_type == "DPoP"
    assert client.introspect_token(token)["active"]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_async(oauth_server: AuthorizationServer, backend: str) -> None:
    import httpx2

    async def ask() -> int:
        issuer = oauth_server.issuer
        async with (
            await AsyncOAuth2Client.from_discovery_endpoint(issuer=issuer, auth=SERVICE) as client,
            httpx2.AsyncClient() as http,
        ):
            auth = AsyncOAuth2ClientCredentialsAuth(client)
            return (await http.get(f"{issuer}/.well-known/openid-configuration", auth=auth)).status_code

    assert anyio.run(ask, backend=backend) == 200


def logged_in(server: AuthorizationServer, login: str) -> str:
    """Where the browser comes back to, as a path."""
    return str(server.log_in(login)).removeprefix("https://app.test")


def test_flask(oauth_server: AuthorizationServer) -> None:
    from flask import Flask

    from requests_oauth2client.flask import Logins
    from requests_oauth2client.stores import MemoryStore

    app = Flask(__name__)
    logins = Logins(app, store=MemoryStore(key=KEY), base_url="https://app.test")
    logins.add("main", issuer=oauth_server.issuer, auth=SERVICE)
    app.route("/")(logins.required(lambda: logins.user.subject if logins.user else ""))
    browser = app.test_client()
    page = browser.get("/", base_url="https://app.test")
    while page.status_code in {302, 303}:
        target = page.headers["Location"]
        path = logged_in(oauth_server, target) if target.startswith(oauth_server.issuer) else target
        page = browser.get(path.removeprefix("https://app.test"), base_url="https://app.test")
    assert page.text == "alice"


def test_starlette(oauth_server: AuthorizationServer) -> None:
    import httpx2
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    from requests_oauth2client.starlette import Logins
    from requests_oauth2client.stores import MemoryStore

    async def home(request: Request) -> PlainTextResponse:
        return PlainTextResponse((await logins.required(request)).subject)

    app = Starlette(routes=[Route("/", home)])
    logins = Logins(store=MemoryStore(key=KEY), base_url="https://app.test")
    logins.add("main", issuer=oauth_server.issuer, auth=SERVICE)
    logins.mount(app)

    async def browse() -> str:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="https://app.test") as browser:
            page = await browser.get("/")
            while page.status_code in {302, 303}:
                target = page.headers["Location"]
                page = await browser.get(
                    logged_in(oauth_server, target) if target.startswith(oauth_server.issuer) else target
                )
            return page.text

    assert asyncio.run(browse()) == "alice"


DJANGO_SITE = """
import django
from django.conf import settings
settings.configure(
    SECRET_KEY="of the tests", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, USE_TZ=True,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "requests_oauth2client.django"],
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware", "requests_oauth2client.django.LoginMiddleware"],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    AUTHENTICATION_BACKENDS=["requests_oauth2client.django.LoginBackend"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    OAUTH2_LOGINS={"main": {"issuer": "https://as.test", "auth": ("my-service", "my-secret")}},
)
django.setup()
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path
from requests_oauth2client.django import required
from requests_oauth2client.testing import AuthorizationServer
call_command("migrate", verbosity=0)
urlpatterns = [
    path("", required(lambda request: HttpResponse(request.login.user.subject))),
    path("auth/", include("requests_oauth2client.django.urls")),
]
with AuthorizationServer().installed() as server:
    browser = Client(headers={"host": "app.test"})
    page = browser.get("/", secure=True)
    while page.status_code in {302, 303}:
        target = page["Location"]
        url = str(server.log_in(target)) if target.startswith(server.issuer) else target
        page = browser.get(url.removeprefix("https://app.test"), secure=True)
    assert page.content == b"alice", page.content
"""


def test_django(tmp_path: Path) -> None:
    site = tmp_path / "site.py"
    site.write_text(DJANGO_SITE)
    subprocess.run([sys.executable, "-W", "error", site], check=True, capture_output=True, text=True)


def shared(store: TokenStore, server: AuthorizationServer) -> None:
    """Two handlers, as two processes have them, make one token request."""
    client = OAuth2Client.from_discovery_endpoint(issuer=server.issuer, auth=SERVICE)
    asked = len(server.requests)
    tokens = {OAuth2ClientCredentialsAuth(client, store=store).get_token().access_token for _ in range(2)}
    assert len(tokens) == len(server.requests) - asked == 1
    assert store.purge() == 0
    store.close()


def test_file(oauth_server: AuthorizationServer, tmp_path: Path) -> None:
    shared(FileStore(tmp_path / "tokens.db", key=KEY), oauth_server)


def test_sql(oauth_server: AuthorizationServer, tmp_path: Path) -> None:
    from sqlalchemy import create_engine

    engine = create_engine(f"sqlite:///{tmp_path / 'tokens.sqlite'}")
    shared(SqlStore(engine, key=KEY), oauth_server)
    engine.dispose()


class DictKeyring(NullKeyring):
    """A keyring of this test."""

    passwords: dict[tuple[str, str], str]

    def __init__(self) -> None:
        super().__init__()
        self.passwords = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.passwords[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.passwords[service, username]


def test_redis(oauth_server: AuthorizationServer) -> None:
    with start_redis_server() as server:
        shared(RedisStore(server.url, key=KEY), oauth_server)


def test_cli(tmp_path: Path) -> None:
    (tmp_path / "oauth2client.toml").write_text(
        '[profile.robot]\nclient_id = "robot"\ngrant = "client_credentials"\nclient_secret_env = "ROBOT_SECRET"\n'
    )
    home = {name: str(tmp_path) for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    with AuthorizationServer().listening() as server:
        text = (tmp_path / "oauth2client.toml").read_text()
        (tmp_path / "oauth2client.toml").write_text(f'{text}issuer = "{server.issuer}"\n')
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "requests_oauth2client", "token", "-p", "robot", "--json"],
            env={**os.environ, **home, "ROBOT_SECRET": "secret"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["access_token"]


def test_kafka(oauth_server: AuthorizationServer) -> None:
    from confluent_kafka import Producer

    from requests_oauth2client.kafka import oauth_cb

    auth = handler(oauth_server)
    settings: dict[str, Any] = {
        "bootstrap.servers": "127.0.0.1:9",
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanisms": "OAUTHBEARER",
        "oauth_cb": oauth_cb(auth),
        "log_level": 0,
    }
    producer = Producer(settings)
    while auth.token is None:  # the library asks for it by itself
        producer.poll(0.1)
    assert auth.token.access_token


def test_grpc(oauth_server: AuthorizationServer) -> None:
    import grpc

    from requests_oauth2client.grpc import call_credentials

    assert isinstance(call_credentials(handler(oauth_server)), grpc.CallCredentials)


def test_aiohttp(oauth_server: AuthorizationServer) -> None:
    import aiohttp
    from aiohttp import web

    from requests_oauth2client.aiohttp import middleware

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=request.headers["Authorization"])

    async def ask() -> str:
        app = web.Application()
        app.router.add_get("/", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0]
            async with aiohttp.ClientSession(middlewares=[middleware(handler(oauth_server))]) as session:
                return await (await session.get(f"http://{host}:{port}/")).text()
        finally:
            await runner.cleanup()

    assert asyncio.run(ask()).startswith("Bearer ")


def handler(server: AuthorizationServer) -> OAuth2ClientCredentialsAuth:
    client = OAuth2Client.from_discovery_endpoint(issuer=server.issuer, auth=SERVICE)
    return OAuth2ClientCredentialsAuth(client)


def test_keyring(oauth_server: AuthorizationServer, tmp_path: Path) -> None:
    shared(KeyringStore(backend=DictKeyring(), key=KEY, path=tmp_path / "keyring.db"), oauth_server)
