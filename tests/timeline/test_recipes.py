"""What a recipe may say and where it may stand; whatever is wrong is told at once, before anything is ordered."""

from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from secondunit_bridge.errors import CutError
from secondunit_bridge.messages import CameraMove, Codec, IgnoreRegion, Look, Parameter, SoundKind
from secondunit_timeline import recipes
from secondunit_timeline.index import Index
from secondunit_timeline.operations import End, Into
from secondunit_timeline.recipe_kinds import Extend, Generate, Join, Match, Replace
from secondunit_timeline.recipes import read_recipes

from tests.timeline.cuts import at, beside, clip, cut_of, gap


def problems(cut: otio.schema.Timeline) -> list[str]:
    with pytest.raises(CutError) as raised:
        read_recipes(Index(cut), Path())
    return [line.strip() for line in str(raised.value).splitlines()[1:]]


def test_builders_write_what_the_reader_reads(tmp_path: Path) -> None:
    still = tmp_path / "still.png"
    still.write_bytes(b"")
    cut = cut_of(
        [
            clip("A", 0, 20),
            recipes.clip("N", recipes.generate(prompt="x", image=still, camera="push-in", like="A", takes=2), at(10)),
            recipes.clip("O", recipes.generate(continues=True, ignore=[[1, 2, 3, 4]], seed=7), at(12)),
            recipes.clip("J", recipes.join(sound="hold"), at(5)),
            clip("B", 0, 20),
        ]
    )
    cut = beside(cut, 0, recipes.match(["B", "N"], handles=0))
    cut = beside(cut, 50, recipes.extend(8, "head", "over", sound="silence"))
    found = {(one.shot, one.kind): one for one in read_recipes(Index(cut), tmp_path)}
    assert found["N", "generate"].recipe == Generate(str(still), CameraMove("push-in"), ("A",))
    assert found["N", "generate"].settings.prompt == "x"
    assert found["N", "generate"].settings.seeds == (0, 1)
    assert found["O", "generate"].recipe == Generate(continues=True)
    assert found["O", "generate"].settings.ignore == (IgnoreRegion(1, 2, 3, 4),)
    assert found["O", "generate"].settings.seeds == (7,)
    assert (found["J", "join"].recipe, found["J", "join"].settings.sound) == (Join(None), SoundKind.HOLD)
    assert found["A", "match"].recipe == Match(("B", "N"))
    assert found["B", "extend"].recipe == Extend(End.HEAD, 8, Into.OVER, False)
    assert found["B", "extend"].settings.sound is SoundKind.SILENCE
    assert all(one.settings.folder == tmp_path for one in found.values())


def test_what_steers_a_model_is_read_for_every_kind(tmp_path: Path) -> None:
    still, mask, lora = (tmp_path / name for name in ("still.png", "mask.png", "film.safetensors"))
    for path in (still, mask, lora):
        path.write_bytes(b"")
    model: dict[str, Any] = {
        "prompt": "rain",
        "negative": "people",
        "looks": [str(lora), {"path": str(lora), "weight": 0.5}],
        "tier": "draft",
        "set": {"steps": 4, "sound": False},
        "engine": "diffusion",
        "model": "m",
        "codec": "ffv1",
        "encoding": "ARRI LogC4",
    }
    cut = cut_of(
        [
            clip("A", 0, 20),
            clip("B", 0, 20),
            recipes.clip("N", recipes.generate(keyframes={9: still, 0: still}, **model), at(10)),
            clip("C", 0, 20),
        ]
    )
    cut = beside(cut, 0, recipes.match(**model))
    cut = beside(cut, 20, recipes.replace(mask=mask, strength=0.5, **model))
    cut = beside(cut, 50, recipes.extend(8, **model))
    cut = beside(cut, 0, recipes.extend(8, "head", **model), "y")
    found = {one.kind: one for one in read_recipes(Index(cut), tmp_path)}
    assert found["generate"].recipe == Generate(keyframes=((0, str(still)), (9, str(still))))
    assert found["match"].recipe == Match(())
    assert found["replace"].recipe == Replace(str(mask))
    given = (Parameter("tier", "draft"), Parameter("sound", False), Parameter("steps", 4))
    for kind, one in found.items():
        settings = one.settings
        assert (settings.prompt, settings.negative) == ("rain", "people")
        assert settings.looks == (Look(str(lora)), Look(str(lora), 0.5))
        assert settings.parameters == (*given, *((Parameter("strength", 0.5),) if kind == "replace" else ()))
        assert (settings.engine, settings.model) == ("diffusion", "m")
        assert (settings.codec, settings.encoding) == (Codec.FFV1, "ARRI LogC4")


