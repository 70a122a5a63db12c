"""What the demo, the tests and the benchmarks run against: a real authorization server, a browser, an API.

Not shipped. It is a counterpart of the library, so it never imports it.
"""
