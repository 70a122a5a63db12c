"""The client for a server that an API names: the one that was given, a document that the server reads, a registration.

    OAuth2Client, credentials ──► as they are, for one issuer: no other server is shown them
    ClientMetadata            ──► its URL, where the server knows client_id metadata documents
                              └─► a registration at the server (RFC 7591), kept for that issuer and used again

A registration keeps the port of its redirect URI: many servers compare it, although it should not matter (RFC 8252
section 7.3). Knows no HTTP library.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .._core.effects import Now, RunInThread, Steps, Subtask
from .._core.urls import is_loopback
from .._login.ways import BrowserLogin, FunctionLogin, Login
from .._protocol.client import Client as AnyClient
from .._protocol.http.limits import FetchLimits
from .._protocol.metadata import registration, server_metadata
from .._protocol.metadata.protected_resource import StatedAddresses
from .._protocol.settings import stated_list
from ..client_authentication import ClientAssertion
from ..client_metadata import NATIVE_REDIRECT_URIS, ClientMetadata
from ..exceptions import InvalidParam
from ..registration import ClientInformation
from ..resource_metadata import UntrustedIssuer, is_same_issuer
from .knowledge import Knowledge
from .stored import StoredDocument

if TYPE_CHECKING:
    from .._protocol.hooks import Client

CIMD = "client_id_metadata_document_supported"  # draft-ietf-oauth-client-id-metadata-document section 5
METHODS = ("none", "client_secret_basic", "client_secret_post")  # what a new registration asks for, in this order
WITHOUT_USER = ("client_credentials",)  # grants that a client is registered for as it is


class Clients:
    """Makes the client for each server.

    Args:
        given: a `ClientMetadata`, an `OAuth2Client`, or credentials.
        make: the class of clients.
        settings: further settings of clients.
        store: where registrations are kept.
        way: how users log in; None where no login is possible.
        grant: what tokens are obtained with instead, or None.
        addresses: what addresses of servers have to be.
    """

    def __init__(
        self,
        given: Any,
        make: Any,
        *,
        settings: Mapping[str, Any],
        store: Any,
        way: Any,
        grant: Any,
        addresses: StatedAddresses,
    ) -> None:
        self.given, self._make, self.settings, self.store = given, make, settings, store
        self._way, self.grant, self.addresses = way, grant, addresses
        self.limits = FetchLimits.of(settings, testing=addresses.testing, exception_classes=make.exception_classes)
        self._made: dict[str, Client] = {}
        self._registrations: dict[str, StoredDocument] = {}
        if not isinstance(given, (ClientMetadata, AnyClient)):
            self._probe(given)

    def _probe(self, given: Any) -> None:
        """Find out now whether these are credentials, and whose."""
        client = self._make("https://server.invalid/token", given, **self.settings)
        self._client_id = client.client_id

    @property
    def name(self) -> list[Any]:
        """What makes it another client than others; no secrets."""
        given = self.given
        if isinstance(given, ClientMetadata):
            return ["metadata", given.name, given.url, given.redirect_uris, given.further]
        return ["client", given.client_id if isinstance(given, AnyClient) else self._client_id]

    @property
    def bound_to(self) -> str | None:
        """The issuer that the given client is for, or None."""
        return self.given.issuer if isinstance(self.given, AnyClient) else None

    @property
    def has_credentials(self) -> bool:
        """Whether there are credentials that only one server may see."""
        return not isinstance(self.given, ClientMetadata)

    def redirect_uri(self, client: Client | None = None) -> str:
        """Return where users come back to."""
        own = getattr(self._way.function if isinstance(self._way, FunctionLogin) else self._way, "redirect_uri", None)
        given = self.given.redirect_uris if isinstance(self.given, ClientMetadata) else None
        if given is not None:
            matching = [one for one in given if own and _without_port(one) == _without_port(own)]
            return str((matching or [*given, own or NATIVE_REDIRECT_URIS[0]])[0])
        return str((client and client.redirect_uri) or own or NATIVE_REDIRECT_URIS[0])

    def client_for(self, known: Knowledge) -> Steps[Client]:
        """Return the client for the server of an API; register it, if it has to be.

        Raises:
            UntrustedIssuer: the client that was given is for another server.
            InvalidParam: the server knows no way to take a client that it has never seen.
            ClientRegistrationError: it refuses to register it.
        """
        given, made = self.given, self._made.get(known.issuer)
        if isinstance(given, AnyClient):
            if given.issuer is not None and not is_same_issuer(given.issuer, known.issuer):
                raise UntrustedIssuer([known.issuer], given.issuer)
            return given
        if made is not None:
            return made
        if not isinstance(given, ClientMetadata):
            uri = self.settings.get("redirect_uri") or (self.redirect_uri() if self.grant is None else None)
            client = self._client(known, auth=_addressed_to(known.issuer, given), redirect_uri=uri)
        elif given.url is not None and known.server.get(CIMD) is True:
            client = self._client(known, auth=given.url, redirect_uri=self.redirect_uri())
        else:
            information: ClientInformation = yield Subtask(self._registered(given, known))
            with registration.carrying(information):
                client = self._client(known, **information.client_arguments())
        self._made[known.issuer] = client
        return client

    def forget(self, issuer: str) -> Steps[bool]:
        """Drop the registration at a server, which has dropped it; False where nothing was registered."""
        self._made.pop(issuer, None)
        kept = self._registrations.pop(issuer, None)
        if kept is None:
            return False
        yield from kept.write(None)
        return True

    def can_listen(self, client: Client) -> Steps[bool]:
        """Tell whether the port of a registered redirect URI is free, where a login listens on it."""
        parts = urlsplit(client.redirect_uri or "")
        if client.registration is None or not _listens(self._way) or not parts.port or not is_loopback(parts.hostname):
            return True
        from .._login.listener import free_port  # noqa: PLC0415  for logins that listen

        return (yield RunInThread(functools.partial(free_port, str(parts.hostname), [parts.port]))) is not None

    def _client(self, known: Knowledge, **arguments: Any) -> Client:
        """Make a client that knows its server."""
        settings = {**self.settings, **arguments}
        if known.server_url is None:
            client: Client = self._make(**{**known.server, **settings})
            return client
        client = self._make(**{**settings, "issuer": known.issuer})
        server_metadata.hold(client, known.server_url, known.server, known.read_at, self.addresses)
        return client

    def _registered(self, given: ClientMetadata, known: Knowledge) -> Steps[ClientInformation]:
        """Return the registration at a server: the stored one, or a new one; one caller registers."""
        kept = self._registrations.setdefault(
            known.issuer, StoredDocument(self.store, "registration", known.issuer, *self.name)
        )
        now = (yield Now()).timestamp()
        found = _information((yield from kept.read()), now)
        if found is not None:
            return found
        yield kept.lock
        found = _information((yield from kept.read()), now)
        if found is not None:
            return found
        information = yield from self._register(given, known)
        yield from kept.write(information.as_dict())
        return information

    def _register(self, given: ClientMetadata, known: Knowledge) -> Steps[ClientInformation]:
        endpoint = known.server.get("registration_endpoint")
        if not isinstance(endpoint, str) or not endpoint:
            document = "" if given.url is not None else f", nor is there a url for the metadata ({CIMD})"
            msg = (
                f"{known.issuer} takes no client that it has never seen: it has no registration_endpoint{document}."
                " Register a client there by hand, and pass client=(client_id, client_secret) with issuer=."
            )
            raise InvalidParam(msg)
        listed = stated_list(known.server, "token_endpoint_auth_methods_supported")
        grant = getattr(self.grant, "grant", None)
        grants = (grant,) if grant in WITHOUT_USER else ()
        offered = [one for one in METHODS if (not listed or one in listed) and not (grants and one == "none")]
        metadata = given.for_registration(
            [(yield from self._own_redirect_uri())], grant_types=grants, method=offered[0] if offered else None
        )
        arguments = yield from registration.register(
            self.limits,
            metadata,
            settings={"registration_endpoint": endpoint, "token_endpoint": known.server.get("token_endpoint")},
        )
        information: ClientInformation = arguments["registration"]
        return information

    def _own_redirect_uri(self) -> Steps[str]:
        """Return where users come back to; where a login listens, with a port that is free now."""
        uri = self.redirect_uri()
        parts = urlsplit(uri)
        if not _listens(self._way) or parts.port or parts.scheme != "http" or not is_loopback(parts.hostname):
            return uri
        from .._login.listener import free_port  # noqa: PLC0415  for logins that listen

        ports = self._way.ports if isinstance(self._way, BrowserLogin) else (0,)
        port = yield RunInThread(functools.partial(free_port, str(parts.hostname), ports))
        return uri if port is None else parts._replace(netloc=f"{parts.netloc}:{port}").geturl()


def _addressed_to(issuer: str, auth: Any) -> Any:
    """Return credentials whose assertions are for the server itself, unless they name who they are for.

    Here nothing but its issuer is known beforehand, and assertions for a token endpoint that metadata name could be
    used at another server (draft-ietf-oauth-rfc7523bis section 4).
    """
    if isinstance(auth, ClientAssertion) and auth.aud is None:
        return auth.addressed_to(issuer)
    return auth


def _listens(way: Any) -> bool:
    """Tell whether a way to log in may listen for the callback."""
    return isinstance(way, BrowserLogin) or (isinstance(way, Login) and (not way.ways or any(map(_listens, way.ways))))


def _without_port(uri: str) -> str:
    parts = urlsplit(uri)
    if parts.scheme != "http" or not is_loopback(parts.hostname):
        return uri
    return parts._replace(netloc=parts.netloc.rpartition(":")[0] if parts.port else parts.netloc).geturl()


def _information(document: Mapping[str, Any] | None, now: float) -> ClientInformation | None:
    """Return a stored registration, if it can still be used."""
    if document is None:
        return None
    with suppress(InvalidParam):
        information = ClientInformation(document)
        expires_at = information.client_secret_expires_at
        if expires_at is None or now < expires_at.timestamp():
            return information
    return None
