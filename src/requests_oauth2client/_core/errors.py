"""The base classes of errors: what each remembers of an answer, and how its text is put together.

A text says what came, what is wrong, and what to do, and shows no secret; `str(error)` ends with the address where the
documentation says more of its class. `exceptions` has the tree, and is where these classes are imported from. Knows no
HTTP library: a response is anything with `status_code`, `url`, `content`.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from . import hints
from .printable import kept
from .redaction import READ, excerpt, sent_secrets, without_query
from .retry_info import add_tries, is_transient, retry_after

PUBLIC = "requests_oauth2client.exceptions"
CATALOG = (
    "https://requests-oauth2client.readthedocs.io/en/latest/errors.html"  # docs/errors.md, an anchor for each class
)
_ADDRESS = re.compile(rf" ?See {re.escape(CATALOG)}#\w*")


class OAuth2Error(Exception):
    """Root of all errors of this package.

    Attributes:
        response: the response that was read, as the HTTP library gave it, or None.
        client: the client that sent the request, or None.
        description: what is wrong, in words. For an error that the AS sent, its `error_description`.
        status: the HTTP status of the answer, or None.
        endpoint: the address that answered, without its query, or None.
        retry_after: seconds after which the server asks to come again (RFC 9110 section 10.2.3), or None.
        attempts: how often the request was made, this failure included.
        message: what `str(error)` says, without the address of the documentation at its end.
    """

    advice: ClassVar[str] = ""
    kept: ClassVar[tuple[str, ...]] = ("description", "status", "endpoint", "retry_after", "attempts")

    def __init__(self, response: object = None, client: object = None, description: str | None = None) -> None:
        self.response: Any = response
        self.client: Any = client
        self.description = without_addresses(kept(description))
        self.status: int | None = getattr(response, "status_code", None)
        self.endpoint: str | None = without_query(_part(response, "url"))
        self.retry_after: float | None = retry_after(_part(response, "headers"))
        self.attempts = 1
        again = f" The server asks to come again in {self.retry_after:g} seconds." if self.retry_after else ""
        Exception.__init__(
            self, self._text() + again
        )  # not super(): the other base of a dual error has an __init__ of its own
        add_tries(self, _part(response, "oauth2_tries"))

    def __str__(self) -> str:
        return f"{self.message} See {address_of(type(self))}".lstrip()

    @property
    def message(self) -> str:
        """What `str(error)` says, without the address of the documentation at its end."""
        return without_addresses(BaseException.__str__(self)) or ""  # those of other errors that it quotes go, too

    @message.setter
    def message(self, text: str) -> None:  # for classes of a program's own that have their own words
        self.args = (text, *self.args[1:])

    def _text(self) -> str:
        """Join what came, what is wrong, and what to do."""
        where = f"{self.endpoint or 'The endpoint'} answered {self.status}." if self.response is not None else ""
        hide = sent_secrets(self.request)
        said = excerpt(self.description, hide=hide, shown=READ) if self.description else ""  # our own words
        body = self._body() if self.response is not None else ""
        return " ".join(part for part in (where, said, body, self._advice()) if part)

    def _advice(self) -> str:
        """Say what to do."""
        return self.advice

    def _body(self) -> str:
        """Quote the beginning of the body, where it helps."""
        return ""

    @property
    def is_transient(self) -> bool:
        """Whether the same request may succeed later, without anything being changed."""
        return is_transient(self.status, getattr(self, "error", "") or "", self.retry_after)

    @property
    def needs_login(self) -> bool:
        """Whether only a new login of the user helps."""
        return False

    @property
    def request(self) -> Any:
        """The request that was answered, as the HTTP library sent it, or None."""
        return _part(self.response, "request")

    def __reduce__(self) -> tuple[Any, ...]:
        kept = {name: getattr(self, name, None) for name in self.kept}
        hide = sent_secrets(self.request)
        shown = {name: excerpt(value, hide=hide) if isinstance(value, str) else value for name, value in kept.items()}
        dropped = dict.fromkeys(name for name in vars(self) if not name.startswith("_"))
        return _rebuild, (getattr(type(self), "twin_of", type(self)), self.message, {**dropped, **shown})


def address_of(kind: type[OAuth2Error]) -> str:
    """Return where the documentation says what an error means: for a class made elsewhere, that of its base here."""
    package = __name__.partition(".")[0]
    ours = next(base for base in kind.__mro__ if base.__module__.partition(".")[0] == package)
    return f"{CATALOG}#{ours.__name__.lower()}"


def without_addresses(text: str | None) -> str | None:
    """Return the text of an error without addresses of the documentation."""
    return _ADDRESS.sub("", text) if text and CATALOG in text else text


def message_of(error: BaseException) -> str:
    """Return what any exception says, without addresses of the documentation."""
    return without_addresses(str(error)) or ""


def _part(response: Any, name: str) -> Any:
    try:
        return getattr(response, name, None)
    except RuntimeError:  # httpx2 and httpx, about a response that was built without a request
        return None


def _rebuild(cls: type[OAuth2Error], text: str, kept: dict[str, Any]) -> OAuth2Error:
    """Unpickle an error: its text and its public, harmless attributes; no response, request or client."""
    error = cls.__new__(cls, text)
    Exception.__init__(error, text)
    error.__dict__.update(kept)
    return error


class InvalidAnswer(OAuth2Error):
    """An endpoint answered, but with nothing that the specification allows."""

    def _body(self) -> str:
        body = getattr(self.response, "content", b"")
        if not body:
            return "The body is empty."
        return f"The body begins: {excerpt(body, hide=sent_secrets(self.request))!r}."


class InvalidTokenResponse(InvalidAnswer):
    """The answer of the token endpoint is neither a token nor an OAuth error (RFC 6749 section 5)."""


class MissingAccessToken(InvalidTokenResponse):
    """The token endpoint sent an ID token and no access token (Azure AD B2C does for `scope=openid` alone).

    Ask for a scope of an API beside `openid` to get an access token. Where nothing but the login was wanted, the ID
    token is all there is to have: `authorization_code()` has checked it.

    Attributes:
        id_token: the ID token; its `checked` tells whether it was checked. `check_id_token()` checks one that is not.
    """

    def __init__(self, *, id_token: object = None, response: object = None, client: object = None) -> None:
        self.id_token: Any = id_token
        super().__init__(
            response=response,
            client=client,
            description="There is an id_token, that of this error, and no access_token. Ask for an API's scope too.",
        )


class EndpointError(OAuth2Error):
    """An endpoint answered with an OAuth error (RFC 6749 section 5.2).

    Attributes:
        error: the `error` code that the AS sent.
        uri: its `error_uri`, or None.
    """

    kept: ClassVar[tuple[str, ...]] = (*OAuth2Error.kept, "error", "uri")

    def __init__(
        self,
        response: object = None,
        client: object = None,
        error: str = "",
        description: str | None = None,
        uri: str | None = None,
    ) -> None:
        self.error = kept(error) or ""
        self.uri = kept(uri)
        super().__init__(response=response, client=client, description=description)

    def _text(self) -> str:
        where = self.endpoint or "The endpoint"
        hide = sent_secrets(self.request)
        said = f": {sentence(excerpt(self.description, hide=hide))}" if self.description else "."
        status = f" with status {self.status}" if self.status else ""
        more = f"See {excerpt(self.uri, hide=hide)}" if self.uri else ""
        code = excerpt(self.error, hide=hide)
        return " ".join(
            part for part in (f"{where} answered{status} error={code!r}{said}", more, self._advice()) if part
        )

    def _advice(self) -> str:
        clock = hints.clock_difference(self.response) if hints.times_matter(self.request) else ""
        return " ".join(part for part in (self.advice, hints.demanded(self.description, self.request), clock) if part)


def sentence(text: str) -> str:
    """End a description from the AS as a sentence, so that ours can follow."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


for _one in (OAuth2Error, InvalidAnswer, InvalidTokenResponse, MissingAccessToken, EndpointError):
    _one.__module__ = PUBLIC
