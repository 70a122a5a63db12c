"""The rows of the OpenID Foundation's relying-party tests, against a misbehaving OP, on both clients.

A test's id is the row's, with the variant behind it. How the rows are played is in op.py and table.py.
"""

from __future__ import annotations

import pytest

from devkit.flavors import Flavor
from tests.conformance.flows import Run, login
from tests.conformance.server import Server
from tests.conformance.table import Row, Variant, played

CASES = [
    pytest.param(row, variant, id=name if len(row.variants) == 1 else f"{name}@{variant.name}")
    for name, row in played().items()
    for variant in row.variants
]


@pytest.fixture
def run(flavor: Flavor, conformance_server: Server, monkeypatch: pytest.MonkeyPatch, row: Row, variant: Variant) -> Run:
    conformance_server.failures.clear()
    for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):  # as the users of a private CA do; it loads fast, too
        monkeypatch.setenv(variable, str(conformance_server.ca.certificate_file))
    return Run(flavor, conformance_server, row, variant)


@pytest.mark.filterwarnings("ignore:JWE algorithm .RSA1_5. is deprecated")  # the double uses it; that is the crime
@pytest.mark.parametrize(("row", "variant"), CASES)
def test_row(run: Run, row: Row, variant: Variant) -> None:
    flow, refusal = row.flow or login, row.refusal(variant)
    if refusal is None:
        flow(run)
    else:
        with pytest.raises(refusal):
            flow(run)
        assert run.op.crime_at is not None, "the double has misbehaved"
        assert not set(run.op.called_after_crime()) & set(row.silent)
    if row.check is not None:
        row.check(run)
    assert run.op.violations == []
    assert run.server.failures == []
