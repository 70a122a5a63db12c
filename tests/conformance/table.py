"""The table of all rows: what the suite does (rows.json), and how each is played (rows_*.py).

`rows.json` are the facts: id, class (LIB: a library can answer; APP: only an application can), plans. `ROWS` are the
rows that are played, `GAPS` those that this library does not pass, `APPLICATION` those that no library can; each row
of the facts is in exactly one of them, which test_table.py proves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from . import demands
from .changes import Change

FACTS = Path(__file__).parent / "rows.json"
MODULES = "rows_oidc rows_discovery rows_refresh rows_logout rows_fapi2 rows_fapi1 rows_ciba rows_federation".split()


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One way to play a row: what the suite calls its variants."""

    name: str  # of the test, behind the row's id
    response_type: str = "code"
    response_mode: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)  # of `Run`; what a profile varies

    @property
    def in_front(self) -> bool:
        """Whether an ID token comes through the browser."""
        return "id_token" in self.response_type.split()


def variants(*response_types: str, **settings: Any) -> tuple[Variant, ...]:
    """Make variants of response types."""
    return tuple(Variant(name=one.replace(" ", "+"), response_type=one, settings=settings) for one in response_types)


CODE = variants("code")
HYBRID = variants("code id_token", "code token", "code id_token token")
IMPLICIT = variants("id_token", "id_token token")
FORM_POST = tuple(
    Variant(name=f"{one.name}.form_post", response_type=one.response_type, response_mode="form_post")
    for one in (*CODE, *HYBRID, *IMPLICIT)
)
ALL = (*CODE, *HYBRID, *IMPLICIT, *FORM_POST)


def with_token(among: tuple[Variant, ...]) -> tuple[Variant, ...]:
    """Return the variants that get an access token (not response_type=id_token)."""
    return tuple(one for one in among if one.response_type != "id_token")


def with_code(among: tuple[Variant, ...]) -> tuple[Variant, ...]:
    """Return the variants that get a code."""
    return tuple(one for one in among if "code" in one.response_type.split())


@dataclass(frozen=True, kw_only=True)
class Row:
    """How a row is played; the docstring of op.py says what the members mean.

    Attributes:
        change: hook -> change.
        crime: the hook whose first use is the bad thing; by default the last of `change`.
        refused: the exception that the library must raise; None: all goes well.
        refused_in_front: the exception where the ID token comes through the browser, if it is another one.
        silent: the endpoints that must not be called after the crime.
        flow: the journey; by default a login.
        check: what else is demanded when it is over.
        client: arguments of the library's client, or a function of the run that makes them.
        registered: what the OP has registered of the client; `alg`: what the OP signs with.
        store: what the OP is told to remember from the start (see op.py and endpoints.py).
    """

    change: Mapping[str, Change] = field(default_factory=dict)
    crime: str | None = None
    refused: type[Exception] | tuple[type[Exception], ...] | None = None
    refused_in_front: type[Exception] | tuple[type[Exception], ...] | None = None
    silent: tuple[str, ...] = ("token", "userinfo", "resource")
    flow: Callable[[Any], Any] | None = None
    check: Callable[[Any], None] | None = None
    variants: tuple[Variant, ...] = CODE
    client: Mapping[str, Any] | Callable[[Any], Mapping[str, Any]] = field(default_factory=dict)
    request: Mapping[str, Any] = field(default_factory=dict)  # further arguments of authorization_request
    registered: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)
    demands: Mapping[str, Any] = field(default_factory=lambda: demands.OIDC)
    store: Mapping[str, Any] = field(default_factory=dict)
    alg: str = "RS256"
    outcome: str = "goes on"  # what the report says where no exception is `refused`

    @property
    def the_crime(self) -> str | None:
        """The hook whose first use is the bad thing."""
        return self.crime or next(reversed(self.change), None)

    def refusal(self, variant: Variant) -> type[Exception] | tuple[type[Exception], ...] | None:
        """Return what must be raised; None: nothing."""
        return (variant.in_front and self.refused_in_front) or self.refused


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A row of the suite."""

    id: str
    kind: str  # LIB or APP
    plans: tuple[str, ...]
    op_does: str
    client_must: str


@cache
def facts() -> dict[str, Fact]:
    """Return all rows of the suite, in the order of the facts."""
    rows = json.loads(FACTS.read_text())
    return {
        row["id"]: Fact(
            id=row["id"], kind=row["class"], plans=tuple(row["plans"]), op_does=row["op"], client_must=row["client"]
        )
        for row in rows
    }


def _collected(name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for module in MODULES:
        if (FACTS.parent / f"{module}.py").exists():
            rows = getattr(import_module(f".{module}", __package__), name, {})
            assert not found.keys() & rows.keys(), "a row stands in two files"
            found |= rows
    return found


@cache
def played() -> dict[str, Row]:
    """Return the rows that are played."""
    return _collected("ROWS")


@cache
def gaps() -> dict[str, str]:
    """Return the rows that this library does not pass, and why; `GAPS` of the modules."""
    return _collected("GAPS")


@cache
def application() -> dict[str, str]:
    """Return the rows that only an application can answer, and why; `APPLICATION` of the modules."""
    return _collected("APPLICATION")
