from tests.inference.fake_engine.card import cards, controls, plan  # noqa: F401  (the fake engine offers itself twice)
