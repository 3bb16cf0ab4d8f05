"""Media that tests share: real clips where they are at hand, and clips that the ffmpeg program makes."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import pytest

# Widgets are drawn offscreen, in whatever session the tests run.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

FOOTAGE = Path(__file__).parents[1].parent / "shared" / "footage"


@pytest.fixture(scope="session")
def footage() -> Path:
    if not FOOTAGE.is_dir():
        pytest.skip("the shared footage does not lie beside the repository")
    return FOOTAGE


@pytest.fixture(scope="session")
def make_clip(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A clip with a moving test picture, stereo noise and timecode, made once for each set of arguments."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("the ffmpeg program is not installed")
    folder = tmp_path_factory.mktemp("clips")

    def make(
        frames: int, rate: str = "24", timecode: str = "10:00:00:00", size: str = "160x90", name: str = "clip"
    ) -> Path:
        key = f"{name}_{frames}_{rate}_{timecode}_{size}".translate(str.maketrans("/:;", "--_"))
        path = folder / f"{key}.mov"
        seconds = float(frames / Fraction(rate))
        if not path.exists():
            subprocess.run(
                [
                    *(
                        "ffmpeg",
                        "-v",
                        "error",
                        "-f",
                        "lavfi",
                        "-i",
                        f"testsrc2=size={size}:rate={rate},trim=end_frame={frames}",
                    ),
                    *("-f", "lavfi", "-i", f"anoisesrc=r=48000:a=0.05:d={seconds},pan=stereo|c0=c0|c1=0.5*c0"),
                    *("-pix_fmt", "yuv420p", "-c:v", "libx264", "-g", "12"),
                    *("-c:a", "pcm_s16le", "-timecode", timecode, str(path)),
                ],
                check=True,
            )
        return path

    return make


@pytest.fixture(scope="session", autouse=True)
def cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Thumbnails that tests make are not kept in the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECONDUNIT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
