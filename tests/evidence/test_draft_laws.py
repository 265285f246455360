"""Laws of drafts, for random theatres of every size, number of sides and shape of evidence."""

import dataclasses
import math

import numpy as np
import pytest
import shapely
from drafted import (
    DAYS,
    SOURCES,
    at_points,
    estimator,
    holders,
    lattice,
    place,
    said,
    same,
    source,
    taken,
    theatres,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from thoroughness import dear

from geo.crs import LocalPlane, area_km2, distance_km
from geo.evidence.estimate import ground as _ground
from geo.layers import read_folder
from tests.theatres import known


@pytest.fixture(autouse=True, scope="module")
def coarse():
    """Grids of fewer cells: what holds on any grid is found sooner."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_ground, "_CELLS", 800)
        yield


def words_of(seed, count, degrees=1.0):
    """Places and statements of a theatre whose truth is known, and its ground."""
    theatre = known(seed, places=count)
    area = shapely.box(37.0, 33.0, 37.0 + degrees, 33.0 + degrees)
    spots = 0.005 + 0.99 * np.clip(theatre.xy / theatre.width_m, 0, 1)
    places = [
        place(f"p{k}", *np.round([37.0 + x * degrees, 33.0 + y * degrees], 4))
        for k, (x, y) in enumerate(spots.tolist())
    ]
    sides = [theatre.sides[side] for side in theatre.said]
    words = [said(p.id, DAYS[0], side) for p, side in zip(places, sides, strict=True)]
    return area, places, words


# The ground is covered, once.


@settings(max_examples=2 * dear(40), deadline=None)
@given(theatres(), st.sampled_from(DAYS))
def test_a_draft_covers_the_area_exactly_once_and_says_what_it_draws(theatre, day):
    check_draft(theatre, day)


@settings(max_examples=dear(12) // 3, deadline=None)
@given(theatres(least_sides=15, most_sides=20))
def test_twenty_sides_share_the_ground_as_a_few_do(theatre):
    check_draft(theatre, DAYS[1])


def check_draft(theatre, day):
    draft = theatre.estimator().draft(day)
    shapes = [one.geometry for one in draft.features]
    assert all(shapely.is_valid(shapes))
    assert all(shapely.get_type_id(shapes) == 3)
    union = shapely.union_all(shapes)
    assert union.symmetric_difference(theatre.area).area < 1e-9 * theatre.area.area
    assert sum(area_km2(shapes)) == pytest.approx(area_km2([theatre.area])[0], rel=1e-6)
    assert len({one.id for one in draft.features}) == len(draft.features)
    assert sum(draft.shares.values()) == pytest.approx(1, abs=3e-4)
    ids = {row.id for row in theatre.statements}
    sides = set(theatre.estimator().sides)
    for patch in draft.features:
        values, chances = patch.properties, draft.probabilities[patch.id]
        assert set(chances) == sides
        assert sum(chances.values()) == pytest.approx(1)
        if values["status"] == "unknown":
            assert not (values["controller"] or values["controllers"] or values["statement_ids"])
            continue
        assert set(values["statement_ids"].split(";")) <= ids
        assert values["basis"]
        if values["status"] == "controlled":
            assert values["controller"] in sides
        else:
            assert values["status"] == "contested"
            assert len(set(values["controllers"].split(";")) & sides) > 1


@pytest.mark.slow
@settings(max_examples=dear(30), deadline=None)
@given(theatres(), st.randoms())
def test_order_of_places_and_statements_does_not_matter(theatre, dice):
    draft = theatre.estimator().draft(DAYS[2])
    mixed = dataclasses.replace(
        theatre,
        places=tuple(dice.sample(theatre.places, len(theatre.places))),
        statements=tuple(dice.sample(theatre.statements, len(theatre.statements))),
    )
    assert same(mixed.estimator().draft(DAYS[2]), draft)


@pytest.mark.slow
@settings(max_examples=dear(30), deadline=None)
@given(theatres(most_sides=5))
def test_other_names_of_the_sides_are_other_names_on_the_same_map(theatre):
    names = {f"side-{k:02d}": f"side-{4 - k:02d}" for k in range(5)}
    plain, renamed = theatre.estimator(), theatre.renamed(names).estimator()
    ground = lattice(theatre.area, 30)
    chances, turned = (one.probabilities(DAYS[1], ground) for one in (plain, renamed))
    for side in plain.sides:
        assert chances[side].to_numpy() == pytest.approx(turned[names[side]].to_numpy(), abs=1e-7)
    one, other = (holders(each.draft(DAYS[1]), ground) for each in (plain, renamed))
    # What both draw may differ by rounding at a border.
    assert (np.array([names.get(side, "") for side in one]) == other).mean() > 0.99


# Small things.


@settings(max_examples=dear(40), deadline=None)
@given(theatres(), st.sampled_from(DAYS))
def test_no_small_island_is_drawn_that_no_word_names(theatre, day):
    model = theatre.estimator()
    draft = model.draft(day)
    if len(draft.features) == 1:
        return
    told = model.told(day)
    spots = shapely.get_coordinates(
        model.plane.inverse(shapely.MultiPoint(np.concatenate([one.xy for one in told])))
    )
    who = np.repeat([model.sides[one.shares.argmax()] for one in told], [len(o.xy) for o in told])
    whole = area_km2([theatre.area])[0]
    for patch in draft.features:
        if area_km2([patch.geometry])[0] > 0.0018 * whole:
            continue
        inside = shapely.intersects_xy(patch.geometry, *spots.T)
        assert patch.properties["controller"] in who[inside]


def runs_about(spots, shapes, tolerance=0.01):
    """The widest angle that a border runs at a constant distance, under 40 km, from each spot."""
    rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapes)]
    widest = np.zeros(len(spots))
    for ring in rings:
        for k, spot in enumerate(spots):
            away = ring - spot
            far, angle = np.hypot(*away.T), np.arctan2(*away.T)
            turn = (np.diff(angle) + np.pi) % (2 * np.pi) - np.pi
            first, low, high, total = 0, far[0], far[0], 0.0
            for j in np.flatnonzero(far[1:] < 40e3) + 1:
                joined = j == first or abs(far[j] - far[j - 1]) < 2 * tolerance * far[j]
                low, high = min(low, far[j]), max(high, far[j])
                if joined and high <= low * (1 + 2 * tolerance):
                    total += turn[j - 1]
                else:
                    first, low, high, total = j, far[j], far[j], 0.0
                widest[k] = max(widest[k], abs(math.degrees(total)))
    return widest


def test_a_border_that_is_an_arc_about_a_place_would_be_seen():
    disc = shapely.buffer(shapely.Point(5e3, 5e3), 9e3, quad_segs=16)
    spots = np.array([[5e3, 5e3], [9e3, 5e3]])
    about, beside = runs_about(spots, [disc])
    assert about > 350
    assert beside < 60


def test_no_border_of_the_shipped_layers_is_an_arc_about_a_place(shipped):
    folder = read_folder(shipped)
    plane = LocalPlane.around(folder.area)
    spoken = {row.values["place_id"] for row in folder.statements.rows}
    points = [
        one.geometry
        for one in folder.places.values()
        if one.id in spoken and one.geometry is not None and one.geometry.geom_type == "Point"
    ]
    inside = [one for one in points if folder.area.covers(one)]
    spots = shapely.get_coordinates(plane.forward(shapely.MultiPoint(inside)))
    layer = max(folder.control.items())[1]
    shapes = [plane.forward(one.geometry) for one in layer.features]
    widest = runs_about(spots, shapes)
    # A disc has 360; borders that bend as they will have 80 about some of a hundred places.
    assert widest.max() < 100
    assert np.quantile(widest, 0.9) < 60


def test_borders_are_no_rounder_about_places_than_about_any_spot():
    about, beside = [], []
    for seed in range(9):
        area, places, words = words_of(seed, 30)
        model = estimator(places, words, area=area)
        draft = model.draft(DAYS[0])
        shapes = [model.plane.forward(one.geometry) for one in draft.features]
        spots = shapely.get_coordinates(
            model.plane.forward(shapely.MultiPoint([p.geometry for p in places]))
        )
        moved = spots + np.random.default_rng(seed).normal(0, 6e3, spots.shape)
        about += runs_about(spots, shapes).tolist()
        beside += runs_about(moved, shapes).tolist()
    assert np.mean(about) < 1.5 * np.mean(beside) + 5
    assert np.quantile(about, 0.9) < 75


# Dates.


def test_ground_far_from_every_new_word_is_drawn_exactly_as_before():
    moved, stays = 0, 0
    for seed in range(6):
        area, places, words = words_of(seed, 60, degrees=4.0)
        before = words[0].values["controller"]
        other = next(s for s in ("red", "blue") if s != before)
        model = estimator(places, [*words, taken("p0", DAYS[1], other)], area=area, dates=[DAYS[0]])
        ground = lattice(area, 40)
        home = places[0].geometry
        away = distance_km(home.x, home.y, *ground.T)
        one, two = (
            np.array(
                [
                    (held["controller"] or "", held["confidence"] if held["controller"] else "")
                    for held in at_points(model.draft(day), ground)
                ]
            )
            for day in DAYS[:2]
        )
        differs = (one != two).any(axis=1)
        # An island at the rim of what is drawn anew may go with it: 0.2 % of the ground.
        radius_km = model.parameters.moved_km + math.sqrt(0.002 * area_km2([area])[0])
        assert not differs[away > radius_km].any()
        moved += differs.sum()
        stays += (~differs).sum()
    assert moved > 20
    assert stays > 20 * moved


@pytest.mark.slow
def test_one_word_among_many_hardly_moves_the_field_far_away():
    # As many words as the shipped case has; its level tells of all ground, a little.
    far, near = [], []
    for seed in range(5):
        area, places, words = words_of(seed, 250, degrees=2.0)
        other = "blue" if words[0].values["controller"] == "red" else "red"
        ground = lattice(area, 30)
        home = places[0].geometry
        away = distance_km(home.x, home.y, *ground.T)
        turned = [said("p0", DAYS[0], other), *words[1:]]
        models = [estimator(places, told, area=area) for told in (words, turned)]
        one, two = (model.probabilities(DAYS[0], ground)[list(model.sides)] for model in models)
        change = abs(one - two).to_numpy().max(axis=1)
        far.append(change[away > 100].mean())
        near.append(change[away < 8].mean())
    assert np.mean(far) < 0.02
    assert np.mean(near) > 10 * np.mean(far)


@settings(max_examples=dear(25), deadline=None)
@given(theatres())
def test_hindsight_without_later_words_is_foresight(theatre):
    def drawn(**more):
        draft = theatre.estimator(**more).draft(DAYS[2])
        note = " As it was known on 2017-07-20."
        features = [
            dataclasses.replace(
                one, properties=one.properties | {"note": one.properties["note"].replace(note, "")}
            )
            for one in draft.features
        ]
        return dataclasses.replace(draft, features=tuple(features))

    assert same(drawn(), drawn(as_of=DAYS[2]))


@settings(max_examples=dear(25), deadline=None)
@given(theatres(), st.sampled_from(DAYS[:2]))
def test_foresight_is_blind_to_all_that_was_said_or_published_later(theatre, day):
    late = {
        name: source(f"late-{name}", one.values["leaning"], "2017-08-01")
        for name, one in SOURCES.items()
    }
    sources = SOURCES | {f"late-{name}": row for name, row in late.items()}
    more = [
        dataclasses.replace(
            row,
            id=f"{row.id}-late",
            values=row.values | {"source_ids": f"late-{row.values['source_ids']}", "date": DAYS[0]},
        )
        for row in theatre.statements
    ]
    past = [row for row in theatre.statements if row.values["date"] <= day]
    told = {"as_of": day, "area": theatre.area, "sources": sources}
    plain = estimator(theatre.places, past, **told)
    fuller = estimator(theatre.places, [*theatre.statements, *more], **told)
    assert same(fuller.draft(day), plain.draft(day))


@settings(max_examples=dear(25), deadline=None)
@given(theatres())
def test_layers_of_dates_without_news_between_them_are_drawn_alike(theatre):
    model = theatre.estimator(dates=["2017-07-21", "2017-07-25"])
    first, second = model.draft("2017-07-21"), model.draft("2017-07-25")
    shapes = [[one.geometry for one in draft.features] for draft in (first, second)]
    assert len(shapes[0]) == len(shapes[1])
    assert all(shapely.union_all(s).area == pytest.approx(theatre.area.area) for s in shapes)
    ground = lattice(theatre.area, 30)
    assert (holders(first, ground) == holders(second, ground)).all()
