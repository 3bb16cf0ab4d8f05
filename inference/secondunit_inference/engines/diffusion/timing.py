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
    """What known frames a model takes at the ends of a pass: none, or a count that a rule allows.

    `between`: the rule of the end in a join, where the gap and the model's lengths leave no choice. `mixed`: over how
    many frames two passes go into each other that are not given each other's frames.
    """

    head: FrameRule | None
    tail: FrameRule | None
    between: FrameRule | None = None
    mixed: int = 0


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


def timing(
    canvas: Canvas, slot_rate: Fraction, model_rate: Fraction, rule: FrameRule, context: Context, *, ends: bool = False
) -> Timing:
    """`ends`: the model's last frame has to be the take's last, for a picture that is given for it.

    Raises nothing: what a model cannot take is refused by its plan before.
    """
    step = slot_rate / model_rate
    if canvas.before is not None and canvas.after is not None and context.head and context.tail:
        return _between(canvas, step, rule, context, context.head, context.tail)
    if canvas.before is not None and context.head:
        anchor = canvas.first - 1
        head = context.head.down(1 + floor((anchor - canvas.before.at) / step))
        start = anchor - (head - 1) * step
        needed = head + ceil((canvas.total - 1 - anchor) / step)
        passes = _forward(needed, head, 0, rule, context.head, context.mixed)
        return Timing(start, step, passes[-1].end, head, 0, passes)
    if canvas.after is not None and context.tail:
        # The same in reversed time: what is too much lies before the take's first frame.
        anchor = canvas.end
        tail = context.tail.down(1 + floor((canvas.after.end - 1 - anchor) / step))
        needed = tail + ceil(anchor / step)
        passes = _mirrored(_forward(needed, tail, 0, rule, context.tail, context.mixed))
        frames = max(one.end for one in passes)
        return Timing(anchor + (tail - 1) * step - (frames - 1) * step, step, frames, 0, tail, passes)
    needed = 1 + ceil((canvas.total - 1) / step)
    passes = _forward(needed, 0, 0, rule, context.head, context.mixed)
    frames = passes[-1].end
    if ends and canvas.total > 1:
        step = Fraction(canvas.total - 1, frames - 1)
    return Timing(Fraction(0), step, frames, 0, 0, passes)


def _between(
    canvas: Canvas, step: Fraction, rule: FrameRule, context: Context, heads: FrameRule, tails: FrameRule
) -> Timing:
    """Both ends stand exactly on camera frames.

    What lies between them is divided into a whole number of model frames, at like rates into as many as the take has;
    else the one nearest to the model's rate that its lengths allow, so that they lie a little closer or wider.
    """
    assert canvas.before is not None and canvas.after is not None
    anchor, entry = canvas.first - 1, canvas.end
    distance = entry - anchor
    around = range(max(2, floor(distance / step) - rule.multiple), ceil(distance / step) + rule.multiple + 1)
    loose = context.between or tails
    for parts in sorted(around, key=lambda parts: abs(parts - distance / step)):
        part = Fraction(distance, parts)
        most_head = 1 + floor((anchor - canvas.before.at) / part)
        most_tail = 1 + floor((canvas.after.end - 1 - entry) / part)
        if found := _sides(parts - 1, rule, heads, most_head, loose, most_tail):
            head, tail = found
            frames = head + parts - 1 + tail
            return Timing(anchor - (head - 1) * part, part, frames, head, tail, (Pass(0, frames, head, tail),))
    # Too long for one pass.
    parts = max(2, round(distance / step))
    part = Fraction(distance, parts)
    head = heads.down(1 + floor((anchor - canvas.before.at) / part))
    tail = tails.down(1 + floor((canvas.after.end - 1 - entry) / part))
    passes = _forward(head + parts - 1 + tail, head, tail, rule, heads, context.mixed)
    frames = passes[-1].end
    part = Fraction(distance, frames - head - tail + 1)
    return Timing(anchor - (head - 1) * part, part, frames, head, tail, passes)


def _sides(
    gap: int, rule: FrameRule, heads: FrameRule, most_head: int, tails: FrameRule, most_tail: int
) -> tuple[int, int] | None:
    """How many known frames before and after `gap` make a legal count; as many and as even as there are."""
    best: tuple[int, int] | None = None
    head = heads.down(most_head)
    while head:
        tail = tails.down(most_tail)
        while tail and rule.up(head + gap + tail) != head + gap + tail:
            tail = tails.down(tail - 1)
        if tail and head + gap + tail <= rule.most:
            best = max(best or (0, 0), (head, tail), key=lambda sides: (min(sides), sum(sides)))
        head = heads.down(head - 1)
    return best


def _forward(
    needed: int, head: int, tail: int, rule: FrameRule, overlap: FrameRule | None, mixed: int
) -> tuple[Pass, ...]:
    """Passes from left to right that make at least `needed` frames; each begins with the last frames of the one before.

    With `tail`, exactly `needed` frames are made and the last pass ends with the known ones.
    """
    if rule.up(needed) <= rule.most:
        return (Pass(0, rule.up(needed), head, tail),)
    # A quarter of a pass carries motion over; a model that takes no frames before begins each pass anew.
    shared = (overlap.down(rule.most // 4) or overlap.down(1)) if overlap is not None else mixed
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
        room = min(last.head, last.frames - tail - 1)
        passes[-1] = Pass(last.first, last.frames, overlap.down(room) if overlap is not None else 0, tail)
    return tuple(passes)


def _mirrored(passes: tuple[Pass, ...]) -> tuple[Pass, ...]:
    total = passes[-1].end
    return tuple(Pass(total - one.end, one.frames, one.tail, one.head) for one in passes)
