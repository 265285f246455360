"""Who held what, and when: the composite, histories, front lines, necks, what would be cut off."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
