"""Somebody who tries out the pages: runs their programs as written, and is the user in the browser.

Nothing in a program is replaced. Its provider answers in this process; a browser that it opens, an address that it asks
for and a site that it defines meet a person who logs in.
"""

from __future__ import annotations

import re
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from requests_oauth2client.testing import Callback
from tests.contract.documents import Block
from tests.stores.fake_keyring import system_keyring_in

from .shape import Shape

SITE = "https://app.example.com"


@dataclass
class Reader:
    """Somebody who tries out a page, with the shapes of its provider.

    Attributes:
        shapes: the providers.
        names: what the programs have defined.
        screen: what was printed.
    """

    shapes: list[Shape]
    names: dict[str, Any] = field(default_factory=dict, repr=False)
    screen: list[str] = field(default_factory=list)
    user: str = "alice"

    def __post_init__(self) -> None:
        self.names |= {"__name__": "__main__", "print": self._look, "input": self._answer}

    def run(self, block: Block) -> None:
        """Run a program; tracebacks show the lines of the page."""
        exec(compile("\n" * (block.line - 1) + block.code, str(block.file), "exec"), self.names)  # noqa: S102  the job

    def _look(self, *things: object, **_: Any) -> None:
        self.screen.append(" ".join(map(str, things)))

    def _answer(self, _prompt: str = "") -> str:
        printed = (re.search(r"https://\S+", text) for text in reversed(self.screen))
        return self.log_in(next(found[0] for found in printed if found))

    def log_in(self, url: str) -> Callback:
        """Log in at the provider whose address this is."""
        for shape in self.shapes:
            if shape.shows(url):
                return shape.log_in(url, user=self.user)
        raise AssertionError(f"no provider has a login at {url.partition('?')[0]}")

    def open(self, url: str) -> bool:
        """Be the browser that a program opens."""
        threading.Thread(target=self._come_back, args=(self.log_in(url),), daemon=True).start()
        return True

    @staticmethod
    def _come_back(callback: Callback) -> None:
        if callback.response_mode == "form_post":
            requests.post(callback.redirect_uri, data=callback.form, timeout=10)
        else:
            requests.get(callback, timeout=10)

    def __getitem__(self, name: str) -> Any:
        return self.names[name]


@contextmanager
def own_computer(reader: Reader, folder: Path, patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have a display, a browser, a keyring, and a place for the user's state; and the shapes answer."""
    patch.setenv("XDG_STATE_HOME", str(folder))
    patch.setenv("BROWSER", "the-reader")
    for name in ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"):
        patch.delenv(name, raising=False)
    patch.setattr(webbrowser, "open", reader.open)
    patch.chdir(folder)
    with ExitStack() as stack:
        stack.enter_context(system_keyring_in(folder / "keyring.json"))
        for shape in reader.shapes:
            stack.enter_context(shape.installed())
        yield


# --- a browser in front of a site


class Site:
    """A web site of a page, with a browser that keeps its cookies. `send` is one request without redirects."""

    def __init__(self, app: Any, reader: Reader) -> None:
        self.reader, self.cookies = reader, dict[str, str]()
        self._client: Any
        if hasattr(app, "test_client"):
            self._client, self.is_flask = app.test_client(use_cookies=False), True
        else:
            from starlette.testclient import TestClient

            self._client, self.is_flask = TestClient(app, base_url=SITE, follow_redirects=False), False

    def send(self, url: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, str, str]:
        """Return status, location and text."""
        path = urlsplit(url)._replace(scheme="", netloc="").geturl()
        sent = {**headers, "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        method = "GET" if form is None else "POST"
        if self.is_flask:
            answer = self._client.open(path, method=method, data=form, headers=sent, base_url=SITE)
            set_cookies = answer.headers.getlist("Set-Cookie")
        else:
            answer = self._client.request(method, path, data=form, headers=sent)
            set_cookies = answer.headers.get_list("set-cookie")
        for header in set_cookies:
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
        return answer.status_code, answer.headers.get("location") or "", answer.text

    def visit(self, path: str = "/") -> str:
        """Open a page that needs a login, log in, and return what it then shows."""
        status, location, text = self.send(path)
        while status in {302, 303, 307}:
            if location.startswith(("/", SITE)):
                status, location, text = self.send(location)
                continue
            callback = self.reader.log_in(location)
            if callback.response_mode == "form_post":
                status, location, text = self.send(callback.redirect_uri, callback.form)
            else:
                status, location, text = self.send(callback)
        said = [str(shape.last_refusal) for shape in self.reader.shapes]
        assert status == 200, (status, text, said)
        return text

    def log_out(self) -> str:
        """Log out; return where that leads."""
        status, location, text = self.send("/auth/logout", {}, **{"Sec-Fetch-Site": "same-origin"})
        assert status in {302, 303}, text
        return location
