"""The nouns and their columns: what stands in each file of a layers folder."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
