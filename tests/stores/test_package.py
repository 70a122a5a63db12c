"""What is loaded when, and what is said where a library is missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from requests_oauth2client import stores

LIBRARIES = ("redis", "sqlalchemy", "keyring", "filelock", "platformdirs", "cryptography", "requests")


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    "code",
    ["import requests_oauth2client.stores", "from requests_oauth2client.stores import MemoryStore, EntryLocked"],
    ids=["the package", "a store in memory"],
)
def test_what_is_not_used_is_not_loaded(code: str) -> None:
    assert run(f"{code}; import sys; print([name for name in {LIBRARIES!r} if name in sys.modules])") == "[]\n"


@pytest.mark.parametrize(
    ("library", "store", "extra"),
    [
        ("redis", "RedisStore", "redis"),
        ("sqlalchemy", "SqlStore", "sql"),
        ("filelock", "FileStore", "file"),
        ("platformdirs", "KeyringStore", "file"),
        ("keyring", "KeyringStore", "keyring"),
    ],
)
def test_a_missing_library_is_named_with_its_extra(library: str, store: str, extra: str) -> None:
    hidden = [library, "valkey"] if library == "redis" else [library]
    hide = "".join(f"sys.modules[{name!r}] = None; " for name in hidden)
    said = run(f"import sys; {hide}from requests_oauth2client.stores import {store}")
    assert f"requests_oauth2client[{extra}]" in said.splitlines()[-1]
    assert library in said.splitlines()[-1]


def test_a_file_store_with_a_key_needs_no_keyring() -> None:
    code = "import sys; sys.modules['keyring'] = None; from requests_oauth2client.stores import FileStore"
    assert run(f"{code}; FileStore('x', key=bytes(32))") == ""


def test_every_name_is_there() -> None:
    for name in stores.__all__:
        assert getattr(stores, name).__name__ == name
    assert set(stores.__all__) <= set(dir(stores))
    with pytest.raises(AttributeError, match="has no attribute 'NoStore'"):
        stores.NoStore  # noqa: B018
