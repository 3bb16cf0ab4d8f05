import cv2
import numpy as np
import pytest
from secondunit_bridge.media.seam import lab, measure
from secondunit_bridge.messages import IgnoreRegion


def scene() -> np.ndarray:
    random = np.random.default_rng(1)
    small = random.random((12, 20, 3)).astype(np.float32)
    wide = cv2.resize(small, (640, 360), interpolation=cv2.INTER_CUBIC)
    wide[100:200, 200:300] *= 0.5
    return np.clip(wide * 0.6 + 0.2, 0, 1)


def codes(rgb: np.ndarray) -> np.ndarray:
    return (np.clip(rgb, 0, 1) * 65535).astype(np.uint16)


def test_equal_pictures_do_not_differ() -> None:
    found = measure(codes(scene()), codes(scene()))
    assert (found.luma, found.colour, found.grain, found.sharpness) == (0, 0, 1, 1)


def test_white_and_primaries_have_their_published_lab_values() -> None:
    # sRGB primaries under D65 (Lindbloom): white 100, 0, 0; red 53.24, 80.09, 67.20; blue 32.30, 79.19, -107.86
    found = lab(np.array([[1, 1, 1], [1, 0, 0], [0, 0, 1]], np.float32))
    assert found == pytest.approx(np.array([[100, 0, 0], [53.24, 80.09, 67.2], [32.3, 79.19, -107.86]]), abs=0.1)


def test_a_lighter_picture_has_more_luma() -> None:
    found = measure(codes(scene()), codes(scene() * 1.1))
    assert found.luma > 2
    assert found.colour >= found.luma


def test_grain_is_the_ratio_of_deviations() -> None:
    random = np.random.default_rng(2)
    noise = random.standard_normal((2, 360, 640, 1))
    found = measure(codes(scene() + 0.01 * noise[0]), codes(scene() + 0.02 * noise[1]))
    assert found.grain == pytest.approx(2, rel=0.15)


def test_a_soft_picture_is_less_sharp_whatever_its_grain() -> None:
    random = np.random.default_rng(3)
    soft = cv2.GaussianBlur(scene(), (0, 0), 1.2)
    assert measure(codes(scene()), codes(soft)).sharpness < 0.7
    grained = soft + 0.01 * random.standard_normal((360, 640, 1))
    assert measure(codes(scene()), codes(grained)).sharpness < 0.85


def test_ignored_regions_count_nowhere() -> None:
    other = scene()
    other[40:90, 60:180] = 1.0
    assert measure(codes(scene()), codes(other)).colour > 0.5
    found = measure(codes(scene()), codes(other), (IgnoreRegion(50, 30, 140, 70),))
    assert found.colour == 0
    assert found.sharpness == pytest.approx(1, abs=0.05)
