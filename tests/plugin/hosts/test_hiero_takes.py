"""Takes as Hiero's users know them: OpenEXR from 1001 with timecode, versions of a shot in the bin."""

import shutil
from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest
from secondunit_bridge.media.probe import Encoding, SoundInfo
from secondunit_bridge.media.stamp import read_stamp
from secondunit_bridge.media.write import MediaWriter
from secondunit_bridge.messages import Codec, Order, Record, Take
from secondunit_bridge.takes import MARKER, digest
from secondunit_bridge.wire import record_to_json
from secondunit_plugin.hosts.placement import Placed, land
from secondunit_timeline import placing
from secondunit_timeline.extensions import place_extension, plan_extension
from secondunit_timeline.index import Index
from secondunit_timeline.matches import place_match, plan_replace
from secondunit_timeline.operations import End, Into
from secondunit_timeline.orders import Settings
from secondunit_timeline.placing import Ordered
from secondunit_timeline.takes import key_of

from tests.plugin.hosts.conformance import film, probed
from tests.plugin.hosts.foundry.media import BinItem, Clip, MediaSource, Version, path_of
from tests.plugin.hosts.hiero_editor import HieroEditor, opened
from tests.plugin.hosts.hiero_editor import at as item_at
from tests.timeline.media_cuts import MakeClip

_LINEAR = Encoding("gbrpf32le", 32, "gbr", "bt709", "linear", True)


@pytest.fixture
def hiero(make_clip: MakeClip, tmp_path: Path) -> Iterator[HieroEditor]:
    with opened(tmp_path / "hiero") as made:
        made.open(film(make_clip).cut)
        yield made


def write(folder: Path, order: Order, number: int, *sound: SoundInfo) -> Take:
    """As the unit writes it where OpenEXR is ordered."""
    folder.mkdir(exist_ok=True)
    (folder / MARKER).touch()
    slot, reel = order.slot, f"UAAAAAA{number}"
    assert slot.start is not None
    frames = slot.head + slot.frames + slot.tail
    record = Record(
        *(f"{order.id}_{number}", f"{order.shot}_v{number:03}", reel, slot.start, slot.drop_frame),
        *(order, order.seeds[0], "", (), (), None, None, False, ()),
    )
    place = folder / f"{record.name}_{reel}_1"
    with MediaWriter(
        *(str(place), order.delivery.codec, slot.rate, 64, 36, Fraction(1), _LINEAR),
        start=slot.start,
        reel=reel,
        sound=sound,
        record=record_to_json(record),
    ) as writer:
        for _ in range(frames):
            writer.write(np.zeros((36, 64, 3), np.float32))
        for number in range(len(sound)):
            writer.write_sound(number, np.zeros((2, round(frames * 48000 / slot.rate)), np.float32))
    return Take(str(place / "frame_%04d.exr"), frames, digest(place), "", record)


def shot_b(hiero: HieroEditor, folder: Path) -> Ordered:
    read = hiero.host.read().cut
    plan = plan_replace(Index(read), "V1@+70", None, Settings(folder, codec=Codec.EXR, handles=4, prompt="x"))
    return Ordered(read, plan.order, partial(place_match, plan))


def place(hiero: HieroEditor, ordered: Ordered, take: Take) -> None:
    placed = land(
        *(hiero.host, hiero.host.read().id),
        lambda sequence: placing.place(sequence.cut, ordered, [take])[1],
        *([take.path], "Take", probed),
    )
    assert isinstance(placed, Placed)


def test_an_exr_take_lands_as_a_version_and_hieros_scan_finds_the_next(hiero: HieroEditor, tmp_path: Path) -> None:
    ordered = shot_b(hiero, tmp_path / "takes")
    assert ordered.order is not None
    first, second, other = (write(tmp_path / "takes", ordered.order, number) for number in (1, 2, 12))
    place(hiero, ordered, second)
    sequence = hiero.application.active()
    assert sequence is not None
    item = item_at(sequence, 70)
    source = item.source().mediaSource()
    assert source.fileinfos()[0].startFrame() == 1001
    assert item.source().framerate().toFloat() == 24
    # The used range begins behind the handles; the header counts from the source's own timecode.
    assert item.sourceIn() == 4
    stamp = read_stamp(str(Path(second.path).parent / "frame_1001.exr"))
    assert (stamp.start, stamp.reel) == (second.record.start, "UAAAAAA2")
    version = item.currentVersion()
    assert version.name() == "B_v002_UAAAAAA2_1"
    hiero.do(lambda: hiero.application.scanner().doScan(version))
    names = [Path(path_of(one.item())).parent.name for one in version.parent().items()]
    assert sorted(names) == [Path(take.path).parent.name for take in (first, second, other)]
    # What is scanned again is known.
    assert hiero.do(lambda: hiero.application.scanner().doScan(version)) == []
    clip = Index(hiero.host.read().cut).tracks[0].items[2].child
    assert clip.active_media_reference_key == key_of(second)
    assert clip.media_reference.start_frame == 1001


