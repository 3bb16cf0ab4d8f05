from secondunit_inference.engines.diffusion.card import cards, controls, plan

__all__ = ["cards", "controls", "plan"]
