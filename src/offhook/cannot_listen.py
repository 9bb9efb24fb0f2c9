"""Why a phone cannot start: one of its sockets."""

import errno
from typing import Final

_WHY: Final = {
    errno.EADDRINUSE: "the port is in use; {port_option} PORT takes another",
    errno.EACCES: "this user may not open that port; {port_option} PORT takes another, above 1023",
    errno.EMFILE: "this process may open no more sockets; ulimit -n allows more",
    errno.EADDRNOTAVAIL: "this machine has no such address; {address_option} ADDR takes another",
}


class CannotListen(OSError):
    """One line: what was to listen where, why it does not, and the option that changes it."""

    def __init__(
        self, what: str, address: str, port: int, wrong: OSError, *, port_option: str, address_option: str
    ) -> None:
        where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        why = _WHY.get(
            wrong.errno or 0, f"{wrong.strerror or wrong}; {port_option} and {address_option} say where"
        )
        why = why.format(port_option=port_option, address_option=address_option)
        super().__init__(f"{what} cannot listen at {where}: {why}")
