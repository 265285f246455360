"""People at work: the border editor, working copies for QGIS, git, reviews, recovery."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
