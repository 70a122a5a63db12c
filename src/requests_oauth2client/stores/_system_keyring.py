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

    from ._user_files import FileLocks, state_folder
except ImportError as missing:
    _msg = (
        "The system keyring needs the libraries keyring, filelock and platformdirs, and one is not installed: install"
        " them with the extra 'keyring', that is requests_oauth2client[keyring]."
    )
    raise ImportError(_msg) from missing

from .._core.encoding import b64u_decode, b64u_encode
from .base import StoreCorrupted, StoreUnavailable

SERVICE = "requests_oauth2client"
KEY_NAME = "key of token files"
KEY_SIZE = 32  # bytes
SAFE_PRIORITY = 1  # the priority from which `keyring` itself calls a backend safe: below are none, and plain files
KEY_WAIT = 60  # seconds for another process to make the key: its user may be asked to unlock the keyring


class SystemKeyring:
    """Strings under a name, as a backend of `keyring` keeps them.

    Args:
        backend: the backend; by default the one that `keyring` finds best, when it is first needed.
    """

    def __init__(self, backend: keyring.backend.KeyringBackend | None = None) -> None:
        self._backend = backend

    @property
    def is_safe(self) -> bool:
        """Whether it protects what it keeps."""
        with _translated_errors():
            return bool(self._found().priority >= SAFE_PRIORITY)

    @property
    def name(self) -> str:
        """The kind of keyring, for messages."""
        with _translated_errors():
            kind = type(self._found())
        return f"{kind.__module__}.{kind.__qualname__}"

    def read(self, service: str, name: str) -> str | None:
        """Return what is kept, or None; what is no string counts as damaged."""
        with _translated_errors():
            value: object = self._found().get_password(service, name)
        return value if value is None or isinstance(value, str) else ""

    def write(self, service: str, name: str, value: str) -> None:
        """Keep a string."""
        with _translated_errors():
            self._found().set_password(service, name, value)

    def remove(self, service: str, name: str) -> None:
        """Drop what is kept, if anything is."""
        with _translated_errors():
            if self._found().get_password(service, name) is not None:
                self._found().delete_password(service, name)

    def _found(self) -> keyring.backend.KeyringBackend:
        if self._backend is None:
            self._backend = keyring.get_keyring()
        return self._backend


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except Exception as problem:  # noqa: BLE001  backends raise what the system's own library does
        msg = f"The system keyring can't be used ({type(problem).__name__}). Is it locked, or is no user logged in?"
        raise StoreUnavailable(msg) from None


def key_in_keyring(app: str = SERVICE) -> bytes | None:
    """Return the key of this user's token files of a program, made now if there is none; None without a safe keyring.

    Raises:
        StoreUnavailable: the keyring is there, but does not answer.
        StoreCorrupted: what it holds as the key is not one.
    """
    system = SystemKeyring()
    if not system.is_safe:
        return None
    text = system.read(app, KEY_NAME)
    if text is None:
        with FileLocks(state_folder(app)).hold("key", KEY_WAIT):  # of two processes, one makes it
            text = system.read(app, KEY_NAME)
            if text is None:
                system.write(app, KEY_NAME, b64u_encode(secrets.token_bytes(KEY_SIZE)))
                text = system.read(app, KEY_NAME)
    return _read_key(app, text)


def _read_key(app: str, text: str | None) -> bytes:
    try:
        key = b64u_decode(text or "")
    except ValueError:
        key = b""
    if len(key) != KEY_SIZE:
        msg = f"The system keyring holds no key under {KEY_NAME!r} of {app!r}. Delete it there, and log in again."
        raise StoreCorrupted(msg)
    return key
