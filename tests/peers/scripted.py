"""Scenarios of SIPp that are put together step by step, and what was said while they were played."""

import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple, Self

import pytest

from .sipp import Sipp
from .waiting import until

CALLER = '"Sip Pea" <sip:caller@[local_ip]:[local_port]>;tag=[call_number]'
CALLED = "<sip:[user]@[remote_ip]:[remote_port]>"

SDP = """\
v=0
o=- 1 {version} IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [sound_port] RTP/AVP [codecs]
a=rtpmap:101 telephone-event/8000
a={direction}
"""

SEND = """\
  <send{retransmitted}>
    <![CDATA[
{text}
    ]]>
  </send>"""

RECEIVE = "  <recv {what}{how}><action>{saved}</action></recv>"

SAVE = '<ereg regexp=".*" search_in="hdr" header="{header}:" assign_to="{variable}"/>'

REASONS = {
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    202: "Accepted",
    422: "Session Interval Too Small",
    405: "Method Not Allowed",
    481: "Call Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    489: "Bad Event",
    491: "Request Pending",
    603: "Decline",
}


class Script:
    """One call as SIPp plays it: each method adds a step, and returns the script.

    `[user]` is a key of one that begins with `calling` or `asking`. A 101 among the codecs is for
    telephone-events.
    """

    def __init__(self, local: str, remote: str, target: str, sequence: int) -> None:
        self._local, self._remote, self._target = local, remote, target
        self._sequence = sequence
        self._steps: list[str] = []
        self._variables: list[str] = []
        self._version = 0
        self._invite = 0
        """The step at which the last INVITE was sent; its number is part of the branch."""
        self._invited = sequence
        """CSeq of that INVITE."""

    @classmethod
    def called(cls) -> Self:
        """The callee; the INVITE has come."""
        script = cls("[$called];tag=[call_number]", "[$caller]", "[next_url]", 100)
        return script.expect(
            "INVITE", {"called": "To", "caller": "From", "first_via": "Via", "first_cseq": "CSeq"}
        )

    @classmethod
    def calling(cls, headers: Mapping[str, str] | None = None) -> Self:
        """The caller; the INVITE is sent."""
        return cls(CALLER, CALLED, "sip:[user]@[remote_ip]:[remote_port]", 0).offer(headers=headers)

    @classmethod
    def asking(cls, method: str, headers: Mapping[str, str], body: str = "") -> Self:
        """Outside of any call."""
        script = cls(CALLER, CALLED, "sip:[user]@[remote_ip]:[remote_port]", 0)
        return script.request(method, headers, body)

    # --- steps

    def expect(
        self, what: str | int, saved: Mapping[str, str] | None = None, *, optional: bool = False
    ) -> Self:
        """A method or a status; `saved` are variables, and the headers that go into them."""
        saved = saved or {}
        self._variables += saved
        actions = [SAVE.format(header=header, variable=name) for name, header in saved.items()]
        kind = "response" if isinstance(what, int) else "request"
        # The target of what is sent later is that of the last INVITE.
        how = ' rrs="true"' if what == "INVITE" else ""
        if optional:
            how += ' optional="true"'
        return self._add(RECEIVE.format(what=f'{kind}="{what}"', how=how, saved="".join(actions)))

    def request(self, method: str, headers: Mapping[str, str] | None = None, body: str = "") -> Self:
        self._sequence += 1
        if method == "INVITE":
            self._invite, self._invited = len(self._steps), self._sequence
        return self._request(method, "[branch]", headers or {}, body, again=True)

    def offer(self, direction: str = "sendrecv", headers: Mapping[str, str] | None = None) -> Self:
        """An INVITE. What answers it is a step of its own."""
        return self.request(
            "INVITE", {**(headers or {}), "Content-Type": "application/sdp"}, self._sdp(direction)
        )

    def acknowledge(self, *, refused: bool = False) -> Self:
        """The final response to the last INVITE."""
        back = len(self._steps) - self._invite
        return self._request("ACK", f"[branch-{back}]" if refused else "[branch]", {}, "", again=False)

    def respond(
        self,
        code: int,
        headers: Mapping[str, str] | None = None,
        body: str = "",
        *,
        to: str = "",
        again: bool = False,
    ) -> Self:
        """To the last message, or to one that was `kept` by this name; `again` and again until its ACK."""
        first = f"SIP/2.0 {code} {REASONS[code]}"
        if to:
            whose = [f"Via: [${to}_via]", f"From: {self._tagged}", f"To: {self._local}"]
            whose += ["[last_Call-ID:]", f"CSeq: [${to}_cseq]"]
        else:
            # To has a tag already within the call.
            tag = ";tag=[call_number]" if len(self._steps) < 3 else ""
            whose = ["[last_Via:]", "[last_From:]", f"[last_To:]{tag}", "[last_Call-ID:]", "[last_CSeq:]"]
        given = {"Contact": "<sip:sipp@[local_ip]:[contact_port]>", **(headers or {})}
        return self._say([first, *whose], given, body, again=again)

    def keep(self, what: str, name: str) -> Self:
        """A request that is answered later, by this name."""
        return self.expect(what, {f"{name}_via": "Via", f"{name}_cseq": "CSeq"})

    # --- what is more than one step

    def ring(self) -> Self:
        return self.respond(180)

    def progress(self, rseq: int, direction: str = "sendrecv", *, to: str) -> Self:
        """A reliable 183 with sound, until its PRACK."""
        headers = {"Require": "100rel", "RSeq": str(rseq), "Content-Type": "application/sdp"}
        return (
            self.respond(183, headers, self._sdp(direction), to=to, again=True).expect("PRACK").respond(200)
        )

    def answer(self, direction: str = "sendrecv", *, to: str = "") -> Self:
        """The INVITE, until it is acknowledged."""
        described = {"Content-Type": "application/sdp"}
        return self.respond(200, described, self._sdp(direction), to=to, again=True).expect("ACK")

    def refuse(self, code: int, *, to: str = "") -> Self:
        """The INVITE, until that is acknowledged."""
        return self.respond(code, to=to, again=True).expect("ACK")

    def is_answered(self) -> Self:
        """The INVITE that began the call."""
        return self.expect(100, optional=True).expect(180, optional=True).expect(200).acknowledge()

    def is_refused(self, code: int) -> Self:
        """The INVITE."""
        progress = self.expect(100, optional=True).expect(180, optional=True)
        return progress.expect(code).acknowledge(refused=True)

    def change(self, direction: str) -> Self:
        """A re-INVITE that is accepted."""
        return self.offer(direction).expect(100, optional=True).expect(200).acknowledge()

    def is_changed(self, direction: str) -> Self:
        """A re-INVITE that is answered with this direction."""
        return self.expect("INVITE").answer(direction)

    def cue(self) -> Self:
        """A digit by INFO: the test lets the scenario go on."""
        return self.expect("INFO").respond(200)

    def refer(self, target: str, headers: Mapping[str, str] | None = None) -> Self:
        return self.request("REFER", {"Refer-To": f"<{target}>", **(headers or {})})

    def notify(self, fragment: str, state: str = "active;expires=60") -> Self:
        """What comes of a REFER."""
        headers = {"Event": "refer", "Subscription-State": state, "Content-Type": "message/sipfrag"}
        return self.request("NOTIFY", headers, f"SIP/2.0 {fragment}").expect(200)

    def is_notified(self) -> Self:
        return self.expect("NOTIFY").respond(200)

    def give_up(self) -> Self:
        """The INVITE that began the call: by its branch and its To (RFC 3261 §9.1)."""
        back = len(self._steps) - self._invite
        whose = [
            f"CANCEL {self._target} SIP/2.0",
            f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch-{back}];rport",
            "Max-Forwards: 70",
            f"From: {self._local}",
            f"To: {self._remote}",
            "Call-ID: [call_id]",
            f"CSeq: {self._invited} CANCEL",
        ]
        return self._say(whose, {}, "", again=True)

    def hang_up(self) -> Self:
        return self.request("BYE").expect(200)

    def is_hung_up_on(self) -> Self:
        return self.expect("BYE").respond(200)

    def wait(self, milliseconds: int) -> Self:
        return self._add(f'  <pause milliseconds="{milliseconds}"/>')

    # --- putting it down

    @property
    def xml(self) -> str:
        used = f'  <Reference variables="{",".join(self._variables)}"/>' if self._variables else ""
        begin = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">'
        return "\n".join([begin, '<scenario name="script">', *self._steps, used, "</scenario>", ""])

    @property
    def _tagged(self) -> str:
        """The far end, with its tag as far as that is known."""
        return self._remote + ("[peer_tag_param]" if self._remote == CALLED else "")

    def _sdp(self, direction: str) -> str:
        self._version += 1
        return SDP.format(version=self._version, direction=direction)

    def _request(
        self, method: str, branch: str, headers: Mapping[str, str], body: str, *, again: bool
    ) -> Self:
        whose = [
            f"{method} {self._target} SIP/2.0",
            f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch};rport",
            "Max-Forwards: 70",
            f"From: {self._local}",
            f"To: {self._tagged}",
            "Call-ID: [call_id]",
            f"CSeq: {self._invited if method == 'ACK' else self._sequence} {method}",
        ]
        given = {"Contact": "<sip:sipp@[local_ip]:[contact_port]>", **headers}
        return self._say(whose, given, body, again=again)

    def _say(self, whose: list[str], headers: Mapping[str, str], body: str, *, again: bool) -> Self:
        lines = [*whose, *(f"{name}: {value}" for name, value in headers.items())]
        lines += ["Content-Length: [len]", "", *body.splitlines()]
        text = "\n".join(f"        {line}" for line in lines)
        return self._add(SEND.format(text=text, retransmitted=' retrans="500"' if again else ""))

    def _add(self, step: str) -> Self:
        self._steps.append(step)
        return self


