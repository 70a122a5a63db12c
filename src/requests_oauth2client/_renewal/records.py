"""What is stored of a token: a record, the name of its entry, and the two as bytes.

The record of a login has one refresh token, and an access token for each API: the login's own, which has the refresh
token and the ID token, and others without. Knows no store and no lock; `shared` reads and writes records.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .._core.encoding import b64u_encode
from .._core.frozen import field, frozen
from .._core.scope import scope_words
from .._tokens.bearer import BearerToken, with_id_token
from ..exceptions import InvalidParam
from ..serializers import Serializer, TokenSerializer

if TYPE_CHECKING:
    from .refreshing import Came
    from .sources import TokenSource

PENDING_FOR = 90.0  # seconds: the longest request, and all attempts to save what it gave
LARGEST_NUMBER = 2**53  # beyond every time and fencing number
CLOCK_DIFFERENCE = 5.0  # seconds by which the clocks of two machines that share a store may differ

OWN = ""  # the key of the access token that came with the login
MAX_OTHERS = 50  # access tokens of one login
MAX_OTHERS_SIZE = 200_000  # characters of all of them: a value that is too large can't be read

# What makes one token another's: all that is asked for, but no secret and nothing that is used once.
NOT_IN_A_NAME = frozenset(
    "actor_token client_assertion code_verifier dpop dpop_key password redirect_uri requests_kwargs validate".split()
)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")


@frozen(kw_only=True)
class Access:
    """An access token of a login.

    Attributes:
        token: the token.
        lifetime: seconds for which it was valid when it came, or None.
        replaced: when an API last rejected the one before, so that it was replaced, in seconds since 1970.
    """

    token: BearerToken
    lifetime: int | None = None
    replaced: int | None = None


class NamedSource(Protocol):
    """What of a source names its entry."""

    client: Any
    token_kwargs: dict[str, Any]

    @property
    def grant(self) -> str:
        """The grant."""
        ...

    @property
    def is_a_users(self) -> bool:
        """Whether a user logs in."""
        ...

    @property
    def needs_subject(self) -> bool:
        """Whether nothing but a subject says whose tokens they are."""
        ...


@frozen(kw_only=True)
class Record:
    """What is stored of a token.

    Attributes:
        token: the token, or None.
        lifetime: seconds for which it was valid when it came, or None.
        pending: when a renewal of it began that has not ended, in seconds since 1970, or None.
        replaced: when an API last rejected a token of this entry, so that it was replaced, in seconds since 1970.
        fence: the fencing number that it was written with; None in records of version 2.0.
        others: access tokens for other APIs that the same refresh token gives, by their keys, the oldest first.
    """

    token: BearerToken | None = None
    lifetime: int | None = None
    pending: int | None = None
    replaced: int | None = None
    fence: int | None = None
    others: Mapping[str, Access] = field(default_factory=dict)

    def access(self, key: str) -> Access | None:
        """Return the access token with some key."""
        if self.token is None:
            return None
        if key == OWN:
            return Access(token=self.token, lifetime=self.lifetime, replaced=self.replaced)
        return self.others.get(key)

    def renewed(self, key: str, came: Came, *, replaced: int | None = None) -> Record:
        """Return the record with a token that came. Those of another login are dropped.

        Args:
            key: of the access token.
            came: what came.
            replaced: when it came, if because an API had rejected the one before.
        """
        token, others = came.token, {} if came.is_new_login else dict(self.others)
        if key == OWN or came.login is None:
            return Record(token=token, lifetime=token.expires_in, replaced=replaced, others=others)
        alone = with_id_token(token.replace(refresh_token=None), None)
        others.pop(key, None)  # the newest is the last
        others[key] = Access(token=alone, lifetime=token.expires_in, replaced=replaced)
        return Record(
            token=with_id_token(came.login.replace(refresh_token=token.refresh_token), token.id_token),
            lifetime=came.login.expires_in if came.is_new_login else self.lifetime,
            replaced=None if came.is_new_login else self.replaced,
            others=_bounded(others, key),
        )

    def is_pending(self, now: float) -> bool:
        """Tell whether its renewal may not have ended. It may have been begun by the clock of another machine."""
        return has_begun(self.pending, now, PENDING_FOR)


def _bounded(others: dict[str, Access], newest: str) -> dict[str, Access]:
    """Drop what is expired, then the oldest, until few enough are left; the newest always stays."""
    left = {key: one for key, one in others.items() if key == newest or not one.token.is_expired()}
    size = sum(len(one.token.access_token) for one in left.values())
    for key in list(left)[:-1]:
        if len(left) <= MAX_OTHERS and size <= MAX_OTHERS_SIZE:
            break
        size -= len(left.pop(key).token.access_token)
    return left


def has_begun(begun: int | None, now: float, length: float) -> bool:
    """Tell whether a span of time has begun and not ended; a clock that was set back ends it."""
    return begun is not None and begun - CLOCK_DIFFERENCE <= now < begun + length


@frozen()
class Owed:
    """What came, in place of which token, and could not be written with which fencing number, if there was one."""

    record: Record
    base: BearerToken | None
    fence: int | None

    def is_due(self, stored: Record) -> bool:
        """Tell whether no other token was stored and the entry was not emptied, which is a logout."""
        if self.base is None:
            return stored.token is None or bool(stored.token.is_expired())
        return stored.token == self.base


class RecordSerializer(Serializer[Record]):
    """Serializes a record together with the name of its entry, so that it is valid for no other."""

    kind = "stored token"

    def __init__(self, entry: str, keys: Iterable[bytes] | None, token_class: type[BearerToken] = BearerToken) -> None:
        super().__init__(keys)
        self.entry = entry
        self._tokens = TokenSerializer(token_class=token_class)

    def fields_of(self, value: Record) -> Mapping[str, Any]:
        """Return what a record is restored from."""
        token = None if value.token is None else self._tokens.fields_of(value.token)
        further = {"replaced": value.replaced, "fence": value.fence}
        known = {"entry": self.entry, "token": token, "lifetime": value.lifetime, "pending": value.pending}
        others = {"others": {key: self._fields_of_access(one) for key, one in value.others.items()}}
        return (
            known
            | {n: number for n, number in further.items() if number is not None}
            | (others if value.others else {})
        )

    def value_of(self, fields: dict[str, Any]) -> Record:
        """Restore the record."""
        if fields["entry"] != self.entry:
            msg = "it is that of another entry"
            raise ValueError(msg)
        token = fields["token"]
        return Record(
            token=None if token is None else self._tokens.value_of(token),
            lifetime=_number(fields["lifetime"]),
            pending=_number(fields["pending"]),
            replaced=_number(fields.get("replaced")),
            fence=_number(fields.get("fence")),
            others={key: self._access_of(one) for key, one in fields.get("others", {}).items()},
        )

    def _fields_of_access(self, access: Access) -> Mapping[str, Any]:
        return {
            "token": self._tokens.fields_of(access.token),
            "lifetime": access.lifetime,
            "replaced": access.replaced,
        }

    def _access_of(self, fields: dict[str, Any]) -> Access:
        return Access(
            token=self._tokens.value_of(fields["token"]),
            lifetime=_number(fields["lifetime"]),
            replaced=_number(fields["replaced"]),
        )


def _number(value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST_NUMBER):
        return value
    msg = "it has something else in place of a number"
    raise ValueError(msg)


def entry_of(source: NamedSource, subject: str | None) -> str:
    """Name the entry of a token: a hash of the AS, the client, and all that is asked for. It holds no secret.

    Raises:
        InvalidParam: nothing says whose token it is.
    """
    if subject is None and source.needs_subject:
        msg = (
            f"In a store, tokens of a {type(source).__name__} need a subject=: whose they are, as you like to call"
            " them. Nothing else distinguishes them from those of others."
        )
        raise InvalidParam(msg)
    client = source.client
    asked = _asked(source.token_kwargs)
    key, dpop = source.token_kwargs.get("dpop_key"), source.token_kwargs.get("dpop")
    is_bound = getattr(client, "dpop_bound_access_tokens", False) if dpop is None else dpop
    named = {
        "as": _server_of(client),
        "client": getattr(client, "client_id", None),
        "grant": "user" if source.is_a_users else source.grant,
        "subject": subject if subject is not None else getattr(source, "username", None),
        "asked": asked,
        "jkt": getattr(key, "dpop_jkt", bool(is_bound)),  # true: a key that is stored with the token
    }
    certificate = certificate_thumbprint(getattr(client, "client_certificate", None))
    if certificate is not None:  # RFC 8705 §3: tokens may be bound to it
        named["x5t#S256"] = certificate
    text = json.dumps(named, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _server_of(client: Any) -> str | None:
    """Return what says which server it is: for one that an API names, which may not be known yet, the API."""
    names = ("protected_resource", "issuer", "token_endpoint")
    return next((found for name in names if (found := getattr(client, name, None))), None)


def _asked(fields: Mapping[str, Any]) -> dict[str, Any]:
    asked = {name: value for name, value in fields.items() if name not in NOT_IN_A_NAME and value is not None}
    if "scope" in asked:
        asked["scope"] = sorted(set(scope_words(asked["scope"])))  # RFC 6749 §3.3: their order does not matter
    return asked


def access_key(fields: Mapping[str, Any]) -> str:
    """Name an access token within its login: a hash of the form fields that say what it is for."""
    asked = _asked(fields)
    for name in {"resource", "audience"} & {*asked}:  # several may be named, in any order
        asked[name] = [asked[name]] if isinstance(asked[name], str) else sorted(map(str, asked[name]))
    text = json.dumps(asked, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def login_of(source: TokenSource, subject: str | None) -> tuple[Any, ...]:
    """Return what entries have in common whose tokens may be of one login of a user."""
    client = source.client
    return _server_of(client), getattr(client, "client_id", None), source.is_a_users, subject


def certificate_thumbprint(certificate: Any) -> str | None:
    """Return the SHA-256 thumbprint of a client certificate (RFC 8705 section 3.1), of its path if it can't be read."""
    if certificate is None:
        return None
    path = certificate if isinstance(certificate, str) else certificate[0]
    with suppress(OSError, ValueError):
        found = _CERTIFICATE.search(Path(path).read_text(encoding="latin-1"))
        if found:
            return b64u_encode(hashlib.sha256(base64.b64decode(found[1])).digest())
    return str(path)
