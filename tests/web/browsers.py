"""One test for every framework: a browser with cookies, in front of a site, and a person at the provider."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any, Protocol
from urllib.parse import urlsplit

from requests_oauth2client.testing import AuthorizationServer, Callback

BASE = "https://app.test"


@dataclass
class Page:
    """What the site answered."""

    status: int
    location: str | None
    text: str
    headers: list[tuple[str, str]] = field(default_factory=list)


class Wire(Protocol):
    """Sends one request to a site, without cookies of its own."""

    def __call__(
        self, method: str, path: str, headers: dict[str, str], form: Any | None
    ) -> tuple[int, list[tuple[str, str]], str]:
        """Return status, headers and text."""
        ...


@dataclass
class Browser:
    """A browser: it keeps cookies as RFC 6265 says, and follows nothing by itself."""

    wire: Wire
    server: AuthorizationServer
    base: str = BASE
    cookies: dict[str, str] = field(default_factory=dict)
    same_site: dict[str, str] = field(default_factory=dict)

    def open(
        self, url: str, *, form: Any = None, headers: dict[str, str] | None = None, cross_site: bool = False
    ) -> Page:
        """Open an address of the site."""
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        sent = {
            name: value
            for name, value in self.cookies.items()
            if not (cross_site and form is not None and self.same_site.get(name) != "none")
        }
        given = {"Host": urlsplit(self.base).netloc, **(headers or {})}
        if sent:
            given["Cookie"] = "; ".join(f"{name}={value}" for name, value in sent.items())
        status, answered, text = self.wire("GET" if form is None else "POST", path, given, form)
        for name, value in answered:
            if name.lower() == "set-cookie":
                self._keep(value)
        location = next((value for name, value in answered if name.lower() == "location"), None)
        return Page(status, location, text, answered)

    def _keep(self, header: str) -> None:
        for name, morsel in SimpleCookie(header).items():
            assert morsel["httponly"]
            assert morsel["path"] == "/"
            if self.base.startswith("https:"):
                assert name.startswith("__Host-") or "silent" in name
                assert morsel["secure"]
            if morsel["max-age"] == "0":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
                self.same_site[name] = morsel["samesite"].lower()

    def begin(self, path: str = "/") -> str:
        """Open a page that needs a login; return the address at the provider."""
        page = self.open(path)
        assert page.status in {302, 303}, page
        page = self.open(str(page.location))
        assert page.status == 303, page
        return str(page.location)

    def end(self, callback: Callback) -> Page:
        """Come back from the provider."""
        if callback.response_mode == "form_post":
            return self.open(callback.redirect_uri, form=callback.form, cross_site=True)
        return self.open(callback)

    def log_in(self, path: str = "/", user: str = "alice") -> Page:
        """Log in on the way to a page, and open it."""
        page = self.end(self.server.log_in(self.begin(path), user=user))
        assert page.status == 303, page
        return self.open(str(page.location))


@dataclass(kw_only=True)
class Framework:
    """A framework, and how a site is made with it: `/` and `/things` need a login, `/open` doesn't, `/strong` more."""

    name: str
    build: Callable[..., tuple[Any, Wire]]


def quietly(build: Callable[[], Any]) -> Any:
    """Build a site without a store, whose warning is tested elsewhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return build()
