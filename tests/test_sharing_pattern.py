"""The sharing pattern without a browser: counts, letters, basis matrices, errors; and groups spelt as Python."""

import itertools
import json

import numpy as np
import pytest
import torch

from eqkit import groups
from eqkit.equivariant_maps import Hom
from eqkit.views.sharing_pattern import MENU, NAMES, SharingPattern
from eqkit.views.spelling import named, spell_entries, spell_group, spell_representation


def choose(view, *names):
    for menu, name in zip(view.menus, names, strict=True):
        menu.value = name


@pytest.mark.parametrize(
    "group, first, second, free",
    [("S(4)", "V⊗V", "V⊗V", 15), ("S(6)", "V⊗V", "V", 5), ("C(12)", "V", "V", 12), ("D(6)", "V", "V", 4),
     ("trivial(4)", "V", "V⊗V", 64), ("S(4)", "V", "1", 1), ("S(4)", "regular", "regular", 24)],
)  # fmt: skip
def test_free_parameters_are_the_partitions_or_orbits_of_theory(group, first, second, free):
    view = SharingPattern()
    choose(view, group, first, second)
    s = view.state()
    assert (s["free"], s["zero"], s["minus"]) == (free, 0, 0)
    assert sum(view.tally.sizes) == s["weights"] and len(view.tally.sizes) == free


def test_signs_force_zeros_and_minus():
    view = SharingPattern(groups.SignFlips(4))
    assert view.state()["zero"] == 12 and view.state()["free"] == 4
    choose(view, "Octahedral()", "Alt²(V)", "V⊗V")  # the cross product, as the six entries ±1 of ε
    assert (view.state()["free"], view.state()["zero"], view.state()["minus"]) == (1, 21, 3)
    assert sorted(np.frombuffer(view.weight.signs, np.int8)) == [-1] * 3 + [0] * 21 + [1] * 3


def test_rotations_have_basis_matrices_one_after_the_other():
    view = SharingPattern(groups.SO(3), groups.SO(3).vector ** 2, groups.SO(3).vector)
    epsilon = np.zeros((3, 3, 3))
    for p in itertools.permutations(range(3)):
        epsilon[p] = np.linalg.det(np.eye(3)[list(p)])
    shown = view.weight.current()
    assert np.array_equal(shown / shown[0, 5], epsilon.reshape(3, 9)) and "zero" not in view.state()
    choose(view, "SO(3)", "V⊗V", "V⊗V")
    assert view.stepper.max == 2
    pictures = set()
    for i in range(3):
        view.stepper.value = i
        pictures.add(view.still())
        assert view.state()["shown"] == i and f"H.basis[{i}]" in view.code()
    assert len(pictures) == 3


def test_where_only_zero_is_equivariant_the_view_says_so():
    view = SharingPattern(groups.O(3))
    choose(view, "O(3)", "V⊗V", "V")
    assert view.state()["free"] == 0 and view.verdict() == "Only W = 0 is equivariant over O(3)."
    assert not view.weight.current().any() and view.still()
    exec(view.code(), {})


def test_complex_groups_show_real_matrices():
    view = SharingPattern(groups.SU(2))
    choose(view, "SU(2)", "V*", "V")
    assert np.array_equal(np.abs(view.weight.current()), [[0, 1], [1, 0]])


@pytest.mark.parametrize("name", NAMES)
def test_the_code_of_every_group_gives_what_is_shown(name):
    view = SharingPattern(named(name))
    for first, second in (("V", "V"), ("V⊗V", "V*"), ("Sym²(V)", "2·V"), ("1", "V")):
        choose(view, name, first, second)
        scope: dict = {}
        exec(view.code(), scope)
        assert view.footer.error == "" and scope["H"].dim == view.state()["free"]
        if view.tied:
            assert torch.equal(scope["H"].pattern, view.hom.pattern)


