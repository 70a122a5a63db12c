"""The metadata of a client's server, read when they are needed (RFC 8414 section 3, OIDC Discovery section 4).

    find(client, "revocation_endpoint") ──► a client without token_endpoint: metadata that are fresh, one fetch however
                                        │   many ask, the last good ones while the server fails
                                        └─► an endpoint that one document lacks: the other documents of the issuer

What the user gave goes before all of it: `ClientSettings.learn`. Which document is whose is checked in `discovery`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..._core.effects import Lock, Now, Steps, Subtask
from ..._core.scope import InvalidScopeParam, scope_words
from ..._core.times import UTC
from ...discovery import InvalidDiscoveryDocument, discovery_urls
from ...exceptions import InvalidParam, OAuth2Error
from ...resource_metadata import ResourceMetadata, UntrustedIssuer, is_same_issuer
from ..settings import ENDPOINTS
from . import discovery, protected_resource

if TYPE_CHECKING:
    from ..hooks import Client

log = logging.getLogger("requests_oauth2client.metadata")

LIFETIME = 3600  # seconds, where HTTP does not say
FAILURE_COOL_DOWN = 5  # where nothing is known yet
OF_OIDC = frozenset("userinfo_endpoint end_session_endpoint backchannel_authentication_endpoint jwks_uri".split())
FLOOR = 60  # also until a failing server is asked again


class MetadataCache:
    """What is known about the metadata of a client's server; the lock for fetching is its own."""

    def __init__(self) -> None:
        self.documents = discovery.DocumentCache(unsaid=LIFETIME, floor=FLOOR)
        self.read: list[str] = []  # addresses of the documents that the client knows
        self.ended = 0  # fetches, whether or not they succeeded
        self.failure: str | None = None  # what the last of them failed with
        self.failed_at: datetime | None = None
        self.fetched_at: datetime | None = None
        self.fresh_until: datetime | None = None
        self.is_complete = False  # all addresses were asked
        self.addresses: protected_resource.StatedAddresses | None = None  # where an API named the server
        self.is_oidc = False  # a login asks for the scope openid

    def is_fresh(self, now: datetime) -> bool:
        """Tell whether the metadata count without a fetch; a clock that was set back proves nothing."""
        begun, until = self.fetched_at, self.fresh_until
        return begun is not None and until is not None and begun <= now < until

    def check(self, now: datetime | None) -> None:
        """Refuse to ask a server again that failed a moment ago: others may make a client ask for each token."""
        begun = self.failed_at
        if now is None or begun is None or self.failure is None or self.read:
            return
        if begun <= now < begun + timedelta(seconds=FAILURE_COOL_DOWN):
            msg = f"The last fetch of the metadata failed less than {FAILURE_COOL_DOWN} seconds ago: {self.failure}"
            raise InvalidDiscoveryDocument(description=msg)


def cache_of(client: Client) -> MetadataCache:
    """Return the cache of a client: one for all its threads and tasks."""
    found: MetadataCache | None = client.__dict__.get("_metadata_cache")
    return found if found is not None else client.__dict__.setdefault("_metadata_cache", MetadataCache())


def discover(client: Client, /) -> Steps[Mapping[str, Any]]:
    """Read the metadata of the AS now, whether or not those that are known are still fresh.

    A client that was made with an issuer and without a token_endpoint does so by itself when it needs them. What was
    given when the client was made goes before what they say.

    Returns:
        The metadata; `authorization_server_metadata` of the client is the same from now on.

    Raises:
        InvalidParam: the client has no issuer; the metadata are of another one (`MismatchingDiscoveryIssuer`).
        InvalidDiscoveryDocument: there are no metadata, or they are unreadable.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: OIDC Discovery section 4, RFC 8414 section 3.
    """
    if client.issuer is None and client.protected_resource is None:
        msg = "This client has no issuer, so that its metadata can't be found. Pass issuer= when you make it."
        raise InvalidParam(msg)
    yield Subtask(_fetch_alone(client, None))
    return client.authorization_server_metadata


def note_scope(client: Client, scope: Any) -> None:
    """Note what is about to be asked for: with openid, metadata are looked for where OIDC Discovery has them."""
    with suppress(InvalidScopeParam):  # what asks with it says so
        if scope is not None and "openid" in scope_words(scope):
            cache_of(client).is_oidc = True


def find(client: Client, endpoint_name: str) -> Steps[None]:
    """Learn what can be learned about an endpoint, so that `client.endpoint()` knows it."""
    if endpoint_name in OF_OIDC:
        cache_of(client).is_oidc = True
    if client.finds_its_server:
        cache = cache_of(client)
        now = (yield Now()) if cache.ended else None
        if now is None or not cache.is_fresh(now):
            cache.check(now)
            yield Subtask(_fetch_alone(client, cache.ended))
    if getattr(client, endpoint_name, None) is None and _may_be_completed(client, endpoint_name):
        yield Subtask(_complete_alone(client))


