"""Forms drawn from controls, used with keys and the mouse."""

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the extra `panel` is not installed")

from fractions import Fraction
from pathlib import Path

from PyQt5.QtCore import QMimeData, QPoint, Qt, QUrl
from PyQt5.QtGui import QColor, QGuiApplication, QImage
from PyQt5.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLabel,
    QListWidgetItem,
    QPlainTextEdit,
    QSpinBox,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot
from secondunit_bridge.controls import (
    CameraMoveControl,
    ChoiceControl,
    Control,
    ControlKind,
    FrameRangeControl,
    ImageControl,
    IntegerControl,
    KeyframesControl,
    LookControl,
    MaskControl,
    NumberControl,
    SeedControl,
    ShotControl,
    ShownWhen,
    SoundControl,
    StrokesControl,
    TextControl,
    ToggleControl,
)
from secondunit_bridge.messages import (
    CameraMove,
    Look,
    Point,
    ReferenceImage,
    ReferenceShot,
    SoundKind,
    Span,
    Stroke,
    Strokes,
    Text,
)
from secondunit_bridge.rates import FrameRange, FrameTime
from secondunit_plugin.panel.controls.base import Field
from secondunit_plugin.panel.controls.form import ControlForm, Group
from secondunit_plugin.panel.controls.keyframes import KeyframesField
from secondunit_plugin.panel.controls.looks import LooksField
from secondunit_plugin.panel.controls.references import ReferencesField
from secondunit_plugin.panel.controls.strokes import StrokesField
from secondunit_plugin.panel.controls.text import PromptEdit, TextField
from secondunit_plugin.panel.events import UnitLink
from secondunit_plugin.panel.frames.messages import MediaTime
from secondunit_plugin.panel.model.cut import OpenCut
from secondunit_plugin.panel.model.draft import DraftModel, Extend, Known, Replace
from secondunit_plugin.panel.model.panel import Notice, PanelModel
from secondunit_plugin.panel.model.places import ShotPlace
from secondunit_plugin.panel.model.reading import version_of
from secondunit_plugin.panel.model.thumbnails import ThumbnailOf
from secondunit_plugin.panel.model.values import Beside, ControlValue, Keyframe, MaskFile, Seeds
from superqt import QLabeledDoubleSlider, QLabeledSlider

from tests.plugin.panel.frame_process import SECONDS, apart, frame_of, rgb
from tests.plugin.panel.gestures import dragged, dropped
from tests.timeline.cuts import gap
from tests.timeline.media_cuts import MakeClip, shot, sounding_cut, write_still


def control(name: str, kind: ControlKind, *when: ShownWhen) -> Control:
    return Control(name, name.capitalize(), f"About {name}.", "group", kind, when)


KINDS: list[ControlKind] = [
    TextControl(negative=True),
    NumberControl(0.5, 0, 1),
    IntegerControl(30, 1, 60),
    ChoiceControl("standard", ("draft", "standard", "best")),
    ToggleControl(default=True),
    SeedControl(4),
    ImageControl(8),
    KeyframesControl(16, ends_only=False),
    ShotControl(8),
    FrameRangeControl(0),
    MaskControl(),
    StrokesControl(16, native=False),
    CameraMoveControl(("push-in", "orbit"), native=True),
    SoundControl(made=False),
    LookControl(),
]
CONTROLS = tuple(control(f"c{number}", kind) for number, kind in enumerate(KINDS))


