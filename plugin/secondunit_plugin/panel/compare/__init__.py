"""Two pictures of the same frame as one: wiped, flipped, as a difference, in false colour.

modes.py names the ways; pictures.py is numpy alone, for the frames process, which decodes both; view.py is the widget
that takes the viewer's place while `model/compare.py` has a mode.
"""
