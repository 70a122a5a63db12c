"""How each library comes to hold one expired token, and what it does before a request to an API is sent.

A function for each, given where the token endpoint is. Where a library can keep tokens beyond its process, another
one does that.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import requests

from .crowds import AsyncCall, Call, Context, begin

API = "https://api.example.org/users/1"
OLD_TOKEN = "old-" + "a" * 60
KEY = bytes(range(32))
AN_HOUR_AGO = time.time() - 3600
AUTHLIB_TOKEN = {"access_token": OLD_TOKEN, "token_type": "Bearer", "expires_at": int(AN_HOUR_AGO)}


def one_request(context: Context) -> Call:
    """Post the form, without a library."""
    return lambda: str(requests.post(context["url"], data={"grant_type": "client_credentials"}, timeout=10).json())


def _ours(context: Context, **settings: Any) -> Any:
    library = import_module("requests_oauth2client")
    client = library.OAuth2Client(context["url"], auth=("id", "secret"), testing=True)  # the stub has no TLS
    old = library.BearerToken(OLD_TOKEN, expires_at=datetime.now(tz=UTC) - timedelta(hours=1))
    return library.OAuth2ClientCredentialsAuth(client, token=old, **settings)


def ours(context: Context) -> Call:
    """Use `OAuth2ClientCredentialsAuth` of ours, or of the release."""
    return _with_requests(_ours(context))


def ours_in_file(context: Context) -> Call:
    """Share tokens through a `FileStore`."""
    stores = import_module("requests_oauth2client.stores")
    return _with_requests(_ours(context, store=stores.FileStore(_file(context), key=KEY)))


def ours_in_redis(context: Context) -> Call:
    """Share tokens through a `RedisStore`."""
    stores = import_module("requests_oauth2client.stores")
    store = stores.RedisStore(redis_of(context), key=KEY, prefix=f"{context['meeting']}:")
    return _with_requests(_ours(context, store=store))


def ours_async(context: Context) -> AsyncCall:
    """Use `AsyncOAuth2ClientCredentialsAuth`."""
    library = import_module("requests_oauth2client")
    client = library.AsyncOAuth2Client(context["url"], auth=("id", "secret"), testing=True)
    old = library.BearerToken(OLD_TOKEN, expires_at=datetime.now(tz=UTC) - timedelta(hours=1))
    return _with_httpx(library.AsyncOAuth2ClientCredentialsAuth(client, token=old), import_module("httpx2"))


def authlib(context: Context) -> Call:
    """Use the handler that Authlib's session gives to its requests."""
    library = import_module("authlib.integrations.requests_client")
    session = library.OAuth2Session("id", "secret", **_authlib_settings(context))
    return _with_requests(session.token_auth)


def authlib_async(context: Context) -> AsyncCall:
    """Use Authlib's client for httpx2, and what it awaits before it sends a request."""
    library = import_module("authlib.integrations.httpx_client")
    client = library.AsyncOAuth2Client("id", "secret", **_authlib_settings(context))

    async def call() -> str:
        await client.ensure_active_token(client.token)
        return str(client.token["access_token"])

    return call


def _authlib_settings(context: Context) -> dict[str, Any]:
    return {
        "token_endpoint": context["url"],
        "token_endpoint_auth_method": "client_secret_post",
        "grant_type": "client_credentials",
        "token": dict(AUTHLIB_TOKEN),
    }


def google(context: Context) -> Call:
    """Use `google.oauth2.credentials`, which renew with a refresh token: they know no client credentials."""
    request = import_module("google.auth.transport.requests").Request()
    credentials = import_module("google.oauth2.credentials").Credentials(
        OLD_TOKEN,
        refresh_token="refresh",
        token_uri=context["url"],
        client_id="id",
        client_secret="secret",
        expiry=datetime.now(tz=UTC).replace(tzinfo=None) - timedelta(hours=1),
    )

    def call() -> str:
        headers: dict[str, str] = {}
        credentials.before_request(request, "GET", API, headers)
        return headers["authorization"]

    return call


