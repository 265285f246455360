from .asked import DeskQuestions
from .compare.comparison import Comparison
from .compare.other import OtherMap, read_other
from .compare.page import compare_page, contrast_still

__all__ = [
    "Comparison",
    "DeskQuestions",
    "OtherMap",
    "compare_page",
    "contrast_still",
    "read_other",
]
