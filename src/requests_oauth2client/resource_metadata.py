"""What a protected resource says of itself: where that is published, and whose it is (RFC 9728).

    https://api.example.com/v1 ──► /.well-known/oauth-protected-resource/v1, then /.well-known/oauth-protected-resource
    a document there ──► its `resource` is this URL, or a parent of it: only then is anything else in it used

Fetches nothing: that is `_protocol/metadata/protected_resource`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self
from urllib.parse import unquote, urlsplit, urlunsplit

from ._core.frozen import field, frozen
from ._core.redaction import one_line, without_query
from ._core.urls import is_loopback, origin, validate_uri
from .discovery import well_known_uri
from .exceptions import InvalidAnswer, InvalidParam, InvalidUri, OAuth2Error

OAUTH_RESOURCE = "oauth-protected-resource"
LISTS = "authorization_servers scopes_supported".split()
UPWARD = frozenset({".", ".."})


class InvalidResourceMetadata(InvalidAnswer, ValueError):
    """The metadata of a protected resource are missing, unreadable or wrong (RFC 9728 section 3.2)."""


class MismatchingResource(InvalidParam):
    """The metadata are those of another resource than the one that is called (RFC 9728 section 3.3).

    Attributes:
        received: the `resource` of the document, or None.
        expected: the URL that is called.
    """

    kept: ClassVar[tuple[str, ...]] = (*OAuth2Error.kept, "received", "expected")

    def __init__(self, received: object, expected: str) -> None:
        super().__init__(
            f"The metadata say resource={one_line(received)!r}, expected {expected!r} or a parent of it. Nothing in"
            " them is used: no token is asked for. If both name the same API, pass that URL in aliases=."
        )
        self.received, self.expected = received, expected


class UntrustedIssuer(InvalidParam):
    """A protected resource names another authorization server than the credentials are for (RFC 9728 section 7.6).

    Attributes:
        received: the issuers that the resource names.
        expected: the issuer that the credentials are bound to.
    """

    kept: ClassVar[tuple[str, ...]] = (*OAuth2Error.kept, "received", "expected")

    def __init__(self, received: Iterable[str], expected: str) -> None:
        self.received, self.expected = tuple(received), expected
        super().__init__(
            f"The API names the authorization servers {one_line(', '.join(self.received)) or 'none'}, expected"
            f" {expected!r}, which the credentials are for: no other server is shown them. If the API has moved to"
            " another server, get credentials there, and pass them with its issuer=."
        )


class MissingPkce(OAuth2Error):
    """An authorization server does not say that it checks PKCE with S256 (RFC 7636, RFC 8414 section 2).

    Attributes:
        issuer: the server.
        received: the methods that it lists.
    """

    kept: ClassVar[tuple[str, ...]] = (*OAuth2Error.kept, "issuer", "received")

    def __init__(self, issuer: str, received: Iterable[str] = ()) -> None:
        self.issuer, self.received = issuer, tuple(received)
        listed = one_line(", ".join(self.received)) if self.received else "none"
        super().__init__(
            description=f"The metadata of {issuer} list code_challenge_methods_supported: {listed}, expected S256. A"
            " server that ignores PKCE lets others redeem the user's code, so no login was started. If you know that"
            " it checks PKCE without saying so, pass require_pkce=False."
        )

    def _text(self) -> str:
        return self.description or ""


def validate_resource_url(url: object, *, https: bool = True) -> str:
    """Check the URL of an API, and return it without a fragment (RFC 8707 section 2).

    Raises:
        InvalidUri: it is not an https URL (plain http is only for loopback), or has credentials.
    """
    text = str(url).partition("#")[0]
    validate_uri(text, https=https, path=False, error=InvalidUri, name="URL of the API")
    if UPWARD & {unquote(segment) for segment in urlsplit(text).path.split("/")}:
        raise InvalidUri(text, "it has a segment . or .. in its path", "URL of the API")
    return text


def canonical_resource(url: str) -> str:
    """Return a URL as the resource indicator of an API: its scheme and host in lower case, no query, no last slash."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), parts.path.rstrip("/"), "", ""))


