"""The two drivers: each runs operations and sends their requests, with requests or with httpx2 and httpx."""
