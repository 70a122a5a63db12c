"""The profile file `oauth2client.toml`: which servers and clients there are, and no secret.

    [profile.work]
    issuer = "https://as.example.com"
    client_id = "my-cli"
    scope = "openid api.read"

Keys are the arguments of `OAuth2Client`, and those of `OWN`. A mistake is told with its line, and what to write.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from .._core.options import close_to
from .._core.redaction import one_line
from .._protocol.settings import ClientSettings, known_settings
from .exits import Failure

FILE_NAME = "oauth2client.toml"
APP = "oauth2client"
MAX_SIZE = 1 << 20  # bytes of the file
OWN: Mapping[str, str] = {
    "grant": "str",
    "scope": "words",
    "resource": "words",
    "audience": "words",
    "subject": "str",
    "login": "words",
    "ports": "list",
    "request": "table",
    "client_secret_env": "str",
    "client_secret_file": "str",
    "client_secret_keyring": "str",
    "private_key_file": "str",
    "private_key_password_env": "str",
    "certificate_file": "str",
    "kid": "kid",
    "hosts": "words",
    "username": "str",
    "registration": "table",
}
GRANTS = {
    "login": (),
    "authorization_code": ("browser", "paste"),
    "browser": ("browser",),
    "paste": ("paste",),
    "device": ("device",),
    "device_code": ("device",),
    "urn:ietf:params:oauth:grant-type:device_code": ("device",),
    "client_credentials": None,
}
WAYS = ("browser", "device", "paste")
SECRETS = ("client_secret", "private_key", "id_token_decryption_key", "password", "access_token", "refresh_token")
SAFE_WAYS = {
    "private_key": 'private_key_file = "PATH"',
    "id_token_decryption_key": 'private_key_file = "PATH"',
}
SAFE_SECRET = (
    'client_secret_env = "NAME_OF_A_VARIABLE", client_secret_file = "PATH" or client_secret_keyring = "SERVICE/NAME"'
)
UNWRITABLE = "session token_class dpop_key_generator default_auth_handler retries".split()
CREDENTIALS = ("client_secret_env", "client_secret_file", "client_secret_keyring", "private_key_file")
OF_PRIVATE_KEYS = ("private_key_password_env", "certificate_file", "kid")
TYPES: Mapping[str, tuple[str, Any]] = {  # what a value is, as users write it
    "str": ('a string in quotes, as in {name} = "..."', str),
    "bool": ("true or false, without quotes", bool),
    "number": ("a number, without quotes", (int, float)),
    "words": ('a string, or a list of strings, as in {name} = ["...", "..."]', (str, list)),
    "kid": ('a string in quotes, or false, as in {name} = "..."', (str, bool)),
    "list": ("a list of numbers, as in {name} = [8400, 8401]", list),
    "table": ('a table, as in {name} = {{ prompt = "consent" }}', dict),
}


@dataclass(frozen=True, kw_only=True)
class Profile:
    """One profile: what a client is made of, and how the user logs in.

    Attributes:
        name: its name.
        path: the file.
        settings: arguments of `OAuth2Client`; no secrets.
        own: the keys of `OWN`.
    """

    name: str
    path: Path
    settings: Mapping[str, Any]
    own: Mapping[str, Any] = field(default_factory=dict)

    @property
    def grant(self) -> str:
        """How tokens are obtained, in the words of `GRANTS`."""
        return str(self.own.get("grant", "login"))

    @property
    def is_a_users(self) -> bool:
        """Whether a user logs in."""
        return GRANTS[self.grant] is not None

    @property
    def subject(self) -> str:
        """Whose tokens they are, in the store."""
        return str(self.own.get("subject", self.name))

    @property
    def scope(self) -> Any:
        """What is asked for."""
        return self.own.get("scope", "openid" if self.is_a_users else None)

    @property
    def hosts(self) -> list[str]:
        """The hosts that credential helpers give tokens to; none: wherever they are asked."""
        hosts = self.own.get("hosts", [])
        return [hosts] if isinstance(hosts, str) else list(hosts)

    def file(self, name: str) -> Path | None:
        """Return a path of the profile; a relative one begins at the folder of the profile file."""
        value = self.own.get(name)
        return None if value is None else self.path.parent / Path(value).expanduser()


def config_folder() -> Path:
    """Return the folder where the user's configuration of this program is."""
    try:
        import platformdirs
    except ImportError:
        message = 'The program needs platformdirs: pip install "requests_oauth2client[cli]"'
        raise Failure(message) from None
    return platformdirs.user_config_path(APP, appauthor=False)


