"""What the test server remembers: logins, codes, tokens, requests that wait for a person.

Plain values in memory, addressed by what the client holds. Times are seconds since 1970, by the library's clock.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from .._core.times import timestamp

CODE_LIFETIME = 60  # seconds; RFC 6749 section 4.1.2 recommends 600 at most
PUSHED_LIFETIME = 60  # seconds; RFC 9126 section 2.2
PENDING_LIFETIME = 600  # seconds, of device codes and CIBA requests
USER_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # RFC 8628 section 6.1


def random_value() -> str:
    """Return a value that can't be guessed."""
    return secrets.token_urlsafe(24)


def user_code() -> str:
    """Return a code that a person types (RFC 8628 section 6.1)."""
    letters = "".join(secrets.choice(USER_CODE_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


@dataclass(kw_only=True)
class Session:
    """A user who is logged in at the server, in some browser."""

    user: str
    auth_time: int
    sid: str = field(default_factory=random_value)
    clients: set[str] = field(default_factory=set)


@dataclass(kw_only=True)
class Grant:
    """What a user, or a client for itself, has been granted. All tokens of one login belong to one grant.

    Attributes:
        user: whose it is; None for client credentials.
        is_ended: whether all its tokens are worthless.
        spent: the refresh tokens that have been replaced.
    """

    client_id: str
    scope: list[str] = field(default_factory=list)
    user: str | None = None
    resource: list[str] = field(default_factory=list)
    authorization_details: Any = None
    params: dict[str, Any] = field(default_factory=dict)
    session: Session | None = None
    dpop_jkt: str | None = None
    is_ended: bool = False
    spent: set[str] = field(default_factory=set)


@dataclass(kw_only=True)
class Code:
    """An authorization code (RFC 6749 section 4.1.2)."""

    grant: Grant
    redirect_uri: str | None
    code_challenge: str | None
    code_challenge_method: str
    expires_at: float = field(default_factory=lambda: timestamp() + CODE_LIFETIME)
    is_used: bool = False


@dataclass(kw_only=True)
class Pending:
    """A device authorization or a CIBA request that waits for a person (RFC 8628, CIBA Core)."""

    grant: Grant
    interval: float
    expires_at: float = field(default_factory=lambda: timestamp() + PENDING_LIFETIME)
    user_code: str | None = None
    decision: str | None = None  # "approved", or an error code
    asked_at: float | None = None


@dataclass(kw_only=True)
class AccessToken:
    """An access token, and what it is good for (RFC 9068)."""

    value: str = field(repr=False)
    grant: Grant
    claims: dict[str, Any]
    is_revoked: bool = False

    @property
    def is_active(self) -> bool:
        """Whether an API may accept it now."""
        return not self.is_revoked and not self.grant.is_ended and self.claims["exp"] > timestamp()


@dataclass(kw_only=True)
class Records:
    """Everything that the server remembers."""

    sessions: dict[str, Session] = field(default_factory=dict)  # by user
    codes: dict[str, Code] = field(default_factory=dict)
    pushed: dict[str, tuple[dict[str, Any], float]] = field(default_factory=dict)  # by request_uri
    devices: dict[str, Pending] = field(default_factory=dict)  # by device_code
    backchannel: dict[str, Pending] = field(default_factory=dict)  # by auth_req_id
    access_tokens: dict[str, AccessToken] = field(default_factory=dict)
    refresh_tokens: dict[str, Grant] = field(default_factory=dict)
    seen_jti: set[str] = field(default_factory=set)

    def log_in(self, user: str, *, again: bool) -> Session:
        """Return the user's session; a new one where there is none, or where they have to log in again."""
        session = self.sessions.get(user)
        if session is None:
            session = self.sessions[user] = Session(user=user, auth_time=int(timestamp()))
        elif again:
            session.auth_time = int(timestamp())
        return session

    def use_once(self, jti: Any) -> bool:
        """Return whether a jti comes for the first time."""
        if not isinstance(jti, str) or not jti or jti in self.seen_jti:
            return False
        self.seen_jti.add(jti)
        return True
