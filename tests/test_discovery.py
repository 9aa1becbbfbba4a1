"""Discovery: algebras of functions against closed forms, names in every basis, finite and partial symmetry."""

import math

import pytest
import torch
from torch import nn

from eqkit import discovery, groups, subspaces
from eqkit.discovery import structure
from eqkit.discovery.naming import classical
from eqkit.equations import J, eta
from eqkit.tasks.tensors import two_vectors
from eqkit.unitary import isometry_group


def gaussian(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def metric(p, q):
    return torch.diag(torch.tensor([1.0] * p + [-1.0] * q, dtype=torch.float64))


def form(B):
    return lambda x, y: torch.einsum("ni,ij,nj->n", x, B.to(x), y)


def so(p, q):
    return isometry_group(metric(p, q)).lie_algebra


def beside(A, B):
    """The direct sum of two algebras, block diagonal."""
    n, m = A.shape[-1], B.shape[-1]
    zero = torch.zeros
    return torch.stack(
        [torch.block_diag(a, zero(m, m)) for a in A] + [torch.block_diag(zero(n, n).to(b), b) for b in B]
    )


def still(m):
    return torch.zeros(0, m, m, dtype=torch.float64)


def conjugated(A, seed):
    """The same algebra in another basis of itself and of the space."""
    T = gaussian(A.shape[-1], A.shape[-1], seed=seed, dtype=A.dtype)
    mixed = torch.einsum("ij,jab->iab", gaussian(len(A), len(A), seed=seed + 1).to(A.dtype), A)
    return T @ mixed @ torch.linalg.inv(T)


SO3, SO2, E2 = groups.SO(3).lie_algebra, groups.SO(2).lie_algebra, torch.eye(2, dtype=torch.float64)
NAMED = {
    "so(2)": SO2,
    "so(3)": SO3,
    "so(4)": groups.SO(4).lie_algebra,
    "so(5)": groups.SO(5).lie_algebra,
    "so(6)": groups.SO(6).lie_algebra,
    "so(1, 1)": so(1, 1),
    "so(1, 2)": so(1, 2),
    "so(1, 3)": groups.Lorentz().lie_algebra,
    "so(2, 2)": so(2, 2),
    "so(2, 3)": so(2, 3),
    "sp(4)": groups.Sp(4).lie_algebra,
    "sl(2)": groups.Sp(2).lie_algebra,
    "sl(3)": groups.SL(3).lie_algebra,
    "gl(2)": groups.GL(2).lie_algebra,
    "gl(3)": groups.GL(3).lie_algebra,
    "su(2)": groups.SU(2).lie_algebra,
    "su(3)": groups.SU(3).lie_algebra,
    "u(2)": groups.U(2).lie_algebra,
    "u(3)": groups.U(3).lie_algebra,
    "sl(2, ℂ)": torch.cat([groups.SL(2).lie_algebra + 0j, 1j * groups.SL(2).lie_algebra]),
    "gl(1)": torch.eye(3, dtype=torch.float64)[None],
    "so(3) ⊕ trivial(1)": beside(SO3, still(1)),
    "so(3) ⊕ trivial(2)": beside(SO3, still(2)),
    "so(2) ⊕ trivial(1)": beside(SO2, still(1)),
    "so(3) ⊕ so(3)": beside(SO3, SO3),
    "sl(2) ⊕ so(3)": beside(groups.SL(2).lie_algebra, SO3),
    "so(2) ⊕ so(2)": beside(SO2, SO2),
    "so(3) ⊕ gl(1)": torch.cat([SO3, torch.eye(3, dtype=torch.float64)[None]]),
    "gl(1) ⊕ gl(1) ⊕ gl(1)": torch.diag_embed(torch.eye(3, dtype=torch.float64)),
    "ℝ": (SO2 + E2),
    "so(3) in dimension 5 ⊕ trivial(1)": groups.SO(3).vector.sym(2).lie(SO3),
    "a solvable algebra of dimension 2": torch.tensor([[[0.0, 1], [0, 0]], [[1, 0], [0, 0]]], dtype=torch.float64),
}


@pytest.mark.parametrize("name", NAMED)
def test_an_algebra_has_its_name_in_every_basis(name):
    A = NAMED[name]
    found = [discovery.identify(B) for B in (A, conjugated(A, 1), conjugated(A, 5))]
    assert [one.name for one in found] == [name] * 3
    assert found[0].dimension == len(A) == len(found[0].basis)
    assert [one.rank for one in found] == [found[0].rank] * 3


def test_euclidean_motions_are_a_semidirect_product():
    shifts = torch.zeros(3, 4, 4, dtype=torch.float64)
    shifts[range(3), range(3), 3] = 1
    found = discovery.identify(torch.cat([beside(SO3, still(1)), shifts]))
    assert found.name == "so(3) ⋉ radical of dimension 3" and found.isomorphic == (("so(3)", "su(2)", "usp(2)"),)


def test_the_empty_algebra_is_trivial():
    assert discovery.identify(still(3)).name == "trivial(3)"


@pytest.mark.parametrize(
    ("algebra", "names"),
    [
        ("so(3)", {"so(3)", "su(2)", "usp(2)"}),
        ("sl(2)", {"sl(2)", "so(1, 2)", "su(1, 1)", "sp(2)"}),
        ("so(1, 3)", {"so(1, 3)", "sl(2, ℂ)", "so(3, ℂ)", "sp(2, ℂ)"}),
        ("so(5)", {"so(5)", "usp(4)"}),
        ("sp(4)", {"sp(4)", "so(2, 3)"}),
        ("so(6)", {"so(6)", "su(4)"}),
        ("su(3)", {"su(3)"}),
    ],
)
def test_the_isomorphisms_of_low_dimension(algebra, names):
    (found,) = discovery.identify(NAMED[algebra]).isomorphic
    assert set(found) == names


@pytest.mark.parametrize(
    ("p", "q", "other"), [(3, 3, "sl(4)"), (2, 4, "su(2, 2)"), (1, 5, "sl(2, ℍ)"), (1, 4, "usp(2, 2)")]
)
def test_indefinite_forms_and_their_other_names(p, q, other):
    found = discovery.identify(conjugated(so(p, q), 3))
    assert found.name == f"so({p}, {q})" and other in found.isomorphic[0]


def test_so4_and_so22_are_named_as_one_and_known_to_split():
    for name in ("so(4)", "so(2, 2)"):
        found = discovery.identify(NAMED[name])
        assert len(found.isomorphic) == 2 and any("2 simple ideals of dimension 3, 3" in s for s in found.evidence)


def test_killing_forms_of_so_and_sl_are_multiples_of_the_trace_form():
    """K(A, B) = (n − 2) tr AB for so(n), 2n tr AB for sl(n) (Helgason, III §8)."""
    for A, factor in ((groups.SO(5).lie_algebra, 3), (groups.SL(3).lie_algebra, 6)):
        basis = structure.real_basis(A)
        K = structure.killing_form(structure.structure_constants(basis))
        torch.testing.assert_close(K, factor * torch.einsum("iab,jba->ij", basis, basis))


@pytest.mark.parametrize("name", ["so(3)", "so(5)", "so(1, 3)", "sp(4)", "so(3) ⊕ trivial(1)", "u(2)", "so(3) ⊕ so(3)"])
def test_noisy_bases_are_closed_and_named(name):
    for seed in range(3):
        exact = structure.real_basis(NAMED[name])
        noisy = exact + 0.03 / exact.shape[-1] * gaussian(*exact.shape, seed=seed)
        found = discovery.identify(noisy)
        assert found.name == name
        assert discovery.bracket_closure(found.basis) < 1e-9 < discovery.bracket_closure(structure.real_basis(noisy))
        angles = subspaces.principal_angles(found.basis.flatten(1).T, exact.flatten(1).T)
        assert angles.max() < 0.1


def test_matrices_far_from_any_algebra_are_refused():
    with pytest.raises(ValueError, match="leaves? the span"):
        discovery.identify(gaussian(4, 5, 5))
    with pytest.raises(ValueError, match="stack"):
        discovery.identify(torch.eye(3))


def test_classical_answers_none_for_what_is_not_classical():
    assert classical(groups.SO(3).vector.sym(2).lie(SO3)[:, :5, :5]) is None


# the algebra of a function
def o5(x):
    return two_vectors().target(x.flatten(1))


def test_the_exact_o5_function_has_exactly_so5():
    found = discovery.discover_lie_algebra(o5, gaussian(400, 2, 5))
    assert found.dimension == 10 and found.gap > 1e6 and found.closure < 1e-10
    assert subspaces.same_span(found.basis.flatten(1).T, groups.SO(5).lie_algebra.flatten(1).T)


FUNCTIONS = {
    "so(3)": (lambda x: x.square().sum(1).sin(), (3,)),
    "so(1, 3)": (lambda x: form(metric(1, 3))(x, x).tanh(), (4,)),
    "sp(4)": (lambda x: form(groups.symplectic_form(4))(x[:, 0], x[:, 1]), (2, 4)),
    "so(3) ⊕ trivial(1)": (lambda x: x[:, :3].square().sum(1) * (1 + x[:, 3]) + x[:, 3] ** 2, (4,)),
    "sl(3)": (lambda x: torch.linalg.det(x), (3, 3)),
    "gl(2)": (lambda x: x * 0 + 1.5, (2,)),
    "u(2)": (lambda x: form(groups.symplectic_form(4))(x[:, 0], x[:, 1]) + x[:, 0].square().sum(1), (2, 4)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_have_their_algebras(name):
    f, shape = FUNCTIONS[name]
    found = discovery.discover_lie_algebra(f, gaussian(300, *shape))
    assert discovery.identify(found).name == name
    assert bool(found.cautions) == (name == "gl(2)")


@pytest.mark.parametrize(
    ("f", "shape"),
    [
        (lambda x: x[:, 0] + x[:, 1] ** 2 + x[:, 2] ** 3, (3,)),
        (lambda x: (x**3).sum(1), (4,)),
        (lambda x: (x * torch.arange(1.0, 4)).sin().sum(1), (3,)),
    ],
)
def test_asymmetric_functions_have_none(f, shape):
    found = discovery.discover_lie_algebra(f, gaussian(300, *shape))
    assert found.dimension == 0 and "no continuous symmetry" in str(found)
    assert discovery.identify(found).dimension == 0


def test_a_spectrum_without_a_gap_is_told_from_one_without_small_values():
    x = gaussian(100, 3)
    y = x.square().sum(1)
    found = discovery.discover_lie_algebra(discovery.fit_polynomial(x, y + y.std() * gaussian(100, seed=1)), x)
    assert found.dimension == 0 and "without a clear gap" in str(found) and "misses" in str(found)
    assert "every direction changes f" in str(discovery.discover_lie_algebra(lambda x: (x**3).sum(1), x))


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh, nn.SiLU])
def test_untrained_networks_have_none(activation):
    for seed in range(5):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            network = nn.Sequential(nn.Linear(5, 32), activation(), nn.Linear(32, 32), activation(), nn.Linear(32, 1))
        assert discovery.discover_lie_algebra(network, gaussian(1000, 5, dtype=torch.float32)).dimension == 0


def test_an_equivariant_function_gives_pairs_of_generators():
    f = lambda x: x * x.square().sum(1, keepdim=True)  # noqa: E731
    found = discovery.discover_lie_algebra(f, gaussian(300, 3), equivariant=True)
    assert found.dimension == 4 and discovery.identify(found.basis).name == "so(3) ⊕ gl(1)"
    x = gaussian(50, 3, seed=2)
    for A, B in zip(found.basis, found.images, strict=True):  # f(exp(A) x) = exp(B) f(x)
        torch.testing.assert_close(f(x @ torch.matrix_exp(A).T), f(x) @ torch.matrix_exp(B).T)


def test_a_trained_network_has_the_algebra_of_its_data():
    x = gaussian(4000, 3, dtype=torch.float32)
    f = discovery.fit(x, (1 + x.square().sum(1)).log(), steps=1200, generator=torch.Generator().manual_seed(0))
    found = discovery.discover_lie_algebra(f, x)
    assert discovery.identify(found).name == "so(3)" and found.gap > 8 and f.error < 0.01
    angles = subspaces.principal_angles(found.basis.flatten(1).T, SO3.flatten(1).T)
    assert angles.max().cos() > 0.999


def test_noise_gives_a_fitted_polynomial_no_exact_symmetries():
    x = gaussian(1000, 4)
    y = form(metric(1, 3))(x, x)
    f = discovery.fit_polynomial(x, y + 0.1 * y.std() * gaussian(1000, seed=1))
    found = discovery.discover_lie_algebra(f, x)
    assert discovery.identify(found).name == "so(1, 3)" and 1e-4 < found.violation < 0.05


def test_a_readable_basis_has_its_pivots_where_the_entries_are_and_not_where_the_noise_is():
    exact = structure.real_basis(groups.SO(4).lie_algebra)
    noisy = exact + 0.005 * gaussian(*exact.shape)
    for basis, noise, apart in ((exact, 0.0, 1e-12), (noisy, 0.01, 0.1)):
        shown = discovery.readable(basis, noise)
        assert subspaces.same_span(shown.flatten(1).T, basis.flatten(1).T)
        for A in shown:  # one turn of a plane each: 1, −1, and rounding or noise
            i, j = divmod(int(A.argmax()), 4)
            turn = torch.zeros(4, 4, dtype=torch.float64)
            turn[i, j], turn[j, i] = 1, -1
            assert (A - turn).abs().max() < apart


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: discovery.discover_lie_algebra(torch.sin, gaussian(5)), "has shape"),
        (lambda: discovery.discover_lie_algebra(lambda x: x.sum(), gaussian(9, 2)), r"a tensor \(9,\)"),
        (lambda: discovery.discover_lie_algebra(lambda x: x.sum(1), gaussian(5, 3)), "take more examples"),
        (lambda: discovery.discover_lie_algebra(lambda x: (x - 9).log().sum(1), gaussian(50, 3)), "NaN"),
        (lambda: discovery.fit(gaussian(30, 2), torch.ones(30)), "constant"),
        (lambda: discovery.fit(gaussian(30, 2), torch.ones(29)), "give"),
        (lambda: discovery.fit_polynomial(gaussian(30, 20), gaussian(30)), "take more"),
        (lambda: discovery.asymmetry(torch.ones(5), torch.ones(5)), "constant"),
        (lambda: discovery.asymmetry_under(torch.sin, gaussian(5, 2), groups.SO(3)), "3 × 3"),
        (lambda: discovery.image_asymmetry(torch.sin, gaussian(5, 1, 4, 4), "twist", torch.ones(1)), "none of"),
        (lambda: discovery.finite_symmetries(torch.sin, gaussian(5)), "give examples"),
        (lambda: next(discovery.learn_ranges(gaussian(5, 2), torch.zeros(4).long())), "labels"),
        (lambda: next(discovery.learn_ranges(gaussian(5, 2), torch.zeros(5).long(), weight=-1)), "weight"),
    ],
)
def test_bad_input_is_answered_with_the_rule(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# equations from data
@pytest.mark.parametrize(("letters", "B", "equation"), [((J,), 0, "M Mᵀ = E"), ((eta,), 1, "M η Mᵀ = η")])
def test_equations_are_learned_from_noisy_pairs(letters, B, equation):
    data = {}
    for n in (3, 4, 5):
        x = gaussian(4000, n, seed=n)
        q = form(metric(1, n - 1) if B else torch.eye(n).double())(x, x)
        y = q + q**2 / 20
        data[n] = x, y + 0.05 * y.std() * gaussian(4000, seed=9 + n)
    found = discovery.learn_equations_from_data(data, letters, generator=torch.Generator().manual_seed(0))
    assert str(found.system.text) == equation
    truth = isometry_group(metric(1, 7) if B else torch.eye(8)).random_products(20, torch.Generator().manual_seed(0))
    assert found.system.residual(truth).max() < 1e-3


def test_no_equations_without_symmetry():
    x = gaussian(2000, 3)
    with pytest.raises(ValueError, match="no continuous symmetry"):
        discovery.learn_equations_from_data({3: (x, (x**3).sum(1))})


# finite symmetries
FINITE = {
    "S(4)": (lambda x: x.prod(1) + x.square().sum(1), 4, False),
    "C(5)": (lambda x: (x * x.roll(-1, 1) ** 2).sum(1), 5, False),
    "D(5)": (lambda x: (x * x.roll(1, 1)).sum(1) + x.pow(4).sum(1), 5, False),
    "C(3)": (lambda x: (x[:, 0] - x[:, 1]) * (x[:, 1] - x[:, 2]) * (x[:, 2] - x[:, 0]), 3, False),
    "C(2) × C(2)": (lambda x: x[:, 0] * x[:, 1] + x[:, 2] ** 2 + x[:, 3] ** 2, 4, False),
    "trivial": (lambda x: x[:, 0] + 2 * x[:, 1] ** 2 + 3 * x[:, 2] ** 3, 3, False),
    "S(2) ≀ S(3)": (lambda x: x.pow(4).sum(1), 3, True),
    "D(4)": (lambda x: x[:, 0] ** 2 * x[:, 1] ** 2 + 2 * x[:, 2], 3, True),
}
ORDERS = {"S(4)": 24, "C(5)": 5, "D(5)": 10, "C(3)": 3, "C(2) × C(2)": 4, "trivial": 1, "S(2) ≀ S(3)": 48, "D(4)": 8}


@pytest.mark.parametrize("name", FINITE)
def test_the_finite_symmetries_of_a_function(name):
    f, n, signed = FINITE[name]
    found = discovery.finite_symmetries(f, gaussian(200, n), signed)
    assert (found.name, found.group.order, found.complete) == (name, ORDERS[name], True)
    assert found.violation < 1e-20 and found.allowed % found.group.order == 0


def test_the_projected_search_finds_symmetries_without_a_list():
    f, n, _ = FINITE["D(5)"]
    found = discovery.search(f, gaussian(200, n), generator=torch.Generator().manual_seed(0))
    group = discovery.finite_symmetries(f, gaussian(200, n)).group
    assert len(found) >= 4 and all(group.contains(M) for M in found)


# how much, and how far
def test_partial_symmetry_is_the_variance_that_averaging_removes():
    x = torch.cat([gaussian(20_000, 3), -gaussian(20_000, 3)])
    G = groups.Octahedral()
    assert discovery.asymmetry_under(lambda x: x.square().sum(1), x, G) < 1e-20
    assert discovery.asymmetry_under(lambda x: x[:, 0], x, G) == pytest.approx(1, abs=0.02)
    # Var(x₀² + r²) = 2 + 2·2 + 6 = 12; its average is 4/3 r², of variance 16/9 · 6 = 32/3
    share = discovery.asymmetry_under(lambda x: x[:, 0] ** 2 + x.square().sum(1), x, G)
    assert share == pytest.approx(1 - 32 / 3 / 12, abs=0.01)


def test_images_moved_by_nothing_and_by_whole_pixels():
    images = torch.zeros(20, 1, 8, 8)
    images[:, :, 2:5, 2:5] = gaussian(20, 1, 3, 3, dtype=torch.float32)
    move = discovery.IMAGE_TRANSFORMATIONS
    for name in move:
        torch.testing.assert_close(move[name](images, 0.0), images)
    torch.testing.assert_close(move["translation right"](images, 2 / 8), images.roll(2, 3), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(move["translation down"](images, 1 / 8), images.roll(1, 2), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(move["rotation"](images, math.pi / 2), images.rot90(1, (-2, -1)), atol=1e-5, rtol=1e-5)
    still_under_flips = discovery.image_asymmetry(
        lambda x: (x + x.flip(-1)).flatten(1), images, "flip left–right", torch.tensor([0, 1])
    )
    assert still_under_flips[1].tolist() == [0, 0]


@pytest.mark.parametrize(("weight", "low", "high"), [(0, 0, 0.2), (0.1, 1.0, math.pi / 2 + 0.1), (10, 2.9, 3.15)])
def test_the_range_collapses_without_reward_and_fills_with_too_much(weight, low, high):
    x, labels = discovery.sectors(500, generator=torch.Generator().manual_seed(0))
    *_, last = discovery.learn_ranges(
        x, labels, weight=weight, steps=600, every=600, generator=torch.Generator().manual_seed(0)
    )
    assert low < last.widths < high


def test_two_ranges_are_learned_apart():
    x, labels = discovery.sectors(500, generator=torch.Generator().manual_seed(0))
    *_, last = discovery.learn_ranges(
        x, labels, discovery.TURN_AND_GROW, 0.2, every=600, generator=torch.Generator().manual_seed(0)
    )
    turn, grow = last.widths.tolist()
    assert turn < math.pi / 2 and grow > 2.5


def test_the_name_does_not_depend_on_the_basis_of_an_abelian_algebra():
    diagonal = torch.tensor([[1.0, -1, 0], [0, 1, -1]], dtype=torch.float64).diag_embed()
    for seed in range(60):
        generator = torch.Generator().manual_seed(seed)
        P = torch.randn(3, 3, generator=generator, dtype=torch.float64)
        Q = torch.linalg.qr(torch.randn(2, 2, generator=generator, dtype=torch.float64)).Q
        basis = torch.linalg.qr((P @ diagonal @ torch.linalg.inv(P)).flatten(1).T).Q @ Q
        assert discovery.identify(basis.T.reshape(2, 3, 3)).name == "ℝ^2", seed
