"""Calls below one root URL: what ApiClient and AsyncApiClient have in common. Knows no HTTP library."""
