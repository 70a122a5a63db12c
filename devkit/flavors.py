"""One test for both clients: `flavor.run(client.client_credentials())` is the same line on each.

`open_flavor(name)` opens one of `FLAVORS`. On an async client a loop runs in a thread of its own until the flavor is
closed, so that connections live on from one `run` to the next.
"""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import anyio.from_thread
import httpx
import httpx2
import requests
import requests.adapters
from urllib3.response import HTTPResponse

import requests_oauth2client
from requests_oauth2client.client_authentication import ClientSecretPost
from requests_oauth2client.retries import Retries

from .exchange import Answer, Received

TOKEN_ENDPOINT = "https://as.local/token"
CREDENTIALS = ("id", "hush-hush")
AUTH = ClientSecretPost(*CREDENTIALS)  # said by name, so that no other method is tried
QUICKLY = Retries(backoff=0.01)  # nobody waits long
Responder = Callable[[Received], Answer]


@dataclass(kw_only=True)
class Flavor:
    """One way to use the package."""

    library: ModuleType
    backend: str | None = None  # asyncio or trio; None for the sync client
    given_session: bool = False  # whether clients get a session instead of making their own
    _open: list[Any] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)
    _portal: Any = None

    @property
    def is_async(self) -> bool:
        """Tell whether its methods are awaited."""
        return self.backend is not None

    def named(self, name: str) -> Any:
        """Return what has this name here: `OAuth2Client` or `AsyncOAuth2Client`."""
        return getattr(requests_oauth2client, f"Async{name}" if self.is_async else name)

    def client(
        self, token_endpoint: str | None = TOKEN_ENDPOINT, auth: Any = AUTH, *, cls: Any = None, **kwargs: Any
    ) -> Any:
        """Make a client; it is closed with the flavor. It asks a failing AS again at once, unless told otherwise."""
        if self.given_session:
            kwargs.setdefault("session", self.session())
        kwargs.setdefault("retries", QUICKLY)
        return self.keep((cls or self.named("OAuth2Client"))(token_endpoint, auth, **kwargs))

    def keep(self, client: Any) -> Any:
        """Close a client, made otherwise, with the flavor."""
        self._open.append(client)
        return client

    def session(self, **kwargs: Any) -> Any:
        """Make a session as a user has one."""
        return self.library.AsyncClient(**kwargs) if self.is_async else requests.Session()

    def answered_by(self, respond: Responder) -> tuple[Any, list[Received]]:
        """Make a session that answers by itself, and the list of what it will have received."""
        received: list[Received] = []

        def record(request: Received) -> Answer:
            received.append(request)
            return respond(request)

        if self.is_async:
            return self.session(transport=self.library.MockTransport(_transport(self.library, record))), received
        session = requests.Session()
        session.mount("https://", _Adapter(record))
        return session, received

    def mocked(self, respond: Responder | Answer, **kwargs: Any) -> tuple[Any, list[Received]]:
        """Make a client whose requests are answered without a network, and the list of what it will have sent."""
        session, received = self.answered_by(respond if callable(respond) else lambda _: respond)
        return self.client(session=session, **kwargs), received

    def run(self, outcome: Any) -> Any:
        """Return what a method of a client, a handler or a job gave; await it first where that is needed."""
        if not inspect.isawaitable(outcome):
            return outcome
        if self._portal is None:
            self._portal = self._stack.enter_context(anyio.from_thread.start_blocking_portal(self.backend or "asyncio"))
        return self._portal.call(_awaited, outcome)

    def get(self, url: str, *, auth: Any = None, session: Any = None, **kwargs: Any) -> Any:
        """Call an API with the library of this flavor."""
        if not self.is_async:
            return (session or requests).get(url, auth=auth, timeout=5, **kwargs)
        using = session or self.session()
        self._open.append(using)
        return self.run(using.get(url, auth=auth, **kwargs))

    def close(self) -> None:
        """Close what was opened."""
        for user in self._open:
            session = getattr(user, "_given_session", user)
            if session is not None:
                self.run(session.aclose() if self.is_async else session.close())
        self._stack.close()


async def _awaited(outcome: Any) -> Any:
    return await outcome


def _transport(library: Any, respond: Responder) -> Callable[[Any], Any]:
    def handle(request: Any) -> Any:
        headers = {name.lower(): value for name, value in request.headers.items()}
        came = Received(method=request.method, url=str(request.url), headers=headers, body=request.content)
        given = respond(came)
        return library.Response(given.status_code, headers=dict(given.headers), content=given.content)

    return handle


class _Adapter(requests.adapters.HTTPAdapter):
    """A transport of `requests` that answers by itself."""

    def __init__(self, respond: Responder) -> None:
        super().__init__()
        self.respond = respond

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Answer a request."""
        body = request.body or b""
        came = Received(
            method=str(request.method),
            url=str(request.url),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body.encode() if isinstance(body, str) else body,
        )
        given = self.respond(came)
        raw = HTTPResponse(
            io.BytesIO(given.content), given.headers, given.status_code, preload_content=False, decode_content=False
        )
        return self.build_response(request, raw)


FLAVORS: dict[str, Callable[[], Flavor]] = {
    "requests": lambda: Flavor(library=requests),
    "httpx2": lambda: Flavor(library=httpx2, backend="asyncio"),
    "requests-session": lambda: Flavor(library=requests, given_session=True),
    "httpx": lambda: Flavor(library=httpx, backend="asyncio", given_session=True),
    "httpx2-trio": lambda: Flavor(library=httpx2, backend="trio"),
    "httpx-trio": lambda: Flavor(library=httpx, backend="trio", given_session=True),
}
BOTH = ("requests", "httpx2")
EVERY = tuple(FLAVORS)


@contextmanager
def open_flavor(name: str) -> Iterator[Flavor]:
    """Open a flavor, and close what was opened through it."""
    flavor = FLAVORS[name]()
    try:
        yield flavor
    finally:
        flavor.close()
