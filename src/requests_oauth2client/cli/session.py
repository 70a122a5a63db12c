"""A profile at work: its store, its client with the secret, its handler; and the stored token, read without any of it.

stored_token()  ──► reads the store only: no HTTP library, no secret, nothing is sent
handler()       ──► the library's own handler, store and lock: gets and renews tokens
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._core.errors import message_of
from .._core.redaction import one_line
from .._protocol.settings import ClientSettings
from .._renewal.records import Record, RecordSerializer, entry_of
from .._tokens.bearer import BearerToken
from ..exceptions import InvalidParam, OAuth2Error
from ..serializers import InvalidSerializedValue
from ..stores.base import TokenStore
from .exits import LOGIN_NEEDED, Failure, sentence_of
from .profile_file import APP, Profile

if TYPE_CHECKING:
    from .._renewal.handlers import TokenHandler
    from ..client import OAuth2Client
    from ..client_authentication import PrivateKeyJwt

LEEWAY = 20  # seconds, as handlers have it; of short-lived tokens they take less, and decide
MAX_SECRET = 1 << 16  # bytes of a file with a secret or a key
KEY_FILE = "OAUTH2CLIENT_KEY_FILE"  # the environment variable


class SourceName:
    """What names the entry of a source in the store. The source itself takes long to load.

    Args:
        client: the settings of its client; it sends nothing and has no secret.
        is_a_users: whether a user logs in.
        asked: what is asked for.
    """

    grant = "client_credentials"
    username = None

    def __init__(self, client: ClientSettings, asked: Mapping[str, Any], *, is_a_users: bool) -> None:
        self.client = client
        self.token_kwargs = dict(asked)
        self.is_a_users = self.needs_subject = is_a_users


class Session:
    """What commands do with a profile.

    Args:
        profile: the profile.
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    # --- the store

    @functools.cached_property
    def store(self) -> TokenStore:
        """The store of the program: `FileStore(app="oauth2client")`.

        Its key is in the system keyring; without one, in a file beside it. $OAUTH2CLIENT_KEY_FILE names another file.
        """
        from ..stores.file import FileStore

        given = os.environ.get(KEY_FILE)
        key_file = Path(given) if given else FileStore(app=APP).path.with_name("key")
        if given or key_file.exists():
            return FileStore(app=APP, key_file=key_file)
        store = FileStore(app=APP)
        try:
            _ = store.keys
        except InvalidParam:  # no keyring
            return FileStore(app=APP, key_file=key_file)
        return store

    def stored(self) -> Record:
        """Return what the store has of the profile's token.

        Raises:
            TokenStoreError: the store can't be used.
            Failure: what it has can't be read; a new login replaces it.
        """
        entry = entry_of(self._source_name(), self.profile.subject if self.profile.is_a_users else None)
        data = self.store.get(entry)
        if data is None:
            return Record()
        try:
            return RecordSerializer(entry, self.store.keys, BearerToken).loads(data)
        except InvalidSerializedValue as wrong:
            if not self.profile.is_a_users:  # the client gets another one
                return Record()
            name = self.profile.name
            raise Failure(
                f"The stored token of profile {name!r} can't be read: it is damaged, or encrypted with another key"
                f" ({type(wrong).__name__}). Run: oauth2client login -p {name} --again",
                LOGIN_NEEDED,
            ) from None

    def stored_token(self) -> BearerToken | None:
        """Return the stored token if it is valid, and nothing else is needed to say so."""
        if "profile" in self.profile.settings:  # its clauses also look at the credentials
            return None
        token = self.stored().token
        return None if token is None or token.is_expired(LEEWAY) else token

    def _source_name(self) -> SourceName:
        settings = {name: value for name, value in self.profile.settings.items() if name != "profile"}
        with self.naming_the_file():
            client = ClientSettings(**settings)
        is_a_users = self.profile.is_a_users
        asked = {"scope": self.profile.scope, "resource": self.profile.own.get("resource")}
        return SourceName(client, asked if is_a_users else self._fields(), is_a_users=is_a_users)

    # --- the client

    @functools.cached_property
    def client(self) -> OAuth2Client:
        """The client, with its secret."""
        from ..client import OAuth2Client

        with self.naming_the_file():
            return OAuth2Client(**{**self.profile.settings, **self._credentials()})

    def discovered(self) -> OAuth2Client:
        """Return the client; one that finds its server has found it."""
        if self.client.finds_its_server:
            self.client.discover()
        return self.client

    def naming_the_file(self) -> _Naming:
        """Say, in errors about settings, which profile they are in."""
        return _Naming(self.profile)

    def _credentials(self) -> dict[str, Any]:
        own = self.profile.own
        if "private_key_file" in own:
            return {"client_id": None, "auth": self._private_key_jwt()}
        if "client_secret_file" in own:
            return {"client_secret": _without_line_end(_text_of(self.profile, "client_secret_file"))}
        if "client_secret_env" in own:
            return {"client_secret": self._secret_in_environment(own["client_secret_env"])}
        if "client_secret_keyring" in own:
            return {"client_secret": self._secret_in_keyring(own["client_secret_keyring"])}
        return {}

    def _private_key_jwt(self) -> PrivateKeyJwt:
        from ..client_authentication import InvalidClientAssertionSigningKeyOrAlg, PrivateKeyJwt

        profile, own = self.profile, self.profile.own
        password = own.get("private_key_password_env")
        try:
            return PrivateKeyJwt(
                str(profile.settings.get("client_id")),
                _key_of(profile),
                kid=own.get("kid"),
                certificate=profile.file("certificate_file"),
                password=None if password is None else self._secret_in_environment(password, "password"),
            )
        except InvalidClientAssertionSigningKeyOrAlg as wrong:
            if "kid" in own or "certificate_file" in own:
                raise
            file = profile.file("private_key_file")
            raise Failure(
                f'{file}: {sentence_of(wrong)} In {profile.path}, that is  kid = "..."  or  kid = false  below'
                f" [profile.{profile.name}]."
            ) from None

    def _secret_in_environment(self, name: str, what: str = "client secret") -> str:
        secret = os.environ.get(name)
        if not secret:
            raise Failure(
                f"The environment variable {one_line(name)} has no {what}. Set it, without `export` in"
                " a file that others read."
            )
        return secret

    def _secret_in_keyring(self, where: str) -> str:
        from ..stores._system_keyring import SystemKeyring

        service, _, name = where.partition("/")
        secret = SystemKeyring().read(service, name or str(self.profile.settings.get("client_id")))
        if not secret:
            user = name or self.profile.settings.get("client_id")
            raise Failure(
                f"The keyring has no secret for {one_line(where)}. Put it there: keyring set {service} {user}"
            )
        return secret

    # --- tokens

    def handler(self, login: Any = False) -> Any:
        """Return the library's handler of the profile's tokens.

        Args:
            login: a way to log in; False: no one logs in.
        """
        profile = self.profile
        with self.naming_the_file():
            if profile.is_a_users:
                from ..login import OAuth2LoginAuth

                return OAuth2LoginAuth(
                    self.client,
                    login,
                    scope=profile.scope,
                    store=self.store,
                    subject=profile.subject,
                    resource=profile.own.get("resource"),
                    **self._request(),
                )
            from ..auth import OAuth2ClientCredentialsAuth

            return OAuth2ClientCredentialsAuth(self.client, store=self.store, **self._fields())

    def token(self) -> BearerToken:
        """Return a valid token: the stored one, or it renewed. No one logs in.

        Raises:
            Failure: a login is needed.
        """
        found = self.stored_token()
        if found is not None:
            return found
        stored = self.stored().token
        if self.profile.is_a_users and stored is None:
            raise self.needs_login()
        if stored is None or stored.is_expired():
            self.discovered()  # so that a server that does not answer is said to be one
        handler: TokenHandler = self.handler()
        token: BearerToken = handler.get_token()  # type: ignore[attr-defined]
        return token

    def needs_login(self) -> Failure:
        """Return the error that asks for a login."""
        name = self.profile.name
        return Failure(f"No one is logged in with profile {name!r}. Run: oauth2client login -p {name}", LOGIN_NEEDED)

    def _fields(self) -> dict[str, Any]:
        given = {"scope": self.profile.scope}
        given |= {name: self.profile.own.get(name) for name in ("resource", "audience")}
        return {name: value for name, value in given.items() if value is not None}

    def _request(self) -> dict[str, Any]:
        audience = self.profile.own.get("audience")
        further: Mapping[str, Any] = {} if audience is None else {"audience": audience}
        return {**further, **self.profile.own.get("request", {})}


