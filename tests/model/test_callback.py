"""The callback: every shape it comes in, each rule in its turn, and nothing else than the documented errors."""

import pickle
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from requests_oauth2client._authorization.callback import MAX_CALLBACK_PARAMETERS, MAX_CALLBACK_SIZE, parse_callback
from requests_oauth2client.authorization_request import AuthorizationRequest, AuthorizationResponse
from requests_oauth2client.exceptions import (
    AccountSelectionRequired,
    AuthorizationDenied,
    AuthorizationResponseError,
    ConsentRequired,
    InteractionRequired,
    InvalidAuthResponse,
    LoginRequired,
    MismatchingIssuer,
    MismatchingState,
    MissingAuthCode,
    MissingIssuer,
    RepeatedParameter,
    SessionSelectionRequired,
)

ISSUER = "https://as.local"
CALLBACK = "https://app.local/cb"


def make(**kwargs: Any) -> AuthorizationRequest:
    return AuthorizationRequest(
        f"{ISSUER}/authorize", "client", CALLBACK, **{"state": "s", "issuer": ISSUER, "max_age": 5, **kwargs}
    )


class Text:
    """Any object whose `str()` is what came, such as another library's URL."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


class MultiItems(dict[str, str]):
    """A multi-dict as Starlette and httpx have it."""

    def multi_items(self) -> list[tuple[str, str]]:
        return list(self.items())


class GetList(dict[str, list[str]]):
    """A multi-dict as Werkzeug and Django have it."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


SHAPES: dict[str, Callable[[Mapping[str, str]], Any]] = {
    "url": lambda params: f"{CALLBACK}?{urlencode(params)}",
    "url with a fragment": lambda params: f"{CALLBACK}?{urlencode(params)}#_=_",
    "url with a query of its own": lambda params: f"{CALLBACK}/a=b?tenant=1&{urlencode(params)}",
    "url of a native app": lambda params: f"com.example.app:/cb?{urlencode(params)}",
    "url quoted otherwise": lambda params: f"{CALLBACK}?{urlencode(params, quote_via=quote)}",
    "path": lambda params: f"/cb;a=b?{urlencode(params)}",
    "question mark": lambda params: f"?{urlencode(params)}",
    "query": urlencode,
    "query with question marks": lambda params: urlencode(params, safe="?/"),
    "typed in": lambda params: f"  {CALLBACK}?{urlencode(params)}\r\n",
    "bytes": lambda params: f"{CALLBACK}?{urlencode(params)}".encode(),
    "object": lambda params: Text(f"{CALLBACK}?{urlencode(params)}"),
    "mapping": dict,
    "mapping of lists": lambda params: {name: [value] for name, value in params.items()},
    "mapping of bytes": lambda params: {name.encode(): [value.encode()] for name, value in params.items()},
    "multi_items": MultiItems,
    "getlist": lambda params: GetList({name: [value] for name, value in params.items()}),
}

secrets = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(code=secrets, state=secrets, shape=st.sampled_from(sorted(SHAPES)))
@example(code="a?b", state="c/d?e#f", shape="query with question marks")
@example(code="a+b =&", state="%41", shape="url quoted otherwise")
def test_code_and_state_come_through_in_every_shape(code: str, state: str, shape: str) -> None:
    request = make(state=state)
    response = request.validate_callback(SHAPES[shape]({"code": code, "state": state, "session_state": "x"}))
    assert (response.code, response.state, str(response), response.session_state) == (code, state, code, "x")


def test_what_the_request_knows_comes_along() -> None:
    key = type("Key", (), {"dpop_jkt": "thumbprint"})()
    request = make(acr_values="1 2", dpop_key=key)
    response = request.validate_callback(f"code=c&state=s&iss={ISSUER}")
    assert response == AuthorizationResponse(
        code="c",
        redirect_uri=CALLBACK,
        code_verifier=request.code_verifier,
        state="s",
        nonce=request.nonce,
        acr_values=("1", "2"),
        max_age=5,
        issuer=ISSUER,
        dpop_key=key,
    )


PROTECTED = [*make().as_dict(), "kwargs", "self", "iss"]


@given(
    more=st.dictionaries(
        st.sampled_from(sorted(set(PROTECTED) - {"state", "iss"})) | st.text(st.characters(exclude_categories=["Cs"])),
        secrets,
        max_size=10,
    ),
    as_text=st.booleans(),
)
def test_nothing_more_in_the_callback_changes_what_the_request_knows(more: dict[str, str], as_text: bool) -> None:
    request = make()
    params = {**more, "code": "c", "state": "s"}
    params.pop("error", None)
    params.pop("iss", None)
    response = request.validate_callback(urlencode(params) if as_text else params)
    plain = request.validate_callback({"code": "c", "state": "s"})
    assert response.replace(**dict.fromkeys(response.kwargs)) == plain
    assert not (set(PROTECTED) - {"self", "scope"}) & set(response.kwargs)


