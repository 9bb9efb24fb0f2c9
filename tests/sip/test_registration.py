import random

import pytest
from sipmessage import Request, Response

from offhook.sip.account import Account
from offhook.sip.digest import Credentials
from offhook.sip.events import Binding
from offhook.sip.registration import (
    EXPIRES,
    FIRST_RETRY,
    FLOW_RETRY,
    LONGEST_EXPIRES,
    LONGEST_RETRY,
    MAX_FOLLOW_UPS,
    PATIENCE,
    REFUSED_RETRY,
    SHORTEST_REFRESH,
    Registration,
)
from offhook.sip.uri import parse_uri

CHALLENGE = 'Digest realm="pbx", nonce="{}", qop="auth"'
OURS = "<sip:1001@10.0.0.1:5060>"


def registration(password: str = "secret", seed: int = 1, **account: object) -> Registration:
    rng = random.Random(seed)
    return Registration(
        Account(1, "1001", "pbx.example", password=password, **account),  # type: ignore[arg-type]
        parse_uri("sip:1001@10.0.0.1:5060"),
        Credentials("1001", password, rng),
        rng,
    )


def reply(request: Request | None, code: int, phrase: str = "", **headers: str | list[str]) -> Response:
    assert request is not None
    response = Response(code, phrase)
    response.headers.set("CSeq", request.headers["CSeq"])
    for name, value in headers.items():
        response.headers.setlist(name.replace("_", "-"), value if isinstance(value, list) else [value])
    return response


def challenge(request: Request | None, nonce: str = "1") -> Response:
    return reply(request, 401, "Unauthorized", WWW_Authenticate=CHALLENGE.format(nonce))


def registered(binding: Registration, now: float = 0.0, expires: str = "100") -> None:
    request = binding.start(now)
    assert binding.response(reply(request, 200, "OK", Contact=f"{OURS};expires={expires}"), now) is None
    assert binding.state is Binding.REGISTERED


def due(binding: Registration) -> float:
    assert binding.deadline is not None
    return binding.deadline


def test_first_attempt() -> None:
    binding = registration()
    binding.start(0)
    assert (binding.state, binding.reason, binding.deadline) == (Binding.REGISTERING, None, PATIENCE)


def test_request() -> None:
    request = registration(port=5070, display_name='The "Desk"').start(0)
    assert request.method == "REGISTER"
    assert str(request.uri) == "sip:pbx.example:5070"
    expected = {
        "To": r'"The \"Desk\"" <sip:1001@pbx.example>',
        "CSeq": "1 REGISTER",
        "Max-Forwards": "70",
        "Contact": f"{OURS};expires={EXPIRES}",
        "Expires": str(EXPIRES),
        "Content-Length": "0",
    }
    assert {name: request.headers.get(name) for name in expected} == expected
    assert request.headers["From"].startswith(request.headers["To"] + ";tag=")
    assert request.headers.get("Via") is None


def test_user_that_needs_escaping_and_ipv6_host() -> None:
    account = Account(1, "a b@c", "2001:db8::1", password="x")
    rng = random.Random(1)
    request = Registration(account, parse_uri("sip:a@[2001:db8::2]"), Credentials("a", "x", rng), rng).start(
        0
    )
    assert str(request.uri) == "sip:[2001:db8::1]"
    assert request.headers["To"] == "<sip:a%20b%40c@[2001:db8::1]>"


def test_challenge_refresh_and_removal_in_one_call_id() -> None:
    binding = registration()
    first = binding.start(0)
    second = binding.response(challenge(first), 0.1)
    assert second is not None
    assert "nc=00000001" in second.headers["Authorization"]
    assert binding.response(reply(second, 200, "OK", Contact=f"{OURS};expires=100"), 0.2) is None
    assert 45 <= due(binding) <= 51
    assert binding.tick(due(binding) - 0.01) is None
    refresh = binding.tick(due(binding))
    assert refresh is not None
    assert "nc=00000002" in refresh.headers["Authorization"]
    assert binding.state is Binding.REGISTERED
    assert binding.response(reply(refresh, 200, "OK", Contact=f"{OURS};expires=100"), 60) is None
    removal = binding.stop(70)
    assert removal is not None
    assert removal.headers.getlist("Contact") == [f"{OURS};expires=0"]
    assert removal.headers["Expires"] == "0"
    assert binding.response(reply(removal, 200, "OK"), 71) is None
    assert (binding.state, binding.reason, binding.deadline) == (Binding.UNREGISTERED, None, None)
    requests = [first, second, refresh, removal]
    assert [request.headers["CSeq"] for request in requests] == [f"{n} REGISTER" for n in (1, 2, 3, 4)]
    assert len({(request.headers["Call-ID"], request.headers["From"]) for request in requests}) == 1


