"""The cases of cached tokens count right: crowds against the stub, and what a library can't do is said."""

from __future__ import annotations

import sys
import threading
import urllib.request

import pytest

from benchmarks.case import Place, Row, UnmeasurableError
from benchmarks.cases import CASES
from benchmarks.crowds import THREADS, Call, Context, begin, threads, unable
from benchmarks.token_counter import NEW_TOKEN, counting


def row_of(case: str, setup: str) -> Row:
    return next(row for row in CASES[case].rows if row.setup == setup)


def asking(context: Context) -> Call:
    def call() -> str:
        with urllib.request.urlopen(context["url"], data=b"a=b", timeout=10) as answer:  # noqa: S310  the stub
            return str(answer.read())

    return call


def test_the_stub_answers_nobody_before_everybody_has_asked() -> None:
    with counting() as server:
        threads(asking)({"url": server.url})()

        assert server.requests == THREADS


def test_the_stub_counts_from_nought_again_after_a_get() -> None:
    with counting() as server:
        asking({"url": server.url})()
        begin({"url": server.url})

        assert server.requests == 0


def test_a_crowd_of_which_one_has_the_old_token_is_no_figure() -> None:
    first = threading.Event()

    def call() -> str:
        if first.is_set():
            return NEW_TOKEN
        first.set()
        return "old"

    with counting() as server, pytest.raises(AssertionError, match="did not get the new token"):
        threads(lambda _: call)({"url": server.url})()


def test_what_a_library_cannot_do_is_the_reason() -> None:
    with pytest.raises(NotImplementedError, match="no async client"):
        unable("no async client")({})


@pytest.mark.parametrize("setup", ["ours, threads", "ours, tasks"])
def test_a_crowd_of_ours_makes_one_request(setup: str) -> None:
    with CASES["renewal"].open_meter({Place.HOUSE: sys.executable}) as meter:
        assert meter(row_of("renewal", setup)) == 1


def test_memory_is_counted_in_a_fresh_interpreter() -> None:
    with CASES["memory"].open_meter({Place.HOUSE: sys.executable}) as meter:
        assert meter(row_of("memory", "parsed")) > 1000
        with pytest.raises(UnmeasurableError, match="KeyError"):
            meter(Row(label="none", setup="none"))


def test_a_token_comes_out_of_a_store_that_has_a_hundred() -> None:
    with CASES["cache"].open_meter({Place.HOUSE: sys.executable}) as meter:
        assert meter(row_of("cache", "MemoryStore, key, 100")) > 0
