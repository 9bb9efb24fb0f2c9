"""The state as OpenAPI describes it. It is not made by these: a test holds states against them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from offhook.autop.outcome import Result as AutopResult
from offhook.notify.action_event import ActionEvent
from offhook.phone.audio_path import LOUDEST, Path, Tone
from offhook.phone.call import CallState
from offhook.phone.events import Registration
from offhook.phone.screen import Icon, Page

Volume = Annotated[int, Field(ge=0, le=LOUDEST)]


class Shape(BaseModel):
    # All that there is, so that the test sees what is new; clients are told that new names may come.
    model_config = ConfigDict(extra="forbid")


class ScreenState(Shape):
    page: Page
    title: str
    lines: list[str] = Field(description="A passing notice is the first of them.")
    softkeys: list[str] = Field(description="The labels above `F1` to `F4`, in order.")
    icons: list[Icon]
    selected: int | None = Field(description="Which of the lines is marked, counted from 0.")
    notice: str | None = Field(description="A passing word about what happened.")
    cursor: int | None = Field(description="Where in the number that is typed the next digit goes.")


class VolumeState(Shape):
    """From 0 to 15."""

    ringer: Volume
    handset: Volume
    handsfree: Volume
    headset: Volume


class ForwardState(Shape):
    """The number that each rule sends calls to; null where it is off."""

    always: str | None
    busy: str | None
    no_answer: str | None


class AccountState(Shape):
    id: int = Field(description="Its number, counted from 1: the `lineID` of `MakeCall`.")
    username: str
    name: str
    state: Registration = Field(description="It can be called from where it is `registered` or `direct`.")
    reason: str | None = Field(description="Why it is not registered, for a person.")
    messages: int = Field(description="New ones in its voice mail.")


class DivertedBy(Shape):
    """Who sent the call on to this phone."""

    remote: str
    remote_name: str
    reason: str


class Quality(Shape):
    """Packets, percent of them, and milliseconds; null for what is not known (yet)."""

    codec: str
    sent: int
    received: int
    lost: int
    late: int
    loss: float
    jitter: float
    round_trip: float | None
    mos: float | None = Field(description="How it sounds, by estimate, from 1 to 5.")
    remote_lost: int | None
    remote_loss: float | None
    remote_jitter: float | None
    remote_mos: float | None


class CurrentCall(Shape):
    id: str = Field(description="The same in events, in the call log and as `call` of a function.")
    direction: Literal["in", "out"]
    state: CallState
    remote: str = Field(description="A SIP URI.")
    remote_name: str = Field(description="The name that the network gives.")
    name: str = Field(description="The name in the phone book, else that of the network.")
    who: str = Field(description="What the screen calls the other end.")
    name_from: Literal["phone book", "network"] | None
    anonymous: bool
    diverted_by: DivertedBy | None
    account: int | None
    focused: bool = Field(description="Whether it has the sound.")
    early_media: bool
    held_by_peer: bool
    encrypted: bool
    srtp: str | None = Field(description="The suite that encrypts its sound.")
    conference: bool
    transferring_to: str | None
    referred_by: str | None
    digits_received: str
    started: datetime
    duration: float = Field(description="Seconds since the answer.")
    quality: Quality | None


class NotifyFailure(Shape):
    event: ActionEvent
    receiver: str
    why: str
    time: datetime


class NotifyFailures(Shape):
    action_url: NotifyFailure | None
    webhook: NotifyFailure | None


class NotifyState(Shape):
    """Telling others what happens."""

    queued: int
    dropped: int
    failures: NotifyFailures


class AutopOutcome(Shape):
    time: datetime
    result: AutopResult
    files: list[str]
    changed: list[str]
    unknown: list[str]
    reason: str | None


class AutopState(Shape):
    checking: bool
    next: datetime | None
    last: AutopOutcome | None


class State(Shape):
    """What the phone shows and does. Names in it do not change; new ones may come."""

    screen: ScreenState
    hook: Literal["on", "off"]
    audio: Path
    tone: Tone
    muted: bool
    ringer_muted: bool
    volume: VolumeState
    dnd: bool
    entry: str = Field(description="The number that is being typed.")
    forward: ForwardState
    missed: int = Field(description="Missed calls that nobody has looked at.")
    messages: int
    accounts: list[AccountState]
    calls: list[CurrentCall]
    notify: NotifyState
    autop: AutopState
