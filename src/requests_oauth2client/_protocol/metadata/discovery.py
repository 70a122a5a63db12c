"""From an issuer to a client: the metadata of an AS, found, judged, and read (OIDC Discovery section 4, RFC 8414).

    discover(limits, url, issuer) ──► document whose issuer is the one asked for ──► client_arguments()

Nothing in a document is used before its issuer was compared. Documents are kept per process, for as long as
their HTTP headers say. Knows no client: there is none yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from typing import Any

from ..._core.effects import Now, Steps
from ..._core.http_caching import fresh_until
from ..._core.messages import Response
from ..._core.redaction import one_line, without_query
from ..._core.urls import validate_endpoint_uri, validate_issuer_uri
from ...discovery import InvalidDiscoveryDocument, MismatchingDiscoveryIssuer, discovery_urls, issuers_of
from ...exceptions import InvalidParam
from ..http.limits import FetchLimits
from ..settings import ENDPOINTS
from . import documents

ACCEPT = "application/json"
NOT_HERE = frozenset({404, 410})  # the document may be at the next address
MAX_KEPT = 100  # documents; who talks to more AS than that asks some of them again
CEILING = 86_400  # seconds, as for keys: a day later, an AS may have moved its endpoints

FLAGS = tuple(
    "authorization_response_iss_parameter_supported require_pushed_authorization_requests"
    " require_signed_request_object tls_client_certificate_bound_access_tokens claims_parameter_supported"
    " request_parameter_supported request_uri_parameter_supported require_request_uri_registration"
    " backchannel_user_code_parameter_supported backchannel_logout_supported backchannel_logout_session_supported"
    " frontchannel_logout_supported frontchannel_logout_session_supported".split()
)
TEXTS = ("issuer", *ENDPOINTS)
LISTS = re.compile(
    r"(scopes|claims|acr_values|prompt_values|display_values|(response|grant|subject|claim)_types|response_modes"
    r"|code_challenge_methods|authorization_details_types|backchannel_token_delivery_modes|(ui|claims)_locales"
    r"|\w+_(alg|enc)_values|\w+_auth_methods)_supported"
)
ALIASES = "mtls_endpoint_aliases"


class DocumentCache:
    """Documents by their address, each until it is no longer fresh; the oldest leaves when there are too many."""

    def __init__(self, most: int = MAX_KEPT) -> None:
        self._kept: dict[str, tuple[dict[str, Any], datetime]] = {}
        self._most = most

    def get(self, url: str, now: datetime) -> dict[str, Any] | None:
        """Return a document that is fresh."""
        document, until = self._kept.get(url, (None, now))
        return deepcopy(document) if now < until else None  # whoever gets it may change it

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
    limits: FetchLimits, url: Any = None, issuer: Any = None, *, cache: DocumentCache | None = None
) -> Steps[dict[str, Any]]:
    """Find the metadata of an AS; their issuer is the one asked for.

    Args:
        limits: what requests go by.
        url: where they are; its issuer is the one that a well-known URL belongs to.
        issuer: who the AS is; without `url`, all well-known addresses are tried.
        cache: where documents are kept; None to ask in any case.

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
    if url is None:
        urls = discovery_urls(str(asked))
    else:
        urls = [validate_endpoint_uri(url, https=not limits.testing, name="url of the metadata")]
    document = yield from _first(limits, urls, cache)
    check_issuer(document, [asked] if asked is not None else issuers_of(urls[0]))
    return document


def _first(limits: FetchLimits, urls: Sequence[str], cache: DocumentCache | None) -> Steps[dict[str, Any]]:
    """Return the document at the first address that has one."""
    for url in urls:
        now = yield Now()
        kept = cache.get(url, now) if cache is not None else None
        if kept is not None:
            return kept
        response = yield from documents.get(limits, url, accept=ACCEPT, invalid=InvalidDiscoveryDocument)
        if response.status_code not in NOT_HERE:
            return _kept(url, response, now, cache)
    tried = ", ".join(str(without_query(url)) for url in urls)
    msg = f"There are no metadata at {tried}. Is this the issuer, to the letter? Some AS have none: name its endpoints."
    raise InvalidDiscoveryDocument(description=msg)


def _kept(url: str, response: Response, now: datetime, cache: DocumentCache | None) -> dict[str, Any]:
    document = documents.read(response, what="the metadata of an AS", invalid=InvalidDiscoveryDocument)
    until = fresh_until(response.headers, now, unsaid=0, floor=0, ceiling=CEILING)
    if cache is not None and until > now:
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


def client_arguments(document: Mapping[str, Any], *, issuer: str | None = None) -> dict[str, Any]:
    """Read the metadata of an AS as arguments of a client.

    Args:
        document: the metadata.
        issuer: who it has to be.

    Raises:
        MismatchingDiscoveryIssuer: it is another issuer.
        InvalidDiscoveryDocument: a member is of another type than specified, or there is no token_endpoint.

    Source: RFC 8414 section 2, OIDC Discovery section 3, RFC 8705 section 5, RFC 9207 section 3.
    """
    check_issuer(document, [] if issuer is None else [issuer])
    members = {name: value for name, value in document.items() if value is not None}
    _check_types(members)
    if "token_endpoint" not in members:
        msg = "The metadata have no token_endpoint, and a client of this package needs one."
        raise InvalidDiscoveryDocument(description=msg)
    known = {name: members[name] for name in TEXTS if name in members}
    aliases = {name: uri for name, uri in members.get(ALIASES, {}).items() if name in ENDPOINTS and uri is not None}
    flag = "authorization_response_iss_parameter_supported"  # RFC 9207 §3
    return {**known, flag: members.get(flag, False), ALIASES: aliases, "authorization_server_metadata": members}


def _check_types(members: Mapping[str, Any]) -> None:
    for name, value in members.items():
        if name in TEXTS:
            _check_type(name, value, "a text", ok=isinstance(value, str))
        elif name in FLAGS:
            _check_type(name, value, "true or false", ok=isinstance(value, bool))
        elif name == ALIASES:
            ok = isinstance(value, Mapping) and all(isinstance(uri, str) for uri in value.values() if uri is not None)
            _check_type(name, value, "an object of texts", ok=ok)
        elif LISTS.fullmatch(str(name)):
            _check_type(name, value, "an array of texts", ok=_is_list_of_texts(value))


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)


def _check_type(name: str, value: Any, expected: str, *, ok: bool) -> None:
    if not ok:
        msg = f"The metadata say {one_line(name)}={one_line(value)!r}, expected {expected} (RFC 8414 section 2)."
        raise InvalidDiscoveryDocument(description=msg)


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
