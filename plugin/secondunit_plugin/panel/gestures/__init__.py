"""Tools over the viewer: a control that is drawn on the picture, in shares of its width and height.

A tool paints itself and is told where the mouse, or the crosshair that the keys move, presses, goes and lets go; it
writes the draft's value of its control. `layer` holds the tool that is taken up and lies over the viewer.
"""
