"""What is known of an API: its metadata, its server and its metadata, and what the last login asked for.

A value that is stored: after a restart, a valid token is used with one request. What comes out of a store is checked
like everything that comes from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from .._core.frozen import field, frozen
from .._core.scope import scope_words

MAX_VAIN = 50  # sets of scope words
TEXTS = ("issuer", "server_url", "resource", "metadata_url")
LISTS = ("scopes_supported", "challenge_scope", "scope")


@frozen(kw_only=True)
class Knowledge:
    """What is known of an API.

    Attributes:
        issuer: the server whose tokens it takes, as the metadata of that write it.
        server: the metadata of the server.
        server_url: where they are; None for a server without any.
        read_at: when they were read, in seconds since 1970.
        resource: the identifier of the API, or None where it has no metadata.
        metadata_url: where its metadata are, or None.
        scopes_supported: what they list, or None.
        needs_dpop: whether tokens have to be bound to a key.
        challenge_scope: what the first challenge asked for, or None.
        scope: what the last login asked for, or None.
        is_logged_in: whether there was one, which has not ended.
        vain: scopes that the API still asked for after a login that had asked for them.
    """

    issuer: str
    server: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    server_url: str | None = None
    read_at: int = 0
    resource: str | None = None
    metadata_url: str | None = None
    scopes_supported: tuple[str, ...] | None = None
    needs_dpop: bool = False
    challenge_scope: tuple[str, ...] | None = None
    scope: tuple[str, ...] | None = None
    is_logged_in: bool = False
    vain: tuple[str, ...] = ()

    def as_document(self) -> dict[str, Any]:
        """Return it as JSON knows it."""
        return dict(vars(self))

    @classmethod
    def of(cls, document: Mapping[str, Any] | None) -> Self | None:
        """Return what a stored document says; None if it says nothing that can be used."""
        if document is None or not isinstance(document.get("issuer"), str):
            return None
        known: dict[str, Any] = {name: document.get(name) for name in TEXTS}
        if not all(value is None or isinstance(value, str) for value in known.values()):
            return None
        server, read_at = document.get("server"), document.get("read_at")
        vain = document.get("vain")
        known |= {name: _words(document.get(name)) for name in LISTS}
        return cls(
            **known,
            server=server if isinstance(server, dict) else {},
            read_at=read_at if isinstance(read_at, int) else 0,
            needs_dpop=document.get("needs_dpop") is True,
            is_logged_in=document.get("is_logged_in") is True,
            vain=_words(vain) or (),
        )

    def is_vain(self, scope: Iterable[str]) -> bool:
        """Tell whether asking for a scope was of no use before."""
        return as_text(scope) in self.vain

    def with_vain(self, scope: Iterable[str]) -> tuple[str, ...]:
        """Return what is of no use, with a scope more."""
        return tuple(dict.fromkeys((*self.vain, as_text(scope))))[-MAX_VAIN:]


def as_text(scope: Iterable[str]) -> str:
    """Return words of scope as one string, whatever their order is."""
    return " ".join(sorted(set(scope)))


def _words(value: Any) -> tuple[str, ...] | None:
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
        return None
    return tuple(value)


def words_of(scope: str | Iterable[str] | None) -> tuple[str, ...] | None:
    """Return the words of a scope; None where none is given."""
    return None if scope is None else tuple(dict.fromkeys(scope_words(scope)))