@pytest.mark.parametrize(
    ("headers", "granted"),
    [
        ({}, EXPIRES),
        ({"Expires": "60"}, 60),
        ({"Contact": f"{OURS};expires=60", "Expires": "600"}, 60),
        ({"Contact": "<sip:1001@10.0.0.1;transport=udp;ob>;q=0.5;Expires=60"}, 60),
        ({"Contact": f"<sip:1001@10.0.0.9>;expires=9, {OURS};expires=60, <sip:x@[::1]>;expires=7"}, 60),
        ({"Contact": ["<sip:1001@10.0.0.9>;expires=9", f'"a, b" {OURS};expires=60']}, 60),
        # Behind a NAT a registrar may tell the binding as it sees it.
        ({"Contact": "<sip:1001@192.0.2.1:1024>;expires=60"}, 60),
        ({"Contact": "<sip:1001@192.0.2.1:1024>;expires=9,<sip:z@192.0.2.2>;expires=8", "Expires": "60"}, 60),
        ({"Contact": "<<>>;;;expires=9", "Expires": "60"}, 60),
        ({"Contact": f"{OURS};expires=soon", "Expires": "never"}, EXPIRES),
        ({"Contact": f"{OURS};expires=4000000000"}, LONGEST_EXPIRES),
    ],
)
def test_the_expiry_that_was_granted(headers: dict[str, str | list[str]], granted: int) -> None:
    binding = registration()
    binding.response(reply(binding.start(1000), 200, "OK", **headers), 1000)
    assert binding.state is Binding.REGISTERED
    assert binding.deadline is not None
    assert 0.45 * granted <= binding.deadline - 1000 <= 0.5 * granted


def test_a_grant_of_a_second_is_over_after_it_and_does_not_make_it_hammer() -> None:
    binding = registration()
    registered(binding, 0, "1")
    assert binding.deadline == 1
    assert binding.tick(1) is None
    assert (binding.state, binding.reason) == (Binding.FAILED, "the binding ran out")
    assert binding.deadline == SHORTEST_REFRESH
    assert binding.tick(SHORTEST_REFRESH) is not None


def test_a_grant_of_nothing_is_a_failure() -> None:
    binding = registration()
    binding.response(reply(binding.start(0), 200, "OK", Contact=f"{OURS};expires=0"), 0)
    assert binding.state is Binding.FAILED


def test_interval_too_brief() -> None:
    binding = registration()
    longer = binding.response(reply(binding.start(0), 423, "Interval Too Brief", Min_Expires="7200"), 0)
    assert longer is not None
    assert (longer.headers["Expires"], longer.headers["CSeq"]) == ("7200", "2 REGISTER")
    authorized = binding.response(challenge(longer), 0)
    assert authorized is not None
    assert authorized.headers["Expires"] == "7200"
    binding.response(reply(authorized, 200, "OK"), 0)
    assert binding.deadline is not None
    assert binding.deadline >= 0.45 * 7200
    refresh = binding.tick(binding.deadline)
    assert refresh is not None
    assert refresh.headers["Expires"] == "7200"


@pytest.mark.parametrize("least", ["", "soon", "0", str(EXPIRES), "99999999", "-1"])
def test_interval_too_brief_without_sense(least: str) -> None:
    binding = registration()
    assert binding.response(reply(binding.start(0), 423, "Interval Too Brief", Min_Expires=least), 0) is None
    assert (binding.state, binding.reason) == (Binding.FAILED, "423 Interval Too Brief")