def test_a_class_is_selected_by_its_letter():
    view = SharingPattern(groups.S(4))
    view.weight.selected = 1
    assert view.state()["selected"] == "b" and view.state()["tied"] == 12
    choose(view, "C(6)", "V", "V")
    assert "selected" not in view.state()


def test_what_is_too_large_is_refused_and_the_picture_stays():
    view = SharingPattern(groups.S(6))
    before = view.still()
    choose(view, "S(6)", "V⊗V⊗V", "V⊗V")
    assert "at most 4,096" in view.footer.error and "36 × 216 = 7,776" in view.footer.error
    assert view.state()["V_in"] == "V⊗V⊗V" and view.state()["V_out"] == "V" and view.still() != before
    view.reset()
    assert view.footer.error == "" and view.still() == before


def test_representations_of_ones_own():
    G = groups.D.plane(3)
    signs = G.representation(torch.tensor([[[1.0]], [[-1.0]]]), name="σ")
    view = SharingPattern(G, signs, signs + signs)
    assert view.state()["free"] == 2
    exec(view.code(), scope := {})
    assert scope["H"].dim == 2
    choose(view, "S(4)", "σ", "V")
    assert view.footer.error == "σ is a representation of D.plane(3); choose another for S(4)"
    with pytest.raises(ValueError, match="build it from G"):
        SharingPattern(groups.S(4), groups.S(5).vector)
    with pytest.raises(TypeError, match="no group"):
        SharingPattern("S(4)")
    with pytest.raises(TypeError, match="no representation"):
        SharingPattern(groups.S(4), "V")


def test_the_last_of_many_choices_is_shown():
    view = SharingPattern()
    for i in range(200):
        view.menus[i % 3].value = (("C(6)", "D(6)"), ("V", "V⊗V"), ("1", "V", "2·V"))[i % 3][i % 2]
    s = view.state()
    assert [s["group"], s["V_in"], s["V_out"]] == [menu.value for menu in view.menus]
    H = Hom(view.hom.V, view.hom.W)
    assert s["free"] == H.dim and np.array_equal(np.frombuffer(view.weight.labels, np.int32), H.pattern.flatten())


def test_state_text_and_labels():
    view = SharingPattern()
    json.dumps(view.state())
    assert "16 weights" in view.tally.label and "W: V → V" in view.weight.label
    assert view._repr_mimebundle_()["text/plain"] == SharingPattern(groups.SO(3))._repr_mimebundle_()["text/plain"]
    view.close()


@pytest.mark.parametrize(
    "G", [*map(named, NAMES), groups.RubiksCube(), groups.C(2) * (groups.S(3) * groups.SO(2)),
          *map(named, ["E(2)", "SE(3)", "Quaternion()", "BinaryOctahedral()", "H3()", "F4()"]),
          groups.Lorentz(proper=True), groups.permutation_group([[1, 2, 0, 3]], name="S(4)")], ids=str,
)  # fmt: skip
def test_a_group_is_spelt_as_python_that_builds_it(G):
    assert eval(spell_group(G), {"groups": groups, "torch": torch}) == G


def test_a_representation_is_spelt_as_python_that_builds_it():
    G = groups.C(4)
    V = G.vector
    named_ones = [make(G) for make in MENU.values()]
    for W in [*named_ones, (V + V) * V, (V * V).dual, V.sym(2).alt(2), (V + G.trivial).sym(2), V.sym(2).dual]:
        assert eval(spell_representation(W), {"G": G, "V": V}) == W
    given = G.representation(-torch.ones(1, 1, 1))
    assert eval(spell_representation(given), {"G": G, "V": V, "torch": torch})(G.generators).tolist() == [[[-1.0]]]


def test_entries_are_written_without_zeros_and_with_their_signs():
    written = spell_entries(np.array([[0.0, -0.5], [0.5, 3**0.5 / 2]]))
    assert [word for _, word in written["classes"]] == ["0.5", "0.87"]
    assert written["labels"].tolist() == [[-1, 0], [0, 1]] and written["signs"].tolist() == [[0, -1], [1, 1]]