def test_the_sound_of_an_exr_take_is_placed_with_its_pictures(hiero: HieroEditor, tmp_path: Path) -> None:
    read = hiero.host.read().cut
    settings = Settings(tmp_path / "takes", codec=Codec.EXR, handles=4, prompt="x")
    plan = plan_extension(Index(read), "V1@+10", End.TAIL, 10, Into.GAP, False, settings)
    assert plan.order is not None
    take = write(tmp_path / "takes", plan.order, 1, SoundInfo(48000, 2, "stereo"))
    place(hiero, Ordered(read, plan.order, partial(place_extension, plan)), take)
    sequence = hiero.application.active()
    assert sequence is not None
    picture, sound = item_at(sequence, 45), sequence.audioTracks()[0].items()[1]
    assert (sound.timelineIn(), sound.timelineOut()) == (picture.timelineIn(), picture.timelineOut()) == (40, 49)
    assert path_of(sound.source()) == str(Path(take.path).parent / "sound_1.wav")
    assert sound.sourceIn() == picture.sourceIn() == 4
    hiero.reopen()
    clip = Index(hiero.host.read().cut).tracks[1].items[1].child
    assert isinstance(clip, otio.schema.Clip)
    assert clip.active_media_reference_key == key_of(take)


def test_other_media_are_scanned_for_as_hiero_does_it(hiero: HieroEditor, make_clip: MakeClip, tmp_path: Path) -> None:
    for number in (1, 2):
        shutil.copy(make_clip(24), tmp_path / f"plate_v{number:03}.mov")
    item = BinItem(Clip(MediaSource(str(tmp_path / "plate_v001.mov"))))
    hiero.application.project.clipsBin().addItem(item)
    found: list[Version] = hiero.do(lambda: hiero.application.scanner().doScan(item.activeVersion()))
    assert [path_of(one.item()) for one in found] == [str(tmp_path / "plate_v002.mov")]


def test_movies_are_takes_as_well(hiero: HieroEditor, make_clip: MakeClip, tmp_path: Path) -> None:
    (tmp_path / MARKER).touch()
    names = ("A_v001_UAAAAAAA_1.mov", "A_v002_UAAAAAAB_1.mov", "A_v002_UAAAAAAB_1.mp4", "AA_v001_UAAAAAAC_1.mov")
    for name in names:
        shutil.copy(make_clip(24), tmp_path / name)
    item = BinItem(Clip(MediaSource(str(tmp_path / names[0]))))
    hiero.application.project.clipsBin().addItem(item)
    found: list[Version] = hiero.do(lambda: hiero.application.scanner().doScan(item.activeVersion()))
    assert [path_of(one.item()) for one in found] == [str(tmp_path / names[1])]


def test_what_is_ordered_in_the_panel_for_hiero_is_exr(hiero: HieroEditor, tmp_path: Path) -> None:
    pytest.importorskip("PyQt5.QtCore", reason="the extra `panel` is not installed")
    from secondunit_plugin.panel.model.draft import Draft, Extend
    from secondunit_plugin.panel.model.hosted import Hosted
    from secondunit_plugin.panel.model.places import ShotPlace
    from secondunit_plugin.panel.model.planning import Folders, plan

    cut = Hosted(hiero.host).read()
    place = next(one for one in cut.version.places if isinstance(one, ShotPlace) and one.name == "A")
    ordered = plan(cut.version, Draft(place, Extend()), Folders(tmp_path, tmp_path, cut.codec), None)
    assert ordered.order is not None
    assert ordered.order.delivery.codec is Codec.EXR
