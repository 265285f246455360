"""On what control rests and how sure it is: ledger, sources, drafts, bands, reports."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
