"""The chapters in the order in which they are told. Each has a TITLE, a STORY, and `play(stage)`."""

from types import ModuleType

from . import authorization_code, client_credentials, device, renewal, web_site

CHAPTERS: tuple[ModuleType, ...] = (client_credentials, authorization_code, device, renewal, web_site)
