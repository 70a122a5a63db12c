"""Identities in the admin. What a `DjangoStore` keeps is encrypted, and not shown."""

from __future__ import annotations

from django.contrib import admin

from .models import Identity


@admin.register(Identity)
class IdentityAdmin(admin.ModelAdmin):
    """Shows which user of a provider is which user of this site."""

    list_display = ("issuer", "subject", "user", "created_at")
    list_filter = ("issuer",)
    search_fields = ("subject",)
    raw_id_fields = ("user",)
    readonly_fields = ("created_at",)
