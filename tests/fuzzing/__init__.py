"""Fuzzing: whatever parses a server's words, or what a disk has kept, is thrown anything at.

``python -m tests.fuzzing`` runs it, for as long as it is told to; what it finds is kept in ``tests/data/fuzzing``, and
tried again by the tests.
"""
