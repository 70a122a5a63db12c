"""docs/security-model.md names every parameter whose name says that it is dangerous, and no other library's."""

from __future__ import annotations

import inspect
import re

import requests_oauth2client
from requests_oauth2client._protocol import leniency
from requests_oauth2client.stores import FileStore, KeyringStore, RedisStore, SqlStore

from .documents import ROOT

PAGE = (ROOT / "docs" / "security-model.md").read_text()
NAMED = re.compile(r"allow_\w+|trusted_\w+|testing|validate|further_issuers")
STRICTER = {"compare_callback_address"}  # a setting that adds a check


def parameters() -> set[str]:
    names = [getattr(requests_oauth2client, name) for name in requests_oauth2client.__all__]
    found: set[str] = set()
    for one in (*names, FileStore, KeyringStore, RedisStore, SqlStore):
        if inspect.isclass(one) or inspect.isfunction(one):
            try:
                found |= set(inspect.signature(one).parameters)
            except ValueError:  # some exceptions
                continue
    return found


def test_every_dangerous_parameter_has_its_row() -> None:
    table = PAGE.partition("## Each switch")[2].partition("\n## ")[0]
    listed = set(re.findall(r"`(\w+)=", table))
    dangerous = {name for name in parameters() if NAMED.fullmatch(name)} | set(leniency.DEFAULTS) - STRICTER
    assert dangerous - listed == set()
    assert "allow_plaintext" in dangerous
