"""Logins of a Django site: what its settings say, and the login of a request."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import isclass, iscoroutinefunction
from typing import TYPE_CHECKING, Any, cast

import requests
import requests.adapters
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core.signals import setting_changed
from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from django.urls import get_script_prefix, reverse
from django.utils.module_loading import import_string

from .._core.effects import RunInThread, Steps
from .._core.options import refuse_unknown
from .._drivers.requests import SyncRunner
from .._tokens.bearer import BearerToken
from ..api_client import ApiClient
from ..auth import OAuth2AccessTokenAuth
from ..client import OAuth2Client
from ..exceptions import InvalidParam, LoginNeeded
from ..stores.base import TokenStore
from ..web.messages import WebRequest
from ..web.records import LoginRecord, User
from ..web.site import Hook, Site
from .store import DjangoStore
from .users import BACKEND, link_user, user_for

if TYPE_CHECKING:
    from ..aio.api_client import AsyncApiClient

OPTIONS = ("store", "key", "base_url", "on_login", "on_logout", "error_page", "user_for")
SETTINGS = ("OAUTH2_LOGINS", "OAUTH2_LOGINS_OPTIONS", "SECRET_KEY", "SECRET_KEY_FALLBACKS", "DATABASES")


@dataclass(frozen=True, kw_only=True)
class DjangoRequest(WebRequest):
    """A request of the site, and Django's one that it stands for."""

    original: HttpRequest = field(repr=False)


class Logins(Site):
    """The logins of a Django site, as OAUTH2_LOGINS and OAUTH2_LOGINS_OPTIONS describe them; `logins()` makes them.

    Args:
        store: where logins and their tokens are kept; by default a `DjangoStore`.
        key: for that `DjangoStore`; by default it is derived from SECRET_KEY.
        user_for: a function from the `Login` of a user who has just logged in to the user of the site; None refuses
            them. By default users are found by issuer and subject, and made at their first login.
        base_url: as for `requests_oauth2client.web.Site`.
        on_login: as there; may be async.
        on_logout: as there; may be async.
        error_page: as there.
    """

    client_class = OAuth2Client
    handler_class = OAuth2AccessTokenAuth

    def __init__(
        self,
        *,
        store: TokenStore | None = None,
        key: bytes | None = None,
        user_for: Callable[[Any], object] = user_for,
        base_url: str | None = None,
        on_login: Hook | None = None,
        on_logout: Hook | None = None,
        error_page: Callable[[Exception], str] | None = None,
    ) -> None:
        super().__init__(
            store=DjangoStore(key=key) if store is None else store,
            base_url=base_url,
            on_login=_as_sync(on_login),
            on_logout=_as_sync(on_logout),
            error_page=error_page,
        )
        self._user_for = _as_sync(user_for)
        self._settings: dict[str, Mapping[str, Any]] = {}
        self._connections = requests.adapters.HTTPAdapter()  # shared by sessions that share no cookies

    @property
    def prefix(self) -> str:
        """The path that the routes are included at."""
        path: str = reverse("oauth2_logins:logout")
        return path.removeprefix(_root()).removesuffix("/logout")

    @prefix.setter
    def prefix(self, _value: str) -> None:
        """Ignore what `Site` takes for it: `include()` says where the routes are."""

    def add(self, name: str, **given: Any) -> None:
        """Add a provider; see `requests_oauth2client.web.Site.add`."""
        super().add(name, **given)
        self._settings[name] = given

    @functools.cached_property
    def for_async_views(self) -> Site:
        """The same providers, stores and logins, called by async clients; needs the extra "async"."""
        from ..aio.auth import AsyncOAuth2AccessTokenAuth  # noqa: PLC0415  for async views only
        from ..aio.client import AsyncOAuth2Client  # noqa: PLC0415  for async views only

        class AsyncSite(Site):
            client_class = AsyncOAuth2Client
            handler_class = AsyncOAuth2AccessTokenAuth

        site = AsyncSite(store=self.store)
        for name, given in self._settings.items():
            site.add(name, **given)
        return site

    def api(
        self, record: LoginRecord, base_url: str, *, resource: str | None, scope: str | None, **options: Any
    ) -> Any:
        """Return an API client that calls with the tokens of a login, for one request."""
        session = requests.Session()
        for scheme in ("https://", "http://"):
            session.mount(scheme, self._connections)
        auth = self.auth_for(record, resource=resource, scope=scope)
        return ApiClient(base_url, auth=auth, **{"session": session, **options})

    def _replace_login(self, request: WebRequest, record: LoginRecord, token: BearerToken) -> Steps[None]:
        """Store a login, and make it one of Django; a user who is refused leaves nothing behind."""
        yield from super()._replace_login(request, record, token)
        original = cast("DjangoRequest", request).original
        try:
            yield RunInThread(functools.partial(self._admit_user, original, record))
        except Exception:
            yield from self._end(record, revoke=True)
            raise

    def _admit_user(self, request: HttpRequest, record: LoginRecord) -> None:
        """Tell Django who has logged in. A session that was begun before can't be used by those who know its key."""
        user = link_user(Login(request, record), self._user_for)
        session = getattr(request, "session", None)
        if session is not None and session.session_key:
            session.flush() if "_auth_user_id" in session else session.cycle_key()
        if settings.CSRF_COOKIE_NAME in request.COOKIES:
            rotate_token(request)
        user.backend = BACKEND
        user_logged_in.send(sender=type(user), request=request, user=user)


