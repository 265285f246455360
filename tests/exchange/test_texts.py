"""No cell begins a formula, and every text comes back."""

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from geo import draw
from geo.exchange import texts
from geo.exchange.texts import guard_formula, unguard_formula


@given(st.text(alphabet="=+-@\t\r\n;|,'a1 ＝＋－＠", max_size=12))
def test_no_cell_begins_a_formula_however_it_is_cut(text):
    safe = guard_formula(text)
    for cell in re.split(r"[;\t\r\n|]", safe):
        assert not cell.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert re.sub("'", "", safe) == re.sub("'", "", text)


@given(st.text(alphabet="=+-@\t\r\n;|,'a1 ＝＋－＠", max_size=12))
def test_guarded_text_comes_back(text):
    assert unguard_formula(guard_formula(text)) == text


def test_the_page_guards_its_cells_by_the_same_signs():
    page = (Path(draw.__file__).parent / "page" / "export.js").read_text(encoding="utf-8")
    assert f"/(^|[;\\t\\r\\n|])(?={texts._FORMULA})/g" in page
