"""The SIP trace of one phone: nothing at all until somebody asks for it."""

import logging
import time

from offhook.capture_file import CaptureFile
from offhook.sip.endpoint import Endpoint
from offhook.sip.hop import Hop
from offhook.sip.trace import Trace, Traced

_log = logging.getLogger(__name__)


class SipTrace:
    """`messages` is None while none are kept. `file` gets every message from the start on."""

    def __init__(self, endpoint: Endpoint, file: CaptureFile | None = None) -> None:
        self.messages: Trace | None = None
        self._endpoint = endpoint
        self._file = file
        self._listen()

    def start(self) -> None:
        """Keep messages from now on; what was kept before is forgotten."""
        self.messages = Trace()
        self._listen()

    def stop(self) -> None:
        self.messages = None
        self._listen()

    def close(self) -> None:
        self.messages = None
        self._close_file()

    def _listen(self) -> None:
        self._endpoint.tap = None if self.messages is None and self._file is None else self._hear

    def _hear(self, data: bytes, here: Hop, there: Hop, sent: bool) -> None:
        traced = Traced.of(time.time(), data, sent=sent, here=here, there=there)
        if self.messages is not None:
            self.messages.keep(traced)
        if self._file is not None:
            try:
                self._file.write(traced)
            except OSError as error:
                _log.warning("the SIP trace is not written any further: %s", error)
                self._close_file()

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self._listen()
