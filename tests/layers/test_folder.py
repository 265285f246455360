"""What a folder says of its layers is worked out once, and anew for a changed folder."""

import dataclasses

from geo.layers import patches_of, read_folder


def test_patches_are_the_features_of_a_date_with_their_labels(small):
    folder = read_folder(small)
    for day, layer in folder.control.items():
        patches = folder.patches(day)
        assert [patch.label.patch for patch in patches] == [f.id for f in layer.features]
        assert [patch.geometry for patch in patches] == [f.geometry for f in layer.features]
        assert [patch.label.status for patch in patches] == [
            f.properties["status"] for f in layer.features
        ]
        assert folder.patches(day) is patches


def test_a_feature_without_a_geometry_is_no_patch(small):
    folder = read_folder(small)
    features = next(iter(folder.control.values())).features
    bare = dataclasses.replace(features[0], geometry=None)
    assert patches_of([bare, *features[1:]]) == patches_of(features[1:])


def test_a_changed_folder_remembers_nothing_of_the_one_before(small):
    folder = read_folder(small)
    day = next(iter(folder.control))
    assert folder.patches(day)
    assert folder.sides
    assert folder.rows("actors")
    bare = dataclasses.replace(
        folder,
        actors=dataclasses.replace(folder.actors, rows=()),
        control={day: dataclasses.replace(folder.control[day], features=())},
    )
    assert (bare.patches(day), bare.sides, bare.rows("actors")) == ([], {}, {})
    assert bare != folder
    assert dataclasses.replace(folder) == folder
