"""PKCE values (RFC 7636)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_oauth2client.exceptions import InvalidParam
from requests_oauth2client.pkce import InvalidCodeVerifierParam, PkceUtils, UnsupportedCodeChallengeMethod

# RFC 7636 appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

verifiers = st.from_regex(r"[A-Za-z0-9._~-]{43,128}", fullmatch=True)
methods = st.sampled_from(["S256", "plain"])


def test_the_vector_of_the_rfc_is_met() -> None:
    assert PkceUtils.derive_challenge(VERIFIER) == CHALLENGE


def test_a_verifier_may_be_bytes() -> None:
    assert PkceUtils.derive_challenge(VERIFIER.encode()) == CHALLENGE


def test_the_plain_challenge_is_the_verifier_itself() -> None:
    assert PkceUtils.derive_challenge(VERIFIER, "plain") == VERIFIER


def test_a_generated_verifier_has_128_of_the_allowed_characters_and_is_another_each_time() -> None:
    made = {PkceUtils.generate_code_verifier() for _ in range(50)}
    assert len(made) == 50
    assert all(len(one) == 128 and PkceUtils.CODE_VERIFIER_PATTERN.fullmatch(one) for one in made)


@given(verifier=verifiers, method=methods)
def test_a_verifier_fits_its_challenge(verifier: str, method: str) -> None:
    assert PkceUtils.validate_code_verifier(verifier, PkceUtils.derive_challenge(verifier, method), method)


@given(verifier=verifiers, challenge=st.text() | st.binary(), method=methods)
def test_a_verifier_does_not_fit_another_challenge(verifier: str, challenge: str, method: str) -> None:
    if challenge not in {PkceUtils.derive_challenge(verifier, method), verifier.encode()}:
        assert not PkceUtils.validate_code_verifier(verifier, challenge, method)


@pytest.mark.parametrize("method", ["S256", "plain"])
def test_a_generated_pair_fits(method: str) -> None:
    verifier, challenge = PkceUtils.generate_code_verifier_and_challenge(method)
    assert PkceUtils.validate_code_verifier(verifier, challenge, method)


@pytest.mark.parametrize(
    "verifier", ["", "a" * 42, "a" * 129, "a" * 43 + "\n", "é" * 43, b"\xff" * 43, "a b" * 20, 43, None]
)
def test_what_is_no_verifier_is_refused(verifier: object) -> None:
    with pytest.raises(InvalidCodeVerifierParam, match="43 to 128 characters"):
        PkceUtils.derive_challenge(verifier)  # type: ignore[arg-type]


def test_a_refused_verifier_does_not_show() -> None:
    with pytest.raises(InvalidCodeVerifierParam) as caught:
        PkceUtils.derive_challenge("planted-secret+" * 4)
    assert "planted" not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize("method", ["s256", "S512", "", None])
def test_another_method_is_refused_by_name(method: str) -> None:
    with pytest.raises(UnsupportedCodeChallengeMethod, match="S256, plain") as caught:
        PkceUtils.generate_code_verifier_and_challenge(method)
    assert caught.value.method == method
    assert isinstance(caught.value, InvalidParam)
