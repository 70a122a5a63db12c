"""Where an authorization server publishes its metadata (OIDC Discovery section 4, RFC 8414 section 3).

issuer -> URLs, and the errors of what is found there. Fetches nothing: that is
`OAuth2Client.from_discovery_endpoint`, which tries all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from ._core.redaction import one_line
from ._core.urls import split_url, validate_discovered_uri
from .exceptions import InvalidAnswer, InvalidParam, InvalidUri, OAuth2Error

WELL_KNOWN = "/.well-known/"
OIDC = "openid-configuration"
OAUTH2 = "oauth-authorization-server"


class InvalidDiscoveryDocument(InvalidAnswer, ValueError):
    """The metadata of an AS are missing, unreadable or wrong (OIDC Discovery section 4.3, RFC 8414 section 3.2)."""


class MismatchingDiscoveryIssuer(InvalidParam):
    """The metadata are those of another issuer than the one asked (OIDC Discovery section 4.3, RFC 8414 section 3.3).

    Attributes:
        received: the `issuer` of the document, or None.
        expected: the issuer that was asked for.
    """

    kept = (*OAuth2Error.kept, "received", "expected")

    def __init__(self, received: object, expected: str) -> None:
        super().__init__(
            f"The metadata say issuer={one_line(received)!r}, expected {expected!r}, to the letter. Nothing in them is"
            " used. Ask with the issuer as the AS writes it, or find out who answers at this address."
        )
        self.received, self.expected = received, expected


def stated_endpoint(metadata: Mapping[str, Any], name: str, *, source: str | None, https: bool = True) -> str | None:
    """Return an endpoint as metadata state it; None where they don't.

    Args:
        metadata: of the server.
        name: such as `token_endpoint`.
        source: the issuer.
        https: False takes plain http to any host.

    Raises:
        InvalidDiscoveryDocument: it is not a string.
        InvalidEndpointUri: it can't be used.
    """
    uri = metadata.get(name)
    if uri is None or uri == "":
        return None
    if not isinstance(uri, str):
        msg = f"The metadata say {one_line(name)}={one_line(uri)!r}, expected a string (RFC 8414 section 2)."
        raise InvalidDiscoveryDocument(description=msg)
    return validate_discovered_uri(uri, source=source, https=https, name=name)


def stated_flag(metadata: Mapping[str, Any], name: str) -> bool:
    """Return a boolean of metadata; False where they don't state it. Some servers write "true" (WSO2 before 5.9).

    Raises:
        InvalidDiscoveryDocument: it is something else.
    """
    value = metadata.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    read = {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else None
    if read is None:
        msg = f"The metadata say {one_line(name)}={one_line(value)!r}, expected true or false (RFC 8414 section 2)."
        raise InvalidDiscoveryDocument(description=msg)
    return read


def well_known_uri(origin: str, name: str, *, at_root: bool = True) -> str:
    """Return the address of a well-known document.

    Args:
        origin: where the document belongs to: an origin, or a URL with a path.
        name: of the document, such as `openid-configuration`.
        at_root: put the well-known part between host and path (RFC 8615 section 3, RFC 8414 section 3.1);
            otherwise behind the path (OIDC Discovery section 4.1).

    Returns:
        The URL; a slash at the end of `origin` is not kept.

    Raises:
        InvalidUri: `origin` is no absolute http(s) URL.

    Source: RFC 8615 section 3, RFC 8414 section 3.1, OIDC Discovery section 4.1.
    """
    _, parts = split_url(origin, error=InvalidUri, name="issuer")
    path = parts.path.rstrip("/")
    well_known = f"{WELL_KNOWN}{name}"
    return urlunsplit((parts.scheme, parts.netloc, well_known + path if at_root else path + well_known, "", ""))


def oidc_discovery_document_url(issuer: str) -> str:
    """Return where an OpenID provider publishes its metadata.

    Args:
        issuer: of the OP.

    Returns:
        The URL.

    Raises:
        InvalidUri: the issuer is no absolute http(s) URL.

    Source: OIDC Discovery section 4.1.
    """
    return well_known_uri(issuer, OIDC, at_root=False)


def oauth2_discovery_document_url(issuer: str) -> str:
    """Return where an authorization server publishes its metadata.

    Args:
        issuer: of the AS.

    Returns:
        The URL.

    Raises:
        InvalidUri: the issuer is no absolute http(s) URL.

    Source: RFC 8414 section 3.1.
    """
    return well_known_uri(issuer, OAUTH2, at_root=True)


def discovery_urls(issuer: str, *, oidc_first: bool = False) -> list[str]:
    """Return all addresses where the metadata of an issuer may be, in the order in which they are tried.

    Args:
        issuer: of the AS.
        oidc_first: begin with `openid-configuration` behind the issuer's path, as for logins with the scope openid.

    Returns:
        URLs: `oauth-authorization-server` and `openid-configuration` before the issuer's path, then
        `openid-configuration` behind it.

    Raises:
        InvalidUri: the issuer is no absolute http(s) URL.

    Source: OIDC Discovery section 4.1, RFC 8414 sections 3.1 and 5.
    """
    appended = oidc_discovery_document_url(issuer)
    inserted = (oauth2_discovery_document_url(issuer), well_known_uri(issuer, OIDC, at_root=True))
    return list(dict.fromkeys((appended, *inserted) if oidc_first else (*inserted, appended)))  # some may be one


def issuers_of(url: str) -> list[str]:
    """Return the issuers whose metadata a URL may be for: with and without a slash at the end.

    Args:
        url: of a metadata document.

    Returns:
        Issuers; none where the URL is no well-known one, since then it does not tell.

    Source: OIDC Discovery section 4.1, RFC 8414 section 3.1.
    """
    parts = urlsplit(url)
    before, found, after = parts.path.partition(WELL_KNOWN)
    name, slash, path = after.partition("/")
    if not found or name not in {OIDC, OAUTH2} or (before and slash):
        return []
    origin = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
    issuer = origin + (before or slash + path).rstrip("/")
    return [issuer, f"{issuer}/"]


__all__ = [
    "InvalidDiscoveryDocument",
    "MismatchingDiscoveryIssuer",
    "discovery_urls",
    "issuers_of",
    "oauth2_discovery_document_url",
    "oidc_discovery_document_url",
    "well_known_uri",
]
