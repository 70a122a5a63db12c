"""Backends for the library `keyring`, as its own API has them: no system of its own is needed, and none is touched."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


@contextmanager
def system_keyring_in(path: Path) -> Iterator[None]:
    """Have a file as the keyring of the system."""
    before = keyring.get_keyring()
    keyring.set_keyring(FileKeyring(path))
    try:
        yield
    finally:
        keyring.set_keyring(before)


class FileKeyring(KeyringBackend):
    """Keeps passwords in a JSON file, so that several processes share them."""

    priority = 5
    viable = False  # not to be found by `keyring` itself: tests pass it

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.longest = 0

    def _all(self) -> dict[str, str]:
        return json.loads(self.path.read_text()) if self.path.exists() else {}

    def _save(self, passwords: dict[str, str]) -> None:
        beside = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        beside.write_text(json.dumps(passwords))
        beside.replace(self.path)

    def get_password(self, service: str, username: str) -> str | None:
        return self._all().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self.longest = max(self.longest, len(password))
        self._save({**self._all(), f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        passwords = self._all()
        if passwords.pop(f"{service}/{username}", None) is None:
            raise PasswordDeleteError
        self._save(passwords)


class LockedKeyring(FileKeyring):
    """Its user said no when asked to unlock it."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("planted-detail")
