"""The browser's half of the slider."""
