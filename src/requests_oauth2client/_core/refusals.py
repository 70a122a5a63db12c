"""What a server answers under error codes of specifications that have a module of their own here; DPoP tokens refused.

Every client knows these codes, and few need those modules: `registration`, `client_authentication` and `dpop`, where
the classes are imported from.
"""

from __future__ import annotations

from ..exceptions import EndpointError, InvalidClient, InvalidParam, TokenEndpointError, UnsupportedTokenTypeError


class ClientRegistrationError(EndpointError):
    """The AS refused to register, read, change or delete a client (RFC 7591 section 3.2.2)."""


class InvalidClientMetadata(ClientRegistrationError):
    """`invalid_client_metadata`: the AS does not take a member of the metadata."""


class RefusedRedirectUri(ClientRegistrationError):
    """`invalid_redirect_uri`: the AS does not take one of the redirect_uris."""


class InvalidSoftwareStatement(ClientRegistrationError):
    """`invalid_software_statement`: the software statement is not valid."""


class UnapprovedSoftwareStatement(ClientRegistrationError):
    """`unapproved_software_statement`: the AS does not approve the software statement."""


class InvalidClientAttestation(InvalidClient):
    """`invalid_client_attestation`: the AS does not take the attestation of a client, or its proof."""


class UseAttestationChallenge(TokenEndpointError):
    """`use_attestation_challenge`: the AS wants its challenge in the proof of an attestation.

    One that it gives is shown at once, so this is raised where it gives none, or refuses the one that it gave.
    """

    advice = "Its OAuth-Client-Attestation-Challenge header is missing, or has the challenge that it was just shown."


class UseFreshAttestation(TokenEndpointError):
    """`use_fresh_attestation`: the AS wants a newer attestation of the client than it was shown, twice."""

    advice = "Have a new attestation issued."


class RefusedDPoPProof(TokenEndpointError):
    """`invalid_dpop_proof`: the AS does not take the proof (RFC 9449 section 5)."""

    advice = "Is the clock of this machine right, and the token endpoint's URL the one that the AS knows itself by?"


class UnsupportedDPoPToken(UnsupportedTokenTypeError):
    """A token is bound to a key, and is needed where no proof of that key can go along (RFC 9449 section 4)."""

    def __init__(self, protocol: str) -> None:
        InvalidParam.__init__(
            self,
            f"The token is bound to a DPoP key, and {protocol} has no place for its proof: the server would have to"
            " refuse it, so nothing was sent. Use tokens that are not bound: dpop=False on the handler, or a client"
            " without dpop_bound_access_tokens.",
        )
        self.token_type, self.expected, self.protocol = "DPoP", "Bearer", protocol