class Login:
    """The login of a request: `request.login`. It is read from the store when it is first looked at.

    In templates, `{{ request.login.user.subject }}`.
    """

    def __init__(self, request: HttpRequest, record: object = ...) -> None:
        self._request = request
        self._record = record

    @property
    def record(self) -> LoginRecord | None:
        """What is stored of it, or None without one."""
        if self._record is ...:
            self._record = SyncRunner()._drive(logins().current(web_request(self._request)))  # noqa: SLF001
        return cast("LoginRecord | None", self._record)

    async def arecord(self) -> LoginRecord | None:
        """Return the same, in an async view; afterwards, the properties may be used there."""
        return await sync_to_async(lambda: self.record)() if self._record is ... else self.record

    @property
    def user(self) -> User | None:
        """Who is logged in, or None."""
        return None if self.record is None else self.record.user

    def api(self, base_url: str, *, resource: str | None = None, scope: str | None = None, **options: Any) -> ApiClient:
        """Return an API client that calls with the tokens of the user, for this request.

        In an async view it is the one of `aapi`: a client that blocks would stop all others.

        Args:
            base_url: the root of the API.
            resource: for which API the token has to be, if it needs one of its own (RFC 8707).
            scope: what that token has to be good for, within what was granted.
            **options: those of `ApiClient`.

        Raises:
            LoginNeeded: there is no login; the browser is sent to the login.
        """
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            made = logins().api(self._known(), base_url, resource=resource, scope=scope, **options)
            return cast("ApiClient", made)
        return cast("ApiClient", self.aapi(base_url, resource=resource, scope=scope, **options))

    def aapi(
        self, base_url: str, *, resource: str | None = None, scope: str | None = None, **options: Any
    ) -> AsyncApiClient:
        """Return an async API client, for async views; else as `api`. It needs the extra "async"."""
        from ..aio.api_client import AsyncApiClient  # noqa: PLC0415  for async views only

        auth: Any = logins().for_async_views.auth_for(self._known(), resource=resource, scope=scope)
        return AsyncApiClient(base_url, auth=auth, **options)

    def login_url(self, name: str | None = None, *, next: str | None = None, **more: str | int | None) -> str:  # noqa: A002
        """Return the address where a login begins, to come back to this page or to `next`."""
        asked = web_request(self._request)
        return logins().login_address(asked, name, next=asked.path if next is None else next, **more)

    def end(self) -> None:
        """End it, here and at the provider's revocation endpoint; the browser is not sent to the provider."""
        record, self._record = self.record, None
        if record is not None:
            site = logins()
            runner: Any = site.client_of(record.user.provider)
            runner._drive(site._end(record, revoke=True))  # noqa: SLF001

    def forget(self) -> None:
        """Look no more at what was read: the login has ended."""
        self._record = None

    def _known(self) -> LoginRecord:
        if self.record is None:
            msg = "The user is not logged in."
            raise LoginNeeded(description=msg)
        return self.record


@functools.cache
def logins() -> Logins:
    """Return the logins of the site, made of its settings at the first call.

    Raises:
        InvalidParam: OAUTH2_LOGINS or OAUTH2_LOGINS_OPTIONS can't be used.
    """
    options = dict(getattr(settings, "OAUTH2_LOGINS_OPTIONS", {}))
    refuse_unknown(options, OPTIONS, where="OAUTH2_LOGINS_OPTIONS")
    for name in set(options) - {"base_url", "key"}:
        if isinstance(options[name], str):
            options[name] = import_string(options[name])
    store = options.get("store")
    if isclass(store) or (callable(store) and not isinstance(store, TokenStore)):
        options["store"] = store()
    made = Logins(**options)
    providers = getattr(settings, "OAUTH2_LOGINS", None)
    if not isinstance(providers, Mapping) or not providers:
        msg = 'OAUTH2_LOGINS names no provider: set it to {"main": {"issuer": ..., "auth": (..., ...)}}.'
        raise InvalidParam(msg)
    for name, given in providers.items():
        made.add(name, **given)
    return made


def login_of(request: HttpRequest) -> Login:
    """Return the login of a request, also where LoginMiddleware has not seen it."""
    if not hasattr(request, "login"):
        request.login = Login(request)
    return cast("Login", request.login)


def end_login(request: HttpRequest | None = None, **_: object) -> None:
    """End the login where Django's own logout is used."""
    login = getattr(request, "login", None)
    if isinstance(login, Login):
        login.end()


def web_request(request: HttpRequest, *, has_form: bool = False) -> DjangoRequest:
    """Return a request of Django as one of the site; its form is read only where it is needed."""
    return DjangoRequest(
        method=request.method or "GET",
        url=request.build_absolute_uri(),
        headers={name.lower(): value for name, value in request.headers.items()},
        cookies=request.COOKIES,
        form=dict(request.POST.lists()) if has_form and request.method == "POST" else {},
        root=_root(),
        original=request,
    )


def _root() -> str:
    prefix: str = get_script_prefix()
    return prefix.rstrip("/")


def _as_sync(hook: Any) -> Any:
    return async_to_sync(hook) if iscoroutinefunction(hook) else hook


def _forget_settings(*, setting: str, **_: object) -> None:
    if setting in SETTINGS:
        logins.cache_clear()


setting_changed.connect(_forget_settings)  # of tests that change settings

__all__ = ["Login", "Logins", "end_login", "login_of", "logins", "web_request"]
