from __future__ import annotations

import pickle
from typing import Any

import pytest

from requests_oauth2client import ClientInformation, ClientSecretBasic, ClientSecretPost, InvalidParam

SAID = {
    "client_id": "c",
    "client_secret": "s",
    "client_secret_expires_at": 0,
    "registration_access_token": "rat",
    "registration_client_uri": "https://as.example/reg/c",
    "client_id_issued_at": 1,
    "client_name": "n",
}


def test_an_update_sends_all_but_what_the_server_keeps_to_itself() -> None:
    sent = ClientInformation(SAID).for_update({"client_name": None, "scope": "a"})
    assert sent == {"client_id": "c", "client_secret": "s", "scope": "a"}


@pytest.mark.parametrize(("method", "kind"), [(None, ClientSecretBasic), ("client_secret_post", ClientSecretPost)])
def test_the_method_decides_how_it_authenticates(method: str | None, kind: type) -> None:
    arguments = ClientInformation({**SAID, "token_endpoint_auth_method": method}).client_arguments()
    assert arguments["auth"] == kind("c", "s")


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"client_id": ""},
        {"client_id": 1},
        {**SAID, "client_secret": 5},
        {**SAID, "registration_client_uri": []},
    ],
)
def test_what_is_no_information_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(InvalidParam):
        ClientInformation(said)


@pytest.mark.parametrize("method", ["private_key_jwt", "telepathy", "client_secret_basic"])
def test_a_method_without_its_credential_is_refused(method: str) -> None:
    said = ClientInformation({"client_id": "c", "token_endpoint_auth_method": method})
    with pytest.raises(InvalidParam, match=method):
        said.client_arguments()


def test_a_secret_that_never_expires_says_so() -> None:
    assert ClientInformation(SAID).client_secret_expires_at is None
    later = ClientInformation({**SAID, "client_secret_expires_at": 2_000_000_000}).client_secret_expires_at
    assert later is not None
    assert later.timestamp() == 2_000_000_000


def test_it_is_not_pickled() -> None:
    with pytest.raises(TypeError, match="as_dict"):
        pickle.dumps(ClientInformation(SAID))
