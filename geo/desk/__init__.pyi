from .asked import DeskQuestions
from .compare.comparison import Comparison
from .compare.other import OtherMap, read_other
from .compare.page import compare_page, contrast_still
from .site.checking import Finding, check_site
from .site.material import Material
from .site.publish import Published, publish_site
from .site.serving import make_server
from .tasks import COLUMNS, KINDS

__all__ = [
    "COLUMNS",
    "KINDS",
    "Comparison",
    "DeskQuestions",
    "Finding",
    "Material",
    "OtherMap",
    "Published",
    "check_site",
    "compare_page",
    "contrast_still",
    "make_server",
    "publish_site",
    "read_other",
]
