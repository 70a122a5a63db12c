"""HTTP messages as they may be shown: their structure stays, their secrets are struck out, wherever they appear.

A value is struck out where its name says that it is secret, and in a message to the authorization server wherever its
name is not known to be harmless; all other text goes through `redaction`. Each value that was struck out is remembered
until `forget`, so that a server that echoes it, at any time and in any encoding, shows nothing. Knows no client.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlencode, urlsplit, urlunsplit

from .messages import parse_json
from .printable import printable
from .redaction import HARMLESS, STRUCK, excerpt, is_secret_name, json_text, strike

LONGEST_TEXT = 300  # characters that are shown of a string in JSON
LONGEST_BODY = 1 << 16  # bytes of a body that are read
MOST_ITEMS = 100  # of a JSON array or object that are shown
SHORTEST_SECRET = 4  # characters; shorter ones would strike out words
LONG_SECRET = 12  # characters from which a secret is struck out inside of a word, too
MAX_DEPTH = 32

# Names whose values are secret in a message of OAuth, though not in prose.
PRIVATE_NAMES = frozenset(
    """
    state nonce sid session_state user_code request response assertion cnonce opaque dpop dpop-nonce login_hint
    oauth-client-attestation oauth-client-attestation-pop oauth-client-attestation-challenge attestation_challenge
    registration_client_uri logout_hint signature sig ticket session phpsessid x-csrf-token csrf
    """.split()
)
# What is shown of messages to an authorization server besides `HARMLESS`.
SHOWN_NAMES = HARMLESS | frozenset(
    """
    iss error error_description error_uri code_challenge dpop_jkt token_type expires_in interval requested_expiry
    authorization_details claims_locales binding_message client_name issued_token_type post_logout_redirect_uri
    """.split()
)
PRIVATE_JWK_MEMBERS = frozenset("d p q dp dq qi k oth".split())
PUBLIC_JWK_MEMBERS = frozenset("n x y x5c".split())
COOKIE_HEADERS = frozenset({"cookie", "set-cookie"})
URL_HEADERS = frozenset({"location", "referer", "content-location", "origin"})
_SHOWN_IN_URL = ":/ *~@,"

_WORD = re.compile(r"[A-Za-z_. -]++")
Pairs = list[tuple[str, str]]


class MessageRedaction:
    """Shows messages without their secrets, and knows the secrets that it has struck out."""

    def __init__(self) -> None:
        self._secrets: dict[str, None] = {}

    # --- secrets

    def learn(self, *secrets: object) -> None:
        """Remember values that must not show."""
        for secret in secrets:
            text = secret.decode(errors="replace") if isinstance(secret, bytes) else str(secret)
            if len(text) < SHORTEST_SECRET or text.startswith(STRUCK):
                continue
            for form in (text, unquote(text)):
                for encoded in (form, quote(form), quote(form, safe=""), quote_plus(form), json_text(form)):
                    self._secrets[encoded] = None

    def secrets(self) -> list[str]:
        """Return the values that must not show, the longest first."""
        return sorted(self._secrets, key=len, reverse=True)

    def hidden(self, text: str | None, secrets: Iterable[str]) -> str | None:
        """Strike out values wherever they stand; short ones only where they are whole words."""
        if not text:
            return text
        for secret in secrets:
            if secret not in text:
                continue
            if len(secret) >= LONG_SECRET:
                text = text.replace(secret, STRUCK)
            else:
                text = re.sub(rf"(?:(?<![A-Za-z0-9_])|(?<=%[0-9A-Fa-f]{{2}})){re.escape(secret)}(?!\w)", STRUCK, text)
        return text

    def forget(self) -> None:
        """Forget all values."""
        self._secrets.clear()

    # --- parts of messages

    def url(self, url: object, *, is_strict: bool = False) -> str:
        """Return a URL without user information, secret parameters and opaque path segments.

        Args:
            url: the URL.
            is_strict: show only parameters that are known to be harmless.
        """
        try:
            parts = urlsplit(str(url))
            path = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
            query, fragment = (self._parameters(one, is_strict=is_strict) for one in (parts.query, parts.fragment))
        except ValueError:
            return "an invalid URL"
        return strike(path) + (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")

    def _parameters(self, text: str, *, is_strict: bool) -> str:
        if text and "=" not in text:
            return strike(text)
        return shown_form(self.fields(parse_qsl(text, keep_blank_values=True), is_strict=is_strict))

    def fields(self, pairs: Iterable[tuple[str, str]], *, is_strict: bool = False) -> Pairs:
        """Return form fields or parameters with secret values struck out."""
        return [(strike(name), self._field(name, value, is_strict=is_strict)) for name, value in pairs]

    def _field(self, name: str, value: str, *, is_strict: bool) -> str:
        plain = name.lower()
        if plain in SHOWN_NAMES:
            return self._shown(plain, value)
        if is_strict or self._is_private(plain):
            self.learn(value)
            return STRUCK if value else ""
        return self.text(value)

    def _shown(self, name: str, value: str) -> str:
        if name == "client_id" and "://" not in value:
            return printable(value)[:LONGEST_TEXT]
        return printable(value)[:LONGEST_TEXT] if name == "code_challenge" else self.text(value)

    def _is_private(self, name: str) -> bool:
        return name in PRIVATE_NAMES or is_secret_name(name)

    def text(self, text: str) -> str:
        """Return a string without what may be a secret, cut if it is long."""
        if "://" in text and "?" in text and " " not in text.strip():
            return self.url(text)[:LONGEST_TEXT]
        shown = strike(text[: 2 * LONGEST_TEXT])
        return shown if len(shown) <= LONGEST_TEXT and len(text) <= 2 * LONGEST_TEXT else f"{shown[:LONGEST_TEXT]}…"

    def headers(self, headers: Mapping[str, Any] | None) -> Pairs:
        """Return headers with credentials, cookies and nonces struck out."""
        return [(str(name), self._header(str(name).lower(), _decoded(value))) for name, value in _items(headers)]

    def _header(self, name: str, value: str) -> str:
        if name in COOKIE_HEADERS:
            return self._cookies(value, is_set=name == "set-cookie")
        if name in URL_HEADERS:
            return self.url(value)
        if name in {"authorization", "proxy-authorization"}:
            return self._credentials(value)
        if self._is_private(name) or "token" in name or "auth-" in name:
            self.learn(value)
            return STRUCK
        return self.text(value)

    def _credentials(self, value: str) -> str:
        scheme, space, credentials = value.partition(" ")
        self.learn(credentials or value)
        if scheme.lower() == "basic":
            try:
                decoded = b64decode(credentials).decode(errors="replace")
            except ValueError:
                decoded = ""
            self.learn(decoded, decoded.partition(":")[2])
        return f"{scheme} {STRUCK}" if space else STRUCK

    def _cookies(self, value: str, *, is_set: bool) -> str:
        shown = []
        for position, part in enumerate(value.split(";")):
            name, equals, secret = part.strip().partition("=")
            if is_set and position:  # an attribute
                shown.append(self.text(part.strip()))
                continue
            self.learn(secret.strip('"'))
            shown.append(f"{strike(name)}={STRUCK}" if equals else STRUCK)
        return "; ".join(shown)

    def body(self, body: object, media_type: str, *, is_strict: bool = False) -> str:
        """Return a body: a form or JSON with its structure, else its beginning."""
        if body is None or body in ("", b""):
            return ""
        if not isinstance(body, (str, bytes, bytearray)):
            return "(a stream, not recorded)"
        raw = body.encode(errors="replace") if isinstance(body, str) else bytes(body)
        if len(raw) > LONGEST_BODY:
            return f"({len(raw)} bytes, not recorded)"
        kind = media_type.partition(";")[0].strip().lower()
        text = raw.decode(errors="replace")
        if kind == "application/x-www-form-urlencoded":
            return shown_form(self.fields(parse_qsl(text, keep_blank_values=True), is_strict=is_strict))
        value: Any = None
        with suppress(ValueError):
            value = parse_json(text)
        if isinstance(value, (dict, list)):
            return json.dumps(self.json(value), ensure_ascii=False, indent=2)
        return excerpt(text, hide=self.secrets())

    def json(self, value: Any, depth: int = 0) -> Any:
        """Return parsed JSON with secret members struck out."""
        if isinstance(value, str):
            return self.text(value)
        if depth > MAX_DEPTH:
            return "…"
        if isinstance(value, list):
            return [self.json(one, depth + 1) for one in value[:MOST_ITEMS]]
        if not isinstance(value, dict):
            return value
        is_jwk = "kty" in value
        return {
            strike(name): self._member(name, member, is_jwk=is_jwk, depth=depth)
            for name, member in list(value.items())[:MOST_ITEMS]
        }

    def _member(self, name: str, value: Any, *, is_jwk: bool, depth: int) -> Any:
        if value is None or isinstance(value, bool) or value in ("", [], {}):
            return value
        plain = name.lower()
        if is_jwk and plain in PUBLIC_JWK_MEMBERS:
            return f"{str(value)[:12]}…"
        is_code = plain == "code" and isinstance(value, int) and value < 100_000  # noqa: PLR2004  a status
        is_flag = plain.endswith(("_supported", "_required"))
        if (is_jwk and plain in PRIVATE_JWK_MEMBERS) or (self._is_private(plain) and not is_code and not is_flag):
            if plain != "code" or not _WORD.fullmatch(str(value)):  # the name of an error stays readable elsewhere
                self.learn(*_leaves(value))
            return STRUCK
        if plain in {"client_id", "iss", "issuer", "kid"} and isinstance(value, str):
            return printable(value)[:LONGEST_TEXT]
        return self.json(value, depth + 1)


def shown_form(pairs: Iterable[tuple[str, str]]) -> str:
    """Return form fields as one string; what was struck out stays readable."""
    return urlencode(list(pairs), safe=_SHOWN_IN_URL, quote_via=quote)


def form_lines(text: str) -> list[str]:
    """Return the fields of such a string, one a line, decoded."""
    return [unquote(one) for one in text.split("&")]


def _items(headers: Any) -> Iterable[tuple[Any, Any]]:
    if headers is None:
        return []
    if hasattr(headers, "multi_items"):  # httpx2, httpx
        pairs: Iterable[tuple[Any, Any]] = headers.multi_items()
        return pairs
    return list(headers.items())


def _decoded(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in _leaves(one)]
    if isinstance(value, list):
        return [leaf for one in value for leaf in _leaves(one)]
    return [str(value)]
