"""Fuzzing: whatever bytes come from outside, only documented exceptions come out.

`parsers.PARSERS` is the table of all that reads such bytes. tests/fuzz runs it with hypothesis; `python -m fuzz`
with atheris, which follows the branches that an input takes.
"""
