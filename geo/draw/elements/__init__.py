"""Layers for other people's maps."""
