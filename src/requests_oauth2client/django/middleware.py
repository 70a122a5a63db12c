"""Gives each request its login, and answers when a view needs another one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from ..challenges import InsufficientUserAuthentication
from ..exceptions import LoginNeeded
from .backend import LoginBackend
from .logins import Login, login_of, logins, web_request
from .users import BACKEND
from .views import as_response


class LoginMiddleware:
    """Sets `request.login`, and has `request.user` be its user where Django's session has none.

    A view that raises `LoginNeeded` or `InsufficientUserAuthentication`, mostly since an API has said so, leads to the
    login. Nothing is read before it is looked at, except for async views, which can't wait for it there.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.process_view: Any = self._before_view
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)
            self.process_view = self._before_view_async

    def __call__(self, request: HttpRequest) -> Any:
        """Handle a request; in an async site, what is returned is awaited."""
        request.login = Login(request)
        known = getattr(request, "user", None)
        request.user = SimpleLazyObject(functools.partial(_user_of, request, known))
        request.auser = sync_to_async(functools.partial(_plain_user_of, request, known))
        return self.get_response(request)

    def _before_view(self, request: HttpRequest, view: Any, _args: Any, _kwargs: Any) -> None:
        if iscoroutinefunction(view):
            login_of(request).record  # noqa: B018  read it here, where waiting is allowed

    async def _before_view_async(self, request: HttpRequest, view: Any, _args: Any, _kwargs: Any) -> None:
        if iscoroutinefunction(view):
            await login_of(request).arecord()

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Lead to a login that is good enough for what the view has tried."""
        if not isinstance(exception, (LoginNeeded, InsufficientUserAuthentication)):
            return None
        return as_response(logins().refused(web_request(request), login_of(request).record, exception))


def _user_of(request: HttpRequest, known: Any) -> Any:
    """Return the user of Django's session, of the login, or an anonymous one."""
    if known is not None and known.is_authenticated:
        return known
    login = login_of(request).user
    user = None if login is None else LoginBackend().authenticate(request, login=login)
    if user is None:
        return AnonymousUser() if known is None else known
    user.backend = BACKEND
    return user


def _plain_user_of(request: HttpRequest, known: Any) -> Any:
    user = _user_of(request, known)
    return user._wrapped if isinstance(user, SimpleLazyObject) else user  # noqa: SLF001


__all__ = ["LoginMiddleware"]
