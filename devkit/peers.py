"""Four client libraries as their users write them, with the same few methods: ours, Authlib, MSAL, requests-oauthlib.

A method returns an access token, or raises what its user would see. What a library has no code for is in `CANNOT`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import requests
from authlib.integrations.flask_client import OAuth  # type: ignore[import-untyped]
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession  # type: ignore[import-untyped]
from flask import Flask
from msal import ConfidentialClientApplication, PublicClientApplication  # type: ignore[import-untyped]
from oauthlib.oauth2 import BackendApplicationClient  # type: ignore[import-untyped]
from requests_oauthlib import OAuth2Session  # type: ignore[import-untyped]

from requests_oauth2client import DeviceAuthorizationPollingJob, OAuth2Client
from requests_oauth2client.testing import Callback

REDIRECT_URI = "https://app.test/callback"
SCOPE = ["openid", "offline_access"]
TIMEOUT = 5  # seconds, wherever a library takes one
CANNOT = {
    ("Authlib", "bound"): "has no DPoP",
    ("MSAL", "bound"): "has no DPoP",
    ("requests-oauthlib", "bound"): "has no DPoP",
    ("requests-oauthlib", "device"): "has no device grant",
    ("requests-oauthlib", "find"): "reads no metadata",
}


class Returned(Exception):
    """MSAL returns errors instead of raising them."""


class Peer:
    """A library in use at one server.

    Args:
        issuer: the server.
        log_in: what stands for the user's browser: from the authorization request to the callback.
        secret: of the client "app".
    """

    library = ""
    package = ""

    def __init__(self, issuer: str, log_in: Callable[[str], Callback], secret: str) -> None:
        self.issuer, self.log_in, self.secret = issuer, log_in, secret

    @classmethod
    def title(cls) -> str:
        """Return its name and version."""
        return f"{cls.library} {version(cls.package)}" if cls.package else cls.library

    def service(self) -> str:
        """Get a token with the client's own credentials."""
        raise NotImplementedError

    def login(self) -> str:
        """Log a user in with OpenID Connect."""
        raise NotImplementedError

    def refresh(self) -> str:
        """Use the refresh token of that login."""
        raise NotImplementedError

    def device(self, approve: Callable[[str], object]) -> str:
        """Log a user in on another device."""
        raise NotImplementedError

    def find(self) -> str:
        """Read the metadata of the server, and log in."""
        return self.login()

    def bound(self) -> str:
        """Get a token that is bound to a key (RFC 9449)."""
        raise NotImplementedError


class Ours(Peer):
    """`OAuth2Client`."""

    library = "this library"
    client: Any = None

    def _client(self) -> Any:
        if self.client is None:
            self.client = OAuth2Client(
                issuer=self.issuer, auth=("app", self.secret), redirect_uri=REDIRECT_URI, timeout=TIMEOUT
            )
            self.client.discover()
        return self.client

    def service(self) -> str:
        """See `Peer`."""
        return str(self._client().client_credentials().access_token)

    def login(self) -> str:
        """See `Peer`."""
        request = self._client().authorization_request(scope=SCOPE, prompt="consent")
        self.token = self._client().authorization_code(request.validate_callback(self.log_in(str(request))))
        return str(self.token.access_token)

    def refresh(self) -> str:
        """See `Peer`."""
        self.token = self._client().refresh_token(self.token)
        return str(self.token.access_token)

    def device(self, approve: Callable[[str], object]) -> str:
        """See `Peer`."""
        codes = self._client().authorize_device(scope="openid")
        approve(codes.user_code)
        job = DeviceAuthorizationPollingJob(self._client(), codes)
        while (token := job()) is None:
            pass
        return str(token.access_token)

    def bound(self) -> str:
        """See `Peer`."""
        return str(self._client().client_credentials(dpop=True).access_token)


