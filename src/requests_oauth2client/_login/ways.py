"""The ways to log a user in: a browser on this machine, a pasted address, another device; and the first that can work.

A way says why it can't work here, or has steps that end with a token. `LoginRequest` is what is asked for, whichever
way is taken. A function of the user's from an authorization request to the callback is a way too.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias
from urllib.parse import urlsplit

from .._authorization.callback import AuthorizationResponse
from .._core.effects import RunInThread, Steps, inner
from .._core.urls import is_loopback
from .._protocol.authorization import authorization_endpoint
from .._protocol.grants import device, token_endpoint
from .._protocol.grants.polling import poll
from .._renewal.sources import DeviceCodeSource
from .._renewal.sources import DeviceLogin as DevicePolling
from .._tokens.bearer import BearerToken
from ..exceptions import AuthorizationResponseError, ExpiredToken, InvalidAuthResponse, InvalidParam
from . import browsers
from .errors import LoginCancelled, LoginFailed, LoginImpossible, LoginTimeout, NoFreePort

if TYPE_CHECKING:
    from .._protocol.hooks import Client
    from ..authorization_request import AuthorizationRequest
    from .listener import Listener

Page: TypeAlias = Callable[[Exception | None], str]
WAIT = 0.25  # seconds between looks whether the login is over, or was cancelled
MAX_PASTES = 3
PASTE_URI = "http://127.0.0.1/callback"  # nothing listens there: the address stays in the address bar

Callback: TypeAlias = "str | Mapping[str, Any] | AuthorizationResponse"
LoginFunction: TypeAlias = "Callable[[AuthorizationRequest], Any]"
Tell: TypeAlias = Callable[[str], object]


@dataclass(frozen=True, kw_only=True)
class LoginRequest:
    """What a login asks for.

    Attributes:
        scope: the words of the scope, joined by spaces, or None.
        params: further parameters of the authorization request.
        token_fields: form fields of the token request, such as `resource`.
    """

    scope: str | None
    params: Mapping[str, Any] = field(default_factory=dict)
    token_fields: Mapping[str, Any] = field(default_factory=dict)

    def build(self, client: Client, redirect_uri: str | None, **more: Any) -> AuthorizationRequest:
        """Make the authorization request."""
        params = {"scope": self.scope, "redirect_uri": redirect_uri, **more, **self.params}
        request: AuthorizationRequest = client.authorization_request(**params)
        return request


class LoginWay(Protocol):
    """A way to log in."""

    def why_not(self, client: Client) -> str | None:
        """Return why it can't work here, or None."""
        ...

    def steps(self, client: Client, request: LoginRequest) -> Steps[BearerToken]:
        """Log the user in."""
        ...


def show(text: str) -> None:
    """Write to the user, on stderr: stdout may belong to a pipe."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201  that is the point


def check_possible(way: LoginWay, client: Client) -> None:
    """Fail at once, and not when the user's time is over.

    Raises:
        LoginImpossible: this way can't work here.
    """
    reason = way.why_not(client)
    if reason is not None:
        raise LoginImpossible([reason])


def redeem(client: Client, request: LoginRequest, azr: Any, answer: Callback) -> Steps[BearerToken]:
    """Check a callback, and exchange its code."""
    if not isinstance(answer, AuthorizationResponse):
        answer = yield from inner(client, authorization_endpoint.authorization_response, azr, answer)
    return (yield from inner(client, token_endpoint.authorization_code, answer, **request.token_fields))


def address_of(client: Client, azr: AuthorizationRequest) -> Steps[str]:
    """Return where the browser goes: signed and pushed, as client and server are configured."""
    return (yield from inner(client, authorization_endpoint.authorization_url, azr))


class FunctionLogin:
    """A function of the user's, plain or async, from an authorization request to the callback."""

    def __init__(self, function: LoginFunction) -> None:
        self.function = function

    def why_not(self, client: Client) -> str | None:  # noqa: ARG002  it says so when it is called
        """Return None: the function knows."""
        return None

    def steps(self, client: Client, request: LoginRequest) -> Steps[BearerToken]:
        """Call it."""
        azr = request.build(client, getattr(self.function, "redirect_uri", None) or client.redirect_uri)
        answer = yield RunInThread(functools.partial(self.function, azr))
        if inspect.isawaitable(answer):
            getattr(answer, "close", lambda: None)()
            msg = "An async login function needs an async client: here, nothing can be awaited."
            raise InvalidParam(msg)
        return (yield from redeem(client, request, azr, answer))


