"""Tokens that a platform gives to what runs on it: GitHub Actions, GitLab CI, Kubernetes, SPIFFE; or any of them.

What is read is public: the documentation of GitHub Actions ("OpenID Connect"), of GitLab ("ID tokens"), of Kubernetes
("ServiceAccount token volume projection").
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .._core import token_syntax
from .._core.credential_errors import CredentialNotFound, CredentialNotPermitted, CredentialUnavailable
from .._core.credentials import ask
from .._core.effects import Steps
from .._core.messages import DEFAULT_TIMEOUT
from .._core.redaction import one_line
from .._renewal.sources import TokenSource
from .._tokens.bearer import BearerToken
from ..exceptions import InvalidParam, NonRenewableTokenError
from .files import SERVICE_ACCOUNT_TOKEN, EnvironmentSource, KubernetesSource, SpiffeSource
from .reading import CredentialSource
from .urls import UrlSource, checked_url

REQUEST_URL, REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
SPIFFE_FILE = "SPIFFE_JWT_SVID_FILE"
PROJECTED = ("AZURE_FEDERATED_TOKEN_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE")


class GitHubActionsSource(UrlSource):
    """Gets the ID token of a job of GitHub Actions, which needs `permissions: id-token: write`.

    Args:
        audience: who the token is for; by default, GitHub says the owner of the repository.
        timeout: seconds for the whole answer.
    """

    grant = "github_actions"
    token_kind: ClassVar[str | None] = token_syntax.JWT

    def __init__(self, audience: str | None = None, *, timeout: float = DEFAULT_TIMEOUT) -> None:
        CredentialSource.__init__(self)
        self.audience = audience
        self.member = "value"
        self.timeout = timeout

    @property
    def place(self) -> str:
        """The platform."""
        return "GitHub Actions"

    def request(self) -> tuple[str, dict[str, str]]:
        """Return the address that the job is given, and its credential.

        Raises:
            CredentialNotFound: this does not run in GitHub Actions.
            CredentialNotPermitted: the job is not permitted to have ID tokens.
        """
        url, token = os.environ.get(REQUEST_URL), os.environ.get(REQUEST_TOKEN)
        if not url or not token:
            if os.environ.get("GITHUB_ACTIONS") == "true":
                problem = f"{REQUEST_URL} is not set. Give the job `permissions: id-token: write`."
                raise CredentialNotPermitted(self.place, problem)
            raise CredentialNotFound(self.place, f"{REQUEST_URL} is not set, so this does not run there.")
        parts = urlsplit(checked_url(url, allow_insecure_http=False, what=type(self).__name__))
        asked = [] if self.audience is None else [("audience", self.audience)]
        query = urlencode([*(pair for pair in parse_qsl(parts.query) if pair[0] != "audience" or not asked), *asked])
        return urlunsplit((*parts[:3], query, "")), {"Authorization": f"Bearer {token}"}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} audience={self.audience!r}>"


class GitLabSource(EnvironmentSource):
    """Reads an ID token of a job of GitLab CI, which names it in its `id_tokens:` and says there who it is for.

    Args:
        name: the variable, as the job calls it.
    """

    grant = "gitlab"
    token_kind: ClassVar[str | None] = token_syntax.JWT

    def absent(self) -> str:
        """Say what to do where the variable is not set."""
        if os.environ.get("GITLAB_CI"):
            return f"it is not set. Let the job have `id_tokens: {self.name}: aud: ...`."
        return "it is not set, and this does not run in GitLab CI."


class _GitLabIdToken(CredentialSource):
    """Reads the ID token of a GitLab job that is for an audience, whatever the job calls it."""

    grant = "gitlab"
    token_kind: ClassVar[str | None] = token_syntax.JWT

    def __init__(self, audience: str) -> None:
        super().__init__()
        self.audience = audience

    @property
    def place(self) -> str:
        """The platform."""
        return "GitLab CI"

    def get_token(self, held: BearerToken | None) -> BearerToken:  # noqa: ARG002  what is there counts
        """Look through the variables for an ID token of this GitLab."""
        if not os.environ.get("GITLAB_CI"):
            raise CredentialNotFound(self.place, "GITLAB_CI is not set, so this does not run there.")
        issuer = os.environ.get("CI_SERVER_URL", "")
        for name in sorted(os.environ):
            claims = token_syntax.claims_of(os.environ[name]) if os.environ[name].startswith("eyJ") else {}
            if claims.get("iss") == issuer and issuer and names_audience(claims, self.audience):
                return self.dated(self.read(os.environ[name]))
        problem = f"no variable has an ID token for {one_line(self.audience)!r}. Let the job have `id_tokens:` with it."
        raise CredentialNotPermitted(self.place, problem)


class _ForAudience(KubernetesSource):
    """Reads the token of a service account that has to be for an audience."""

    def __init__(self, audience: str, path: str | None = None, *, variable: str | None = None) -> None:
        super().__init__(path or SERVICE_ACCOUNT_TOKEN)
        self.audience, self.variable = audience, variable

    def get_token(self, held: BearerToken | None) -> BearerToken:
        """Read the file that the variable names."""
        if self.variable is None:
            return super().get_token(held)
        path = os.environ.get(self.variable)
        if not path:
            raise CredentialNotFound(self.variable, "it is not set.")
        return KubernetesSource.get_token(_ForAudience(self.audience, path), held)

    def check(self, token: BearerToken) -> str | None:
        """Check the audience."""
        return other_audience(token, self.audience)


class _SpiffeForAudience(SpiffeSource):
    """Reads the JWT-SVID in the file that a variable names; it has to be for an audience."""

    def __init__(self, audience: str, path: str = SPIFFE_FILE) -> None:
        super().__init__(path)
        self.audience = audience

    def get_token(self, held: BearerToken | None) -> BearerToken:
        """Read the file."""
        path = os.environ.get(SPIFFE_FILE)
        if not path:
            raise CredentialNotFound(SPIFFE_FILE, "it is not set.")
        return SpiffeSource.get_token(_SpiffeForAudience(self.audience, path), held)

    def check(self, token: BearerToken) -> str | None:
        """Check the subject and the audience."""
        return super().check(token) or other_audience(token, self.audience)


class AmbientSource(CredentialSource):
    """Gets a token for an audience from whatever platform this program runs on.

    In this order: GitHub Actions, GitLab CI, SPIFFE, Kubernetes (a projected token that a variable of a cloud names,
    then that of the service account). The first that is there is asked; where it gives no token, its error is raised.

    Args:
        audience: who the token is for.
        sources: what to try instead, in this order.

    Raises:
        InvalidParam: the audience is missing.
    """

    grant = "ambient"
    token_kind: ClassVar[str | None] = token_syntax.JWT

    def __init__(self, audience: str, *, sources: Sequence[TokenSource] | None = None) -> None:
        super().__init__()
        if not isinstance(audience, str) or not audience:
            msg = "AmbientSource needs the audience: who the token is for, as the server that takes it says."
            raise InvalidParam(msg)
        self.audience = audience
        self.sources: tuple[Any, ...] = tuple(sources) if sources is not None else _known(audience)

    def get_token(self, held: BearerToken | None) -> BearerToken:
        """Refuse: only a handler or a client can ask all platforms.

        Raises:
            NonRenewableTokenError: always.
        """
        raise NonRenewableTokenError(held)

    def new_token(self, held: BearerToken | None) -> Steps[BearerToken]:  # noqa: ARG002  who asks is known
        """Ask the first platform that is here.

        Raises:
            CredentialNotFound: none is.
            CredentialNotPermitted: it gives no token to this program.
            InvalidCredential: what it gives is not a token, or is one for another audience.
        """
        absent: list[CredentialUnavailable] = []
        for source in self.sources:
            try:
                token: BearerToken = yield from ask(source)
            except CredentialNotFound as missing:
                absent.append(missing)
            else:
                return token
        tried = " ".join(str(one) for one in absent)
        raise CredentialNotFound(self.place, f"no platform that is known gives credentials here. {tried}")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} audience={self.audience!r}>"


def _known(audience: str) -> tuple[TokenSource, ...]:
    return (
        GitHubActionsSource(audience),
        _GitLabIdToken(audience),
        _SpiffeForAudience(audience),
        *(_ForAudience(audience, variable=variable) for variable in PROJECTED),
        _ForAudience(audience),
    )


def names_audience(claims: dict[str, Any], audience: str) -> bool:
    """Tell whether a JWT is for an audience (RFC 7519 section 4.1.3)."""
    said = claims.get("aud")
    return audience in said if isinstance(said, list) else said == audience


def other_audience(token: BearerToken, audience: str) -> str | None:
    """Say that a token is for another audience; None where it is not."""
    claims = token_syntax.claims_of(token.access_token)
    if names_audience(claims, audience):
        return None
    said = one_line(claims.get("aud"))
    return f"the token is for {said}, and {one_line(audience)!r} was asked for. Have one issued for that audience"
