"""The end user and their browser: walks an authorization server's pages, over HTTP, until they lead elsewhere.

It knows the pages of oidc-provider by the names of their form fields. It never opens the client's redirect URI.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from bs4 import BeautifulSoup, Tag

TIMEOUT = 10.0
MOST_STEPS = 20


class UnexpectedPage(RuntimeError):
    """The authorization server showed something that this person can't answer: an error page, mostly."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """What the end user types and decides."""

    login: str = "alice"
    consent: bool = True
    user_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """Where the browser ended: the client's URL (not called), or the last page of the server."""

    url: str
    posted: dict[str, str] = field(default_factory=dict)  # response_mode=form_post
    text: str = ""


class Browser:
    """A browser with its own cookies: one person, who stays signed in from one walk to the next."""

    def __init__(self) -> None:
        self.session = requests.Session()

    def authorize(self, url: str, *, login: str = "alice", consent: bool = True) -> str:
        """Open an authorization request; sign in and agree, or cancel. Returns the callback URL."""
        return self._walk_out(url, Person(login=login, consent=consent)).url

    def authorize_form_post(self, url: str, *, login: str = "alice", consent: bool = True) -> dict[str, str]:
        """Like `authorize`, with response_mode=form_post: returns the fields that would be posted to the client."""
        return self._walk_out(url, Person(login=login, consent=consent)).posted

    def approve_device(
        self, verification_uri: str, user_code: str | None = None, *, login: str = "alice", approve: bool = True
    ) -> str:
        """Open a device's verification URI, enter its code, sign in and agree, or abort. Returns the last page's text.

        Args:
            verification_uri: or the complete one, then without `user_code`.
        """
        return self._walk(verification_uri, Person(login=login, consent=approve, user_code=user_code)).text

    def log_out(self, url: str) -> str:
        """Open an RP-initiated logout request and say yes. Returns where it leads to."""
        return self._walk(url, Person()).url

    def close(self) -> None:
        """Close the browser's connections."""
        self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _walk_out(self, url: str, person: Person) -> Arrival:
        arrival = self._walk(url, person)
        if _origin(arrival.url) == _origin(url):
            raise UnexpectedPage(f"The walk ended at {arrival.url} instead of at the client: {arrival.text}")
        return arrival

    def _walk(self, url: str, person: Person) -> Arrival:
        home = _origin(url)
        request = requests.Request("GET", url)
        for _ in range(MOST_STEPS):
            if _origin(request.url) != home:
                return Arrival(url=request.url, posted=dict(request.data))
            response = self.session.send(self.session.prepare_request(request), timeout=TIMEOUT, allow_redirects=False)
            following = _redirection(response) or _answer(response, person)
            if following is None:
                return Arrival(url=response.url, text=_text(response))
            request = following
        raise UnexpectedPage(f"Still not done after {MOST_STEPS} pages, at {request.url}.")


def _redirection(response: requests.Response) -> requests.Request | None:
    if not response.is_redirect:
        return None
    return requests.Request("GET", urljoin(response.url, response.headers["Location"]))


def _answer(response: requests.Response, person: Person) -> requests.Request | None:
    """Fill in the page's form as this person would; None on a page without a form."""
    if response.status_code >= 400:
        raise UnexpectedPage(f"{response.status_code} at {response.url}: {_text(response)}")
    page = BeautifulSoup(response.text, "html.parser")
    form = page.find("form")
    if form is None:
        return None
    fields = _hidden_fields(form)
    cancel = page.find("a", string=lambda text: "Cancel" in (text or ""))
    if fields.get("prompt") == "login":
        fields |= {"login": person.login, "password": "any"}
    elif fields.get("prompt") == "consent" and cancel and not person.consent:
        return requests.Request("GET", urljoin(response.url, str(cancel["href"])))
    elif page.find("button", attrs={"name": "abort"}) and not person.consent:
        fields["abort"] = "yes"
    elif page.find("button", attrs={"name": "logout"}):
        fields["logout"] = "yes"
    elif form.find("input", attrs={"type": "text", "name": "user_code"}):
        if person.user_code is None or page.find(class_="red"):
            return None  # the code was refused, or the person has said no
        fields["user_code"] = person.user_code
    return requests.Request("POST", urljoin(response.url, str(form["action"])), data=fields)


def _hidden_fields(form: Tag) -> dict[str, str]:
    hidden = form.find_all("input", attrs={"type": "hidden"})
    return {str(field["name"]): str(field["value"]) for field in hidden}


def _text(response: requests.Response) -> str:
    body = BeautifulSoup(response.text, "html.parser").body
    return " ".join((body or BeautifulSoup(response.text, "html.parser")).stripped_strings)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def callback_parameters(url: str) -> dict[str, str]:
    """Read a callback URL's parameters, of its query or its fragment."""
    parts = urlsplit(url)
    return {name: values[0] for name, values in parse_qs(parts.query or parts.fragment).items()}
