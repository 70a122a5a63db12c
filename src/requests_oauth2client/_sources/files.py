"""Tokens in files and in variables of the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from .._core import token_syntax
from .._core.credential_errors import CredentialNotFound
from .._core.credentials import File, read_file
from .._tokens.bearer import BearerToken
from ..exceptions import InvalidParam
from .reading import LIFETIME, CredentialSource

SERVICE_ACCOUNT_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"


class FileSource(CredentialSource):
    """Reads tokens from a file that something else rotates.

    Args:
        path: the file: a token, or a token response as JSON. It may be a link, and is followed each time.
        lifetime: seconds after which a token that does not say its expiry itself is read again.
    """

    grant = "file"

    def __init__(self, path: str | os.PathLike[str] | File, *, lifetime: float = LIFETIME) -> None:
        super().__init__(lifetime=lifetime)
        self.path = path.path if isinstance(path, File) else Path(path)

    @property
    def place(self) -> str:
        """The path of the file."""
        return str(self.path)

    def get_token(self, held: BearerToken | None) -> BearerToken:  # noqa: ARG002  what is in the file counts
        """Read the file.

        Raises:
            CredentialNotFound: the file does not exist.
            CredentialNotPermitted: it may not be read.
            InvalidCredential: it does not have a token.
        """
        return self.dated(self.read(read_file(self.path)))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} path={str(self.path)!r}>"


class KubernetesSource(FileSource):
    """Reads the token of a service account, which the kubelet writes and rotates in place.

    The token at the default path is for the API server of the cluster. For another server, project one with its
    audience into the pod (a volume with `serviceAccountToken`), and pass where it is mounted.

    Args:
        path: the file.
        lifetime: as for `FileSource`.
    """

    grant = "kubernetes"
    token_kind: ClassVar[str | None] = token_syntax.JWT

    def __init__(
        self, path: str | os.PathLike[str] | File = SERVICE_ACCOUNT_TOKEN, *, lifetime: float = LIFETIME
    ) -> None:
        super().__init__(path, lifetime=lifetime)


class SpiffeSource(FileSource):
    """Reads a JWT-SVID from the file that an agent such as spiffe-helper keeps up to date.

    Args:
        path: the file.
        lifetime: as for `FileSource`.

    Source: SPIFFE JWT-SVID sections 3 and 4.
    """

    grant = "spiffe"
    token_kind: ClassVar[str | None] = token_syntax.JWT

    def check(self, token: BearerToken) -> str | None:
        """Check that the subject is a SPIFFE ID."""
        subject = token_syntax.claims_of(token.access_token).get("sub")
        if isinstance(subject, str) and subject.startswith("spiffe://"):
            return None
        return "expected a JWT-SVID, whose sub is a SPIFFE ID (spiffe://...), and another JWT came"


class EnvironmentSource(CredentialSource):
    """Reads a token from a variable of the environment.

    Args:
        name: the variable.
        lifetime: seconds after which a token that does not say its expiry itself is read again.
    """

    grant = "environment"

    def __init__(self, name: str, *, lifetime: float = LIFETIME) -> None:
        super().__init__(lifetime=lifetime)
        if not isinstance(name, str) or not name or "=" in name or "\0" in name:
            msg = f"{type(self).__name__} takes the name of a variable of the environment."
            raise InvalidParam(msg)
        self.name = name

    @property
    def place(self) -> str:
        """The name of the variable."""
        return f"The variable {self.name}"

    def get_token(self, held: BearerToken | None) -> BearerToken:  # noqa: ARG002  what is there counts
        """Read the variable.

        Raises:
            CredentialNotFound: it is not set, or empty.
            InvalidCredential: it does not have a token.
        """
        if not os.environ.get(self.name):
            raise CredentialNotFound(self.place, self.absent())
        return self.dated(self.read(os.environ[self.name]))

    def absent(self) -> str:
        """Say what to do where the variable is not set."""
        return "it is not set." if self.name not in os.environ else "it is empty."

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name!r}>"