def resource_metadata_urls(url: str) -> list[str]:
    """Return where the metadata of a protected resource may be: at its path, then at the root.

    Args:
        url: of the resource.

    Raises:
        InvalidUri: it is not an absolute http(s) URL.

    Source: RFC 9728 section 3.1.
    """
    at_path = well_known_uri(url, OAUTH_RESOURCE)
    parts = urlsplit(at_path)
    root = urlunsplit((parts.scheme, parts.netloc, f"/.well-known/{OAUTH_RESOURCE}", "", ""))
    return list(dict.fromkeys((at_path, root)))


def covers(resource: str, url: str) -> bool:
    """Tell whether a resource is a URL, or a parent of it: the same origin, and segments that its path begins with."""
    try:
        validate_resource_url(resource, https=False)
        if origin(resource) != origin(url):
            return False
    except ValueError:
        return False
    asked, own = urlsplit(resource), urlsplit(url)
    if asked.fragment or (asked.query and asked.query != own.query):
        return False
    path = asked.path.rstrip("/")
    return own.path.rstrip("/") == path or own.path.startswith(f"{path}/")


@frozen(kw_only=True)
class ResourceMetadata:
    """What a protected resource says of itself (RFC 9728 section 2).

    Attributes:
        resource: its identifier, which tokens are asked for with.
        authorization_servers: the issuers of the servers whose tokens it takes.
        scopes_supported: the words of scope that it knows, or None where it does not say.
        dpop_bound_access_tokens_required: whether tokens have to be bound to a key (RFC 9449).
        metadata_url: where this was found.
        document: all of it.
    """

    resource: str
    authorization_servers: tuple[str, ...] = ()
    scopes_supported: tuple[str, ...] | None = None
    dpop_bound_access_tokens_required: bool = False
    metadata_url: str | None = None
    document: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)

    @classmethod
    def read(
        cls, document: Mapping[str, Any], url: str, *, aliases: Iterable[str] = (), metadata_url: str | None = None
    ) -> Self:
        """Read the metadata of a resource.

        Args:
            document: the metadata.
            url: the URL that is called.
            aliases: other URLs of the same API.
            metadata_url: where they were found.

        Raises:
            MismatchingResource: they are those of another resource.
            InvalidResourceMetadata: a member is of another type.

        Source: RFC 9728 sections 2 and 3.3.
        """
        resource = document.get("resource")
        if not isinstance(resource, str) or not any(covers(resource, one) for one in (url, *aliases)):
            raise MismatchingResource(resource, url)
        servers, scopes = (_texts(document, name, metadata_url) for name in LISTS)
        return cls(
            resource=resource,
            authorization_servers=servers or (),
            scopes_supported=scopes,
            dpop_bound_access_tokens_required=document.get("dpop_bound_access_tokens_required") is True,
            metadata_url=metadata_url,
            document=dict(document),
        )


def _texts(document: Mapping[str, Any], name: str, where: str | None) -> tuple[str, ...] | None:
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        msg = f"{without_query(where) or 'The metadata'} say {name}={one_line(value)!r}, expected an array of strings."
        raise InvalidResourceMetadata(description=msg)
    return tuple(dict.fromkeys(value))


def is_same_issuer(one: str, other: str) -> bool:
    """Tell whether two issuers are the same, to the letter but for a slash at the end, which well-known URLs lose."""
    return one.removesuffix("/") == other.removesuffix("/")


def is_local(url: str) -> bool:
    """Tell whether a URL is plain http on this machine, as in tests."""
    parts = urlsplit(url)
    return parts.scheme.lower() == "http" and is_loopback(parts.hostname)


__all__ = [
    "InvalidResourceMetadata",
    "MismatchingResource",
    "MissingPkce",
    "UntrustedIssuer",
    "resource_metadata_urls",
]
