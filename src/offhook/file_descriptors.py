"""How many files and sockets this process may have open at one time, beside how many its phones take."""

import contextlib
import resource
from typing import Final

_SIP: Final = 2
"""UDP and TCP."""
_SOUND: Final = 2
"""RTP and RTCP of one call."""
_OWN: Final = 64
"""What the process has open besides, and a few connections."""


class TooFewFileDescriptors(OSError):
    """One line: how many are needed, how many there are, for how many phones they do, what gives more."""


def provide_file_descriptors(phones: int, listeners: int) -> None:
    """Let this process open what `phones` need that listen for HTTP and TLS at `listeners` sockets each.

    A process may raise its own limit up to a hard one. Raises TooFewFileDescriptors where that is too low.
    """
    each = listeners + _SIP + _SOUND
    needed = _OWN + phones * each
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (max(now, needed), most):  # the second may be without end, which macOS does not take
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed != resource.RLIM_INFINITY and allowed < needed:
        noun = "phone needs" if phones == 1 else "phones need"
        raise TooFewFileDescriptors(
            f"{phones} {noun} {needed} file descriptors, {each} each, and this process may open {allowed}, "
            f"enough for {max(0, allowed - _OWN) // each}; start fewer, or raise the limit: "
            f"ulimit -n {needed}, as root where the shell refuses"
        )
