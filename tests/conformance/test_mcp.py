"""The official authorization scenarios for MCP clients: all pass, without a failure and without a warning."""

from __future__ import annotations

import inspect
import json
import os
from dataclasses import asdict
from typing import Any

import pytest
from filelock import FileLock

from devkit.mcp_conformance import Outcome, play
from tests.conformance import mcp_client, report
from tests.conformance.mcp_scenarios import SCENARIOS

pytestmark = pytest.mark.timeout(400)  # one worker plays all scenarios, the others wait


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """All scenarios, which are played once for all workers."""
    own = tmp_path_factory.getbasetemp()
    file = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "mcp_outcomes.json"
    with FileLock(f"{file}.lock"):
        if not file.exists():
            played = play(mcp_client.run)
            file.write_text(json.dumps({name: asdict(outcome) for name, outcome in played.items()}))
    return {name: Outcome(**fields) for name, fields in json.loads(file.read_text()).items()}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_passes(outcomes: dict[str, Outcome], scenario: str) -> None:
    assert outcomes[scenario].passed, outcomes[scenario].said


def test_there_is_no_other_scenario(outcomes: dict[str, Outcome]) -> None:
    assert outcomes.keys() == SCENARIOS.keys()


def test_the_document_has_each_scenario() -> None:
    written = report.DOCUMENT.read_text()
    assert [name for name in SCENARIOS if f"|`{name}`|" not in written] == []


@pytest.mark.parametrize("grant", [mcp_client.log_in, *mcp_client.GRANTS.values()], ids=lambda grant: grant.__name__)
def test_a_grant_takes_five_lines_at_most(grant: Any) -> None:
    body = inspect.getsource(grant).splitlines()[1:]
    assert len([line for line in body if line.strip()]) <= 5
