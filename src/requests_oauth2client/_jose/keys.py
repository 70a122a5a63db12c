"""Keys at work: one that signs, one that verifies, and the right one of a set.

    private JWK, cryptography key, PEM, DER ──► signing_key() ──► SigningKey.sign(data)
    signer object (the key stays elsewhere) ───────┘
    client secret ──► secret_key() ──► SigningKey
    JWKS ──► choose_key(alg, kid, use) ──► JWK ──► verification_key() ──► VerificationKey.verify(data, ...)

RFC 7515, 7517 section 4 (what a key is for). Knows no token and no claims. No message shows key material.
"""

from __future__ import annotations

import functools
import hmac
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol, runtime_checkable

from cryptography.exceptions import InvalidSignature

from .._core.redaction import one_line
from .._core.values import NotPickled
from .algs import ALGS, DEFAULT_SIGNATURE, HMAC, SIGNATURE, same_alg
from .errors import AmbiguousKey, InvalidKey, NoMatchingKey
from .jwk import (
    FOREIGN,
    NEEDED,
    PUBLIC_OPS,
    bare_jwk,
    generate_private_jwk,
    import_any,
    import_jwk,
    kind,
    members_of,
    plain,
    public_jwk,
    public_members,
    secret_octets,
    symmetric_octets,
    thumbprint,
    to_jwk,
)
from .signatures import SCHEMES

MAX_KEYS = 1000  # in a set; each that is broken takes 40 µs to find out
SHOWN_KIDS = 20  # in a message
MAPPING = (dict, Mapping)  # dict first: to ask an abstract class takes ten times as long
OPS = {"sig": ("verify",), "enc": ("encrypt", "wrapKey", "deriveKey", "deriveBits")}  # RFC 7517 section 4.3


@runtime_checkable
class Signer(Protocol):
    """Something that signs with a key it keeps to itself: an HSM, a KMS, an agent."""

    @property
    def public_jwk(self) -> Mapping[str, Any]:
        """The public key, with `kid` and `alg` where they are fixed."""
        ...

    def sign(self, data: bytes, alg: str) -> bytes:
        """Sign; for ES algorithms the raw r and s, not DER (RFC 7518 section 3.4)."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class SigningKey(NotPickled):
    """A key that signs with one algorithm.

    Attributes:
        alg: the JWS algorithm.
        kid: its id, or None.
        public_jwk: its public half with kid and alg; None when it is a secret.
        is_external: whether it is elsewhere, so that signing may take its time.
    """

    alg: str
    kid: str | None = None
    public_jwk: dict[str, Any] | None = None
    is_external: bool = False
    sign: Callable[[bytes], bytes] = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class VerificationKey:
    """A public key, read once."""

    kty: str
    crv: str | None
    native: Any = field(repr=False)  # of cryptography

    def verify(self, data: bytes, signature: bytes, alg: str) -> bool:
        """Tell whether the signature is this key's; False also for an algorithm of another type of key."""
        row = SIGNATURE.get(alg)
        if row is None or not row.fits(self.kty, self.crv):
            return False
        try:
            SCHEMES[alg].check(self.native, signature, data)
        except (InvalidSignature, *FOREIGN):
            return False
        return True


# --- signing ----------------------------------------------------------------------------------------------


def secret_key(secret: str | bytes, alg: str = "HS256", *, kid: str | None = None) -> SigningKey:
    """Make an HMAC key of a shared secret; short ones too, since servers hand those out."""
    digest = HMAC.get(alg)
    octets = secret_octets(secret)
    if digest is None:
        msg = f"A shared secret signs with {', '.join(HMAC)}; got alg={one_line(alg)!r}."
        raise InvalidKey(msg)
    return SigningKey(alg=alg, kid=kid, sign=functools.partial(hmac.digest, octets, digest=digest))


def signing_key(
    key: Any, *, alg: str | None = None, kid: str | None = None, infer_alg: bool = True, symmetric: bool = False
) -> SigningKey:
    """Make a signing key of whatever the caller has.

    Args:
        key: a private JWK (any mapping), a private key of `cryptography` or joserfc, PEM or DER, or a `Signer`.
        alg: the algorithm, where the JWK does not say its own.
        kid: the key's id, where the JWK does not say its own.
        infer_alg: let the type of the key decide where neither says the algorithm.
        symmetric: allow a JWK that is a secret (kty `oct`).

    Raises:
        InvalidKey: a public key, a key for another purpose, or one that does not fit the algorithm.
    """
    if isinstance(key, SigningKey):
        return key
    key = plain(key)
    if not isinstance(key, Mapping) and isinstance(key, Signer):
        return _external_key(key, alg=alg, kid=kid, infer_alg=infer_alg)
    declared = key if isinstance(key, Mapping) else {}
    _check_purpose(declared)
    kid = _text_member(declared, "kid") or kid
    if symmetric and declared.get("kty") == "oct":
        return _oct_key(declared, alg=alg, kid=kid, infer_alg=infer_alg)
    loaded = import_any(key)
    if not loaded.is_private:
        msg = f"This is {kind(key)} with a public key only; signing needs the private one."
        raise InvalidKey(msg)
    public = public_jwk({**declared, **public_members(loaded)})
    alg = _signature_alg(public, alg, infer_alg=infer_alg)
    sign = functools.partial(SCHEMES[alg].sign, loaded.private_key)
    return SigningKey(alg=alg, kid=kid, public_jwk=_named(public, alg, kid), sign=sign)


