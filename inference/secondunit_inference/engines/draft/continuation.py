"""A shot's motion, light and grain carried on past its last camera frame."""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from secondunit_bridge.media.seam import grain_deviation
from secondunit_bridge.messages import IgnoreRegion

from secondunit_inference.engines.draft import motion
from secondunit_inference.engines.draft.card import TRUSTED_FRAMES
from secondunit_inference.engines.draft.grain import Grain, GrainMaker, measure_grain
from secondunit_inference.engines.draft.motion import Floats, Matrix
from secondunit_inference.job import Job, Picture

CONTEXT = 12
"""More camera frames than these are not looked at."""
_DENOISED_FROM = 4
_MARGIN = 0.06
# Working pixels a frame: slower than the first is still, faster than the second moves.
_STILL, _MOVING = 0.12, 0.35
_CAMERA_STILL = 0.06
# Motion falls to 1/e after so many frames: a camera move has mass, a body's motion is seldom repeated.
_CAMERA_FRAMES, _BODY_FRAMES, _LIGHT_FRAMES = 14.0, 5.0, 8.0
_PLATE_FEATHER = 4.0
_STIFFNESS = 0.7
# The share of the width that something moving travels at most before it rests.
_FURTHEST = 0.12


@dataclass(frozen=True, slots=True)
class _Moves:
    """Per frame, at the last camera frame. `body` is what `camera` leaves over."""

    camera: Matrix
    body: Floats
    light: NDArray[np.float64]
    uncertainty: float
    still: bool


