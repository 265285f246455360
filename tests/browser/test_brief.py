"""The page of a brief in a browser."""

import pytest

from geo import open_layers


@pytest.fixture
def briefed(small, tmp_path):
    """The page of a brief, in a language."""

    def made(language):
        path = tmp_path / f"{language}.html"
        open_layers(small).brief(language=language).save(path)
        return path.as_uri()

    return made


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("ar", 360)])
def test_it_opens_for_every_reader(briefed, read, axe, language, width):
    view = read(briefed(language), width=width, bypass_csp=True)
    assert view.barriers(axe) == []
    assert not view.is_wider()
    assert view.faults == []


def test_it_asks_for_nothing_outside_and_its_numbers_lead_to_the_records(briefed, read):
    view = read(briefed("en"), java_script_enabled=False)
    assert view.faults == []
    assert all(url.startswith(("file:", "data:")) for url in view.requests)
    view.page.locator(".lead .ids a").first.click()
    assert view.page.locator("li:target").count() == 1
    assert view.page.locator("figure img").count() == 2