def may_find(client: Client, endpoint_name: str) -> bool:
    """Tell whether `find` may find an endpoint that the client does not know."""
    is_unread = client.finds_its_server and not client.authorization_server_metadata
    return is_unread or _may_be_completed(client, endpoint_name)


def _may_be_completed(client: Client, endpoint_name: str) -> bool:
    cache = cache_of(client)
    is_stated = client.authorization_server_metadata.get(endpoint_name) not in (None, "")
    return bool(cache.read) and not cache.is_complete and client.issuer is not None and not is_stated


def _fetch_alone(client: Client, ended: int | None) -> Steps[None]:
    """Fetch, unless another caller has done so while this one waited: then its outcome is ours."""
    cache = cache_of(client)
    yield Lock(cache)
    if ended is None or cache.ended == ended:
        yield from _fetch(client, cache)
    elif cache.failure is not None and not cache.read:
        msg = f"The fetch that this caller waited for has failed: {cache.failure}"
        raise InvalidDiscoveryDocument(description=msg)


def _fetch(client: Client, cache: MetadataCache) -> Steps[None]:
    now = yield Now()
    cache.documents.clear()
    try:
        url, document = yield from _found(client, cache)
        learn(client, document)
    except Exception as failure:
        cache.failure, cache.failed_at = str(failure), now
        cache.ended += 1
        if not cache.read or not isinstance(failure, OAuth2Error):
            raise
        cache.fetched_at, cache.fresh_until = now, now + timedelta(seconds=FLOOR)
        log.warning("The metadata of %s can't be had now; the last ones are kept: %s", client.issuer, failure)
        return
    cache.read, cache.is_complete, cache.failure = [url], False, None
    cache.fetched_at, cache.fresh_until = now, cache.documents.until(url)
    cache.ended += 1  # last: who reads it without the lock finds the rest done


def _found(client: Client, cache: MetadataCache) -> Steps[tuple[str, dict[str, Any]]]:
    """Find the metadata of the client's issuer, or of the server that its API names."""
    url, issuer = client.protected_resource, client.issuer
    if cache.addresses is not None and issuer is not None:
        return (yield from protected_resource.find_server(client, issuer, cache.addresses, cache=cache.documents))
    if url is None:
        return (
            yield from discovery.discover(
                client, client.metadata_url, issuer, cache=cache.documents, oidc_first=cache.is_oidc
            )
        )
    addresses = protected_resource.StatedAddresses(url, testing=client.testing)
    resource = yield from protected_resource.find(client, url, addresses, kind=ResourceMetadata)
    if resource is None:
        raise protected_resource.missing(url)
    listed, own = resource.authorization_servers, client.issuer
    if not listed or (own is not None and not any(is_same_issuer(own, one) for one in listed)):
        raise UntrustedIssuer(listed, own or "one at least")
    issuer = listed[0] if own is None else own
    return (
        yield from protected_resource.find_server(
            client, issuer, addresses, oidc_first=cache.is_oidc, cache=cache.documents
        )
    )


def hold(
    client: Client,
    url: str,
    document: Mapping[str, Any],
    read_at: float,
    addresses: protected_resource.StatedAddresses | None = None,
) -> None:
    """Let a client know metadata that were read before, until they are no longer fresh.

    Args:
        client: the client.
        url: where they are.
        document: the metadata.
        read_at: when they were read, in seconds since 1970.
        addresses: what addresses in them have to be, when they are read again.
    """
    learn(client, document)
    cache = cache_of(client)
    cache.addresses, cache.read, cache.ended = addresses, [url], 1
    cache.fetched_at = datetime.fromtimestamp(read_at, UTC)
    cache.fresh_until = cache.fetched_at + timedelta(seconds=LIFETIME)


def learn(client: Client, document: Mapping[str, Any]) -> None:
    """Let a client know its metadata."""
    known = discovery.client_arguments(
        document, issuer=client.issuer, testing=client.testing, given=("token_endpoint", *client.given)
    )
    client.learn(**{**dict.fromkeys(ENDPOINTS), **known})  # what the metadata no longer have is gone


def _complete_alone(client: Client) -> Steps[None]:
    """Read the other documents of the issuer: one may have what another lacks (RFC 8414 section 5)."""
    cache = cache_of(client)
    yield Lock(cache)
    if cache.is_complete:
        return
    urls = discovery_urls(str(client.issuer), oidc_first=cache.is_oidc) if client.metadata_url is None else []
    for url in urls:
        if url in cache.read:
            continue
        try:
            document = yield from discovery.fetch(client, url, None)
            discovery.check_issuer(document, [str(client.issuer)])
        except OAuth2Error as problem:
            log.info("There is no further document of %s at %s: %s", client.issuer, url, problem)
            continue
        cache.read.append(url)
        known = client.authorization_server_metadata
        lacking = {name: value for name, value in document.items() if known.get(name) in (None, "")}
        both = {**known, **lacking}
        usable = discovery.usable_endpoints(both, source=client.issuer, https=not client.testing)
        client.learn(authorization_server_metadata=both, **usable)
    cache.is_complete = True
