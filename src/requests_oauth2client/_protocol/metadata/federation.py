"""Building a trust chain: from an OP through its superiors up to a trust anchor (OpenID Federation 1.0 section 10).

    configuration of the OP ──► hint ──► configuration of that superior ──► its statement about the OP ──► ... anchor

Each is a public GET. Statements are checked in `federation`; a path that breaks is left for the next one. Bounded in
depth and in number. Knows no client: there is none yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from ..._core.effects import Now, Steps
from ..._core.messages import media_type
from ..._core.redaction import one_line
from ..._core.urls import validate_discovered_uri, validate_issuer_uri
from ...discovery import well_known_uri
from ...exceptions import OAuth2Error
from ...federation import (
    EntityStatement,
    InvalidEntityStatement,
    MissingEntityStatementClaim,
    MissingTrustChain,
    provider_metadata,
    read_entity_statement,
    trusted,
)
from ..http.limits import FetchLimits
from . import discovery, documents

ACCEPT = "application/entity-statement+jwt"
MAX_DEPTH = 5  # superiors above the OP; a federation has one or two
MAX_FETCHES = 30  # statements for one chain


@dataclass
class Search:
    """What a search for a chain knows: whom to trust, and how much it has asked."""

    limits: FetchLimits
    anchors: Mapping[str, Any]
    fetched: int = 0
    problems: list[str] = field(default_factory=list)


def provider_arguments(limits: FetchLimits, entity_id: Any, trust_anchors: Mapping[str, Any]) -> Steps[dict[str, Any]]:
    """Return the arguments of a client of an OP that a trust anchor vouches for; see `OAuth2Client.from_federation`."""
    sought = validate_issuer_uri(entity_id, https=not limits.testing)
    search = Search(limits, trusted(trust_anchors, testing=limits.testing))
    own = yield from _configuration(search, sought)
    chain = yield from _upwards(search, own, (sought,))
    if chain is None:
        raise MissingTrustChain(sought, search.problems)
    document = provider_metadata([own, *chain])
    jwks = document.pop("jwks", None)
    known = discovery.client_arguments(document, issuer=sought, testing=limits.testing)
    if jwks is None and known.get("jwks_uri") is None:
        msg = f"{sought} states neither jwks nor jwks_uri for its openid_provider."
        raise MissingEntityStatementClaim(description=msg)
    return known if jwks is None else {**known, "jwks_uri": None, "authorization_server_jwks": jwks}


def _upwards(search: Search, own: EntityStatement, below: tuple[str, ...]) -> Steps[list[EntityStatement] | None]:
    """Return the statements from above an entity, from below; None where no anchor is reached."""
    if own.sub in search.anchors:
        own.verify(search.anchors[own.sub])
        return []
    for hint in own.authority_hints if len(below) <= MAX_DEPTH else ():
        if hint in below:  # section 10.1: a loop
            continue
        try:
            chain = yield from _through(search, own, hint, below)
        except OAuth2Error as broken:
            search.problems.append(str(broken))
            continue
        if chain is not None:
            return chain
    return None


def _through(
    search: Search, own: EntityStatement, hint: str, below: tuple[str, ...]
) -> Steps[list[EntityStatement] | None]:
    """Return the statements of one superior, and of those above it."""
    https = not search.limits.testing
    validate_discovered_uri(f"{hint}/", source=own.sub, https=https, name="authority_hint")
    superior = yield from _configuration(search, validate_issuer_uri(hint, https=https))
    above = yield from _upwards(search, superior, (*below, superior.sub))
    if above is None:
        return None
    endpoint = superior.metadata("federation_entity").get("federation_fetch_endpoint")
    url = validate_discovered_uri(endpoint, source=superior.sub, https=https, name="federation_fetch_endpoint")
    joint = "&" if "?" in url else "?"
    fetch = f"{url}{joint}{urlencode({'sub': own.sub})}"  # section 8.1.1
    statement = yield from _fetch(search, fetch, iss=superior.sub, sub=own.sub)
    statement.verify(superior.keys)
    own.verify(statement.keys)  # section 10.2: the keys that the superior vouches for have signed it
    return [statement, *above]


def _configuration(search: Search, entity_id: str) -> Steps[EntityStatement]:
    """Get what an entity says about itself, signed with its own keys (section 9)."""
    url = well_known_uri(entity_id, "openid-federation", at_root=False)
    statement = yield from _fetch(search, url, iss=entity_id, sub=entity_id)
    statement.verify(statement.keys)
    return statement


def _fetch(search: Search, url: str, *, iss: str, sub: str) -> Steps[EntityStatement]:
    search.fetched += 1
    if search.fetched > MAX_FETCHES:
        msg = f"More than {MAX_FETCHES} statements were needed; the search ends."
        raise InvalidEntityStatement(description=msg)
    response = yield from documents.get(search.limits, url, accept=ACCEPT, invalid=InvalidEntityStatement)
    kind = media_type(response)
    if response.status_code != documents.OK or kind != ACCEPT:
        msg = f"Expected an entity statement, with status {documents.OK} as {ACCEPT}; got {one_line(kind)}."
        raise InvalidEntityStatement(response=response, description=msg)
    second = (yield Now()).timestamp()
    return read_entity_statement(bytes(response.content), iss=iss, sub=sub, second=second)
