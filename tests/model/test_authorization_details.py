"""Rich authorization requests: what is asked for, as JSON (RFC 9396)."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_oauth2client.authorization_details import (
    AuthorizationDetail,
    InvalidAuthorizationDetails,
    read_authorization_details,
)
from requests_oauth2client.authorization_request import AuthorizationRequest

ENDPOINT = "https://as.local/authorize"


def test_the_example_of_the_rfc_is_written_as_it_shows() -> None:
    detail = AuthorizationDetail(
        "customer_information",
        locations=["https://example.com/customers"],
        actions=("read", "write"),
        datatypes=["contacts", "photos"],
    )
    assert json.loads(json.dumps(detail)) == {
        "type": "customer_information",
        "locations": ["https://example.com/customers"],
        "actions": ["read", "write"],
        "datatypes": ["contacts", "photos"],
    }


def test_what_is_particular_to_a_type_is_a_member_and_an_attribute() -> None:
    detail = AuthorizationDetail("payment", identifier="acc1", privileges=["admin"], instructedAmount={"amount": "1"})
    assert (detail.type, detail.identifier, detail.privileges) == ("payment", "acc1", ["admin"])
    assert detail.instructedAmount == detail["instructedAmount"] == {"amount": "1"}
    with pytest.raises(AttributeError, match="no 'actions'"):
        _ = detail.actions


def test_it_equals_the_mapping_that_it_is_and_can_be_copied() -> None:
    detail = AuthorizationDetail("payment", amount="1")
    assert detail == {"type": "payment", "amount": "1"} == copy.deepcopy(detail)


def test_its_repr_shows_names_only() -> None:
    assert repr(AuthorizationDetail("payment", iban="planted")) == "<AuthorizationDetail type='payment' +iban>"


@pytest.mark.parametrize(
    "value",
    [
        AuthorizationDetail("a"),
        [{"type": "a"}],
        {"type": "a"},
        '[{"type": "a"}]',
        b'{"type": "a"}',
        iter([{"type": "a"}]),
    ],
)
def test_one_or_several_are_read_from_values_and_from_json(value: Any) -> None:
    assert read_authorization_details(value) == [{"type": "a"}]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("{", "it is no JSON"),
        ("5", "this is a int"),
        ('"payment"', "this is a str"),
        (5, "this is a int"),
        (["payment"], "one of these is a str"),
        ([{5: "x", "type": "a"}], "other names than texts"),
        ([{}], "one of these has none"),
        ([{"type": 5}], "the type is a int"),
        ([{"type": ""}], "the type is empty"),
        ([{"type": "a", "actions": "read"}], "its actions is a str"),
        ([{"type": "a", "locations": [5]}], "the locations is a int"),
        ([{"type": "a", "identifier": 5}], "the identifier is a int"),
    ],
)
def test_what_is_none_says_why(value: Any, why: str) -> None:
    with pytest.raises(InvalidAuthorizationDetails, match=why):
        read_authorization_details(value)


def test_a_request_sends_them_as_one_json_array() -> None:
    request = AuthorizationRequest(ENDPOINT, "c", authorization_details=AuthorizationDetail("a", actions=["x"]))
    assert request.authorization_details == [{"type": "a", "actions": ["x"]}]
    assert "authorization_details=%5B%7B%22type%22%3A%22a%22%2C%22actions%22%3A%5B%22x%22%5D%7D%5D" in request.uri


def test_a_request_refuses_what_is_no_detail() -> None:
    with pytest.raises(InvalidAuthorizationDetails):
        AuthorizationRequest(ENDPOINT, "c", authorization_details=[{"actions": ["x"]}])


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "actions", "x"]), inner),
    max_leaves=8,
)


@given(value=json_values | st.text() | st.binary())
def test_whatever_comes_only_the_documented_error_comes_out(value: Any) -> None:
    try:
        found = read_authorization_details(value)
    except InvalidAuthorizationDetails:
        return
    assert all(isinstance(one, AuthorizationDetail) and one.type for one in found)