def test_a_forged_field_has_no_effect() -> None:
    request = make(issuer=None)
    response = request.validate_callback("code=c&state=s&nonce=evil&dpop_key=x&code_verifier=y&iss=evil&__html__=z")
    assert (response.nonce, response.dpop_key, response.issuer) == (request.nonce, None, None)
    assert response.code_verifier == request.code_verifier
    assert not hasattr(response, "__html__")
    assert not hasattr(response, "iss")


# --- the order of the rules -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("callback", "error"),
    [
        ("code=c&code=c&iss=bad&state=bad&error=no", RepeatedParameter),
        ("code=c&iss=bad&state=bad&error=no", MismatchingState),
        ("code=c&state=bad&error=no", MismatchingState),
        ("code=c&iss=bad&state=s&error=no", MismatchingIssuer),
        ("code=c&state=s&error=no", MissingIssuer),
        (f"code=c&iss={ISSUER}&state=bad&error=no", MismatchingState),
        (f"code=c&iss={ISSUER}&error=no", MismatchingState),
        (f"code=c&iss={ISSUER}&state=s&error=no", AuthorizationResponseError),
        (f"iss={ISSUER}&state=s", MissingAuthCode),
        ("state=s", MissingAuthCode),
        ("iss=bad&state=s", MissingAuthCode),
        ("", MissingAuthCode),
        (f"iss={ISSUER}&state=s&code=&error=", MissingAuthCode),
    ],
)
def test_the_rules_are_judged_in_their_order(callback: str, error: type[Exception]) -> None:
    request = make(authorization_response_iss_parameter_supported=True)
    with pytest.raises(error) as caught:
        request.validate_callback(callback)
    assert type(caught.value) is error
    assert caught.value.authorization_request is request  # type: ignore[attr-defined]
    assert caught.value.response is callback  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "callback",
    [
        "code=c&state=s&state=s",
        "state=s&code=c&code=",
        {"state": ["s", "s"], "code": "c"},
        GetList({"state": ["s"], "code": ["c", "d"]}),
        "code=c&state=s&other=1&other=2",
        "c%6fde=c&code=c&state=s",
    ],
)
def test_a_repeated_parameter_is_refused(callback: Any) -> None:
    with pytest.raises(RepeatedParameter, match="repeats"):
        make().validate_callback(callback)


def test_a_repetition_that_only_a_multi_dict_shows_is_refused() -> None:
    class Repeated(MultiItems):
        def multi_items(self) -> list[tuple[str, str]]:
            return [("code", "a"), ("code", "b"), ("state", "s")]

    with pytest.raises(RepeatedParameter) as caught:
        make().validate_callback(Repeated(code="a", state="s"))
    assert caught.value.names == ["code"]


@pytest.mark.parametrize("issuer", [f"{ISSUER}/", f"{ISSUER}1", ISSUER.upper(), "x"])
def test_another_issuer_is_refused_on_codes_and_on_errors(issuer: str) -> None:
    for answer in ("code=c", "error=access_denied"):
        with pytest.raises(MismatchingIssuer) as caught:
            make().validate_callback(f"{answer}&state=s&iss={issuer}")
        assert (caught.value.received, caught.value.expected) == (issuer, ISSUER)


def test_an_issuer_is_needed_only_where_it_is_announced() -> None:
    assert make().validate_callback("code=c&state=s&iss=").code == "c"
    for answer in ("code=c&state=s", "code=c&state=s&iss=", "error=no&state=s"):
        with pytest.raises(MissingIssuer, match=ISSUER):
            make(authorization_response_iss_parameter_supported=True).validate_callback(answer)


@pytest.mark.parametrize("state", ["", "S", "s1", "é"])
def test_another_state_is_refused(state: str) -> None:
    with pytest.raises(MismatchingState) as caught:
        make().validate_callback({"code": "c", "state": state})
    assert (caught.value.received, caught.value.expected) == (state or None, "s")


def test_a_state_that_was_not_sent_must_not_come() -> None:
    request = make(state=None)
    assert request.validate_callback("code=c").state is None
    with pytest.raises(MismatchingState):
        request.validate_callback("code=c&state=unasked")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("access_denied", AuthorizationDenied),
        ("interaction_required", InteractionRequired),
        ("login_required", LoginRequired),
        ("account_selection_required", AccountSelectionRequired),
        ("session_selection_required", SessionSelectionRequired),
        ("consent_required", ConsentRequired),
    ],
)
def test_an_error_has_its_class_and_its_fields(code: str, error: type[AuthorizationResponseError]) -> None:
    callback = f"error={code}&error_description=not+now&error_uri=https://as.local/why&state=s&code=c"
    with pytest.raises(error, match="not now") as caught:
        make().validate_callback(callback)
    assert type(caught.value) is error
    assert (caught.value.error, caught.value.description, caught.value.uri, caught.value.state) == (
        code,
        "not now",
        "https://as.local/why",
        "s",
    )


def test_a_subclass_can_add_a_row_for_its_server() -> None:
    class TenantSuspended(AuthorizationResponseError):
        pass

    class Mine(AuthorizationRequest):
        exception_classes = {**AuthorizationRequest.exception_classes, "suspended": TenantSuspended}  # noqa: RUF012

    with pytest.raises(TenantSuspended):
        Mine(f"{ISSUER}/authorize", "c", state="s").validate_callback("error=suspended&state=s")


