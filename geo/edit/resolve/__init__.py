"""Settling what git could not merge, conflict by conflict: without a screen, and on the map."""
