"""Documents that are kept beyond this process: what is known of an API, and the registrations at its servers.

Each is an entry of the token store, encrypted with its keys and bound to the entry's name. Without a store they are
kept here, for as long as the handler lives. Knows neither document.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from .._core.effects import Lock, RunInThread, Steps
from ..serializers import InvalidSerializedValue, Serializer
from ..stores.base import TokenStoreError

LONGEST_WAIT = 60.0  # seconds for the lock of a document: others send a request or two meanwhile


class DocumentSerializer(Serializer[Mapping[str, Any]]):
    """Serializes a document together with the name of its entry, so that it is valid for no other."""

    kind = "stored document"

    def __init__(self, entry: str, keys: Iterable[bytes] | None) -> None:
        super().__init__(keys)
        self.entry = entry

    def fields_of(self, value: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the document with the name of its entry."""
        return {"entry": self.entry, "document": dict(value)}

    def value_of(self, fields: dict[str, Any]) -> Mapping[str, Any]:
        """Return the document."""
        if fields["entry"] != self.entry or not isinstance(fields["document"], dict):
            msg = "it is that of another entry"
            raise ValueError(msg)
        return fields["document"]


class StoredDocument:
    """One document.

    Args:
        store: where it is kept; None keeps it here.
        *name: what makes it another one than others; no secrets.
    """

    def __init__(self, store: Any, *name: Any) -> None:
        text = json.dumps(name, sort_keys=True, separators=(",", ":"), default=str)
        self.entry = hashlib.sha256(text.encode()).hexdigest()
        self.store = store
        self._serializer = DocumentSerializer(self.entry, None if store is None else store.keys)
        self._kept: Mapping[str, Any] | None = None
        self.lock = Lock(self if store is None else _EntryLock(store, self.entry))

    def read(self) -> Steps[Mapping[str, Any] | None]:
        """Return the document; None where it is missing or can't be read: it can be had again.

        Raises:
            TokenStoreError: the store can't be read.
        """
        if self.store is None:
            return self._kept
        data = yield RunInThread(functools.partial(self.store.get, self.entry), for_store=True)
        try:
            return None if data is None else self._serializer.loads(data)
        except InvalidSerializedValue:
            return None

    def write(self, document: Mapping[str, Any] | None) -> Steps[None]:
        """Keep a document in place of the one before; None drops it. A failing store does not stop this."""
        self._kept = document
        if self.store is None:
            return
        if document is None:
            write = functools.partial(self.store.delete, self.entry)
        else:
            write = functools.partial(self.store.put, self.entry, self._serializer.dumps(document))
        try:
            yield RunInThread(write, for_store=True)
        except (TokenStoreError, OSError):  # what is lost is learned again
            return


class _EntryLock:
    """The lock of an entry, as a runner takes it."""

    longest_wait = LONGEST_WAIT

    def __init__(self, store: Any, entry: str) -> None:
        self.store, self.entry = store, entry

    def hold(self, wait: float | None) -> AbstractContextManager[Any]:
        """Wait for the lock, and hold it."""
        held: AbstractContextManager[Any] = self.store.lock(self.entry, wait=LONGEST_WAIT if wait is None else wait)
        return held
