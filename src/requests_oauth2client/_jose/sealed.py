"""Values encrypted by this package for itself: a JWE with `dir` and A256GCM (RFC 7516), under keys that are replaced.

Each of the user's keys makes, for each purpose, a content key and a name for it (HKDF, RFC 5869). The name goes into
the header as `kid`, so the key is chosen and not tried, and another purpose's value can't be passed off as this one's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .._core.encoding import b64u_encode
from .._core.values import NotPickled
from . import jwe
from .errors import DecryptionFailed, NoMatchingKey

KEY_SIZE = 32  # bytes, for A256GCM
NAME_SIZE = 9  # bytes: 12 characters
OWNER = b"requests_oauth2client "


class SealingKeys(NotPickled):
    """The keys for one purpose: the first encrypts, each may decrypt.

    Args:
        keys: at least one, of random bytes.
        purpose: what they encrypt.
    """

    def __init__(self, keys: Iterable[bytes], purpose: str) -> None:
        derived = [_derive(key, purpose) for key in keys]
        self._first_name = derived[0][0]
        self._by_name = dict(reversed(derived))
        self._of_2_0 = [jwe.SharedKey(_derive_as_2_0(key, purpose)) for key in keys]

    def encrypt(self, data: bytes) -> bytes:
        """Return the data encrypted: characters of base64url, and dots."""
        key, header = self._by_name[self._first_name], {"kid": self._first_name}
        return jwe.encrypt(data, key, alg="dir", enc="A256GCM", header=header).encode()

    def decrypt(self, sealed: bytes) -> bytes:
        """Return what was encrypted.

        Raises:
            NoMatchingKey: it is under another key.
            DecryptionFailed: it was changed.
            JoseError: it is nothing that was encrypted here.
        """
        kid = jwe.parse_header(sealed).get("kid")
        if kid is None:
            return self._decrypt_of_2_0(sealed)
        if kid not in self._by_name:
            raise NoMatchingKey(_ANOTHER_KEY)
        return _open(sealed, self._by_name[kid])

    def _decrypt_of_2_0(self, sealed: bytes) -> bytes:
        """Decrypt what release 2.0 wrote, which does not name its key."""
        for key in self._of_2_0:
            try:
                return _open(sealed, key)
            except DecryptionFailed:
                continue
        raise NoMatchingKey(_ANOTHER_KEY)


_ANOTHER_KEY = "None of the keys given here encrypted it."


def _open(sealed: bytes, key: jwe.SharedKey) -> bytes:
    return jwe.decrypt(sealed, key, algs=["dir"], encs=["A256GCM"])


def _derive(key: bytes, purpose: str) -> tuple[str, jwe.SharedKey]:
    info = OWNER + purpose.encode()
    octets = HKDF(algorithm=SHA256(), length=KEY_SIZE + NAME_SIZE, salt=None, info=info).derive(key)
    return b64u_encode(octets[KEY_SIZE:]), jwe.SharedKey(octets[:KEY_SIZE])


def _derive_as_2_0(key: bytes, purpose: str) -> bytes:
    return hashlib.sha256(OWNER + purpose.encode() + b"\0" + key).digest()


__all__ = ["SealingKeys"]
