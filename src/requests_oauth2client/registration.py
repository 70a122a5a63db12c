"""Clients that register themselves: what the AS says of a client, and its refusals (RFC 7591, RFC 7592).

`ClientInformation` is the answer of the AS; it knows which arguments make a client of it. Asking is in
`_protocol.metadata.registration`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from ._core.redaction import one_line
from ._core.refusals import (
    ClientRegistrationError,
    InvalidClientMetadata,
    InvalidSoftwareStatement,
    RefusedRedirectUri,
    UnapprovedSoftwareStatement,
)
from ._core.times import moment
from ._core.values import NotPickled
from .client_authentication import ClientSecretBasic, ClientSecretJwt, ClientSecretPost, PrivateKeyJwt, PublicApp
from .exceptions import InvalidAnswer, InvalidParam
from .mtls import SelfSignedTlsClientAuth, TlsClientAuth

# What the AS keeps to itself in an update (RFC 7592 section 2.2).
NOT_SENT_BACK = frozenset(
    {"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"}
)

NOT_ASKED = frozenset({"client_id", "client_secret", "software_statement", *NOT_SENT_BACK})  # the AS decides these

# Metadata that are settings of a client under the same name (RFC 7591 section 2, OIDC Registration section 2).
SETTINGS = (
    "id_token_signed_response_alg id_token_encrypted_response_alg id_token_encrypted_response_enc"
    " userinfo_signed_response_alg userinfo_encrypted_response_alg userinfo_encrypted_response_enc"
    " introspection_signed_response_alg introspection_encrypted_response_alg introspection_encrypted_response_enc"
    " dpop_bound_access_tokens"
).split()


class Credentials(NamedTuple):
    """What a registered client may prove itself with."""

    client_id: str
    client_secret: Any = None
    private_key: Any = None
    certificate: Any = None
    alg: str | None = None


METHODS: Mapping[str, tuple[str, Callable[[Credentials], Any]]] = {  # the credential that each needs, and the method
    "client_secret_basic": ("client_secret", lambda it: ClientSecretBasic(it.client_id, it.client_secret)),
    "client_secret_post": ("client_secret", lambda it: ClientSecretPost(it.client_id, it.client_secret)),
    "client_secret_jwt": (
        "client_secret",
        lambda it: ClientSecretJwt(it.client_id, it.client_secret, alg=it.alg or "HS256"),
    ),
    "private_key_jwt": ("private_key", lambda it: PrivateKeyJwt(it.client_id, it.private_key, **_given(alg=it.alg))),
    "tls_client_auth": ("certificate", lambda it: TlsClientAuth(it.client_id, it.certificate)),
    "self_signed_tls_client_auth": ("certificate", lambda it: SelfSignedTlsClientAuth(it.client_id, it.certificate)),
    "none": ("client_id", lambda it: PublicApp(it.client_id)),
}
DEFAULT_METHOD = "client_secret_basic"  # RFC 7591 section 2


def _given(**arguments: Any) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not None}


class InvalidClientInformationResponse(InvalidAnswer):
    """The answer is no client information response (RFC 7591 section 3.2.1)."""


class ClientInformation(NotPickled):
    """What the AS says of a registered client (RFC 7591 section 3.2.1, RFC 7592 section 3).

    Its members are items: `information["client_name"]`. Keep it: with `registration_access_token` the client
    can be read, changed and deleted, and anyone who has it can do so too.

    Args:
        metadata: the members of the answer.

    Raises:
        InvalidParam: there is no client_id, or a member is of a wrong type.
    """

    pickle_advice = "Store `as_dict()` where secrets may be stored."

    def __init__(self, metadata: Mapping[str, Any]) -> None:
        self.metadata = MappingProxyType(dict(metadata))
        self.client_id = self._text("client_id", required=True)
        self.client_secret = self._text("client_secret")
        self.registration_access_token = self._text("registration_access_token")
        self.registration_client_uri = self._text("registration_client_uri")
        self.redirect_uris = self._texts("redirect_uris")

    def _text(self, name: str, *, required: bool = False) -> Any:
        value = self.metadata.get(name)
        if (value is None and required) or not isinstance(value, str | None) or value == "":
            came = "is missing" if value is None else f"is {'empty' if value == '' else f'a {type(value).__name__}'}"
            msg = f"The {name} {came}, expected a string."
            raise InvalidParam(msg)
        return value

    def _texts(self, name: str) -> list[str]:
        value = self.metadata.get(name)
        if value is not None and not (isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value)):
            msg = f"The {name} are {one_line(value)!r}, expected an array of texts."
            raise InvalidParam(msg)
        return list(value or ())

    @property
    def client_secret_expires_at(self) -> datetime | None:
        """When the client secret expires, aware, UTC; None when it does not, or there is none."""
        seconds = self.metadata.get("client_secret_expires_at")
        return moment(seconds) if seconds else None  # RFC 7591 §3.2.1: 0 is never

    @property
    def token_endpoint_auth_method(self) -> str:
        """How the client proves who it is."""
        method = self.metadata.get("token_endpoint_auth_method") or DEFAULT_METHOD
        if isinstance(method, (list, tuple)) and len(method) == 1:  # some AS answer with a list of one
            method = method[0]
        return str(method)

    def completed(self, asked: Mapping[str, Any]) -> ClientInformation:
        """Return this, and what was asked for where the AS says nothing about it (RFC 7591 section 3.2.1)."""
        said = {name: value for name, value in self.metadata.items() if value is not None}
        return ClientInformation({**{n: v for n, v in asked.items() if v is not None and n not in NOT_ASKED}, **said})

    def client_arguments(self, *, private_key: object = None, certificate: object = None) -> dict[str, Any]:
        """Return the arguments that make a client of this.

        Args:
            private_key: for `private_key_jwt`.
            certificate: for `tls_client_auth` and `self_signed_tls_client_auth`.

        Raises:
            InvalidParam: the method is unknown, or its secret, key or certificate is missing.
        """
        method, alg = self.token_endpoint_auth_method, self.metadata.get("token_endpoint_auth_signing_alg")
        credentials = Credentials(self.client_id, self.client_secret, private_key, certificate, alg)
        needed, make = METHODS.get(method, ("method that is known here", None))
        if make is None or getattr(credentials, needed) is None:
            msg = (
                f"The client is registered for token_endpoint_auth_method={one_line(method)!r}, and there is no"
                f" {needed}. A secret comes with the answer; pass private_key= or client_certificate=."
            )
            raise InvalidParam(msg)
        known = {name: self.metadata[name] for name in SETTINGS if self.metadata.get(name) is not None}
        return {
            **known,
            "auth": make(credentials),
            "redirect_uri": next(iter(self.redirect_uris), None),
            "registration": self,
        }

    def for_update(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the metadata to send in an update: all of them, with changes; those that are None are left out."""
        kept = {name: value for name, value in self.metadata.items() if name not in NOT_SENT_BACK}
        return {name: value for name, value in {**kept, **changes}.items() if value is not None}

    def as_dict(self) -> dict[str, Any]:
        """Return all members, secrets included: `ClientInformation(information.as_dict())` equals it."""
        return dict(self.metadata)

    def __getitem__(self, name: str) -> Any:
        return self.metadata[name]

    def __contains__(self, name: object) -> bool:
        return name in self.metadata

    def __eq__(self, other: object) -> bool:
        return self.metadata == other.metadata if isinstance(other, ClientInformation) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.client_id)

    def __repr__(self) -> str:
        return f"<ClientInformation client_id={self.client_id!r} {self.token_endpoint_auth_method}>"


__all__ = [
    "ClientInformation",
    "ClientRegistrationError",
    "InvalidClientInformationResponse",
    "InvalidClientMetadata",
    "InvalidSoftwareStatement",
    "RefusedRedirectUri",
    "UnapprovedSoftwareStatement",
]
