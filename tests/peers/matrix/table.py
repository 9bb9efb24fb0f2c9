"""The peers, and which cells of the table are tried."""

from collections.abc import Iterator
from typing import NamedTuple

from .baresip_peer import BaresipPeer
from .kamailio_peer import KamailioPeer
from .library_peers import AiosipuaPeer, BaresipPythonPeer, PjsuaPeer
from .linphone_peer import LinphonePeer
from .peer import Peer, Row
from .rows import ROWS
from .sipp_peer import SippPeer
from .sipsak_peer import SipsakPeer

PEERS: tuple[type[Peer], ...] = (
    BaresipPeer,
    LinphonePeer,
    SippPeer,
    KamailioPeer,
    SipsakPeer,
    BaresipPythonPeer,
    PjsuaPeer,
    AiosipuaPeer,
)


class Cell(NamedTuple):
    peer: type[Peer]
    row: str

    @property
    def tried(self) -> Row:
        return self.peer.own.get(self.row, ROWS[self.row])

    @property
    def quick(self) -> bool:
        return self.row == self.peer.quick


def cells() -> Iterator[Cell]:
    """All that are tried: every peer, every row that it can."""
    for peer in PEERS:
        for row in ROWS:
            if row not in peer.cannot:
                yield Cell(peer, row)