class _Naming:
    """A context in which errors about settings name the profile and its file."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, (OAuth2Error, TypeError)) and isinstance(error, (InvalidParam, ValueError, TypeError)):
            raise Failure(f"{self._profile.path}, profile {self._profile.name}: {message_of(error)}") from None


def _text_of(profile: Profile, key: str) -> str:
    path = profile.file(key)
    assert path is not None  # noqa: S101  the key is there
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_SECRET + 1)
        if len(raw) > MAX_SECRET:
            raise Failure(f"{path} has more than {MAX_SECRET} bytes: {key} names another kind of file.")
        return raw.decode()
    except OSError as problem:
        raise Failure(
            f"{key}: {path} can't be read ({problem.strerror}). Correct the path in {profile.path}."
        ) from None
    except UnicodeDecodeError:
        raise Failure(f"{key}: {path} is not text. It needs the secret or the PEM key as UTF-8.") from None


def _key_of(profile: Profile) -> object:
    """Return the private key: PEM as it is, a JWK parsed."""
    text = _text_of(profile, "private_key_file")
    if not text.lstrip().startswith("{"):
        return text
    try:
        return json.loads(text)
    except ValueError:
        raise Failure(f"{profile.file('private_key_file')} is neither PEM nor a JWK: it is not valid JSON.") from None


def _without_line_end(text: str) -> str:
    return text[:-2] if text.endswith("\r\n") else text.removesuffix("\n")


__all__ = ["Session"]
