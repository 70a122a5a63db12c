"""Requests and responses of a web site, whichever framework they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

SECURE = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, kw_only=True)
class WebRequest:
    """A request that a browser, or an authorization server, sent to the site.

    Attributes:
        method: upper case.
        url: the whole URL, as the framework sees it.
        headers: by lower-case names.
        cookies: by name.
        form: the fields of a form in the body: strings, or lists of them.
        root: the path that the application is mounted at, without a slash at its end.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    form: Mapping[str, Any] = field(default_factory=dict, repr=False)
    root: str = ""

    @property
    def is_secure(self) -> bool:
        """Whether it came over https."""
        return self.url.startswith("https:")

    @property
    def origin(self) -> str:
        """Scheme and host, as the browser has them."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def path(self) -> str:
        """Path and query."""
        parts = urlsplit(self.url)
        return f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"

    @property
    def query(self) -> dict[str, str]:
        """The parameters in the URL; of repeated ones, the last."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    def field(self, name: str) -> str:
        """Return a field of the form; an empty string where it is missing, or came twice."""
        value = self.form.get(name, "")
        values = value if isinstance(value, list) else [value]
        return values[0] if len(values) == 1 and isinstance(values[0], str) else ""

    def params(self) -> Mapping[str, Any]:
        """Return the parameters, repeated ones as lists: of the form of a POST, else of the URL."""
        if self.method == "POST":
            return self.form
        found: dict[str, list[str]] = {}
        for name, value in parse_qsl(urlsplit(self.url).query, keep_blank_values=True):
            found.setdefault(name, []).append(value)
        return found


@dataclass(frozen=True, kw_only=True)
class Cookie:
    """A cookie to set; one without a value is deleted.

    Attributes:
        max_age: seconds; None until the browser is closed.
        same_site: `Lax` or `None`.
    """

    name: str
    value: str | None = field(default=None, repr=False)
    max_age: int | None = None
    secure: bool = True
    same_site: str = "Lax"

    def header(self) -> str:
        """Return the value of a Set-Cookie header (RFC 6265bis section 4.1)."""
        age = 0 if self.value is None else self.max_age
        parts = [f"{self.name}={self.value or ''}", "Path=/", "HttpOnly", f"SameSite={self.same_site}"]
        parts += [f"Max-Age={age}"] if age is not None else []
        return "; ".join([*parts, "Secure"] if self.secure else parts)


@dataclass(frozen=True, kw_only=True)
class WebResponse:
    """What the site answers."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    cookies: tuple[Cookie, ...] = ()

    def all_headers(self) -> list[tuple[str, str]]:
        """Return every header, those for the cookies too."""
        named = {**SECURE, "Content-Type": "text/html; charset=utf-8", **self.headers}
        return [*named.items(), *(("Set-Cookie", cookie.header()) for cookie in self.cookies)]


def redirect(location: str, *cookies: Cookie) -> WebResponse:
    """Send the browser on, with GET."""
    return WebResponse(status=303, headers={"Location": location}, cookies=cookies)
