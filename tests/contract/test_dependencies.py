"""docs/dependencies.md says of every dependency why it is there, and of none that is gone."""

from __future__ import annotations

import itertools
import json
import re
import tomllib

from .documents import ROOT

PAGE = ROOT / "docs" / "dependencies.md"


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    build = project["build-system"]["requires"]
    extras = project["project"]["optional-dependencies"].values()
    groups = project["dependency-groups"].values()
    named = itertools.chain(project["project"]["dependencies"], build, *extras, *groups)
    python = {re.split(r"[\[<>=~!; ]", text)[0] for text in named if isinstance(text, str)}
    npm = {name for file in ROOT.glob("devkit/*/package.json") for name in json.loads(file.read_text())["dependencies"]}
    return (python | npm) - {project["project"]["name"]}


def explained() -> set[str]:
    cells = [line.split("|")[1] for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    return set(re.findall(r"`([\w@/-]+)`", " ".join(cells)))


def test_every_dependency_is_explained_and_nothing_else() -> None:
    assert explained() == declared()
