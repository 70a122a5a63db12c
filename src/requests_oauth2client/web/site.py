"""The login routes of a web site: begin, callback, logout, and logouts that come from the provider. No framework.

    begin ──► the provider ──► callback ──► a record and tokens in the store, a random id in the browser
    admit ──► the user, or what to answer instead: a login, a stronger login, an error page

Each route is an operation: the adapters (`flask`, `starlette`, `django`) turn their framework's request into a
`WebRequest`, run the operation with the runner of their kind, and send the `WebResponse`.
"""

from __future__ import annotations

import functools
import re
import secrets
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html import escape
from typing import Any, ClassVar, TypedDict
from urllib.parse import urlencode, urlsplit

from .._authorization.params import KNOWN
from .._core.effects import RunInThread, Steps, inner
from .._core.story import recorder
from .._core.times import moment, timestamp
from .._protocol.authorization import authorization_endpoint
from .._protocol.grants import token_endpoint
from .._protocol.oidc import logout as oidc_logout
from .._protocol.settings import known_settings
from .._renewal import handlers, logout
from .._renewal.flight import alone
from .._renewal.handlers import TokenHandler, manager_of
from .._tokens.bearer import BearerToken
from ..authorization_request import callback_state
from ..challenges import InsufficientUserAuthentication
from ..exceptions import AuthorizationResponseError, InvalidParam, LoginNeeded, MissingEndpointUri, OAuth2Error
from ..serializers import DPoPKeySerializer
from ..stores.base import TokenStore
from ..stores.memory import MemoryStore
from .errors import (
    ForeignLogout,
    InsufficientLogin,
    InvalidNext,
    LostLogin,
    RefusedLogin,
    UnknownProvider,
    WebLoginError,
)
from .messages import Cookie, WebRequest, WebResponse, redirect
from .pending import MAX_NEXT, Pending, PendingSerializer, cookies_for, found
from .provider import ClaimsFunction, Provider
from .records import LIFETIME, LoginRecord, Logins, User

SILENT = frozenset({"login_required", "interaction_required", "consent_required", "account_selection_required"})
SILENT_PAUSE = 300  # seconds until a silent login that failed is tried again
FRESH = 60  # seconds in which a login that does not serve is not repeated
JTI_LIFETIME = 86_400  # seconds, for a logout token that does not say when it expires
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_START = re.compile(r"/(?![/\\])")
Hook = Callable[[User], object]


class SiteOptions(TypedDict, total=False):
    """What a site takes besides its framework's application; `Site` documents it."""

    store: TokenStore | None
    base_url: str | None
    prefix: str
    on_login: Hook | None
    on_logout: Hook | None
    error_page: Callable[[Exception], str] | None


