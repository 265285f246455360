"""Which broken files are found by a rule over the whole folder, not by the reader of one file."""

ELSEWHERE = {
    # Rules that look at more than one feature or file; the reader cannot and must not know.
    "actor_unknown.geojson": "needs the table of actors",
    "actor_renamed.geojson": "needs the table of actors",
    "date_from_equals_to.geojson": "the order of dates is a rule on a sound record",
    "date_to_before_from.geojson": "the order of dates is a rule on a sound record",
    "date_overlapping_versions.geojson": "intervals are not stored in a dated layer",
    "coord_null_island.geojson": "what lies outside the study area",
    "coord_utm_small.geojson": "what lies outside the study area",
    "layer_duplicate_feature.geojson": "coverage of a whole layer",
    "layer_near_coincident_border.geojson": "coverage of a whole layer",
    "layer_overlap_one_day.geojson": "coverage of a whole layer",
    "layer_overlap_two_actors.geojson": "coverage of a whole layer",
    "layer_same_actor_overlap.geojson": "coverage of a whole layer",
    "layer_sliver_gap.geojson": "coverage of a whole layer",
}