@pytest.fixture
def panel(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PanelModel:  # noqa: ARG001 - an application
    monkeypatch.setenv("SECONDUNIT_PANEL", str(tmp_path / "panel"))
    model = PanelModel(UnitLink())
    model.draft.controls_wanted.disconnect()  # there is no unit to tell them: tests set them
    model.select(ShotPlace("V1", FrameTime(0, Fraction(24)), 30, "A", "/a.mov"))
    return model


@pytest.fixture
def draft(panel: PanelModel) -> DraftModel:
    return panel.draft


def drawn(qtbot: QtBot, panel: PanelModel, *controls: Control) -> ControlForm:
    draft, form = panel.draft, ControlForm(panel)
    qtbot.addWidget(form, before_close_func=lambda _: form)  # holds it: else it may go while it is painted
    draft.set_controls(Known(controls))
    form.show()
    return form


def part(form: ControlForm, name: str, kind: type[QWidget]) -> QWidget:
    field = form.field(name)
    assert field is not None
    found = field.findChild(kind)
    assert isinstance(found, kind)
    return found


def values(draft: DraftModel) -> dict[str, ControlValue]:
    assert draft.draft is not None
    return dict(draft.draft.values)


def test_what_a_person_sets_becomes_the_drafts_values(qtbot: QtBot, panel: PanelModel, draft: DraftModel) -> None:
    form = drawn(qtbot, panel, *CONTROLS)
    assert values(draft) == {}, "nothing is set before anyone touches it"
    qtbot.keyClicks(part(form, "c0", QPlainTextEdit), "reeds in the wind")
    slider = part(form, "c1", QLabeledDoubleSlider)
    assert isinstance(slider, QLabeledDoubleSlider) and slider.value() == 0.5
    slider.setValue(0.25)
    qtbot.keyClick(part(form, "c2", QSpinBox), Qt.Key.Key_Up)
    box = part(form, "c3", QComboBox)
    assert isinstance(box, QComboBox) and box.currentText() == "standard"
    qtbot.keyClick(box, Qt.Key.Key_Down)
    qtbot.keyClick(part(form, "c4", QCheckBox), Qt.Key.Key_Space)
    qtbot.keyClick(part(form, "c5", QSpinBox), Qt.Key.Key_Up)
    assert values(draft) == {
        "c0": Text("reeds in the wind"),
        "c1": 0.25,
        "c2": 31,
        "c3": "best",
        "c4": False,
        "c5": Seeds(0, 2),
    }


def test_values_from_elsewhere_are_shown_and_not_sent_back(qtbot: QtBot, panel: PanelModel, draft: DraftModel) -> None:
    form = drawn(qtbot, panel, *CONTROLS)
    edited: list[object] = []
    for one in CONTROLS:
        field = form.field(one.name)
        assert isinstance(field, Field)
        field.edited.connect(edited.append)
    given: dict[str, ControlValue] = {"c0": Text("x", "y"), "c1": 1.0, "c2": 5, "c3": "draft", "c5": Seeds(9, 3)}
    draft.load(given)
    prompt, steps, tier = part(form, "c0", QPlainTextEdit), part(form, "c2", QSpinBox), part(form, "c3", QComboBox)
    assert isinstance(prompt, QPlainTextEdit) and isinstance(steps, QSpinBox) and isinstance(tier, QComboBox)
    assert (prompt.toPlainText(), steps.value(), tier.currentText()) == ("x", 5, "draft")
    assert not edited and values(draft) == given


def test_a_control_comes_and_goes_with_its_label(qtbot: QtBot, panel: PanelModel) -> None:
    guide = control("guide", ToggleControl(default=False))
    weight = control("weight", NumberControl(1, 0, 1), ShownWhen("guide", (True,)))
    form = drawn(qtbot, panel, guide, weight)
    label = next(one for one in form.findChildren(QLabel) if one.text() == "Weight")
    field = form.field("weight")
    assert field is not None and not field.isVisible() and not label.isVisible()
    qtbot.keyClick(part(form, "guide", QCheckBox), Qt.Key.Key_Space)
    assert field.isVisible() and label.isVisible()


def test_every_field_is_named_for_screen_readers(qtbot: QtBot, panel: PanelModel) -> None:
    form = drawn(qtbot, panel, *CONTROLS)
    for one in CONTROLS:
        field = form.field(one.name)
        assert field is not None
        proxy = field.focusProxy()
        assert proxy is not None and proxy.accessibleName(), one.kind


def files(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def test_stills_stand_at_frames_of_the_take_and_are_moved_with_keys(
    qtbot: QtBot, panel: PanelModel, tmp_path: Path
) -> None:
    form = drawn(qtbot, panel, control("keyframes", KeyframesControl(3, ends_only=False)))
    stills = [tmp_path / f"{name}.png" for name in "abc"]
    for one in stills:
        write_still(one)
    panel.draft.ask(Replace())
    field = form.field("keyframes")
    assert isinstance(field, KeyframesField)
    ruler = field.ruler
    dropped(ruler, QPoint(ruler.left_of(12), 5), files(stills[0]))
    dropped(ruler, QPoint(ruler.left_of(12), 5), files(stills[1]))  # the frame has one: beside it
    assert [(Path(one.path).stem, one.at.frame) for one in ruler.keyframes] == [("b", 11), ("a", 12)]
    qtbot.mouseClick(ruler, Qt.MouseButton.LeftButton, pos=ruler.place_of(1).center())
    qtbot.keyClick(ruler, Qt.Key.Key_End)
    qtbot.keyClick(ruler, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert values(panel.draft) == {
        "keyframes": (
            Keyframe(str(stills[1]), FrameTime(11, Fraction(24))),
            Keyframe(str(stills[0]), FrameTime(19, Fraction(24))),
        )
    }
    assert "a.png at frame 19" in ruler.accessibleDescription()
    place = ruler.place_of(0).center()
    dragged(ruler, place, QPoint(ruler.left_of(3), place.y()))
    assert [one.at.frame for one in ruler.keyframes] == [3, 19]
    qtbot.keyClick(ruler, Qt.Key.Key_Delete)
    assert [one.at.frame for one in ruler.keyframes] == [19]
    form.row("keyframes").reset.click()
    assert values(panel.draft) == {} and ruler.keyframes == ()


def test_a_model_that_takes_stills_at_its_ends_gets_them_there(qtbot: QtBot, panel: PanelModel, tmp_path: Path) -> None:
    form = drawn(qtbot, panel, control("keyframes", KeyframesControl(2, ends_only=True)))
    panel.draft.ask(Extend(frames=12))
    field = form.field("keyframes")
    assert isinstance(field, KeyframesField)
    for name, at in (("a", 4), ("b", 5), ("c", 6)):
        write_still(tmp_path / f"{name}.png")
        field.add(str(tmp_path / f"{name}.png"), at)
    assert [(Path(one.path).stem, one.at.frame) for one in field.ruler.keyframes] == [("a", 0), ("b", 11)]


def test_a_still_is_pasted_or_taken_at_the_playhead_and_kept_with_the_takes(
    qtbot: QtBot, panel: PanelModel, tmp_path: Path, make_clip: MakeClip
) -> None:
    clip = make_clip(30)
    version = version_of(sounding_cut(shot(clip, 30, 4, 20), gap(10)))
    panel.cut.set_state(OpenCut(tmp_path / "cut.otio", (version,)))
    panel.select(version.places[0])
    panel.draft.ask(Replace())
    form = drawn(qtbot, panel, control("keyframes", KeyframesControl(2, ends_only=False)))
    field, clipboard = form.field("keyframes"), QGuiApplication.clipboard()
    assert isinstance(field, KeyframesField) and clipboard is not None
    buttons = {button.accessibleName(): button for button in field.findChildren(QToolButton)}
    picture = QImage(64, 36, QImage.Format_RGB32)
    picture.fill(QColor("#b0603a"))
    clipboard.setImage(picture)
    buttons["Paste a still"].click()
    qtbot.waitUntil(lambda: len(field.ruler.keyframes) == 1)
    (pasted,) = field.ruler.keyframes
    assert Path(pasted.path).parent == tmp_path / "takes" / "pictures"
    assert QImage(pasted.path).pixelColor(9, 9) == QColor("#b0603a")

    qtbot.waitUntil(lambda: panel.playback.scene is not None, timeout=SECONDS)
    panel.playback.seek(10)
    buttons["Use the frame at the playhead"].click()
    qtbot.waitUntil(lambda: len(field.ruler.keyframes) == 2, timeout=SECONDS)
    (taken,) = [one.path for one in field.ruler.keyframes if "frame-01-00-00-10" in one.path]
    away = {number: apart(rgb(Path(taken).read_bytes()), frame_of(clip, number, 160, 90)) for number in range(12, 17)}
    assert min(away, key=lambda number: away[number]) == 14 and away[14] < 8, "as sRGB codes"

    notices: list[Notice] = []
    panel.noticed.connect(notices.append)
    panel.playback.seek(25)
    buttons["Use the frame at the playhead"].click()
    assert notices[0].refused and "put the playhead on a shot" in notices[0].text


def test_stills_and_shots_are_seen_on_their_boards(
    qtbot: QtBot, panel: PanelModel, tmp_path: Path, make_clip: MakeClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECONDUNIT_CACHE", str(tmp_path / "cache"))
    kinds = {"image": ImageControl(2), "shot": ShotControl(1), "keyframes": KeyframesControl(2, ends_only=False)}
    form = drawn(qtbot, panel, *(control(name, kind) for name, kind in kinds.items()))
    write_still(tmp_path / "white.png")
    clip = Span(str(make_clip(30)), FrameRange(0, 30, Fraction(24)))
    stills = [ReferenceImage(str(tmp_path / name)) for name in ("white.png", "gone.png")]
    panel.draft.set_value("image", tuple(stills))
    panel.draft.set_value("shot", (ReferenceShot(clip),))
    panel.draft.set_value("keyframes", (Keyframe(stills[0].path, FrameTime(0, Fraction(24))),))
    boards = [field.board for name in ("image", "shot") if isinstance(field := form.field(name), ReferencesField)]
    keyframes = form.field("keyframes")
    assert isinstance(keyframes, KeyframesField)
    panel.frames.start()
    try:
        white, gone = (boards[0].item(row) for row in range(2))
        assert white is not None and gone is not None
        qtbot.waitUntil(lambda: "gone.png cannot" in gone.toolTip() and _middle(white) == "#ffffff", timeout=SECONDS)
        picture = ThumbnailOf(MediaTime(clip.path, Fraction(15, 24), Fraction(24)), 192)
        qtbot.waitUntil(lambda: panel.thumbnails.get(picture) is not None, timeout=SECONDS)
        seen = boards[1].item(0)
        assert seen is not None and seen.icon().pixmap(96, 54).width() == 96
        qtbot.waitUntil(lambda: stills[0].path in keyframes.ruler.pictures, timeout=SECONDS)
    finally:
        panel.frames.close()


def _middle(item: QListWidgetItem) -> str:
    picture = item.icon().pixmap(96, 54).toImage()
    return picture.pixelColor(picture.width() // 2, picture.height() // 2).name()


def test_looks_are_dropped_weighed_and_taken_away(qtbot: QtBot, panel: PanelModel, tmp_path: Path) -> None:
    form = drawn(qtbot, panel, control("look", LookControl()))
    field = form.field("look")
    assert isinstance(field, LooksField)
    paths = [tmp_path / "kodak.safetensors", tmp_path / "readme.txt", tmp_path / "drawn.safetensors"]
    dropped(field, QPoint(5, 5), files(*paths))
    assert values(panel.draft) == {"look": (Look(str(paths[0])), Look(str(paths[2])))}
    field.sliders[1].setValue(0.4)
    assert values(panel.draft) == {"look": (Look(str(paths[0])), Look(str(paths[2]), 0.4))}
    button = next(one for one in field.findChildren(QToolButton) if one.accessibleName() == "Take kodak away")
    button.click()
    assert values(panel.draft) == {"look": (Look(str(paths[2]), 0.4),)}
    assert [slider.value() for slider in field.sliders] == [0.4]


def test_a_mask_file_a_camera_move_sound_and_frames_beside(qtbot: QtBot, panel: PanelModel, tmp_path: Path) -> None:
    form = drawn(
        qtbot,
        panel,
        control("mask", MaskControl()),
        control("camera", CameraMoveControl(("push-in", "orbit"), native=True)),
        control("room", SoundControl(made=False)),
        control("context", FrameRangeControl(0)),
    )
    mask = form.field("mask")
    assert mask is not None
    dropped(mask, QPoint(5, 5), files(tmp_path / "mask.png"))
    move, sound, beside = (
        part(form, "camera", QComboBox),
        part(form, "room", QComboBox),
        part(form, "context", QSpinBox),
    )
    qtbot.keyClick(move, Qt.Key.Key_Down)
    part(form, "camera", QLabeledSlider).setValue(40)  # type: ignore[attr-defined]
    qtbot.keyClick(sound, Qt.Key.Key_Down)
    for _ in range(3):
        qtbot.keyClick(beside, Qt.Key.Key_Up)
    assert values(panel.draft) == {
        "mask": MaskFile(str(tmp_path / "mask.png")),
        "camera": CameraMove("push-in", 0.4),
        "room": SoundKind.SILENCE,
        "context": Beside(3),
    }
    qtbot.keyClick(move, Qt.Key.Key_Up)
    assert "camera" not in values(panel.draft)


def test_regions_have_directions_and_speeds_in_numbers(qtbot: QtBot, panel: PanelModel) -> None:
    form = drawn(qtbot, panel, control("strokes", StrokesControl(4, native=False)))
    region = (Point(0.1, 0.1), Point(0.4, 0.1), Point(0.4, 0.4))
    panel.draft.load({"strokes": Strokes((Stroke(region, 0, 0.1), Stroke(region, 90, 0.2)))})
    qtbot.keyClick(part(form, "strokes", QSpinBox), Qt.Key.Key_Up)
    assert values(panel.draft) == {"strokes": Strokes((Stroke(region, 0, 0.1), Stroke(region, 91, 0.2)))}
    field = form.field("strokes")
    assert isinstance(field, StrokesField)
    qtbot.keyClick(field.regions, Qt.Key.Key_Up)
    next(one for one in field.findChildren(QToolButton) if one.accessibleName() == "Take the region away").click()
    assert values(panel.draft) == {"strokes": Strokes((Stroke(region, 91, 0.2),))}


def test_a_group_is_closed_and_stays_so(qtbot: QtBot, panel: PanelModel) -> None:
    one = Control("steps", "Steps", "", "quality", IntegerControl(30, 1, 60), ())
    other = Control("memory", "Memory", "", "speed", ChoiceControl("", ("", "resident")), ())
    form = drawn(qtbot, panel, one, other)
    titles = {group.title.text(): group.title for group in form.findChildren(Group)}
    steps, memory = form.field("steps"), form.field("memory")
    assert steps is not None and memory is not None
    assert steps.isVisible() and not memory.isVisible(), "what is for speed is closed at first"
    qtbot.mouseClick(titles["Quality"], Qt.MouseButton.LeftButton)
    qtbot.mouseClick(titles["Speed"], Qt.MouseButton.LeftButton)
    panel.draft.set_controls(Known((other, one)))
    steps, memory = form.field("steps"), form.field("memory")
    assert steps is not None and memory is not None
    qtbot.waitUntil(memory.isVisible)
    assert not steps.isVisible()


def test_earlier_texts_come_back_with_up_and_by_search(qtbot: QtBot, panel: PanelModel, tmp_path: Path) -> None:
    form = drawn(qtbot, panel, control("prompt", TextControl(negative=True)))
    panel.history.open("show")
    for text in (Text("reeds in the wind", "people"), Text("a lake"), Text("a lake at night"), Text("a lake")):
        panel.history.add(text)
    prompt = part(form, "prompt", PromptEdit)
    assert isinstance(prompt, PromptEdit)
    qtbot.keyClicks(prompt, "mist")
    qtbot.keyClick(prompt, Qt.Key.Key_Up)
    assert values(panel.draft) == {"prompt": Text("a lake")}
    for _ in range(5):
        qtbot.keyClick(prompt, Qt.Key.Key_Up)
    assert values(panel.draft) == {"prompt": Text("reeds in the wind", "people")}
    for _ in range(3):
        qtbot.keyClick(prompt, Qt.Key.Key_Down)
    assert values(panel.draft) == {"prompt": Text("mist")}, "what was being written comes back"
    field = form.field("prompt")
    assert isinstance(field, TextField)
    popup = field.search()
    qtbot.keyClicks(popup.search, "lake night")
    qtbot.keyClick(popup.search, Qt.Key.Key_Return)
    assert values(panel.draft) == {"prompt": Text("a lake at night")}

    kept = tmp_path / "panel" / "prompts"
    qtbot.waitUntil(lambda: any("a lake at night" in file.read_text() for file in kept.glob("*.json")))
    again = PanelModel(UnitLink())
    again.history.open("show")
    wanted = (Text("reeds in the wind", "people"), Text("a lake at night"), Text("a lake"))
    qtbot.waitUntil(lambda: again.history.texts == wanted)
    again.history.open("another show")
    assert again.history.texts == ()


def test_texts_that_cannot_be_read_are_said_and_left_alone(qtbot: QtBot, panel: PanelModel, tmp_path: Path) -> None:
    panel.history.open("show")
    panel.history.add(Text("reeds"))
    folder = tmp_path / "panel" / "prompts"
    qtbot.waitUntil(lambda: bool(list(folder.glob("*.json"))))
    (file,) = folder.glob("*.json")
    file.write_text("{")
    again, said = PanelModel(UnitLink()), list[Notice]()
    again.noticed.connect(said.append)
    again.history.open("show")
    qtbot.waitUntil(lambda: bool(said))
    again.history.add(Text("a lake"))
    qtbot.waitUntil(lambda: len(said) == 2)
    assert said[0].refused and str(file) in said[0].text and file.read_text() == "{"
