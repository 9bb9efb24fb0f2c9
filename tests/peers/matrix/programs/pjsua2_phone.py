"""A telephone on pjsua2, told what to do line by line; see driven_peer.py."""

import json
import queue
import sys
import threading

import pjsua2 as pj

WISH = json.loads(sys.argv[1])
HOST, PORT = WISH["host"], WISH["port"]
SRTP = {
    "no": pj.PJMEDIA_SRTP_DISABLED,
    "optional": pj.PJMEDIA_SRTP_OPTIONAL,
    "required": pj.PJMEDIA_SRTP_MANDATORY,
}
CODECS = {"pcmu": "PCMU/8000", "pcma": "PCMA/8000", "g722": "G722/16000"}

calls: dict[int, "Call"] = {}
"""By id, the newest last."""
kept: list[object] = []
"""What the library frees, should Python forget it, while it is still used."""


class Call(pj.Call):
    def onCallState(self, prm):  # noqa: N802
        info = self.getInfo()
        if info.state == pj.PJSIP_INV_STATE_CONFIRMED:
            print("talking")
        elif info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            calls.pop(self.getId(), None)
            if not calls:
                print("over")

    def onCallMediaState(self, prm):  # noqa: N802
        for index, media in enumerate(self.getInfo().media):
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                sound = self.getAudioMedia(index)
                player.startTransmit(sound)

    def onDtmfDigit(self, prm):  # noqa: N802
        print(f"digit {prm.digit}")

    def onCallTransferRequest(self, prm):  # noqa: N802
        prm.newCall = begun(Call(account))

    def onCallTransferStatus(self, prm):  # noqa: N802
        """It leaves the call to the program (RFC 5589 §6)."""
        if prm.finalNotify and prm.statusCode == 200:
            self.hangup(pj.CallOpParam())

    def onCallReplaceRequest(self, prm):  # noqa: N802
        prm.statusCode = 200

    def onCallReplaced(self, prm):  # noqa: N802
        prm.newCall = begun(Call(account, prm.newCallId))
        calls[prm.newCallId] = prm.newCall


def begun(call):
    kept.append(call)
    return call


class Account(pj.Account):
    def onIncomingCall(self, prm):  # noqa: N802
        call = begun(Call(self, prm.callId))
        calls[prm.callId] = call
        answer = pj.CallOpParam()
        answer.statusCode = 183 if WISH["early"] else 180
        call.answer(answer)
        print("called")


def parameters(code: int = 0):
    op = pj.CallOpParam(True)
    op.statusCode = code
    return op


def newest():
    return list(calls.values())[-1]


def dial(uri: str) -> None:
    call = begun(Call(account))
    call.makeCall(uri, parameters())
    calls[call.getId()] = call


def hold() -> None:
    newest().setHold(pj.CallOpParam())


def resume() -> None:
    op = pj.CallOpParam()
    op.opt.flag = pj.PJSUA_CALL_UNHOLD
    op.opt.audioCount, op.opt.videoCount = 1, 0
    newest().reinvite(op)


def press(digit: str) -> None:
    if WISH["dtmf"] == "info":
        op = pj.CallSendDtmfParam()
        op.digits, op.method = digit, pj.PJSUA_DTMF_METHOD_SIP_INFO
        newest().sendDtmf(op)
    else:
        newest().dialDtmf(digit)


def join() -> None:
    first, second = list(calls.values())[-2:]
    first.xferReplaces(second, pj.CallOpParam())


def consult(uri: str) -> None:
    hold()
    dial(uri)


VERBS = {
    "dial": dial,
    "answer": lambda: newest().answer(parameters(200)),
    "hang_up": lambda: newest().hangup(parameters(0 if newest().getInfo().state == 5 else 486)),
    "hold": hold,
    "resume": resume,
    "press": press,
    "transfer": lambda uri: newest().xfer(uri, pj.CallOpParam()),
    "consult": consult,
    "join": join,
}

told: queue.Queue[str] = queue.Queue()
threading.Thread(target=lambda: [told.put(line) for line in sys.stdin] + [told.put("")], daemon=True).start()

endpoint = pj.Endpoint()
endpoint.libCreate()
configuration = pj.EpConfig()
configuration.uaConfig.threadCnt = 0
configuration.uaConfig.mainThreadOnly = True
# A lasting tone passes for silence, and would not be sent.
configuration.medConfig.noVad = True
configuration.logConfig.level = configuration.logConfig.consoleLevel = 3
endpoint.libInit(configuration)
endpoint.audDevManager().setNullDev()
for name in ("UDP", "TCP", "TLS"):
    if name == "TLS" and not WISH["certificate"]:
        continue
    transport = pj.TransportConfig()
    transport.port, transport.boundAddress = PORT + (name == "TLS"), HOST
    if name == "TLS":
        transport.tlsConfig.certFile = transport.tlsConfig.privKeyFile = WISH["certificate"]
        transport.tlsConfig.CaListFile = WISH["ca"]
        transport.tlsConfig.verifyServer = True
        transport.tlsConfig.method = pj.PJSIP_TLSV1_2_METHOD
    endpoint.transportCreate(getattr(pj, f"PJSIP_TRANSPORT_{name}"), transport)
endpoint.libStart()
for codec in endpoint.codecEnum2():
    if WISH["codec"] and not codec.codecId.startswith(CODECS[WISH["codec"]]):
        endpoint.codecSetPriority(codec.codecId, 0)
player = pj.AudioMediaPlayer()
player.createPlayer(WISH["said"])
about = pj.AccountConfig()
about.idUri = f"sip:{WISH['user']}@{HOST}"
about.mediaConfig.transportConfig.boundAddress = HOST
about.mediaConfig.srtpUse, about.mediaConfig.srtpSecureSignaling = SRTP[WISH["srtp"]], 0
# It would ask for one codec by UPDATE after each answer, and forget to resume meanwhile.
about.mediaConfig.lockCodecEnabled = False
about.callConfig.prackUse = pj.PJSUA_100REL_MANDATORY if WISH["reliable"] else pj.PJSUA_100REL_OPTIONAL
if WISH["refresh"]:
    about.callConfig.timerUse = pj.PJSUA_SIP_TIMER_ALWAYS
    about.callConfig.timerSessExpiresSec = about.callConfig.timerMinSESec = WISH["refresh"]
account = Account()
account.create(about)
print("ready")
while True:
    endpoint.libHandleEvents(10)
    try:
        line = told.get_nowait()
    except queue.Empty:
        continue
    if not line:
        break
    verb, _, argument = line.strip().partition(" ")
    try:
        VERBS[verb](*([argument] if argument else []))
    except pj.Error as error:
        print(f"error {verb}: {error.info()}")
    print(f"did {verb}")
