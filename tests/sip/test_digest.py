import hashlib
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sipmessage import Request, Response

from offhook.sip.digest import MAX_HOSTS, MAX_SPACES, Challenge, Credentials
from offhook.sip.uri import WireUri, parse_uri

PASSWORD = 's3cret, "quoted" & ünïcode'

BODY = "a body"


def request(uri: str = "sip:pbx.example", method: str = "REGISTER") -> Request:
    return Request(method, parse_uri(uri))


def challenged(*challenges: str, code: int = 401) -> Response:
    response = Response(code, "Unauthorized")
    name = "WWW-Authenticate" if code == 401 else "Proxy-Authenticate"
    for challenge in challenges:
        response.headers.add(name, challenge)
    return response


def credentials(password: str = PASSWORD) -> Credentials:
    return Credentials("1001", password, random.Random(1))


def sent(request: Request, name: str = "Authorization") -> list[dict[str, str]]:
    """The parameters of each header, by a reader that shares nothing with the one under test."""
    return [
        {key: quoted or plain for key, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^",]+))', value)}
        for value in request.headers.getlist(name)
    ]


def proof(fields: dict[str, str], method: str, password: str = PASSWORD) -> str:
    """What a server works out (RFC 7616 §3.4.1)."""
    name = fields.get("algorithm", "MD5")
    new = hashlib.sha256 if name.startswith("SHA-256") else hashlib.md5

    def h(text: str) -> str:
        return new(text.encode()).hexdigest()

    secret = h(f"{fields['username']}:{fields['realm']}:{password}")
    if name.endswith("-sess"):
        secret = h(f"{secret}:{fields['nonce']}:{fields['cnonce']}")
    body = ":" + h(BODY) if fields.get("qop") == "auth-int" else ""
    target = h(f"{method}:{fields['uri']}{body}")
    if "qop" not in fields:
        return h(f"{secret}:{fields['nonce']}:{target}")
    return h(f"{secret}:{fields['nonce']}:{fields['nc']}:{fields['cnonce']}:{fields['qop']}:{target}")


RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=%s, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)
RFC_7616_CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
RFC_2617 = (
    'Digest realm="testrealm@host.com", %snonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
    'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
)


