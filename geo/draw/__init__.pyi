from .elements.asked import MapElements
from .frames import ChangeFrame, HistoryFrame, actor_colors, theatre_card
from .looks import LOOKS, event_kind, flat_color, side_colors
from .page.frame import leaflet_text
from .page.page import Page, draw_page
from .page.records import kept_necks, what_if_record
from .plots import Plots
from .still.contrast import TwoMaps, draw_contrast
from .still.still import Animation, Still, animate, draw_still
from .still.wording import Words
from .tours import draft_tour, name_places, tell_days, tell_move
from .widget.slider import slider
from .words.languages import LANGUAGES, language_words

__all__ = [
    "LANGUAGES",
    "LOOKS",
    "Animation",
    "ChangeFrame",
    "HistoryFrame",
    "MapElements",
    "Page",
    "Plots",
    "Still",
    "TwoMaps",
    "Words",
    "actor_colors",
    "animate",
    "draft_tour",
    "draw_contrast",
    "draw_page",
    "draw_still",
    "event_kind",
    "flat_color",
    "kept_necks",
    "language_words",
    "leaflet_text",
    "name_places",
    "side_colors",
    "slider",
    "tell_days",
    "tell_move",
    "theatre_card",
    "what_if_record",
]
