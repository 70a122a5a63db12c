"""Claims about a user, as the OP answers them (OIDC Core section 5.1). Checks nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .._core.times import moment


class TypedMembers(dict[str, Any]):
    """A JSON object whose registered members are also properties; a member of another type reads as None."""

    def _string(self, name: str) -> str | None:
        value = self.get(name)
        return value if isinstance(value, str) else None

    def _boolean(self, name: str) -> bool | None:
        value = self.get(name)
        if isinstance(value, str):  # Cognito and Apple quote their booleans
            return {"true": True, "false": False}.get(value.lower())
        return value if isinstance(value, bool) else None

    def _datetime(self, name: str) -> datetime | None:
        return moment(self.get(name))


class UserInfo(TypedMembers):
    """What the OP says about a user: a dict of claims, the standard ones also as properties.

    A claim that is absent, or of another type than OIDC Core says, reads as None; the dict has it as it came.

    Source: OIDC Core section 5.1.
    """

    __module__ = "requests_oauth2client.tokens"  # where callers import it from

    @property
    def sub(self) -> str:
        """Who the user is, for this issuer; an empty string where a server that is no OP does not say it."""
        return self._string("sub") or ""

    @property
    def name(self) -> str | None:
        """The full name."""
        return self._string("name")

    @property
    def given_name(self) -> str | None:
        """The given names."""
        return self._string("given_name")

    @property
    def family_name(self) -> str | None:
        """The surnames."""
        return self._string("family_name")

    @property
    def middle_name(self) -> str | None:
        """The middle names."""
        return self._string("middle_name")

    @property
    def nickname(self) -> str | None:
        """The casual name."""
        return self._string("nickname")

    @property
    def preferred_username(self) -> str | None:
        """What the user wants to be called here; neither unique nor lasting."""
        return self._string("preferred_username")

    @property
    def profile(self) -> str | None:
        """The URL of the profile page."""
        return self._string("profile")

    @property
    def picture(self) -> str | None:
        """The URL of a picture."""
        return self._string("picture")

    @property
    def website(self) -> str | None:
        """The URL of the user's website."""
        return self._string("website")

    @property
    def email(self) -> str | None:
        """The e-mail address; see `email_verified`."""
        return self._string("email")

    @property
    def email_verified(self) -> bool | None:
        """Whether the OP has verified that the address is the user's."""
        return self._boolean("email_verified")

    @property
    def gender(self) -> str | None:
        """The gender."""
        return self._string("gender")

    @property
    def birthdate(self) -> str | None:
        """The birthday, as YYYY-MM-DD or YYYY; a year of 0000 is not said."""
        return self._string("birthdate")

    @property
    def zoneinfo(self) -> str | None:
        """The time zone, such as `Europe/Paris`."""
        return self._string("zoneinfo")

    @property
    def locale(self) -> str | None:
        """The language, as a BCP 47 tag."""
        return self._string("locale")

    @property
    def phone_number(self) -> str | None:
        """The telephone number, preferably as E.164."""
        return self._string("phone_number")

    @property
    def phone_number_verified(self) -> bool | None:
        """Whether the OP has verified that the number is the user's."""
        return self._boolean("phone_number_verified")

    @property
    def address(self) -> dict[str, Any] | None:
        """The postal address, a JSON object (OIDC Core section 5.1.1)."""
        value = self.get("address")
        return dict(value) if isinstance(value, Mapping) else None

    @property
    def updated_at(self) -> datetime | None:
        """When these claims last changed, aware, UTC."""
        return self._datetime("updated_at")
