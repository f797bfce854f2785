"""A graph in layers."""

from itertools import combinations

import pytest

from rul_platform.reports.layers import BOX_WIDTH, Drawing, draw

DIAMOND = {"model": 0, "windows": 1, "network": 1, "raw": 2}
MADE_FROM = {"model": ["windows", "network"], "windows": ["raw"], "network": ["raw"]}


def boxes(drawing: Drawing) -> dict[str, tuple[float, float]]:
    return {each.key: (each.x, each.y) for each in drawing.boxes}


def test_what_was_made_stands_above():
    found = boxes(draw(DIAMOND, MADE_FROM))
    assert found["model"][1] < found["windows"][1] == found["network"][1] < found["raw"][1]


def test_boxes_of_a_layer_do_not_touch_and_stay_inside():
    depths = {"top": 0} | {f"b{number}": 1 for number in range(5)}
    drawing = draw(depths, {"top": list(depths)[1:]})
    found = boxes(drawing)
    row = [found[f"b{number}"][0] for number in range(5)]
    assert all(abs(one - other) >= BOX_WIDTH for one, other in combinations(row, 2))
    assert all(0 <= x <= drawing.width - BOX_WIDTH for x, _ in found.values())


def test_each_edge_ends_where_its_boxes_are():
    drawing = draw(DIAMOND, MADE_FROM)
    found = boxes(drawing)
    assert len(drawing.edges) == 4
    for edge in drawing.edges:
        x, y = found[edge.below]
        assert edge.path.startswith(f"M{found[edge.above][0] + BOX_WIDTH / 2:.1f}")
        assert edge.path.endswith(f"{x + BOX_WIDTH / 2:.1f} {y:.1f}")


def test_a_long_edge_passes_beside_the_boxes_between():
    depths = {"model": 0, "windows": 1, "readings": 2}
    drawing = draw(depths, {"model": ["windows", "readings"], "windows": ["readings"]})
    (long,) = [e for e in drawing.edges if (e.above, e.below) == ("model", "readings")]
    x, _ = boxes(drawing)["windows"]
    passes_at = float(long.path.split("V")[0].split()[-2])
    assert not x < passes_at < x + BOX_WIDTH


def test_neighbours_are_sorted_so_that_edges_do_not_cross():
    depths = {"a": 0, "b": 0, "c": 1, "d": 1}
    found = boxes(draw(depths, {"a": ["d"], "b": ["c"]}))
    assert (found["a"][0] < found["b"][0]) == (found["d"][0] < found["c"][0])


@pytest.mark.parametrize("depths", [{"alone": 0}])
def test_one_box_is_a_drawing(depths: dict[str, int]):
    drawing = draw(depths, {})
    assert (len(drawing.boxes), drawing.edges, drawing.width) == (1, (), BOX_WIDTH)
