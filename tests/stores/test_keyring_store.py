"""What is particular to a store in the system keyring."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from keyring.backends.fail import Keyring as NoKeyring

from requests_oauth2client.exceptions import InvalidParam
from requests_oauth2client.stores import KeyringStore, StoreCorrupted, StoreUnavailable

from .fake_keyring import FileKeyring, LockedKeyring
from .places import KEY


@pytest.fixture
def backend(tmp_path: Path) -> FileKeyring:
    return FileKeyring(tmp_path / "keyring.json")


@pytest.fixture
def store(backend: FileKeyring, tmp_path: Path) -> KeyringStore:
    return KeyringStore("a-program", backend=backend, path=tmp_path / "keyring.db")


def test_a_keyring_needs_no_key(store: KeyringStore) -> None:
    assert store.keys is None


def test_no_piece_is_longer_than_windows_takes(store: KeyringStore, backend: FileKeyring) -> None:
    store._piece = 1000
    store.put("entry", b"x" * 10_000)
    assert store.get("entry") == b"x" * 10_000
    assert len(backend._all()) == 1 + 14
    assert backend.longest * 2 <= 2560


def test_no_piece_stays_behind(store: KeyringStore, backend: FileKeyring) -> None:
    store._piece = 10
    for size in (100, 30, 0, 70):
        store.put("entry", b"x" * size)
        assert store.get("entry") == b"x" * size
    assert len(backend._all()) == 1 + 10
    store.delete("entry")
    assert backend._all() == {}


def test_a_write_that_ends_halfway_leaves_what_was_before(store: KeyringStore, backend: FileKeyring) -> None:
    store._piece = 10
    store.put("entry", b"before" * 10)
    save, left = backend._save, [3]

    def fail_at_the_third(passwords: dict[str, str]) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise OSError
        save(passwords)

    backend._save = fail_at_the_third  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailable):
        store.put("entry", b"after" * 10)
    backend._save = save  # type: ignore[method-assign]
    assert store.get("entry") == b"before" * 10
    store.put("entry", b"after" * 10)
    assert store.get("entry") == b"after" * 10
    assert len(backend._all()) == 1 + 7


WHOLE = {"generation": 0, "pieces": 1, "expires_at": None, "sha256": "x"}
WRONG = [
    *({"pieces": pieces} for pieces in (-1, 10**9, "1", None)),
    {"generation": 7},
    {"sha256": None},
    {"expires_at": "x"},
    {},  # its piece is missing
]


LESS = [{name: value for name, value in WHOLE.items() if name != left_out} for left_out in WHOLE]


@pytest.mark.parametrize("head", ["", "{", "[]", "{}", *map(json.dumps, [*(WHOLE | wrong for wrong in WRONG), *LESS])])
def test_a_damaged_entry_is_an_error_until_it_is_written_again(
    store: KeyringStore, backend: FileKeyring, head: str
) -> None:
    backend.set_password("a-program", "entry", head)
    with pytest.raises(StoreCorrupted, match="Delete it there"):
        store.get("entry")
    store.put("entry", b"value")
    assert store.get("entry") == b"value"


def test_a_damaged_piece_is_an_error(store: KeyringStore, backend: FileKeyring) -> None:
    store.put("entry", b"value")
    name = next(name for name in backend._all() if name != "a-program/entry").partition("/")[2]
    backend.set_password("a-program", name, "something")
    with pytest.raises(StoreCorrupted):
        store.get("entry")
    backend.delete_password("a-program", name)
    with pytest.raises(StoreCorrupted):
        store.get("entry")


def test_programs_do_not_meet(store: KeyringStore, backend: FileKeyring, tmp_path: Path) -> None:
    other = KeyringStore("another-program", backend=backend, path=tmp_path / "keyring.db")
    store.put("entry", b"value")
    assert other.get("entry") is None


def test_a_locked_keyring_is_an_error_of_the_store(tmp_path: Path) -> None:
    store = KeyringStore(backend=LockedKeyring(tmp_path / "keyring.json"), path=tmp_path / "keyring.db")
    with pytest.raises(StoreUnavailable, match="Is it locked") as error:
        store.get("entry")
    assert "planted" not in str(error.value)


def test_without_a_keyring_there_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(InvalidParam, match=r"found keyring\.backends\.fail\.Keyring. Use a FileStore"):
        KeyringStore(backend=NoKeyring(), path=tmp_path / "keyring.db")


def test_a_keyring_that_protects_nothing_needs_a_key_or_a_word(backend: FileKeyring, tmp_path: Path) -> None:
    backend.priority = 0.5
    with pytest.raises(InvalidParam, match="allow_plaintext=True"):
        KeyringStore(backend=backend, path=tmp_path / "keyring.db")
    assert KeyringStore(backend=backend, path=tmp_path / "keyring.db", key=KEY).keys == (KEY,)
    assert KeyringStore(backend=backend, path=tmp_path / "keyring.db", allow_plaintext=True).keys is None
