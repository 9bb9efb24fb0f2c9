"""A capture file of what a phone says and hears by SIP, which Wireshark opens."""

import os
from pathlib import Path
from typing import BinaryIO, Final

from offhook.sip.pcap import HEADER, frame
from offhook.sip.trace import Traced

MAX_OCTETS: Final = 32 * 1024 * 1024
"""Of one file. A full one becomes FILE.1, in place of the one before it."""


class CannotCapture(OSError):
    """One line: which file, why not, and the option that takes another."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"no SIP trace can be kept in {path}: {why}; --sip-trace FILE takes another")


class CaptureFile:
    """Whoever keeps a trace may read it, and nobody else: it tells who called whom.

    Raises CannotCapture where it cannot be begun, OSError where it cannot be written further.
    """

    def __init__(self, path: Path, limit: int = MAX_OCTETS) -> None:
        self._path = path
        self._limit = limit
        self._file = self._begin()

    def write(self, traced: Traced) -> None:
        record = frame(traced)
        if self._file.tell() + len(record) > self._limit:
            self._file.close()
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
            self._file = self._begin()
        self._file.write(record)

    def close(self) -> None:
        self._file.close()

    def _begin(self) -> BinaryIO:
        if self._path.is_symlink() or (self._path.exists() and not self._path.is_file()):
            raise CannotCapture(self._path, "it is no plain file")
        try:
            # A new one, for others may have the old one open.
            self._path.unlink(missing_ok=True)
            begun = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            file = os.fdopen(begun, "wb", buffering=0)
            file.write(HEADER)
        except OSError as error:
            raise CannotCapture(self._path, error.strerror or str(error)) from error
        return file
