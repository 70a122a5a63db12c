"""The keyring of the user's system: macOS Keychain, Windows Credential Locker, Secret Service, KWallet.

The one module that knows the library `keyring` (the extra "keyring").
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

try:
    import keyring
    import keyring.backend
except ImportError as missing:
    _msg = (
        "The system keyring needs the library keyring, which is not installed: install it with the extra 'keyring',"
        " that is requests_oauth2client[keyring]."
    )
    raise ImportError(_msg) from missing

from .._core.encoding import b64u_decode, b64u_encode
from ._user_files import FileLocks, state_folder
from .base import StoreCorrupted, StoreUnavailable

SERVICE = "requests_oauth2client"
KEY_NAME = "key of token files"
KEY_SIZE = 32  # bytes
RECOMMENDED = 1  # the priority from which `keyring` itself calls a backend safe: below are none, and plain files
WAIT = 60  # seconds for another process to make the key: its user may be asked to unlock the keyring


class SystemKeyring:
    """Texts under a name, as a backend of `keyring` keeps them.

    Args:
        backend: the backend; by default the one that `keyring` finds best.
    """

    def __init__(self, backend: keyring.backend.KeyringBackend | None = None) -> None:
        with _explained():
            self._backend = keyring.get_keyring() if backend is None else backend
            self.is_safe = bool(self._backend.priority >= RECOMMENDED)

    @property
    def name(self) -> str:
        """The kind of keyring, for messages."""
        return f"{type(self._backend).__module__}.{type(self._backend).__qualname__}"

    def read(self, service: str, name: str) -> str | None:
        """Return a text, or None."""
        with _explained():
            return self._backend.get_password(service, name)

    def write(self, service: str, name: str, text: str) -> None:
        """Keep a text."""
        with _explained():
            self._backend.set_password(service, name, text)

    def remove(self, service: str, name: str) -> None:
        """Drop a text, if it is there."""
        with _explained():
            if self._backend.get_password(service, name) is not None:
                self._backend.delete_password(service, name)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except Exception as problem:  # noqa: BLE001  backends raise what the system's own library does
        msg = f"The system keyring can't be used ({type(problem).__name__}). Is it locked, or is nobody logged in?"
        raise StoreUnavailable(msg) from None


def key_in_keyring() -> bytes | None:
    """Return the key of this user's token files, made now if there is none; None without a safe keyring.

    Raises:
        StoreUnavailable: the keyring is there, but does not answer.
        StoreCorrupted: what it holds as key is none.
    """
    system = SystemKeyring()
    if not system.is_safe:
        return None
    text = system.read(SERVICE, KEY_NAME)
    if text is None:
        with FileLocks(state_folder()).hold("key", WAIT):  # of two processes, one makes it
            text = system.read(SERVICE, KEY_NAME)
            if text is None:
                system.write(SERVICE, KEY_NAME, b64u_encode(secrets.token_bytes(KEY_SIZE)))
                text = system.read(SERVICE, KEY_NAME)
    return _read_key(text)


def _read_key(text: str | None) -> bytes:
    try:
        key = b64u_decode(text or "")
    except ValueError:
        key = b""
    if len(key) != KEY_SIZE:
        msg = f"The system keyring gives no key under {KEY_NAME!r} of {SERVICE!r}. Delete it there, and log in again."
        raise StoreCorrupted(msg)
    return key
