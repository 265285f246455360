"""Borders noded together once: shared arcs, faces between them, and the faults of a layer."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
