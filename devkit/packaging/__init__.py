"""What is published: built, looked into, installed where nothing else is, and tried with the oldest and newest of all.

`make package`, `make lowest` and `make pythons` run it.
"""
