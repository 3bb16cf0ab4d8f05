"""Two pictures of the same frame as one: wiped, flipped, as a difference, in false colour.

pictures.py is numpy alone; reading.py decodes two frames and gives one picture; view.py is the widget that takes the
viewer's place while `model/compare.py` has a mode.
"""
