"""The registry: a case is a file here and a line in this table."""

from __future__ import annotations

from benchmarks.case import Case

from . import cache, dpop, handler, id_token, imports, keys, memory, renewal, start, token, web

CASES: dict[str, Case] = {
    module.CASE.name: module.CASE
    for module in (imports, start, handler, token, dpop, id_token, keys, renewal, cache, memory, web)
}
