"""What a login at a web site can end with, besides the errors of the protocol."""

from __future__ import annotations

from ..exceptions import OAuth2Error


class WebLoginError(OAuth2Error):
    """A request to the login routes of a site can't be answered."""

    advice = ""

    def __init__(self, description: str) -> None:
        super().__init__(description=description)

    def _text(self) -> str:
        return self.description or ""


class InvalidNext(WebLoginError):
    """`next` is not a path of this site."""

    advice = "Go back to the site, and log in from there."


class LostLogin(WebLoginError):
    """The browser has no cookie of the login that this callback answers: it is too old, foreign, or was used."""

    advice = "Log in again. If that does not help, allow cookies for this site."


class UnknownProvider(WebLoginError):
    """There is no provider of this name, or the one of this issuer is another."""

    advice = "Go back to the site, and log in from there."


class ForeignLogout(WebLoginError):
    """A logout was asked for by another site."""

    advice = "Go back to the site, and log out there."


class InsufficientLogin(WebLoginError):
    """The provider does not log the user in as strongly, or as recently, as this page needs."""

    advice = "Log in with another method at your provider, or ask the operator of this site."


class RefusedLogin(WebLoginError):
    """An API refuses a login that has just been made: another one would not help."""

    advice = "Try again later, or ask the operator of this site."
