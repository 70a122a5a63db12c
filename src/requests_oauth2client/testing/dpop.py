"""DPoP at the test server: proofs, their keys, and nonces where they are demanded (RFC 9449)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from .._tokens.dpop_proof import InvalidDPoPProof, access_token_hash, validate_dpop_proof
from .messages import ReceivedRequest, Refusal

if TYPE_CHECKING:
    from .records import Records


class DPoPChecks:
    """Checks proofs.

    Attributes:
        nonce: the nonce that a proof has to have, or None.
    """

    def __init__(self, records: Records) -> None:
        self.nonce: str | None = None
        self._records = records

    def require_nonce(self) -> None:
        """Demand a new nonce from now on (RFC 9449 section 8)."""
        self.nonce = secrets.token_urlsafe(16)

    def check(self, request: ReceivedRequest, *, access_token: str | None = None) -> str | None:
        """Return the thumbprint of the key of a request's proof; None where there is no proof.

        Raises:
            Refusal: the proof is wrong, was used before, or lacks the nonce.
        """
        proof = request.headers.get("dpop")
        if proof is None:
            return None
        ath = None if access_token is None else access_token_hash(access_token)
        try:
            checked = validate_dpop_proof(proof, htm=request.method, htu=request.url, ath=ath)
        except InvalidDPoPProof as wrong:
            raise Refusal("invalid_dpop_proof", str(wrong)) from None
        if self.nonce is not None and checked.claims.get("nonce") != self.nonce:
            raise Refusal("use_dpop_nonce", "the proof needs the server's nonce", headers={"DPoP-Nonce": self.nonce})
        if not self._records.use_once(checked.claims.get("jti")):
            raise Refusal("invalid_dpop_proof", "the jti of the proof was used before")
        return checked.dpop_jkt
