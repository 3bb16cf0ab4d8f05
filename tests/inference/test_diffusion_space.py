"""Colour comes back from a model's space as it went in, highlights included."""

import numpy as np
import pytest
from secondunit_bridge.errors import OrderRefused
from secondunit_bridge.media.probe import Encoding
from secondunit_inference.engines.diffusion.space import Space, space_of


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("", 1.0),
        ("ARRI LogC4", 0.95),
        ("ARRI LogC3 (EI800)", 0.99),
        ("S-Log3 S-Gamut3.Cine", 0.9),
        ("Rec.2100-HLG - Display", 0.98),
        ("Rec.2100-PQ - Display", 0.75),
        ("ACEScg", 16.0),
        (space_of("", Encoding("yuv420p10le", 10, "bt2020nc", "bt2020", "bt2020-10", False)), 1.0),
    ],
)
def test_a_colour_comes_back(name: str, most: float) -> None:
    grey = np.linspace(0.1, most, 64, dtype=np.float32)
    codes = np.stack([grey, grey * 0.97, grey * 0.94], axis=-1)[None]
    space = Space(name)
    display = space.into(codes)
    assert display.min() >= 0 and display.max() <= 1
    assert np.all(np.diff(display[0, :, 0]) > 0), "brighter stays brighter"
    assert np.allclose(space.out_of(display), codes, rtol=2e-3, atol=1e-3)


def test_middle_grey_is_where_models_expect_it() -> None:
    """18 % grey is about 0.46 in a display picture; LogC4 holds it at 0.278 (ARRI LogC4 specification)."""
    grey = Space("ARRI LogC4").into(np.full((1, 1, 3), 0.2784, np.float32))
    assert np.allclose(grey, 0.46, atol=0.02)


def test_white_and_the_primaries_of_bt2020_are_seen_in_those_of_bt709() -> None:
    """BT.709's red is 0.6274, 0.0691, 0.0164 in linear BT.2020 (ITU-R BT.2087)."""
    space = Space(space_of("", Encoding("yuv420p10le", 10, "bt2020nc", "bt2020", "bt2020-10", False)))
    red = np.array([[[0.6274, 0.0691, 0.0164]]], np.float32) ** np.float32(1 / 2.4)
    red, grey = space.into(red)[0, 0], space.into(np.full((1, 1, 3), 0.5, np.float32))[0, 0]
    assert red[0] > 0.8 and np.allclose(red[1:], 0, atol=0.02)
    assert np.ptp(grey) < 1e-3


def test_an_unknown_space_is_refused() -> None:
    with pytest.raises(OrderRefused, match="no colour space 'LogC9'"):
        Space("LogC9")
