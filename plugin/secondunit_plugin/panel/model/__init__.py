"""The panel's state, without widgets: QtCore and the bridge's messages only."""