def test_wrong_password_is_told_and_not_repeated_soon() -> None:
    binding = registration()
    second = binding.response(challenge(binding.start(0), "1"), 0)
    assert binding.response(challenge(second, "2"), 0) is None
    assert binding.state is Binding.FAILED
    assert binding.reason == "401 Unauthorized (wrong user name or password)"
    waits = []
    now = 0.0
    for _ in range(6):
        assert binding.deadline is not None
        waits.append(binding.deadline - now)
        now = binding.deadline
        again = binding.response(challenge(binding.tick(now), f"{now}"), now)
        assert binding.response(challenge(again, f"{now}x"), now) is None
        assert binding.state is Binding.FAILED
    assert REFUSED_RETRY / 2 <= waits[0] <= REFUSED_RETRY
    assert all(LONGEST_RETRY / 2 <= wait <= LONGEST_RETRY for wait in waits[3:])


@pytest.mark.parametrize(
    ("password", "header", "why"),
    [
        ("", 'Digest realm="r", nonce="n"', "401 Unauthorized (the account has no password)"),
        (
            "x",
            'Basic realm="r"',
            "(it asks for the bare password, by Basic, and is not told it; it has to offer",
        ),
        ("", 'basic realm="r"', "by Basic, and is not told it"),
        ("x", 'Digest realm="r", nonce="n", algorithm=SHA-512', "digest with MD5 or SHA-256 was not among"),
    ],
)
def test_challenge_without_an_answer(password: str, header: str, why: str) -> None:
    binding = registration(password)
    assert binding.response(reply(binding.start(0), 401, "Unauthorized", WWW_Authenticate=header), 0) is None
    assert binding.reason is not None
    assert why in binding.reason


def test_a_registrar_that_is_never_content() -> None:
    binding = registration()
    request: Request | None = binding.start(0)
    for number in range(MAX_FOLLOW_UPS + 1):
        assert request is not None
        header = f'Digest realm="{number}", nonce="n"'
        request = binding.response(reply(request, 401, "Unauthorized", WWW_Authenticate=header), 0)
    assert request is None
    assert binding.state is Binding.FAILED


@pytest.mark.parametrize(
    ("code", "headers", "least", "most"),
    [
        (403, {}, REFUSED_RETRY / 2, REFUSED_RETRY),
        (404, {}, REFUSED_RETRY / 2, REFUSED_RETRY),
        (302, {"Contact": "<tel:123>"}, REFUSED_RETRY / 2, REFUSED_RETRY),
        (301, {}, REFUSED_RETRY / 2, REFUSED_RETRY),
        (305, {"Contact": "<sip:pbx2.example>"}, REFUSED_RETRY / 2, REFUSED_RETRY),
        (603, {}, REFUSED_RETRY / 2, REFUSED_RETRY),
        (403, {"Retry-After": "400"}, 400, 400),
        (408, {}, FIRST_RETRY / 2, FIRST_RETRY),
        (500, {}, FIRST_RETRY / 2, FIRST_RETRY),
        (503, {"Retry-After": "120 (restarting);duration=9"}, 120, 120),
        (503, {"Retry-After": "0"}, FIRST_RETRY / 2, FIRST_RETRY),
        (503, {"Retry-After": "99999999"}, LONGEST_RETRY, LONGEST_RETRY),
    ],
)
def test_refusals(code: int, headers: dict[str, str], least: float, most: float) -> None:
    binding = registration()
    assert binding.response(reply(binding.start(50), code, "Reason", **headers), 50) is None
    assert binding.state is Binding.FAILED
    assert binding.reason is not None
    assert binding.reason.startswith(f"{code} Reason")
    assert binding.deadline is not None
    assert least <= binding.deadline - 50 <= most


