"""What an ID token is compared with: the settings of the client, and what it asked for.

Read from a client and from an authorization response. Knows no token and no check.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from .._core.issuers import Issuer
from .._core.values import NotPickled
from .._jose.algs import HMAC, SIGNATURE, same_alg

AcrPolicy: TypeAlias = Literal["demand", "report"] | Callable[[str | None, tuple[str, ...]], bool]

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
class IdTokenSettings(NotPickled):
    """How a client is registered for ID tokens, and what it knows of the OP."""

    client_id: str
    issuer: Issuer | None
    further_issuers: Collection[str]
    allow_unknown_issuer: bool
    signed_alg: str
    encrypted_alg: str | None
    encrypted_enc: str | None
    decryption_key: Any = field(repr=False)
    client_secret: str | None = field(repr=False)
    has_keys: bool
    iat_max_age: float | None = None
    s_hash_required: bool = False
    leeway: float = 0
    trusted_audiences: Collection[str] = ()
    authorized_parties: Collection[str] = ()
    acr_policy: AcrPolicy | None = None
    auth_time_may_change: bool = False
    further_algs: Collection[str] = ()

    @property
    def signed_algs(self) -> tuple[str, ...]:
        """All names of the algorithms: Ed25519 is also called EdDSA (RFC 9864 section 2.2)."""
        algs = (self.signed_alg, *self.further_algs)
        return tuple(alg for alg in SIGNATURE if any(same_alg(alg, one) for one in algs)) or algs

    @property
    def is_symmetric(self) -> bool:
        """Tell whether ID tokens are signed with the client secret."""
        return self.signed_alg in HMAC

    @property
    def knows_op(self) -> bool:
        """Tell whether anything is known that an ID token can be checked with."""
        return self.issuer is not None or self.has_keys


def id_token_settings(client: Any) -> IdTokenSettings:
    """Read the settings of a client, and again when it has learned more about its OP."""
    known = (client.issuer_rule, client.jwks_uri, client.authorization_server_jwks, client.id_token_signed_response_alg)
    found: tuple[tuple[Any, ...], IdTokenSettings] | None = client.__dict__.get("_id_token_settings")
    if found is None or any(one is not other for one, other in zip(found[0], known, strict=True)):
        found = client.__dict__["_id_token_settings"] = known, _read_settings(client)
    return found[1]


def _read_settings(client: Any) -> IdTokenSettings:
    alg = client.id_token_signed_response_alg or DEFAULT_ALG
    return IdTokenSettings(
        client_id=client.client_id,
        issuer=client.issuer_rule,
        further_issuers=client.further_issuers,
        allow_unknown_issuer=client.allow_unknown_issuer,
        signed_alg=alg,
        encrypted_alg=client.id_token_encrypted_response_alg,
        encrypted_enc=client.id_token_encrypted_response_enc,
        decryption_key=client.id_token_decryption_key,
        client_secret=client.client_secret,
        has_keys=bool(client.jwks_uri or client.authorization_server_jwks is not None or alg in HMAC),
        iat_max_age=client.id_token_iat_max_age,
        s_hash_required=client.id_token_s_hash_required,
        leeway=client.id_token_leeway,
        trusted_audiences=client.trusted_audiences,
        authorized_parties=client.authorized_parties,
        acr_policy=client.acr_policy,
        auth_time_may_change=client.refreshed_auth_time_may_change,
        further_algs=getattr(client, "_further_id_token_algs", ()),
    )


@dataclass(slots=True, kw_only=True, eq=False)  # one for each token: freezing would take a tenth of checking it
class Expected(NotPickled):
    """What an ID token has to agree with. None: there is nothing to compare.

    Attributes:
        client_id: in `aud`, and `azp`.
        issuer: that of the client, or its rule.
        answering_issuer: who answered the authorization request, or was asked.
        further_issuers: other names of that issuer.
        allow_unknown_issuer: accept any issuer when none is known; the token stays unchecked.
        trusted_audiences: who else may be in `aud` without an `azp`.
        authorized_parties: who else may be the `azp`.
        acr_policy: what a login in another way than was asked for means.
        essential_acr: the classes of login of which one is demanded; empty: any, but one (OIDC Core section 5.5.1.1).
        compares_nonce: False where it is unknown whether a nonce was sent.
        nonce, acr_values, max_age: of the authorization request; `max_age` in seconds.
        texts: what the claims `at_hash`, `c_hash` and `s_hash` are hashes of.
        required: those of these claims that have to be there.
        iat_max_age: seconds since it was issued.
        exp_leeway, auth_time_leeway: seconds.
    """

    client_id: str
    issuer: Issuer | None = None
    answering_issuer: str | None = None
    further_issuers: Collection[str] = ()
    trusted_audiences: Collection[str] = ()
    authorized_parties: Collection[str] = ()
    acr_policy: AcrPolicy = "report"
    essential_acr: tuple[str, ...] | None = None
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
    settings: IdTokenSettings,
    answered: Any,
    *,
    access_token: str | None = None,
    required: frozenset[str] = frozenset(),
    exp_leeway: float = 0,
    auth_time_leeway: float = 10,
    acr_policy: AcrPolicy = "report",
) -> Expected:
    """Put together what an ID token has to agree with.

    Args:
        settings: of the client.
        answered: the authorization response that it belongs to; None where there is none, or it is unknown.
        access_token: the access token that came with it.
        required: the hashes that have to be there.
        exp_leeway: seconds for which an expired one is still taken.
        auth_time_leeway: seconds of clock difference that `max_age` allows for.
        acr_policy: what counts where the client has none.
    """
    return Expected(
        client_id=settings.client_id,
        issuer=settings.issuer,
        answering_issuer=getattr(answered, "issuer", None),
        further_issuers=settings.further_issuers,
        trusted_audiences=settings.trusted_audiences,
        authorized_parties=settings.authorized_parties,
        acr_policy=settings.acr_policy or acr_policy,
        essential_acr=getattr(answered, "essential_acr", None),
        allow_unknown_issuer=settings.allow_unknown_issuer,
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
        iat_max_age=settings.iat_max_age,
        exp_leeway=max(exp_leeway, settings.leeway),
        auth_time_leeway=auth_time_leeway,
    )