class Site:
    """The logins of a web site; the class `Logins` of each framework is one.

    Args:
        store: where logins and their tokens are kept, encrypted; by default the memory of this process, which serves
            no other one.
        base_url: scheme, host and path of the site as browsers see it; by default what the framework says.
        prefix: the path of the routes.
        on_login: called with the `User` after each login.
        on_logout: called with the `User` after each logout.
        error_page: called with what went wrong; returns the HTML of a page that shows no values.

    Raises:
        InvalidParam: the store does not encrypt.
    """

    client_class: ClassVar[Any]
    handler_class: ClassVar[Any]

    def __init__(
        self,
        *,
        store: TokenStore | None = None,
        base_url: str | None = None,
        prefix: str = "/auth",
        on_login: Hook | None = None,
        on_logout: Hook | None = None,
        error_page: Callable[[Exception], str] | None = None,
    ) -> None:
        self.is_of_one_process = store is None
        self.store: TokenStore = MemoryStore(key=secrets.token_bytes(32)) if store is None else store
        if not self.store.keys:
            msg = "Logins are stored encrypted, and their cookies too: make the store with key=32 random bytes."
            raise InvalidParam(msg)
        self.base_url = base_url.rstrip("/") if base_url else None
        self.prefix = f"/{prefix.strip('/')}"
        self.on_login, self.on_logout = on_login, on_logout
        self.error_page = error_page or default_error_page
        self.providers: dict[str, Provider] = {}
        self.logins = Logins(self.store)

    def add(
        self,
        name: str,
        *,
        scope: str = "openid",
        claims: str | ClaimsFunction | None = None,
        prompt: str | None = None,
        response_mode: str | None = None,
        post_logout_redirect_uri: str | None = None,
        params: Mapping[str, object] | None = None,
        **settings: object,
    ) -> None:
        """Add a provider.

        Args:
            name: its name in the routes, such as `main`: letters, digits, `-` and `_`.
            scope: what to ask for.
            claims: `userinfo` merges the claims of the userinfo endpoint into those of the ID token; a function is
                given what that endpoint answers, and returns the claims to merge.
            prompt: for every login; by default `consent` where the scope has offline_access. An empty string sends
                none.
            response_mode: `query` or `form_post`.
            post_logout_redirect_uri: where the provider sends users after a logout; by default the root of the site.
            params: further parameters of each authorization request, such as `{"audience": "https://api.example.com"}`;
                `{"nonce": None}` sends no nonce, for a provider that does not repeat it in the ID token.
            **settings: all settings of `OAuth2Client`, such as `issuer` and `auth`. Nothing is sent now.

        Raises:
            InvalidParam: the name is taken or not usable, a setting belongs into `params`, or what making a client
                raises.
        """
        if name in self.providers:
            msg = f"name={name!r} can't be used for a provider: it is taken."
            raise InvalidParam(msg)
        if misplaced := sorted((KNOWN & settings.keys()) - known_settings(self.client_class)):
            given = ", ".join(f"{one!r}: ..." for one in misplaced)
            msg = f"{', '.join(misplaced)}: a parameter of the authorization request. Pass params={{{given}}}."
            raise InvalidParam(msg)
        client = self.client_class(**settings)
        self.providers[name] = Provider(
            name,
            client,
            scope=scope,
            claims=claims,
            prompt=prompt,
            response_mode=response_mode,
            post_logout_redirect_uri=post_logout_redirect_uri,
            params=params,
        )

    def warn_if_of_one_process(self) -> None:
        """Warn that logins are kept in memory, where the site was given no store."""
        if self.is_of_one_process:
            msg = (
                "Logins(store=...) was given no store: logins are kept in the memory of this process, and end with it."
                " A site with several processes needs a store that they share, such as RedisStore or SqlStore."
            )
            warnings.warn(msg, UserWarning, stacklevel=4)

    def client_of(self, name: str | None) -> object | None:
        """Return the client of a provider, which runs its operations; None if it does not exist."""
        provider = self.providers.get(name) if name else next(iter(self.providers.values()), None)
        return None if provider is None else provider.client

    # --- addresses

    def base_of(self, request: WebRequest) -> str:
        """Return the address of the site: as configured, else as the framework says."""
        return self.base_url or f"{request.origin}{request.root}"

    def login_address(
        self,
        request: WebRequest,
        name: str | None = None,
        *,
        next: str = "/",  # noqa: A002
        **more: str | int | None,
    ) -> str:
        """Return the address where a login begins."""
        provider = self._provider(name)
        given = {"next": next, **{key: value for key, value in more.items() if value is not None}}
        return f"{request.root}{self.prefix}/{provider.name}/login?{urlencode(given)}"

    def _provider(self, name: str | None) -> Provider:
        if name is None and self.providers:
            return next(iter(self.providers.values()))
        provider = self.providers.get(name or "")
        if provider is None:
            msg = "There is no login of this name."
            raise UnknownProvider(msg)
        return provider

    def _redirect_uri(self, provider: Provider, request: WebRequest) -> str:
        return provider.client.redirect_uri or f"{self.base_of(request)}{self.prefix}/{provider.name}/callback"

    def _cookie_name(self, request: WebRequest) -> str:
        return "__Host-oauth2-session" if request.is_secure else "oauth2-session"

    # --- who is logged in

    def current(self, request: WebRequest) -> Steps[LoginRecord | None]:
        """Return the login of a request, or None."""
        record = yield from self.logins.read(request.cookies.get(self._cookie_name(request)))
        return record if record is not None and record.user.provider in self.providers else None

    def handler(self, record: LoginRecord) -> TokenHandler:
        """Return the auth handler of a login, for this request only."""
        client = self.providers[record.user.provider].client
        made: TokenHandler = self.handler_class(
            client, store=self.store, subject=record.login_id, raise_for_challenge=True
        )
        return made

    def auth_for(self, record: LoginRecord, *, resource: str | None, scope: str | None) -> TokenHandler:
        """Return the auth handler of a login for one API."""
        handler = self.handler(record)
        if resource is None and scope is None:
            return handler
        return handler.for_resource(resource, scope=scope)

    def admit(
        self,
        request: WebRequest,
        record: LoginRecord | None,
        name: str | None = None,
        *,
        acr_values: str | None = None,
        max_age: int | None = None,
    ) -> WebResponse | None:
        """Return None if a page may be shown, else what to answer: a redirect to a login that is good enough.

        Args:
            request: the request for the page.
            record: the login of the request.
            name: the provider that it has to be with; None for any.
            acr_values: words, of which the login's `acr` has to be one.
            max_age: seconds since the user really logged in.
        """
        wanted = {"acr_values": acr_values, "max_age": max_age}
        if record is not None and name in {None, record.user.provider}:
            if _is_enough(record.user, acr_values, max_age):
                return None
            if _was_asked(record, wanted):
                msg = f"The login has acr={record.user.acr!r}, which is not enough for this page."
                return self.error(InsufficientLogin(msg))
            name = record.user.provider
        return self.to_login(request, name, **wanted)

    def to_login(self, request: WebRequest, name: str | None = None, **wanted: str | int | None) -> WebResponse:
        """Send a browser to a login, and back; a script that fetches gets a 401."""
        if request.headers.get("sec-fetch-mode", "navigate") not in {"navigate", "websocket"}:
            return WebResponse(status=401, body="Log in.", headers={"Content-Type": "text/plain; charset=utf-8"})
        back = request.path if request.method in {"GET", "HEAD"} else f"{request.root}/"
        return redirect(self.login_address(request, name, next=back, **wanted))

    def refused(self, request: WebRequest, record: LoginRecord | None, error: Exception) -> WebResponse:
        """Return what to answer when an API has refused a login, or wants a stronger one."""
        if record is None:
            return self.to_login(request)
        wanted: dict[str, Any] = {}
        if isinstance(error, InsufficientUserAuthentication):
            wanted = {"acr_values": " ".join(error.acr_values or ()) or None, "max_age": error.max_age}
        if timestamp() - record.begun < FRESH and (not wanted or _was_asked(record, wanted)):
            msg = f"An API has refused a login that was made a moment ago ({type(error).__name__})."
            return self.error(RefusedLogin(msg))
        return self.to_login(request, record.user.provider, **wanted)

    # --- routes

    def route(self, request: WebRequest, name: str | None, action: str) -> Steps[WebResponse]:
        """Answer a request to one of the routes.

        Args:
            request: the request.
            name: of the provider.
            action: `login`, `callback`, `logout`, `backchannel-logout` or `frontchannel-logout`.
        """
        recording = recorder()
        answered = None if recording is None else recording.asked(request, action)
        response = yield from self._routed(request, name, action)
        return response if answered is None else answered(response)

    def _routed(self, request: WebRequest, name: str | None, action: str) -> Steps[WebResponse]:
        try:
            if action == "logout":
                return (yield from self._log_out(request))
            provider = self._provider(name or "")
            operations = {
                "login": self._begin,
                "callback": self._finish,
                "backchannel-logout": self._back_channel,
                "frontchannel-logout": self._front_channel,
            }
            if action not in operations:
                return WebResponse(status=404, body="There is nothing here.")
            return (yield from operations[action](request, provider))
        except OAuth2Error as error:
            return self.error(error)

    def error(self, error: Exception) -> WebResponse:
        """Return the error page: always a 400, also where the server failed."""
        return WebResponse(status=400, body=self.error_page(error))

    def _begin(self, request: WebRequest, provider: Provider) -> Steps[WebResponse]:
        """Send the browser to the provider."""
        asked = {**request.query, **{name: request.field(name) for name in request.form}}
        target = self._target(request, provider, asked)
        silent = f"oauth2-silent-{provider.name}"
        if asked.get("prompt") == "none" and silent in request.cookies:
            return redirect(target)
        names = ("prompt", "acr_values", "max_age", "login_hint", "ui_locales")
        extra = {name: asked[name] for name in names if asked.get(name)}
        if "max_age" in extra and not str(extra["max_age"]).isdigit():
            del extra["max_age"]
        yield from provider.client.find_endpoint("authorization_endpoint")
        pending = Pending(provider=provider.name, next=target, extra=_typed(extra))
        azr = provider.request(pending, self._redirect_uri(provider, request))
        if azr.dpop_key is not None:
            pending = Pending(
                provider=provider.name,
                next=target,
                extra=pending.extra,
                seed=pending.seed,
                begun=pending.begun,
                dpop=DPoPKeySerializer().fields_of(azr.dpop_key),
            )
        url = yield from inner(provider.client, authorization_endpoint.authorization_url, azr)
        posted = (azr.response_mode or "").startswith("form_post")
        return redirect(url, *cookies_for(pending, self._serializer(provider), request, posted=posted))

    def _serializer(self, provider: Provider) -> PendingSerializer:
        return PendingSerializer(self.store.keys or (), provider.client.client_id, provider.name)

    def _target(self, request: WebRequest, provider: Provider, asked: Mapping[str, str]) -> str:
        """Return where the user goes afterwards: a path of this site, bounded.

        Raises:
            InvalidNext: it is somewhere else.
            UnknownProvider: a login that another site has initiated is for another issuer (OIDC Core section 4).
        """
        if "iss" in asked and asked["iss"] != provider.client.issuer:
            msg = "The login that was initiated elsewhere is for another issuer."
            raise UnknownProvider(msg)
        target = asked.get("next") or asked.get("target_link_uri") or f"{request.root}/"
        base = self.base_of(request)
        origin = f"{urlsplit(base).scheme}://{urlsplit(base).netloc}"
        if "target_link_uri" in asked and "next" not in asked and target.startswith(f"{origin}/"):
            target = target.removeprefix(origin)
        if not _START.match(target) or _UNSAFE.search(target):
            msg = "The address to go to after the login is not a path of this site."
            raise InvalidNext(msg)
        if len(target) > MAX_NEXT:
            target = target.partition("?")[0]
        return target if len(target) <= MAX_NEXT else f"{request.root}/"

    def _finish(self, request: WebRequest, provider: Provider) -> Steps[WebResponse]:
        """Take the callback: exchange the code, store the login, and go where the user wanted."""
        params = request.params()
        pending, used = found(callback_state(params), self._serializer(provider), request)
        yield from provider.client.find_endpoint("authorization_endpoint")  # this process may know nothing yet
        azr = provider.request(pending, self._redirect_uri(provider, request))
        try:
            response = yield from inner(provider.client, authorization_endpoint.authorization_response, azr, params)
        except AuthorizationResponseError as refusal:
            if pending.extra.get("prompt") != "none" or refusal.error not in SILENT:
                raise
            silent = Cookie(
                name=f"oauth2-silent-{provider.name}", value="1", max_age=SILENT_PAUSE, secure=request.is_secure
            )
            return redirect(pending.next, used, silent)
        token: BearerToken = yield from inner(provider.client, token_endpoint.authorization_code, response)
        record = yield from self._make_record(provider, pending, token)
        yield from self._replace_login(request, record, token)
        if self.on_login is not None:
            yield RunInThread(functools.partial(self.on_login, record.user))
        session = Cookie(
            name=self._cookie_name(request), value=record.login_id, max_age=LIFETIME, secure=request.is_secure
        )
        return redirect(pending.next, used, session)

    def _make_record(self, provider: Provider, pending: Pending, token: BearerToken) -> Steps[LoginRecord]:
        id_token = token.id_token
        claims = yield from provider.claims_of(token)
        now = timestamp()
        user = User(
            provider=provider.name,
            issuer=str(claims.get("iss") or provider.client.issuer or provider.client.token_endpoint),
            subject=claims["sub"],
            claims=claims,
            acr=claims.get("acr") if isinstance(claims.get("acr"), str) else None,
            auth_time=moment(claims.get("auth_time")),
            sid=claims.get("sid") if isinstance(claims.get("sid"), str) else None,
            expires_at=moment(now + LIFETIME),
        )
        return LoginRecord(
            login_id=Logins.new_id(),
            user=user,
            begun=now,
            asked=dict(pending.extra),
            id_token=None if id_token is None else str(id_token),
        )

    def _replace_login(self, request: WebRequest, record: LoginRecord, token: BearerToken) -> Steps[None]:
        """Store a login in place of the one that this browser had; a step-up keeps its refresh token."""
        before = yield from self.current(request)
        if before is not None:
            kept = yield from self._emptied(before)
            is_same = (before.user.issuer, before.user.subject) == (record.user.issuer, record.user.subject)
            if is_same and token.refresh_token is None and kept is not None and kept.refresh_token is not None:
                token = token.replace(refresh_token=kept.refresh_token)
        yield from handlers.save_token(self.handler(record), token)
        yield from self.logins.write(record)

    def _emptied(self, record: LoginRecord) -> Steps[BearerToken | None]:
        """End a login here, without telling the provider; return its last token."""
        manager = manager_of(self.handler(record))
        tokens = (yield from alone(manager.state, logout.ended(manager))) or []
        yield from self.logins.delete(record)
        return tokens[0] if tokens else None

    def _end(self, record: LoginRecord, *, revoke: bool) -> Steps[None]:
        yield from self.logins.delete(record)
        yield from handlers.log_out(self.handler(record), revoke)
        if self.on_logout is not None:
            yield RunInThread(functools.partial(self.on_logout, record.user))

    def _log_out(self, request: WebRequest) -> Steps[WebResponse]:
        """End the login of this browser, here and at the provider (OIDC RP-Initiated Logout)."""
        if request.method != "POST":
            return WebResponse(status=405, headers={"Allow": "POST"}, body="POST is needed.")
        self._check_origin(request)
        record = yield from self.current(request)
        gone = Cookie(name=self._cookie_name(request), secure=request.is_secure)
        home = f"{self.base_of(request)}/"
        if record is None:
            return redirect(home, gone)
        yield from self._end(record, revoke=True)
        provider = self.providers[record.user.provider]
        try:
            yield from provider.client.find_endpoint("end_session_endpoint")
            asked = oidc_logout.end_session_request(
                provider.client,
                record.id_token,
                post_logout_redirect_uri=provider.post_logout_redirect_uri or home,
                state=None,
            )
        except (MissingEndpointUri, OAuth2Error):  # it has none, or is away: the user is logged out here
            return redirect(home, gone)
        return redirect(str(asked.uri), gone)

    def _check_origin(self, request: WebRequest) -> None:
        """Refuse a logout that another site has asked for.

        Raises:
            ForeignLogout: it is one.
        """
        fetched = request.headers.get("sec-fetch-site")
        came = request.headers.get("origin")
        base = urlsplit(self.base_of(request))
        own = {request.origin, f"{base.scheme}://{base.netloc}"}
        if fetched in {"cross-site", "same-site"} or (fetched is None and came is not None and came not in own):
            msg = "The logout was asked for by another site."
            raise ForeignLogout(msg)

    def _back_channel(self, request: WebRequest, provider: Provider) -> Steps[WebResponse]:
        """End the logins that a logout token names (OIDC Back-Channel Logout section 2.5)."""
        if request.method != "POST":
            return WebResponse(status=405, headers={"Allow": "POST"}, body="POST is needed.")
        token = yield from inner(provider.client, oidc_logout.logout_token, request.field("logout_token"))
        left = JTI_LIFETIME if token.expires_at is None else max(token.expires_at.timestamp() - timestamp(), 60)
        if not (yield from self.logins.use_once(token.issuer, token.jti, left)):
            msg = "This logout token was used before."
            raise WebLoginError(msg)
        for record in (yield from self.logins.of_session(token.issuer, sid=token.sid, sub=token.sub)):
            yield from self._end(record, revoke=False)
        return WebResponse(headers={"Content-Type": "text/plain; charset=utf-8"})

    def _front_channel(self, request: WebRequest, provider: Provider) -> Steps[WebResponse]:
        """End the logins of a session at the provider (OIDC Front-Channel Logout section 2)."""
        sid = oidc_logout.front_channel_logout(provider.client, request.query)
        if sid is None:
            record = yield from self.current(request)
            records = [] if record is None else [record]
        else:
            records = yield from self.logins.of_session(str(request.query.get("iss")), sid=sid, sub=None)
        for record in records:
            yield from self._end(record, revoke=False)
        gone = Cookie(name=self._cookie_name(request), secure=request.is_secure)
        return WebResponse(body="<!doctype html><title>Logged out</title>", cookies=(gone,))


