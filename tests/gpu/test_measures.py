"""The measures of a device run on tiny models on the processor; with a CUDA device, on one of full size."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from secondunit_inference import cards

torch = pytest.importorskip("torch", reason="the diffusion engine's packages are not installed")

from secondunit_inference.engines.diffusion.speed import COMPILE  # noqa: E402

from tests.gpu import measures, page  # noqa: E402
from tests.gpu.measures import STOCK, Row  # noqa: E402
from tests.inference.diffusion_orders import small  # noqa: E402


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("model", ["wan2.1-t2v-1.3b", "ltx-0.9.5-2b", "hunyuanvideo-1.5-t2v-480p"])
def test_the_measures_run_on_the_processor(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    card = small(model)
    card = dataclasses.replace(card, tiers={name: card.tiers[name] for name in ("draft", "standard")})
    monkeypatch.setattr(cards, "card", lambda name: {model: card}[name])
    quick = [option for option in measures.options(card, "cpu") if option[0] != COMPILE]  # compiling takes a minute
    rows = list(measures.measure(card, "cpu", 9, quick))
    standard = [row.options for row in rows if row.tier == "standard"]
    caches = ["cache first-block", "cache taylorseer"] if card.family == "wan" else []
    assert standard == [STOCK, "", *caches, "attention math"]
    assert {row.tier for row in rows} == set(card.tiers)
    for row in rows:
        assert (row.peak, row.planned) == (None, None)
        assert row.seconds > 0 and row.steps == 2
        assert (row.preview is not None and row.preview > 0) == (row.options != STOCK)
    planned = [row.planned_seconds for row in rows if row.options == ""]
    assert all(seconds is not None and seconds > 0 for seconds in planned[:1])
    assert f"| {model}, standard | the engine | 64×64, 9 |" in page.block("today", rows, {})


def row(options: str, step: float, peak: int | None, planned: int | None = None) -> Row:
    return Row("wan", "standard", options, 832, 480, 81, 50, step, 4.0, 1.5, peak, planned, 60.0)


def test_the_page_says_what_was_measured_and_which_aims_were_missed(tmp_path: Path) -> None:
    rows = (
        row(STOCK, 3.0, 40 * 10**9),
        row("", 1.5, 32 * 10**9, 30 * 10**9),
        row("cache first-block", 1.5, 32 * 10**9),
    )
    text = page.block("2026-01-01, NVIDIA H100.", rows, {"ltx": "its weights take 90 GB"})
    assert "| wan, standard | the engine | 832×480, 81 | 1.5 | 79 | 1.5 | 32.0 | 0.94 |" in text
    assert "| wan | speed of a step, as it comes | 2.00 | ≥ 1.5 |  |" in text
    assert "| wan | speed of a step, cache first-block | 2.00 | ≥ 2.5 | missed |" in text
    assert "| wan | peak memory | 0.80 | ≤ 0.7 | missed |" in text
    assert "- ltx is not measured: its weights take 90 GB." in text
    copy = tmp_path / "performance.md"
    copy.write_text(page.PAGE.read_text())
    page.written(copy, text)
    page.written(copy, text)
    assert copy.read_text().count(text) == 1 and "not measured yet" not in copy.read_text()


def test_models_that_do_not_fit_are_left_out_with_the_reason() -> None:
    wan = cards.card("wan2.1-t2v-1.3b")
    assert measures.unfit(wan, 80 * 10**9, 64 * 10**9) == ""
    assert measures.unfit(wan, 12 * 10**9, 64 * 10**9) == "its weights take 14 GB"
    assert measures.unfit(wan, 80 * 10**9, 10**9) == "its weights take 14 GB on the disk"
    more = dataclasses.replace(wan, tiny={**wan.tiny, "text_encoder_9": wan.tiny["text_encoder"]})
    assert measures.unfit(more, 10**12, 10**12) == "its card has no full configuration of text_encoder_9"
    assert measures.unfit(cards.card("cogvideox-5b-i2v"), 10**12, 10**12) == "it makes nothing from a text alone"


@pytest.mark.gpu
@pytest.mark.long
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_plan_for_full_size_weights_is_what_they_take() -> None:
    card = cards.card("wan2.1-t2v-1.3b")
    if why := measures.unfit(card, torch.cuda.mem_get_info()[0], 10**12):
        pytest.skip(f"{card.title}: {why}")
    for made in measures.measure(measures.full(card), "cuda", card.frames.native, ()):
        share = page.plan_share(made)
        assert share is None or abs(share - 1) <= page.PLAN_WITHIN, made
        assert dataclasses.asdict(made)["step"] > 0
