"""Takes in the panel without a unit: what is offered, what a record says in words, what is compared with what."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from pytestqt.qtbot import QtBot
from secondunit_bridge.controls import (
    CameraMoveControl,
    Control,
    ControlKind,
    KeyframesControl,
    NumberControl,
    SeedControl,
    TextControl,
)
from secondunit_bridge.errors import SecondUnitError
from secondunit_bridge.messages import (
    CameraMove,
    Codec,
    Delivery,
    FramesAfter,
    FramesBefore,
    Look,
    Measure,
    Order,
    Parameter,
    Record,
    ReferenceImage,
    Seam,
    Slot,
    SourceShot,
    Span,
    TakeReady,
    Task,
    Text,
)
from secondunit_bridge.rates import FrameRange, FrameTime
from secondunit_bridge.ratings import Rating, rate
from secondunit_plugin.panel.compare.modes import Mode
from secondunit_plugin.panel.compare.pictures import Rgb, difference, false_colour, wiped
from secondunit_plugin.panel.frames.link import FramesLink
from secondunit_plugin.panel.frames.messages import PairScene, Run
from secondunit_plugin.panel.model.again import values_of
from secondunit_plugin.panel.model.compare import CompareModel, Missing, Original, Source, original
from secondunit_plugin.panel.model.orders import OrdersModel
from secondunit_plugin.panel.model.places import GapPlace, ShotPlace
from secondunit_plugin.panel.model.playback import PlaybackModel
from secondunit_plugin.panel.model.ratings import RatingsModel
from secondunit_plugin.panel.model.takes import Located, TakeId, TakesModel
from secondunit_plugin.panel.model.values import Keyframe, Seeds
from secondunit_plugin.panel.seams import Light, judge

from tests.inference.running_unit import order
from tests.timeline.media_cuts import take_for

RATE = Fraction(24)
A, B = ShotPlace("V1", FrameTime(0, RATE), 30, "A", "/a.mov"), GapPlace("V1", FrameTime(30, RATE), 12)


def at(frame: int) -> FrameTime:
    return FrameTime(frame, RATE)


def span(first: int, frames: int, path: str = "/a.mov") -> Span:
    return Span(path, FrameRange(first, frames, RATE))


def extension(*conditions: object, head: int = 4, frames: int = 8) -> Order:
    slot = Slot(frames, head, 2, RATE, RATE, 64, 36, Fraction(1), at(100))
    return replace(order("o", Path("/takes"), slot=slot), task=Task.EXTEND, conditions=conditions)


class Made:
    """Orders `one` and `two` with takes, the second made later."""

    def __init__(self) -> None:
        self.orders = OrdersModel()
        self.takes = TakesModel(self.orders)
        for name, count in (("one", 2), ("two", 3)):
            self.add(name, count)

    def add(self, name: str, count: int) -> None:
        asked = order(name, Path("/takes"), takes=count)
        self.orders.add(asked, None)
        for index in reversed(range(count)):
            made = take_for(asked, start=at(0))
            record = replace(made.record, take_id=f"{name}{index}", seed=asked.seeds[index])
            self.orders.take(TakeReady(name, 1 + count - index, index, replace(made, record=record)))


def test_takes_are_grouped_by_order_the_newest_first_and_each_by_its_seeds() -> None:
    takes = Made().takes
    one, two = [TakeId("one", n) for n in range(2)], [TakeId("two", n) for n in range(3)]
    assert takes.groups == (tuple(two), tuple(one))
    takes.choose(one[0])
    assert takes.numbered == tuple(one)
    takes.choose_nth(1)
    assert takes.chosen == one[1]
    takes.choose_nth(2)
    assert takes.chosen == one[1], "there is no third"


def test_only_takes_of_the_selected_place_are_offered_or_those_of_all_of_the_cut() -> None:
    made = Made()
    takes = made.takes
    takes.set_located({"one": Located(frozenset({A})), "two": Located(frozenset(), "nowhere")}, frozenset())
    takes.choose(TakeId("two", 0))
    takes.show_place(A)
    assert {take.order_id for take in takes.shown} == {"one"}
    assert takes.chosen is None, "a take of another place cannot be cut in by mistake"
    takes.show_place(B)
    assert takes.shown == ()
    takes.show_whole_cut(True)
    assert {take.order_id for take in takes.shown} == {"one", "two"}


def test_a_take_that_arrives_is_chosen_where_none_is_and_its_place_is_selected() -> None:
    made = Made()
    takes = made.takes
    takes.set_located({"one": Located(frozenset({A}))}, frozenset())
    takes.show_place(A)
    takes.choose(None)
    made.add("three", 1)
    assert takes.chosen is None
    takes.set_located({**takes.located, "three": Located(frozenset({A}))}, frozenset())
    assert takes.chosen == TakeId("three", 0)


def test_a_frame_is_compared_with_the_camera_frame_there_or_the_nearest() -> None:
    tail = take_for(extension(FramesBefore(span(50, 24))))
    assert original(tail, 0) == Source("/a.mov", 70), "the head handle repeats the camera's last frames"
    assert original(tail, 3) == Source("/a.mov", 73)
    assert original(tail, 6) == Source("/a.mov", 73, -3)
    between = take_for(extension(FramesBefore(span(50, 24), into=2), FramesAfter(span(0, 24, "/b.mov"), into=1)))
    assert original(between, 5) == Source("/a.mov", 73)
    assert original(between, 11) == Source("/b.mov", 0)
    assert original(between, 13) == Source("/b.mov", 2)
    matched = take_for(extension(SourceShot(span(10, 14))))
    assert original(matched, 5) == Source("/a.mov", 15)
    assert isinstance(original(take_for(extension()), 0), Missing)


def test_what_is_compared_follows_the_chosen_take_at_the_same_frame() -> None:
    takes = Made().takes
    link = FramesLink()
    compare = CompareModel(takes, link, PlaybackModel(link))
    compare.set_mode(Mode.WIPE)
    assert compare.mode is Mode.WIPE
    takes.choose(TakeId("two", 0))
    assert set(compare.others) == {Original(), TakeId("two", 1), TakeId("two", 2)}, "another order's place is unknown"
    compare.set_other(TakeId("two", 1))
    compare.seek(5)
    takes.choose(TakeId("two", 2))
    assert (compare.frame, compare.other) == (5, TakeId("two", 1))
    scene = compare.scene
    assert isinstance(scene, PairScene) and scene.other == (Run("/takes/A_v001.mov", 0, 8),)
    assert compare.counterpart == Source("/takes/A_v001.mov", 5)
    takes.choose(TakeId("two", 1))
    assert compare.other == Original(), "a take is not compared with itself"
    compare.seek(1000)
    assert compare.frame == 7
    takes.choose(None)
    assert compare.mode is None


def picture(*levels: int) -> Rgb:
    """One row of greys."""
    return np.repeat(np.array([levels], np.uint8)[..., None], 3, axis=2)


def test_pictures_are_wiped_subtracted_and_coloured() -> None:
    a, b = picture(10, 20, 30, 40), picture(13, 20, 30, 140)
    assert wiped(a, b, 0.5)[0, :, 0].tolist() == [10, 20, 30, 140]
    apart = difference(a, b, 4)
    assert apart.picture[0, :, 0].tolist() == [12, 0, 0, 252]
    assert (apart.mean, apart.largest) == (pytest.approx(103 / 4), 100)
    assert difference(b, a, 1).picture[0, :, 0].tolist() == [3, 0, 0, 100]
    shown = false_colour(picture(0, 255, 102, 60))
    assert len({tuple(pixel) for pixel in shown[0].tolist()}) == 4
    assert shown[0, 3].tolist() == [60, 60, 60], "outside of the bands luma stays"
    assert shown[0, 2].tolist() == [60, 170, 70], "40 % is middle grey"


def record(*after: Measure, conditions: tuple[object, ...] = (FramesBefore(span(0, 24)),)) -> Record:
    seams = tuple(Seam(at(4 + number), one, one) for number, one in enumerate(after))
    return replace(take_for(extension(*conditions)).record, seams=seams)


EVEN = Measure(0.1, 2.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("measure", "light", "said"),
    [
        (EVEN, Light.UNSEEN, "seam: not visible"),
        (replace(EVEN, luma=2.0, sharpness=0.6), Light.VISIBLE, "seam: visible: brighter by 2.0 L*, softer"),
        (replace(EVEN, luma=-1.0), Light.FAINT, "seam: faint: darker by 1.0 L*"),
        (replace(EVEN, colour=12.5), Light.VISIBLE, "seam: visible: colour differs by 12.5 ΔE"),
        (replace(EVEN, grain=0.8), Light.VISIBLE, "seam: visible: less grain"),
        (replace(EVEN, grain=0.0), Light.VISIBLE, "seam: visible: less grain"),
    ],
)
def test_a_seam_in_words(measure: Measure, light: Light, said: str) -> None:
    judged = judge(record(measure))
    assert judged is not None
    assert (judged.light, judged.said) == (light, said)


def test_the_worst_seam_counts_and_figures_are_the_takes_against_the_camera() -> None:
    brighter_camera = replace(EVEN, luma=2.0)
    ahead = judge(record(brighter_camera, conditions=(FramesAfter(span(0, 24)),)))
    assert ahead is not None and ahead.said == "seam: visible: darker by 2.0 L*"
    between = (FramesBefore(span(0, 24)), FramesAfter(span(0, 24, "/b.mov")))
    joined = judge(record(EVEN, brighter_camera, conditions=between))
    assert joined is not None and joined.said == "seam: visible: darker by 2.0 L*" and len(joined.numbers) == 2
    assert judge(record()) is None


def control(name: str, kind: ControlKind) -> Control:
    return Control(name, name, "", "group", kind, ())


def test_an_order_is_opened_in_the_controls_and_what_has_none_is_named() -> None:
    asked = replace(
        extension(
            FramesBefore(span(0, 24)),
            Text("reeds", "people"),
            CameraMove("orbit"),
            Look("/ink.safetensors", 0.5),
            ReferenceImage("/still.png", at(6)),
        ),
        parameters=(Parameter("strength", 0.4), Parameter("steps", 12)),
        seeds=(7, 8, 9),
        delivery=Delivery("/takes", Codec.FFV1),
    )
    controls = (
        control("prompt", TextControl(negative=True)),
        control("camera", CameraMoveControl(("pan-left",), native=True)),
        control("strength", NumberControl(1, 0, 1)),
        control("seed", SeedControl(2)),
        control("keyframes", KeyframesControl(4, ends_only=False)),
    )
    values, left = values_of(asked, controls, Codec.PRORES_HQ)
    assert values == {
        "prompt": Text("reeds", "people"),
        "strength": 0.4,
        "seed": Seeds(7, 2),
        "keyframes": (Keyframe("/still.png", at(2)),),
    }
    assert left == ("steps", "CameraMove", "Look", "codec ffv1")


def test_ratings_are_kept_in_the_order_they_were_given_and_seen_when_another_panel_gives_them(
    qtbot: QtBot, tmp_path: Path
) -> None:
    model, refused = RatingsModel(), list[SecondUnitError]()
    model.refused.connect(refused.append)
    model.open(tmp_path)
    for rating in (Rating.STARRED, Rating.REJECTED, None, Rating.STARRED):
        model.rate("t1", rating)
    qtbot.waitUntil(lambda: model.of("t1") is Rating.STARRED)
    rate(tmp_path, "t2", Rating.APPROVED)
    qtbot.waitUntil(lambda: model.of("t2") is Rating.APPROVED, timeout=10_000)
    model.rate("t2", Rating.REJECTED)
    qtbot.waitUntil(lambda: bool(refused))
    assert "withdraw the approval first" in str(refused[0]) and model.of("t2") is Rating.APPROVED
    later = RatingsModel()
    later.open(tmp_path)
    qtbot.waitUntil(lambda: (later.of("t1"), later.of("t2")) == (Rating.STARRED, Rating.APPROVED))