def _external_key(signer: Signer, *, alg: str | None, kid: str | None, infer_alg: bool) -> SigningKey:
    jwk: Any = signer.public_jwk
    if not isinstance(jwk, Mapping):
        msg = f"The public_jwk of the signer is a {type(jwk).__name__}; expected a mapping."
        raise InvalidKey(msg)
    public = public_jwk(jwk)
    verification_key(public)  # says what is wrong with it, where something is
    kid = _text_member(public, "kid") or kid
    alg = _signature_alg(public, alg, infer_alg=infer_alg)
    sign = functools.partial(_ask, signer, alg=alg)
    return SigningKey(alg=alg, kid=kid, public_jwk=_named(public, alg, kid), is_external=True, sign=sign)


def _named(public: dict[str, Any], alg: str, kid: str | None) -> dict[str, Any]:
    return {**public, "alg": alg} if kid is None else {**public, "kid": kid, "alg": alg}


def _oct_key(jwk: Mapping[str, Any], *, alg: str | None, kid: str | None, infer_alg: bool) -> SigningKey:
    return secret_key(symmetric_octets(jwk), _signature_alg(jwk, alg, infer_alg=infer_alg), kid=kid)


def _text_member(jwk: Mapping[str, Any], name: str) -> str | None:
    value = jwk.get(name)
    if value is None or isinstance(value, str):
        return value
    msg = f"The {name} of this key is a {type(value).__name__}; expected a str (RFC 7517 section 4)."
    raise InvalidKey(msg)


def _check_purpose(jwk: Mapping[str, Any]) -> None:
    use, ops = jwk.get("use"), jwk.get("key_ops")
    if use not in (None, "sig") or (ops is not None and not (isinstance(ops, (list, tuple)) and "sign" in ops)):
        msg = f"This key is for use={one_line(use)!r}, key_ops={one_line(ops)!r}; signing needs 'sig' or 'sign'."
        raise InvalidKey(msg)


def _signature_alg(jwk: Mapping[str, Any], alg: str | None, *, infer_alg: bool) -> str:
    """Decide on the algorithm: what the JWK says, else what the caller says, else what fits."""
    kty, crv = str(jwk["kty"]), jwk.get("crv")
    chosen = _text_member(jwk, "alg") or alg
    if chosen is None and infer_alg:
        chosen = DEFAULT_SIGNATURE.get(str(crv or kty))
    if chosen is None:
        msg = f"This is {kind(jwk)}, which does not say its algorithm, or signs with none. Say which with alg=."
        raise InvalidKey(msg)
    row = SIGNATURE.get(chosen)
    if row is None or not row.fits(kty, crv):
        needs = f"needs an {row.need}" if row else f"is none of {', '.join(SIGNATURE)}"
        msg = f"alg={one_line(chosen)!r} {needs}; this is {kind(jwk)}."
        raise InvalidKey(msg)
    return chosen


def _ask(signer: Signer, data: bytes, *, alg: str) -> bytes:
    """Have a signer sign, and look at what it gives: many give DER."""
    signature = signer.sign(data, alg)
    size = SIGNATURE[alg].size
    if not isinstance(signature, bytes) or not signature or (size and len(signature) != size):
        got = f"{len(signature)} bytes" if isinstance(signature, bytes) else f"a {type(signature).__name__}"
        msg = (
            f"The signer gave {got} for {alg}; expected {size or 'some'} bytes, raw and not DER (RFC 7518 section 3.4)."
        )
        raise InvalidKey(msg)
    return signature


# --- verifying --------------------------------------------------------------------------------------------


def verification_key(jwk: Mapping[str, Any]) -> VerificationKey:
    """Read the public half of a JWK; the same key is read only once.

    Raises:
        InvalidKey: it is no RSA, EC or OKP key, or too weak.
    """
    return _verification_key(*_identity(jwk))