def test_a_registrar_that_is_down_and_comes_back() -> None:
    binding = registration()
    registered(binding)
    assert binding.deadline is not None
    now = binding.deadline
    waits = []
    for _ in range(16):
        assert binding.tick(now) is not None
        binding.failed("no answer from 10.0.0.2:5060", now)
        assert (binding.state, binding.reason) == (Binding.FAILED, "no answer from 10.0.0.2:5060")
        assert binding.deadline is not None
        waits.append(binding.deadline - now)
        now = binding.deadline
    for number, wait in enumerate(waits):
        longest = min(FIRST_RETRY * 2**number, LONGEST_RETRY)
        assert longest / 2 <= wait <= longest
    binding.response(reply(binding.tick(now), 200, "OK", Expires="100"), now)
    assert (binding.state, binding.reason) == (Binding.REGISTERED, None)
    assert binding.deadline is not None
    binding.tick(binding.deadline)
    binding.failed("down again", now)
    assert binding.deadline is not None
    assert binding.deadline - now <= FIRST_RETRY


def test_a_room_full_of_phones_does_not_come_at_once() -> None:
    deadlines = set()
    for seed in range(20):
        binding = registration(seed=seed)
        binding.start(0)
        binding.failed("no answer", 0)
        deadlines.add(binding.deadline)
    assert len(deadlines) == 20


def test_nothing_is_removed_that_was_never_there() -> None:
    binding = registration()
    assert binding.stop(0) is None
    binding.response(reply(binding.start(0), 403, "Forbidden"), 0)
    assert binding.stop(1) is None
    assert (binding.state, binding.deadline) == (Binding.UNREGISTERED, None)


def test_removal_while_the_first_answer_is_awaited() -> None:
    binding = registration()
    late = reply(binding.start(0), 200, "OK", Expires="100")
    removal = binding.stop(0.1)
    assert removal is not None
    assert binding.response(late, 0.2) is None
    assert (binding.state, binding.deadline) == (Binding.UNREGISTERED, None)
    again = binding.response(challenge(removal), 0.3)
    assert again is not None
    assert again.headers["Expires"] == "0"
    assert binding.response(challenge(again, "2"), 0.4) is None
    assert (binding.state, binding.deadline) == (Binding.UNREGISTERED, None)


def test_removal_after_a_failed_refresh() -> None:
    binding = registration()
    registered(binding, 0, "100")
    assert binding.tick(50) is not None
    binding.failed("no answer", 82)
    assert binding.stop(83) is not None
    binding = registration()
    registered(binding, 0, "100")
    assert binding.tick(50) is not None
    binding.failed("no answer", 101)
    assert binding.stop(102) is None


def test_responses_to_something_else() -> None:
    binding = registration()
    first = binding.start(0)
    for cseq in ("2 REGISTER", "1 INVITE", "", "x"):
        response = reply(first, 200, "OK")
        response.headers.set("CSeq", cseq)
        assert binding.response(response, 0) is None
        assert binding.state is Binding.REGISTERING
    assert binding.response(Response(200, "OK"), 0) is None
    assert binding.state is Binding.REGISTERING


def test_password_is_in_no_reason() -> None:
    binding = registration("hunter2")
    second = binding.response(challenge(binding.start(0)), 0)
    binding.response(challenge(second, "2"), 0)
    assert "hunter2" not in f"{binding.reason} {binding.__dict__}"


@pytest.mark.parametrize("code", [300, 301, 302])
def test_a_registrar_that_sends_us_to_another(code: int) -> None:
    binding = registration()
    elsewhere = binding.response(reply(binding.start(0), code, Contact="<sip:x@pbx2.example:5070>;q=1"), 0)
    assert elsewhere is not None
    assert str(elsewhere.uri) == "sip:pbx2.example:5070;transport=udp"
    assert elsewhere.headers["To"] == "<sip:1001@pbx.example>"
    authorized = binding.response(challenge(elsewhere), 0)
    assert authorized is not None
    assert str(authorized.uri) == str(elsewhere.uri)
    binding.response(reply(authorized, 200, "OK", Expires="100"), 0)
    assert binding.state is Binding.REGISTERED
    refresh = binding.tick(due(binding))
    assert refresh is not None
    assert str(refresh.uri) == str(elsewhere.uri)
    binding.failed("no answer", 60)
    home = binding.tick(due(binding))
    assert home is not None
    assert str(home.uri) == "sip:pbx.example"


