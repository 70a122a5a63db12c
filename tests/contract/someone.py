"""Someone with a browser and a keyring, for the programs of the tutorials: `python someone.py URL` logs in as alice."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup

try:
    from keyring.backend import KeyringBackend
except ImportError:  # pragma: no cover
    KeyringBackend = object  # type: ignore[assignment,misc]


class Keyring(KeyringBackend):
    """The keyring of this person's system: a file in the home folder."""

    priority = 5
    viable = False  # not to be found by `keyring` itself, in the process of other tests; its name is given

    @property
    def path(self) -> Path:
        return Path.home() / "keyring.json"

    def _all(self) -> dict[str, str]:
        return json.loads(self.path.read_text()) if self.path.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._all().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self.path.write_text(json.dumps({**self._all(), f"{service}/{username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        self.path.write_text(json.dumps({k: v for k, v in self._all().items() if k != f"{service}/{username}"}))


def press(http: requests.Session, page: requests.Response, name: str) -> requests.Response:
    """Press the button with this name, in the form as it is filled in."""
    for form in BeautifulSoup(page.text, "html.parser").find_all("form"):
        for button in form.find_all("button"):
            if button.text.strip() == name:
                inputs = [field for field in form.find_all("input") if field.get("name")]
                fields = {field["name"]: field.get("value", "") for field in inputs}
                if button.get("name"):
                    fields[button["name"]] = button.get("value", "")
                headers = {"Origin": re.match(r"https?://[^/]+", page.url)[0]}
                action = urljoin(page.url, form.get("action") or "")
                if form.get("method", "get") == "get":
                    return http.get(action, params=fields, timeout=60)
                return http.post(action, data=fields, headers=headers, timeout=60)
    message = f"no button {name!r} at {page.url}: {page.text}"
    raise LookupError(message)


def follow(http: requests.Session, page: requests.Response) -> requests.Response:
    """Post a form that a page posts by itself (`form_post`)."""
    form = BeautifulSoup(page.text, "html.parser").find("form")
    if form is None or not (form.get("action") or "").startswith("http"):
        return page
    fields = {field["name"]: field.get("value", "") for field in form.find_all("input") if field.get("name")}
    return http.post(form["action"], data=fields, timeout=60)


if __name__ == "__main__":
    with requests.Session() as browser:
        shown = press(browser, browser.get(sys.argv[1], timeout=60), "Log in")
        follow(browser, shown).raise_for_status()