def _typed(extra: Mapping[str, str]) -> dict[str, Any]:
    return {name: int(value) if name == "max_age" else value for name, value in extra.items()}


def _is_enough(user: User, acr_values: str | None, max_age: int | None) -> bool:
    if acr_values is not None and user.acr not in acr_values.split():
        return False
    if max_age is None:
        return True
    return user.auth_time is not None and timestamp() - user.auth_time.timestamp() <= max_age + 10  # clocks differ


def _was_asked(record: LoginRecord, wanted: Mapping[str, Any]) -> bool:
    """Return whether this very login was asked for what is wanted, a moment ago: asking again would not help."""
    if timestamp() - record.begun >= FRESH:
        return False
    return all(record.asked.get(name) == value for name, value in wanted.items() if value is not None)


def default_error_page(error: Exception) -> str:
    """Return a page that says what went wrong and what to do, and shows no values."""
    advice = getattr(error, "advice", "") or "Go back to the site, and log in again."
    name = type(error).__name__
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>This did not work</title>"
        f"<h1>This did not work</h1><p>{escape(name)}</p><p>{escape(str(advice))}</p>"
    )


@contextmanager
def unanswered() -> Iterator[list[Exception]]:
    """Collect what an API has said about a login while a page was made: `LoginNeeded`, or a stronger login."""
    caught: list[Exception] = []
    try:
        yield caught
    except (LoginNeeded, InsufficientUserAuthentication) as error:
        caught.append(error)


__all__ = ["LostLogin", "Provider", "Site", "default_error_page"]
