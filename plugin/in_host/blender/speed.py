"""Movies at another speed: by a speed effect, whose curve says which frame of the media each frame of the scene shows.

Such a movie and its effect lie in a meta, so that it is one strip to an editor; Blender moves a meta's curves with it.
"""

from fractions import Fraction
from math import lcm

import bpy

from . import api

OURS = "secondunit"
"""The custom property of a strip, by which it is known and its takes are kept."""
HALF = Fraction(1, 2)
"""At another speed than its own Blender shows the nearest frame, where whole frames are counted from below."""
BY_EFFECT = HALF if bpy.app.version >= (4, 3) else Fraction(0)
"""The same of a speed effect, which counted from below, too, before 4.3."""
_FINEST = 30030
"""Blender holds speeds and positions with 32 bits."""


def inside(strip):
    """The movie and the speed effect that a meta holds, where it holds nothing else; None for any other strip."""
    if strip.type != "META" or len(held := list(api.strips(strip))) != 2:
        return None
    movie, effect = sorted(held, key=lambda one: one.type)
    return (movie, effect) if (movie.type, effect.type) == ("MOVIE", "SPEED") else None


def movie_of(strip):
    """The movie that a strip plays, also where a meta holds it."""
    pair = inside(strip)
    return pair[0] if pair is not None else strip


def line(scene, effect, start):
    """The frames that a speed effect goes on from the strip's first at `start`, and in each frame of the scene.

    None for what is not the same speed throughout. A curve of ours is `raised`, so that ties are rounded as they should
    be: see `set_line`.
    """
    if effect.use_frame_interpolate:
        return None
    curves = api.curves(scene, effect)
    if effect.speed_control == "MULTIPLY" and ("speed_factor", 0) not in curves:
        return Fraction(0), Fraction(effect.speed_factor).limit_denominator(_FINEST)
    curve = curves.get(("speed_frame_number", 0))
    points = list(curve.keyframe_points) if curve is not None else []
    straight = len(points) == 2 and points[0].interpolation == "LINEAR" and curve.extrapolation == "LINEAR"
    if effect.speed_control != "FRAME_NUMBER" or not straight or points[0].co[0] == points[1].co[0]:
        return None
    (begin, low), (end, high) = ((Fraction(one).limit_denominator(_FINEST) for one in point.co) for point in points)
    per_frame = (high - low) / (end - begin)
    raised = Fraction(dict(effect.get(OURS, {})).get("raised", "0"))
    return low + (start - begin) * per_frame - raised, per_frame


def wrapped(owner, movie, at):
    """The meta that a movie of `owner` comes into, at the frame `at`; it has the movie's name."""
    name, movie.name = movie.name, f"{movie.name} media"
    meta = api.strips(owner).new_meta(name, movie.channel, at)
    meta.color_tag = movie.color_tag
    meta.blend_type, movie.blend_type = movie.blend_type, "ALPHA_OVER"
    movie.move_to_meta(meta)
    movie.channel = 1
    return meta


def release(movie):
    """Takes off what makes it play otherwise than its media does; where it lies is another place then."""
    movie.use_reverse_frames = False
    if len(getattr(movie, "retiming_keys", ())):
        start = int(api.get(movie, "content_start"))  # handles that keep their distances would cross each other
        api.put_handles(movie, start, start + api.get(movie, "content_duration"))
        movie.retiming_keys.reset()
    for name in ("content_trim_start", "content_trim_end"):
        api.put(movie, name, 0)


def set_line(scene, meta, first, last, head, shows, per_frame):
    """Lets the movie in a meta show its frame `shows` at `first`, and `per_frame` frames on in each frame, to `last`.

    Its content begins at `first`, since Blender shows no earlier frame than the one where it begins; keyframes of the
    movie stay `head` frames before that. Blender shows the nearest frame of a line, and is told half a frame less; ties
    are raised by some of the finest part of a frame that the line goes through.
    """
    for one in list(api.strips(meta)):
        if one.type == "SPEED":
            api.strips(meta).remove(one)
    (movie,) = api.strips(meta)
    release(movie)
    api.put(movie, "content_start", first)
    for curve in api.curves(scene, movie).values():
        for point in curve.keyframe_points:
            point.co_ui[0] -= head
    api.put_handles(movie, first, last)
    effect = api.new_effect(meta, f"{meta.name} speed", "SPEED", 2, first, last, movie)
    effect.speed_control, effect.use_frame_interpolate = "FRAME_NUMBER", False
    finest = lcm(shows.denominator, per_frame.denominator)
    # Of a line backwards through whole numbers Blender 5.3 shows some pictures twice.
    raised = Fraction(1, 2 * finest) if finest > 1 else Fraction(3, 8)
    for frame in (first, last):
        effect.speed_frame_number = float(shows + (frame - first) * per_frame - BY_EFFECT + raised)
        effect.keyframe_insert("speed_frame_number", frame=frame)
    curve = api.curves(scene, effect)["speed_frame_number", 0]
    curve.extrapolation = "LINEAR"
    for point in curve.keyframe_points:
        point.interpolation = "LINEAR"
    effect[OURS] = {"raised": str(raised - (BY_EFFECT if per_frame.denominator == 1 else 0))}
