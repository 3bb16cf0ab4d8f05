"""Tasks, places and states as a person reads them."""

import re
from math import ceil
from pathlib import PurePath
from typing import assert_never

from PyQt5.QtCore import QCoreApplication
from secondunit_bridge.messages import Fit, Record, SoundKind, Task
from secondunit_bridge.ratings import Rating

from secondunit_plugin.panel.compare.modes import Mode
from secondunit_plugin.panel.frames.messages import Light
from secondunit_plugin.panel.model.cut import Approved, CutIn, Opened, Reloaded, Slugged, Step, TakenOut
from secondunit_plugin.panel.model.layout import Bar
from secondunit_plugin.panel.model.orders import Broken, Made, Making, Preparing, Running, Stopped, Waiting
from secondunit_plugin.panel.model.places import GapPlace, JoinPlace, Place, ShotPlace
from secondunit_plugin.panel.model.states import (
    BeingMade,
    ChooseVersion,
    Fresh,
    Locked,
    MakeVersion,
    OfflineGrade,
    Remedy,
    Stale,
    State,
    Unknown,
    Where,
)
from secondunit_plugin.panel.model.suggestions import (
    Again,
    DissolveHandle,
    FillGap,
    ForDissolve,
    IntoGap,
    JoinAcross,
    JoinThese,
    Longer,
    MatchTo,
    Purpose,
    SmoothJumpCut,
)
from secondunit_plugin.panel.model.unit import Ended, Lost, Reached, Searching, UnitState

_TRANSFERS = {"smpte2084": "PQ", "arib-std-b67": "HLG", "linear": "Linear light"}


def tr(text: str, comment: str = "", number: int = -1) -> str:
    """As `QObject.tr`, under the context that pylupdate5 files functions outside of classes under."""
    return QCoreApplication.translate("@default", text, comment, number)


def of_frames(count: int) -> str:
    return tr("%n frame(s)", "", count)


def of_takes(count: int) -> str:
    return tr("%n take(s)", "", count)


_COMMAND = re.compile(r"`secondunit ((?:models |unit )?[a-z]+)[^`]*`")


def in_panel(said: str) -> str:
    """What the unit or the timeline says, with the panel's buttons in the place of the commands that it names."""
    buttons = {
        "models get": tr("“Download” on the page “Models”"),
        "models import": tr("“Take from a folder” on the page “Models”"),
        "models check": tr("“Check” on the page “Models”"),
        "models remove": tr("“Remove” on the page “Models”"),
        "models list": tr("the page “Models”"),
        "unit stop": tr("“Stop the unit”"),
        "make": tr("“Make a new version”"),
    }
    return _COMMAND.sub(lambda found: buttons.get(found[1], found[0]), said)


def of_task(task: Task) -> str:
    match task:
        case Task.GENERATE:
            return tr("Generate a clip")
        case Task.EXTEND:
            return tr("Extend the shot")
        case Task.JOIN:
            return tr("Join the shots")
        case Task.REPLACE:
            return tr("Make the shot again")
        case Task.MATCH:
            return tr("Match the look")
        case _:
            assert_never(task)


def does_not(task: Task) -> str:
    """Said of a model that does not do the task."""
    match task:
        case Task.GENERATE:
            return tr("does not generate clips")
        case Task.EXTEND:
            return tr("does not extend shots")
        case Task.JOIN:
            return tr("does not join shots")
        case Task.REPLACE:
            return tr("does not make shots again")
        case Task.MATCH:
            return tr("does not match looks")
        case _:
            assert_never(task)