class Continuation:
    """`pictures` are the camera's, the one beside the slot last; frames are counted from 1 behind it."""

    def __init__(self, pictures: list[Picture], seed: int, ignore: tuple[IgnoreRegion, ...], job: Job) -> None:
        self._job = job
        self._pictures = pictures[-CONTEXT:]
        last = self._pictures[-1]
        self.height, self.width = last.shape[:2]
        self.scale = motion.working_scale(self.width, self.height)
        greys = [motion.grey(picture, self.scale) for picture in self._pictures]
        # back[i]: from picture i + 1 to picture i.
        self._back: list[Floats] = []
        for earlier, later in pairwise(greys):
            job.check()
            self._back.append(motion.flow(later, earlier))
        self._cameras = [motion.camera_motion(field, later) for field, later in zip(self._back, greys[1:], strict=True)]
        job.check()
        random = np.random.default_rng([seed & (2**63 - 1), 3])
        pace = float(2.0 ** random.uniform(-0.5, 0.5)) if seed else 1.0
        self._camera_frames, self._body_frames = _CAMERA_FRAMES * pace, _BODY_FRAMES * pace
        self._moves = self._measure_moves()
        self.grain = self._measure_grain(ignore)
        self._maker = GrainMaker(self.grain, seed)
        self._source, self._lacking = self._without_grain()
        self._plate = self._build_plate()
        self._grain_scale = self._calibrate(grain_deviation(last, ignore), ignore)

    @property
    def still(self) -> bool:
        return self._moves.still

    @property
    def trusted(self) -> int | None:
        """Frames until the position of what moves is likely to be off by about 1 % of the width; None: all."""
        if self._moves.still:
            return None
        if not self._back:
            return 1
        allowed = 0.01 * self.scale.width
        return int(np.clip(allowed / max(self._moves.uncertainty, 1e-6), 1, TRUSTED_FRAMES))

    def _measure_moves(self) -> _Moves:
        height, width = self.scale.height, self.scale.width
        if not self._back:
            nothing = np.zeros((height, width, 2), np.float32)
            return _Moves(np.eye(3)[:2], nothing, np.zeros(3), 0.0, False)
        recent = self._cameras[-5:]
        weights = 0.7 ** np.arange(len(recent))[::-1]
        camera = np.asarray(motion.inverse(np.average(recent, axis=0, weights=weights)))
        corners = motion.transform_field(camera, height, width)[:: height - 1, :: width - 1]
        if np.linalg.norm(corners, axis=2).max() < _CAMERA_STILL:
            camera = np.eye(3)[:2]
        bodies = []
        at = np.zeros((height, width, 2), np.float32)
        for field, own in list(zip(self._back, self._cameras, strict=True))[:-4:-1]:
            rest = field - motion.transform_field(own, height, width)
            bodies.append(-motion.sample(rest, at))
            at = at + motion.sample(field, at)
        body = bodies[0]
        uncertainty = 0.0
        if len(bodies) > 1:
            first, second = bodies[0], bodies[1]
            energy = np.maximum(np.square(first).sum(axis=2), np.square(second).sum(axis=2))
            agreement = np.clip((first * second).sum(axis=2) / (energy + 0.05), 0, 1)
            agreement = cv2.GaussianBlur(agreement, (0, 0), 4)
            body = np.mean(bodies, axis=0) * agreement[..., None]
            change = motion.length(first - second)
            moving = np.sqrt(energy) > _MOVING
            if moving.mean() > 0.002:
                uncertainty = float(np.quantile(change[moving], 0.75))
        body = np.stack([cv2.medianBlur(np.ascontiguousarray(body[..., axis]), 5) for axis in (0, 1)], axis=-1)
        body = _stiffened(body)
        speed = motion.length(body)
        body = body * _smoothstep(speed, _STILL, _MOVING)[..., None]
        moved = cv2.morphologyEx((speed > _MOVING).astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
        still = bool(np.array_equal(camera, np.eye(3)[:2]) and moved.mean() < 0.0005)
        if still:
            body = np.zeros_like(body)
        return _Moves(camera, body.astype(np.float32), self._light(), uncertainty, still)

    def _light(self) -> NDArray[np.float64]:
        """Change of each channel's mean, as a logarithm per frame; zero where it is not steady."""
        means = np.log([cv2.mean(picture)[:3] for picture in self._pictures[-8:]])
        if len(means) < 3:
            return np.zeros(3)
        changes = np.diff(means, axis=0)
        drift = np.median(changes, axis=0)
        steady = np.abs(changes - drift).mean(axis=0)
        drift = np.where(np.abs(drift) > np.maximum(5e-4, steady), drift, 0.0)
        return np.asarray(np.clip(drift, -0.02, 0.02))

    def _full_field(self, field: Floats) -> Floats:
        full = cv2.resize(field, (self.width, self.height), interpolation=cv2.INTER_LINEAR)
        full *= np.array([self.width / self.scale.width, self.height / self.scale.height], np.float32)
        return np.asarray(full)

    def _measure_grain(self, ignore: tuple[IgnoreRegion, ...]) -> Grain:
        pairs = []
        keep = np.ones((self.height, self.width), np.bool_)
        for region in ignore:
            keep[region.top : region.top + region.height, region.left : region.left + region.width] = False
        grid = np.rint(motion.grid(self.height, self.width))
        for index in range(len(self._back) - 1, max(-1, len(self._back) - 4), -1):
            self._job.check()
            whole = np.rint(self._full_field(self._back[index])) + grid
            neighbour = cv2.remap(
                self._pictures[index],
                whole[..., 0],
                whole[..., 1],
                cv2.INTER_NEAREST,
                borderMode=cv2.BORDER_REFLECT_101,
            )
            pairs.append((self._pictures[index + 1], neighbour))
        return measure_grain(pairs, keep)

    def _without_grain(self) -> tuple[Picture, Floats | None]:
        """The last picture averaged with what earlier ones show of it, and the share of grain that this removed."""
        last = self._pictures[-1]
        if not self._maker.present:
            return last, None
        mean = last.astype(np.float32)
        total = np.ones((self.height, self.width), np.float32)
        squares = np.ones((self.height, self.width), np.float32)
        level = (cv2.cvtColor(last, cv2.COLOR_RGB2GRAY) >> 8).astype(np.uint8)
        deviation = cv2.LUT(level, (self.grain.deviations * 65535).astype(np.float32)) + 16
        at = np.zeros((self.scale.height, self.scale.width, 2), np.float32)
        for index in range(len(self._back) - 1, max(-1, len(self._back) - 1 - _DENOISED_FROM), -1):
            self._job.check()
            at = at + motion.sample(self._back[index], at)
            where = self._full_field(at) + motion.grid(self.height, self.width)
            warped = cv2.remap(
                self._pictures[index], where[..., 0], where[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
            )
            self._job.check()
            warped = warped.astype(np.float32)
            difference = np.abs(cv2.blur(cv2.cvtColor(warped - last, cv2.COLOR_RGB2GRAY), (5, 5)))
            weight = np.exp(-np.square(difference / (0.8 * deviation)))
            mean += (warped - mean) * (weight / (total + weight))[..., None]
            total += weight
            squares += np.square(weight)
        lacking = 1 - squares / np.square(total)
        return np.clip(mean + 0.5, 0, 65535).astype(np.uint16), np.asarray(lacking, np.float32)

    def _build_plate(self) -> tuple[Picture, Floats] | None:
        """What earlier frames show behind what moves and beside the frame, on the last frame's pixels with a margin."""
        camera_moves = not np.array_equal(self._moves.camera, np.eye(3)[:2])
        if not self._back or self._moves.still or not (camera_moves or self._moves.body.any()):
            return None
        margin = round(self.width * _MARGIN)
        size = (self.width + 2 * margin, self.height + 2 * margin)
        plate = np.zeros((size[1], size[0], 3), np.uint16)
        known = np.zeros((size[1], size[0]), np.uint8)
        shift = np.array([[1, 0, margin], [0, 1, margin], [0, 0, 1]], np.float64)
        # From the last frame back to picture `index`, by the camera's motion alone.
        to_earlier = np.eye(3)[:2]
        for index in range(len(self._back) - 1, -1, -1):
            self._job.check()
            own = self._cameras[index]
            to_earlier = motion.chain(to_earlier, own)
            # What moves in picture `index` is read from its own flow; the first one has only its successor's.
            at = max(0, index - 1)
            rest = self._back[at] - motion.transform_field(self._cameras[at], self.scale.height, self.scale.width)
            moving = cv2.dilate((motion.length(rest) > _MOVING).astype(np.uint8), np.ones((13, 13), np.uint8))
            background = cv2.resize(1 - moving, (self.width, self.height), interpolation=cv2.INTER_NEAREST)
            background[:2], background[-2:], background[:, :2], background[:, -2:] = 0, 0, 0, 0
            onto = np.vstack([motion.full_transform(to_earlier, self.scale), [0, 0, 1]]) @ np.linalg.inv(shift)
            flags = cv2.WARP_INVERSE_MAP
            seen = cv2.warpAffine(background, onto[:2], size, flags=flags | cv2.INTER_NEAREST)
            new = (seen > 0) & (known == 0)
            if not new.any():
                continue
            warped = cv2.warpAffine(self._pictures[index], onto[:2], size, flags=flags | cv2.INTER_CUBIC)
            plate[new] = warped[new]
            known[new] = 1
        soft = cv2.GaussianBlur(cv2.erode(known, np.ones((5, 5), np.uint8)).astype(np.float32), (0, 0), _PLATE_FEATHER)
        return plate, soft * known

    def bare(self, frame: int) -> tuple[Picture, Floats | None]:
        """The frame before grain, and the share of grain that it lacks."""
        if self._moves.still:
            return self._lit(self._source, frame), self._lacking
        height, width = self.scale.height, self.scale.width
        camera = motion.power(self._moves.camera, _travel(frame, self._camera_frames))
        # What is fast would soon be beyond all that is known of it: it comes to rest sooner.
        speed = motion.length(self._moves.body)
        pace = 1 / (1 / self._body_frames + speed / (_FURTHEST * width))
        travelled = self._moves.body * (pace * (1 - np.exp(-frame / pace)))[..., None]
        body, holes = motion.push(np.asarray(travelled, np.float32))
        # Frame → last frame without the camera's motion → last frame.
        steady = motion.transform_field(motion.inverse(camera), height, width)
        field = steady + motion.sample(body, steady)
        grid = motion.grid(self.height, self.width)
        where = self._full_field(field) + grid
        picture = cv2.remap(
            self._source, where[..., 0], where[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
        )
        lacking = self._lacking
        if lacking is not None:
            lacking = cv2.remap(
                lacking, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
            )
        if self._plate is not None:
            holes = cv2.morphologyEx(holes.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
            revealed = cv2.dilate(holes, np.ones((9, 9), np.uint8)).astype(np.float32)
            revealed = motion.sample(revealed[..., None], steady)
            outside = _outside(where, self.width, self.height)
            wanted = cv2.resize(revealed, (self.width, self.height), interpolation=cv2.INTER_LINEAR)
            wanted = np.maximum(cv2.GaussianBlur(wanted, (0, 0), 3.0), outside)
            if wanted.max() > 0:
                plate, plate_known = self._plate
                margin = (plate.shape[1] - self.width) // 2
                place = self._full_field(steady) + grid + np.float32(margin)
                behind = cv2.remap(plate, place[..., 0], place[..., 1], cv2.INTER_CUBIC)
                known = cv2.remap(plate_known, place[..., 0], place[..., 1], cv2.INTER_LINEAR)
                share = (wanted * known)[..., None]
                picture = np.clip(picture + (behind - picture.astype(np.float32)) * share + 0.5, 0, 65535).astype(
                    np.uint16
                )
                if lacking is not None:
                    lacking = lacking * (1 - share[..., 0])
        return self._lit(picture, frame), lacking

    def frame(self, frame: int) -> Picture:
        picture, lacking = self.bare(frame)
        if lacking is None:
            return picture
        return self._maker.add(picture, frame, lacking * np.float32(self._grain_scale))

    def regrained(self, picture: Picture, frame: int, lacking: Floats) -> Picture:
        """`lacking`: the share of the camera's grain that the picture has lost."""
        return self._maker.add(picture, 2**20 + frame, lacking)

    def _lit(self, picture: Picture, frame: int) -> Picture:
        if not self._moves.light.any():
            return picture
        gain = np.exp(self._moves.light * _travel(frame, _LIGHT_FRAMES))
        return np.asarray(np.clip(picture * gain.astype(np.float32) + 0.5, 0, 65535), np.uint16)

    def _calibrate(self, wanted: float, ignore: tuple[IgnoreRegion, ...]) -> float:
        """The factor on the grain's variance that brings the first frame to the camera's deviation."""
        picture, lacking = self.bare(1)
        if lacking is None:
            return 1.0
        bare = grain_deviation(picture, ignore)
        full = grain_deviation(self._maker.add(picture, 1, lacking), ignore)
        if full <= bare:
            return 1.0
        return float(np.clip((wanted**2 - bare**2) / (full**2 - bare**2), 0.0, 4.0))


def _stiffened(body: Floats) -> Floats:
    """What moves deforms little: its motion is drawn to the mean of the moving parts around it."""
    moving = (motion.length(body) > _MOVING).astype(np.float32)
    around = (0, 0), body.shape[1] / 60
    weight = cv2.GaussianBlur(moving, *around)
    mean = cv2.GaussianBlur(body * moving[..., None], *around) / np.maximum(weight, 1e-3)[..., None]
    return np.asarray(body + (mean - body) * (_STIFFNESS * moving)[..., None], np.float32)


def _travel(frame: int, frames: float) -> float:
    """How far something gets by `frame` that moves by 1 a frame at first and slows down evenly to rest."""
    return frames * (1 - float(np.exp(-frame / frames)))


def _smoothstep(value: Floats, low: float, high: float) -> Floats:
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def _outside(where: Floats, width: int, height: int) -> Floats:
    """1 where a position lies beyond the picture, falling to 0 four pixels inside."""
    x, y = where[..., 0], where[..., 1]
    inside = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    return np.asarray(np.clip(1 - inside / 4, 0, 1), np.float32)
