"""Logins of a Starlette or FastAPI site: routes, dependencies, and the response when no user is logged in."""

from __future__ import annotations

import importlib.util
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Unpack

from starlette.applications import Starlette
from starlette.exceptions import WebSocketException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route

from .._drivers.httpx import AsyncRunner
from ..aio.api_client import AsyncApiClient
from ..aio.auth import AsyncOAuth2AccessTokenAuth
from ..aio.client import AsyncOAuth2Client
from ..challenges import InsufficientUserAuthentication
from ..exceptions import LoginNeeded
from ..web.messages import WebRequest, WebResponse
from ..web.records import LoginRecord, User
from ..web.site import Site, SiteOptions

POLICY_VIOLATION = 1008  # RFC 6455 section 7.4.1
STATE = "oauth2_login"  # in the scope of a connection

if TYPE_CHECKING or importlib.util.find_spec("fastapi") is None:

    class _Scheme:
        """What FastAPI shows in its OpenAPI document."""

else:
    from fastapi.openapi.models import OpenIdConnect
    from fastapi.security.base import SecurityBase

    class _Scheme(SecurityBase):
        """A login, as a security scheme of OpenAPI."""

        def __init__(self) -> None:
            self.scheme_name = "login"
            self.model = OpenIdConnect(
                openIdConnectUrl=".well-known/openid-configuration", description="A login with this site's provider."
            )


class _Answered(Exception):
    """A dependency has found that something else has to be answered."""

    def __init__(self, answer: WebResponse) -> None:
        super().__init__("answered")
        self.answer = answer


class _Requirement(_Scheme):
    """A dependency: the user, if their login is enough for the page."""

    def __init__(self, logins: Logins, name: str | None, acr_values: str | None, max_age: int | None) -> None:
        super().__init__()
        self._logins, self._name, self._acr_values, self._max_age = logins, name, acr_values, max_age

    async def __call__(self, connection: HTTPConnection) -> User:
        """Return the user, or answer something else."""
        logins = self._logins
        record = await logins.record(connection)
        asked = logins.web_request(connection)
        answer = logins.admit(asked, record, self._name, acr_values=self._acr_values, max_age=self._max_age)
        if answer is not None:
            if connection.scope["type"] == "websocket":
                raise WebSocketException(POLICY_VIOLATION, "log in")
            raise _Answered(answer)
        assert record is not None  # noqa: S101  else there would be an answer
        return record.user


class Logins(Site):
    """The logins of a Starlette or FastAPI site.

    Args:
        app: the application; or call `mount` later.
        **options: those of `requests_oauth2client.web.Site`: `store`, `base_url`, `prefix`, `on_login`, `on_logout`,
            `error_page`. Hooks may be async.
    """

    client_class = AsyncOAuth2Client
    handler_class = AsyncOAuth2AccessTokenAuth

    def __init__(self, app: Starlette | None = None, **options: Unpack[SiteOptions]) -> None:
        super().__init__(**options)
        self.required = self.requires()
        if app is not None:
            self.mount(app)

    def mount(self, app: Starlette) -> None:
        """Add the routes to an application."""
        self.warn_if_of_one_process()
        app.router.routes.insert(0, Route(f"{self.prefix}/logout", self._log_out_route, methods=["POST"]))
        app.router.routes.insert(1, Route(f"{self.prefix}/{{name}}/{{action}}", self._route, methods=["GET", "POST"]))
        app.add_exception_handler(_Answered, self._answered)
        for kind in (LoginNeeded, InsufficientUserAuthentication):
            app.add_exception_handler(kind, self._refused)
        app.state.oauth2_logins = self

    # --- what views use

    async def user(self, connection: HTTPConnection) -> User | None:
        """Return who is logged in, or None: a dependency for public pages."""
        record = await self.record(connection)
        return None if record is None else record.user

    def requires(
        self, name: str | None = None, *, acr_values: str | None = None, max_age: int | None = None
    ) -> Callable[[HTTPConnection], Awaitable[User]]:
        """Return a dependency: the user, with a login of a provider, of a kind, or of an age (RFC 9470).

        Args:
            name: the provider; None for any.
            acr_values: words, of which the `acr` of the login has to be one.
            max_age: seconds since the user really logged in.
        """
        return _Requirement(self, name, acr_values, max_age)

    def api(
        self, base_url: str, *, resource: str | None = None, scope: str | None = None, **options: object
    ) -> Callable[[HTTPConnection], Awaitable[AsyncApiClient]]:
        """Return a dependency: an API client that calls with the tokens of the user, for this request.

        Args:
            base_url: the root of the API.
            resource: for which API the token has to be, if it needs one of its own (RFC 8707).
            scope: what that token has to be good for, within what was granted.
            **options: those of `AsyncApiClient`.
        """

        async def dependency(connection: HTTPConnection) -> AsyncApiClient:
            record = await self.record(connection)
            if record is None:
                msg = "No user is logged in."
                raise LoginNeeded(description=msg)
            auth: Any = self.auth_for(record, resource=resource, scope=scope)
            settings: Any = options
            return AsyncApiClient(base_url, auth=auth, **settings)

        dependency.__annotations__ = {"connection": HTTPConnection, "return": AsyncApiClient}
        return dependency

    # --- machinery

    async def record(self, connection: HTTPConnection) -> LoginRecord | None:
        """Return the login of a connection, read once."""
        if STATE not in connection.scope:
            connection.scope[STATE] = await AsyncRunner()._drive(self.current(self.web_request(connection)))  # noqa: SLF001
        found: LoginRecord | None = connection.scope[STATE]
        return found

    def web_request(self, connection: HTTPConnection, form: dict[str, Any] | None = None) -> WebRequest:
        """Return a connection as a request of the site."""
        scheme = {"ws": "http", "wss": "https"}.get(connection.url.scheme, connection.url.scheme)
        return WebRequest(
            method=connection.scope.get("method", "GET"),
            url=str(connection.url.replace(scheme=scheme)),
            headers={name.lower(): value for name, value in connection.headers.items()},
            cookies=connection.cookies,
            form=form or {},
            root=str(connection.scope.get("root_path", "")).rstrip("/"),
        )

    async def _log_out_route(self, request: Request) -> Response:
        record = await self.record(request)
        return await self._answer(request, None if record is None else record.user.provider, "logout")

    async def _route(self, request: Request) -> Response:
        return await self._answer(request, request.path_params["name"], request.path_params["action"])

    async def _answer(self, request: Request, name: str | None, action: str) -> Response:
        form: dict[str, Any] = {}
        if request.method == "POST":
            for key, value in (await request.form()).multi_items():
                form.setdefault(key, []).append(value)
        runner: Any = self.client_of(name) or AsyncRunner()
        return _response(await runner._drive(self.route(self.web_request(request, form), name, action)))  # noqa: SLF001

    async def _answered(self, _request: Request, error: Exception) -> Response:
        return _response(error.answer if isinstance(error, _Answered) else self.error(error))

    async def _refused(self, request: Request, error: Exception) -> Response:
        return _response(self.refused(self.web_request(request), await self.record(request), error))


def _response(answer: WebResponse) -> Response:
    response = Response(answer.body, status_code=answer.status)
    for name, value in answer.all_headers():
        if name == "Set-Cookie":
            response.headers.append(name, value)
        else:
            response.headers[name] = value
    return response


__all__ = ["Logins"]
