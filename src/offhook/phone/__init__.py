"""The desk phone as a pure state machine. Nothing in here does I/O, reads a clock or knows asyncio."""

from .account import Account
from .display import screen
from .phone import Phone, Result
from .reply import Reply, Verdict
from .settings import Settings
from .state import state

__all__ = ["Account", "Phone", "Reply", "Result", "Settings", "Verdict", "screen", "state"]
