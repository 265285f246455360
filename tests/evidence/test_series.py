import numpy as np
import shapely

from geo.crs import LocalPlane
from geo.evidence.estimate.ground import Grid
from geo.evidence.estimate.parameters import Parameters
from geo.evidence.estimate.series import follow

AREA = shapely.box(37, 33, 38, 34)
GRID = Grid(AREA, LocalPlane.around(AREA), cells=400)
HERE = np.array([[0.0, 0.0]])


def picture(chance, told):
    """The same chance of the first of two sides, and as much known, everywhere."""
    many = len(GRID.asked)
    return np.tile([chance, 1 - chance], (many, 1)), np.full(many, told)


def near(values):
    """What stands at the point of the grid nearest to the news."""
    return values[np.argmin((GRID.asked**2).sum(axis=1))]


def test_ground_that_was_guessed_right_is_drawn_once_words_tell_of_it():
    guess, known = picture(0.97, 0.02), picture(0.99, 0.7)
    drawn = follow(GRID, guess, guess, known, HERE, Parameters())
    assert near(drawn[1]) > Parameters().told_assessed
    assert near(drawn[0])[0] > 0.98


def test_ground_stays_as_it_was_drawn_where_no_new_word_moved_it():
    before, after = picture(0.9, 0.5), picture(0.93, 0.55)
    drawn = follow(GRID, before, before, after, HERE, Parameters())
    assert drawn[0].tolist() == before[0].tolist()
    assert drawn[1].tolist() == before[1].tolist()


def test_without_news_nothing_is_drawn_anew():
    before, after = picture(0.9, 0.5), picture(0.1, 0.5)
    none = np.zeros((0, 2))
    assert follow(GRID, before, before, after, none, Parameters()) == before