class Authlib(Peer):
    """Its session for requests, and where users log in, its client for Flask, which also checks ID tokens."""

    library = "Authlib"
    package = "authlib"
    site: Any = None

    def _session(self) -> Any:
        return AuthlibSession("app", self.secret, scope="openid", default_timeout=TIMEOUT)

    def service(self) -> str:
        """See `Peer`."""
        return str(
            self._session().fetch_token(f"{self.issuer}/token", grant_type="client_credentials", scope="")[
                "access_token"
            ]
        )

    def _site(self) -> Any:
        app = Flask("site")
        app.secret_key = "a key of the test"
        app.testing = True
        provider = OAuth(app).register(
            "main",
            client_id="app",
            client_secret=self.secret,
            server_metadata_url=f"{self.issuer}/.well-known/openid-configuration",
            client_kwargs={"scope": " ".join(SCOPE), "code_challenge_method": "S256", "timeout": TIMEOUT},
        )

        @app.get("/login")
        def login() -> Any:
            return provider.authorize_redirect(REDIRECT_URI, prompt="consent")

        @app.get("/callback")
        def callback() -> Any:
            self.token = provider.authorize_access_token()
            return ""

        return app.test_client()

    def login(self) -> str:
        """See `Peer`."""
        self.site = self.site or self._site()
        callback = self.log_in(self.site.get("/login").headers["Location"])
        self.site.get(f"/callback?{callback.partition('?')[2]}")
        return str(self.token["access_token"])

    def refresh(self) -> str:
        """See `Peer`."""
        self.token = self._session().refresh_token(f"{self.issuer}/token", refresh_token=self.token["refresh_token"])
        return str(self.token["access_token"])

    def device(self, approve: Callable[[str], object]) -> str:
        """See `Peer`. It does not poll: the caller writes the loop."""
        codes = requests.post(
            f"{self.issuer}/device_authorization",
            data={"client_id": "app", "scope": "openid"},
            auth=("app", self.secret),
            timeout=TIMEOUT,
        ).json()
        approve(codes["user_code"])
        grant = "urn:ietf:params:oauth:grant-type:device_code"
        token = self._session().fetch_token(f"{self.issuer}/token", grant_type=grant, device_code=codes["device_code"])
        return str(token["access_token"])


class Msal(Peer):
    """`ConfidentialClientApplication`, and `PublicClientApplication` for devices."""

    library = "MSAL"
    package = "msal"
    application: Any = None

    def _application(self) -> Any:
        if self.application is None:
            self.application = ConfidentialClientApplication(
                "app", client_credential=self.secret, oidc_authority=self.issuer, timeout=TIMEOUT
            )
        return self.application

    def _token(self, result: Any) -> str:
        if "access_token" not in result:
            raise Returned(str(result.get("error")))
        return str(result["access_token"])

    def service(self) -> str:
        """See `Peer`."""
        return self._token(self._application().acquire_token_for_client(["things"]))

    def login(self) -> str:
        """See `Peer`."""
        flow = self._application().initiate_auth_code_flow(
            ["things"], redirect_uri=REDIRECT_URI, prompt="consent", response_mode="form_post"
        )
        callback = self.log_in(flow["auth_uri"]).form
        return self._token(self._application().acquire_token_by_auth_code_flow(flow, callback))

    def refresh(self) -> str:
        """See `Peer`."""
        (account,) = self._application().get_accounts()
        return self._token(
            self._application().acquire_token_silent_with_error(["things"], account, force_refresh=True) or {}
        )

    def device(self, approve: Callable[[str], object]) -> str:
        """See `Peer`."""
        application = PublicClientApplication("app", oidc_authority=self.issuer, timeout=TIMEOUT)
        flow = application.initiate_device_flow(["things"])
        approve(flow["user_code"])
        return self._token(application.acquire_token_by_device_flow(flow))


class RequestsOAuthlib(Peer):
    """`OAuth2Session`."""

    library = "requests-oauthlib"
    package = "requests-oauthlib"
    session: Any = None

    def service(self) -> str:
        """See `Peer`."""
        session = OAuth2Session(client=BackendApplicationClient("app"))
        token = session.fetch_token(f"{self.issuer}/token", client_secret=self.secret, timeout=TIMEOUT)
        return str(token["access_token"])

    def login(self) -> str:
        """See `Peer`."""
        self.session = OAuth2Session("app", redirect_uri=REDIRECT_URI, scope=SCOPE, pkce="S256")
        url, _ = self.session.authorization_url(f"{self.issuer}/authorize", prompt="consent")
        token = self.session.fetch_token(
            f"{self.issuer}/token",
            authorization_response=self.log_in(url),
            client_secret=self.secret,
            timeout=TIMEOUT,
        )
        return str(token["access_token"])

    def refresh(self) -> str:
        """See `Peer`."""
        token = self.session.refresh_token(
            f"{self.issuer}/token", auth=("app", self.secret), client_id="app", timeout=TIMEOUT
        )
        return str(token["access_token"])


PEERS: tuple[type[Peer], ...] = (Ours, Authlib, Msal, RequestsOAuthlib)
