"""What the unit says of an order's camera files before it accepts it."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from secondunit_bridge.errors import MediaMissing, MediaUnsupported, OrderRefused
from secondunit_bridge.messages import Codec, FramesBefore, Mask, Order, Span
from secondunit_bridge.rates import FrameRange
from secondunit_inference.engines.draft.card import CARD
from secondunit_inference.sources import look_at_sources

from tests.bridge.media_clips import mastered
from tests.inference.diffusion_orders import numbered
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


def test_proxies_are_named_by_their_name_or_their_size(footage: Path, tmp_path: Path) -> None:
    shot = footage / "s08a_city_shotA.mkv"
    asked = standing_on(shot, Fraction(25))
    sized = replace(asked, slot=replace(asked.slot, width=720, height=405))
    assert not look_at_sources(sized, ALL)
    (warning,) = look_at_sources(replace(asked, slot=replace(asked.slot, width=1920, height=1080)), ALL)
    assert str(shot) in warning and "720×405, is smaller than the slot (1920×1080)" in warning
    for name in ("Proxies/a.mkv", "a_proxy.mkv", "OFFLINE/a.mkv", "a.lowres.mkv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(shot)
        (warning,) = look_at_sources(replace(sized, conditions=standing_on(path, Fraction(25)).conditions), ALL)
        assert str(path) in warning and "a proxy by its name" in warning and "--offline-grade" in warning
    other = tmp_path / "rushes/approximation.mkv"
    other.parent.mkdir()
    other.symlink_to(shot)
    assert not look_at_sources(replace(sized, conditions=standing_on(other, Fraction(25)).conditions), ALL)


def test_mastering_metadata_that_a_codec_does_not_carry_is_named_before(tmp_path: Path) -> None:
    path = Path(mastered(tmp_path / "a.mp4"))
    asked = standing_on(path, Fraction(25))
    asked = replace(asked, slot=replace(asked.slot, width=192, height=108))
    (warning,) = look_at_sources(asked, ALL)
    assert "display up to 1000 cd/m², MaxCLL 1000, MaxFALL 400" in warning and "prores_hq" in warning
    h264 = replace(asked, delivery=replace(asked.delivery, codec=Codec.H264))
    assert not look_at_sources(h264, ALL)


def test_missing_and_raw_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(MediaMissing, match="does not exist"):
        look_at_sources(standing_on(tmp_path / "a.mov", Fraction(24)), ALL)
    (tmp_path / "a.braw").write_bytes(b"raw")
    with pytest.raises(MediaUnsupported, match="camera raw"):
        look_at_sources(standing_on(tmp_path / "a.braw", Fraction(24)), ALL)


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    rate = Fraction(25)
    made = order("a", tmp_path)
    for size, refused in (((made.slot.width, made.slot.height), False), ((32, 16), True)):
        path = numbered(tmp_path / "mask.mkv", 1, rate, size=size)
        masked = replace(made, conditions=(Mask(Span(path, FrameRange(0, 1, rate))),))
        if refused:
            with pytest.raises(OrderRefused, match=r"the mask .* is 32×16, the take"):
                look_at_sources(masked, ALL)
        else:
            look_at_sources(masked, ALL)