def find_file(given: str | None) -> Path:
    """Return the profile file: the one that is named, that in the working folder, or the user's."""
    if given is not None:
        path = Path(given).expanduser()
        if not path.is_file():
            raise Failure(f"The profile file {one_line(path)} does not exist.")
        return path
    local, users = Path.cwd() / FILE_NAME, config_folder() / FILE_NAME
    if local.is_file():
        _check_owner(local)
        return local
    if users.is_file():
        return users
    raise Failure(
        f"Neither this folder nor {users.parent} has an {FILE_NAME}. Write one:\n\n"
        '    [profile.work]\n    issuer = "https://as.example.com"\n    client_id = "my-cli"\n'
    )


def _check_owner(path: Path) -> None:
    """Refuse a file that someone else left in a shared folder: it says where secrets and codes are sent."""
    if os.name == "nt":
        return
    found = path.stat()
    if found.st_uid not in {os.geteuid(), 0} or found.st_mode & 0o002:
        raise Failure(
            f"{path} belongs to another user, or others may write to it: it could send your logins elsewhere. If you"
            f" trust it, pass --config {path}."
        )


class ProfileFile:
    """A profile file that was read.

    Args:
        path: where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            raw = path.read_bytes()
        except OSError as problem:
            raise Failure(f"{path} can't be read: {problem.strerror}.") from None
        if len(raw) > MAX_SIZE:
            raise Failure(f"{path} has more than {MAX_SIZE} bytes: it is not a profile file.")
        try:
            self.text = raw.decode()
            self.document = tomllib.loads(self.text)
        except UnicodeDecodeError:
            raise Failure(f"{path} is not UTF-8. Save it as UTF-8 text.") from None
        except (tomllib.TOMLDecodeError, RecursionError) as mistake:
            raise Failure(self._not_toml(str(mistake))) from None
        self._check_top()

    @property
    def names(self) -> list[str]:
        """The names of the profiles, in the order of the file."""
        return list(self.document.get("profile", {}))

    def choose(self, name: str | None) -> Profile:
        """Return a profile: the one that is named, the only one, or the one that is called "default"."""
        names = self.names
        if name is None:
            name = names[0] if len(names) == 1 else "default"
            if name not in names:
                raise Failure(f"{self.path} has the profiles {', '.join(names) or 'none'}. Say which one: -p NAME.")
        if name not in names:
            guess = close_to(name, names)
            hint = f" Did you mean {guess!r}?" if guess else f" It has {', '.join(names) or 'none'}."
            raise Failure(f"{self.path} has no profile {one_line(name)!r}.{hint}")
        return self._read(name, self.document["profile"][name])

    def line_of(self, profile: str | None, key: str) -> int | None:
        """Return the line where a key of a profile stands, or None."""
        table, wanted = "", f"profile.{profile}" if profile else ""
        for number, line in enumerate(self.text.splitlines(), 1):
            heading = re.match(r"\s*\[+\s*([^\]]+?)\s*\]", line)
            if heading:
                table = re.sub(r"[\"'\s]", "", heading[1])
                above, _, last = table.rpartition(".")
                if (key == last and above in {wanted, "profile"}) or (not wanted and key == table.partition(".")[0]):
                    return number
            elif table == wanted and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]", line):
                return number
        return None

    def wrong(self, profile: str | None, key: str, message: str) -> NoReturn:
        """Refuse a key.

        Raises:
            Failure: with the line, and what to write.
        """
        line = self.line_of(profile, key)
        where = f"{self.path}, line {line}" if line else f"{self.path}, profile {profile}"
        raise Failure(f"{where}: {message}")

    def _not_toml(self, mistake: str) -> str:
        found = re.search(r"\(at (?:line (\d+), column (\d+)|end of document)\)", mistake)
        line = found[1] if found and found[1] else str(max(1, len(self.text.splitlines())))
        text = mistake.partition(" (at ")[0]
        return (
            f'{self.path}, line {line}: this is not TOML ({text}). A line is  key = "value",  and a profile begins with'
            "  [profile.NAME]."
        )

    def _check_top(self) -> None:
        for key, value in self.document.items():
            if key == "profile" and isinstance(value, dict):
                continue
            guess = (
                "[profile.NAME]"
                if key in known_settings(ClientSettings) | OWN.keys() or close_to(key, ["profile", "profiles"])
                else None
            )
            hint = f"Keys stand below a line {guess}." if guess else "There are only [profile.NAME] tables."
            self.wrong(None, key, f"{one_line(key)!r} is not known here. {hint}")
        for name, value in self.document.get("profile", {}).items():
            if not isinstance(value, dict):
                message = (
                    f"{one_line(name)!r} is not a profile. Write its keys below a line [profile.{one_line(name)}]."
                )
                self.wrong("", name, message) if self.line_of("", name) else self.wrong(None, "profile", message)

    def _read(self, name: str, table: Mapping[str, Any]) -> Profile:
        known = known_settings(ClientSettings) - {"auth", "extra", *UNWRITABLE}
        for key, value in table.items():
            self._check_key(name, key, known)
            self._check_type(name, key, value)
        own = {key: value for key, value in table.items() if key in OWN}
        settings = {key: value for key, value in table.items() if key not in OWN}
        self._check_values(name, own, settings)
        return Profile(name=name, path=self.path, settings=settings, own=own)

    def _check_key(self, profile: str, key: str, known: frozenset[str]) -> None:
        if key in OWN or (key in known and key not in SECRETS):
            return
        if key in SECRETS or key.endswith(("_secret", "_password")):
            way = SAFE_WAYS.get(key, SAFE_SECRET)
            self.wrong(profile, key, f"{key} is a secret, and this file is not a place for one. Write {way}.")
        if key == "auth":
            self.wrong(profile, key, f'write client_id = "...", and for a secret {SAFE_SECRET}.')
        if key in UNWRITABLE or key == "extra":
            self.wrong(profile, key, f"{key} can only be set in a program. Delete this line.")
        guess = close_to(key, [*OWN, *(known - set(SECRETS))])
        hint = f"Did you mean {guess!r}?" if guess else "Keys are the arguments of OAuth2Client; see docs/program.md."
        self.wrong(profile, key, f"{one_line(key)!r} is not a key of a profile. {hint}")

    def _check_type(self, profile: str, key: str, value: object) -> None:
        kind = OWN.get(key) or _kind(key)
        if kind is None:
            return
        expected, types = TYPES[kind]
        is_right = isinstance(value, types) and (
            kind == "bool" or not isinstance(value, bool) or (kind == "kid" and value is False)
        )
        if kind == "words" and isinstance(value, list):
            is_right = all(isinstance(word, str) for word in value)
        if not is_right:
            self.wrong(profile, key, f"{key} has to be {expected.format(name=key)}.")

    def _check_values(self, profile: str, own: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        grant = own.get("grant", "login")
        if grant not in GRANTS:
            guess = close_to(grant, GRANTS)
            hint = f"Did you mean {guess!r}?" if guess else f"There are {', '.join(GRANTS)}."
            self.wrong(profile, "grant", f"grant = {one_line(grant)!r} is not known. {hint}")
        ways = own.get("login", [])
        for way in [ways] if isinstance(ways, str) else ways:
            if way not in WAYS:
                self.wrong(profile, "login", f"login = {one_line(way)!r} is not known. There are {', '.join(WAYS)}.")
        given = [key for key in CREDENTIALS if key in own]
        if len(given) > 1:
            self.wrong(profile, given[1], f"{given[0]} says already how the client authenticates. Keep one of them.")
        for key in OF_PRIVATE_KEYS:
            if key in own and "private_key_file" not in own:
                self.wrong(profile, key, f"{key} goes with private_key_file. Write that too, or delete this line.")
        if "client_id" not in settings and "registration" not in own:
            self.wrong(profile, profile, 'client_id is missing. Write  client_id = "..."  as the server registered it.')
        if "issuer" not in settings and "token_endpoint" not in settings:
            self.wrong(profile, profile, 'the server is missing. Write  issuer = "https://...".')


def _kind(key: str) -> str | None:
    """Return the type of a client's setting, from its annotation."""
    annotation = str(ClientSettings.__init__.__annotations__.get(key, ""))
    kinds = {
        "str": "str",
        "Issuer": "str",
        "bool": "bool",
        "float": "number",
        "int": "number",
        "Iterable[str]": "words",
    }
    return next((kind for start, kind in kinds.items() if annotation.startswith(start)), None)


__all__ = ["Profile", "ProfileFile", "find_file"]
