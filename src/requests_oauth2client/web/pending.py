"""Logins in flight: each is a cookie of its own, encrypted, bound to state, provider and client, good for ten minutes.

So tabs don't disturb each other, and no session of the framework is needed. A cookie holds only what differs from the
client's settings; state, nonce and code_verifier are made of one random value. At most four are kept: a fifth login
replaces the oldest.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._core.compare import is_same_secret
from .._core.encoding import b64u_decode, b64u_encode
from .._core.times import timestamp
from ..serializers import InvalidSerializedValue, Serializer
from .errors import LostLogin
from .messages import Cookie, WebRequest

LIFETIME = 600  # seconds
MAX_PENDING = 4
MAX_NEXT = 300  # characters: a longer one leads to its path, or to the root
SEED_SIZE = 24  # bytes of randomness
PREFIX = "oauth2-login-"


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A login in flight.

    Attributes:
        provider: its name.
        seed: what state, nonce and code_verifier are made of.
        next: where the user goes afterwards.
        extra: further parameters of the authorization request.
        begun: seconds since 1970.
    """

    provider: str
    next: str
    seed: bytes = field(default_factory=lambda: secrets.token_bytes(SEED_SIZE), repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict)
    dpop: Mapping[str, Any] | None = field(default=None, repr=False)
    begun: int = field(default_factory=lambda: int(timestamp()))

    def _derived(self, purpose: bytes) -> str:
        return b64u_encode(hmac.digest(self.seed, purpose, "sha256"))

    @property
    def state(self) -> str:
        """The state of the request."""
        return self._derived(b"state")

    @property
    def nonce(self) -> str:
        """The nonce of the request."""
        return self._derived(b"nonce")

    @property
    def code_verifier(self) -> str:
        """The code_verifier of the request: 43 characters (RFC 7636 section 4.1)."""
        return self._derived(b"code_verifier")


class PendingSerializer(Serializer[Pending]):
    """Encrypts a login in flight, for one client: what was made for another one can't be read."""

    kind = "pending login"

    def __init__(self, keys: Iterable[bytes], client_id: str, provider: str) -> None:
        super().__init__(keys)
        self._bound = hashlib.sha256(f"{client_id} {provider}".encode()).hexdigest()[:16]
        self._provider = provider

    def fields_of(self, value: Pending) -> Mapping[str, Any]:
        """Return the fields of a pending login, under short names."""
        fields = {"s": b64u_encode(value.seed), "t": value.begun, "b": self._bound, "n": value.next}
        return {**fields, **({"e": value.extra} if value.extra else {}), **({"k": value.dpop} if value.dpop else {})}

    def value_of(self, fields: dict[str, Any]) -> Pending:
        """Make it again."""
        if fields["b"] != self._bound:
            msg = "it belongs to another provider or client"
            raise ValueError(msg)
        return Pending(
            provider=self._provider,
            seed=b64u_decode(fields["s"]),
            next=fields["n"],
            extra=fields.get("e") or {},
            dpop=fields.get("k"),
            begun=fields["t"],
        )


def _prefix(request: WebRequest) -> str:
    return f"__Host-{PREFIX}" if request.is_secure else PREFIX


def _id(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()[:12]


def cookies_for(pending: Pending, serializer: PendingSerializer, request: WebRequest, *, posted: bool) -> list[Cookie]:
    """Return the cookie of a login in flight, and the deletion of those that are too many.

    Args:
        pending: the login.
        serializer: encrypts it.
        request: what began it.
        posted: whether the response is posted by another site, which needs SameSite=None.
    """
    prefix = _prefix(request)
    known = sorted(name for name in request.cookies if name.startswith(prefix))  # begins with the time
    dropped = [Cookie(name=name, secure=request.is_secure) for name in known[: max(0, len(known) - MAX_PENDING + 1)]]
    cookie = Cookie(
        name=f"{prefix}{pending.begun:x}-{_id(pending.state)}",
        value=serializer.dumps(pending).decode(),
        max_age=LIFETIME,
        secure=request.is_secure,
        same_site="None" if posted and request.is_secure else "Lax",
    )
    return [*dropped, cookie]


def found(state: str | None, serializer: PendingSerializer, request: WebRequest) -> tuple[Pending, Cookie]:
    """Return the login that a callback answers, and the deletion of its cookie.

    Raises:
        LostLogin: this browser has none such, or it is too old.
    """
    ending = f"-{_id(state)}" if state else None
    name = next((n for n in request.cookies if ending and n.startswith(_prefix(request)) and n.endswith(ending)), None)
    if name is None:
        msg = "This browser has no login under way that this callback answers."
        raise LostLogin(msg)
    try:
        pending = serializer.loads(request.cookies[name])
    except InvalidSerializedValue:
        msg = "The cookie of this login can't be read: it was made for another provider, or with another key."
        raise LostLogin(msg) from None
    if not is_same_secret(state, pending.state) or not 0 <= timestamp() - pending.begun < LIFETIME:
        msg = "The login was begun more than ten minutes ago."
        raise LostLogin(msg)
    return pending, Cookie(name=name, secure=request.is_secure)
