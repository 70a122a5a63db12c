"""The types of arguments that several constructors take, for type checkers and readers; nothing is loaded for them.

A session is one of its HTTP library, which this folder does not know: the stub of each client says which.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from .._core.client_auth import ClientAuthentication


class LibraryAuth(Protocol):
    """An `Auth` of httpx2 or httpx."""

    def auth_flow(self, request: Any, /) -> Any:
        """Authenticate a request."""
        ...


# A method, a handler of an HTTP library, an id with a secret or a private key, or the client_id of a public client.
ClientAuth: TypeAlias = ClientAuthentication | Callable[[Any], Any] | LibraryAuth | tuple[str, object] | str

Session: TypeAlias = object
