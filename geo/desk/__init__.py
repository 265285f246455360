"""What an analyst hands on: the brief, two maps compared, a site; and what waits to be done."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
