"""The benchmarks' arithmetic on made-up figures; no test looks at a real time."""

from __future__ import annotations

import contextlib
import http.client
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest

from benchmarks import id_token_checks, page, plot, signer, stub_server, table, workers
from benchmarks.__main__ import main
from benchmarks.case import Case, Place, Quantity, Row, Target, UnmeasurableError
from benchmarks.cases import CASES
from benchmarks.measure import Failure, Result, Run, Spread, compare, interleave, spread, summarise

BARE = Row(label="bare", setup="bare", is_baseline=True)
OURS = Row(label="ours", setup="ours", target=Target(limit=1.15))
THEIRS = Row(label="theirs", setup="theirs", place=Place.PEERS)
BARE_THERE = Row(label="bare there", setup="bare", place=Place.PEERS, is_baseline=True)


def made_up(*rows: Row) -> Case:
    return Case(
        name="made up",
        rows=rows,
        rounds=3,
        quick_rounds=1,
        open_meter=lambda _: contextlib.nullcontext(lambda _: 1.0),
        profile=str,
    )


def test_rows_are_measured_in_turn() -> None:
    order: list[str] = []

    def meter(row: Row) -> float:
        order.append(row.label)
        return float(len(order))

    run = interleave([BARE, OURS, THEIRS], 3, meter)

    assert order == ["bare", "ours", "theirs"] * 3
    assert run.samples == {BARE: [1, 4, 7], OURS: [2, 5, 8], THEIRS: [3, 6, 9]}


def test_a_row_that_fails_is_asked_no_more_and_the_others_go_on() -> None:
    asked: list[str] = []

    def meter(row: Row) -> float:
        asked.append(row.label)
        if row is OURS and asked.count("ours") == 2:
            message = "gone"
            raise UnmeasurableError(message)
        return 1.0

    run = interleave([BARE, OURS], 3, meter)

    assert asked == ["bare", "ours", "bare", "ours", "bare"]
    assert run.failures == {OURS: "gone"}
    assert run.samples[BARE] == [1, 1, 1]


def test_a_spread_is_the_median_between_the_quartiles() -> None:
    assert spread([5, 1, 4, 2, 3]) == Spread(low=2, median=3, high=4)


def test_the_spread_of_one_value_is_that_value() -> None:
    assert spread([7]) == Spread(low=7, median=7, high=7)


def test_one_slow_round_does_not_move_the_median() -> None:
    assert spread([1, 1, 1, 1, 900]) == Spread(low=1, median=1, high=1)


def test_a_row_is_compared_with_its_baseline_round_by_round() -> None:
    slowing_down = [1.0, 2.0, 4.0]
    result = compare(OURS, [cost * 1.5 for cost in slowing_down], slowing_down)

    assert result.ratio == Spread(low=1.5, median=1.5, high=1.5)
    assert result.added.median == 1.0
    assert result.cost.median == 3.0


def test_a_place_has_its_own_baseline() -> None:
    case = made_up(BARE, OURS, BARE_THERE, THEIRS)
    run = Run(samples={BARE: [1.0], OURS: [1.0], BARE_THERE: [2.0], THEIRS: [6.0]})

    ratios = [outcome.ratio.median for outcome in summarise(case, run) if isinstance(outcome, Result)]

    assert ratios == [1, 1, 1, 3]


def test_rows_that_were_not_tried_are_not_reported() -> None:
    outcomes = summarise(made_up(BARE, OURS, BARE_THERE, THEIRS), Run(samples={BARE: [1.0], OURS: [1.0]}))

    assert [outcome.row for outcome in outcomes] == [BARE, OURS]


def test_without_a_baseline_nothing_is_compared() -> None:
    run = Run(samples={BARE: [], OURS: [1.0]}, failures={BARE: "no requests"})

    assert summarise(made_up(BARE, OURS), run) == [
        Failure(row=BARE, reason="no requests"),
        Failure(row=OURS, reason="nothing to compare with: no requests"),
    ]


@pytest.mark.parametrize(
    ("target", "cost", "met"),
    [
        (Target(limit=1.5), 15e-6, True),
        (Target(limit=1.5), 15.1e-6, False),
        (Target(limit=5e-6, quantity=Quantity.ADDED), 14e-6, True),
        (Target(limit=5e-6, quantity=Quantity.ADDED), 16e-6, False),
        (None, 16e-6, None),
    ],
)
def test_a_target_limits_the_median(target: Target | None, cost: float, met: bool | None) -> None:
    row = Row(label="ours", setup="ours", target=target)

    assert compare(row, [cost] * 3, [10e-6] * 3).met is met


def test_the_table_shows_ratios_spreads_targets_and_failures() -> None:
    late = Row(label="late", setup="late", target=Target(limit=5e-6, quantity=Quantity.ADDED))
    missing = Row(label="missing", setup="missing", target=Target(limit=1.15))
    report: dict[str, list[Result | Failure]] = {
        "token": [
            compare(BARE, [10e-6] * 3, [10e-6] * 3),
            compare(OURS, [10e-6, 11e-6, 12e-6], [10e-6] * 3),
            compare(late, [2e-3] * 3, [1e-3] * 3),
            Failure(row=missing, reason="ImportError:\n  a | b"),
        ]
    }

    assert table.markdown(report).splitlines() == [
        "| case | row | ratio (quartiles) | added (quartiles) | cost | target | met |",
        "| --- | --- | --- | --- | --- | --- | --- |",
        "| token | bare | 1 |  | 10.0 µs | — | — |",
        "| token | ours | 1.10 (1.05 … 1.15) | 1.0 µs (0.5 µs … 1.5 µs) | 11.0 µs | ≤ 1.15 | yes |",
        "| token | late | 2.00 (2.00 … 2.00) | 1.0 ms (1.0 ms … 1.0 ms) | 2.0 ms | ≤ 5.0 µs added | **no** |",
        "| token | missing | error: ImportError: a \\| b |  |  | ≤ 1.15 | not measured |",
    ]


