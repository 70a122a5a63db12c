"""What it ends with when a credential can't be had: not here, not permitted, not in time, or nonsense.

`token_sources` is where the classes are imported from. No message shows what came: it may be a secret.
"""

from __future__ import annotations

from typing import ClassVar

from .errors import OAuth2Error

PUBLIC_HOME = "requests_oauth2client.token_sources"


class CredentialUnavailable(OAuth2Error):
    """A credential can't be had from where it is kept: a file, a variable, a URL, a command, a platform.

    Attributes:
        source: where it was looked for: a path, a variable, a URL without its query, a program.
    """

    kept: ClassVar[tuple[str, ...]] = (*OAuth2Error.kept, "source")

    def __init__(self, source: str, problem: str, *, response: object = None) -> None:
        self.source = source
        super().__init__(response=response, description=f"{source}: {problem}")

    def _text(self) -> str:
        return self.description or ""


class CredentialNotFound(CredentialUnavailable):
    """Not here: the file, variable, program or address does not exist, or this is another platform."""


class CredentialNotPermitted(CredentialUnavailable):
    """There may be one, and this program is not permitted to have it."""


class CredentialTimeout(CredentialUnavailable):
    """None came in the time for it."""

    @property
    def is_transient(self) -> bool:
        """Whether asking again may succeed: yes."""
        return True


class InvalidCredential(CredentialUnavailable):
    """What came is not a credential of the expected kind: a web page, nothing, something too large, another token."""


class ExpiredCredential(InvalidCredential):
    """What came is a JWT whose time is over, or has not come yet."""


for _one in (
    CredentialUnavailable, CredentialNotFound, CredentialNotPermitted, CredentialTimeout, InvalidCredential,
    ExpiredCredential,
):  # fmt: skip
    _one.__module__ = PUBLIC_HOME
