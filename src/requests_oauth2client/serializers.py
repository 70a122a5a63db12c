"""Tokens, authorization requests and DPoP keys as bytes, to keep between two requests or two runs.

    TokenSerializer AuthorizationRequestSerializer DPoPKeySerializer
        without a key: JSON, deflated, base64url. Whoever reads it can use it
        with a key:    JSON in a JWE (RFC 7516, `dir` with A256GCM). Whoever has no key can neither read nor change it

What is loaded is untrusted: bounded before and after inflating, and made by the constructor of its class. The
class of a token is never taken from the data, only chosen among those that the serializer was made for. Knows no
place to store.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from ._core.encoding import b64u_decode, b64u_encode
from ._core.messages import parse_json_object
from ._core.values import NotPickled
from ._tokens.bearer import BearerToken
from .authorization_request import AuthorizationRequest
from .dpop import DPoPKey, DPoPToken
from .exceptions import InvalidParam

V = TypeVar("V")

MAX_SIZE = 1 << 20  # bytes, deflated or not; the largest tokens, with hundreds of groups, have some 50 000
MIN_KEY_SIZE = 32  # bytes, of randomness: A256GCM needs as many


class InvalidSerializedValue(InvalidParam):
    """What should be loaded is not what this serializer makes, was changed, or is under another key."""


def checked_keys(key: bytes | Iterable[bytes] | None) -> tuple[bytes, ...] | None:
    """Return one or several keys as a tuple.

    Raises:
        InvalidParam: there is none, or one is too short.
    """
    if key is None:
        return None
    keys = (key,) if isinstance(key, bytes) else tuple(key)
    if not keys or not all(isinstance(one, bytes) and len(one) >= MIN_KEY_SIZE for one in keys):
        msg = f"A key is at least {MIN_KEY_SIZE} random bytes, for instance of secrets.token_bytes(32)."
        raise InvalidParam(msg)
    return keys


class Serializer(NotPickled, Generic[V]):
    """Base of the serializers.

    Args:
        key: 32 random bytes or more, or several of them: the first encrypts, each may decrypt, so that keys can be
            replaced one after the other. None: nothing is encrypted, so keep the result where secrets may be kept.

    Raises:
        InvalidParam: a key is too short.
    """

    kind: ClassVar[str]

    def __init__(self, key: bytes | Iterable[bytes] | None = None) -> None:
        self._keys = [self._derived(one) for one in checked_keys(key) or ()]

    def _derived(self, key: bytes) -> bytes:
        """Make a key of its own for each kind of value, so that one can't be passed off as another."""
        return hashlib.sha256(b"requests_oauth2client " + self.kind.encode() + b"\0" + key).digest()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'with' if self._keys else 'without'} encryption>"

    def fields_of(self, value: V) -> Mapping[str, Any]:
        """Return what makes a value again, as JSON knows it."""
        raise NotImplementedError

    def value_of(self, fields: dict[str, Any]) -> V:
        """Make a value again."""
        raise NotImplementedError

    def dumps(self, value: V) -> bytes:
        """Return a value as bytes, all of them of the base64url alphabet or dots."""
        text = json.dumps(dict(self.fields_of(value)), separators=(",", ":"), default=_as_json).encode()
        if not self._keys:
            return b64u_encode(zlib.compress(text)).encode()
        from ._jose import jwe  # noqa: PLC0415  loads cryptography

        return jwe.encrypt(text, jwe.SharedKey(self._keys[0]), alg="dir", enc="A256GCM").encode()

    def loads(self, serialized: str | bytes) -> V:
        """Make a value of what `dumps` returned.

        Raises:
            InvalidSerializedValue: it is something else, was changed, or is under another key.
        """
        data = serialized.encode() if isinstance(serialized, str) else bytes(serialized)
        problem = f"is larger than {MAX_SIZE} bytes"
        if len(data) <= MAX_SIZE:
            try:
                return self.value_of(parse_json_object(self._decrypted(data) if self._keys else _inflated(data)))
            except (ValueError, TypeError, LookupError, zlib.error) as wrong:
                problem = f"can't be read ({type(wrong).__name__})"
        msg = f"This {self.kind} {problem}: it was changed, made by something else, or is under another key."
        raise InvalidSerializedValue(msg) from None

    def _decrypted(self, data: bytes) -> bytes:
        from ._jose import errors, jwe  # noqa: PLC0415  loads cryptography

        for key in self._keys:
            try:
                return jwe.decrypt(data, jwe.SharedKey(key), algs=["dir"], encs=["A256GCM"])
            except errors.DecryptionFailed:
                continue
        msg = "no key opens it"
        raise ValueError(msg)


