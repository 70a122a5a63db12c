"""Two processes use one login for two APIs, at a server that ends the session when a refresh token is used twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from devkit.authorization_server import AuthorizationServer, start_authorization_server
from devkit.browser import Browser
from devkit.race import SPAWN, Course, prepared

OPAQUE, JWT = "urn:devkit:api", "urn:devkit:jwt-api"
RENEWALS = 5


@pytest.fixture(scope="module")
def server() -> Iterator[AuthorizationServer]:
    with start_authorization_server() as started:
        yield started


def log_in(course: Course, server: AuthorizationServer, browser: Browser) -> None:
    """Log the user in for both APIs."""
    auth = course.handler()
    request = auth.client.replace(authorization_endpoint=server.authorization_endpoint).authorization_request(
        scope="openid offline_access api.read api.write",
        redirect_uri=server.clients["web"].redirect_uri,
        prompt="consent",
        resource=[OPAQUE, JWT],
    )
    answer = request.validate_callback(browser.authorize(str(request)))
    auth.save_token(auth.client.authorization_code(answer, resource=OPAQUE))
    auth.client.close()


def use_one_api(course: Course, resource: str, begin: Any, results: Any) -> None:
    """Renew a token for one API again and again, and call that; the body of a process."""
    told: list[Any] = []
    auth = course.handler(told).for_resource(resource)
    begin.wait(30)
    answers = []
    for _ in range(RENEWALS):
        auth.renew_token()
        answer = requests.get(course.api, auth=auth, timeout=30)
        answers.append((answer.status_code, answer.json().get("aud")))
    auth.client.close()
    results.put((resource, answers, Counter(event.name for event in told)))


def test_two_processes_use_two_apis_with_one_refresh_token(server: AuthorizationServer, browser: Browser) -> None:
    with prepared("file", seconds=1, threads=1, server=server) as (course, _):
        log_in(course, server, browser)
        before, begin, results = server.request_count(server.token_endpoint), SPAWN.Barrier(2), SPAWN.Queue()
        processes = [SPAWN.Process(target=use_one_api, args=(course, api, begin, results)) for api in (OPAQUE, JWT)]
        for process in processes:
            process.start()
        outcomes = {
            resource: (answers, events) for resource, answers, events in (results.get(timeout=60) for _ in processes)
        }
        for process in processes:
            process.join()
        assert {api: answers for api, (answers, _) in outcomes.items()} == {
            api: [(200, api)] * RENEWALS for api in (OPAQUE, JWT)
        }
        obtained = sum(events["obtained"] for _, events in outcomes.values())
        assert server.request_count(server.token_endpoint) - before == obtained > RENEWALS
        auth = course.handler().for_resource(JWT)
        auth.renew_token()  # the login goes on, whoever had the last refresh token
        assert requests.get(course.api, auth=auth, timeout=10).status_code == 200
        auth.client.close()


def test_a_narrower_scope_narrows_one_access_token(server: AuthorizationServer, browser: Browser) -> None:
    with prepared("file", seconds=1, threads=1, server=server) as (course, _):
        log_in(course, server, browser)
        auth = course.handler()
        narrow, wide = auth.for_resource(JWT, scope="api.read"), auth.for_resource(JWT)
        assert [one.get_token().scope for one in (narrow, wide, narrow)] == [
            "api.read",
            "api.read api.write",
            "api.read",
        ]
        auth.client.close()


def test_the_end_of_a_login_ends_it_for_all_apis(server: AuthorizationServer, browser: Browser) -> None:
    with prepared("file", seconds=1, threads=1, server=server) as (course, _):
        log_in(course, server, browser)
        auth = course.handler()
        auth.client = auth.client.replace(revocation_endpoint=f"{server.issuer}/token/revocation")
        one = auth.for_resource(OPAQUE)
        kept = one.get_token()
        assert one.log_out() is True
        assert requests.get(course.api, auth=kept, timeout=10).status_code == 401
        auth.client.close()
