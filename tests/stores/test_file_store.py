"""What is particular to a store in a file."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import keyring
import pytest
from freezegun import freeze_time
from keyring.backends.fail import Keyring as NoKeyring

from requests_oauth2client.exceptions import InvalidParam
from requests_oauth2client.stores import FileStore, StoreCorrupted, StoreUnavailable, TokenStore

from .fake_keyring import FileKeyring, LockedKeyring
from .places import KEY, Place

Open = Callable[[Place], TokenStore]
START = datetime(2026, 1, 1, tzinfo=timezone.utc)  # noqa: UP017
has_modes = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(kind="file", folder=tmp_path)


@pytest.fixture
def path(place: Place) -> Path:
    return place.folder / "tokens.db"


@pytest.fixture
def system_keyring() -> Iterator[Callable[[keyring.backend.KeyringBackend], None]]:
    """Choose the system's keyring, as its user can."""
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# --- who may read it


@has_modes
def test_everything_is_for_its_user_alone(store: TokenStore, place: Place) -> None:
    with store.lock("entry", wait=0) as fence:
        store.put("entry", b"value", fence=fence)
        modes = {found.name: mode(found) for found in place.folder.rglob("*")}
    assert {"tokens.db", "tokens.db-wal", "tokens.db.locks"} <= modes.keys()
    assert modes.pop("tokens.db.locks") == 0o700
    assert set(modes.values()) == {0o600}


@has_modes
def test_folders_that_are_made_are_for_the_user_alone(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "made" / "tokens.db", key=KEY)
    store.put("entry", b"value")
    store.close()
    assert mode(tmp_path / "made") == 0o700


@has_modes
@pytest.mark.parametrize("bits", [0o640, 0o604, 0o620, 0o666])
def test_a_file_that_is_open_to_others_is_refused(store: TokenStore, path: Path, bits: int) -> None:
    store.put("entry", b"value")
    store.close()
    path.chmod(bits)
    with pytest.raises(StoreUnavailable, match=f"open to others: mode {bits:o}"):
        store.get("entry")
    path.chmod(0o600)
    assert store.get("entry") == b"value"


@has_modes
def test_a_folder_that_others_may_write_to_is_refused(store: TokenStore, place: Place) -> None:
    place.folder.chmod(0o777)
    with pytest.raises(StoreUnavailable, match="chmod go-w"):
        store.put("entry", b"value")
    place.folder.chmod(0o1777)  # as /tmp: nobody removes another's files there, but anyone may put some beside them
    with pytest.raises(StoreUnavailable, match="folder of their own"):
        store.put("entry", b"value")
    place.folder.chmod(0o755)
    store.put("entry", b"value")


@has_modes
def test_a_link_is_refused(store: TokenStore, place: Place, path: Path) -> None:
    (place.folder / "elsewhere").touch(0o600)
    path.symlink_to(place.folder / "elsewhere")
    with pytest.raises(StoreUnavailable, match="is a symlink"):
        store.get("entry")


def test_a_folder_in_its_place_is_refused(store: TokenStore, path: Path) -> None:
    path.mkdir()
    with pytest.raises(StoreUnavailable, match="is a symlink or not a regular file"):
        store.put("entry", b"value")


def test_a_folder_that_can_not_be_made_is_an_error_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = FileStore(tmp_path / "file" / "tokens.db", key=KEY)
    with pytest.raises(StoreUnavailable, match="can't be used: "):
        store.get("entry")
    with pytest.raises(StoreUnavailable), store.lock("entry", wait=0):
        pass


# --- what is in it


def test_a_damaged_file_is_an_error_of_its_own(store: TokenStore, path: Path) -> None:
    for number in range(20):
        store.put(f"{number}", b"value" * 1000)
    store.close()
    data = bytearray(path.read_bytes())
    data[100:] = b"\xff" * (len(data) - 100)
    path.write_bytes(data)
    with pytest.raises(StoreCorrupted, match="Move it away, and log in again"):
        store.get("1")
    path.write_bytes(b"this is no database at all" * 100)
    with pytest.raises(StoreCorrupted, match=r"tokens\.db is damaged"):
        store.put("1", b"value")


def test_it_works_again_once_the_damaged_file_is_moved_away(store: TokenStore, path: Path) -> None:
    path.write_bytes(b"this is no database at all" * 100)
    path.chmod(0o600)
    with pytest.raises(StoreCorrupted):
        store.get("entry")
    path.rename(path.with_name("damaged"))
    store.put("entry", b"value")
    assert store.get("entry") == b"value"


