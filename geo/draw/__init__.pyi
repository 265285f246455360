from .frames import ChangeFrame, HistoryFrame, card, swatch
from .page.corridors import necks_by_date, what_if_record
from .page.look import leaflet_text, side_colors
from .page.page import Page, draw_page
from .plots import Plots
from .still.still import Animation, Still, animate, draw_still
from .widget.slider import slider

__all__ = [
    "Animation",
    "ChangeFrame",
    "HistoryFrame",
    "Page",
    "Plots",
    "Still",
    "animate",
    "card",
    "draw_page",
    "draw_still",
    "leaflet_text",
    "necks_by_date",
    "side_colors",
    "slider",
    "swatch",
    "what_if_record",
]
