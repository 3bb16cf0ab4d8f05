"""A tiny pipeline from a card: the published model's classes with seeded random weights, saved as a folder.

What it makes is noise; it takes the production path of loading and calling in about a second on any machine.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

from secondunit_inference.cards import Component, ModelCard
from secondunit_inference.weights.layout import UPSAMPLER


def build(card: ModelCard, folder: Path, seed: int = 0) -> None:
    """Writes the folder that `DiffusionPipeline.from_pretrained` reads: model_index.json, safetensors, tokenizers."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        components = {name: make(component) for name, component in card.tiny.items()}
        upsampler = make(card.upsampler.tiny) if card.upsampler is not None else None
    pipeline = find_class(card.pipeline.class_name)(**components, **card.pipeline.values)
    pipeline.save_pretrained(folder, safe_serialization=True)
    if upsampler is not None:
        upsampler.save_pretrained(folder / UPSAMPLER, safe_serialization=True)


def find_class(name: str) -> Any:
    """A class of diffusers or transformers; raises AttributeError."""
    if hasattr(diffusers, name):
        return getattr(diffusers, name)
    if name in _LTX2_CLASSES:  # diffusers does not export them from its own root
        from diffusers.pipelines import ltx2

        return getattr(ltx2, name)
    if name == "LTXLatentUpsamplerModel":  # nor this one
        from diffusers.pipelines.ltx.modeling_latent_upsampler import LTXLatentUpsamplerModel

        return LTXLatentUpsamplerModel
    return getattr(transformers, name)


def make(component: Component) -> Any:
    """The component with fresh weights, of the default device and the global random state."""
    if component.class_name == "PreTrainedTokenizerFast":
        return _tokenizer(component.values)
    cls = find_class(component.class_name)
    if issubclass(cls, transformers.PreTrainedModel):
        made = cls(cls.config_class(**component.values))
    else:
        made = cls(**component.values)
    return made.eval() if isinstance(made, torch.nn.Module) else made


_LTX2_CLASSES = ("LTX2LatentUpsamplerModel", "LTX2TextConnectors", "LTX2Vocoder", "LTX2VocoderWithBWE")
_SPECIAL = ("<pad>", "</s>", "<unk>", "<bos>")


def _tokenizer(values: Mapping[str, Any]) -> Any:
    """Bytes as tokens, so that any text tells from any other without a vocabulary file: 4 special tokens, 256 bytes."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate((*_SPECIAL, *alphabet))}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    fast: Any = transformers.PreTrainedTokenizerFast
    return fast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        bos_token="<bos>",
        **values,
    )
