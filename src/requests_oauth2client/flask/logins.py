"""Log users in to a Flask site (the extra "flask")."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, Unpack

import requests
import requests.adapters
from flask import Blueprint, Flask, Response, abort, current_app, g, request

from .._drivers.requests import SyncRunner
from ..api_client import ApiClient
from ..auth import OAuth2AccessTokenAuth
from ..challenges import InsufficientUserAuthentication
from ..client import OAuth2Client
from ..exceptions import LoginNeeded
from ..web.messages import WebRequest, WebResponse
from ..web.records import LoginRecord, User
from ..web.site import Site, SiteOptions

P = ParamSpec("P")
R = TypeVar("R")
RECORD, REQUEST = "_requests_oauth2client_login", "_requests_oauth2client_request"  # in flask.g


class Logins(Site):
    """The logins of a Flask site.

    Args:
        app: the application; or call `init_app` later.
        **options: those of `requests_oauth2client.web.Site`: `store`, `base_url`, `prefix`, `on_login`, `on_logout`,
            `error_page`.
    """

    client_class = OAuth2Client
    handler_class = OAuth2AccessTokenAuth

    def __init__(self, app: Flask | None = None, **options: Unpack[SiteOptions]) -> None:
        super().__init__(**options)
        self._connections = (
            requests.adapters.HTTPAdapter()
        )  # shared by the sessions of requests, which share no cookies
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Add the routes to an application."""
        self.warn_if_of_one_process()
        routes = Blueprint("oauth2_logins", __name__, url_prefix=self.prefix)
        routes.add_url_rule("/logout", "logout", self._route, methods=["POST"], defaults={"action": "logout"})
        routes.add_url_rule("/<name>/<action>", "login", self._route, methods=["GET", "POST"])
        app.register_blueprint(routes)
        for kind in (LoginNeeded, InsufficientUserAuthentication):
            app.register_error_handler(kind, self._refused)
        app.extensions["oauth2_logins"] = self

    # --- what views use

    @property
    def user(self) -> User | None:
        """Who is logged in, or None."""
        record = self._record()
        return None if record is None else record.user

    def api(self, base_url: str, *, resource: str | None = None, scope: str | None = None, **options: Any) -> ApiClient:
        """Return an API client that calls with the tokens of the user, for this request.

        Args:
            base_url: the root of the API.
            resource: for which API the token has to be, if it needs one of its own (RFC 8707).
            scope: what that token has to be good for, within what was granted.
            **options: those of `ApiClient`.

        Raises:
            LoginNeeded: no user is logged in; the browser is sent to the login.
        """
        record = self._record()
        if record is None:
            msg = "No user is logged in."
            raise LoginNeeded(description=msg)
        auth = self.auth_for(record, resource=resource, scope=scope)
        session = requests.Session()
        for scheme in ("https://", "http://"):
            session.mount(scheme, self._connections)
        settings: Any = options
        return ApiClient(base_url, auth=auth, session=session, **settings)

    def login_url(self, name: str | None = None, *, next: str | None = None, **more: str | int | None) -> str:  # noqa: A002
        """Return the address where a login begins, to come back to this page or to `next`."""
        asked = self._request()
        return self.login_address(asked, name, next=asked.path if next is None else next, **more)

    def required(self, view: Callable[P, R]) -> Callable[P, R]:
        """Decorate a view that only users who are logged in may see; others are sent to the login, and back."""
        return self.requires()(view)

    def requires(
        self, name: str | None = None, *, acr_values: str | None = None, max_age: int | None = None
    ) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Decorate a view that needs a login with a provider, of a kind, or of an age (RFC 9470).

        Args:
            name: the provider; None for any.
            acr_values: words, of which the `acr` of the login has to be one.
            max_age: seconds since the user really logged in.
        """

        def decorate(view: Callable[P, R]) -> Callable[P, R]:
            @functools.wraps(view)
            def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
                answer = self.admit(self._request(), self._record(), name, acr_values=acr_values, max_age=max_age)
                if answer is not None:
                    abort(_response(answer))
                shown: R = current_app.ensure_sync(view)(*args, **kwargs)
                return shown

            return guarded

        return decorate

    # --- machinery

    def _record(self) -> LoginRecord | None:
        if RECORD not in g:
            setattr(g, RECORD, SyncRunner()._drive(self.current(self._request())))  # noqa: SLF001
        record: LoginRecord | None = getattr(g, RECORD)
        return record

    def _route(self, action: str, name: str | None = None) -> Response:
        record = self._record() if action == "logout" else None
        runner: Any = self.client_of(name if record is None else record.user.provider) or SyncRunner()
        return _response(runner._drive(self.route(self._request(), name, action)))  # noqa: SLF001

    def _refused(self, error: Exception) -> Response:
        return _response(self.refused(self._request(), self._record(), error))

    def _request(self) -> WebRequest:
        if REQUEST not in g:
            setattr(g, REQUEST, self._web_request())
        known: WebRequest = getattr(g, REQUEST)
        return known

    def _web_request(self) -> WebRequest:
        return WebRequest(
            method=request.method,
            url=request.url,
            headers={name.lower(): value for name, value in request.headers.items()},
            cookies=request.cookies,
            form=request.form.to_dict(flat=False) if request.method == "POST" else {},
            root=request.script_root.rstrip("/"),
        )


def _response(answer: WebResponse) -> Response:
    return Response(answer.body, status=answer.status, headers=answer.all_headers())


__all__ = ["Logins"]
