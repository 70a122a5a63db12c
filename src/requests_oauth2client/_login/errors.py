"""What a login in a program can end with, when it does not end with a token."""

from __future__ import annotations

from collections.abc import Iterable

from ..exceptions import OAuth2Error


class LoginFailed(OAuth2Error):
    """A login did not succeed.

    What the server says no to has the error of the protocol, such as `AuthorizationResponseError`.
    """

    def __init__(self, description: str) -> None:
        super().__init__(description=description)

    def _text(self) -> str:
        return self.description or ""


class LoginTimeout(LoginFailed):
    """The user has not finished in time, or a code that they were shown is expired."""


class LoginCancelled(LoginFailed):
    """The user has cancelled the login, with Ctrl-C or at the end of input."""


class LoginImpossible(LoginFailed):
    """No way to log in can work here.

    Attributes:
        reasons: for each way, why not.
    """

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(f"No login is possible here: {'; '.join(self.reasons) or 'there is no way to log in'}.")


class NoFreePort(LoginFailed):
    """None of the ports of a redirect_uri can be listened on."""

    def __init__(self, ports: Iterable[int], problem: str) -> None:
        self.ports = tuple(ports)
        numbers = ", ".join(map(str, self.ports))
        super().__init__(
            f"No login page can be listened for on port {numbers} ({problem}). End the program that uses it, or"
            " register further ports and pass them as BrowserLogin(ports=...)."
        )
