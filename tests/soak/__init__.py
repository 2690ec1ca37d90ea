"""Soak: everything at once, for as long as one likes, against a server with faults; and a balance at the end.

``python -m tests.soak --minutes 20`` ends with 0 if every record is accounted for and nothing has grown.
"""
