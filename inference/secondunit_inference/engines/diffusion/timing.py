"""Where a model's frames lie in time over a take's, how many there are, and in which passes they are made.

Models make `multiple` × k + `plus` frames at a rate of their own, and each pipeline rounds another count in its own
way. So the count is snapped here, what is too much is trimmed here, and a pipeline never gets an illegal one.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from secondunit_inference.engines.diffusion.canvas import Canvas


@dataclass(frozen=True, slots=True)
class FrameRule:
    """`multiple` × k + `plus` frames, from `least` to `most`."""

    multiple: int
    plus: int
    least: int
    most: int

    def up(self, frames: int) -> int:
        """The smallest legal count of at least `frames`; may be above `most`."""
        frames = max(frames, self.least)
        return self.plus + self.multiple * max(0, ceil(Fraction(frames - self.plus, self.multiple)))

    def down(self, frames: int) -> int:
        """The largest legal count of at most `frames`, not above `most`; 0 where there is none."""
        frames = min(frames, self.most)
        legal = self.plus + self.multiple * ((frames - self.plus) // self.multiple)
        return legal if legal >= max(1, min(self.least, self.plus)) else 0


@dataclass(frozen=True, slots=True)
class Context:
    """How many known frames a model takes at each end of a pass: none, or a count that `rule` allows."""

    head: FrameRule | None
    tail: FrameRule | None


@dataclass(frozen=True, slots=True)
class Pass:
    """Model frames [first, first + frames), of which `head` at the start and `tail` at the end are known by then."""

    first: int
    frames: int
    head: int
    tail: int

    @property
    def end(self) -> int:
        return self.first + self.frames


@dataclass(frozen=True, slots=True)
class Timing:
    """Model frame j stands at take frame `start` + j × `step`; between frames at unlike rates.

    The first `head` and the last `tail` of `frames` are known from camera frames.
    """

    start: Fraction
    step: Fraction
    frames: int
    head: int
    tail: int
    passes: tuple[Pass, ...]

    def position(self, frame: int) -> Fraction:
        """The take frame at which model frame `frame` stands."""
        return self.start + frame * self.step

    def model_frame(self, frame: int) -> Fraction:
        """The model frame that take frame `frame` shows."""
        return (frame - self.start) / self.step


def timing(canvas: Canvas, slot_rate: Fraction, model_rate: Fraction, rule: FrameRule, context: Context) -> Timing:
    """Raises nothing: what a model cannot take is refused by its plan before."""
    step = slot_rate / model_rate
    if canvas.before is not None and canvas.after is not None and context.head and context.tail:
        return _between(canvas, step, rule, context)
    if canvas.before is not None and context.head:
        anchor = canvas.first - 1
        head = context.head.down(1 + floor((anchor - canvas.before.at) / step))
        start = anchor - (head - 1) * step
        needed = head + ceil((canvas.total - 1 - anchor) / step)
        passes = _forward(needed, head, 0, rule, context.head)
        return Timing(start, step, passes[-1].end, head, 0, passes)
    if canvas.after is not None and context.tail:
        # The same in reversed time: what is too much lies before the take's first frame.
        anchor = canvas.end
        tail = context.tail.down(1 + floor((canvas.after.end - 1 - anchor) / step))
        needed = tail + ceil(anchor / step)
        passes = _mirrored(_forward(needed, tail, 0, rule, context.tail))
        frames = max(one.end for one in passes)
        return Timing(anchor + (tail - 1) * step - (frames - 1) * step, step, frames, 0, tail, passes)
    needed = 1 + ceil((canvas.total - 1) / step)
    passes = _forward(needed, 0, 0, rule, context.head)
    return Timing(Fraction(0), step, passes[-1].end, 0, 0, passes)


def _between(canvas: Canvas, step: Fraction, rule: FrameRule, context: Context) -> Timing:
    """Both ends stand exactly on camera frames.

    At like rates more camera frames fill the count up to a legal one. Else, or where there are too few, one frame at
    each end is given and the frames between them lie a little closer or wider than the model's rate says.
    """
    assert canvas.before is not None and canvas.after is not None and context.head and context.tail
    anchor, entry = canvas.first - 1, canvas.end
    if step == 1:
        gap = entry - anchor - 1
        most_tail = canvas.after.end - entry
        head = context.head.down(anchor + 1 - canvas.before.at)
        while head:
            frames = rule.up(head + gap + 1)
            tail = frames - head - gap
            if tail <= most_tail and context.tail.down(tail) == tail and frames <= rule.most:
                start = Fraction(anchor - head + 1)
                return Timing(start, step, frames, head, tail, (Pass(0, frames, head, tail),))
            head = context.head.down(head - 1)
    distance = Fraction(entry - anchor)
    needed = max(3, 1 + round(distance / step))
    if needed <= rule.most:
        frames = rule.up(needed)
        passes: tuple[Pass, ...] = (Pass(0, frames, 1, 1),)
    else:
        passes = _forward(needed, 1, 1, rule, context.head)
        frames = passes[-1].end
    return Timing(Fraction(anchor), distance / (frames - 1), frames, 1, 1, passes)


def _forward(needed: int, head: int, tail: int, rule: FrameRule, overlap: FrameRule | None) -> tuple[Pass, ...]:
    """Passes from left to right that make at least `needed` frames; each begins with the last frames of the one before.

    With `tail`, exactly `needed` frames are made and the last pass ends with the known ones.
    """
    if rule.up(needed) <= rule.most:
        return (Pass(0, rule.up(needed), head, tail),)
    # A quarter of a pass carries motion over; a model that takes no frames before begins each pass anew.
    shared = (overlap.down(rule.most // 4) or overlap.down(1)) if overlap is not None else 0
    longest = rule.down(rule.most)
    passes = [Pass(0, longest, head, 0)]
    while passes[-1].end < needed:
        begin = passes[-1].end - shared
        frames = min(longest, rule.up(needed - begin))
        if tail and begin + longest >= needed:
            begin, frames = needed - longest, longest  # more overlap, so that it ends where it has to
        known = passes[-1].end - begin
        passes.append(Pass(begin, frames, overlap.down(known) if overlap is not None else 0, 0))
    if tail:
        last = passes[-1]
        passes[-1] = Pass(last.first, last.frames, last.head, tail)
    return tuple(passes)


def _mirrored(passes: tuple[Pass, ...]) -> tuple[Pass, ...]:
    total = passes[-1].end
    return tuple(Pass(total - one.end, one.frames, one.tail, one.head) for one in passes)
