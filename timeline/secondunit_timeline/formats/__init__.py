"""Cuts in the formats of editing software. `read_cut` and `write_cut` choose among them by a file's suffix."""
