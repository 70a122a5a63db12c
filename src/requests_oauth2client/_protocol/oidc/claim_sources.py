"""Claims about the user that others make than the OP (OIDC Core section 5.6.2).

`_claim_names` and `_claim_sources` of a userinfo answer ──► `ClaimSource`s: aggregated (a JWT is there) or
distributed (a JWT is to be fetched) ──► `SourcedClaims`, which say whether their signature was checked.
How the OP is asked is in `userinfo`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..._core.effects import Now, Steps
from ..._core.messages import Request, Response, is_success
from ..._core.redaction import one_line
from ..._core.times import now
from ..._core.urls import validate_discovered_uri
from ..._core.values import NotPickled
from ..._jose.algs import HMAC, SIGNATURE
from ..._jose.claims import check_exp, check_nbf
from ..._oidc.id_token import IdToken
from ..._tokens.bearer import BearerToken
from ...exceptions import InvalidParam, InvalidUserInfoResponse, OAuth2Error
from ..http.call import build_request, send_request
from .jwt_response import LEEWAY, text_of

if TYPE_CHECKING:
    from ..hooks import Client

ENDPOINT = "endpoint of the claims"  # in messages, and for `check_discovered_uri`
MOST_SOURCES = 20  # in one answer: each may be a request
ALGS = tuple(alg for alg in SIGNATURE if alg not in HMAC)  # we share no secret with a claims provider
PASSED_ON = frozenset({"timeout", "proxies", "verify", "extensions"})  # nothing that may be a credential


class InvalidClaimSource(InvalidUserInfoResponse, ValueError):
    """A source of claims can't be used (OIDC Core section 5.6.2).

    Attributes:
        source: its name.
    """

    kept = (*OAuth2Error.kept, "source")

    def __init__(self, source: str, problem: str, response: object = None, client: object = None) -> None:
        self.source = source
        super().__init__(
            response=response,
            client=client,
            description=f"The claim source {one_line(source)!r} can't be used: {problem}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSource(NotPickled):
    """Where claims are that the OP does not make itself.

    Attributes:
        name: what the OP calls it.
        claim_names: the claims it makes.
        jwt: the JWT with the claims; None when it has to be fetched.
        endpoint: where to fetch it.
        access_token: what to fetch it with, or None.
    """

    name: str
    claim_names: tuple[str, ...]
    jwt: str | None = field(default=None, repr=False)
    endpoint: str | None = None
    access_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcedClaims:
    """The claims of a source.

    Attributes:
        source: where they are from.
        claims: those that the OP says this source makes.
        issuer: the claims provider, as the JWT says; None when it does not.
        checked: whether the signature was checked. What unchecked claims say is as good as the OP's word.
    """

    source: ClaimSource
    claims: dict[str, Any] = field(repr=False)
    issuer: str | None
    checked: bool


def read_claim_sources(userinfo: Mapping[str, Any]) -> list[ClaimSource]:
    """Read where the claims are that the OP does not make itself.

    Args:
        userinfo: the claims that the OP gave; or those of an ID token.

    Raises:
        InvalidClaimSource: `_claim_names` and `_claim_sources` are not as they should be.

    Source: OIDC Core section 5.6.2.
    """
    names, sources = userinfo.get("_claim_names") or {}, userinfo.get("_claim_sources") or {}
    if not isinstance(names, Mapping) or not isinstance(sources, Mapping) or len(sources) > MOST_SOURCES:
        name, problem = "_claim_sources", f"it and _claim_names are JSON objects, of up to {MOST_SOURCES} sources."
        raise InvalidClaimSource(name, problem)
    return [_claim_source(name, source, names) for name, source in sources.items()]


def _claim_source(name: str, source: Any, names: Mapping[str, Any]) -> ClaimSource:
    members = source if isinstance(source, Mapping) else {}
    jwt, endpoint, access_token = (members.get(member) for member in ("JWT", "endpoint", "access_token"))
    texts = all(isinstance(text, str | None) for text in (jwt, endpoint, access_token))
    if not texts or (jwt is None) == (endpoint is None):
        raise InvalidClaimSource(name, "it needs either a JWT or an endpoint, as text.")
    made = tuple(claim for claim, source_name in names.items() if source_name == name)
    return ClaimSource(name=name, claim_names=made, jwt=jwt, endpoint=endpoint, access_token=access_token)


def aggregated_claims(
    userinfo: Mapping[str, Any], *, keys: Mapping[str, Any] | None = None
) -> dict[str, SourcedClaims]:
    """Read the claims of others that the OP sent along.

    Args:
        userinfo: the claims that the OP gave.
        keys: the JWKS of each claims provider that is trusted, by its issuer. Claims of others are given too,
            with `checked` False.

    Returns:
        The claims, by the name of their source.

    Raises:
        InvalidClaimSource: a source is not as it should be, or its JWT is not signed by the provider it names.

    Source: OIDC Core section 5.6.2.1.
    """
    found = [source for source in read_claim_sources(userinfo) if source.jwt is not None]
    return {source.name: _read(source, str(source.jwt), keys or {}, now().timestamp()) for source in found}


def distributed_claims(
    client: Client,
    /,
    userinfo: Mapping[str, Any],
    *,
    keys: Mapping[str, Any] | None = None,
    sources: Iterable[str] | None = None,
    requests_kwargs: Mapping[str, Any] | None = None,
) -> Steps[dict[str, SourcedClaims]]:
    """Fetch the claims of others that the OP tells where to find.

    Nothing of this client goes there but the access token that the OP gave for the source.

    Args:
        userinfo: the claims that the OP gave.
        keys: the JWKS of each claims provider that is trusted, by its issuer. Claims of others are given too,
            with `checked` False.
        sources: the names of the sources to fetch; by default all of them.
        requests_kwargs: further arguments for the HTTP library, such as `timeout` (seconds) of each request.

    Returns:
        The claims, by the name of their source.

    Raises:
        InvalidClaimSource: a source is not as it should be, answers with no JWT, or with one that is not signed
            by the provider it names.
        TransportError: no whole answer came; also an exception of the HTTP library.

    Source: OIDC Core section 5.6.2.2.
    """
    wanted = None if sources is None else set(sources)
    found = {}
    for source in read_claim_sources(userinfo):
        if source.endpoint is None or (wanted is not None and source.name not in wanted):
            continue
        request = _request(client, source, requests_kwargs)
        response = yield from send_request(client, request, invalid=InvalidUserInfoResponse)
        moment: Any = yield Now()
        found[source.name] = _read(source, _jwt_of(source, client, response), keys or {}, moment.timestamp())
    return found


def _request(client: Client, source: ClaimSource, requests_kwargs: Mapping[str, Any] | None) -> Request:
    """Make the request for the claims; the OP chose its address, so it has to be https."""
    op = client.issuer or client.userinfo_endpoint or client.token_endpoint
    try:
        url = validate_discovered_uri(source.endpoint, source=op, https=not client.testing, name=ENDPOINT)
        client.check_discovered_uri(ENDPOINT, url)
        token = BearerToken(source.access_token) if source.access_token else None
    except InvalidParam as wrong:
        raise InvalidClaimSource(source.name, str(wrong), client=client) from None
    headers = {"Accept": "application/jwt"}
    if token is not None:
        headers[token.AUTHORIZATION_HEADER] = token.authorization_header()
    options = {name: value for name, value in (requests_kwargs or {}).items() if name in PASSED_ON}
    request = build_request(client, url, {}, requests_kwargs=options)
    return replace(request, method="GET", form=None, headers=headers)


def _jwt_of(source: ClaimSource, client: Client, response: Response) -> str:
    if not is_success(response):
        problem = "expected a JWT."
        raise InvalidClaimSource(source.name, problem, response=response, client=client)
    return str(text_of(response))


def _read(source: ClaimSource, token: str, keys: Mapping[str, Any], now: float) -> SourcedClaims:
    """Read the claims of a JWT; its signature counts where the keys of its issuer are known."""
    try:
        claims = IdToken(token).claims
        issuer = claims.get("iss") if isinstance(claims.get("iss"), str) else None
        jwks = keys.get(issuer) if issuer is not None else None
        if jwks is not None:
            _verify(token, jwks)
        check_exp(claims, now, LEEWAY, required=False)
        check_nbf(claims, now, LEEWAY)
    except ValueError as wrong:
        raise InvalidClaimSource(source.name, str(wrong)) from None
    made = {name: claims[name] for name in source.claim_names if name in claims}
    return SourcedClaims(source=source, claims=made, issuer=issuer, checked=jwks is not None)


def _verify(token: str, jwks: Any) -> None:
    from ..._jose import jws  # noqa: PLC0415  loads cryptography

    jws.verify(token, algs=ALGS, keys=jwks)
