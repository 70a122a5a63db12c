"""Which OP a user belongs to, from what the user types (OIDC Discovery section 2, RFC 7033).

    "joe@example.com" ──► WebFingerResource: acct:joe@example.com, to be asked about at example.com
    the answer there, a JRD ──► issuer_of() ──► the issuer, with which discovery goes on

What the user types and what the host answers are both from outside. Fetches nothing: that is
`OAuth2Client.find_issuer`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from ._core.redaction import one_line
from ._core.urls import split_url, validate_discovered_uri, validate_issuer_uri, validate_uri
from .discovery import WELL_KNOWN
from .exceptions import InvalidAnswer, InvalidUri

ISSUER_REL = "http://openid.net/specs/connect/1.0/issuer"  # a name, not an address (OIDC Discovery section 2)
MAX_IDENTIFIER = 2048  # characters; an e-mail address has up to 254 (RFC 5321 section 4.5.3.1)
MAX_LINKS = 100  # those of a person with many profiles are about 20

_SCHEME = re.compile(r"(?i)([a-z][a-z0-9+.-]*)://|(acct):")
_XRI = "=@+$!("  # global context symbols (OIDC Discovery section 2.1)


class InvalidIdentifier(InvalidUri):
    """What the user typed is nothing that an OP can be found with (OIDC Discovery section 2.1)."""


class InvalidWebFingerResponse(InvalidAnswer, ValueError):
    """A host answered a WebFinger query with nothing that can be used (RFC 7033 section 4.4)."""


class UnknownWebFingerResource(InvalidWebFingerResponse):
    """The host knows nothing about this user (RFC 7033 section 4.2)."""


class MissingIssuerLink(InvalidWebFingerResponse):
    """The host knows the user, but no OP for logging in (OIDC Discovery section 2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebFingerResource:
    """Whom to ask about, and where (OIDC Discovery section 2.1).

    Attributes:
        resource: the user's identifier as a URI, `acct:` or `https:`.
        origin: of the host to ask, such as `https://example.com`.
    """

    resource: str
    origin: str

    @property
    def url(self) -> str:
        """The address of the query (RFC 7033 section 4.1)."""
        query = urlencode({"resource": self.resource, "rel": ISSUER_REL}, quote_via=quote, safe="")
        return f"{self.origin}{WELL_KNOWN}webfinger?{query}"


def webfinger_resource(identifier: object, *, host: object = None, testing: bool = False) -> WebFingerResource:
    """Read what a user typed.

    Args:
        identifier: an e-mail address, a host, an `https:` URL, or an `acct:` URI.
        host: which host to ask, or its origin; by default the one in the identifier.
        testing: allow plain http to any host.

    Returns:
        The normalised identifier, and where to ask about it.

    Raises:
        InvalidIdentifier: it is something else.
        InvalidUri: `host` is not a host, or an origin without https.

    Source: OIDC Discovery section 2.1.
    """
    resource = _normalised(str(identifier).strip())
    own = _own_origin(resource, testing=testing)
    return WebFingerResource(resource=resource, origin=own if host is None else _origin(host, testing=testing))


def _normalised(text: str) -> str:
    if not text or len(text) > MAX_IDENTIFIER:
        raise InvalidIdentifier(text, f"it has {len(text)} characters, expected 1 to {MAX_IDENTIFIER}", "identifier")
    if not text.isprintable() or " " in text or "\\" in text:
        raise InvalidIdentifier(text, "it contains spaces, control characters or backslashes", "identifier")
    if text[0] in _XRI:
        raise InvalidIdentifier(text, "XRIs are not supported", "identifier")
    text = text.partition("#")[0]  # OIDC Discovery §2.1.2: a fragment is stripped
    if _SCHEME.match(text):  # OIDC Discovery §2.1.2, rule 3: taken as it is
        return text
    user, _, host = text.rpartition("@")
    if user and host and not set(host) & set(":/?"):  # rule 1
        return f"acct:{text}"
    _, parts = split_url(f"https://{text}", error=InvalidIdentifier, name="identifier")  # rule 2
    return urlunsplit((*parts[:2], parts.path or "/", *parts[3:]))


def _own_origin(resource: str, *, testing: bool) -> str:
    scheme, _, rest = resource.partition(":")
    if scheme.lower() == "acct":  # RFC 7565 §7
        user, _, host = rest.rpartition("@")
        if not user or set(host) & set("/?"):
            raise InvalidIdentifier(resource, "acct:user@host is needed", "identifier")
        validate_uri(f"https://{host}", path=False, error=InvalidIdentifier, name="identifier")
        return f"https://{host}"
    if not testing and scheme.lower() != "https":  # plain http on this machine is for developers, not for users
        raise InvalidIdentifier(resource, "an e-mail address, a host or an https URL is needed", "identifier")
    parts = urlsplit(validate_uri(resource, https=not testing, path=False, error=InvalidIdentifier, name="identifier"))
    return f"{parts.scheme.lower()}://{parts.netloc}"


def _origin(host: Any, *, testing: bool) -> str:
    text = str(host)
    url = (text if "://" in text else f"https://{text}").removesuffix("/")
    validate_uri(url, https=not testing, no_query=True, path=False, name="host")
    if urlsplit(url).path:
        raise InvalidUri(text, "it has a path, expected a host or an origin", "host")
    return url


def issuer_of(
    document: Mapping[str, Any], *, https: bool = True, testing: bool = False, source: str | None = None
) -> str:
    """Return the issuer that a JRD links to.

    Args:
        document: the JSON Resource Descriptor.
        https: refuse plain http on this machine too: the JRD comes from another one.
        testing: allow plain http to any host.
        source: who states it, such as `https://example.com/`; if that is elsewhere, the issuer can't be this machine.

    Raises:
        InvalidWebFingerResponse: its links are unreadable, or the issuer is no https URL without query and fragment.
        MissingIssuerLink: it links to none.

    Source: OIDC Discovery section 2, RFC 7033 section 4.4.
    """
    hrefs = [link.get("href") for link in _links(document) if link["rel"] == ISSUER_REL]
    if not hrefs:
        msg = f"The JRD has no link with rel={ISSUER_REL!r}: this host names no OP for the user."
        raise MissingIssuerLink(description=msg)
    href = hrefs[0]  # RFC 7033 §4.4.4: they are in the order of preference
    if not isinstance(href, str) or (https and not testing and not href.lower().startswith("https://")):
        msg = f"The JRD says href={one_line(href)!r} for the issuer, expected an https URL."
        raise InvalidWebFingerResponse(description=msg)
    try:
        issuer = validate_issuer_uri(href, https=not testing)
        validate_discovered_uri(f"{issuer.rstrip('/')}/", source=source, https=not testing, name="issuer")
    except InvalidUri as wrong:
        msg = f"The JRD links to an issuer that is none. {wrong}"
        raise InvalidWebFingerResponse(description=msg) from wrong
    return issuer


def _links(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    links = document.get("links", [])
    if not isinstance(links, list) or len(links) > MAX_LINKS:
        came = f"{len(links)} links" if isinstance(links, list) else f"links={one_line(links)!r}"
        msg = f"The JRD has {came}, expected an array of up to {MAX_LINKS}."
        raise InvalidWebFingerResponse(description=msg)
    for link in links:
        if not isinstance(link, dict) or not isinstance(link.get("rel"), str):  # RFC 7033 §4.4.4.1
            msg = f"The JRD has the link {one_line(link)!r}, expected an object with a rel."
            raise InvalidWebFingerResponse(description=msg)
    return links


__all__ = [
    "ISSUER_REL",
    "InvalidIdentifier",
    "InvalidWebFingerResponse",
    "MissingIssuerLink",
    "UnknownWebFingerResource",
    "WebFingerResource",
    "issuer_of",
    "webfinger_resource",
]
