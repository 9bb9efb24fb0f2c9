"""Raised by a verb that cannot be carried out, before it has changed anything."""

from .reply import Verdict


class Refused(Exception):
    """`text` tells a person why, and what would be possible instead."""

    def __init__(self, text: str, verdict: Verdict = Verdict.NOT_NOW) -> None:
        super().__init__(text)
        self.text = text
        self.verdict = verdict
