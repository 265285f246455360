"""The legend of the page shows between what the ground of each side really lies."""

import datetime as dt
import math
import re

import pages
import pytest

from geo.draw.page import page as maps
from geo.draw.words.languages import LANGUAGES
from geo.evidence.bands import Ensemble
from geo.evidence.draws import Judgements

BANDS = "[...document.querySelectorAll('#panel .legend .band')].map((cell) => cell.textContent)"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The small theatre with its bands, and the bands."""
    folder = pages.theatre()
    composite = pages.composite_of(folder)
    judgements = Judgements(draws=100, points=300)
    bands = Ensemble.of(folder, composite, judgements=judgements).bands()["holders"]
    drawn = {}
    for language in LANGUAGES:
        made = maps.draw_page(
            folder,
            composite,
            before=pages.BEFORE,
            after=pages.AFTER,
            language=language,
            bands=bands,
        )
        drawn[language] = made.save(tmp_path_factory.mktemp("bands") / f"{language}.html")
    return drawn, bands


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [1280, 390])
def test_the_legend_shows_the_band_of_each_side_on_the_date_shown(visit, page, language, width):
    drawn, bands = page
    view = visit(drawn[language], width=width)
    shown = [
        [int(number.replace(",", "")) for number in re.findall(r"[\d,]+", text)]
        for text in view.page.evaluate(BANDS)
    ]
    wide = [ends for ends in bands[str(pages.AFTER)].values() if ends[0] < ends[2]]
    assert wide
    wanted = []
    for low, middle, high in wide:
        assert low <= middle <= high
        step = 10 ** max(0, math.floor(math.log10((high - low) / 4)))
        wanted.append([math.floor(end / step + 0.5) * step for end in (low, high)])
    assert sorted(shown) == sorted(wanted)
    assert view.page.evaluate("document.documentElement.scrollWidth") <= width
    assert view.faults == []


def test_another_date_has_other_bands_and_a_page_without_them_has_none(visit, page, trial):
    drawn, bands = page
    view = visit(drawn["en"])
    before = view.page.evaluate(BANDS)
    days = [day for day in bands if bands[day] != bands[str(pages.AFTER)]]
    number = (dt.date.fromisoformat(days[0]) - dt.date(1970, 1, 1)).days if days else None
    assert number is not None
    view.page.select_option("#pick-after", str(number))
    assert view.page.evaluate(BANDS) != before
    assert visit(trial["en"]).page.evaluate(BANDS) == []
