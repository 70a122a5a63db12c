"""The main job of the library, shown on a real authorization server: `make demo`, or `python -m demo`.

`stage` has what every chapter needs, `wire` listens to what is sent and received, `narrator` prints it, `browser`
is the end user. A chapter tells one thing that people do. Not shipped.
"""