def test_the_json_has_the_same_figures() -> None:
    report: dict[str, list[Result | Failure]] = {
        "token": [compare(OURS, [3.0], [2.0]), Failure(row=BARE, reason="gone")]
    }

    measured, failed = json.loads(json.dumps(table.as_json(report)))["token"]

    assert measured["ratio"] == {"low": 1.5, "median": 1.5, "high": 1.5}
    assert measured["target"] == {"limit": 1.15, "quantity": "ratio"}
    assert measured["met"] is False
    assert failed["error"] == "gone"


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_each_place_of_a_case_has_one_baseline(case: Case) -> None:
    for place in {row.place for row in case.rows}:
        assert sum(row.is_baseline for row in case.rows if row.place is place) == 1


@pytest.mark.parametrize("case", CASES.values(), ids=lambda case: case.name)
def test_each_row_has_its_setup(case: Case) -> None:
    assert not case.setups or {row.setup for row in case.rows} == set(case.setups)


def test_an_unknown_case_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokn"]) == 2
    assert "tokn" in capsys.readouterr().err


def test_a_child_measures_an_operation_and_tells_why_another_fails() -> None:
    with workers.meter({Place.HOUSE: sys.executable}, "handler", 1, {}) as meter:
        assert meter(BARE) > 0
        with pytest.raises(UnmeasurableError, match="KeyError: 'ours'"):
            meter(OURS)
        assert meter(BARE) > 0


def test_the_stub_answers_every_request_of_a_connection() -> None:
    with stub_server.running() as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=5)
        for _ in range(3):
            connection.request("POST", "/token", body=b"grant_type=client_credentials")
            answer = connection.getresponse()
            assert answer.status == 200
            assert json.load(answer)["access_token"] == stub_server.ACCESS_TOKEN
        connection.close()


def test_what_is_counted_is_no_time() -> None:
    counting = Row(label="keys", setup="keys", counts="fetches", target=Target(limit=2))

    (line,) = table.markdown({"keys": [compare(counting, [3.0], [1.0])]}).splitlines()[2:]

    assert (
        line == "| keys | keys | 3.00 (3.00 … 3.00) | 2 fetches (2 fetches … 2 fetches) | 3 fetches | ≤ 2.00 | **no** |"
    )


def test_the_publisher_counts_its_fetches() -> None:
    jwks = signer.Signer(signer.new_key()).jwks

    with signer.publishing(jwks) as server:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=5)
        for _ in range(2):
            connection.request("GET", "/jwks")
            assert json.load(connection.getresponse()) == jwks
        connection.close()

        assert server.fetches == 2


@pytest.mark.parametrize("make", [id_token_checks.rule, id_token_checks.bearer_token], ids=lambda make: make.__name__)
def test_our_checks_take_a_right_id_token_and_refuse_others(make: Any) -> None:
    key = signer.Signer(signer.new_key())
    check = make(jwks=key.jwks)

    check(key.id_token())
    assert id_token_checks.refuses(check, signer.Signer(signer.new_key()).id_token())
    assert id_token_checks.refuses(check, signer.with_kid(key.id_token(), "made up"))


@pytest.mark.parametrize(("setup", "fetches"), [("rule, known", 1), ("rule, unknown", 2)])
def test_a_thousand_tokens_cost_one_fetch_and_made_up_kids_one_more(setup: str, fetches: int) -> None:
    case = CASES["keys"]
    row = next(row for row in case.rows if row.setup == setup)

    with case.open_meter({Place.HOUSE: sys.executable}) as meter:
        assert meter(row) == fetches


def test_the_picture_has_each_row_that_took_time_and_reads_as_xml() -> None:
    counted = Row(label="counted", setup="counted", counts="requests")
    summed = Spread(low=1, median=1.5, high=2)
    outcomes = [Result(row=row, cost=summed, ratio=summed, added=summed) for row in (BARE, OURS, counted)]
    drawn = plot.svg({"a <case>": [*outcomes, Failure(row=THEIRS, reason="gone")], "empty": []})
    texts = [text.text for text in ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314  our own
    assert texts[1:] == ["a <case>", "bare", "1.50", "ours", "1.50"]
    assert "prefers-color-scheme: dark" in drawn


@pytest.mark.parametrize(("load", "said"), [(0.0, "otherwise idle"), (1000.0, "**busy**")])
def test_the_page_says_when_the_machine_was_busy(tmp_path: Path, load: float, said: str) -> None:
    page.write(tmp_path / "page.md", {}, versions=[], load=load, quick=True)
    assert said in (tmp_path / "page.md").read_text()
    assert (tmp_path / page.PICTURE).is_file()
