"""Rules of the specifications are in the file where an engineer who knows them would look: `rules.toml`."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from devkit import root

RULES = tomllib.loads(Path(__file__).with_name("rules.toml").read_text())["rule"]
QUOTE = re.compile(r"RFC (\d+),? (?:sections?\s|§§?)\s*(\d[\d., and§]*)")


def sections(text: str) -> set[str]:
    """Return what a source quotes (`RFC 6749 section 3.1`, `§3.1`, `sections 3.1 and 4`), each as `RFC 6749 3.1`."""
    quoted = [(rfc, each) for rfc, listed in QUOTE.findall(text) for each in re.split(r"[, and§]+", listed)]
    return {f"RFC {rfc} {section.rstrip('.')}" for rfc, section in quoted if section}


def test_there_are_at_least_25_rules_and_each_is_said_once() -> None:
    assert len(RULES) >= 25
    assert len({rule["says"] for rule in RULES}) == len(RULES)


def test_each_rule_is_quoted_in_its_file() -> None:
    missing = [
        f"{rule['file']} does not quote {rule['section']}: {rule['says']}"
        for rule in RULES
        if rule["section"] not in sections((root.PACKAGE / rule["file"]).read_text())
    ]
    assert not missing, "\n".join(missing)
