"""Versions in git: what a change to the layers means, and what git calls for them."""
