"""Molien series: exact integers against recorded figures, closed forms, and averages over all elements."""

import math

import numpy as np
import pytest
import torch
from invariant_cases import CASES, group

from eqkit import groups, invariants
from eqkit.invariants import molien_series


@pytest.mark.parametrize("name", CASES)
def test_recorded_coefficients(name):
    recorded = CASES[name]["molien_coefficients"]
    assert molien_series(group(name), len(recorded) - 1) == recorded


def by_definition(G, degree, W=None):
    """The expansion of the mean of conj χ_W(g)/det(1 − tg), from the characteristic polynomial of each element."""
    total = np.zeros(degree + 1, complex)
    for g in G.elements():
        p = np.poly(g.numpy())  # det(t − g); reversed it is det(1 − tg)
        series = np.zeros(degree + 1, complex)
        series[0] = 1
        for d in range(1, degree + 1):
            series[d] = -sum(p[i] * series[d - i] for i in range(1, min(d, G.n) + 1))
        total += series * (1 if W is None else complex(W.character(g)).conjugate())
    return (total / G.order).real.round(6).tolist()


@pytest.mark.parametrize(
    "G",
    [groups.C.plane(5), groups.D(4), groups.A(4), groups.Icosahedral(), groups.SignedPermutations(3), groups.C(6)],
    ids=str,
)
def test_the_series_is_the_mean_over_all_elements(G):
    V = G.vector
    assert molien_series(G, 12) == by_definition(G, 12)
    assert molien_series(G, 6, V) == by_definition(G, 6, V)
    assert molien_series(G, 5, V * V) == by_definition(G, 5, V * V)
    assert molien_series(G, 12, G.trivial) == molien_series(G, 12)


KNOWN = [
    (groups.C.plane(4), [1, 0, 1, 0, 3, 0, 3, 0, 5]),
    (groups.SO(2), [1, 0, 1, 0, 1, 0, 1]),
    (groups.O(3), [1, 0, 1, 0, 1, 0, 1]),
    (groups.SU(3), [1, 0, 0, 0]),
    (groups.SL(2), [1, 0, 0, 0]),
    (groups.Lorentz(), [1, 0, 1, 0, 1]),
    (groups.trivial(2), [1, 2, 3, 4]),
    (groups.S(30), [1, 1, 2, 3, 5, 7, 11, 15, 22, 30, 42]),
]


@pytest.mark.parametrize(("G", "series"), KNOWN, ids=lambda x: str(x)[:12])
def test_series_that_are_known(G, series):
    assert molien_series(G, len(series) - 1) == series


EQUIVARIANT = [
    (groups.S(3), [1, 2, 4, 6, 9, 12, 16]),
    (groups.S(4), [1, 2, 4, 7, 11, 16, 23]),
    (groups.Octahedral(), [0, 1, 0, 2, 1, 4, 2, 6]),
    (groups.Icosahedral(), [0, 1, 0, 1, 0, 2, 1, 3]),
    (groups.C(5), [1, 5, 15, 35, 70]),
    (groups.C.plane(4), [0, 2]),
    (groups.SO(2), [0, 2, 0, 2]),
    (groups.O(2), [0, 1, 0, 1]),
    (groups.U(2), [0, 1, 0, 0]),
]


@pytest.mark.parametrize(("G", "series"), EQUIVARIANT, ids=lambda x: str(x)[:12])
def test_equivariant_maps_into_the_vectors(G, series):
    assert molien_series(G, len(series) - 1, G.vector) == series


def test_maps_of_so3_into_matrices():
    V = groups.SO(3).vector
    # x ↦ E f, [x]× f and x xᵀ f with f a polynomial in |x|²
    assert molien_series(V.group, 6, V * V) == [1, 1, 2, 1, 2, 1, 2]


def test_gleasons_group_of_order_192():
    s = 2**-0.5
    G = groups.MatrixGroup(torch.tensor([[[s, s], [s, -s]], [[1, 0], [0, 1j]]]))
    assert G.order == 192
    expected = [sum(8 * a + 24 * b == d for a in range(13) for b in range(5)) for d in range(97)]
    assert molien_series(G, 96) == expected


def test_closed_forms_agree_with_listing():
    """A(n), S(n) and signed permutations are known by their order; a conjugate group is listed element by element."""
    for G in (groups.S(4), groups.A(4), groups.SignedPermutations(3), groups.A(2), groups.S(1)):
        T = torch.eye(G.n, dtype=torch.float64) + 0.5 * torch.ones(G.n, G.n).triu(1)
        turned = groups.MatrixGroup(T @ G.generators @ torch.linalg.inv(T)) if len(G.generators) else G
        assert molien_series(G, 15) == molien_series(turned, 15)


def test_a_direct_product_multiplies_series():
    G, H = groups.C.plane(4), groups.S(3)
    a, b = molien_series(G, 8), molien_series(H, 8)
    assert molien_series(G * H, 8) == [sum(a[i] * b[d - i] for i in range(d + 1)) for d in range(9)]
    assert molien_series(G * H, 8) == by_definition(G * H, 8)
    assert molien_series(groups.SO(3) * groups.S(2), 4) == [1, 1, 3, 3, 6]


def test_large_integers_are_exact():
    G = groups.C(12)
    assert molien_series(G, 60)[-1] > 2**31
    # Burnside: necklaces with 60 black beads between 12 of another colour
    divisors = [m for m in range(1, 13) if 12 % m == 0]
    phi = {m: sum(math.gcd(k, m) == 1 for k in range(1, m + 1)) for m in divisors}
    assert molien_series(G, 60)[-1] == sum(phi[m] * math.comb(72 // m - 1, 12 // m - 1) for m in divisors) // 12


def test_what_is_refused():
    G = groups.S(3)
    for degree in (-1, 2.5, True, 10**6):
        with pytest.raises(ValueError, match="degree is an integer"):
            molien_series(G, degree)
    with pytest.raises(ValueError, match="one group"):
        molien_series(G, 3, groups.S(4).vector)
    with pytest.raises(ValueError, match="listed"):
        molien_series(groups.RubiksCube(), 3)
    with pytest.raises(ValueError, match="infinite or too large"):
        molien_series(groups.MatrixGroup(torch.tensor([[[0.6, -0.8], [0.8, 0.6]]])), 3)
    with pytest.raises(ValueError, match="exact averages are known"):
        molien_series(groups.MatrixGroup(lie_algebra=torch.tensor([[[0.0, 1.0], [0.0, 0.0]]])), 3)
    with pytest.raises(ValueError, match="NaN"):
        invariants.invariant_ring(groups.MatrixGroup(torch.full((1, 2, 2), float("nan"))))
    with pytest.raises(ValueError, match="singular"):
        invariants.invariant_ring(groups.MatrixGroup(torch.zeros(1, 2, 2)))


def test_a_matrix_typed_with_seven_digits_is_still_a_root_of_unity():
    third = torch.tensor([[-0.5, -0.8660254], [0.8660254, -0.5]], dtype=torch.float64)
    G = groups.MatrixGroup(torch.stack([third, torch.diag(torch.tensor([1.0, -1.0]).double())]))
    assert molien_series(G, 9) == molien_series(groups.D.plane(3), 9) == [1, 0, 1, 1, 1, 1, 2, 1, 2, 2]