def test_an_empty_file_is_an_empty_store(store: TokenStore, path: Path) -> None:
    path.touch(0o600)
    assert store.get("entry") is None


def test_the_database_of_another_program_is_left_alone(store: TokenStore, path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE entries (precious)")
    other.close()
    path.chmod(0o600)
    before = path.read_bytes()
    with pytest.raises(StoreCorrupted, match="another program"):
        store.put("entry", b"value")
    assert path.read_bytes() == before


def test_a_file_that_is_deleted_is_made_again(store: TokenStore, place: Place, path: Path, opened: Open) -> None:
    store.put("entry", b"value")
    with store.lock("entry", wait=0) as before:
        pass
    for found in place.folder.glob("tokens.db*"):
        if found.is_file():
            found.unlink()
    other = opened(place)
    assert other.get("entry") is None
    other.put("entry", b"another")
    assert store.get("entry") == b"another"
    with store.lock("entry", wait=0) as after:
        assert after > before


def test_a_file_that_another_program_keeps_locked_is_an_error(place: Place, path: Path, opened: Open) -> None:
    from requests_oauth2client.stores import _ledger

    store = opened(place)
    store.put("entry", b"value")
    store._ledger._file.execute("PRAGMA busy_timeout = 20")  # type: ignore[attr-defined]
    assert _ledger.BUSY_TIMEOUT > 1
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        store.put("entry", b"another")
    other.execute("ROLLBACK")
    other.close()
    store.put("entry", b"another")
    assert store.get("entry") == b"another"


def test_what_is_expired_does_not_pile_up(store: TokenStore, path: Path) -> None:
    with freeze_time(START) as clock:
        for number in range(20):
            with store.lock(f"{number}", wait=0) as fence:
                store.put(f"{number}", b"value", lifetime=60, fence=fence)
        with store.lock("failed", wait=0):
            pass
        store.put("deleted", b"value")
        store.delete("deleted")
        clock.tick(timedelta(hours=2))
        store.put("kept", b"value")
    store.close()
    file = sqlite3.connect(path)
    assert file.execute("SELECT entry FROM entries").fetchall() == [("kept",)]
    file.close()


def test_the_path_may_begin_with_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert FileStore("~/tokens.db", key=KEY).path == tmp_path / "tokens.db"


# --- with what it is encrypted


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder for the state of programs."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def test_by_default_the_key_is_in_the_system_keyring(home: Path, system_keyring: Callable[..., None]) -> None:
    backend = FileKeyring(home / "keyring.json")
    system_keyring(backend)
    first, second = FileStore(), FileStore()
    assert first.path == home / "requests_oauth2client" / "tokens.db"
    assert first.keys is not None
    assert len(first.keys[0]) == 32
    assert first.keys == second.keys
    (kept,) = backend._all()
    assert kept == "requests_oauth2client/key of token files"


def test_a_key_that_is_passed_needs_no_keyring(home: Path, system_keyring: Callable[..., None]) -> None:
    system_keyring(LockedKeyring(home / "keyring.json"))
    assert FileStore(key=KEY).keys == (KEY,)


def test_without_key_and_keyring_there_is_no_store(home: Path, system_keyring: Callable[..., None]) -> None:
    system_keyring(NoKeyring())
    with pytest.raises(InvalidParam, match="allow_plaintext=True: then anyone who gets the file can use the tokens"):
        assert FileStore().keys
    assert FileStore(allow_plaintext=True).keys is None


def test_a_keyring_that_keeps_plain_files_is_none(home: Path, system_keyring: Callable[..., None]) -> None:
    backend = FileKeyring(home / "keyring.json")
    backend.priority = 0.5
    system_keyring(backend)
    with pytest.raises(InvalidParam):
        assert FileStore().keys


@pytest.mark.parametrize("allow_plaintext", [False, True])
def test_a_locked_keyring_is_an_error_and_not_a_plain_file(
    home: Path, system_keyring: Callable[..., None], *, allow_plaintext: bool
) -> None:
    system_keyring(LockedKeyring(home / "keyring.json"))
    with pytest.raises(StoreUnavailable, match=r"can't be used \(KeyringLocked\)") as error:
        assert FileStore(allow_plaintext=allow_plaintext).keys
    assert "planted" not in str(error.value)


def test_what_is_no_key_in_the_keyring_is_an_error(home: Path, system_keyring: Callable[..., None]) -> None:
    backend = FileKeyring(home / "keyring.json")
    backend.set_password("requests_oauth2client", "key of token files", "planted")
    system_keyring(backend)
    with pytest.raises(StoreCorrupted, match="Delete it there") as error:
        assert FileStore().keys
    assert "planted" not in str(error.value)
