"""Weights on this machine: where they lie, where they come from, and whether they may be loaded."""
