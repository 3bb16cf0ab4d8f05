"""What the editing side and the unit share: messages, rates, media files and the way between them."""

__version__ = "0.1.0"
