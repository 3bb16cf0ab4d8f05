"""Random edits carried out in a host as steps: it shows what the edit kernel makes of the cut, frame by frame."""

from fractions import Fraction

import opentimelineio as otio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from secondunit_bridge.errors import CutError, HostError, Misplaced
from secondunit_plugin.hosts.host import Support
from secondunit_plugin.hosts.placement import place
from secondunit_plugin.hosts.strips import strips_from
from secondunit_timeline.edits import Policies, edit
from secondunit_timeline.flat import Layer, flatten
from secondunit_timeline.index import Index
from secondunit_timeline.operations import End, Extend, Insert, InsertGap, Lift, Overwrite, Transitions

from tests.plugin.hosts.conformance import probed
from tests.plugin.hosts.fake import FakeHost
from tests.timeline.cuts import at
from tests.timeline.test_edits_frames import cuts, operations
from tests.timeline.test_edits_trims import KINDS, moves

PLACING = (Overwrite, Insert, InsertGap, Lift, Extend)


def shown(cut: otio.schema.Timeline) -> list[list[tuple[str, Fraction, Fraction]]]:
    """Seconds count from a file's first frame: a host knows nothing of timecode."""

    def played(one: Layer) -> tuple[str, Fraction, Fraction]:
        if one.source.path is None:  # only the host knows what shows there
            return one.source.clip, Fraction(0), one.weight
        return one.source.path, one.source.from_first_frame(one.seconds, None), one.weight

    frames = [[played(one) for one in layers] for layers in flatten(cut)]
    while frames and not frames[-1]:
        frames.pop()
    return frames


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(cuts(), st.data())
def test_random_edits_land_as_planned(cut: otio.schema.Timeline, data: st.DataObject) -> None:
    host = FakeHost(set(Support) - {Support.VERSIONS}, probed)
    try:
        host.open(cut)
    except CutError:  # an edit point between frames
        return
    for _ in range(4):
        sequence = host.read()
        index = Index(sequence.cut)
        if data.draw(st.booleans()):
            operation = data.draw(operations(index.rate, int(index.end), PLACING))
        else:
            kind, end = data.draw(st.sampled_from(KINDS)), data.draw(st.sampled_from(End))
            frame = at(data.draw(st.integers(0, int(index.end))), index.rate)
            operation = moves(
                frame, data.draw(st.integers(-8, 8).filter(bool)), data.draw(st.integers(1, 30)), end, kind
            )
        try:
            planned, done = edit(sequence.cut, [operation], Policies(data.draw(st.sampled_from(Transitions))))
            place(host, sequence, done, "Edit", probed)
        except CutError:
            continue
        except HostError as error:
            assert not isinstance(error, Misplaced), str(error)
            continue
        seen = host.read().cut
        assert shown(seen) == shown(planned)
        assert strips_from(seen, probed).transitions == host.strips.transitions
