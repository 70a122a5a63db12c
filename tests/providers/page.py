"""A page of docs/providers: the shapes that its programs meet, and what each program has to have led to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.contract.documents import Block

from .people import Reader, Site
from .shape import Shape

Check = Callable[[Reader, Block], None]


@dataclass(frozen=True)
class Journey:
    """A login, as both clients make it, from the metadata to the logout.

    Attributes:
        settings: of the client, besides its credentials and redirect_uri.
        client_id: of the client.
        scope: what is asked for.
        params: further parameters of the authorization request.
        has: what there is after the login, in order.
        name: the claim of userinfo that is `alice`.
        shape: which of the page's shapes.
    """

    settings: Mapping[str, Any]
    client_id: str = "my-app"
    scope: str | None = "openid profile offline_access"
    params: Mapping[str, Any] = field(default_factory=dict)
    has: tuple[str, ...] = ("id_token", "userinfo", "refresh", "logout")
    name: str = "sub"
    shape: int = 0


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page.

    Attributes:
        name: of the file.
        shapes: makes the providers anew.
        checks: what is true after a program, by its heading.
        journeys: logins, by a word for each.
        prepare: puts files into the folder that the programs run in.
    """

    name: str
    shapes: Callable[[], list[Shape]]
    checks: Mapping[str, Check] = field(default_factory=dict)
    journeys: Mapping[str, Journey] = field(default_factory=dict)
    prepare: Callable[[Path], object] = field(default=lambda folder: None)


def greets(text: str) -> Check:
    """Log in at the site that the program defines, see the text, and log out."""

    def check(reader: Reader, _: Block) -> None:
        site = Site(reader["app"], reader)
        assert text in site.visit()
        site.log_out()

    return check


def logs_out_at(address: str, text: str = "") -> Check:
    """Log in at the site, and be sent to an address of the provider when logging out."""

    def check(reader: Reader, _: Block) -> None:
        site = Site(reader["app"], reader)
        assert text in site.visit()
        assert site.log_out().startswith(address)

    return check


def prints(*texts: str) -> Check:
    """Say that the last line that was printed has these texts."""

    def check(reader: Reader, _: Block) -> None:
        assert [text for text in texts if text not in reader.screen[-1]] == [], reader.screen

    return check


def both(*checks: Check) -> Check:
    """Make several checks."""

    def check(reader: Reader, block: Block) -> None:
        for one in checks:
            one(reader, block)

    return check
