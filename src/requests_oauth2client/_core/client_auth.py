"""The base of client authentication methods: a proof is added to a form POST (RFC 6749 section 2.3).

To a `Request` of ours (`authenticate`), and, since a method is an auth handler too, to a prepared request of `requests`
(call). A user's method may do either. Operations use `authenticating`, so that a method which reads a file or asks a
key service keeps no event loop waiting. Knows no HTTP library.
"""

from __future__ import annotations

from functools import partial
from types import CoroutineType
from typing import Any, ClassVar, TypeVar
from urllib.parse import parse_qsl

from ..exceptions import InvalidParam, OAuth2Error
from .effects import RunInThread, Steps
from .frozen import replace
from .messages import Form, Request, Response
from .redaction import one_line
from .values import NotPickled

Req = TypeVar("Req")
FORM = "application/x-www-form-urlencoded"


class InvalidRequestForClientAuthentication(OAuth2Error, RuntimeError):
    """A client authentication method was given a request that is no form POST."""

    def __init__(self, request: Any) -> None:
        self.refused_request = request
        super().__init__(
            description=f"Client authentication needs a POST with Content-Type {FORM}; got"
            f" {getattr(request, 'method', None)} with {_content_type(request)}."
            " To call an API, use an access token."
        )


def _content_type(request: Any) -> str | None:
    value = (getattr(request, "headers", None) or {}).get("Content-Type")
    return None if value is None else one_line(value)


def _form_of(prepared: Any) -> Form:
    """Read the form in a prepared request of `requests`; without a body it is empty.

    Raises:
        InvalidRequestForClientAuthentication: it is not a form POST.
    """
    body, kind = getattr(prepared, "body", None) or "", _content_type(prepared)
    is_form = (kind or "").partition(";")[0].strip().lower() == FORM
    try:
        text = body.decode() if isinstance(body, bytes) else body
    except UnicodeDecodeError:
        text = None
    is_post = getattr(prepared, "method", None) == "POST" and hasattr(prepared, "prepare_body")
    if not (is_post and isinstance(text, str) and (is_form or (not text and kind is None))):
        raise InvalidRequestForClientAuthentication(prepared)
    form = Form()
    for name, value in parse_qsl(text, keep_blank_values=True):
        form[name] = [*form[name], value] if name in form else [value]
    return form


class ClientAuthentication(NotPickled):
    """Base of the client authentication methods; of those of your own too, for either client.

    A subclass overrides `authenticate`, which is given a request of ours and returns one with the proof added:
    `request.with_fields(client_id=..., ...)` or `request.with_headers(Authorization=...)`. For a server that wants JSON
    or a GET, `request.as_json()` or `request.as_get()` comes last; `request.with_url(...)` sends it elsewhere. One that
    overrides `__call__`, as an auth handler of `requests` does, is called with a prepared request. The async client
    calls either in a worker thread, so it may wait; for that client only, `authenticate` may be an async function.
    """

    pickle_advice = "Make it from the credentials, which belong into a secret store."
    method: ClassVar[str]  # as in token_endpoint_auth_method (RFC 7591 section 2)
    client_id: str
    only_computes: ClassVar[bool] = False  # whether `authenticate` reads nothing, asks no one and waits for nothing

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.only_computes = bool(vars(cls).get("only_computes"))  # not inherited: what a subclass overrides may wait

    def authenticating(self, request: Request, client: Any) -> Steps[Request]:  # noqa: ARG002  some ask about the AS
        """Add the proof, as an operation.

        Args:
            request: the request.
            client: the client that makes it.
        """
        if not self.may_wait():
            return self.authenticate(request)
        proved: Any = yield RunInThread(partial(self.authenticate, request))
        if isinstance(proved, CoroutineType):
            proved.close()
            msg = f"authenticate() of {type(self).__name__} is async, and only the async client can await it."
            raise InvalidParam(msg)
        if not isinstance(proved, Request):
            msg = f"authenticate() of {type(self).__name__} has to return a request, got a {type(proved).__name__}."
            raise InvalidParam(msg)
        return proved

    def may_wait(self) -> bool:
        """Tell whether `authenticate` may take its time, so that it gets a thread of its own."""
        return not self.only_computes

    def is_asked_again(self, request: Request, response: Response) -> bool:  # noqa: ARG002  few methods are asked
        """Tell whether the AS asks for another proof of the same client; called with each request and its answer."""
        return False

    def authenticate(self, request: Request) -> Request:
        """Return the request with the proof of who the client is."""
        if type(self).__call__ is ClientAuthentication.__call__:
            msg = f"{type(self).__name__} overrides neither authenticate() nor __call__(); one has to add the proof."
            raise NotImplementedError(msg)
        return _called(self, request)

    def __call__(self, request: Req) -> Req:
        """Authenticate a prepared request of `requests`, which must be a form POST.

        Raises:
            InvalidRequestForClientAuthentication: it is not a request.
        """
        prepared: Any = request
        form = _form_of(prepared)
        if type(self).authenticate is ClientAuthentication.authenticate:
            return request  # a subclass that overrides __call__ adds its proof there
        ours = self.authenticate(Request(url=str(prepared.url), form=form))
        prepared.headers.update(ours.headers)
        if ours.form != form:
            prepared.prepare_body(ours.body, None)
            prepared.headers["Content-Type"] = FORM
        return request


class _Prepared:
    """A request of ours as an auth handler of `requests` sees it; what that changes goes back to ours."""

    method = "POST"

    def __init__(self, request: Request) -> None:
        self.url, self.body = request.url, (request.body or b"").decode()
        self.headers = CaseInsensitive({"Content-Type": FORM, **request.headers})

    def prepare_body(self, data: Any, files: Any = None, json: Any = None) -> None:  # noqa: ARG002  as in requests
        """Take another body: fields, or the encoded form."""
        fields: Any = data or {}
        text = data.decode() if isinstance(data, bytes) else data
        self.body = text if isinstance(text, str) else Form(dict(fields)).encode().decode()


class CaseInsensitive(dict[str, str]):
    """Headers by their names in any case."""

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(self._spelled(name))

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(self._spelled(name), value)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value of a header."""
        return super().get(self._spelled(name), default)

    def update(self, *others: Any, **named: str) -> None:
        """Add headers, or replace them."""
        for name, value in dict(*others, **named).items():
            self[name] = value

    def _spelled(self, name: str) -> str:
        return next((known for known in self if known.lower() == name.lower()), name)


def _called(method: ClientAuthentication, request: Request) -> Request:
    """Authenticate a request of ours with a method that overrides `__call__` only."""
    prepared: Any = _Prepared(request)
    answered: Any = method(prepared)
    prepared = prepared if answered is None else answered
    headers = {name: value for name, value in prepared.headers.items() if name.lower() != "content-length"}
    return replace(request, headers=headers, form=_form_of(prepared))
