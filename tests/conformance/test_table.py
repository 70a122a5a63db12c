"""The tables of rows are whole, and docs/conformance.md says what they say."""

from __future__ import annotations

import json

from tests.conformance import report, table

# rows, of which a library can answer, of which only an application can (section 9 of the facts)
PLANS = {
    "fapi-ciba-id1-client-test-plan": (29, 26, 3),
    "fapi1-advanced-final-client-test-plan": (27, 24, 3),
    "fapi2-message-signing-final-client-test-plan": (32, 31, 1),
    "fapi2-security-profile-final-brazil-client-test-plan": (32, 31, 1),
    "fapi2-security-profile-final-client-test-plan": (24, 23, 1),
    "oidcc-client-back-channel-logout-rp-basic": (8, 8, 0),
    "oidcc-client-back-channel-logout-rp-hybrid": (8, 8, 0),
    "oidcc-client-back-channel-logout-rp-implicit": (8, 8, 0),
    "oidcc-client-basic-certification-test-plan": (14, 14, 0),
    "oidcc-client-config-certification-test-plan": (6, 6, 0),
    "oidcc-client-dynamic-certification-test-plan": (12, 12, 0),
    "oidcc-client-formpost-basic-certification-test-plan": (14, 14, 0),
    "oidcc-client-formpost-hybrid-certification-test-plan": (18, 18, 0),
    "oidcc-client-formpost-implicit-certification-test-plan": (15, 15, 0),
    "oidcc-client-front-channel-logout-rp-basic": (1, 0, 1),
    "oidcc-client-front-channel-logout-rp-hybrid": (1, 0, 1),
    "oidcc-client-front-channel-logout-rp-implicit": (1, 0, 1),
    "oidcc-client-hybrid-certification-test-plan": (18, 18, 0),
    "oidcc-client-implicit-certification-test-plan": (15, 15, 0),
    "oidcc-client-logout-test-plan": (14, 11, 3),
    "oidcc-client-refreshtoken-test-plan": (3, 3, 0),
    "oidcc-client-rp-initiated-logout-rp-basic": (3, 3, 0),
    "oidcc-client-rp-initiated-logout-rp-hybrid": (3, 3, 0),
    "oidcc-client-rp-initiated-logout-rp-implicit": (3, 3, 0),
    "oidcc-client-rp-session-management-rp-basic": (1, 0, 1),
    "oidcc-client-rp-session-management-rp-hybrid": (1, 0, 1),
    "oidcc-client-rp-session-management-rp-implicit": (1, 0, 1),
    "oidcc-client-test-3rd-party-init-login-test-plan": (1, 0, 1),
    "oidcc-client-test-plan": (39, 39, 0),
    "openid-federation-entity-joined-to-test-federation-rp-test-plan": (10, 10, 0),
}


def test_plans_have_the_rows_that_the_suite_gives_them() -> None:
    found = {plan: report.counts(facts, set()) for plan, facts in report.plans().items()}
    assert {plan: (rows, library, app) for plan, (rows, library, _, _, app) in found.items()} == PLANS


def test_there_are_157_rows_of_which_145_are_a_librarys() -> None:
    kinds = [fact.kind for fact in table.facts().values()]
    assert (len(kinds), kinds.count("LIB"), kinds.count("APP")) == (157, 145, 12)


def test_each_row_of_a_library_is_played_or_is_a_gap_with_a_reason() -> None:
    library = {one for one, fact in table.facts().items() if fact.kind == "LIB"}
    played, gaps = table.played().keys(), table.gaps()
    assert library == played | gaps.keys()
    assert not played & gaps.keys()
    assert all(gaps.values())


def test_each_row_of_an_application_says_why() -> None:
    assert table.application().keys() == {one for one, fact in table.facts().items() if fact.kind == "APP"}


def test_the_variants_of_a_row_have_names_of_their_own() -> None:
    for row, played in table.played().items():
        names = [variant.name for variant in played.variants]
        assert names, row
        assert len(set(names)) == len(names), row


def test_the_document_says_what_the_tables_say() -> None:
    assert report.DOCUMENT.read_text() == report.document(), "run python -m tests.conformance --write"


def test_the_facts_are_one_line_each() -> None:
    assert len(json.loads(table.FACTS.read_text())) == len(table.FACTS.read_text().splitlines()) - 2
