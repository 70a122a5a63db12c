"""The public keys of the AS: fetched when first needed, kept while they are fresh (RFC 7517 section 5).

    verify_jws(client, jwt, algs) ──► current() ──► fresh keys, or one fetch however many ask at once
                                  └─► newer()  ──► an unknown kid: fetch again, once per cool-down

What was fetched replaces what was known, so keys that the AS withdrew are gone. A failing endpoint changes
nothing about keys that are still fresh. OIDC Core section 10.1.1 (rotation). Knows no claim and no token.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from ... import _jose
from ..._core import issuers
from ..._core.effects import Lock, Now, Steps, Subtask
from ..._core.http_caching import fresh_until
from ..._core.messages import Response
from ..._jose.algs import HMAC
from ..._jose.errors import AmbiguousKey, InvalidSignature, NoMatchingKey
from ...exceptions import InvalidAuthorizationServerJwks, OAuth2Error
from . import documents

if TYPE_CHECKING:
    from ..._jose.jws import ParsedJws
    from ..hooks import Client

R = TypeVar("R")
log = logging.getLogger("requests_oauth2client.keys")

# Seconds. jose (panva) keeps keys for 600 and cools down for 30; a floor keeps an AS that says no-cache from
# being asked for each token, a ceiling keeps withdrawn keys from living on for longer than a day.
LIFETIME = 600
FLOOR = 60
CEILING = 86_400
COOL_DOWN = 30
FAILURE_COOL_DOWN = 5  # a failing endpoint is not asked for each token

MAX_KEYS = 500  # in one set; PingGateway keeps as many
ACCEPT = "application/jwk-set+json, application/json"


class KeyCache:
    """When the keys of a client were fetched, and until when they are fresh; the lock for fetching is its own."""

    def __init__(self) -> None:
        self.ended = 0  # fetches, whether or not they succeeded
        self.asked_anew_at: datetime | None = None  # when the last of them that an unknown kid caused began
        self.fetched_at: datetime | None = None  # None: nothing was fetched
        self.fresh_until: datetime | None = None
        self.failed_at: datetime | None = None
        self.failure: str | None = None  # what the last of them failed with; no exception, which would keep its frames

    def is_fresh(self, now: datetime) -> bool:
        """Tell whether the keys count without a fetch; a clock that was set back proves nothing."""
        fetched, until = self.fetched_at, self.fresh_until
        return fetched is not None and until is not None and fetched <= now < until

    def has_just_failed(self, now: datetime) -> bool:
        """Tell whether the last fetch failed some seconds ago."""
        return self.failure is not None and _within(self.failed_at, now, FAILURE_COOL_DOWN)


def _within(begun: datetime | None, now: datetime, seconds: float) -> bool:
    return begun is not None and begun <= now < begun + timedelta(seconds=seconds)


def cache_of(client: Client) -> KeyCache:
    """Return the key cache of a client: one for all its threads and tasks."""
    found: KeyCache | None = client.__dict__.get("_key_cache")
    return found if found is not None else client.__dict__.setdefault("_key_cache", KeyCache())


def update_authorization_server_public_keys(
    client: Client, /, *, requests_kwargs: Mapping[str, Any] | None = None
) -> Steps[Any]:
    """Fetch the public keys of the AS now, whether or not those that are known are still fresh.

    Args:
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds).

    Returns:
        The JWKS; `authorization_server_jwks` of the client is the same from now on. Keys that the AS withdrew
        are gone.

    Raises:
        MissingEndpointUri: the client has no jwks_uri.
        InvalidAuthorizationServerJwks: the answer is not a JWKS.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: RFC 7517 section 5, OIDC Core section 10.1.1.
    """
    yield from client.find_endpoint("jwks_uri")
    client.endpoint("jwks_uri")
    return (yield Subtask(_fetch_alone(client, None, requests_kwargs)))


def current(client: Client, *, requests_kwargs: Mapping[str, Any] | None = None) -> Steps[Any]:
    """Return keys that are fresh; keys that the user gave always are.

    Raises:
        MissingEndpointUri: the client has neither keys nor jwks_uri.
        InvalidAuthorizationServerJwks: they had to be fetched, and the answer is not a JWKS.
        TransportError: or there was no answer.
    """
    if client.jwks_uri is None and client.authorization_server_jwks is None:
        yield from client.find_endpoint("jwks_uri")
    cache = cache_of(client)
    known = client.authorization_server_jwks
    if known is not None and cache.fetched_at is None:
        return known  # the user gave them
    now = (yield Now()) if known is not None or cache.failure is not None else None
    if now is not None and known is not None and cache.is_fresh(now):
        return known
    client.endpoint("jwks_uri")
    if now is not None and cache.has_just_failed(now):
        msg = f"The last fetch of the keys failed less than {FAILURE_COOL_DOWN} seconds ago: {cache.failure}"
        raise InvalidAuthorizationServerJwks(description=msg)
    return (yield Subtask(_fetch_alone(client, cache.ended, requests_kwargs)))


def hold(client: Client) -> Steps[None]:
    """Have fresh keys, if the AS publishes any; those that only its metadata name are not needed yet."""
    if client.jwks_uri is None:
        return
    try:
        yield from current(client)
    except OAuth2Error as failure:
        if client.jwks_uri != client.authorization_server_metadata.get("jwks_uri"):
            raise
        log.warning("The keys of the AS can't be had now, and are fetched when they are needed: %s", failure)


def newer(client: Client, seen: Any, *, requests_kwargs: Mapping[str, Any] | None = None) -> Steps[Any]:
    """Return keys that are newer than those seen, or those again: within the cool-down, or where fetching fails."""
    cache = cache_of(client)
    if client.jwks_uri is None or client.authorization_server_jwks is not seen:
        return client.authorization_server_jwks
    now = yield Now()
    if _within(cache.asked_anew_at, now, COOL_DOWN):
        return seen  # other fetches don't count: an AS may change its keys right after one (OIDC Core §10.1.1)
    try:
        return (yield Subtask(_fetch_alone(client, cache.ended, requests_kwargs)))
    except OAuth2Error:
        return client.authorization_server_jwks  # they are still fresh, even if the endpoint fails
    finally:
        cache.asked_anew_at = now  # only now: who came meanwhile has waited for the same fetch


def _fetch_alone(client: Client, ended: int | None, requests_kwargs: Mapping[str, Any] | None) -> Steps[Any]:
    """Fetch, unless another caller has done so while this one waited: then its outcome is ours.

    Args:
        client: whose keys.
        ended: how many fetches had ended when this caller found that it needs keys; None to fetch in any case.
        requests_kwargs: for the HTTP library.
    """
    cache = cache_of(client)
    yield Lock(cache)
    if ended is None or cache.ended == ended:
        return (yield from _fetch(client, cache, requests_kwargs))
    if cache.failure is not None:
        msg = f"The fetch that this caller waited for has failed: {cache.failure}"
        raise InvalidAuthorizationServerJwks(description=msg)
    return client.authorization_server_jwks


def _fetch(client: Client, cache: KeyCache, requests_kwargs: Mapping[str, Any] | None) -> Steps[Any]:
    now = yield Now()
    try:
        response = yield from documents.get(
            client,
            client.endpoint("jwks_uri"),
            accept=ACCEPT,
            invalid=InvalidAuthorizationServerJwks,
            requests_kwargs=requests_kwargs,
        )
        jwks = parse(response)
    except Exception as failure:
        cache.failure, cache.failed_at = str(failure), now
        cache.ended += 1
        raise
    client.__dict__["authorization_server_jwks"] = jwks  # replaced, not merged: what was withdrawn is gone
    cache.fetched_at = now
    cache.fresh_until = fresh_until(response.headers, now, unsaid=LIFETIME, floor=FLOOR, ceiling=CEILING)
    cache.failure = None
    cache.ended += 1  # last: who reads it without the lock finds the rest done
    return jwks


def parse(response: Response) -> dict[str, Any]:
    """Read a JWKS; members of `keys` that are no JWK are passed over when a key is chosen (RFC 7517 section 5).

    Raises:
        InvalidAuthorizationServerJwks: it is invalid.
    """
    invalid = InvalidAuthorizationServerJwks
    jwks = documents.read(response, what="a JWKS", invalid=invalid)
    keys = jwks.get("keys")
    if not isinstance(keys, list):  # RFC 7517 §5.1
        msg = f"This is not a JWKS: its keys are a {type(keys).__name__}, expected an array."
        raise invalid(response=response, description=msg)
    if len(keys) > MAX_KEYS:
        msg = f"This JWKS has {len(keys)} keys, more than the limit of {MAX_KEYS}."
        raise invalid(response=response, description=msg)
    return jwks


def verify_jws(
    client: Client,
    token: Any,
    *,
    algs: Collection[str],
    secret: str | None = None,
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[ParsedJws]:
    """Verify a JWS of the AS; where no known key fits, its keys are fetched again, at most once per cool-down.

    Args:
        client: whose keys.
        token: the compact JWS, taken apart or not.
        algs: the algorithms that are expected.
        secret: the client secret, where one of them is HMAC: then no key is fetched.
        requests_kwargs: further arguments for the HTTP library, when keys have to be fetched.

    Raises:
        JoseError: it is refused.
        MissingEndpointUri: and everything else that `current` raises.

    Source: RFC 7515 section 5.2, OIDC Core section 10.1.1.
    """
    jws = _jose.jws  # loads cryptography
    parsed = token if isinstance(token, jws.ParsedJws) else jws.parse(token)
    alg = parsed.alg
    if alg in HMAC or alg not in algs:
        return jws.verify(parsed, algs=algs, secret=secret)
    known = yield from current(client, requests_kwargs=requests_kwargs)
    try:
        return jws.verify(parsed, algs=algs, keys=_keys_for(client, parsed, known))
    except (NoMatchingKey, InvalidSignature) as refused:
        if not _may_be_newer(refused, parsed.kid, known):
            raise
        other = yield from newer(client, known, requests_kwargs=requests_kwargs)
        if other is known:
            raise
    return jws.verify(parsed, algs=algs, keys=_keys_for(client, parsed, other))


def _keys_for(client: Client, token: ParsedJws, jwks: Any) -> Any:
    """Leave out keys of other issuers, where one set serves many: a key says whose it is (`issuer`, Entra ID, 2026).

    Else what one tenant may sign for itself would be believed of each other tenant.
    """
    if client.issuer_rule is None or issuers.is_exact(client.issuer_rule):
        return jwks
    claims = token.claims()
    iss = claims.get("iss")
    return [
        jwk
        for jwk in _jose.keys.keys_of(jwks)
        if not isinstance(jwk.get("issuer"), str)
        or (isinstance(iss, str) and issuers.accepts(jwk["issuer"], iss, claims))
    ]


def _may_be_newer(refused: Exception, kid: str | None, known: object) -> bool:
    """Tell whether a key could be missing: the kid is unknown, or there is none and the only key is another."""
    if isinstance(refused, AmbiguousKey):
        return False
    is_named = kid is not None and any(jwk.get("kid") == kid for jwk in _jose.keys.keys_of(known))
    return isinstance(refused, NoMatchingKey) or not is_named
