"""Which user of the site has logged in."""

from __future__ import annotations

import hashlib
from typing import Any, Protocol

from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, models, transaction

from ..web.errors import WebLoginError
from ..web.records import User
from .models import MAX_LENGTH, Identity

BACKEND = "requests_oauth2client.django.LoginBackend"


class LoggedIn(Protocol):
    """What `user_for` gets: `request.login`, of a user who has just logged in."""

    @property
    def user(self) -> User | None:
        """Who that is, as the provider says."""
        ...


class NoUser(WebLoginError):
    """The one who has logged in has no account on this site, or an inactive one."""

    advice = "Ask the operator of this site for an account."


def find_user(who: User) -> Any:
    """Return the user of the site with an identity, or None."""
    found = Identity.objects.select_related("user").filter(issuer=who.issuer, subject=who.subject)
    same = (one for one in found if (one.issuer, one.subject) == (who.issuer, who.subject))  # databases may ignore case
    identity = next(same, None)
    return None if identity is None else identity.user


def user_for(login: LoggedIn) -> Any:
    """Return the user of the site who has logged in, made at their first login; the default of `user_for`.

    Found by issuer and subject, never by an e-mail address: anyone with an account of that address at some provider
    would get in.
    """
    who = login.user
    assert who is not None  # noqa: S101  a user has just logged in
    return find_user(who) or _create(who)


def _create(who: User) -> Any:
    model = get_user_model()
    name_field = model._meta.get_field(model.USERNAME_FIELD)  # noqa: SLF001  documented
    if isinstance(name_field, models.EmailField) or model.REQUIRED_FIELDS not in ([], ["email"]):
        msg = (
            f"Users of the model {model.__name__} can't be made of issuer and subject alone. Pass a function in"
            " OAUTH2_LOGINS_OPTIONS['user_for'] that makes them."
        )
        raise ImproperlyConfigured(msg)
    name = f"oidc-{hashlib.sha256(f'{who.issuer} {who.subject}'.encode()).hexdigest()[:40]}"
    try:
        with transaction.atomic():
            user = model._default_manager.create_user(**{model.USERNAME_FIELD: name})  # noqa: SLF001  as Django does
            Identity.objects.create(issuer=who.issuer, subject=who.subject, user=user)
    except IntegrityError:  # the same user logs in twice at once
        found = find_user(who)
        if found is None:
            msg = "The user name that belongs to this login is taken."
            raise NoUser(msg) from None
        return found
    return user


def link_user(login: LoggedIn, hook: Any) -> Any:
    """Ask who has logged in, and remember it.

    Raises:
        NoUser: they have no account on this site, or an inactive one.
    """
    who = login.user
    assert who is not None  # noqa: S101  a user has just logged in
    if max(len(who.issuer), len(who.subject)) > MAX_LENGTH:
        msg = f"The issuer or the subject of this login has more than {MAX_LENGTH} characters."
        raise NoUser(msg)
    user = hook(login)
    if user is None or not getattr(user, "is_active", True):
        msg = "The one who has logged in has no account on this site, or an inactive one."
        raise NoUser(msg)
    if find_user(who) != user:
        Identity.objects.update_or_create(issuer=who.issuer, subject=who.subject, defaults={"user": user})
    return user


__all__ = ["NoUser", "find_user", "link_user", "user_for"]
