"""Finding the OP of a user by WebFinger (OIDC Discovery section 2, RFC 7033): a GET, without credentials.

    find_issuer(limits, "joe@example.com") ──► JRD at example.com, maybe after a redirect ──► issuer

What is typed and what is answered is read in `webfinger`. Knows no client: there is none yet.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from ..._core.effects import Steps
from ..._core.messages import Response
from ..._core.redaction import one_line, without_query
from ..._core.urls import validate_discovered_uri
from ...webfinger import InvalidWebFingerResponse, UnknownWebFingerResource, issuer_of, webfinger_resource
from ..http.limits import FetchLimits
from . import documents
from .discovery import NOT_HERE

ACCEPT = "application/jrd+json, application/json"  # RFC 7033 section 10.2
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 3  # from the bare domain to www, and on to who runs it


def find_issuer(limits: FetchLimits, identifier: Any, *, host: Any = None) -> Steps[str]:
    """Find the OP of a user; see `OAuth2Client.find_issuer`."""
    asked = webfinger_resource(identifier, host=host, testing=limits.testing)
    response = yield from _get(limits, asked.url)
    if response.status_code in NOT_HERE:  # RFC 7033 §4.2
        msg = f"{asked.origin} knows nothing about {asked.resource!r}. Is it spelled right? Or ask for the issuer."
        raise UnknownWebFingerResource(response=response, description=msg)
    document = documents.read(response, what="a JRD", invalid=InvalidWebFingerResponse)
    return issuer_of(
        document, https=asked.origin.startswith("https:"), testing=limits.testing, source=f"{asked.origin}/"
    )


def _get(limits: FetchLimits, url: str) -> Steps[Response]:
    """Get a public document, also from where the host says that it is (RFC 7033 section 4.2)."""
    followed = 0
    while True:
        response = yield from documents.get(limits, url, accept=ACCEPT, invalid=InvalidWebFingerResponse)
        target = response.headers.get("Location")
        if response.status_code not in REDIRECTS or not target:
            return response
        if followed == MAX_REDIRECTS:
            msg = f"It redirects more than {MAX_REDIRECTS} times."
            raise InvalidWebFingerResponse(response=response, description=msg)
        url, followed = _redirected(limits, response, url, target), followed + 1


def _redirected(limits: FetchLimits, response: Response, url: str, target: str) -> str:
    try:
        to = urljoin(url, target)
        validate_discovered_uri(to, source=url, https=not limits.testing, name="redirect")
    except ValueError as wrong:  # an InvalidUri, or what urljoin can't read
        msg = f"It redirects to where a WebFinger query can't go. {wrong}"
        raise InvalidWebFingerResponse(response=response, description=msg) from wrong
    if url.startswith("https:") and not to.lower().startswith("https:") and not limits.testing:
        msg = f"It redirects from https to {one_line(without_query(to))!r}, which is not followed."
        raise InvalidWebFingerResponse(response=response, description=msg)
    return to
