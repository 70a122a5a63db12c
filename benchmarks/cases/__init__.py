"""The registry: a case is a file here and a line in this table."""

from __future__ import annotations

from benchmarks.case import Case

from . import dpop, handler, id_token, imports, keys, renewal, token

CASES: dict[str, Case] = {
    case.name: case for case in (imports.CASE, handler.CASE, token.CASE, dpop.CASE, id_token.CASE, keys.CASE, renewal.CASE)
}
