"""The credential that the Action URI can be made to ask for."""

import base64
import hashlib
import shutil
import subprocess
import sys

import pytest

from offhook.action_uri.access import Access, Admission, judge
from offhook.action_uri.allow_list import AllowList
from offhook.action_uri.credential import MOST_WRONG, NONCE_FOR, WRONG_FOR, Asked, Credential
from offhook.action_uri.http import HttpRequest, HttpResponse

LISTED, STRANGER = "192.0.2.1", "192.0.2.9"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def credential(clock: Clock) -> Credential:
    return Credential("crm", "pässword", clock)


def access(credential: Credential, asked: Asked) -> Access:
    return Access(allow=AllowList.parse(LISTED), asked=asked, credential=credential)


def ask(
    access: Access,
    authorization: str | None = None,
    *,
    peer: str = LISTED,
    query: bytes = b"keydown=5",
    path: str = "/fcgi/do",
    **more: str,
) -> Admission | HttpResponse:
    headers = [(b"host", b"192.0.2.1"), *((name.encode(), value.encode()) for name, value in more.items())]
    if authorization is not None:
        headers.append((b"authorization", authorization.encode()))
    return judge(HttpRequest("GET", path, query, headers, peer, "http"), access)


def status(answer: Admission | HttpResponse) -> int:
    return 200 if isinstance(answer, Admission) else answer.status


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def digest(
    refused: HttpResponse,
    uri: str = "/fcgi/do?keydown=5",
    *,
    algorithm: str = "SHA-256",
    count: int = 1,
    password: str = "pässword",
    user: str = "crm",
) -> str:
    challenge = next(
        value.decode()
        for name, value in refused.headers
        if name == b"www-authenticate" and value.endswith(algorithm.encode())
    )
    nonce = challenge.partition('nonce="')[2].partition('"')[0]

    def hashed(text: str) -> str:
        return hashlib.new({"SHA-256": "sha256", "MD5": "md5"}[algorithm], text.encode()).hexdigest()

    a1, a2 = hashed(f"{user}:offhook:{password}"), hashed(f"GET:{uri}")
    response = hashed(f"{a1}:{nonce}:{count:08x}:c:auth:{a2}")
    return (
        f'Digest username="{user}", realm="offhook", nonce="{nonce}", uri="{uri}", algorithm={algorithm}, '
        f'qop=auth, nc={count:08x}, cnonce="c", response="{response}"'
    )


@pytest.mark.parametrize(
    ("asked", "peer", "shown", "expected"),
    [
        (Asked.OFF, LISTED, False, 200),
        (Asked.OFF, STRANGER, True, 403),
        (Asked.ALSO, LISTED, False, 401),
        (Asked.ALSO, LISTED, True, 200),
        (Asked.ALSO, STRANGER, True, 403),
        (Asked.INSTEAD, LISTED, False, 200),
        (Asked.INSTEAD, STRANGER, False, 401),
        (Asked.INSTEAD, STRANGER, True, 200),
    ],
)
def test_the_list_and_the_credential(credential, asked, peer, shown, expected):
    answer = ask(access(credential, asked), basic("crm", "pässword") if shown else None, peer=peer)
    assert status(answer) == expected


def test_a_credential_opens_the_action_uri_and_nothing_else(credential):
    opened = ask(
        access(credential, Asked.INSTEAD), basic("crm", "pässword"), peer=STRANGER, path="/api/v1/state"
    )
    assert status(opened) == 403


def test_a_foreign_page_is_refused_with_any_credential(credential):
    page = {"origin": "https://evil.example"}
    assert status(ask(access(credential, Asked.ALSO), basic("crm", "pässword"), **page)) == 403


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("Bearer pässword", 200),
        ("Bearer password", 401),
        ("Basic !!!", 401),
        ("Basic", 401),
        ("", 401),
        ("Negotiate abc", 401),
        ("Digest", 401),
        ('Digest username="crm", response=""', 401),
        (basic("crm", "wrong"), 401),
        (basic("other", "pässword"), 401),
    ],
)
def test_what_is_shown(credential, shown, expected):
    assert status(ask(access(credential, Asked.ALSO), shown)) == expected


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
def test_digest(credential, clock, algorithm):
    guarded = access(credential, Asked.ALSO)
    refused = ask(guarded)
    shown = digest(refused, algorithm=algorithm)
    assert status(ask(guarded, shown)) == 200
    # Once: who listened cannot say it again.
    assert status(ask(guarded, shown)) == 401
    assert status(ask(guarded, digest(refused, algorithm=algorithm, count=2))) == 200
    assert status(ask(guarded, digest(refused, algorithm=algorithm, count=3), query=b"action=Reset")) == 401
    assert status(ask(guarded, digest(refused, algorithm=algorithm, count=4, password="wrong"))) == 401
    clock.now += NONCE_FOR + 1
    stale = ask(guarded, digest(refused, algorithm=algorithm, count=5))
    assert status(stale) == 401
    assert any(b"stale=true" in value for name, value in stale.headers if name == b"www-authenticate")


def test_guessing_ends_soon_and_the_wait_does_too(credential, clock):
    guarded = access(credential, Asked.INSTEAD)
    for _ in range(MOST_WRONG):
        assert status(ask(guarded, basic("crm", "guess"), peer=STRANGER)) == 401
    assert status(ask(guarded, basic("crm", "pässword"), peer=STRANGER)) == 429
    assert status(ask(guarded, basic("crm", "pässword"), peer="192.0.2.10")) == 200
    clock.now += WRONG_FOR + 1
    assert status(ask(guarded, basic("crm", "pässword"), peer=STRANGER)) == 200


def test_no_secret_shows(credential):
    assert "pässword" not in repr(access(credential, Asked.ALSO))


def test_curl_finds_its_way_in(tmp_path):
    """By the phone itself, with what is saved."""
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed; as root, make test installs it")
    saved = ["access.credential=also", "access.user=crm", "access.password=s3cret"]
    settings = [sys.executable, "-m", "offhook", "settings", "set", "--data", str(tmp_path), *saved]
    subprocess.run(settings, check=True, timeout=30)
    ports = ["--http-port", "0", "--https-port", "0", "--sip-port", "0"]
    run = [sys.executable, "-m", "offhook", "run", "--data", str(tmp_path), *ports]
    with subprocess.Popen(run, stdout=subprocess.PIPE, text=True) as phone:
        try:
            assert phone.stdout is not None
            url = phone.stdout.readline().split()[-1] + "?keydown=5"
            for how in ([], ["--digest", "-u", "crm:s3cret"], ["-u", "crm:s3cret"], ["-u", "crm:wrong"]):
                done = subprocess.run(
                    [curl, "-s", "-o", "/dev/null", "-w", "%{http_code}", *how, url],
                    capture_output=True,
                    text=True,
                    timeout=30,
                    check=True,
                )
                assert done.stdout == ("200" if how and how[-1].endswith("s3cret") else "401")
        finally:
            phone.terminate()
