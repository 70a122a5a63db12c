"""From the URL of an API to what it says of itself, and to the servers that it names (RFC 9728).

    find(limits, url)         ──► the address in a challenge, else that at the path, else that at the root
    find_server(limits, ...)  ──► the metadata of a server that the API names, and where they are

Addresses that an API or its servers state may lead anywhere, also into a network that only this machine reaches: each
is checked by `StatedAddresses` before it is used. 3xx, 4xx and pages for people mean that nothing is here; 5xx and 429
are errors. Knows no client.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

from ..._core.effects import RunInThread, Steps
from ..._core.redaction import one_line, without_query
from ..._core.story import Clause, checked
from ..._core.urls import InvalidEndpointUri, is_private, validate_endpoint_uri
from ...exceptions import InvalidAnswer
from ...resource_metadata import (
    InvalidResourceMetadata,
    ResourceMetadata,
    is_local,
    resource_metadata_urls,
    validate_resource_url,
)
from ..http.limits import FetchLimits
from ..settings import ENDPOINTS
from . import discovery, documents

R = TypeVar("R", bound=ResourceMetadata)
AcceptUrl: TypeAlias = Callable[[str], Any]  # returns True, False or None, or an awaitable of that
WHAT = "the metadata of a protected resource"
RESOURCE = Clause("resource", "RFC 9728 §3.3")
ALIASES = "mtls_endpoint_aliases"


class StatedAddresses:
    """What addresses that an API or its servers state have to be: https, and in no private network but the API's own.

    Args:
        url: of the API.
        accept_url: called with each address, and may resolve its host: False refuses it, True takes it although it is
            in a private network, None leaves it at the rules here.
        testing: take plain http to any host, and any host.
    """

    def __init__(self, url: str, *, accept_url: AcceptUrl | None = None, testing: bool = False) -> None:
        self.url, self.accept_url, self.testing = url, accept_url, testing
        self._is_private = is_private(urlsplit(url).hostname)

    def check(self, url: str, name: str) -> Steps[None]:
        """Check one address.

        Args:
            url: the address.
            name: what it is for, in the message.

        Raises:
            InvalidEndpointUri: it must not be used.

        Source: RFC 9728 section 7.7.
        """
        validate_endpoint_uri(url, https=not self.testing, name=name, path=False)
        parts, who = urlsplit(url), one_line(without_query(self.url))
        said = None if self.accept_url is None else (yield RunInThread(functools.partial(self.accept_url, url)))
        if said is False:
            raise InvalidEndpointUri(url, f"{who} led to it, and accept_url= refuses it", name)
        if self.testing:
            return
        if parts.scheme.lower() != "https" and not is_local(self.url):
            raise InvalidEndpointUri(url, f"{who} led to it, so https is needed", name)
        if is_private(parts.hostname) and not self._is_private and said is not True:
            problem = f"{who} led to it, and it is in a private network, which the API is not (accept_url= may take it)"
            raise InvalidEndpointUri(url, problem, name)


def find(
    limits: FetchLimits | Any,
    url: str,
    addresses: StatedAddresses,
    *,
    kind: type[R],
    stated: str | None = None,
    aliases: Iterable[str] = (),
) -> Steps[R | None]:
    """Find the metadata of a protected resource.

    Args:
        limits: what requests go by.
        url: of the resource.
        addresses: what addresses have to be.
        kind: what they are read as.
        stated: where they are, as a challenge says.
        aliases: other URLs of the same API.

    Returns:
        The metadata; None where there are none.

    Raises:
        MismatchingResource: they are those of another resource.
        InvalidResourceMetadata: they are wrong, or can't be had now.
        InvalidEndpointUri: the challenge states an address that must not be used.
        TransportError: no whole answer came.

    Source: RFC 9728 sections 3 and 5.
    """
    if stated is not None:
        yield from addresses.check(stated, "resource_metadata")
    places: list[str] = [*([] if stated is None else [stated]), *resource_metadata_urls(url)]
    for place in dict.fromkeys(places):
        response = yield from documents.get(limits, place, accept=discovery.ACCEPT, invalid=InvalidResourceMetadata)
        if discovery.is_failing(response.status_code):
            msg = f"Expected {WHAT}. The server can't answer now: try again later."
            raise InvalidResourceMetadata(response=response, description=msg)
        try:
            document = documents.read(response, what=WHAT, invalid=InvalidResourceMetadata)
        except InvalidAnswer:
            continue
        return checked(RESOURCE, kind.read, document, url, aliases=tuple(aliases), metadata_url=place)
    return None


def fetch(
    kind: Any,
    /,
    url: str,
    *,
    metadata_url: str | None = None,
    aliases: Iterable[str] = (),
    accept_url: AcceptUrl | None = None,
    session: object = None,  # noqa: ARG001  for who runs this
    testing: bool = False,
    **limits: Any,
) -> Steps[Any]:
    """Fetch what an API says of itself: which servers it trusts, which scopes it knows.

    Args:
        url: of the API.
        metadata_url: where its metadata are, for instance as a challenge says; by default at the well-known address of
            its path, else at that of its root.
        aliases: other URLs of the same API, which the metadata may be of.
        accept_url: called with an address that the API states, before it is used, to refuse it (False) or to take it
            although it is in a private network (True).
        session: the session to send with; by default one for this request.
        testing: allow plain http to any host.
        **limits: `timeout` (seconds), `max_response_size` (bytes) and `retries`, as for `OAuth2Client`.

    Raises:
        InvalidResourceMetadata: there are none, or they are wrong.
        MismatchingResource: they are those of another resource.
        InvalidUri: a URL is not acceptable.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: RFC 9728 section 3.
    """
    api = validate_resource_url(url, https=not testing)
    addresses = StatedAddresses(api, accept_url=accept_url, testing=testing)
    asked = FetchLimits.of(limits, testing=testing)
    found = yield from find(asked, api, addresses, kind=kind, stated=metadata_url, aliases=aliases)
    if found is None:
        raise missing(api)
    return found


def missing(url: str) -> InvalidResourceMetadata:
    """Return the error for an API that says nothing of itself."""
    tried = ", ".join(str(without_query(one)) for one in resource_metadata_urls(url))
    msg = (
        f"There are {WHAT} neither in a challenge of the API nor at {tried}. Is this the URL of the API? If it does"
        " not publish any, name its authorization server: issuer=."
    )
    return InvalidResourceMetadata(description=msg)


def find_server(
    limits: FetchLimits | Any,
    issuer: str,
    addresses: StatedAddresses,
    *,
    oidc_first: bool = False,
    cache: discovery.DocumentCache | None = None,
) -> Steps[tuple[str, dict[str, Any]]]:
    """Find the metadata of a server that an API names.

    Args:
        limits: what requests go by.
        issuer: the server; it may have a slash at its end that its metadata do not show, or the other way round.
        addresses: what addresses have to be.
        oidc_first: try the address of OIDC Discovery first.
        cache: where documents are kept.

    Returns:
        Where they are, and the metadata.

    Raises:
        MismatchingDiscoveryIssuer: they are those of another issuer.
        InvalidDiscoveryDocument: there are none, or they can't be had now.
        InvalidEndpointUri: they have an address that must not be used.
        TransportError: no whole answer came.

    Source: RFC 8414 section 3, OIDC Discovery section 4.
    """
    yield from addresses.check(issuer, "authorization server")
    url, document = yield from discovery.discover(
        limits, issuer=issuer, cache=cache, oidc_first=oidc_first, slash_may_differ=True
    )
    yield from check_endpoints(document, addresses)
    return url, document


def check_endpoints(document: Mapping[str, Any], addresses: StatedAddresses) -> Steps[None]:
    """Check all addresses in the metadata of a server that the client may send to.

    Raises:
        InvalidEndpointUri: one must not be used.
    """
    aliases = document.get(ALIASES)
    for members in (document, aliases if isinstance(aliases, Mapping) else {}):
        for name in ENDPOINTS:
            if isinstance(members.get(name), str) and members[name]:
                yield from addresses.check(members[name], name)
