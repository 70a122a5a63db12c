"""From an issuer to a client: the metadata of an AS, found, checked, and read (OIDC Discovery section 4, RFC 8414).

    discover(limits, url, issuer) ──► document whose issuer is the one asked for ──► client_arguments()

Nothing in a document is used before its issuer was compared, and what is in it is checked when it is used. Documents
are kept per process, for as long as their HTTP headers say. Knows no client: there is none yet.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..._core import issuers
from ..._core.effects import Now, Steps
from ..._core.http_caching import fresh_until
from ..._core.messages import Response
from ..._core.redaction import one_line, without_query
from ..._core.retry_info import SERVER_ERRORS, TOO_MANY_REQUESTS
from ..._core.story import Clause, checked
from ..._core.urls import InvalidEndpointUri, validate_endpoint_uri, validate_issuer_uri
from ...discovery import (
    InvalidDiscoveryDocument,
    MismatchingDiscoveryIssuer,
    discovery_urls,
    issuers_of,
    stated_endpoint,
    stated_flag,
)
from ...exceptions import InvalidParam
from ..http.limits import FetchLimits, Limits
from ..settings import ENDPOINTS
from . import documents

if TYPE_CHECKING:
    from ..hooks import Client

ACCEPT = "application/json"
NOT_HERE = frozenset({404, 410})  # the document may be at the next address
MAX_KEPT = 100  # documents; who talks to more AS than that asks some of them again
CEILING = 86_400  # seconds, as for keys: a day later, an AS may have moved its endpoints

ISS_FLAG = "authorization_response_iss_parameter_supported"  # RFC 9207 section 3
ISSUER = Clause("issuer", "RFC 8414 §3.3")
ALIASES = "mtls_endpoint_aliases"


class DocumentCache:
    """Documents by their address, each until it is no longer fresh; the oldest leaves when there are too many.

    Args:
        most: how many.
        unsaid: seconds for which a document is fresh where HTTP does not say.
        floor: seconds, at least.
    """

    def __init__(self, most: int = MAX_KEPT, *, unsaid: float = 0, floor: float = 0) -> None:
        self._kept: dict[str, tuple[dict[str, Any], datetime]] = {}
        self._most = most
        self.unsaid, self.floor = unsaid, floor

    def until(self, url: str) -> datetime | None:
        """Return until when a document is fresh; None where none is kept."""
        kept = self._kept.get(url)
        return None if kept is None else kept[1]

    def get(self, url: str, now: datetime) -> dict[str, Any] | None:
        """Return a document that is fresh."""
        document, until = self._kept.get(url, (None, now))
        return deepcopy(document) if now < until else None  # the caller may change it

    def keep(self, url: str, document: dict[str, Any], until: datetime) -> None:
        """Keep a document; what was kept before it is gone."""
        self._kept.pop(url, None)
        self._kept[url] = deepcopy(document), until
        for oldest in list(self._kept)[: -self._most]:
            self._kept.pop(oldest, None)

    def clear(self) -> None:
        """Forget all documents."""
        self._kept.clear()


DOCUMENTS = DocumentCache()


def discover(
    limits: FetchLimits | Client,
    url: Any = None,
    issuer: Any = None,
    *,
    cache: DocumentCache | None = None,
    oidc_first: bool = False,
    slash_may_differ: bool = False,
) -> Steps[tuple[str, dict[str, Any]]]:
    """Find the metadata of an AS; their issuer is the one asked for.

    Args:
        limits: what requests go by.
        url: where they are; its issuer is the one that a well-known URL belongs to.
        issuer: who the AS is; without `url`, all well-known addresses are tried.
        cache: where documents are kept; None to ask in any case.
        oidc_first: try the address of OIDC Discovery first.
        slash_may_differ: take an issuer with or without a slash at its end, which a well-known address can't show.

    Returns:
        The address of the document, and the document.

    Raises:
        InvalidParam: neither `url` nor `issuer`; the issuer of the document is another one
            (`MismatchingDiscoveryIssuer`); a URL is not acceptable (`InvalidUri`). Then nothing was sent.
        InvalidDiscoveryDocument: there is no document, or it is unreadable.
        TransportError: no whole answer came.

    Source: OIDC Discovery section 4, RFC 8414 section 3.
    """
    if url is None and issuer is None:
        msg = "Pass the issuer of the AS, or the url of its metadata; got neither."
        raise InvalidParam(msg)
    asked = None if issuer is None else validate_issuer_uri(issuer, https=not limits.testing)
    if url is None and not issuers.is_exact(asked):
        msg = (
            f"The issuer {asked!r} is a template, and does not say where the metadata are. Pass metadata_url= to the"
            " client, or url= to from_discovery_endpoint()."
        )
        raise InvalidParam(msg)
    if url is None:
        urls = discovery_urls(str(asked), oidc_first=oidc_first)
    else:
        urls = [validate_endpoint_uri(url, https=not limits.testing, name="url of the metadata")]
    try:
        found, document = yield from _first(limits, urls, cache)
    except InvalidDiscoveryDocument as wrong:
        if url is None or ".well-known" in urls[0]:
            raise
        meant = f"This url is not like those of metadata: did you mean issuer={without_query(urls[0])!r}?"
        msg = f"{wrong.description} {meant}"
        raise InvalidDiscoveryDocument(response=wrong.response, description=msg) from None
    expected = issuers_of(urls[0]) if asked is None else [asked]
    if asked is not None and slash_may_differ:
        expected.append(asked.removesuffix("/") if asked.endswith("/") else f"{asked}/")
    checked(ISSUER, check_issuer, document, expected)
    return found, document


def _first(limits: Limits, urls: Sequence[str], cache: DocumentCache | None) -> Steps[tuple[str, dict[str, Any]]]:
    """Return the document at the first address that has one; pages for people and refusals are none."""
    problems: list[InvalidDiscoveryDocument] = []
    for url in urls:
        try:
            return url, (yield from fetch(limits, url, cache))
        except InvalidDiscoveryDocument as problem:
            if problem.status is not None and is_failing(problem.status):
                raise
            problems.append(problem)
    if len(problems) == 1 or any(problem.status not in NOT_HERE for problem in problems):
        raise next((one for one in problems if one.status not in NOT_HERE), problems[0])
    tried = ", ".join(str(without_query(url)) for url in urls)
    msg = f"There are no metadata at {tried}. Is this the issuer, to the letter? Some AS have none: name its endpoints."
    raise InvalidDiscoveryDocument(description=msg)


def is_failing(status: int) -> bool:
    """Tell whether a status says nothing about what is at an address, only that the server can't answer now."""
    return status >= SERVER_ERRORS or status == TOO_MANY_REQUESTS