def of_seconds(seconds: float) -> str:
    minutes, rest = divmod(ceil(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return tr("{hours} h {minutes} min").format(hours=hours, minutes=minutes)
    return tr("{minutes} min {seconds} s").format(minutes=minutes, seconds=rest) if minutes else tr("{} s").format(rest)


def of_bytes(count: int) -> str:
    return tr("{:.1f} GB").format(count / 1e9) if count >= 1e9 else tr("{} MB").format(ceil(count / 1e6))


def of_sound(kind: SoundKind) -> str:
    match kind:
        case SoundKind.HOLD:
            return tr("the last sound held")
        case SoundKind.ROOM_TONE:
            return tr("room tone of the shot")
        case SoundKind.SILENCE:
            return tr("silence")
        case _:
            assert_never(kind)


def of_move(move: str) -> str:
    """A camera move by its name in the card; one that is not known here by that name."""
    known = {
        "push-in": tr("push in"),
        "pull-out": tr("pull out"),
        "pan-left": tr("pan left"),
        "pan-right": tr("pan right"),
        "tilt-up": tr("tilt up"),
        "tilt-down": tr("tilt down"),
        "dolly-left": tr("dolly left"),
        "dolly-right": tr("dolly right"),
        "jib-up": tr("jib up"),
        "jib-down": tr("jib down"),
        "orbit": tr("orbit"),
        "handheld": tr("handheld"),
    }
    return known.get(move, move)


def of_place(place: Place) -> str:
    match place:
        case ShotPlace(name=name, frames=frames):
            return tr("{name}, {frames}").format(name=name or tr("unnamed shot"), frames=of_frames(frames))
        case GapPlace(frames=frames):
            return tr("gap of %n frame(s)", "", frames)
        case JoinPlace(before=before, after=after):
            return tr("{before} to {after}").format(before=before, after=after)
        case _:
            assert_never(place)


def of_handles(bar: Bar) -> str:
    said = []
    for frames, words in ((bar.head, tr("{frames} unused before")), (bar.tail, tr("{frames} unused after"))):
        if frames is not None:
            said.append(words.format(frames=frames))
    return ", ".join(said) or tr("length of its media unknown")


def of_purpose(purpose: Purpose) -> str:
    match purpose:
        case ForDissolve(shot, frames):
            return tr("%n more frame(s) of {shot} for this dissolve", "", frames).format(shot=shot)
        case DissolveHandle(_, frames):
            return tr("%n more frame(s) for this dissolve as a handle", "", frames)
        case FillGap(frames):
            return tr("Fill this gap of %n frame(s)", "", frames)
        case JoinAcross(before, after):
            return tr("Join {before} and {after} across the gap").format(before=before, after=after)
        case IntoGap(shot, frames, 0):
            return tr("Fill the gap with %n unused frame(s) of {shot}", "", frames).format(shot=shot)
        case IntoGap(shot, frames, made):
            said = tr("Extend {shot} through the gap").format(shot=shot)
            return tr("{said}: %n frame(s) made", "", frames if made is None else made).format(said=said)
        case Longer(frames, made, moves):
            said = tr("%n more frame(s) at its end", "", frames)
            if moves:
                said = tr("{said}, ripple").format(said=said)
            return _with_made(said, frames, made)
        case SmoothJumpCut():
            return tr("Smooth this jump cut")
        case JoinThese(before, after):
            return tr("Join these two: {before} and {after}").format(before=before, after=after)
        case MatchTo(shot, like):
            return tr("Match the look of {shot} to {like}").format(shot=shot, like=like.name)
        case Again():
            return tr("Make this shot again")
        case _:
            assert_never(purpose)


def _with_made(said: str, frames: int, made: int | None) -> str:
    if made is None or made == frames:
        return said
    if made == 0:
        return tr("{said}: it has them").format(said=said)
    return tr("{said}: {made} made").format(said=said, made=made)


def of_order(running: Running) -> str:
    match running.state:
        case Waiting(0):
            return tr("starts next")
        case Waiting(position):
            return tr("waits for %n other order(s)", "", position)
        case Preparing(what):
            return tr("loads {what}").format(what=what)
        case Making(take, done, total, what):
            said = tr("take {take} of {takes}: {what} {done}/{total}")
            return said.format(take=take + 1, takes=len(running.order.seeds), what=what, done=done, total=total)
        case Made():
            return tr("made")
        case Broken(_, message, _):
            return tr("failed: {message}").format(message=in_panel(message))
        case Stopped():
            return tr("cancelled")
        case _:
            assert_never(running.state)


def of_unit(state: UnitState) -> str:
    match state:
        case Searching():
            return tr("Looking for the unit")
        case Reached(info):
            return tr("Unit ready: {devices}").format(devices=", ".join(info.devices))
        case Lost(why):
            return tr("No unit: {why}").format(why=in_panel(why))
        case Ended(by):
            return tr("The unit was stopped by {by}").format(by=by)
        case _:
            assert_never(state)


def of_rating(rating: Rating | None) -> str:
    match rating:
        case None:
            return tr("not rated")
        case Rating.STARRED:
            return tr("starred")
        case Rating.REJECTED:
            return tr("rejected")
        case Rating.APPROVED:
            return tr("approved, locked")
        case _:
            assert_never(rating)


def of_mode(mode: Mode) -> str:
    match mode:
        case Mode.WIPE:
            return tr("Wipe")
        case Mode.FLIP:
            return tr("Flip")
        case Mode.DIFFERENCE:
            return tr("Difference")
        case Mode.FALSE_COLOUR:
            return tr("False colour")
        case _:
            assert_never(mode)


def of_light(light: Light) -> str:
    said = tr("{transfer} shown in SDR") if light.converted else tr("{transfer}, not converted")
    return said.format(transfer=_TRANSFERS.get(light.transfer, light.transfer))


def about_light(light: Light) -> str:
    if not light.converted:
        return tr("Colours and brightness are not what they are: OpenColorIO, which converts them, is not installed.")
    if light.transfer == "linear":
        return tr("By the curve of sRGB; what is brighter than white is clipped.")
    return tr("By the ACES 2.0 view for 100 cd/m², as sRGB.")


def of_trust(record: Record) -> str:
    """How much of the take is more than a stand-in."""
    if record.placeholder:
        return tr("placeholder")
    frames = record.order.slot.frames
    if record.trusted is None:
        return tr("all {frames} trusted").format(frames=frames)
    return tr("{trusted} of {frames} trusted").format(trusted=min(record.trusted, frames), frames=frames)


def of_fit(fit: Fit) -> str:
    """What was snapped to the model's own frames and sizes, and what was approximate."""
    parts = [
        tr("made as {frames} of {width}×{height} at {rate} fps").format(
            frames=of_frames(fit.frames), width=fit.width, height=fit.height, rate=f"{float(fit.rate):.5g}"
        )
    ]
    if fit.windows > 1:
        parts.append(tr("in %n pass(es)", "", fit.windows))
    if fit.approximate:
        parts.append(tr("approximate: {names}").format(names=", ".join(fit.approximate)))
    return ", ".join(parts)


def of_step(step: Step) -> str:
    match step:
        case Opened():
            return tr("Cut as it was read")
        case Slugged(shot, plays=True):
            return tr("Slug for {shot}").format(shot=shot)
        case Slugged(shot):
            return tr("Slug for {shot}, beside what plays").format(shot=shot)
        case CutIn(name, plays=True):
            return tr("Cut in {name}").format(name=name)
        case CutIn(name):
            return tr("{name} added beside what plays").format(name=name)
        case Approved(name):
            return tr("{name} approved").format(name=name)
        case TakenOut(shot):
            return tr("Slug for {shot} taken out").format(shot=shot)
        case Reloaded(name):
            return tr("{name} read again").format(name=name)
        case _:
            assert_never(step)


def of_state(state: State) -> str:
    """In one or two words; empty where the take fits, or nobody knows."""
    match state:
        case Stale():
            return tr("stale")
        case OfflineGrade():
            return tr("offline grade")
        case Fresh() | Unknown():
            return ""
        case _:
            assert_never(state)


def why_of(state: State) -> str:
    """What has changed, and on which side; empty where the take fits."""
    match state:
        case Stale(Where.BEFORE, made, now):
            said = tr("Stale: it was made to follow {made}, and the cut shows {now} there.")
        case Stale(Where.AFTER, made, now):
            said = tr("Stale: it was made to lead to {made}, and the cut shows {now} there.")
        case Stale(_, made, now):
            said = tr("Stale: it was made for {made} of the shot, which plays {now}.")
        case OfflineGrade(file, now, made):
            said = tr("Offline grade: it was made from {made}, and the shot is {file} by now, {now}.")
            return said.format(made=made, file=PurePath(file).name, now=now)
        case Unknown(why):
            return tr("Whether it still fits is not known: {why}").format(why=why)
        case Fresh():
            return ""
        case _:
            assert_never(state)
    return said.format(made=made, now=now)


def of_remedy(remedy: Remedy) -> str:
    name = remedy.take.name
    match remedy:
        case MakeVersion():
            return tr("{name} stays; the version that is made lies beside it.").format(name=name)
        case BeingMade():
            return tr("A further version of {name} is being made.").format(name=name)
        case ChooseVersion(fits=fits):
            return tr("{fits} lies beside it and fits: choose it among the takes and cut it in.").format(fits=fits)
        case Locked():
            return tr("{name} is approved, so that it is not made again.").format(name=name)
        case _:
            assert_never(remedy)
