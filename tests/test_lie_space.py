"""LieSpace without a browser: algebras keep their forms, curves stay on the orbit, brackets against the matrices."""

import itertools

import numpy as np
import pytest
import torch

from eqkit import groups
from eqkit.views import LieSpace
from eqkit.views.lie_explorer import bracket
from eqkit.views.lie_space import FORMS, GENERATORS, ORBITS, curve_kind
from eqkit.views.meshes import hyperboloid_mesh


def values(algebra, x):
    return torch.einsum("ki,ij,kj->k", x, FORMS[algebra], x)


@pytest.mark.parametrize("algebra", list(GENERATORS))
def test_generators_span_the_algebra_of_the_form_and_it_is_closed(algebra):
    L, B = torch.stack(list(GENERATORS[algebra].values())), FORMS[algebra]
    assert not (L.mT @ B + B @ L).any()
    brackets = torch.stack([bracket(a, b) for a, b in itertools.product(L, repeat=2)])
    assert torch.linalg.matrix_rank(torch.cat([L, brackets]).flatten(1)) == 3
    if algebra == "so(3)":
        assert torch.linalg.matrix_rank(torch.cat([L, groups.SO(3).lie_algebra]).flatten(1)) == 3


def test_brackets_in_words():
    words = {}
    for orbit, algebra in (("sphere", "so(3)"), ("sheet of a hyperboloid", "so(1, 2)")):
        view = LieSpace(orbit)
        for a, b in itertools.product(GENERATORS[algebra], repeat=2):
            view.first.value, view.second.value = a, b
            words[algebra, a + b] = view.state()["bracket"]
    assert [words["so(3)", pair] for pair in ("XY", "YZ", "ZX", "YX", "XX")] == ["Z", "X", "Y", "−Z", "0"]
    assert [words["so(1, 2)", pair] for pair in ("KL", "LZ", "ZK", "ZZ")] == ["−Z", "K", "L", "0"]


@pytest.mark.parametrize("orbit", list(ORBITS))
def test_surface_and_curve_are_on_the_orbit(orbit):
    algebra, value, x = ORBITS[orbit]
    view = LieSpace(orbit, (0.7, -0.4, 1.1), t=3.0)
    canvas = view.picture
    surface = torch.from_numpy(np.frombuffer(canvas.vertices, np.float32).reshape(-1, 3).astype(float))
    assert (values(algebra, surface) - value).abs().max() < 1e-5
    elements = torch.from_numpy(np.frombuffer(canvas.elements).reshape(-1, 3, 3).copy())
    curve = elements @ torch.tensor(x, dtype=torch.float64)
    assert (values(algebra, curve) - value).abs().max() < 1e-9
    torch.testing.assert_close(elements[-1], torch.matrix_exp(3.0 * view.A))
    assert orbit != "sheet of a hyperboloid" or (curve[:, 2] > 0).all() and (surface[:, 2] > 0).all()


@pytest.mark.parametrize("sign", [1, -1])
def test_a_hyperboloid_has_the_euler_number_of_its_kind(sign):
    vertices, faces = hyperboloid_mesh(sign)
    _, once = np.unique(vertices.round(9), axis=0, return_inverse=True)  # the seam, and the tip, are one
    faces = once.reshape(-1)[faces]
    faces = faces[[len(set(f)) == 3 for f in faces.tolist()]]
    edges = np.unique(np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)), axis=0)
    assert len(np.unique(faces)) - len(edges) + len(faces) == (0 if sign > 0 else 1)  # a cylinder, a disc


def test_the_kind_of_a_curve_is_that_of_its_eigenvalues():
    K, L, Z = GENERATORS["so(1, 2)"].values()
    for A, kind in ((Z, "a rotation"), (K, "a boost"), (L + Z, "a null rotation"), (0 * Z, "the identity alone")):
        assert curve_kind("so(1, 2)", A).startswith(kind)
    assert (torch.linalg.matrix_power(L + Z, 3) == 0).all() and (torch.linalg.matrix_power(L + Z, 2) != 0).any()
    torch.testing.assert_close(torch.matrix_exp(2 * torch.pi * Z), torch.eye(3).double(), atol=1e-12, rtol=0)
    c = torch.randn(30, 3, generator=torch.Generator().manual_seed(0)).double()
    for A in torch.tensordot(c, torch.stack([K, L, Z]), 1):
        turning = torch.linalg.eigvals(A).imag.abs().max() > 1e-6
        assert curve_kind("so(1, 2)", A).startswith("a rotation" if turning else "a boost")


def test_a_dragged_point_stays_when_sliders_move_and_a_new_orbit_has_its_own():
    view = LieSpace()
    view.picture.points = [[0.0, 0.6, 0.8]]
    view.mix[0].value = 0.5
    assert view.state()["x"] == [0.0, 0.6, 0.8] and view.picture.points == [[0.0, 0.6, 0.8]]
    view.orbit.value = "hyperboloid of one sheet"
    assert view.state()["x"] == [1.0, 0.0, 0.0] and list(view.state()["coefficients"]) == ["K", "L", "Z"]
    view._reset()
    assert view.state() == LieSpace().state()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("cone",), "give one of sphere"),
        (("sphere", (1, 2)), "3 coefficients between −2 and 2"),
        (("sphere", (1, 2, 3)), "3 coefficients between −2 and 2"),
        (("sphere", (0, 0, 1), 9.0), "t from 0 to 7"),
    ],
)
def test_what_cannot_be_shown_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        LieSpace(*arguments)
