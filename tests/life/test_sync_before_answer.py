"""The system calls of a phone, in their order: the sync of the disk ends before the 200 begins.

strace sees them, and needs to be allowed to. Where the machine forbids it, as some containers do, these tests
say so in those words and prove nothing; `test_power_cut` follows the same syncs from within the process, on
every machine.
"""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..peers.offhook_phone import OffhookRun  # noqa: TID252 - a phone as a person runs it
from ..peers.ports import HOST  # noqa: TID252

pytestmark = pytest.mark.peer

LOG = r"flash\.db(?:-wal)?"


@pytest.fixture
def strace(require_peer: Callable[[str], str]) -> str:
    """Its path. Where it may not trace the test is skipped, and fails where the environment sets CI."""
    program = require_peer("strace")
    tried = subprocess.run([program, "-f", "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        last = (tried.stderr.strip() or "no reason given").splitlines()[-1]
        message = f"this machine does not let a process be traced ({last}): the phone was not tried"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return program


@pytest.fixture
def traced(strace: str, tmp_path: Path) -> Iterator[tuple[OffhookRun, Path]]:
    trace = tmp_path / "trace"
    calls = "trace=fsync,fdatasync,write,writev,sendto,sendmsg,pwrite64,read,recvfrom,recvmsg"
    within = (
        strace,
        "-f",
        "-I",
        "anywhere",
        "--seccomp-bpf",
        "-y",
        "-s",
        "64",
        "-e",
        calls,
        "-o",
        str(trace),
    )
    account = f"sip:1001@{HOST};register=no"
    with OffhookRun(tmp_path / "phone", "--account", account, within=within) as offhook:
        yield offhook, trace


def test_what_is_saved_is_synced_before_the_200(traced: tuple[OffhookRun, Path]) -> None:
    offhook, trace = traced
    wanted = ["action=DNDOn", "action=DNDOff", "keydown=5", "keydown=Forward", "keydown=OK", "action=DNDOn"]
    for query in wanted:
        offhook.phone.do(query)
    offhook.stop()
    steps = list(_steps(trace.read_text()))
    asked = [index for index, step in enumerate(steps) if step.startswith("asked")]
    assert [steps[index] for index in asked] == [f"asked {query}" for query in wanted]
    for query, start, end in zip(wanted, asked, [*asked[1:], len(steps)], strict=True):
        of_request = steps[start + 1 : end]
        until_answer = of_request[: of_request.index("answered 200")]
        saves = query in {"action=DNDOn", "action=DNDOff", "keydown=OK"}
        assert ("wrote" in until_answer) == saves, (query, of_request)
        # After the last write nothing but the sync stands between the change and its answer.
        assert not saves or until_answer[-1] == "synced", (query, of_request)


def _steps(trace: str) -> Iterator[str]:
    """What matters of the trace; a call that another thread interrupts counts where it ends."""
    unfinished: dict[str, str] = {}
    for line in trace.splitlines():
        thread, _, call = line.partition(" ")
        call = call.strip()
        if call.endswith("<unfinished ...>"):
            # What is sent begins with its first half, what is synced ends with its second.
            unfinished[thread] = call
            if "HTTP/1.1 200" not in call:
                continue
        elif resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", call):
            first = unfinished.pop(thread, "")
            if "HTTP/1.1 200" in first:
                continue
            call = first.removesuffix("<unfinished ...>") + resumed[1]
        if asked := re.search(r'"GET /fcgi/do\?(\S+) ', call):
            yield f"asked {asked[1]}"
        elif re.search(r'"HTTP/1\.1 200', call):
            yield "answered 200"
        elif re.match(rf"pwrite64\(\d+<[^>]*{LOG}>", call):
            yield "wrote"
        elif re.match(rf"f(?:data)?sync\(\d+<[^>]*{LOG}>\) += 0", call):
            yield "synced"
