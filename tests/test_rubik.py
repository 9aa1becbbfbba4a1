"""The net of the Rubik's cube lies as groups.RubiksCube() numbers its stickers."""

import numpy as np
import pytest
import torch

from eqkit import groups
from eqkit.views import rubik


def test_the_stickers_have_48_places_on_six_faces_of_eight():
    places = rubik.places()
    assert len({tuple(place) for place in places.tolist()}) == 48
    assert torch.equal(torch.bincount(rubik.faces()), torch.full((6,), 8))


@pytest.mark.parametrize("face", range(6), ids="FBRLUD")
def test_a_turn_moves_its_own_face_by_90_degrees_counter_clockwise_on_the_net(face):
    move = groups.RubiksCube().permutations[face].numpy()
    places = rubik.places()[8 * face : 8 * face + 8]
    centre = (places.min(0) + places.max(0)) // 2
    row, column = (places - centre).T
    turned = np.stack([-column, row], 1) + centre
    assert (rubik.places()[move[8 * face : 8 * face + 8]] == turned).all()


@pytest.mark.parametrize("face", range(6), ids="FBRLUD")
def test_a_turn_shows_four_triples_of_neighbouring_faces(face):
    seen = rubik.faces(groups.RubiksCube().generators[face]) != rubik.faces()
    assert int(seen.sum()) == 12 and not seen[8 * face : 8 * face + 8].any()


def test_f_carries_the_upper_row_to_the_left_face():
    shown = rubik.faces(groups.RubiksCube().generators["FBRLUD".index("F")])
    left = [i for i, (row, column) in enumerate(rubik.places().tolist()) if column == 2 and 3 <= row <= 5]
    assert shown[left].tolist() == ["FBRLUD".index("U")] * 3