@pytest.mark.parametrize(
    ("challenge", "password", "cnonce", "response"),
    [
        (RFC_7616 % "MD5", "Circle of Life", RFC_7616_CNONCE, "8ca523f5e9506fed4657c9700eebdbec"),
        (
            RFC_7616 % "SHA-256",
            "Circle of Life",
            RFC_7616_CNONCE,
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
        (
            RFC_2617 % 'qop="auth,auth-int", ',
            "Circle Of Life",
            "0a4f113b",
            "6629fae49393a05397450978507c4ef1",
        ),
        # RFC 2069 §2.4 as its erratum 749 has it.
        (RFC_2617 % "", "CircleOfLife", "", "1949323746fe6a43ef61f9606e7febea"),
    ],
    ids=["RFC 7616 MD5", "RFC 7616 SHA-256", "RFC 2617", "RFC 2069"],
)
def test_vectors(challenge: str, password: str, cnonce: str, response: str) -> None:
    parsed = Challenge.parse(challenge)
    assert parsed is not None
    get = Request("GET", WireUri(scheme="http", host="", text="/dir/index.html"))
    value = parsed.respond("Mufasa", password, get, cnonce=cnonce, count=1)
    assert f'response="{response}"' in value


@pytest.mark.parametrize(
    ("challenge", "expected"),
    [
        ('Digest realm="r", nonce="n"', {"realm": "r", "nonce": "n"}),
        (
            'digest REALM="r",Nonce="a,b=c==",qop="auth,auth-int",algorithm=MD5',
            {"nonce": "a,b=c==", "qop": "auth", "algorithm": "MD5"},
        ),
        ('Digest realm="r", nonce="n", qop=auth, opaque=""', {"qop": "auth", "opaque": ""}),
        ('Digest realm="r", nonce="n", algorithm="SHA-256", qop="auth"', {"algorithm": "SHA-256"}),
        ('Digest realm="r", nonce="n", qop="auth-int"', {"qop": "auth-int"}),
        ('Digest realm="r", nonce="n", algorithm=MD5-sess', {"algorithm": "MD5-sess"}),
        ('Digest  realm = "r" ,, nonce = "n"\t,domain="sip:a, sip:b",', {"realm": "r", "nonce": "n"}),
    ],
)
def test_challenge_is_answered(challenge: str, expected: dict[str, str]) -> None:
    register = request()
    register.body = BODY.encode()
    assert credentials().answer(register, challenged(challenge))
    [fields] = sent(register)
    assert expected.items() <= fields.items() | {("realm", fields["realm"])}
    assert fields["username"] == "1001"
    assert fields["uri"] == "sip:pbx.example"
    assert fields["response"] == proof(fields, "REGISTER")
    assert ("nc" in fields) == ("qop" in fields)


@pytest.mark.parametrize(
    "challenge",
    [
        'Basic realm="r"',
        'Digest realm="r", nonce="n", algorithm=AKAv1-MD5',
        'Digest realm="r", nonce="n", qop="token"',
        'Digest realm="r"',
        'Digest nonce="n"',
        'Digest realm="r", nonce="n',
        'Digest realm="r" nonce="n"',
        'Digest realm="r", nonce="a\nb"',
        "Digest",
        "",
    ],
)
def test_challenge_that_cannot_be_answered(challenge: str) -> None:
    register = request()
    assert not credentials().answer(register, challenged(challenge))
    assert register.headers.getlist("Authorization") == []


def test_quotes_in_a_realm_come_back_escaped() -> None:
    register = request()
    assert credentials().answer(register, challenged(r'Digest realm="the \"big\" one", nonce="n"'))
    assert r'realm="the \"big\" one"' in register.headers["Authorization"]


def test_strongest_algorithm_of_a_realm_is_taken() -> None:
    weak, strong = (
        'Digest realm="r", nonce="1", algorithm=MD5',
        'Digest realm="r", nonce="2", algorithm=SHA-256',
    )
    for order in ([weak, strong], [strong, weak]):
        register = request()
        assert credentials().answer(register, challenged('Digest realm="r", nonce="0", algorithm=X', *order))
        [fields] = sent(register)
        assert fields["algorithm"] == "SHA-256"
        assert fields["response"] == proof(fields, "REGISTER")


def test_every_realm_is_answered() -> None:
    invite = request("sip:1002@pbx.example", "INVITE")
    response = challenged('Digest realm="a", nonce="1"', 'Digest realm="b", nonce="2"', code=407)
    assert credentials().answer(invite, response)
    assert [fields["realm"] for fields in sent(invite, "Proxy-Authorization")] == ["a", "b"]
    assert invite.headers.getlist("Authorization") == []


def test_proxy_and_then_server() -> None:
    ours, invite = credentials(), request("sip:1002@pbx.example", "INVITE")
    assert ours.answer(invite, challenged('Digest realm="p", nonce="1", qop="auth"', code=407))
    assert ours.answer(invite, challenged('Digest realm="s", nonce="2", qop="auth"', code=401))
    [proxy], [server] = sent(invite, "Proxy-Authorization"), sent(invite)
    assert (proxy["nc"], server["nc"]) == ("00000002", "00000001")
    assert proxy["response"] == proof(proxy, "INVITE")


def test_nonce_is_used_again_and_counted() -> None:
    ours, first = credentials(), request()
    ours.authorize(first)
    assert sent(first) == []
    assert ours.answer(first, challenged('Digest realm="r", nonce="n", qop="auth"'))
    for count in (2, 3):
        again = request("sip:1002@PBX.example", "INVITE")
        ours.authorize(again)
        [fields] = sent(again)
        assert fields["nc"] == f"{count:08x}"
        assert fields["response"] == proof(fields, "INVITE")


def test_sess_secret_is_the_same_for_a_nonces_whole_life() -> None:
    ours, first, second = credentials(), request(), request()
    assert ours.answer(first, challenged('Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256-sess'))
    ours.authorize(second)
    [one], [two] = sent(first), sent(second)
    assert one["cnonce"] == two["cnonce"]
    assert two["response"] == proof(two, "REGISTER")


def test_other_hosts_get_no_proof_unasked() -> None:
    ours = credentials()
    assert ours.answer(request(), challenged('Digest realm="r", nonce="n", qop="auth"'))
    elsewhere = request("sip:1002@elsewhere.example", "INVITE")
    ours.authorize(elsewhere)
    assert sent(elsewhere) == []


def test_a_challenge_for_another_host_takes_nothing_from_the_first() -> None:
    """A BYE goes to a far end's own host, through the proxy that asks."""
    ours = credentials()
    assert ours.answer(request(), challenged('Digest realm="r", nonce="1", qop="auth"'))
    assert ours.answer(
        request("sip:1@192.0.2.7", "BYE"), challenged('Digest realm="r", nonce="2", qop="auth"')
    )
    for uri in ("sip:pbx.example", "sip:1@192.0.2.7"):
        ahead = request(uri)
        ours.authorize(ahead)
        assert [fields["nonce"] for fields in sent(ahead)] == ["2"]


def test_a_proxys_nonce_is_for_every_request_by_it() -> None:
    ours, register = credentials(), request()
    assert ours.answer(request("sip:1002@pbx.example"), challenged('Digest realm="r", nonce="1"', code=407))
    assert ours.answer(register, challenged('Digest realm="s", nonce="1"'))
    elsewhere = request("sip:1@192.0.2.7", "BYE")
    ours.authorize(elsewhere, by_proxy=True)
    assert [fields["realm"] for fields in sent(elsewhere, "Proxy-Authorization")] == ["r"]
    assert sent(elsewhere) == []


def test_the_hosts_of_a_realm_do_not_pile_up() -> None:
    ours = credentials()
    for number in range(MAX_HOSTS + 1):
        bye = request(f"sip:1@192.0.2.{number}", "BYE")
        assert ours.answer(bye, challenged(f'Digest realm="r", nonce="{number}"'))
    for number, found in ((0, 0), (1, 1), (MAX_HOSTS, 1)):
        ahead = request(f"sip:1@192.0.2.{number}", "BYE")
        ours.authorize(ahead)
        assert len(sent(ahead)) == found


@pytest.mark.parametrize("qop", ['qop="auth", ', ""], ids=["qop", "legacy"])
@pytest.mark.parametrize("nonce", ["1", "2"], ids=["same nonce", "new nonce"])
def test_second_refusal_means_a_wrong_password(qop: str, nonce: str) -> None:
    ours, register = credentials(), request()
    assert ours.answer(register, challenged(f'Digest realm="r", {qop}nonce="1"'))
    assert not ours.answer(register, challenged(f'Digest realm="r", {qop}nonce="{nonce}"'))


@pytest.mark.parametrize("qop", ['qop="auth", ', ""], ids=["qop", "legacy"])
@pytest.mark.parametrize("stale", ["", ", stale=true", ", stale=FALSE"])
def test_a_nonce_that_grew_old_is_replaced(qop: str, stale: str) -> None:
    ours, register = credentials(), request()
    assert ours.answer(register, challenged(f'Digest realm="r", {qop}nonce="1"'))
    later = request()
    ours.authorize(later)
    assert ours.answer(later, challenged(f'Digest realm="r", {qop}nonce="2"{stale}'))
    [fields] = sent(later)
    assert fields["nonce"] == "2"
    assert fields.get("nc", "00000001") == "00000001"
    assert not ours.answer(later, challenged(f'Digest realm="r", {qop}nonce="3"'))


def test_stale_at_once_is_believed_but_not_forever() -> None:
    ours, register = credentials(), request()
    assert ours.answer(register, challenged('Digest realm="r", nonce="0", qop="auth"'))
    answered = 0
    for nonce in range(1, 20):
        stale = challenged(f'Digest realm="r", nonce="{nonce}", qop="auth", stale="TRUE"')
        if not ours.answer(register, stale):
            break
        answered += 1
    assert 1 <= answered <= 3


def test_another_request_that_renewed_the_nonce_is_no_refusal() -> None:
    ours, slow, fast = credentials(), request(), request()
    assert ours.answer(slow, challenged('Digest realm="r", nonce="1", qop="auth"'))
    assert ours.answer(fast, challenged('Digest realm="r", nonce="2", qop="auth"'))
    assert ours.answer(slow, challenged('Digest realm="r", nonce="3", qop="auth"'))


def test_no_password_no_answer() -> None:
    assert not credentials("").answer(request(), challenged('Digest realm="r", nonce="n"'))


def test_password_is_in_no_header_and_no_repr() -> None:
    ours, register = credentials("hunter2"), request()
    assert ours.answer(register, challenged('Digest realm="r", nonce="n"'))
    assert "hunter2" not in repr(ours) + str(ours) + bytes(register).decode()


def test_strangers_realms_do_not_pile_up() -> None:
    ours = credentials()
    for number in range(1000):
        assert ours.answer(request(), challenged(f'Digest realm="{number}", nonce="n"'))
    register = request()
    ours.authorize(register)
    assert len(sent(register)) <= MAX_SPACES


QUOTABLE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]))


@given(realm=QUOTABLE, nonce=QUOTABLE)
def test_any_quoted_string_survives(realm: str, nonce: str) -> None:
    quoted = [text.replace("\\", "\\\\").replace('"', '\\"') for text in (realm, nonce)]
    challenge = Challenge.parse('Digest realm="{}", nonce="{}", qop="auth,auth-int"'.format(*quoted))
    assert challenge is not None
    assert (challenge.realm, challenge.nonce, challenge.qop) == (realm, nonce, "auth")


@given(st.text() | st.text('abcnoe=", \\\t\r\n', max_size=80).map('Digest realm="r", nonce="n"'.__add__))
def test_any_text_is_a_challenge_or_none(value: str) -> None:
    register = request()
    credentials().answer(register, challenged(value))
    assert not any("\n" in value or "\r" in value for value in register.headers.getlist("Authorization"))