class BrowserLogin:
    """Log in with the browser of this machine, which comes back to a listener on loopback (RFC 8252).

    Also a function from an `AuthorizationRequest` to the checked `AuthorizationResponse`.

    Args:
        ports: tried in order, where the client's redirect_uri has no port of its own; 0 is any free one.
        host: the loopback address or name in the redirect_uri, where the client has none.
        path: its path, likewise.
        timeout: seconds that the user has.
        open_browser: called with the URL; returns whether it could be opened. By default the system's browser.
        page: makes the last page: called with None, or with what went wrong. It must not show values of the response.
        response_mode: `query` or `form_post`; by default `form_post` where the server lists it.
        tell: called with each text for the user; by default it is written to stderr.

    Raises:
        InvalidParam: `host` is no loopback address.
    """

    def __init__(
        self,
        *,
        ports: Sequence[int] = (0,),
        host: str = "127.0.0.1",
        path: str = "/callback",
        timeout: float = 300,
        open_browser: Callable[[str], Any] | None = None,
        page: Page | None = None,
        response_mode: str | None = None,
        tell: Tell | None = None,
    ) -> None:
        if not is_loopback(host):
            msg = f"host={host!r} is not on this machine. A login is listened for on 127.0.0.1, ::1 or localhost."
            raise InvalidParam(msg)
        self.ports, self.host, self.path, self.timeout = tuple(ports), host, path, timeout
        self.open_browser, self.page, self.response_mode = open_browser, page, response_mode
        self.tell = tell or show

    @property
    def redirect_uri(self) -> str:
        """Where the browser comes back to, without the port (RFC 8252 section 7.3: any port has to be accepted)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}{self.path}"

    def why_not(self, client: Client) -> str | None:
        """Return why it can't work: the client is registered with an address that is not on this machine."""
        parts = urlsplit(client.redirect_uri or self.redirect_uri)
        if parts.scheme != "http" or not is_loopback(parts.hostname):
            return f"the redirect_uri {client.redirect_uri} is not on this machine, as a browser login needs"
        return None

    def steps(self, client: Client, request: LoginRequest) -> Steps[BearerToken]:
        """Listen, open the browser, wait, exchange the code."""
        check_possible(self, client)
        registered = client.redirect_uri or self.redirect_uri
        listener: Listener = yield RunInThread(functools.partial(self._listen, registered))
        try:
            azr = request.build(client, listener.redirect_uri, response_mode=self._mode(client))
            url = yield from address_of(client, azr)
            listener.expect(azr, self.timeout)
            yield RunInThread(functools.partial(self._show, url))
            while not (yield RunInThread(functools.partial(_waited, listener))):
                pass
            token = yield from redeem(client, request, azr, listener.response())
            yield RunInThread(listener.finish)
        except (AuthorizationResponseError, InvalidAuthResponse):
            yield RunInThread(listener.finish)
            raise
        finally:
            listener.close()
        return token

    def __call__(self, request: AuthorizationRequest) -> AuthorizationResponse:
        """Answer a request whose redirect_uri is on loopback; one without a port gets one."""
        listener = self._listen(request.redirect_uri or self.redirect_uri)
        try:
            azr = request.replace(redirect_uri=listener.redirect_uri)
            listener.expect(azr, self.timeout)
            self._show(azr.uri)
            while not _waited(listener):
                pass
            try:
                return azr.validate_callback(listener.response())
            finally:
                listener.finish()
        finally:
            listener.close()

    def _listen(self, redirect_uri: str) -> Listener:
        from .listener import Listener  # noqa: PLC0415  not every login listens

        return Listener(redirect_uri, self.ports, self.page)

    def _mode(self, client: Client) -> str | None:
        if self.response_mode is not None:
            return None if self.response_mode == "query" else self.response_mode
        listed = client.authorization_server_metadata.get("response_modes_supported") or ()
        return "form_post" if "form_post" in listed else None

    def _show(self, url: str) -> None:
        self.tell(f"Log in with your browser: {url}")
        is_open = (
            (self.open_browser or browsers.open_browser)(url) if self.open_browser or browsers.has_display() else False
        )
        if not is_open and self.open_browser is None:
            self.tell("No browser could be opened here. Open this address yourself, on this machine.")


def _waited(listener: Listener) -> bool:
    try:
        return listener.wait(WAIT)
    except KeyboardInterrupt:
        msg = "The login was cancelled."
        raise LoginCancelled(msg) from None


