from .frames import ChangeFrame, HistoryFrame, actor_colors, theatre_card
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
    "actor_colors",
    "animate",
    "draw_page",
    "draw_still",
    "leaflet_text",
    "necks_by_date",
    "side_colors",
    "slider",
    "theatre_card",
    "what_if_record",
]
