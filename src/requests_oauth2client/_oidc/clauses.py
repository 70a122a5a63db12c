"""The checks of an ID token as a recording names them, and whether one of them applies to a token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._core.story import Clause
from .expectations import Expected

SIGNATURE_CLAUSE = Clause("signature", "OIDC Core 3.1.3.7 rule 6")
CLAUSES = {  # by the name of the function in `id_token_checks`
    "check_type": Clause("typ", "RFC 8725 §3.11"),
    "check_issuer": Clause("issuer", "OIDC Core 3.1.3.7 rule 2"),
    "check_audience": Clause("audience", "OIDC Core 3.1.3.7 rule 3"),
    "check_authorized_party": Clause("authorized party", "OIDC Core 3.1.3.7 rules 4 and 5"),
    "check_subject": Clause("subject", "OIDC Core 2"),
    "check_expiry": Clause("expiry", "OIDC Core 3.1.3.7 rule 9"),
    "check_issued_at": Clause("issued at", "OIDC Core 3.1.3.7 rule 10"),
    "check_nonce": Clause("nonce", "OIDC Core 3.1.3.7 rule 11"),
    "check_acr": Clause("acr", "OIDC Core 3.1.3.7 rule 12"),
    "check_auth_time": Clause("auth_time", "OIDC Core 3.1.3.7 rule 13"),
    "check_hashes": Clause("at_hash, c_hash, s_hash", "OIDC Core 3.1.3.8"),
}
_NEEDED: dict[str, Callable[[Mapping[str, Any], Expected], bool]] = {
    "check_authorized_party": lambda found, _: "azp" in found or isinstance(found.get("aud"), list),
    "check_nonce": lambda found, expected: expected.compares_nonce and ("nonce" in found or bool(expected.nonce)),
    "check_acr": lambda _, expected: expected.essential_acr is not None or bool(expected.acr_values),
    "check_auth_time": lambda _, expected: expected.max_age is not None,
    "check_hashes": lambda found, expected: any(name in found or name in expected.required for name in expected.texts),
}


def is_needed(rule: str, found: Mapping[str, Any], expected: Expected) -> bool:
    """Return whether there is anything to check."""
    needed = _NEEDED.get(rule)
    return needed is None or needed(found, expected)