def fetch(limits: Limits, url: str, cache: DocumentCache | None) -> Steps[dict[str, Any]]:
    """Get the document at one address, or the one that is kept.

    Raises:
        InvalidDiscoveryDocument: there is none.
        TransportError: no whole answer came.
    """
    now = yield Now()
    kept = cache.get(url, now) if cache is not None else None
    if kept is not None:
        return kept
    response = yield from documents.get(limits, url, accept=ACCEPT, invalid=InvalidDiscoveryDocument)
    return _kept(url, response, now, cache)


def _kept(url: str, response: Response, now: datetime, cache: DocumentCache | None) -> dict[str, Any]:
    document = documents.read(response, what="the metadata of an AS", invalid=InvalidDiscoveryDocument)
    if cache is not None:
        until = fresh_until(response.headers, now, unsaid=cache.unsaid, floor=cache.floor, ceiling=CEILING)
        if until > now:
            cache.keep(url, document, until)
    return document


def check_issuer(document: Mapping[str, Any], expected: Sequence[str]) -> None:
    """Compare the issuer, before anything else is read (OIDC Discovery section 4.3, RFC 8414 section 3.3).

    Args:
        document: the metadata.
        expected: the issuers that it may have; none where that is not known.

    Raises:
        MismatchingDiscoveryIssuer: it is another one, or there is none.
    """
    if expected and document.get("issuer") not in expected:
        raise MismatchingDiscoveryIssuer(document.get("issuer"), expected[0])


def client_arguments(
    document: Mapping[str, Any], *, issuer: str | None = None, testing: bool = False, given: Container[str] = ()
) -> dict[str, Any]:
    """Read the metadata of an AS as arguments of a client.

    Only what a client is made of is looked at. An address that can't be used is left out: the client says what is
    wrong with it when it needs it.

    Args:
        document: the metadata.
        issuer: who it has to be.
        testing: take plain http to any host.
        given: names of arguments that the caller has, so that the metadata need not have them.

    Raises:
        MismatchingDiscoveryIssuer: it is another issuer.
        InvalidDiscoveryDocument: there is no token_endpoint, or what a client is made of is of another type.
        InvalidEndpointUri: the token_endpoint can't be used.

    Source: RFC 8414 section 2, OIDC Discovery section 3, RFC 8705 section 5, RFC 9207 section 3.
    """
    check_issuer(document, [] if issuer is None else [issuer])
    members = {name: value for name, value in document.items() if value is not None}
    own = members.get("issuer")
    if own is not None and not isinstance(own, str):
        msg = f"The metadata say issuer={one_line(own)!r}, expected a string (RFC 8414 section 2)."
        raise InvalidDiscoveryDocument(description=msg)
    source, https = issuer or own, not testing
    if "token_endpoint" not in given and stated_endpoint(members, "token_endpoint", source=source, https=https) is None:
        msg = "The metadata have no token_endpoint, and a client of this package needs one. Pass token_endpoint=."
        raise InvalidDiscoveryDocument(description=msg)
    known: dict[str, Any] = {} if own is None else {"issuer": own}
    known.update(usable_endpoints(members, source=source, https=https))
    known[ALIASES] = usable_endpoints(members.get(ALIASES), source=source, https=https)
    if ISS_FLAG not in given:
        known[ISS_FLAG] = stated_flag(members, ISS_FLAG)
    return {**known, "authorization_server_metadata": members}


def usable_endpoints(metadata: Any, *, source: str | None, https: bool) -> dict[str, str]:
    """Return the addresses in metadata that can be used."""
    usable = {}
    for name in ENDPOINTS if isinstance(metadata, Mapping) else ():
        with suppress(InvalidDiscoveryDocument, InvalidEndpointUri):
            usable[name] = stated_endpoint(metadata, name, source=source, https=https)
    return {name: uri for name, uri in usable.items() if uri is not None}


def told_apart(issuer: Any, auth: Any) -> tuple[str | None, Any]:
    """Return issuer and auth; the founding README's callers pass an auth in the place of the issuer.

    Raises:
        InvalidParam: there is an auth in both places.
    """
    if issuer is None:
        return None, auth
    text = str(issuer)
    if text.lower().startswith(("https://", "http://")):
        return text, auth
    if auth is not None:
        msg = f"The issuer is an https URL, got a {type(issuer).__name__}; auth was given too."
        raise InvalidParam(msg)
    return None, issuer
