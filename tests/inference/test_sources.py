"""What the unit says of an order's camera files before it accepts it."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from secondunit_bridge.errors import MediaMissing, MediaUnsupported
from secondunit_bridge.messages import FramesBefore, Order, Span
from secondunit_bridge.rates import FrameRange
from secondunit_inference.engines.draft.card import CARD
from secondunit_inference.sources import look_at_sources

from tests.inference.running_unit import order

ALL = replace(CARD, hdr=True, variable_rate=True, interlaced=True)


def standing_on(path: Path, rate: Fraction) -> Order:
    return replace(order("a", path.parent), conditions=(FramesBefore(Span(str(path), FrameRange(0, 5, rate))),))


@pytest.mark.parametrize(
    ("name", "rate", "reason"),
    [
        ("s11_london_roof_hlg10_rot90_editlist.mp4", Fraction(30000, 1001), "HLG"),
        ("s12_london_roof_pq10_av1_portrait.mp4", Fraction(30000, 1001), "PQ"),
        ("s16_sony_a7m3_1080i25_avchd.mts", Fraction(25), "interlaced"),
        ("s17_fireplace_dog_rot180_vfr_lowlight.mp4", Fraction(25), "variable frame rate"),
    ],
)
def test_the_card_says_what_is_taken(footage: Path, name: str, rate: Fraction, reason: str) -> None:
    with pytest.raises(MediaUnsupported, match=reason):
        look_at_sources(standing_on(footage / name, rate), CARD)
    look_at_sources(standing_on(footage / name, rate), ALL)


def test_fields_give_their_frames_or_twice_as_many(footage: Path) -> None:
    path = footage / "s16_sony_a7m3_1080i25_avchd.mts"
    look_at_sources(standing_on(path, Fraction(50)), ALL)
    with pytest.raises(MediaUnsupported, match="not 24"):
        look_at_sources(standing_on(path, Fraction(24)), ALL)


def test_missing_and_raw_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(MediaMissing, match="does not exist"):
        look_at_sources(standing_on(tmp_path / "a.mov", Fraction(24)), ALL)
    (tmp_path / "a.braw").write_bytes(b"raw")
    with pytest.raises(MediaUnsupported, match="camera raw"):
        look_at_sources(standing_on(tmp_path / "a.braw", Fraction(24)), ALL)
