"""SymmetryFinder without a browser: every function of its menu, noise, samples, typed functions and data."""

import pytest
import torch

from eqkit.views import SymmetryFinder
from eqkit.views.symmetry_finder import FUNCTIONS, changed_basis, variables

NAMES = {
    "squared length": "so(3)",
    "length, and a height": "so(3) ⊕ trivial(1)",
    "interval of relativity": "so(1, 3)",
    "discriminant": "so(1, 2)",
    "determinant, 2 by 2": "so(2, 2)",
    "two circles": "so(2) ⊕ so(2)",
    "hyperbolas": "so(1, 1)",
    "product of squares": "ℝ^2",
    "sum of cubes": "no continuous symmetry",
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_of_the_menu_has_its_name_in_both_bases(function):
    view = SymmetryFinder(FUNCTIONS[function])
    assert view.state()["name"] == NAMES[function]
    view.changed.value = True
    assert view.state()["name"] == NAMES[function] and view.state()["changed_basis"]


def test_noise_leaves_the_name_and_takes_the_exactness():
    view = SymmetryFinder("x0^2 - x1^2 - x2^2 - x3^2")
    assert view.state()["exact"]
    view.noise.value = 0.1
    assert view.state()["name"] == "so(1, 3)" and not view.state()["exact"] and "violated" in view.verdict()
    assert view.frames.abs().max() < 1.2  # noise is not divided by noise
    exec(view.code(), {})  # noqa: S102


def test_too_few_noisy_samples_are_called_by_their_name():
    view = SymmetryFinder("x0^2 - x1^2 - x2^2 - x3^2")
    view.noise.value, view.samples.value = 0.3, 20
    assert "misses" in view.verdict() or view.footer.error


def test_a_typed_function_is_found_and_a_typo_changes_nothing():
    view = SymmetryFinder()
    view.typed.value = "x0^2 + 2x1^2 - 3x4^2 + x2 x3"
    state = view.state()
    assert (state["name"], state["n"], state["dimension"]) == ("so(2, 3)", 5, 10)
    view.typed.value = "x0^2 + q"
    assert "unknown" in view.footer.error and view.state() == state
    view.typed.value = "x9"
    assert "up to x5" in view.footer.error
    view._reset()
    assert view.state() == SymmetryFinder().state() and not view.footer.error


def test_the_basis_is_shown_matrix_by_matrix():
    view = SymmetryFinder()
    assert view.element.max == 3
    frames = []
    for k in (1, 2, 3):
        view.element.value = k
        frames.append(torch.tensor(view.matrix.current().copy()))
    basis = torch.stack(frames)
    torch.testing.assert_close(basis, -basis.mT)
    assert view.state()["basis_matrix"] == 3 and set(basis.unique().tolist()) == {-1, 0, 1}


def test_your_own_function_and_data():
    x = torch.randn(300, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert SymmetryFinder(lambda x: x.square().sum(1).sin(), x).state()["name"] == "so(3)"
    assert SymmetryFinder(x=x, y=x.square().sum(1)).state()["name"] == "so(3)"


def test_variables_are_counted_and_the_basis_can_be_left():
    assert [variables(t) for t in ("x0", "x₃ + 1", "x^2 + z", "x y", "x_{4}")] == [2, 4, 3, 2, 5]
    assert torch.linalg.det(changed_basis(5)) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"f": torch.sin}, "takes an expression"),
        ({"x": torch.ones(5, 2)}, "takes an expression"),
        ({"f": torch.sin, "x": torch.ones(5, 9)}, "n ≤ 6"),
        ({"f": "x0^2 +"}, "ends too early"),
    ],
)
def test_what_cannot_be_solved_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        SymmetryFinder(**arguments)