def _inflated(data: bytes) -> bytes:
    inflate = zlib.decompressobj()
    text = inflate.decompress(b64u_decode(data), MAX_SIZE)
    if inflate.unconsumed_tail or not inflate.eof or inflate.unused_data:
        msg = f"more than {MAX_SIZE} bytes, or not whole"
        raise ValueError(msg)
    return text


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return int(value.timestamp())
    if isinstance(value, Mapping):
        return dict(value)
    msg = f"A {type(value).__name__} can't be serialized. Use str, numbers, bool, None, lists and dicts."
    raise InvalidParam(msg)


def _key_fields(key: DPoPKey | None) -> Mapping[str, Any] | None:
    return None if key is None else DPoPKeySerializer().fields_of(key)


class TokenSerializer(Serializer[BearerToken]):
    """Serializes tokens: `BearerToken`, `DPoPToken` with its key, or a class of yours.

    An ID token comes back unchecked: validate it again before you rely on it.

    Args:
        key: as for all serializers.
        token_class: what tokens without a DPoP key become.
    """

    kind = "token"

    def __init__(
        self, key: bytes | Iterable[bytes] | None = None, *, token_class: type[BearerToken] = BearerToken
    ) -> None:
        super().__init__(key)
        self.token_class = token_class

    def fields_of(self, value: BearerToken) -> Mapping[str, Any]:
        """Return the fields of a token."""
        fields = value.as_dict()
        return {**fields, "dpop_key": _key_fields(fields["dpop_key"])} if "dpop_key" in fields else fields

    def value_of(self, fields: dict[str, Any]) -> BearerToken:
        """Make a token again."""
        key = fields.pop("dpop_key", None)
        if key is None:
            return self.token_class(**fields)
        return DPoPToken(**fields, dpop_key=DPoPKeySerializer().value_of(key))


class AuthorizationRequestSerializer(Serializer[AuthorizationRequest]):
    """Serializes authorization requests, for a web application to keep in the user's session until the callback."""

    kind = "authorization request"

    def fields_of(self, value: AuthorizationRequest) -> Mapping[str, Any]:
        """Return the arguments of a request."""
        fields = value.as_dict()
        return {**fields, "dpop_key": _key_fields(fields.get("dpop_key"))}

    def value_of(self, fields: dict[str, Any]) -> AuthorizationRequest:
        """Make a request again."""
        key = fields.pop("dpop_key", None)
        return AuthorizationRequest(**fields, dpop_key=None if key is None else DPoPKeySerializer().value_of(key))


class DPoPKeySerializer(Serializer[DPoPKey]):
    """Serializes DPoP keys: the private key, and what its user chose. Nonces are learned anew."""

    kind = "DPoP key"

    def fields_of(self, value: DPoPKey) -> Mapping[str, Any]:
        """Return the private JWK and the settings of a key."""
        from ._jose.keys import to_jwk  # noqa: PLC0415  loads cryptography

        return {"private_key": to_jwk(value.private_key), "alg": value.alg}

    def value_of(self, fields: dict[str, Any]) -> DPoPKey:
        """Make a key again."""
        return DPoPKey(fields["private_key"], alg=fields["alg"])


__all__ = [
    "AuthorizationRequestSerializer",
    "DPoPKeySerializer",
    "InvalidSerializedValue",
    "Serializer",
    "TokenSerializer",
]