def test_where_no_code_was_asked_for_none_is_taken() -> None:
    response = make(response_type="none").validate_callback("state=s&code=unasked")
    assert (response.code, str(response)) == ("", "")
    with pytest.raises(MissingAuthCode):
        make(response_type="code id_token").validate_callback("state=s")


# --- what can't be read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("callback", "why"),
    [
        (f"{CALLBACK}#code=c&state=s", "fragment"),
        ("#code=c&state=s", "fragment"),
        ("code=%ff&state=s", "not UTF-8"),
        (b"code=\xff&state=s", "not UTF-8"),
        ({"code": "\ud800", "state": "s"}, "not UTF-8"),
        ("code=\ud800&state=s", "not UTF-8"),
        ({"code": 5, "state": "s"}, "a int where a str"),
        ({5: "code"}, "a int where a str"),
        ({"code": {"a": "b"}}, "a dict where a str"),
        (None, "it is None"),
        ("<Request 'https://app.local/cb?state=s&code=c' [GET]>", "spaces"),
        ("code=c&state=s\x00", "control characters"),
        ("code=c&state=s&x=" + "x" * MAX_CALLBACK_SIZE, "larger than the limit"),
        ({"code": "c", "state": "s", "x": "x" * MAX_CALLBACK_SIZE}, "larger than the limit"),
        ("&".join(f"a{i}=1" for i in range(MAX_CALLBACK_PARAMETERS + 1)), "more than 100 parameters"),
        ({f"a{i}": "1" for i in range(MAX_CALLBACK_PARAMETERS + 1)}, "more than 100 parameters"),
        ({"a": ["1"] * (MAX_CALLBACK_PARAMETERS + 1)}, "more than 100 parameters"),
    ],
)
def test_what_can_not_be_read_says_why(callback: Any, why: str) -> None:
    with pytest.raises(InvalidAuthResponse, match=why) as caught:
        make().validate_callback(callback)
    assert type(caught.value) is InvalidAuthResponse


@pytest.mark.parametrize(
    ("arguments", "callback"),
    [
        ({"response_mode": "fragment"}, f"{CALLBACK}?tenant=1#code=c&state=s"),
        ({"response_mode": "fragment"}, "#code=c&state=s"),
        ({"response_mode": "fragment"}, "code=c&state=s"),
        ({"response_mode": "fragment"}, f"{CALLBACK}?code=c&state=s"),
        ({"response_type": "code token"}, f"{CALLBACK}#code=c&state=s"),
        ({"response_mode": "query", "response_type": "code token"}, f"{CALLBACK}?code=c&state=s"),
        ({"response_mode": "form_post"}, "code=c&state=s"),
    ],
)
def test_the_answer_is_read_where_the_request_wanted_it(arguments: dict[str, Any], callback: str) -> None:
    assert make(**arguments).validate_callback(callback).code == "c"


def test_what_stands_in_the_query_beside_a_fragment_does_not_count() -> None:
    request = make(response_mode="fragment")
    assert request.validate_callback(f"{CALLBACK}?code=planted&state=x#code=c&state=s").code == "c"
    with pytest.raises(RepeatedParameter):
        request.validate_callback("#code=c&state=s&code=d")


def test_absent_values_are_no_parameters() -> None:
    assert parse_callback({"code": "c", "state": None, "iss": [], "x": "", "y": [None]}) == {"code": "c"}


values = st.none() | st.text() | st.binary() | st.integers() | st.lists(st.text() | st.binary() | st.none())
names = st.sampled_from(["code", "state", "iss", "error", "kwargs", "self"])
texts = st.lists(
    st.sampled_from(["code", "state=s", "=", "&", "?", "#", "%", "%ff", ";", ":/", "error", "iss", "+", "\n"])
    | st.text()
).map("".join)


@given(callback=texts | st.binary() | st.dictionaries(names | st.text() | st.binary(), values) | st.integers())
def test_whatever_comes_only_documented_errors_come_out(callback: Any) -> None:
    request = make()
    try:
        response = request.validate_callback(callback)
    except (InvalidAuthResponse, AuthorizationResponseError):
        return
    assert response.code
    assert response.state == "s"


@pytest.mark.parametrize(
    "callback",
    [
        "code=planted-code-0123456789&state=other",
        "code=planted-code-0123456789&state=planted-other",
        "code=planted-code-0123456789&code=planted-code-0123456789&state=s",
        "code=planted-code-0123456789&state=s&iss=bad",
        "code=planted-code-0123456789%ff&state=s",
        "state=s&error=no&code=planted-code-0123456789",
        "code=planted-code-0123456789 &state=s",
    ],
)
def test_errors_show_no_secret_and_take_none_along(callback: str) -> None:
    request = make(state="s", code_verifier="planted-verifier-" * 4, nonce="planted-nonce")
    with pytest.raises((InvalidAuthResponse, AuthorizationResponseError)) as caught:
        request.validate_callback(callback)
    shown = str(caught.value) + repr(caught.value)
    assert "planted" not in shown
    assert b"planted" not in pickle.dumps(caught.value)
