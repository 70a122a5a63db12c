"""Trust through others: entity statements, and the chain from an OP up to a trust anchor (OpenID Federation 1.0).

    entity configuration (iss = sub, signed with its own keys) ──► statements of superiors about it ──► trust anchor

Each statement is checked here. Fetching them is in `_protocol.metadata.federation`. Metadata policies and
constraints are not applied: a chain that has some is refused, since applying none of them would be the worse answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ._core.redaction import one_line
from ._core.times import now
from ._core.urls import validate_issuer_uri
from ._jose import claims as jwt_claims
from ._jose.algs import HMAC, SIGNATURE
from ._jose.errors import InvalidClaim, InvalidKey, JoseError, MissingClaim
from .exceptions import InvalidAnswer, InvalidParam, OAuth2Error

if TYPE_CHECKING:
    from ._jose.compact import ParsedJws

TYP = "entity-statement+jwt"  # section 3
ALGS = tuple(alg for alg in SIGNATURE if alg not in HMAC)
CLOCK_LEEWAY = 60  # seconds that iat may be in the future, as for ID tokens
MAX_HINTS = 10  # superiors of one entity; a federation has one or two
REGISTRATION_TYPES = frozenset({"automatic"})  # section 12: those that are known here
NOT_APPLIED = ("metadata_policy", "metadata_policy_crit", "constraints", "crit")


class InvalidEntityStatement(InvalidAnswer, ValueError):
    """An entity statement is refused: malformed, of another kind, or not signed by a trusted party (section 3.2)."""


class MissingEntityStatementClaim(InvalidEntityStatement):
    """A claim that every entity statement has to have is not there (section 3.1)."""


class MismatchingEntityStatement(InvalidEntityStatement):
    """An entity statement is by, or about, another entity than the one that was asked for (section 3.2)."""


class ExpiredEntityStatement(InvalidEntityStatement):
    """An entity statement has expired, or was made in the future (section 3.2)."""


class UnsupportedEntityStatement(InvalidEntityStatement):
    """An entity statement demands something that can't be done here, so that it can't be relied on."""


class UnsupportedClientRegistrationTypes(InvalidEntityStatement):
    """The OP registers clients in no way that is known here (section 5.1.3)."""


class MissingTrustChain(OAuth2Error, ValueError):
    """No trust anchor vouches for an entity, directly or through others (section 10)."""

    def __init__(self, entity_id: str, problems: Iterable[str]) -> None:
        self.entity_id = entity_id
        why = "".join(f" {problem}" for problem in problems) or " It names no superior."
        super().__init__(description=f"Nothing leads from {one_line(entity_id)!r} to a trust anchor.{why}")

    def _text(self) -> str:
        return self.description or ""


REFUSALS: dict[str, type[InvalidEntityStatement]] = {  # what a refused claim means; all others: InvalidEntityStatement
    "iss": MismatchingEntityStatement,
    "sub": MismatchingEntityStatement,
    "exp": ExpiredEntityStatement,
    "iat": ExpiredEntityStatement,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class EntityStatement:
    """What one entity says about another, or about itself (section 3).

    Attributes:
        iss: who says it.
        sub: about whom.
        claims: all that is said.
        keys: the JWKS of whom it is about.
    """

    iss: str
    sub: str
    claims: Mapping[str, Any] = field(repr=False)
    keys: Mapping[str, Any] = field(repr=False)
    parsed: ParsedJws = field(repr=False)

    def verify(self, jwks: object) -> None:
        """Check that one of these keys has signed it.

        Raises:
            InvalidEntityStatement: none has.
        """
        from ._jose import jws  # noqa: PLC0415  loads cryptography

        try:
            jws.verify(self.parsed, algs=ALGS, keys=jwks)
        except (JoseError, InvalidKey) as wrong:
            raise _refusal(wrong, self.iss) from wrong

    def metadata(self, entity_type: str) -> Mapping[str, Any]:
        """Return the metadata for a type of entity, such as `openid_provider`; empty where there are none.

        Raises:
            InvalidEntityStatement: they are no objects.
        """
        found = self.claims.get("metadata") or {}
        members = (found.get(entity_type) or {}) if isinstance(found, Mapping) else None
        if not isinstance(members, Mapping):
            msg = f"The metadata that {self.iss} states about {self.sub} are no objects."
            raise InvalidEntityStatement(description=msg)
        return members

    @property
    def authority_hints(self) -> list[str]:
        """The superiors that may vouch for it.

        Raises:
            InvalidEntityStatement: they are no list of texts, or too many.
        """
        hints = self.claims.get("authority_hints", [])
        if not isinstance(hints, list) or len(hints) > MAX_HINTS or not all(isinstance(hint, str) for hint in hints):
            msg = f"The authority_hints of {self.sub} are {one_line(hints)}, expected up to {MAX_HINTS} texts."
            raise InvalidEntityStatement(description=msg)
        return hints


def read_entity_statement(jwt: object, *, iss: str, sub: str, second: float) -> EntityStatement:
    """Take an entity statement apart and check it. `verify` checks its signature.

    Args:
        jwt: the compact JWT.
        iss: who has to have made it.
        sub: whom it has to be about.
        second: the time, in seconds since 1970.

    Raises:
        InvalidEntityStatement: or one of its subclasses, each for one rule.

    Source: OpenID Federation 1.0 sections 3.1 and 3.2.
    """
    from ._jose import jws  # noqa: PLC0415  loads cryptography

    try:
        parsed = jws.parse(jwt)
        claims = parsed.claims()
        if parsed.header.get("typ") != TYP or not parsed.kid:
            msg = f"It says typ={one_line(parsed.header.get('typ'))!r}, expected {TYP!r}, and a kid."
            raise InvalidEntityStatement(description=msg)
        jwt_claims.check_equal(claims, "iss", iss)
        jwt_claims.check_equal(claims, "sub", sub)
        jwt_claims.check_iat(claims, second, CLOCK_LEEWAY)
        jwt_claims.check_exp(claims, second)
    except JoseError as wrong:
        raise _refusal(wrong, iss) from wrong
    if demanded := [name for name in NOT_APPLIED if name in claims]:
        msg = f"The statement of {iss} about {sub} has {', '.join(demanded)}, which can't be applied here."
        raise UnsupportedEntityStatement(description=msg)
    return EntityStatement(iss=iss, sub=sub, claims=claims, keys=_keys(claims, iss), parsed=parsed)


def _keys(claims: Mapping[str, Any], iss: str) -> Mapping[str, Any]:
    jwks = claims.get("jwks")
    if jwks is None:
        msg = f"The entity statement of {iss} has no jwks."
        raise MissingEntityStatementClaim(description=msg)
    if not isinstance(jwks, Mapping) or not isinstance(jwks.get("keys"), list) or not jwks["keys"]:
        msg = f"The jwks in the entity statement of {iss} is no JWKS with keys."
        raise InvalidEntityStatement(description=msg)
    return jwks


def _refusal(wrong: JoseError | InvalidKey, iss: str) -> InvalidEntityStatement:
    kind = REFUSALS.get(wrong.claim, InvalidEntityStatement) if isinstance(wrong, InvalidClaim) else None
    kind = MissingEntityStatementClaim if isinstance(wrong, MissingClaim) else kind or InvalidEntityStatement
    return kind(description=f"The entity statement of {iss} is refused. {wrong}")


def provider_metadata(chain: Iterable[EntityStatement]) -> dict[str, Any]:
    """Return the metadata of the OP that a trust chain begins with; what its superior says of it goes first.

    Args:
        chain: the entity configuration of the OP, then the statements of its superiors, from below.

    Raises:
        UnsupportedClientRegistrationTypes: it registers clients in no way that is known here.
        MissingEntityStatementClaim: it is not an OP.

    Source: OpenID Federation 1.0 sections 5.1.3 and 6.1.4.
    """
    own, *above = chain
    superior = above[0].metadata("openid_provider") if above else {}
    found = {**own.metadata("openid_provider"), **superior}
    if not found:
        msg = f"{own.sub} states no metadata of an openid_provider, so it is not an OP."
        raise MissingEntityStatementClaim(description=msg)
    types = found.get("client_registration_types_supported")
    if not isinstance(types, list) or not REGISTRATION_TYPES & {one for one in types if isinstance(one, str)}:
        msg = (
            f"{own.sub} states client_registration_types_supported={one_line(types)}, expected one of"
            f" {sorted(REGISTRATION_TYPES)} among them."
        )
        raise UnsupportedClientRegistrationTypes(description=msg)
    return found


def trusted(trust_anchors: Mapping[str, Any], *, testing: bool = False) -> dict[str, Any]:
    """Check the trust anchors: their entity identifiers, each with its JWKS.

    Raises:
        InvalidParam: there is none, or one has no keys.
        InvalidIssuer: one is no https URL.
    """
    known = {validate_issuer_uri(name, https=not testing): jwks for name, jwks in trust_anchors.items()}
    if not known or not all(isinstance(jwks, Mapping) and jwks.get("keys") for jwks in known.values()):
        msg = "trust_anchors= needs at least one entity identifier, and a JWKS for each: they are where trust begins."
        raise InvalidParam(msg)
    return known


def entity_configuration(
    entity_id: str,
    private_jwk: object,
    *,
    metadata: Mapping[str, Any],
    authority_hints: Iterable[str],
    lifetime: float = 86_400,
    alg: str | None = None,
) -> str:
    """Make the entity configuration of a client, to be served at `/.well-known/openid-federation` behind its id.

    Args:
        entity_id: the client's entity identifier, which is its client_id.
        private_jwk: the client's federation key: a JWK with a kid, or whatever else signs.
        metadata: by entity type: `{"openid_relying_party": {...}}`.
        authority_hints: the superiors that vouch for the client.
        lifetime: seconds for which it is good.
        alg: the JWS algorithm, where the key does not say it.

    Returns:
        A signed JWT; serve it as `application/entity-statement+jwt`.

    Raises:
        InvalidKey: the key can't sign, or has no kid.

    Source: OpenID Federation 1.0 sections 3 and 9.
    """
    from ._jose import jws, keys  # noqa: PLC0415  loads cryptography

    key = keys.signing_key(private_jwk, alg=alg)
    if not key.kid:
        msg = "A federation key needs a kid (OpenID Federation section 3.1)."
        raise InvalidKey(msg)
    second = int(now().timestamp())
    claims = {
        "iss": entity_id,
        "sub": entity_id,
        "iat": second,
        "exp": second + int(lifetime),
        "jwks": {"keys": [key.public_jwk]},
        "authority_hints": list(authority_hints),
        "metadata": metadata,
    }
    return jws.sign(claims, key, header={"typ": TYP})


__all__ = [
    "EntityStatement",
    "ExpiredEntityStatement",
    "InvalidEntityStatement",
    "MismatchingEntityStatement",
    "MissingEntityStatementClaim",
    "MissingTrustChain",
    "UnsupportedClientRegistrationTypes",
    "UnsupportedEntityStatement",
    "entity_configuration",
    "provider_metadata",
    "read_entity_statement",
]
