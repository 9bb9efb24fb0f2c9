"""delta-seconds (RFC 3261 §25.1), as Expires, Min-Expires and Retry-After begin with them."""

import re

_DELTA_SECONDS = re.compile(r"[0-9]{1,10}(?![0-9])")


def seconds(value: str | None) -> int | None:
    """Of `120 (I'm in a meeting);duration=60` 120; None where there are none."""
    digits = _DELTA_SECONDS.match(value or "")
    return int(digits[0]) if digits else None