def _identity(jwk: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the whole public key as something to compare and to hash."""
    return tuple(members_of(jwk, private=False).values())


@functools.lru_cache(maxsize=256)  # keyed by the whole public key, so an entry can't be another key's
def _verification_key(kty: str, *values: str) -> VerificationKey:
    members = dict(zip(NEEDED[kty], values, strict=True))
    return VerificationKey(kty, members.get("crv"), import_jwk({"kty": kty, **members}).public_key)


def keys_of(jwks: Any) -> Iterator[Mapping[str, Any]]:
    """Go through the JWKs of a JWKS or of an iterable of keys, or give the one key, as a JWK."""
    if isinstance(jwks, MAPPING):
        found = jwks.get("keys") if "keys" in jwks else [jwks]
    elif isinstance(jwks, Iterable) and not isinstance(jwks, (str, bytes)):
        found = jwks
    else:
        found = [] if jwks is None else [to_jwk(jwks)]
    for key in found if isinstance(found, (list, Iterable)) else ():
        jwk = key if isinstance(key, MAPPING) else plain(key)
        if isinstance(jwk, MAPPING):
            yield jwk


def choose_key(jwks: Any, *, alg: str, kid: str | None = None, use: str = "sig") -> Mapping[str, Any]:
    """Choose the key of a set that an algorithm and a kid ask for; a symmetric one never.

    Args:
        jwks: a mapping with `keys`, an iterable of JWKs, or one public key in any form.
        alg: the algorithm; it decides the type of key.
        kid: the id in the token's header; None when it has none.
        use: "sig" to verify, "enc" to encrypt.

    Raises:
        NoMatchingKey: none fits.
        AmbiguousKey: several do.
    """
    return _choose(jwks, alg, kid, use)[0]


def choose_verification_key(jwks: Any, *, alg: str, kid: str | None = None) -> VerificationKey:
    """Choose as `choose_key` does, and return the key as it was read."""
    return _choose(jwks, alg, kid, "sig")[1]


def _choose(jwks: Any, alg: str, kid: str | None, use: str) -> tuple[Mapping[str, Any], VerificationKey]:
    known = list(itertools.islice(keys_of(jwks), MAX_KEYS + 1))
    if len(known) > MAX_KEYS:
        msg = f"The set has more than {MAX_KEYS} keys, which is no set of keys to choose from."
        raise NoMatchingKey(msg)
    usable: dict[tuple[str, ...], tuple[Mapping[str, Any], VerificationKey]] = {}
    problems: list[InvalidKey] = []
    named = known if kid is None else [jwk for jwk in known if jwk.get("kid") == kid]
    for jwk in named or [jwk for jwk in known if jwk.get("kid") is None]:  # some sets have no kids, though tokens do
        if fits(jwk, alg=alg, use=use):
            try:
                identity = _identity(jwk)
                usable[identity] = jwk, _verification_key(*identity)  # the same key twice is one key
            except InvalidKey as wrong:
                problems.append(wrong)
        if len(usable) > 1:
            break
    if len(usable) != 1:
        sought = f"alg={one_line(alg)!r}, kid={one_line(kid)!r}, use={use!r}"
        _refuse_choice(known, sought, problems, several=bool(usable))
    return next(iter(usable.values()))


def _refuse_choice(
    known: list[Mapping[str, Any]], sought: str, problems: list[InvalidKey], *, several: bool
) -> NoReturn:
    kids = one_line([jwk.get("kid") for jwk in known[:SHOWN_KIDS]])
    if several:
        msg = f"Several keys fit {sought}, and nothing says which; the kids are {kids}. The token needs a kid."
        raise AmbiguousKey(msg)
    why = f" {problems[0]}" if problems else ""
    msg = f"None of {len(known)} keys fits {sought}; the kids are {kids}.{why} Were the keys changed? Fetch them again."
    raise NoMatchingKey(msg)


def fits(jwk: Mapping[str, Any], *, alg: str, use: str) -> bool:
    """Tell whether a JWK says that it can be used so (RFC 7517 sections 4.1 to 4.4)."""
    row, key_ops = ALGS[use].get(alg), jwk.get("key_ops")
    if row is None or jwk.get("kty") == "oct" or not row.fits(jwk.get("kty"), jwk.get("crv")):
        return False
    if jwk.get("alg") is not None and not same_alg(jwk["alg"], alg):
        return False
    if jwk.get("use") not in (None, use):
        return False
    if not isinstance(key_ops, (list, tuple)):
        return key_ops is None
    return any(PUBLIC_OPS.get(op, op) in OPS[use] for op in key_ops if isinstance(op, str))


__all__ = [
    "AmbiguousKey",
    "InvalidKey",
    "NoMatchingKey",
    "Signer",
    "SigningKey",
    "VerificationKey",
    "bare_jwk",
    "choose_key",
    "choose_verification_key",
    "generate_private_jwk",
    "public_jwk",
    "secret_key",
    "signing_key",
    "thumbprint",
    "to_jwk",
    "verification_key",
]
