"""The group explorer without a browser: words, elements, motions, drawings, errors."""

import itertools
import json

import numpy as np
import pytest
import torch

from eqkit import groups
from eqkit.views.group_explorer import NAMES, GroupExplorer, _crossings, figure, layout, path
from eqkit.views.spelling import named


def test_a_word_acts_from_the_right():
    view = GroupExplorer(groups.D.plane(6))
    view.press("aab")
    a, b = groups.D.plane(6).generators
    assert np.allclose(view.matrix.current(), b @ a @ a, atol=1e-6)
    assert view.state() == {
        "group": "D.plane(6)",
        "order": 12,
        "word": "ba²",
        "element": view.graph.at,
        "element_order": 2,
        "found": 4,
    }


@pytest.mark.parametrize("name", NAMES)
def test_all_elements_are_reached_and_every_code_gives_the_element_shown(name):
    G = named(name)
    view = GroupExplorer(G)
    k, generator = len(G.generators), torch.Generator().manual_seed(0)
    while view.state()["found"] < G.order:
        word = torch.randint(k, (10,), generator=generator).tolist()
        view.press("".join("abcdef"[j] for j in word))
    scope: dict = {}
    exec(view.code(), scope)
    assert torch.allclose(scope["g"].float(), torch.from_numpy(view.matrix.current().copy()), atol=1e-6)
    power, order = torch.linalg.matrix_power, view.state()["element_order"]
    assert torch.allclose(power(scope["g"], order), torch.eye(G.n, dtype=torch.float64), atol=1e-9)
    assert not any(torch.allclose(power(scope["g"], m), power(scope["g"], 0), atol=1e-9) for m in range(1, order))


@pytest.mark.parametrize("name", NAMES)
def test_a_motion_leads_from_the_identity_to_its_generator(name):
    for h in named(name).generators.numpy():
        motion = path(h)
        assert np.allclose(motion[0], np.eye(len(h)), atol=1e-12) and np.allclose(motion[-1], h, atol=1e-12)
        assert np.abs(np.diff(motion, axis=0)).max() < 0.3  # without a jump
        if len(h) <= 3 and np.linalg.det(h) > 0:
            assert np.allclose(motion.transpose(0, 2, 1) @ motion, np.eye(len(h)), atol=1e-12)  # a turn all the way


def test_a_matrix_that_is_not_orthogonal_moves_along_a_straight_line():
    h = np.array([[0.0, 2.0], [0.5, 0.0]])
    assert np.allclose(path(h, 3)[1], (np.eye(2) + h) / 2)


def test_the_letters_on_the_cube_are_all_written_from_outside():
    points, view, parts = figure(groups.Octahedral())
    letters = [points[part["at"]] for part in parts if len(part["at"]) == 10]
    turns = [np.linalg.det(np.stack([xyz[1] - xyz[0], xyz[2] - xyz[1], xyz.mean(0)])) for xyz in letters]
    assert len(letters) == 6 and all(turn < 0 for turn in turns)  # the outline of F runs clockwise
    assert np.allclose(view @ view.T, np.eye(3)) and np.linalg.det(view) > 0


@pytest.mark.parametrize("name", NAMES)
def test_no_two_elements_are_drawn_on_one_place(name):
    xy = layout(named(name).cayley_graph().numpy()[:120])
    apart = np.linalg.norm(xy[:, None] - xy, axis=2) + 9 * np.eye(len(xy))
    assert apart.min() > 0.01 and np.abs(xy).max() <= 1 + 1e-9


def test_a_prism_is_drawn_without_crossings():
    edges = groups.D.plane(6).cayley_graph().numpy()
    xy = layout(edges)
    assert _crossings(np.repeat(xy, 2, 0), xy[edges.ravel()]) == 0


def test_crossings_are_counted_once_and_touching_ends_not_at_all():
    p = np.array([[0.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    q = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    assert _crossings(p, q) == 1


def test_a_large_group_says_where_the_drawing_stops():
    view = GroupExplorer(groups.S(6))
    view.press("ab" * 5)
    assert len(view.graph.xy) == 120 * 8
    assert "the 120 nearest" in view.verdict() and view.still()[:4] == b"\x89PNG"


def test_the_trivial_group_has_one_element_and_no_letter():
    view = GroupExplorer(groups.trivial(3))
    assert view.state()["found"] == view.state()["order"] == 1
    exec(view.code(), {})
    assert view.still()
    with pytest.raises(ValueError, match="the generators of trivial\\(3\\) are none"):
        view.press("a")


def test_a_group_of_ones_own_is_offered_first_and_spelt_by_its_generators():
    G = groups.MatrixGroup(torch.tensor([[[0.0, 2.0], [0.5, 0.0]]]), name="mine")
    view = GroupExplorer(G)
    view.press("a")
    scope: dict = {}
    exec(view.code(), scope)
    assert view.menu.options[0] == "mine" and scope["G"] == G and np.allclose(scope["g"], view.matrix.current())
    assert view.still()


@pytest.mark.parametrize(
    "G, says",
    [
        (groups.SO(3), "take a finite group"),
        (groups.RubiksCube(), "Take a subgroup"),
        (groups.S(8), "at most 5,040"),
        (groups.MatrixGroup(torch.tensor([[[1j]]])), "real generators"),
    ],
)
def test_a_group_that_cannot_be_walked_is_refused_with_the_cure(G, says):
    with pytest.raises(ValueError, match=says):
        GroupExplorer(G)


def test_what_is_no_group_or_no_generator_is_refused():
    with pytest.raises(TypeError, match="pass one such as"):
        GroupExplorer("D(6)")
    with pytest.raises(ValueError, match="are a, b"):
        GroupExplorer().press("c")


def test_the_last_of_many_choices_is_shown():
    view = GroupExplorer()
    for name in itertools.islice(itertools.cycle(("C(6)", "S(3)", "A(4)", "D.plane(3)")), 200):
        view.menu.value = name
    assert view.state()["group"] == "D.plane(3)" and view.state()["found"] == 1
    view.reset()
    assert view.state()["group"] == "D.plane(6)"


def test_letters_of_the_old_group_begin_again_in_the_new_one():
    view = GroupExplorer(groups.S(4))
    view.press("ab")
    late = {name: getattr(view.graph, name) for name in ("word", "at", "trail", "found", "step")}
    view.menu.value = "C.plane(5)"
    with view.graph.hold_trait_notifications():
        view.graph.set_state(late)
    assert view.state()["word"] == "E" and view.state()["found"] == 1


def test_state_picture_and_words_tell_two_states_apart():
    view = GroupExplorer(groups.A(4))
    before = json.dumps(view.state()), view.still(), view.graph.label, view.code()
    view.press("ab")
    after = json.dumps(view.state()), view.still(), view.graph.label, view.code()
    assert all(x != y for x, y in zip(before, after, strict=True))
    bundle = view._repr_mimebundle_()
    assert bundle["text/plain"] == GroupExplorer()._repr_mimebundle_()["text/plain"] and bundle["image/png"]
    view.reset()
    assert json.dumps(view.state()) == before[0] and view.still() == before[1]
    view.close()
