"""ID tokens that are wrong: a case for each rule of OIDC Core section 3.1.3.7 that a client has to check."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from .. import _jose
from .._core.encoding import b64u_encode
from .._core.times import timestamp
from .._jose.keys import generate_private_jwk, signing_key

if TYPE_CHECKING:
    from .keys import ServerKeys

ELSEWHERE = "https://evil.test"
Sign = Callable[["Signer", dict[str, Any], str], str]


class Signer(Protocol):
    """What signs ID tokens."""

    issuer: str
    keys: ServerKeys


@dataclass(kw_only=True)
class Liar:
    """What the server says that is not true. Nothing, unless it is told to.

    Attributes:
        claims: replace those of ID tokens; None leaves one out.
        sign: makes the JWT of the claims.
        issuer: the `iss` of callbacks.
    """

    server: Signer
    claims: dict[str, Any] = field(default_factory=dict)
    sign: Sign | None = None
    issuer: str | None = None

    @property
    def callback_issuer(self) -> str:
        """The `iss` of callbacks (RFC 9207)."""
        return self.issuer or self.server.issuer

    def id_token(self, claims: Mapping[str, Any], alg: str) -> str:
        """Sign an ID token, with what is not true in it."""
        said = {name: value for name, value in {**claims, **self.claims}.items() if value is not None}
        if self.sign is not None:
            return self.sign(self.server, said, alg)
        return self.server.keys.sign(said, alg=alg)


def _by_another_key(_server: Signer, claims: dict[str, Any], alg: str) -> str:
    """Sign with a key that is not published, under the kid of one that is."""
    kid = _server.keys.key(alg).kid
    return _jose.jws.sign(claims, signing_key(generate_private_jwk(alg, kid=kid), alg=alg), header={"typ": "JWT"})


def _unsigned(_server: Signer, claims: dict[str, Any], _alg: str) -> str:
    return f"{b64u_encode(json.dumps({'alg': 'none'}))}.{b64u_encode(json.dumps(claims))}."


def _other_alg(server: Signer, claims: dict[str, Any], alg: str) -> str:
    return server.keys.sign(claims, alg="ES256" if alg != "ES256" else "RS256")


@dataclass(frozen=True, kw_only=True)
class Lie:
    """One wrong ID token.

    Attributes:
        rule: which rule of OIDC Core section 3.1.3.7 it breaks, in a word.
        claims: what it says that is not true, or a function that returns it when the token is made.
        sign: how it is signed, where that is what is wrong.
    """

    rule: str
    claims: Callable[[], dict[str, Any]] = dict
    sign: Sign | None = None


LIES = (
    Lie(rule="issuer", claims=lambda: {"iss": ELSEWHERE}),
    Lie(rule="missing_issuer", claims=lambda: {"iss": None}),
    Lie(rule="audience", claims=lambda: {"aud": "another-client"}),
    Lie(rule="missing_audience", claims=lambda: {"aud": None}),
    Lie(rule="authorized_party", claims=lambda: {"azp": "another-client"}),
    Lie(rule="signature", sign=_by_another_key),
    Lie(rule="unsigned", sign=_unsigned),
    Lie(rule="alg", sign=_other_alg),
    Lie(rule="expiry", claims=lambda: {"exp": int(timestamp()) - 3600, "iat": int(timestamp()) - 7200}),
    Lie(rule="missing_expiry", claims=lambda: {"exp": None}),
    Lie(rule="issued_at", claims=lambda: {"iat": int(timestamp()) + 3600}),
    Lie(rule="missing_issued_at", claims=lambda: {"iat": None}),
    Lie(rule="nonce", claims=lambda: {"nonce": secrets.token_hex(8)}),
    Lie(rule="missing_nonce", claims=lambda: {"nonce": None}),
    Lie(rule="subject", claims=lambda: {"sub": None}),
    Lie(rule="access_token_hash", claims=lambda: {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}),
)
