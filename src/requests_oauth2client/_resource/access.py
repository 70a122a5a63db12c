"""What a handler knows of its API, and how it learns it: the API's metadata, then those of the server that they name.

    load(access)  ──► what is stored of the API: after a restart nothing is fetched
    learn(access) ──► its metadata (RFC 9728), one of its servers (RFC 8414); without metadata, the server that was
                  │   given, else the API's own origin, as servers of the MCP specification of 2025-03-26 are
                  └─► another server than before: what was of the other one stays with it

One `Access` serves all threads and tasks of a handler. Knows no HTTP library, no token.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from .._core.effects import Now, Steps
from .._core.frozen import replace
from .._core.urls import origin, validate_issuer_uri
from .._protocol.metadata import protected_resource
from .._renewal.flight import TokenState
from ..challenges import TOKEN_SCHEMES, challenges_of
from ..discovery import InvalidDiscoveryDocument
from ..resource_metadata import (
    ResourceMetadata,
    UntrustedIssuer,
    canonical_resource,
    is_same_issuer,
    validate_resource_url,
)
from ..stores.base import TokenStoreError
from .clients import Clients
from .knowledge import Knowledge, words_of
from .stored import StoredDocument

FALLBACKS = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "registration_endpoint": "/register"}


class FromMetadata:
    """What stands for the resource indicator that the metadata of an API have."""

    def __repr__(self) -> str:
        return "FROM_METADATA"


FROM_METADATA = FromMetadata()
Resource = str | None | FromMetadata


class Access:
    """What is known of an API, and what its user said of it.

    Args:
        url: of the API.
        aliases: other URLs of it.
        issuer: which server, or None.
        scope: what to ask for, or None for what the API says.
        resource: the resource indicator to send.
        require_pkce: whether a server has to say that it checks PKCE.
        max_logins: how often one request may lead to a login.
        dpop: whether tokens are bound to a key; None where the API decides.
        subject: whose login it is.
        clients: makes clients.

    Attributes:
        grant: what tokens are obtained with, or None for a login.
        addresses: what addresses have to be.
        limits: what requests go by.
        session: what the user wants requests to servers to be sent with, or None.
        known: what is known, or None.
        generation: how often that changed, to find out whether it did while a request was under way.
        state: what is locked while another token is obtained, after an API asked for one.
        paused_until: seconds since 1970 until which no further scope is asked for.
    """

    def __init__(
        self,
        url: str,
        *,
        aliases: Iterable[str],
        issuer: str | None,
        scope: str | Iterable[str] | None,
        resource: Resource,
        require_pkce: bool,
        max_logins: int,
        dpop: bool | None,
        subject: str | None,
        clients: Clients,
    ) -> None:
        self.clients, self.grant, self.session = clients, clients.grant, clients.settings.get("session")
        self.addresses, self.limits = clients.addresses, clients.limits
        self.url, self.aliases, self.resource = url, tuple(aliases), resource
        self.issuer = None if issuer is None else validate_issuer_uri(issuer, https=not self.limits.testing)
        self.scope = words_of(scope)
        self.require_pkce, self.max_logins, self.dpop = require_pkce, max_logins, dpop
        self.stored = StoredDocument(clients.store, "api", canonical_resource(url), self.issuer, subject, *clients.name)
        self.origins = {origin(one) for one in (url, *self.aliases)}
        self.known: Knowledge | None = None
        self.is_loaded = False
        self.generation = 0
        self.state = TokenState()
        self.paused_until = 0.0

    def is_for(self, url: str) -> bool:
        """Tell whether a request goes to the API: no other origin is shown its token."""
        try:
            return origin(url) in self.origins
        except ValueError:
            return False

    def hold(self, known: Knowledge) -> Steps[None]:
        """Know something from now on, and store it."""
        self.known = known
        self.generation += 1
        yield from self.stored.write(known.as_document())

    def scope_for(self, known: Knowledge) -> tuple[str, ...]:
        """Return what to ask for: what the user said, else what the challenge said, else what the API lists."""
        for words in (self.scope, known.challenge_scope, known.scopes_supported):
            if words is not None:
                return words
        return ()

    def indicator(self, known: Knowledge) -> str | None:
        """Return the resource indicator to send (RFC 8707 section 2), or None."""
        if isinstance(self.resource, FromMetadata):
            return known.resource or canonical_resource(self.url)
        return self.resource


def load(access: Access, *, again: bool = False) -> Steps[None]:
    """Read what is stored of the API, once; `again` to see what another process has learned.

    Raises:
        TokenStoreError: the store can't be read, and a user's login is in it.
    """
    if access.is_loaded and not again:
        return
    try:
        found = Knowledge.of((yield from access.stored.read()))
    except (TokenStoreError, OSError):
        if access.grant is None:
            raise
        found = None
    if found is not None and found != access.known:
        access.known = found
        access.generation += 1
    access.is_loaded = True


def learn(access: Access, response: Any = None) -> Steps[bool]:
    """Learn what the API is, and which server it trusts; tell whether that is another server than before.

    Args:
        access: what is known so far.
        response: the 401 that says where to look, if there is one.

    Raises:
        InvalidResourceMetadata: the metadata of the API are missing or wrong.
        MismatchingResource: they are those of another API.
        UntrustedIssuer: it names another server than the credentials are for.
        InvalidDiscoveryDocument: the metadata of the server are missing or wrong; likewise
            `MismatchingDiscoveryIssuer`.
        InvalidEndpointUri: an address must not be used.
        TransportError: no whole answer came.
    """
    before, params = access.known, params_of(response)
    resource = yield from protected_resource.find(
        access.limits,
        access.url,
        access.addresses,
        kind=ResourceMetadata,
        stated=params.get("resource_metadata"),
        aliases=access.aliases,
    )
    issuers = _issuers(access, resource)
    if before is not None and any(is_same_issuer(before.issuer, one) for one in issuers):
        issuers = [one for one in issuers if is_same_issuer(before.issuer, one)]
    known = None
    if before is not None and before.server_url is not None and is_same_issuer(before.issuer, issuers[0]):
        known = before
    else:
        known = yield from _server(access, issuers, has_metadata=resource is not None)
    challenged = words_of(params.get("scope") or None)
    is_other = before is None or before.issuer != known.issuer
    yield from access.hold(
        replace(
            known,
            resource=None if resource is None else resource.resource,
            metadata_url=None if resource is None else resource.metadata_url,
            scopes_supported=None if resource is None else resource.scopes_supported,
            needs_dpop=_needs_dpop(resource, response),
            challenge_scope=challenged if challenged is not None or before is None else before.challenge_scope,
        )
    )
    return is_other


def _issuers(access: Access, resource: ResourceMetadata | None) -> list[str]:
    """Return the servers that may be asked for tokens, in order.

    Raises:
        UntrustedIssuer: the credentials are for none of those that the API names.
    """
    listed = list(resource.authorization_servers) if resource is not None else []
    wanted = access.issuer or access.clients.bound_to
    if wanted is None and access.clients.has_credentials and access.known is not None:
        wanted = access.known.issuer  # credentials stay with the server that they were first shown to
    if wanted is not None:
        if listed and not any(is_same_issuer(wanted, one) for one in listed):
            raise UntrustedIssuer(listed, wanted)
        return [wanted]
    return listed or [_origin_of(access.url)]


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, "", "", ""))


def _server(access: Access, issuers: Iterable[str], *, has_metadata: bool) -> Steps[Knowledge]:
    """Return the first server that has metadata.

    Raises:
        InvalidDiscoveryDocument: none has.
    """
    problem: Exception | None = None
    is_oidc = "openid" in (access.scope or ())
    now = int((yield Now()).timestamp())
    for issuer in issuers:
        try:
            url, document = yield from protected_resource.find_server(
                access.limits, issuer, access.addresses, oidc_first=is_oidc
            )
        except InvalidDiscoveryDocument as missing:
            if missing.status is not None and missing.is_transient:
                raise
            problem = problem or missing
            continue
        return Knowledge(issuer=str(document["issuer"]), server=document, server_url=url, read_at=now)
    if has_metadata or access.issuer is not None or access.clients.bound_to is not None:
        assert problem is not None  # noqa: S101  there is an issuer at least
        raise problem
    if access.require_pkce:
        raise protected_resource.missing(access.url) from problem
    base = _origin_of(access.url)
    return Knowledge(issuer=base, server={name: base + path for name, path in FALLBACKS.items()}, read_at=now)


def _needs_dpop(resource: ResourceMetadata | None, response: Any) -> bool:
    """Tell whether tokens have to be bound to a key (RFC 9728 section 2, RFC 9449 section 7.1)."""
    if resource is not None and resource.dpop_bound_access_tokens_required:
        return True
    schemes = {one.scheme for one in challenges_of(response)} if response is not None else set()
    return schemes & TOKEN_SCHEMES == {"dpop"}


def params_of(response: Any) -> Mapping[str, str]:
    """Return the parameters of one challenge: that for tokens, if possible one that says where the metadata are."""
    found = [] if response is None else challenges_of(response)
    ranked = sorted(found, key=lambda one: (one.scheme not in TOKEN_SCHEMES, not one.params.get("resource_metadata")))
    return next((one.params for one in ranked if one.scheme in TOKEN_SCHEMES or "resource_metadata" in one.params), {})


def validated(url: object, aliases: Iterable[str], *, https: bool) -> tuple[str, tuple[str, ...]]:
    """Return the URLs of an API, checked.

    Raises:
        InvalidUri: one is not acceptable.
    """
    if isinstance(aliases, str):
        aliases = (aliases,)
    return validate_resource_url(url, https=https), tuple(validate_resource_url(one, https=https) for one in aliases)
