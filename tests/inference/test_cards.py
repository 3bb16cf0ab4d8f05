"""Cards say what the published models are: each is read, agrees with the pipelines it names, and with its own size."""

import inspect
import tomllib
from importlib import resources

import pytest
from secondunit_bridge.errors import OrderRefused
from secondunit_inference import cards
from secondunit_inference.cards import Component, ModelCard, Progress
from secondunit_inference.weights.layout import adapter_path

torch = pytest.importorskip("torch", reason="the diffusion engine's packages are not installed")
accelerate = pytest.importorskip("accelerate", reason="the diffusion engine's packages are not installed")
tiny = pytest.importorskip("secondunit_inference.engines.diffusion.tiny")

NAMES = cards.names()
# Billions of parameters that differ from the model's name by more than 15%, and why.
COUNTED = {
    "cogvideox-2b": 1.69,  # rounded up by its publisher
    "ltx-2.3-22b": 18.99,  # its name counts the text connectors, 3.17, too
    "wan2.1-flf2v-14b-720p": 16.4,  # the name is the text model's; looking at images adds to every block
    "wan2.1-i2v-14b-480p": 16.4,
    "wan2.1-i2v-14b-720p": 16.4,
    "wan2.1-vace-1.3b": 2.15,  # the name is the text model's; the control blocks come on top
    "wan2.1-vace-14b": 17.3,
}


@pytest.fixture(scope="module", params=NAMES)
def card(request: pytest.FixtureRequest) -> ModelCard:
    return cards.card(request.param)


@pytest.mark.parametrize("name", NAMES)
def test_a_card_is_named_as_its_file(name: str) -> None:
    assert cards.card(name).model == name


def test_a_model_without_a_card_is_refused() -> None:
    with pytest.raises(OrderRefused, match="no card for the model 'wan-9'"):
        cards.card("wan-9")


def test_a_card_with_a_word_nobody_knows_is_refused() -> None:
    text = (resources.files(cards) / "wan2.1-t2v-1.3b.toml").read_text()
    cards.parse(tomllib.loads(text))
    for wrong in ('sound = false\nsounds = "no"', 'sound = false\nprogress_bar = "yes"'):
        with pytest.raises(TypeError):
            cards.parse(tomllib.loads(text.replace("sound = false", wrong, 1)))
    with pytest.raises(ValueError, match="'pictures' is not a valid Input"):
        cards.parse(tomllib.loads(text.replace('needs = ["text"]', 'needs = ["pictures"]', 1)))


def test_lengths_sizes_and_rates_follow_the_cards_own_rules(card: ModelCard) -> None:
    rule = card.frames
    assert (rule.native - rule.plus) % rule.multiple == 0
    assert rule.most == 0 or (rule.most >= rule.native and (rule.most - rule.plus) % rule.multiple == 0)
    assert card.rate > 0
    for tier in card.tiers.values():
        assert tier.width % card.size.multiple == tier.height % card.size.multiple == 0
        assert tier.steps > 0


def test_what_is_not_a_published_default_is_off(card: ModelCard) -> None:
    assert {"draft", "standard"} <= card.tiers.keys()
    for name, tier in card.tiers.items():
        assert tier.enabled == (name in ("draft", "standard", "best"))
        assert tier.source.startswith("https://")
        assert tier.adapter in ("", *(adapter.name for adapter in card.adapters))


def test_no_two_tiers_say_the_same(card: ModelCard) -> None:
    said = [
        (tier.steps, tier.guidance, tier.width, tier.height, repr(tier.call), repr(tier.scheduler))
        for tier in card.tiers.values()
    ]
    assert len({*said}) == len(said)


def test_adapters_have_names_and_files_of_their_own(card: ModelCard) -> None:
    assert len({adapter.name for adapter in card.adapters}) == len(card.adapters)
    assert len({adapter_path(adapter) for adapter in card.adapters}) == len(card.adapters)
    for adapter in card.adapters:
        assert adapter.file.endswith(".safetensors") and adapter.repository.count("/") == 1
        assert adapter.source.startswith("https://")


def test_figures_name_their_source(card: ModelCard) -> None:
    for name, component in card.full.items():
        assert component.source.startswith("https://") or "Scheduler" in component.class_name, name
    assert card.licence.url.startswith("https://")
    assert card.licence.commercial


def test_a_card_names_its_repository(card: ModelCard) -> None:
    assert card.source.repository.count("/") == 1


def test_pipelines_take_what_the_card_gives_them(card: ModelCard) -> None:
    """Every argument that a tier passes, and the callback that the card promises."""
    taken: set[str] = set()
    for entry in card.entries:
        call = inspect.signature(tiny.find_class(entry.pipeline).__call__).parameters
        assert ("callback_on_step_end" in call) == (card.progress != Progress.HOOK)
        taken |= call.keys()
    for tier in card.tiers.values():
        assert tier.call.keys() <= taken


def test_an_entry_that_needs_an_adapter_finds_one_in_the_card(card: ModelCard) -> None:
    known = {word for adapter in card.adapters for word in (adapter.kind, adapter.name)}
    assert {entry.adapter for entry in card.entries if entry.adapter} <= known


def test_tiny_and_full_are_of_the_same_classes(card: ModelCard) -> None:
    for name, component in card.full.items():
        assert card.tiny[name].class_name == component.class_name
    built = inspect.signature(tiny.find_class(card.pipeline.class_name).__init__).parameters
    needed = {name for name, p in built.items() if p.default is p.empty and name != "self"}
    assert needed <= card.tiny.keys()


def test_the_counted_size_is_the_published_size(card: ModelCard) -> None:
    counted = _parameters(card.full["transformer"]) / 1e9
    if card.model in COUNTED:
        assert counted == pytest.approx(COUNTED[card.model], rel=0.01)
    else:
        assert counted == pytest.approx(card.billions, rel=0.15)


def test_every_full_model_can_be_laid_out(card: ModelCard) -> None:
    """A memory plan adds them up: none lacks its size."""
    for name, component in card.full.items():
        if "Scheduler" not in component.class_name and "Guidance" not in component.class_name:
            assert _parameters(component) > 1_000_000, name


_counted: dict[str, int] = {}


def _parameters(component: Component) -> int:
    """Counted on the meta device, which holds no numbers."""
    key = repr((component.class_name, sorted(component.values.items())))
    if key not in _counted:
        with accelerate.init_empty_weights():
            _counted[key] = sum(p.numel() for p in tiny.make(component).parameters())
    return _counted[key]
