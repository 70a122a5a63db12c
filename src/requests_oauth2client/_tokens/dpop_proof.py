"""What a DPoP proof says, and how it is checked (RFC 9449 sections 4.2 and 4.3).

    target(url) ──► origin and htu      access_token_hash(token) ──► ath
    validate_dpop_proof(proof, ...) ──► DPoPProof, or InvalidDPoPProof for the first rule that it breaks

The check is the server's half: for APIs, and to show in tests that a client's proofs are valid. That a jti comes only
once, its caller has to see to. Knows no key store and no HTTP library.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._core.compare import is_same_secret
from .._core.encoding import PRIVATE_JWK_MEMBERS, b64u_encode
from .._core.redaction import one_line
from .._core.times import timestamp
from .._core.urls import split_url
from .._jose.algs import HMAC, SIGNATURE
from .._jose.claims import check_iat
from ..exceptions import InvalidParam, OAuth2Error

if TYPE_CHECKING:
    from .._jose.jws import ParsedJws

TYP = "dpop+jwt"
DPOP_ALGS = tuple(alg for alg in SIGNATURE if alg not in HMAC)  # RFC 9449 §4.2: none, and symmetric ones, never

_DEFAULT_PORT = {"https": ":443", "http": ":80"}
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")


class InvalidDPoPAlg(InvalidParam):
    """An algorithm is not one for DPoP: symmetric, `none`, or unknown (RFC 9449 section 4.2)."""

    def __init__(self, alg: object) -> None:
        super().__init__(f"alg={one_line(alg)!r} signs no DPoP proof. Use one of {', '.join(DPOP_ALGS)}.")
        self.alg = alg


class InvalidDPoPProof(OAuth2Error, ValueError):
    """A DPoP proof is refused (RFC 9449 section 4.3).

    Attributes:
        proof: the proof that was checked.
    """

    def __init__(self, proof: object, problem: str) -> None:
        super().__init__(description=f"This DPoP proof is refused: {problem}")
        self.proof = proof

    def _text(self) -> str:
        return self.description or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DPoPProof:
    """A DPoP proof that was found good.

    Attributes:
        headers: its JOSE header.
        claims: what it says.
        dpop_jkt: the thumbprint of its key, to be compared with `cnf.jkt` of the access token (RFC 9449 section 6).
    """

    headers: Mapping[str, Any]
    claims: Mapping[str, Any] = field(repr=False)
    dpop_jkt: str


def check_alg(alg: str) -> str:
    """Return an algorithm that a DPoP proof may have.

    Raises:
        InvalidDPoPAlg: it is symmetric, `none` or unknown.
    """
    if alg not in DPOP_ALGS:
        raise InvalidDPoPAlg(alg)
    return alg


def access_token_hash(access_token: str) -> str:
    """Return the `ath` of an access token (RFC 9449 section 4.2)."""
    return b64u_encode(hashlib.sha256(access_token.encode()).digest())


def target(url: Any) -> tuple[str, str]:
    """Return the origin and the `htu` of a URL: without query and fragment (RFC 9449 section 4.2).

    Scheme and host are in lower case, a default port is left out (RFC 3986 sections 6.2.2 and 6.2.3). What HTTP
    libraries do before they send, such as removing dot segments, is not done again.

    Raises:
        InvalidUri: it is no http(s) URL.
    """
    _, parts = split_url(url, name="htu")
    scheme = parts.scheme.lower()
    authority = parts.netloc.rpartition("@")[2].lower().removesuffix(_DEFAULT_PORT[scheme]).removesuffix(":")
    origin = f"{scheme}://{authority}"
    return origin, origin + (parts.path or "/")


def _comparable(url: Any) -> str:
    """Return an htu in which equal addresses are equal texts (RFC 9449 section 4.3)."""
    return _ESCAPE.sub(_unescaped, target(url)[1])


def _unescaped(escape: re.Match[str]) -> str:
    char = chr(int(escape[1], 16))
    return char if _UNRESERVED.fullmatch(char) else escape[0].upper()


def validate_dpop_proof(
    proof: str | bytes,
    *,
    htm: str,
    htu: str,
    ath: str | None = None,
    nonce: str | None = None,
    leeway: float = 60,
    alg: str | None = None,
    algs: Iterable[str] = (),
) -> DPoPProof:
    """Check a DPoP proof as a server does.

    Args:
        proof: the value of the DPoP header.
        htm: the method of the request.
        htu: its URL; query and fragment don't count.
        ath: the hash of the access token that came along, which the proof has to have; None where none came.
        nonce: the nonce that the proof has to have; None where none was given out.
        leeway: seconds that its `iat` may be off, in either direction.
        alg: the only algorithm that is taken.
        algs: or several; by default all asymmetric ones.

    Returns:
        The proof. Its `dpop_jkt` has to be compared with the one that the access token is bound to, and its
        `jti` must be seen for the first time; both is up to the caller.

    Raises:
        InvalidDPoPProof: it breaks one of the rules.
        InvalidDPoPAlg: `alg` or `algs` has one that is no asymmetric one.
        InvalidUri: `htu` is no URL.

    Source: RFC 9449 section 4.3.
    """
    expected_algs = [check_alg(one) for one in ([alg] if alg is not None else list(algs) or DPOP_ALGS)]
    expected_htu = _comparable(htu)
    try:
        parsed = _parsed(proof)
        jwk = _verified(parsed, expected_algs)
        claims = parsed.claims()
        _check_request(claims, htm, expected_htu)
        _check_secret(claims, "nonce", nonce)
        _check_age(claims, leeway)
        _check_secret(claims, "ath", ath)
    except ValueError as wrong:  # a JoseError, an InvalidKey and an InvalidUri are that too
        raise InvalidDPoPProof(proof, str(wrong)) from None
    from .._jose.keys import thumbprint  # noqa: PLC0415  loads cryptography

    return DPoPProof(headers=parsed.header, claims=claims, dpop_jkt=thumbprint(jwk))


def _parsed(proof: str | bytes) -> ParsedJws:
    from .._jose.jws import parse  # noqa: PLC0415  loads cryptography

    parsed = parse(proof)
    if parsed.header.get("typ") != TYP:
        msg = f"its typ is {one_line(parsed.header.get('typ'))!r}, expected {TYP!r}."
        raise ValueError(msg)
    return parsed


def _verified(parsed: ParsedJws, expected: list[str]) -> Mapping[str, Any]:
    from .._jose.keys import verification_key  # noqa: PLC0415  loads cryptography

    if parsed.alg not in expected:
        msg = f"its alg is {one_line(parsed.alg)!r}, expected {expected}."
        raise ValueError(msg)
    jwk = parsed.header.get("jwk")
    if not isinstance(jwk, dict):
        msg = "its header has no jwk."
        raise ValueError(msg)  # noqa: TRY004  what came is wrong, not the argument
    if PRIVATE_JWK_MEMBERS & jwk.keys():
        msg = "its jwk shows a private key, which is now worthless."
        raise ValueError(msg)
    if not verification_key(jwk).verify(parsed.signing_input, parsed.signature, parsed.alg):
        msg = "its signature is not that of the key in its header."
        raise ValueError(msg)
    return jwk


def _check_request(claims: Mapping[str, Any], htm: str, htu: str) -> None:
    if not isinstance(claims.get("jti"), str) or not claims["jti"]:
        msg = "it has no jti."
        raise ValueError(msg)
    if claims.get("htm") != htm:
        msg = f"it is for htm={one_line(claims.get('htm'))!r}, expected {htm!r}."
        raise ValueError(msg)
    if not isinstance(claims.get("htu"), str) or _comparable(claims["htu"]) != htu:
        msg = f"it is for htu={one_line(claims.get('htu'))!r}, expected {htu!r}."
        raise ValueError(msg)


def _check_secret(claims: Mapping[str, Any], name: str, expected: str | None) -> None:
    """Compare secrets; nothing is expected where none was given."""
    if expected is None:
        return
    came = claims.get(name)
    if not is_same_secret(came, expected):
        msg = f"its {name} is {'missing' if came is None else 'another one than expected'}."
        raise ValueError(msg)


def _check_age(claims: Mapping[str, Any], leeway: float) -> None:
    now = timestamp()
    iat = check_iat(claims, now, leeway)
    if iat is not None and iat < now - leeway:
        msg = f"it was made {now - iat:.0f} seconds ago, more than the {leeway:g} that are allowed."
        raise ValueError(msg)