def msal(context: Context) -> Call:
    """Use `acquire_token_for_client`, which takes tokens out of its cache, where they are expired."""
    library = import_module("msal")
    app = library.ConfidentialClientApplication(
        "id", client_credential="secret", oidc_authority=_MsalHttp.issuer, http_client=_MsalHttp(context["url"])
    )
    scopes = ["api"]
    app.acquire_token_for_client(scopes)
    access_token = library.TokenCache.CredentialType.ACCESS_TOKEN
    for entry in list(app.token_cache.search(access_token)):
        app.token_cache.modify(access_token, entry, {"expires_on": str(int(AN_HOUR_AGO)), "secret": OLD_TOKEN})
    begin(context)  # what it asked for so far was the token that is expired now
    return lambda: str(app.acquire_token_for_client(scopes))


class _MsalHttp:
    """What `http_client=` may be: it knows the discovery document, and sends the rest to the stub, which has no TLS."""

    issuer = "https://as.example.org/tenant"

    def __init__(self, url: str) -> None:
        self.url, self.session = url, requests.Session()

    def get(self, _url: str, **_options: Any) -> requests.Response:
        """Give the discovery document."""
        paths = {name: f"{self.issuer}/{name}" for name in ("authorization_endpoint", "token_endpoint")}
        answer = requests.Response()
        answer.status_code = 200
        answer._content = json.dumps({"issuer": self.issuer, **paths}).encode()  # noqa: SLF001  there is no other way
        return answer

    def post(self, _url: str, **options: Any) -> requests.Response:
        """Ask for a token."""
        return self.session.post(self.url, timeout=10, **options)

    def close(self) -> None:
        """Close the connections."""
        self.session.close()


def requests_auth(context: Context) -> Call:
    """Use requests-auth and its cache in memory."""
    return _with_requests(_of_cache(import_module("requests_auth"), context))


def requests_auth_in_file(context: Context) -> Call:
    """Share tokens through requests-auth's file."""
    return _with_requests(_of_cache(import_module("requests_auth"), context, _file(context)))


def httpx_auth(context: Context) -> Call:
    """Use httpx-auth and its cache in memory."""
    handler, library = _of_cache(import_module("httpx_auth"), context), import_module("httpx")
    return lambda: str(next(handler.sync_auth_flow(library.Request("GET", API))).headers["Authorization"])


def httpx_auth_in_file(context: Context) -> Call:
    """Share tokens through httpx-auth's file."""
    handler = _of_cache(import_module("httpx_auth"), context, _file(context))
    library = import_module("httpx")
    return lambda: str(next(handler.sync_auth_flow(library.Request("GET", API))).headers["Authorization"])


def httpx_auth_async(context: Context) -> AsyncCall:
    """Use httpx-auth in a task: it asks for tokens with a client that blocks the event loop."""
    return _with_httpx(_of_cache(import_module("httpx_auth"), context), import_module("httpx"))


def _of_cache(library: Any, context: Context, file: Path | None = None) -> Any:
    handler = library.OAuth2ClientCredentials(context["url"], "id", client_secret="secret")
    old = {handler.state: (OLD_TOKEN, AN_HOUR_AGO, None)}
    if file is None:
        cache = import_module(f"{library.__name__}._oauth2.tokens").TokenMemoryCache()
        cache.tokens = old
    else:
        if not file.exists():  # the first one makes it, before there are others
            file.write_text(json.dumps(old), encoding="utf-8")
        cache = library.JsonTokenFileCache(file)
    library.OAuth2.token_cache = cache  # of all handlers: another row may have left its own
    return handler


def _with_requests(handler: Any) -> Call:
    return lambda: str(handler(requests.Request("GET", API).prepare()).headers["Authorization"])


def _with_httpx(handler: Any, library: Any) -> AsyncCall:
    async def call() -> str:
        flow = handler.async_auth_flow(library.Request("GET", API))
        try:
            return str((await anext(flow)).headers["Authorization"])
        finally:
            await flow.aclose()

    return call


def _file(context: Context) -> Path:
    return Path(context["folder"]) / context["meeting"]


def redis_of(context: Context) -> str:
    """Give the URL of the Redis server that the case runs."""
    if not context["redis"]:
        message = "there is no Redis server on this machine"
        raise FileNotFoundError(message)
    return context["redis"]
