"""The seam between what SIP agreed on and what RTP does, which know nothing of each other."""

from offhook.rtp.leg import Leg
from offhook.rtp.srtp_keys import SrtpKeys
from offhook.sip.media import Direction, MediaFlow


def follow(leg: Leg, flow: MediaFlow) -> None:
    """Let the leg send and receive what the two ends agreed on, for the first time or in mid-call."""
    keys = flow.srtp
    leg.start(
        address=flow.address,
        port=flow.port,
        rtcp_address=flow.rtcp_address,
        rtcp_port=flow.rtcp_port,
        payload_type=flow.codec.payload_type,
        codec_name=flow.codec.name,
        telephone_event=flow.telephone_event,
        sending=flow.direction in {Direction.SENDRECV, Direction.SENDONLY},
        receiving=flow.direction in {Direction.SENDRECV, Direction.RECVONLY},
        ptime=flow.ptime,
        telephone_event_rate=flow.telephone_event_rate,
        formats={codec.payload_type: codec.name for codec in flow.formats},
        srtp=None if keys is None else SrtpKeys(keys.suite, keys.sending, keys.receiving),
    )