class PasteLogin:
    """Log in with any browser, and paste the address that it ends at. Also a function, like `BrowserLogin`.

    Args:
        ask: called with a prompt; returns what the user typed.
        tell: called with each text for the user.
    """

    def __init__(self, ask: Callable[[str], str] = input, tell: Tell = print) -> None:
        self.ask, self.tell = ask, tell

    redirect_uri = PASTE_URI

    def why_not(self, client: Client) -> str | None:  # noqa: ARG002
        """Return why it can't work: there is no terminal to paste into."""
        if self.ask is input and not (sys.stdin and sys.stdin.isatty()):
            return "there is no terminal to paste an address into"
        return None

    def steps(self, client: Client, request: LoginRequest) -> Steps[BearerToken]:
        """Show the address, ask for the one that the browser ended at, exchange the code."""
        check_possible(self, client)
        azr = request.build(client, client.redirect_uri or PASTE_URI)
        url = yield from address_of(client, azr)
        answer = yield RunInThread(functools.partial(self._asked, azr, url))
        return (yield from redeem(client, request, azr, answer))

    def __call__(self, request: AuthorizationRequest) -> AuthorizationResponse:
        """Answer a request."""
        if request.redirect_uri is None:
            request = request.replace(redirect_uri=PASTE_URI)
        return request.validate_callback(self._asked(request, request.uri))

    def _asked(self, request: AuthorizationRequest, url: str) -> str:
        """Ask until an address answers the request, a few times."""
        self.tell(f"Open this address in a browser, and log in: {url}")
        self.tell("The browser then shows a page that can't be reached. Copy the address of that page.")
        problem: Exception | None = None
        for _ in range(MAX_PASTES):
            try:
                answer = self.ask("Paste the address here: ").strip()
            except (EOFError, KeyboardInterrupt):
                msg = "The login was cancelled."
                raise LoginCancelled(msg) from None
            try:
                request.validate_callback(answer)
            except InvalidAuthResponse as wrong:
                if isinstance(wrong, AuthorizationResponseError):
                    raise
                problem = wrong
                self.tell(f"This is not the address that the login ended at ({type(wrong).__name__}).")
            else:
                return answer
        assert problem is not None  # noqa: S101  the last answer was wrong
        raise problem


class DeviceLogin:
    """Log in on this or any other device, with a code (RFC 8628).

    Args:
        tell: called with each text for the user.
    """

    def __init__(self, tell: Tell = print) -> None:
        self.tell = tell

    def why_not(self, client: Client) -> str | None:
        """Return why it can't work: the server has no device authorization endpoint."""
        if client.device_authorization_endpoint is None:
            return "the server has no device_authorization_endpoint"
        return None

    def steps(self, client: Client, request: LoginRequest) -> Steps[BearerToken]:
        """Show the code, and ask until the user has said yes."""
        codes = yield from inner(client, device.authorize_device, scope=request.scope, **request.token_fields)
        yield RunInThread(functools.partial(self._show, codes))
        polling = DevicePolling(DeviceCodeSource(client, codes, extra=dict(request.token_fields)), codes)
        token: BearerToken | None = None
        try:
            while token is None:
                token = yield from poll(polling)
        except ExpiredToken as expired:
            msg = "The code that was shown has expired before it was used. Start the login again."
            raise LoginTimeout(msg) from expired
        return token

    def _show(self, codes: Any) -> None:
        self.tell(f"Go to {codes.verification_uri} with any browser, and type in the code {codes.user_code}")
        if codes.verification_uri_complete:
            self.tell(f"Or open {codes.verification_uri_complete}")


class Login:
    """Log in by the first of several ways that can work here, and by the next where it can't.

    Args:
        *ways: in the order in which they are tried. By default a browser, another device, a pasted address; over SSH,
            and where there is no display, the browser comes last.
    """

    def __init__(self, *ways: LoginWay | LoginFunction) -> None:
        self.ways: tuple[LoginWay, ...] = tuple(map(as_way, ways))

    def why_not(self, client: Client) -> str | None:
        """Return why none of the ways can work, or None."""
        reasons = [way.why_not(client) for way in self._ordered()]
        return None if None in reasons else "; ".join(filter(None, reasons))

    def steps(self, client: Client, request: LoginRequest) -> Steps[BearerToken]:
        """Log in by the first way that can work."""
        reasons = []
        for way in self._ordered():
            if isinstance(way, DeviceLogin):  # it asks the client for the endpoint
                yield from client.find_endpoint("device_authorization_endpoint")
            reason = way.why_not(client)
            if reason is not None:
                reasons.append(reason)
                continue
            try:
                return (yield from way.steps(client, request))
            except (NoFreePort, LoginImpossible) as failure:
                reasons.append(failure.message.rstrip("."))
        raise LoginImpossible(reasons)

    def _ordered(self) -> tuple[LoginWay, ...]:
        if self.ways:
            return self.ways
        others = (DeviceLogin(tell=show), PasteLogin(tell=show))
        return (BrowserLogin(), *others) if browsers.has_display() else (*others, BrowserLogin())


def as_way(login: Any) -> LoginWay:
    """Return a way to log in: one of ours, or a function of the user's.

    Raises:
        InvalidParam: it is neither.
    """
    if hasattr(login, "steps") and hasattr(login, "why_not"):
        way: LoginWay = login
        return way
    if callable(login):
        return FunctionLogin(login)
    msg = (
        f"login= takes BrowserLogin(), PasteLogin(), DeviceLogin(), Login(...), or a function from an authorization"
        f" request to the callback; got {type(login).__name__}."
    )
    raise InvalidParam(msg)


__all__ = ["BrowserLogin", "DeviceLogin", "Login", "LoginFailed", "PasteLogin"]
