import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from offhook import __version__
from offhook.cli import main
from offhook.cli.announcement import of_farm, of_run
from offhook.cli.ending import SIGNALS
from offhook.listening import Listening
from offhook.option_sources import flag
from offhook.options import FarmOptions, RunOptions, described

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("OFFHOOK_")}
FREE = ["--http-port", "0", "--https-port", "0", "--sip-port", "0"]


def offhook(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "offhook", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=ENVIRONMENT | {"COLUMNS": "120"} | environ,
    )


@contextmanager
def started(*arguments: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """Python with these arguments, which ends with the test at the latest."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding=environ.get("PYTHONIOENCODING"),
        env=ENVIRONMENT | environ,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def running(*arguments: str, last: str, **environ: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The process, and the lines that its start printed, up to the one that holds `last`."""
    with started("-m", "offhook", *arguments, **environ) as process:
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if last in line:
                break
        yield process, lines


def test_help_lists_the_commands() -> None:
    done = offhook("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "run" in done.stdout
    assert "farm" in done.stdout


@pytest.mark.parametrize(("command", "model"), [("run", RunOptions), ("farm", FarmOptions)])
def test_help_of_a_command_lists_its_options(
    command: str, model: type[RunOptions] | type[FarmOptions]
) -> None:
    done = offhook(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for option in described(model):
        assert f"{flag(option.name)} {option.shown.metavar}" in done.stdout


def test_version() -> None:
    assert offhook("--version").stdout == f"{__version__}\n"


def test_help_does_not_wait_for_what_only_a_phone_needs() -> None:
    program = """
import sys
from offhook.cli import main
sys.argv = ["offhook", "--help"]
try:
    main()
except SystemExit:
    print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "cyclopts" in loaded
    assert not loaded & {"pydantic", "cryptography", "uvicorn", "starlette", "uvloop", "sipmessage"}


REFUSED = [
    (["rnu"], 'Did you mean "run"'),
    (["run", "--http-prot", "80"], "Did you mean --http-port"),
    (["run", "--http-port", "80", "--http-port", "81"], "--http-port"),
    (["run", "--http-port"], "--http-port"),
    (["run", "--http-port", "web"], "--http-port: 'web' is no port; write a number from 0 to 65535"),
    (["run", "--bind", "pbx"], "--bind: 'pbx' is no IP address"),
    (["run", "--account", "sip:1001:hunter2@pbx:x"], "--account: account 1: PORT must be a number"),
    (["run", "--acount", "sip:1001:hunter2@pbx"], "--account"),
    (["run", "--acount=sip:1001:hunter2@pbx"], "--account"),
    (["run", "sip:1001:hunter2@pbx"], "no option takes these words: sip:…"),
    (
        ["run", "--account", "sip:1001@pbx;name=Anna", "Müller sip:u:hunter2@h"],
        "no option takes these words: Müller",
    ),
    (["run", "--config", "/nowhere.toml"], "--config: '/nowhere.toml' cannot be read: No such file"),
    (["farm"], "N"),
    (["farm", "none"], "N: 'none' is no number of phones"),
    (["farm", "3", "--mac", "0a0027001001"], "--mac"),
]


@pytest.fixture
def _signals() -> Iterator[None]:
    """As they are at a terminal, whatever runs the tests, and unchanged afterwards."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("_signals")
@pytest.mark.parametrize(("arguments", "why"), REFUSED, ids=[" ".join(arguments) for arguments, _ in REFUSED])
def test_what_is_asked_wrongly_is_told_in_one_line(
    arguments: list[str], why: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["offhook", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert said.err.startswith("offhook: ")
    assert why in said.err
    assert "hunter2" not in said.err
    assert said.err.count("\n") == 1


def test_a_bad_variable_is_told_in_one_line() -> None:
    done = offhook("run", OFFHOOK_ALLOW="any")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("offhook: OFFHOOK_ALLOW: ")


def test_a_data_folder_that_cannot_be_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = offhook("run", "--data", str(tmp_path / "file"))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "--data DIR names another folder" in done.stderr


@pytest.mark.parametrize("option", ["--http-port", "--sip-port", "--https-port"])
def test_a_port_that_is_taken_is_named_with_its_option(tmp_path: Path, option: str) -> None:
    kind = socket.SOCK_DGRAM if option == "--sip-port" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            taken.listen()
        port = str(taken.getsockname()[1])
        ports = dict(zip(FREE[::2], FREE[1::2], strict=True)) | {option: port}
        done = offhook("run", "--data", str(tmp_path), *(word for pair in ports.items() for word in pair))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert f"127.0.0.1:{port}: the port is in use; {option} PORT" in done.stderr


def test_too_few_file_descriptors_are_told_in_one_line(tmp_path: Path) -> None:
    program = (
        f"import resource, sys; resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024));"
        f"sys.argv = ['offhook', 'farm', '1000', '--data', {str(tmp_path)!r}];"
        f"from offhook.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=ENVIRONMENT,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    assert "1000 phones need 5064 file descriptors, 5 each, and this process may open 1024" in done.stderr


def test_what_the_system_refuses_is_told_in_one_line(tmp_path: Path) -> None:
    program = f"""
import sys
from offhook.cli import main
from offhook.host import Host
async def start(*_):
    raise PermissionError(1, "Operation not permitted")
Host.start = start
sys.argv = ["offhook", "run", "--https-port", "0", "--data", {str(tmp_path)!r}]
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=ENVIRONMENT,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr
    assert "Operation not permitted" in done.stderr


def test_a_public_address_of_the_other_family_is_refused(tmp_path: Path) -> None:
    done = offhook("run", "--data", str(tmp_path), *FREE, "--public-address", "::1")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "--public-address ::1 cannot stand for 127.0.0.1" in done.stderr


def test_what_listens_everywhere_prints_urls_that_can_be_opened(tmp_path: Path) -> None:
    everywhere = ["--bind", "0.0.0.0", "--sip-bind", "0.0.0.0", "--public-address", "203.0.113.7"]
    with running("run", "--data", str(tmp_path), *FREE, *everywhere, last="Note: HTTP listens") as (_, lines):
        assert lines[0].startswith("The phone: press its keys at http://127.0.0.1:")
        assert "http://0.0.0.0" not in "".join(lines)
        assert re.fullmatch(r"SIP: 0\.0\.0\.0:(\d+) \(others are told 203\.0\.113\.7:\1\)", lines[1])
        assert lines[-1].endswith("the Allowed Access IP List lets in 127.0.0.1, ::1.")


def test_a_second_phone_on_the_same_data_is_refused(tmp_path: Path) -> None:
    arguments = ["run", "--data", str(tmp_path), *FREE]
    with running(*arguments, last="Its state") as (first, _):
        for command in (arguments, ["farm", "2", "--data", str(tmp_path), "--http-port", "0"]):
            done = offhook(*command)
            assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
            assert f"{tmp_path}: another offhook has this folder, process {first.pid}; --data" in done.stderr


def test_a_variable_that_is_no_option_is_noted(tmp_path: Path) -> None:
    arguments = ["run", "--data", str(tmp_path), *FREE]
    with running(*arguments, last="Note:", OFFHOOK_HTTP_PROT="80") as (_, lines):
        assert lines[-1] == "Note: 'OFFHOOK_HTTP_PROT' is no option (did you mean OFFHOOK_HTTP_PORT?)."


@pytest.mark.usefixtures("_signals")
@pytest.mark.parametrize(
    ("number", "moment"),
    [
        (signal.SIGTERM, "cyclopts"),
        (signal.SIGINT, "pydantic"),
        (signal.SIGHUP, "sipmessage"),
        (signal.SIGTERM, "offhook.host"),
    ],
)
def test_a_signal_during_the_start_ends_it(tmp_path: Path, number: signal.Signals, moment: str) -> None:
    """What has been imported is what tells how far a start has come."""
    command = ["-X", "importtime", "-m", "offhook", "run", "--data", str(tmp_path), *FREE]
    with started(*command) as process:
        assert process.stderr is not None
        next(line for line in process.stderr if line.split()[-1].startswith(moment))
        process.send_signal(number)
        said, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    assert not [line for line in errors.splitlines() if not line.startswith("import time:")]
    assert said == ""


def test_a_signal_ends_a_start_that_waits_for_a_name_server(tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
from offhook.cli import main
from offhook.host import Host
async def start(*_):
    print("starting", flush=True)
    await asyncio.Event().wait()
Host.start = start
sys.argv = ["offhook", "run", "--https-port", "0", "--data", {str(tmp_path)!r}]
main()
"""
    with started("-c", program) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=10) == ("", "")
    assert process.returncode == 0


@pytest.mark.usefixtures("_signals")
def test_a_phone_under_nohup_outlives_its_terminal(tmp_path: Path) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with running("run", "--data", str(tmp_path), *FREE, last="Its state") as (process, lines):
        process.send_signal(signal.SIGHUP)
        with urllib.request.urlopen(lines[-1].split()[-1], timeout=10) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    assert process.returncode == 0


@pytest.mark.usefixtures("_signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_phone_starts_says_where_and_stops(tmp_path: Path, number: signal.Signals) -> None:
    account = "sip:1001@127.0.0.1:9;register=no;srtp=required"
    arguments = ["run", "--data", str(tmp_path), *FREE, "--account", account]
    with running(*arguments, last="Note: account 1, 1001@127.0.0.1: its sound is encrypted") as (
        process,
        lines,
    ):
        (url,) = (line.split()[-1] for line in lines if "/api/v1/state" in line)
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert b'"1001"' in answer.read()
        process.send_signal(number)
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "Traceback" not in errors


def test_a_farm_starts_and_what_it_prints_makes_a_call(tmp_path: Path) -> None:
    ports = ["--http-port", "0", "--sip-port", "0"]
    with running("farm", "3", "--data", str(tmp_path), *ports, last="keydown=OK") as (process, lines):
        urls = [line.split("'")[1] for line in lines if "curl" in line]
        assert len(urls) == 2
        for url in urls:
            with urllib.request.urlopen(url, timeout=10) as answer:
                assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    assert process.returncode == 0


# --- what a start prints


def phones(count: int) -> list[Listening]:
    return [
        Listening(
            str(1001 + i), (f"http://127.0.0.1:{8081 + i}",), f"127.0.0.1:{5061 + i}", f"127.0.0.1:{5061 + i}"
        )
        for i in range(count)
    ]


def test_a_phone_prints_where_it_is_reached() -> None:
    web = ("http://127.0.0.1:8080", "https://127.0.0.1:8443")
    phone = Listening(None, web, "127.0.0.1:5060", "127.0.0.1:5060")
    assert list(of_run([phone])) == [
        "The phone: press its keys at http://127.0.0.1:8080/fcgi/do and https://127.0.0.1:8443/fcgi/do",
        "SIP: 127.0.0.1:5060",
        "Its state: http://127.0.0.1:8080/api/v1/state",
    ]


def test_a_phone_prints_what_others_are_told_where_that_differs() -> None:
    phone = Listening("1001", ("http://127.0.0.1:8080",), "0.0.0.0:5060", "203.0.113.7:5060")
    assert "SIP: 0.0.0.0:5060 (others are told 203.0.113.7:5060)" in of_run([phone])


def test_a_farm_prints_its_phones_and_the_first_call() -> None:
    assert list(of_farm(phones(3))) == [
        "3 phones run:",
        "  1001  http://127.0.0.1:8081  sip 127.0.0.1:5061",
        "  1002  http://127.0.0.1:8082  sip 127.0.0.1:5062",
        "  1003  http://127.0.0.1:8083  sip 127.0.0.1:5063",
        "",
        "Make 1001 ring 1002, and 1002 answer:",
        "  curl 'http://127.0.0.1:8081/fcgi/do?action=MakeCall&number=1002'",
        "  curl 'http://127.0.0.1:8082/fcgi/do?keydown=OK'",
    ]


def test_a_large_farm_prints_its_ends() -> None:
    lines = list(of_farm(phones(500)))
    assert lines[:6] == [
        "500 phones run:",
        "  1001  http://127.0.0.1:8081  sip 127.0.0.1:5061",
        "  1002  http://127.0.0.1:8082  sip 127.0.0.1:5062",
        "  1003  http://127.0.0.1:8083  sip 127.0.0.1:5063",
        "  … 496 more",
        "  1500  http://127.0.0.1:8580  sip 127.0.0.1:5560",
    ]


def test_a_farm_of_one_can_call_the_echo() -> None:
    assert list(of_farm(phones(1)))[-1].endswith("number=*43'")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_knows_few_characters(tmp_path: Path, encoding: str) -> None:
    with running(
        "run",
        "--data",
        str(tmp_path),
        *FREE,
        "--account",
        "sip:łukasz@127.0.0.1:9;register=no;srtp=required",
        last="Note: account 1",
        PYTHONIOENCODING=encoding,
    ) as (process, lines):
        assert "?ukasz@127.0.0.1" in lines[-1]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    assert process.returncode == 0


def test_json_is_all_that_a_log_collector_gets(tmp_path: Path) -> None:
    with started("-m", "offhook", "run", "--data", str(tmp_path), *FREE, "--log-format", "json") as process:
        assert process.stderr is not None
        lines = [next(process.stderr)]
        while "Its state" not in lines[-1]:
            lines.append(next(process.stderr))
        process.terminate()
        said, more = process.communicate(timeout=20)
    assert said == ""
    told = [json.loads(line) for line in [*lines, *more.splitlines()]]
    assert {"time", "level", "logger", "message"} <= told[0].keys()
    assert all(each["level"] in {"info", "warning"} for each in told)
