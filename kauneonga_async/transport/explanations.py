"""Explanations: which of a server's own words an error may show. Pure.

A server may well repeat what it was sent, or quote from what it holds: a message's text, a name, a number, a token. So
its explanation is shown only if it is made of nothing but the words that errors are made of. Any other is for the
program alone, in ``StatusError.info``.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["is_plain"]

_PLAIN_WORDS: Final = frozenset(
    """
    a about above access account account_number action add again all allowed already an and any api are argument
    at authenticated authorisation authorised authorization authorized bad be before below between blank by call
    can can't cannot characters closed conflict contact contain could currently data date day days deleted
    delivery delivery_type denied disabled does doesn't down duplicate empty enabled end equal error exceed
    exceeded exceeds exist exists expired failed field fields first for forbidden format found frequency from
    from_date gateway greater has have id in inactive included incorrect info integer internal interval invalid
    is isn't it json key large last later least length less limit limited list locked long maintenance many
    match maximum message message_text messages method minimum missing more most must need negative no not
    nothing null number object of off on one only or out over parameter params parse password past payload
    permission permitted please positive present processed quota range rate rates read received recording
    recordings refused rejected request requests required resource retry route save schedule seconds server
    service short should slow sms start status such suspended temporarily text than that the them then there
    this time timed timeout times to to-do to-dos to_date to_do to_dos token tokens too try type unable
    unauthorised unauthorized unavailable unexpected unknown unprocessable unsupported up url use used user
    valid value values wait was weekly were when while will with without wrong you your zone
    """.split()  # noqa: SIM905 - as a list it would be a hundred lines
)
_WORD = re.compile(r"[^\s.,;:!?()'\"-]+(?:['_-][^\s.,;:!?()'\"-]+)*")
_LONGEST_NUMBER = 3  # digits: a status or a count, and no telephone number
_LONGEST = 200  # characters


def is_plain(explanation: str) -> bool:
    """Tell whether an explanation can hold nothing confidential."""
    words = _WORD.findall(explanation.lower().replace("\u2019", "'"))
    return (
        bool(words)
        and len(explanation) <= _LONGEST
        and explanation.isprintable()
        and all(word in _PLAIN_WORDS or (word.isdecimal() and len(word) <= _LONGEST_NUMBER) for word in words)
    )