class Said(NamedTuple):
    """One SIP message."""

    by_sipp: bool
    text: str

    @property
    def first(self) -> str:
        """`INVITE`, or `200 INVITE` for a response to it."""
        start = self.text.split(maxsplit=2)
        return f"{start[1]} {self.header('CSeq').split()[1]}" if start[0] == "SIP/2.0" else start[0]

    def header(self, name: str) -> str:
        """Empty where there is none."""
        found = re.search(rf"(?mi)^{name}: *(.*)$", self.text.partition("\n\n")[0])
        return found[1] if found else ""

    @property
    def body(self) -> str:
        return self.text.partition("\n\n")[2].strip()

    @property
    def direction(self) -> str:
        """Of the sound that its session description offers or answers with."""
        found = re.search(r"(?m)^a=(sendrecv|sendonly|recvonly|inactive)$", self.body)
        assert found, self.text
        return found[1]


def said(sipp: Sipp) -> list[Said]:
    """All messages so far, in the order in which they were sent and received, and each once."""
    _, *traced = re.split(r"(?m)^-{47} .*\n", sipp.messages)
    messages = []
    for each in traced:
        how, _, text = each.partition("\n\n")
        messages.append(Said("message sent" in how, text))
    return list(dict.fromkeys(messages))


def from_phone(sipp: Sipp, first: str) -> list[Said]:
    """What the phone said of this kind: `INVITE`, or `200 INVITE`."""
    return [message for message in said(sipp) if not message.by_sipp and message.first == first]


def only(sipp: Sipp, first: str) -> Said:
    """The one such message of the phone."""
    [message] = from_phone(sipp, first)
    return message


def until_said(sipp: Sipp, first: str, times: int = 1) -> list[Said]:
    """Such messages of the phone, once there are so many."""

    def look() -> list[Said] | None:
        found = from_phone(sipp, first)
        return found if len(found) >= times else None

    return until(look, f"{times} {first} from the phone")


Play = Callable[..., Sipp]


@pytest.fixture
def play(require_peer: Callable[[str], str], tmp_path: Path, stack: ExitStack) -> Play:
    """Has SIPp play a script; the keys are those of `Sipp`."""
    numbers = count(1)
    program = require_peer("sipp")

    def start(script: Script, **keys: Any) -> Sipp:
        path = tmp_path / f"script-{next(numbers)}"
        path.with_suffix(".xml").write_text(script.xml)
        return stack.enter_context(Sipp(program, path, str(path), **keys))

    return start
