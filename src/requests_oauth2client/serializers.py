"""Tokens, authorization requests and DPoP keys as bytes, to keep between two requests or two runs.

    TokenSerializer AuthorizationRequestSerializer DPoPKeySerializer
        without a key: JSON, deflated, base64url. Anyone who reads it can use it
        with a key:    JSON in a JWE (`_jose/sealed`). Without the key it can't be read or changed

What is loaded is untrusted: its size is limited before and after inflating, and the constructor of its class checks it.
The class of a token is never taken from the data, but is one that the serializer was made for. Knows no place to store.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from ._core.encoding import b64u_decode, b64u_encode
from ._core.messages import parse_json_object
from ._core.values import NotPickled
from ._jose.errors import NoMatchingKey
from ._tokens.bearer import BearerToken
from .exceptions import InvalidParam, OAuth2Error

if TYPE_CHECKING:
    from ._jose.sealed import SealingKeys
    from .authorization_request import AuthorizationRequest
    from .dpop import DPoPKey

V = TypeVar("V")

MAX_SIZE = 1 << 20  # bytes, deflated or not; the largest tokens, with hundreds of groups, have some 50 000
MIN_KEY_SIZE = 32  # bytes, of randomness: A256GCM needs as many


class InvalidSerializedValue(InvalidParam):
    """What should be loaded was not made by this serializer, was changed, or is encrypted with another key."""


class MismatchingSerializerKey(InvalidSerializedValue):
    """What should be loaded is encrypted with another key than those of this serializer."""


def checked_keys(key: bytes | Iterable[bytes] | None) -> tuple[bytes, ...] | None:
    """Return one or several keys as a tuple.

    Raises:
        InvalidParam: one is not bytes, or too short, or there are none in what was passed.
    """
    if key is None:
        return None
    keys: tuple[object, ...] = (key,) if isinstance(key, (bytes, str)) else tuple(key)
    if not keys:
        msg = f"key= holds no key. {_A_KEY_IS}"
        raise InvalidParam(msg)
    for one in keys:
        if not isinstance(one, bytes):
            msg = f"A key is bytes, got {type(one).__name__}: decode it, if it is hex or base64. {_A_KEY_IS}"
            raise InvalidParam(msg)
        if len(one) < MIN_KEY_SIZE:
            msg = f"This key has {len(one)} bytes. {_A_KEY_IS}"
            raise InvalidParam(msg)
    return tuple(one for one in keys if isinstance(one, bytes))


_A_KEY_IS = f"A key is at least {MIN_KEY_SIZE} random bytes, for instance secrets.token_bytes({MIN_KEY_SIZE})."


class Serializer(NotPickled, Generic[V]):
    """Base of the serializers.

    Args:
        key: 32 random bytes or more, or several such keys: the first encrypts, each may decrypt, so that a new key
            can be put before the old one. None: nothing is encrypted, so keep the result where secrets may be kept.

    Raises:
        InvalidParam: a key is too short.
    """

    kind: ClassVar[str]

    def __init__(self, key: bytes | Iterable[bytes] | None = None) -> None:
        self._keys = checked_keys(key) or ()

    @cached_property
    def _sealing(self) -> SealingKeys:
        """What encrypts and decrypts this kind of value; the library is loaded when it is first needed."""
        from ._jose.sealed import SealingKeys  # noqa: PLC0415  loads cryptography

        return SealingKeys(self._keys, self.kind)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'with' if self._keys else 'without'} encryption>"

    def fields_of(self, value: V) -> Mapping[str, Any]:
        """Return the fields that a value can be made from again, as JSON knows them."""
        raise NotImplementedError

    def value_of(self, fields: dict[str, Any]) -> V:
        """Make a value from its fields again."""
        raise NotImplementedError

    def dumps(self, value: V) -> bytes:
        """Return a value as bytes: characters of base64url, and dots."""
        text = json.dumps(dict(self.fields_of(value)), separators=(",", ":"), default=_as_json).encode()
        return self._sealing.encrypt(text) if self._keys else b64u_encode(zlib.compress(text)).encode()

    def loads(self, serialized: str | bytes) -> V:
        """Make a value from what `dumps` returned.

        Raises:
            MismatchingSerializerKey: it is encrypted with another key.
            InvalidSerializedValue: it was made by something else, or was changed.
        """
        try:
            data = _octets(serialized)
            return self.value_of(parse_json_object(self._sealing.decrypt(data) if self._keys else _inflated(data)))
        except NoMatchingKey:
            msg = (
                f"This {self.kind} is encrypted with another key than those given here. Pass the key that it was"
                " encrypted with as a further one, key=[this one, that one], or discard it."
            )
            raise MismatchingSerializerKey(msg) from None
        except _UNREADABLE as wrong:
            problem = type(wrong).__name__
        msg = f"This {self.kind} can't be read ({problem}): it was changed, or made by something else. Discard it."
        raise InvalidSerializedValue(msg) from None


# What reading bytes and calling a constructor with anything raises; of a class of the user's, too.
_UNREADABLE = (
    OAuth2Error,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    zlib.error,
)


def _octets(serialized: object) -> bytes:
    if not isinstance(serialized, (str, bytes, bytearray, memoryview)):
        msg = f"expected a string or bytes, got {type(serialized).__name__}"
        raise TypeError(msg)
    data = serialized.encode() if isinstance(serialized, str) else bytes(serialized)
    if len(data) > MAX_SIZE:
        msg = f"larger than {MAX_SIZE} bytes"
        raise ValueError(msg)
    return data


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
        token_class: the class of tokens without a DPoP key.
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
        from .dpop import DPoPToken  # noqa: PLC0415  for programs that use DPoP

        return DPoPToken(**fields, dpop_key=DPoPKeySerializer().value_of(key))


class AuthorizationRequestSerializer(Serializer["AuthorizationRequest"]):
    """Serializes authorization requests, for a web application to keep in the user's session until the callback."""

    kind = "authorization request"

    def fields_of(self, value: AuthorizationRequest) -> Mapping[str, Any]:
        """Return the arguments of a request."""
        fields = value.as_dict()
        return {**fields, "dpop_key": _key_fields(fields.get("dpop_key"))}

    def value_of(self, fields: dict[str, Any]) -> AuthorizationRequest:
        """Make a request again."""
        from .authorization_request import AuthorizationRequest  # noqa: PLC0415  for programs that log users in

        key = fields.pop("dpop_key", None)
        return AuthorizationRequest(**fields, dpop_key=None if key is None else DPoPKeySerializer().value_of(key))


class DPoPKeySerializer(Serializer["DPoPKey"]):
    """Serializes DPoP keys: the private key and its algorithm. Nonces are learned again."""

    kind = "DPoP key"

    def fields_of(self, value: DPoPKey) -> Mapping[str, Any]:
        """Return the private JWK and the settings of a key."""
        from ._jose.keys import to_jwk  # noqa: PLC0415  loads cryptography

        return {"private_key": to_jwk(value.private_key), "alg": value.alg}

    def value_of(self, fields: dict[str, Any]) -> DPoPKey:
        """Make a key again."""
        from .dpop import DPoPKey  # noqa: PLC0415  for programs that use DPoP

        return DPoPKey(fields["private_key"], alg=fields["alg"])


__all__ = [
    "AuthorizationRequestSerializer",
    "DPoPKeySerializer",
    "InvalidSerializedValue",
    "MismatchingSerializerKey",
    "Serializer",
    "TokenSerializer",
]