@pytest.mark.parametrize(
    ("kind", "parameters", "said"),
    [
        ("generate", {}, "needs something to make"),
        ("generate", {"prompt": ""}, "prompt is '': give text"),
        ("generate", {"prompt": "x", "seeds": 1}, "'generate' has no 'seeds'"),
        ("generate", {"prompt": "x", "frames": 12}, "'generate' has no 'frames'"),
        ("generate", {"prompt": "x", "takes": 0}, "takes is 0: give a whole number from 1"),
        ("generate", {"prompt": "x", "takes": True}, "takes is True"),
        ("generate", {"prompt": "x", "seed": 1.5}, "seed is 1.5"),
        ("generate", {"prompt": "x", "image": "still.png"}, "absolute path of a file that is there"),
        ("generate", {"prompt": "x", "image": "/no/still.png"}, "absolute path of a file that is there"),
        ("generate", {"prompt": "x", "camera": "push-in"}, "a camera move needs an image"),
        ("generate", {"like": "A", "camera": {"move": "push-in", "amount": 2}}, "0 to 1"),
        ("generate", {"like": []}, "the name of a shot"),
        ("generate", {"like": "Z"}, "like 'Z': no shot is named 'Z'"),
        ("generate", {"like": "/no/film.mov"}, "there is no such file"),
        ("generate", {"prompt": "x", "ignore": [[0, 0, 0, 1]]}, "a list of [left, top, width, height]"),
        ("generate", {"like": "A", "continues": True}, "no image, no like"),
        ("generate", {"prompt": "x", "continues": "yes"}, "continues is 'yes': give true or false"),
        ("match", {"like": "A"}, "stands beside the media of a shot"),
        ("extend", {"frames": 5}, "stands beside the media of a shot"),
        ("generate", {"prompt": "x", "strength": 0.5}, "'generate' has no 'strength'"),
        ("generate", {"prompt": "x", "looks": "/no/film.safetensors"}, "absolute paths of .safetensors files"),
        ("generate", {"prompt": "x", "looks": [{"path": __file__, "weight": 1}]}, "absolute paths of .safetensors"),
        ("generate", {"prompt": "x", "set": {"steps": [4]}}, "an object of parameters of the model"),
        ("generate", {"prompt": "x", "tier": ""}, "tier is '': give text"),
        ("generate", {"keyframes": {"10": __file__}}, "it has a keyframe at 10: its frames are 0 to 9"),
        ("generate", {"keyframes": {"-1": __file__}}, "an object of stills by the frame"),
        ("generate", {"keyframes": {"1": "/no/still.png"}}, "absolute path of a file that is there"),
        ("upscale", {"prompt": "x"}, "there are no recipes to 'upscale'"),
    ],
)
def test_what_a_recipe_cannot_say(kind: str, parameters: dict[str, Any], said: str) -> None:
    recipe = otio.schema.GeneratorReference(generator_kind=f"secondunit.{kind}", parameters=parameters)
    found = problems(cut_of([clip("A", 0, 20), recipes.clip("N", recipe, at(10))]))
    assert len(found) == 1
    assert found[0].startswith("'N' (V1 00:00:00:20): ")
    assert said in found[0]


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({}, "'replace' needs something to make of the shot: prompt or looks"),
        ({"prompt": "x", "mask": "mask.png"}, "mask is 'mask.png': give the absolute path of a file that is there"),
        ({"prompt": "x", "strength": 2}, "strength is 2: give a number from 0 to 1"),
        ({"prompt": "x", "like": "A"}, "'replace' has no 'like'"),
    ],
)
def test_what_a_recipe_to_replace_cannot_say(parameters: dict[str, Any], said: str) -> None:
    recipe = otio.schema.GeneratorReference(generator_kind="secondunit.replace", parameters=parameters)
    assert problems(beside(cut_of([clip("A", 0, 20)]), 0, recipe)) == [f"'A' (V1 00:00:00:00): {said}"]
    alone = recipes.clip("N", recipes.replace(prompt="x"), at(10))
    assert "stands beside the media of a shot" in problems(cut_of([alone]))[0]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    warped = recipes.clip("W", recipes.generate(prompt="x"), at(10))
    warped.effects.append(otio.schema.LinearTimeWarp(time_scalar=2))
    nest = otio.schema.Stack("nest")
    nest.append(otio.schema.Track(children=[recipes.clip("inside", recipes.generate(prompt="x"), at(4))]))
    cut = cut_of(
        [
            recipes.clip("first", recipes.generate(continues=True), at(10)),
            clip("A", 0, 20),
            recipes.clip("J", recipes.join(), at(5)),
            gap(4),
            warped,
            clip("B", 0, 20),
            nest,
        ]
    )
    cut = beside(cut, 10, recipes.generate(prompt="x"))
    cut = beside(cut, 50, recipes.join(), "1")
    cut = beside(cut, 50, recipes.extend(4), "2")
    assert problems(cut) == [
        "'first' (V1 00:00:00:00): it continues the clip before it, and there is none",
        "'A' (V1 00:00:00:10): 'generate' needs a clip of its own, without other media: "
        "use match, replace or extend beside a shot's media",
        "'J' (V1 00:00:01:06): a join needs a shot on both sides",
        "'W' (V1 00:00:01:15): it is retimed: a clip that is still to be made plays at normal speed",
        "'B' (V1 00:00:02:01): it has recipes to join and to extend: write the one, make it, then write the other",
        "'B' (V1 00:00:02:01): a join needs a shot on both sides",
        "'inside': it lies inside a nest: open the nest and make its own cut",
    ]
