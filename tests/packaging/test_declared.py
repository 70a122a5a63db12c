"""What pyproject.toml declares: said where people read it, and met by what is installed."""

from __future__ import annotations

import re
import tomllib

import pytest

from devkit.packaging.environments import PROJECT
from devkit.packaging.tried import lower_bounds
from requests_oauth2client._core import errors

PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text())
DECLARED = PYPROJECT["project"]
EXTRAS = DECLARED["optional-dependencies"]
GROUPS = PYPROJECT["dependency-groups"]
OURS = "requests_oauth2client"


def name(requirement: str) -> str:
    return re.split(r"[\[<>=;! ]", requirement)[0]


def everything() -> set[str]:
    lists = [DECLARED["dependencies"], PYPROJECT["build-system"]["requires"], *EXTRAS.values(), *GROUPS.values()]
    return {name(one) for requirements in lists for one in requirements if isinstance(one, str)} - {OURS}


def test_each_dependency_is_pinned_for_us() -> None:
    pinned = {line.partition("==")[0].lower() for line in (PROJECT / "constraints.txt").read_text().splitlines()}
    assert {one.lower().replace("_", "-") for one in everything()} - {one.replace("_", "-") for one in pinned} <= {
        "hatchling"  # in an environment of its own
    }


def test_each_requirement_has_a_lower_bound_that_is_tried() -> None:
    lists = [DECLARED["dependencies"], *EXTRAS.values()]
    required = [one for requirements in lists for one in requirements if name(one) != OURS]
    assert {name(one) for one in required} == {found for found, _ in lower_bounds()}
    assert len({one for one in required if name(one) == "filelock"}) == 1, "one bound for a library"


@pytest.mark.parametrize("extra", EXTRAS)
def test_each_extra_says_what_it_is_for_and_what_it_brings(extra: str) -> None:
    page = (PROJECT / "docs" / "installation.md").read_text()
    (row,) = re.findall(rf"^\| `{extra}` \|.*$", page, re.MULTILINE)
    _, _, _, brings, *_ = row.split("|")
    assert {name(one) for one in EXTRAS[extra]} - {OURS} <= set(re.findall(r"`([\w.-]+)`", brings))


def test_all_has_each_extra() -> None:
    (one,) = EXTRAS["all"]
    assert set(one.removeprefix(f"{OURS}[").removesuffix("]").split(",")) == EXTRAS.keys() - {"all"}


def test_the_addresses_are_one_choice() -> None:
    assert errors.CATALOG.startswith(DECLARED["urls"]["Documentation"])


def test_no_person_is_named() -> None:
    assert DECLARED["maintainers"] == [{"name": OURS}]
    assert "authors" not in DECLARED
