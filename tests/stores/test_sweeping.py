"""What is dropped, and when: what has expired, and nothing that others still need."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from freezegun import freeze_time

from requests_oauth2client.stores import FileStore, KeyringStore, MemoryStore, StaleFence, TokenStore
from requests_oauth2client.stores import memory as memory_module

from .fake_keyring import FileKeyring
from .places import KEY, KINDS, Place

START = datetime(2026, 1, 1, tzinfo=timezone.utc)  # noqa: UP017
OFFSETS = [timedelta(minutes=2), timedelta(hours=7), timedelta(days=100), timedelta(days=365 * 100)]
MONTHS = 90 * 86_400


@pytest.fixture(autouse=True)
def _each_write_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_module, "FIRST_SWEEP", 0)


@pytest.fixture(params=["memory", "file", "keyring"])
def local(request: pytest.FixtureRequest, tmp_path: Path) -> TokenStore:
    """A store that goes by the clock of this machine."""
    return Place(kind=request.param, folder=tmp_path).open()


@pytest.mark.parametrize("offset", OFFSETS)
def test_a_clock_that_is_ahead_for_one_write_drops_nothing_of_others(local: TokenStore, offset: timedelta) -> None:
    with freeze_time(START):
        with local.lock("login", wait=0) as fence:
            local.put("login", b"a refresh token", lifetime=MONTHS, fence=fence)
        local.put("short", b"an access token", lifetime=100)
    with freeze_time(START + offset):
        local.put("other", b"value", lifetime=60)
    with freeze_time(START + timedelta(seconds=5)):
        assert local.get("login") == b"a refresh token"
        assert local.get("short") == b"an access token"
        local.put("another", b"value")
        assert local.get("login") == b"a refresh token"


def test_what_is_expired_goes_with_a_later_write(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "tokens.db", key=KEY)
    with freeze_time(START) as clock:
        store.put("planted", b"value", lifetime=3600)
        for _ in range(5):
            clock.tick(timedelta(hours=1))
            store.put("other", b"value", lifetime=60)
        assert store._ledger.expired() == []


# --- purge


@pytest.mark.parametrize("kind", KINDS, indirect=True)
def test_purge_drops_what_is_expired_and_nothing_else(store: TokenStore, kind: str) -> None:
    store.put("forever", b"value")
    store.put("long", b"value", lifetime=3600)
    with store.lock("short", wait=0) as fence:
        store.put("short", b"value", lifetime=0.02, fence=fence)
    store.put("short too", b"value", lifetime=0.02)
    time.sleep(0.03)
    assert store.purge() == (0 if kind == "redis" else 2)
    assert store.purge() == 0
    assert [store.get(name) for name in ("forever", "long", "short", "short too")] == [b"value", b"value", None, None]
    with store.lock("short", wait=0) as later:
        assert later > fence
    with pytest.raises(StaleFence):
        store.put("short", b"late", fence=fence)


def test_purge_leaves_no_piece_in_a_keyring(tmp_path: Path) -> None:
    backend = FileKeyring(tmp_path / "keyring.json")
    store = KeyringStore("p", backend=backend, path=tmp_path / "keyring.db")
    store._piece = 10
    store.put("short", b"x" * 100, lifetime=0.01)
    store.put("long", b"x", lifetime=60)
    time.sleep(0.02)
    assert store.purge() == 1
    assert {name.partition("/")[2].partition(" ")[0] for name in backend._all()} == {"long"}


def test_a_store_of_ones_own_needs_no_purge() -> None:
    class Own(MemoryStore):
        purge = TokenStore.purge

    assert Own().purge() == 0


def test_locks_alone_are_nothing_that_is_dropped(tmp_path: Path, opened: Callable[[Place], TokenStore]) -> None:
    store = opened(Place(kind="file", folder=tmp_path))
    with store.lock("entry", wait=0):
        assert store.purge() == 0
