"""The cut that steps make of another one, on what docs/host-link.md tells. Python 3.7 and its library alone."""

from .link import Refused


def carried_out(told, steps):
    """The tracks, strips and transitions after `steps`, and by id of an added strip the one that it is `like`.

    Raises Refused for a step that does not fit.
    """
    tracks = list(told["tracks"])
    strips = {strip["id"]: strip for strip in told["strips"]}
    transitions = list(told["transitions"])
    likes = {}
    for step in steps:
        kind = step["type"]
        try:
            if kind == "AddTrack":
                names = [track["name"] for track in tracks]
                tracks.insert(0 if step["above"] is None else names.index(step["above"]) + 1, step["track"])
            elif kind == "RemoveTrack":
                tracks.remove(step["track"])
            elif kind == "Add":
                strips[step["strip"]["id"]] = step["strip"]
                likes[step["strip"]["id"]] = step["like"]
            elif kind == "Remove":
                del strips[step["strip"]["id"]]
            elif kind == "Change":
                del strips[step["before"]["id"]]
                strips[step["after"]["id"]] = step["after"]
            elif kind == "AddTransition":
                transitions.append(step["transition"])
            elif kind == "RemoveTransition":
                transitions.remove(step["transition"])
            else:
                raise Refused(f"what is installed here does not know the step {kind}: run `secondunit install` again")
        except (KeyError, ValueError):
            raise Refused(f"a step ({kind}) does not fit the sequence: read it again") from None
    return {"tracks": tracks, "strips": list(strips.values()), "transitions": transitions}, likes