def test_a_registrar_that_sends_us_round_in_circles() -> None:
    binding = registration()
    request: Request | None = binding.start(0)
    for number in range(MAX_FOLLOW_UPS + 1):
        request = binding.response(reply(request, 302, Contact=f"<sip:pbx{number}>"), 0)
    assert request is None
    assert binding.state is Binding.FAILED


def test_nobody_is_sent_from_tls_to_less() -> None:
    binding = registration(transport="TLS")
    there = ["<sip:pbx2;transport=tcp>;q=1", "<sips:pbx3>;q=0.5"]
    elsewhere = binding.response(reply(binding.start(0), 302, Contact=there), 0)
    assert elsewhere is not None
    assert str(elsewhere.uri) == "sip:pbx3;transport=tls"


def flows(binding: Registration, request: Request | None) -> tuple[str, str]:
    assert request is not None
    return request.headers["Contact"].partition(">;")[2], request.headers["Supported"]


def test_a_flow_has_a_number_where_the_way_there_knows_of_flows() -> None:
    rng = random.Random(1)
    binding = Registration(
        Account(1, "1001", "pbx.example", transport="TCP"),
        parse_uri("sip:1001@10.0.0.1:5060;transport=tcp"),
        Credentials("1001", "x", rng),
        rng,
        instance="urn:uuid:00000000-0000-5000-8000-000000000001",
        reg_id=1,
    )
    instance = '+sip.instance="<urn:uuid:00000000-0000-5000-8000-000000000001>"'
    first = binding.start(0)
    assert flows(binding, first) == (f"{instance};reg-id=1;expires=1800", "path, outbound")
    again = binding.response(reply(first, 439, "First Hop Lacks Outbound Support"), 0)
    assert flows(binding, again) == (f"{instance};expires=1800", "path")
    binding.response(reply(again, 200, "OK", Require="outbound", Flow_Timer="90", Expires="1000"), 0)
    assert binding.keeps_flow
    assert binding.flow_timer == 90


def test_it_is_the_way_taken_that_is_a_flow_or_not() -> None:
    """DNS may choose a stream where the account names none, and another server a datagram."""
    rng = random.Random(1)
    binding = Registration(
        Account(1, "1001", "pbx.example"),
        parse_uri("sip:1001@10.0.0.1:5060"),
        Credentials("1001", "x", rng),
        rng,
        instance="urn:uuid:1",
        reg_id=1,
    )
    request = binding.start(0)
    assert flows(binding, request) == ('+sip.instance="<urn:uuid:1>";expires=1800', "path")
    tcp, udp = parse_uri("sip:1001@10.0.0.1:5060;transport=tcp"), parse_uri("sip:1001@10.0.0.1:5060")
    for _ in range(2):
        binding.go_by(tcp, request, stream=True)
        assert flows(binding, request) == (
            '+sip.instance="<urn:uuid:1>";reg-id=1;expires=1800',
            "path, outbound",
        )
    binding.go_by(udp, request, stream=False)
    assert flows(binding, request) == ('+sip.instance="<urn:uuid:1>";expires=1800', "path")


def test_a_lost_flow_is_opened_soon_and_one_that_never_lives_ever_later() -> None:
    binding = registration()
    registered(binding, 0, "10000")
    binding.flow_lost("connection closed by pbx", 200)
    assert due(binding) - 200 <= FLOW_RETRY
    assert (binding.state, binding.reason) == (Binding.REGISTERED, "connection closed by pbx")
    now = due(binding)
    waits = []
    for _ in range(8):
        binding.response(reply(binding.tick(now), 200, "OK", Expires="10000"), now)
        binding.flow_lost("connection closed by pbx", now)
        waits.append(due(binding) - now)
        now = due(binding)
    assert all(FLOW_RETRY * 2**n / 2 <= wait <= FLOW_RETRY * 2**n for n, wait in enumerate(waits, start=1))


def test_what_is_not_answered_is_said_before_it_is_given_up() -> None:
    binding = registration(port=5070)
    binding.start(0)
    assert binding.tick(PATIENCE) is None
    assert (binding.state, binding.reason) == (Binding.REGISTERING, "no answer from pbx.example:5070 yet")
    assert binding.unavailable
    assert binding.deadline is None
