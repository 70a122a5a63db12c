"""Files and folders of tokens: closed to others whatever the umask, and not believed where others may make some."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from requests_oauth2client.exceptions import InvalidParam
from requests_oauth2client.stores import FileStore, StoreCorrupted, StoreUnavailable

from .places import KEY

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
SIDE_FILES = ["tokens.db-wal", "tokens.db-shm", "tokens.db-journal"]
STRANGER = 12345
is_root = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give files away")

USE = """
import os, sys
from requests_oauth2client.stores import FileStore
os.umask(int(sys.argv[2], 8))
for first in ("lock", "put", "lock"):
    store = FileStore(sys.argv[1], key=bytes(32))
    with store.lock("entry", wait=0) as fence:
        if first == "put":
            store.put("entry", b"value", fence=fence)
    store.put("entry", b"value")
    assert store.get("entry") == b"value"
    print(oct(os.umask(0o22)))
    os.umask(int(sys.argv[2], 8))
"""


@pytest.mark.parametrize("umask", ["000", "002", "007", "022", "027", "077", "177", "777"])
def test_a_store_works_under_any_umask(tmp_path: Path, umask: str) -> None:
    path = tmp_path / "one" / "two" / "three" / "tokens.db"
    done = subprocess.run([sys.executable, "-c", USE, str(path), umask], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = {one: stat.S_IMODE(one.lstat().st_mode) for one in (tmp_path / "one").rglob("*")}
    assert {mode for one, mode in found.items() if one.is_dir()} == {0o700}
    assert {mode for one, mode in found.items() if not one.is_dir()} == {0o600}
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o700


def store_in(folder: Path) -> FileStore:
    return FileStore(folder / "tokens.db", key=KEY)


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777, 0o1770, 0o2775])
def test_a_folder_that_others_write_to_is_refused_sticky_or_not(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    for use in (lambda s: s.get("entry"), lambda s: s.put("entry", b""), lambda s: s.lock("entry", wait=0).__enter__()):
        with pytest.raises(StoreUnavailable, match=f"mode {mode:o}"):
            use(store_in(tmp_path))
    tmp_path.chmod(0o755)
    store_in(tmp_path).put("entry", b"value")


@is_root
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, STRANGER, -1)
    with pytest.raises(StoreUnavailable, match=f"belongs to another user \\({STRANGER}\\)"):
        store_in(tmp_path).put("entry", b"value")


@is_root
def test_a_file_of_somebody_else_is_not_believed(tmp_path: Path) -> None:
    store_in(tmp_path).put("entry", b"value")
    os.chown(tmp_path / "tokens.db", STRANGER, -1)
    with pytest.raises(StoreUnavailable, match="belongs to another user"):
        store_in(tmp_path).get("entry")


@is_root
@pytest.mark.parametrize("name", SIDE_FILES)
def test_a_file_of_somebody_else_beside_it_is_not_believed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch(0o600)
    os.chown(tmp_path / name, STRANGER, -1)
    with pytest.raises(StoreUnavailable, match=f"{name} belongs to another user"):
        store_in(tmp_path).put("entry", b"value")


@pytest.mark.parametrize("name", SIDE_FILES)
def test_a_file_beside_it_that_is_open_to_others_is_not_used(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    (tmp_path / name).chmod(0o644)
    with pytest.raises(StoreUnavailable, match=f"{name} is open to others: mode 644"):
        store_in(tmp_path).put("entry", b"value")


@pytest.mark.parametrize("name", SIDE_FILES)
def test_a_link_beside_it_is_not_followed(tmp_path: Path, name: str) -> None:
    (tmp_path / "elsewhere").touch(0o600)
    (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreUnavailable, match=f"{name} is a symlink"):
        store_in(tmp_path).put("entry", b"value")


@pytest.mark.parametrize("fault", ["open", "link", "foreign", "folder"])
def test_a_lock_file_is_checked_like_the_file_itself(tmp_path: Path, fault: str) -> None:
    if fault == "foreign" and os.geteuid() != 0:
        pytest.skip("only root can give files away")
    with store_in(tmp_path).lock("entry", wait=0):
        pass
    (lock,) = (tmp_path / "tokens.db.locks").iterdir()
    if fault == "open":
        lock.chmod(0o666)
    elif fault == "link":
        lock.rename(tmp_path / "elsewhere")
        lock.symlink_to(tmp_path / "elsewhere")
    elif fault == "foreign":
        os.chown(lock, STRANGER, -1)
    else:
        lock.parent.chmod(0o1777)
    with pytest.raises(StoreUnavailable), store_in(tmp_path).lock("entry", wait=0):
        pass


def test_what_lies_beside_a_file_that_is_gone_is_not_read_into_another_one(tmp_path: Path) -> None:
    """A write-ahead log, which has pages that are not in the file yet, outlives its file."""
    before = store_in(tmp_path)
    before.put("entry", b"of another file")
    logs = {name: (tmp_path / name).read_bytes() for name in SIDE_FILES if (tmp_path / name).exists()}
    assert logs["tokens.db-wal"]
    before.close()
    (tmp_path / "tokens.db").unlink()
    for name, data in logs.items():
        (tmp_path / name).write_bytes(data)
        (tmp_path / name).chmod(0o600)
    after = store_in(tmp_path)
    assert after.get("entry") is None
    after.put("entry", b"value")
    assert store_in(tmp_path).get("entry") == b"value"


# --- where it is, and its key


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def test_a_program_has_a_folder_of_its_own(home: Path) -> None:
    assert FileStore(app="my-tool", key=KEY).path == home / "my-tool" / "tokens.db"
    assert FileStore(key=KEY).path == home / "requests_oauth2client" / "tokens.db"


@pytest.mark.parametrize("app", ["", ".", "..", "a/b", "/etc", "../x", "a\\b", "a\0", "a.", "a ", 5, "\u202ea"])
def test_what_is_no_name_of_a_folder_is_refused(app: object) -> None:
    with pytest.raises(InvalidParam, match="name of a folder"):
        FileStore(app=app, key=KEY)  # type: ignore[arg-type]


def test_two_ways_to_say_one_thing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidParam, match="either path= or app="):
        FileStore(tmp_path / "x", app="y", key=KEY)
    with pytest.raises(InvalidParam, match="either key= or key_file="):
        FileStore(app="y", key=KEY, key_file=tmp_path / "key")


def test_a_key_file_is_made_once(tmp_path: Path) -> None:
    one, two = (FileStore(tmp_path / "tokens.db", key_file=tmp_path / "made" / "key") for _ in range(2))
    assert not (tmp_path / "made").exists()
    assert one.keys == two.keys
    assert one.keys is not None
    assert len(one.keys[0]) == 32
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o700
    assert [stat.S_IMODE(found.stat().st_mode) for found in (tmp_path / "made").iterdir()] == [0o600]
    assert "with encryption" in repr(one)


def test_a_key_file_may_hold_several_keys_and_be_a_link_that_all_read(tmp_path: Path) -> None:
    (tmp_path / "mounted").write_text(f"{'a' * 43}\n\n{'b' * 44}\n")
    (tmp_path / "mounted").chmod(0o444)
    (tmp_path / "key").symlink_to(tmp_path / "mounted")
    keys = FileStore(tmp_path / "tokens.db", key_file=tmp_path / "key").keys
    assert keys is not None
    assert [len(key) for key in keys] == [32, 33]


@pytest.mark.parametrize(
    "text", [b"", b"\n", b"short", b"\xff" * 40, b"planted key with spaces in it, not base64", b"a" * 43 + b"\nx"]
)
def test_what_is_no_key_file_is_an_error_that_says_how_to_make_one(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "key").write_bytes(text)
    (tmp_path / "key").chmod(0o600)
    with pytest.raises(StoreCorrupted, match=r"secrets.token_urlsafe\(32\)") as error:
        assert FileStore(tmp_path / "tokens.db", key_file=tmp_path / "key").keys
    assert "planted" not in str(error.value)


def test_a_key_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a" * 43)
    (tmp_path / "key").chmod(0o666)
    with pytest.raises(StoreUnavailable, match="mode 666"):
        assert FileStore(tmp_path / "tokens.db", key_file=tmp_path / "key").keys


def test_making_a_store_does_no_io(tmp_path: Path) -> None:
    code = (
        "import sys; from requests_oauth2client.stores import FileStore, KeyringStore, RedisStore, MemoryStore\n"
        "import redis, keyring\nseen = []\n"
        "make = [lambda: FileStore(app='x'), lambda: FileStore('/nowhere/x'), lambda: KeyringStore(),\n"
        "        lambda: FileStore('/nowhere/x', key_file='/nowhere/key'), MemoryStore,\n"
        "        lambda: RedisStore('redis://127.0.0.1:1', key=bytes(32))]\n"
        "for one in make: one()\n"  # what is loaded late is loaded
        "sys.addaudithook(lambda name, args: seen.append((name, args)))\n"
        "for one in make: print(one())\n"
        "print([s for s in seen if s[0].startswith(('open', 'socket', 'os.', 'sqlite3', 'subprocess', 'shutil'))])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stdout + done.stderr


def test_a_file_of_2_0_is_used_on(tmp_path: Path) -> None:
    path = tmp_path / "tokens.db"
    file = sqlite3.connect(path)
    file.executescript(
        "CREATE TABLE entries (entry TEXT PRIMARY KEY, fence INTEGER NOT NULL, data BLOB, expires_at REAL)"
        " WITHOUT ROWID; CREATE INDEX entries_by_expiry ON entries (expires_at);"
        " PRAGMA application_id = 1919902002; PRAGMA user_version = 1;"
        " INSERT INTO entries VALUES ('entry', 7, x'76', NULL);"
    )
    file.close()
    path.chmod(0o600)
    store = store_in(tmp_path)
    assert store.get("entry") == b"v"
    store.put("other", b"value", lifetime=60)
    assert store.get("other") == b"value"
