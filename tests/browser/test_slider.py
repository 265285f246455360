import json
from pathlib import Path

import pytest

from geo import open_layers

pytest.importorskip("anywidget")

ROOT = Path(__file__).parents[2]
MODULE = (ROOT / "geo" / "draw" / "widget" / "slider.js").read_text(encoding="utf-8")

PAGE = """<!doctype html><meta charset="utf-8"><div id="cell"></div><script type="module">
const source = document.getElementById("source").textContent;
const module = await import(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
const state = JSON.parse(document.getElementById("state").textContent);
const heard = [];
window.model = {
  get: (name) => state[name], set: (name, value) => { state[name] = value; },
  on: (name, call) => heard.push(call), off: () => {}, save_changes: () => { window.saved = true; },
};
window.tell = (date) => { state.date = date; heard.forEach((call) => call()); };
module.default.render({model: window.model, el: document.getElementById("cell")});
window.drawn = true;
</script><script type="text/plain" id="source">%s</script>
<script type="application/json" id="state">%s</script>"""


@pytest.mark.browser
def test_the_hand_moves_the_map_and_python_does_too(chromium, tmp_path):
    slider = open_layers(ROOT / "layers").slider()
    state = {"scene": slider.scene, "dates": slider.dates, "date": slider.date}
    text = json.dumps(state, ensure_ascii=False).replace("<", "\\u003c")
    path = tmp_path / "cell.html"
    path.write_text(PAGE % (MODULE, text), encoding="utf-8")
    page = chromium.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_function("window.drawn")
    assert page.locator("output").inner_text() == "2 August 2017"
    before = page.locator("svg > path").count()
    page.locator("input").focus()
    page.keyboard.press("ArrowLeft")
    assert page.locator("output").inner_text() == "31 July 2017"
    assert page.evaluate("window.saved && window.model.get('date')") == "2017-07-31"
    page.evaluate("window.tell('2017-03-29')")
    assert page.locator("output").inner_text() == "29 March 2017"
    assert page.locator("svg > path").count() != before
    assert page.locator("svg").get_attribute("aria-label").startswith("29 March 2017.")
    assert not faults
    page.screenshot(path=tmp_path / "slider.png", full_page=True)
    page.close()
