"""No module imports itself back, over however many others; imports that are only for types count too."""

from __future__ import annotations

from graphlib import TopologicalSorter

import grimp


def test_no_module_imports_itself_back() -> None:
    graph = grimp.build_graph("requests_oauth2client", cache_dir=None, exclude_type_checking_imports=False)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    order = list(TopologicalSorter(imports).static_order())  # a CycleError names the circle
    assert len(order) == len(graph.modules)
