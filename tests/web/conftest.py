"""Django is configured before anything of it is imported."""

from __future__ import annotations

from . import django_site

django_site.configure()
