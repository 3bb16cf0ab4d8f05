"""A form drawn from the controls that a card brings: each kind of control has a field in a module of its own."""
