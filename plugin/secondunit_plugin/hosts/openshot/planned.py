"""What is to be in an OpenShot project once steps are carried out."""

from typing import assert_never

from secondunit_bridge.errors import HostError

from secondunit_plugin.hosts.openshot.project import Project
from secondunit_plugin.hosts.steps import (
    Add,
    AddTrack,
    AddTransition,
    Change,
    Remove,
    RemoveTrack,
    RemoveTransition,
    Step,
)
from secondunit_plugin.hosts.strips import Kind, Track

_STRIDE = 1_000_000
"""Between the numbers of two layers of OpenShot's own."""


class Planned:
    """Strips, transitions and the numbers of layers once all steps are carried out.

    `likes`: for strips that are added, the one whose settings each gets.
    """

    def __init__(self, project: Project) -> None:
        self.strips = {strip.id: strip for strip in project.strips.strips}
        self.transitions = list(project.strips.transitions)
        self.layers = dict(project.layers)
        self.likes: dict[str, str] = {}
        self.added: list[Track] = []
        self.removed: list[Track] = []
        self._locked = {track.name for track in project.strips.tracks if track.locked}

    def carry_out(self, step: Step) -> None:
        match step:
            case AddTrack(track, above):
                self._add_track(track, above)
            case RemoveTrack(track):
                self.removed.append(track)
                del self.layers[track.name]
            case Add(strip, like):
                self._refuse_locked(strip.track, strip.name)
                self.strips[strip.id] = strip
                if like is not None:
                    self.likes[strip.id] = like
            case Remove(strip):
                self._refuse_locked(strip.track, strip.name)
                del self.strips[strip.id]
            case Change(before, after):
                self._refuse_locked(before.track, before.name)
                self._refuse_locked(after.track, after.name)
                self.strips[after.id] = after
            case AddTransition(transition):
                self._refuse_locked(transition.track, "the transition")
                self.transitions.append(transition)
            case RemoveTransition(transition):
                self._refuse_locked(transition.track, "the transition")
                self.transitions.remove(transition)
            case _:
                assert_never(step)

    def _refuse_locked(self, track: str, name: str) -> None:
        if track in self._locked:
            raise HostError(f"{track} is locked in OpenShot, so that {name!r} cannot be changed: unlock the track")

    def _add_track(self, track: Track, above: str | None) -> None:
        numbers = sorted({*self.layers.values()})
        if track.kind is Kind.SOUND or above is None:
            number = (numbers[0] if numbers else 2 * _STRIDE) // 2
        else:
            below = self.layers[above]
            higher = next((one for one in numbers if one > below), below + 2 * _STRIDE)
            number = (below + higher) // 2
        if number in numbers or number < 1:
            raise HostError(f"OpenShot has no number left for the layer {track.name!r}: add the track there by hand")
        self.layers[track.name] = number
        self.added.append(track)
