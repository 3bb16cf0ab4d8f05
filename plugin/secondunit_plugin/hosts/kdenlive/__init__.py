"""Kdenlive: the open project is saved over D-Bus, rewritten and reopened, since D-Bus places nothing exactly."""
