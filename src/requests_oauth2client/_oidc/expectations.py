"""What an ID token is judged by: how the client is registered, and what it asked for.

Read from the settings of a client and from an authorization response. Knows no token and no rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .._core.values import NotPickled
from .._jose.algs import HMAC

DEFAULT_ALG = "RS256"  # OIDC Registration section 2


class LoginResponse(Protocol):
    """What an ID token is compared with: the authorization response, which knows its request."""

    @property
    def code(self) -> str:
        """The code, or an empty string."""
        ...

    @property
    def state(self) -> str | None:
        """The state of the request."""
        ...

    @property
    def nonce(self) -> str | None:
        """The nonce of the request."""
        ...

    @property
    def issuer(self) -> str | None:
        """Whom the request went to."""
        ...

    @property
    def acr_values(self) -> tuple[str, ...] | None:
        """The classes of login that were asked for."""
        ...

    @property
    def max_age(self) -> int | None:
        """Seconds since the login, at most."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration(NotPickled):
    """How a client is registered for ID tokens, and what it knows of the OP."""

    client_id: str
    issuer: str | None
    allow_unknown_issuer: bool
    signed_alg: str
    encrypted_alg: str | None
    encrypted_enc: str | None
    decryption_key: Any = field(repr=False)
    client_secret: str | None = field(repr=False)
    has_keys: bool
    iat_max_age: float | None = None
    s_hash_required: bool = False

    @property
    def is_symmetric(self) -> bool:
        """Tell whether ID tokens are signed with the client secret."""
        return self.signed_alg in HMAC

    @property
    def knows_op(self) -> bool:
        """Tell whether anything is known that an ID token can be checked with."""
        return self.issuer is not None or self.has_keys


def registration_of(client: Any) -> Registration:
    """Read the settings of a client, once: they don't change."""
    found: Registration | None = client.__dict__.get("_registration")
    if found is None:
        found = client.__dict__["_registration"] = _read_registration(client)
    return found


def _read_registration(client: Any) -> Registration:
    alg = client.id_token_signed_response_alg or DEFAULT_ALG
    return Registration(
        client_id=client.client_id,
        issuer=client.issuer,
        allow_unknown_issuer=client.allow_unknown_issuer,
        signed_alg=alg,
        encrypted_alg=client.id_token_encrypted_response_alg,
        encrypted_enc=client.id_token_encrypted_response_enc,
        decryption_key=client.id_token_decryption_key,
        client_secret=client.client_secret,
        has_keys=bool(client.jwks_uri or client.authorization_server_jwks is not None or alg in HMAC),
        iat_max_age=client.id_token_iat_max_age,
        s_hash_required=client.id_token_s_hash_required,
    )


@dataclass(slots=True, kw_only=True, eq=False)  # one for each token: freezing would take a tenth of checking it
class Expected(NotPickled):
    """What an ID token has to agree with. None: there is nothing to compare.

    Attributes:
        client_id: in `aud`, and `azp`.
        issuers: those that the client and the request know; the same, if all is well.
        allow_unknown_issuer: take any issuer when none is known.
        compares_nonce: False where it is unknown whether a nonce was sent.
        nonce, acr_values, max_age: of the authorization request; `max_age` in seconds.
        texts: what the claims `at_hash`, `c_hash` and `s_hash` are hashes of.
        required: those of these claims that have to be there.
        iat_max_age: seconds since it was issued.
        exp_leeway, auth_time_leeway: seconds.
    """

    client_id: str
    issuers: Sequence[str] = ()
    allow_unknown_issuer: bool = False
    compares_nonce: bool = False
    nonce: str | None = field(default=None, repr=False)
    acr_values: tuple[str, ...] | None = None
    max_age: int | None = None
    texts: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    required: frozenset[str] = frozenset()
    iat_max_age: float | None = None
    exp_leeway: float = 0
    auth_time_leeway: float = 10


def expectations(
    registration: Registration,
    answered: Any,
    *,
    access_token: str | None = None,
    required: frozenset[str] = frozenset(),
    exp_leeway: float = 0,
    auth_time_leeway: float = 10,
) -> Expected:
    """Put together what an ID token has to agree with.

    Args:
        registration: of the client.
        answered: the authorization response that it belongs to; None where there is none, or it is unknown.
        access_token: the access token that came with it.
        required: the hashes that have to be there.
        exp_leeway: seconds for which an expired one is still taken.
        auth_time_leeway: seconds of clock difference that `max_age` allows for.
    """
    known = (registration.issuer, getattr(answered, "issuer", None))
    return Expected(
        client_id=registration.client_id,
        issuers=[issuer for issuer in known if issuer is not None],
        allow_unknown_issuer=registration.allow_unknown_issuer,
        compares_nonce=answered is not None,
        nonce=getattr(answered, "nonce", None),
        acr_values=getattr(answered, "acr_values", None),
        max_age=getattr(answered, "max_age", None),
        texts={
            "at_hash": access_token,
            "c_hash": getattr(answered, "code", None) or None,
            "s_hash": getattr(answered, "state", None),
        },
        required=required,
        iat_max_age=registration.iat_max_age,
        exp_leeway=exp_leeway,
        auth_time_leeway=auth_time_leeway,
    )
