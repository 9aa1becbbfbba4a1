import itertools

import pytest
import torch

from eqkit import deep_sets, groups, invariants, reynolds
from eqkit.deep_sets import Everything, Frame, InvariantNetwork, PolynomialDesign, Reading, Sampled
from eqkit.representations import assert_invariant, equivariance_error

A4, S4, ICOSAHEDRAL = groups.A(4), groups.S(4), groups.Icosahedral()
POINTS = 2 * groups.S(5).vector
EXACT = [
    *itertools.product([A4, groups.C(5), S4, ICOSAHEDRAL], ["generators", "primary and secondary", "reynolds"]),
    *itertools.product([A4, groups.D(4), ICOSAHEDRAL], ["frame", "separating", "max filter"]),
    *itertools.product([A4, groups.C(5), groups.SignedPermutations(3), POINTS], ["design"]),
    *itertools.product([POINTS, 2 * groups.C(3).vector, 4 * groups.O(3).vector], ["generators", "frame"]),
    *itertools.product([3 * groups.SO(3).vector, 2 * groups.SO(2).vector], ["generators", "frame", "design"]),
    (groups.SO(3), "frame"),
    (2 * groups.SU(2).vector, "generators"),
    (groups.SU(2), "design"),
    (4 * groups.Lorentz().vector, "generators"),
    (2 * groups.C(4).vector + groups.C(4).trivial, "reynolds"),
]


def seed(number):
    return torch.Generator().manual_seed(number)


def points(V, count=16):
    complex_ = str(V.group).startswith(("SU", "U"))
    return torch.randn(count, V.size, generator=seed(3), dtype=torch.complex128 if complex_ else torch.float64)


def double(V, features, **options):
    return InvariantNetwork(V, features, hidden=(16, 16), generator=seed(0), **options).double().eval()


@pytest.mark.parametrize(("V", "features"), EXACT, ids=lambda v: str(v))
def test_an_exact_construction_is_invariant_and_no_constant(V, features):
    f = double(V, features, out=2)
    V, x = f.representation, points(f.representation)
    assert f.exact and f(x).shape == (16, 2)
    assert_invariant(f, V, tolerance=1e-8 if "Lorentz" in str(V.group) else 1e-11, x=x)
    assert (f(x).std(0) > 1e-5).all()


@pytest.mark.parametrize("V", [A4.vector, groups.SO(3).vector, groups.SU(2).vector], ids=str)
def test_a_sampled_network_is_not_invariant_and_its_error_falls_as_one_over_root_terms(V):
    x = points(V, 64)
    errors = []
    for terms in (8, 400):
        f = double(V, Sampled(V, terms, seed(1)))
        assert not f.exact and f.terms == terms
        errors.append(equivariance_error(f, V, V.group.trivial, x)[0])
    assert 1e-4 < errors[1] < errors[0] / 3


def test_a_sampled_network_draws_fresh_elements_in_training_and_none_in_evaluation():
    f, x = double(A4, "sampled"), points(A4.vector)
    assert torch.equal(f(x), f(x))
    f.train()
    assert not torch.equal(f(x), f(x))


def test_fresh_samples_are_unbiased():
    f, x = double(A4, "sampled").train(), points(A4.vector)
    exact = double(A4, "reynolds")
    exact.load_state_dict({**f.state_dict()})
    draws = torch.stack([f(x) for _ in range(1000)])
    assert ((draws.mean(0) - exact(x)).abs() < 5 * draws.std(0) / 1000**0.5).all()


@pytest.mark.parametrize(
    ("views", "terms", "size"),
    [
        (Everything(A4.vector), 12, 4),
        (Reading(groups.S(6).vector, (0, 1)), 30, 2),
        (Reading.pairs(POINTS), 20, 4),
        (Reading.pairs(groups.trivial(1).vector), 1, 1),
        (PolynomialDesign(2 * groups.SO(2).vector, 4), 5, 4),
        (Frame(groups.O(3).vector), 8, 3),
        (Frame(groups.SO(3).vector), 4, 3),
        (Frame(ICOSAHEDRAL.vector, seed(0)), 1, 3),
        (Sampled(groups.SU(2).vector, 7), 7, 4),
    ],
    ids=lambda v: type(v).__name__,
)
def test_the_number_of_terms_and_what_the_network_sees(views, terms, size):
    x = points(views.representation, 3).reshape(3, 1, -1)
    assert views(x).shape == (3, 1, terms, size) and (views.terms, views.size) == (terms, size)


def test_reading_one_entry_of_the_symmetric_group_is_deep_sets():
    V = groups.S(5).vector
    f, x = double(V, Reading(V, (0,))), points(V)
    same = deep_sets.DeepSets(torch.nn.Sequential(f.body.scale, f.body.phi), f.body.rho, pool="mean")
    torch.testing.assert_close(f(x), same(x.unsqueeze(-1)))


def test_the_frame_of_a_template_is_sorting_for_the_symmetric_group():
    V, x = groups.S(4).vector, points(groups.S(4).vector)
    frame = Frame(V)
    assert torch.equal(frame(x)[:, 0], x.sort(-1).values)
    z = torch.arange(4, dtype=torch.float64)  # an increasing template: the rearrangement inequality
    moved = V.group.elements() @ x.unsqueeze(-1).unsqueeze(1)
    best = (moved.squeeze(-1) @ z).argmax(1)
    assert torch.equal(frame(x)[:, 0], moved[torch.arange(16), best].squeeze(-1))


def test_a_polynomial_design_equals_the_haar_mean_up_to_its_degree_and_not_beyond():
    V = 3 * groups.SO(3).vector
    x = points(V, 4)
    many = Sampled(V, 40_000, seed(0))(x)
    design = PolynomialDesign(V, 3)
    form = torch.randn(3, 9, generator=seed(1), dtype=torch.float64)
    values, haar = ((views @ form.T).prod(-1) for views in (design(x), many))
    mean = (values * design.weights).sum(-1)
    error = haar.std(-1) / haar.shape[-1] ** 0.5
    assert ((mean - haar.mean(-1)).abs() < 5 * error).all()


def test_hironaka_networks_contain_every_invariant_polynomial_of_low_degree():
    f = double(A4, "primary and secondary")
    theta, eta = f.features
    assert theta.size == 4 and eta.size == 2  # 1 and the Vandermonde
    assert f.body.eta(points(A4.vector))[:, 0].std() < 1e-12
    assert_invariant(f, A4.vector, tolerance=1e-10)


def test_features_of_a_larger_group_are_taken_and_values_of_other_sizes_refused():
    assert_invariant(double(A4, invariants.invariant_ring(S4)), S4.vector, tolerance=1e-10)
    with pytest.raises(ValueError, match="size 3, and V of A\\(4\\) has size 4"):
        InvariantNetwork(A4, invariants.invariant_ring(groups.S(3)))


def test_features_are_standardised_by_a_batch_of_data():
    V = groups.S(3).vector
    x = 5 + 10 * points(V, 2000)
    f = InvariantNetwork(V, "generators").double()
    before = f.body.invariants(x).abs().max()
    f.fit_scale(x)
    z = f.body.invariants(x)
    assert before > 1e3 and z.abs().max() < 1e2
    torch.testing.assert_close(z.mean(0), torch.zeros(3, dtype=torch.float64), atol=1e-6, rtol=0)
    torch.testing.assert_close(z.std(0), torch.ones(3, dtype=torch.float64), atol=1e-3, rtol=0)


@pytest.mark.parametrize("features", ["generators", "reynolds", "design", "frame"])
def test_training_goes_through_every_parameter_in_float32(features):
    f = InvariantNetwork(A4, features, hidden=(8, 8), generator=seed(0))
    f(torch.randn(5, 4, generator=seed(1))).square().sum().backward()
    assert all(parameter.grad.abs().max() > 0 for parameter in f.parameters())
    again = InvariantNetwork(A4, features, hidden=(8, 8), generator=seed(0))
    assert all(torch.equal(a, b) for a, b in zip(f.parameters(), again.parameters(), strict=True))


# comparison
def test_a_comparison_is_an_iterator_of_rows_at_equal_budget():
    target = invariants.project(invariants.polynomial("x0 x1^2", n=3), groups.C(3))
    names = ("no symmetry", "generators", "design", "frame", ("all", "reynolds"))
    rows = list(deep_sets.compare(groups.C(3), target, names, parameters=600, steps=300, every=150, examples=300))
    assert [row.step for row in rows] == [0] * 5 + [150] * 5 + [300] * 5
    assert all(abs(row.parameters - 600) <= 60 for row in rows)
    last = {row.name: row for row in rows[-5:]}
    assert last["generators"].error < 0.05 and last["generators"].exact
    assert {name: row.terms for name, row in last.items()} == {
        "no symmetry": 1,
        "generators": 1,
        "design": 3,
        "frame": 1,
        "all": 3,
    }
    assert last["no symmetry"].invariance_error > 1e-3 > 1e-12 > last["all"].invariance_error
    again = list(deep_sets.compare(groups.C(3), target, names[1:2], parameters=600, steps=300, every=150, examples=300))
    assert again[-1].error == last["generators"].error


def test_a_construction_that_does_not_exist_is_a_row_that_says_why():
    rows = list(
        deep_sets.compare(ICOSAHEDRAL, lambda x: x.square().sum(-1) ** 2, ("design", "frame"), steps=1, every=1)
    )
    assert "does not permute its coordinates" in rows[0].refused and rows[0].name == "design"
    assert {row.name for row in rows[1:]} == {"frame"}
    assert len(list(deep_sets.compare(ICOSAHEDRAL, lambda x: x.square().sum(-1) ** 2, ["design"]))) == 1  # and it ends


# training
def test_training_is_an_iterator_of_progress_and_stops_on_nan():
    f = deep_sets.mlp(1, 8, 1, generator=seed(0))
    x = torch.linspace(-1, 1, 50)[:, None]
    modes = []

    def loss():
        modes.append(f.training)
        return (f(x) - x.abs()).square().mean()

    run = deep_sets.train(f, loss, steps=90, every=40)
    steps = [(progress.step, f.training, progress.loss) for progress in run]
    assert [row[:2] for row in steps] == [(0, False), (40, False), (80, False), (90, False)]
    assert modes == [True] * 90 and steps[3][2] < steps[2][2] < steps[1][2]
    with pytest.raises(ValueError, match="the loss is nan at step 1"):
        list(deep_sets.train(f, lambda: f(x).sum() * torch.nan))


def test_the_first_layers_keep_the_scale_and_the_seed_decides():
    f = deep_sets.mlp(200, 200, 200, 50, activation=torch.nn.ReLU, generator=seed(0))
    y = f(torch.randn(1000, 200, generator=seed(1)))
    assert 0.5 < y.std() < 2
    assert torch.equal(f[0].weight, deep_sets.mlp(200, 200, 200, 50, generator=seed(0))[0].weight)


# limits
@pytest.mark.parametrize(
    ("V", "start", "stop", "continuous"),
    [
        (2 * groups.S(3).vector, [0, 1, 2, 0, 1, 0], [1, 0, 2, 0, 1, 0], ["reynolds", "design", "generators"]),
        (3 * groups.SO(3).vector, [2, 0, 0, 0, 1, 0, 0, 0, 0.4], [1, 0, 0, 0, 2, 0, 0, 0, 0.4], ["generators"]),
        (groups.C(4).vector, [1.0, 0.2, -1, 0.1], [-1.0, 0.3, 1, -0.1], ["reynolds", "generators", "max filter"]),
    ],
    ids=["points that change places", "equal principal moments", "two largest products with the template"],
)
def test_a_framed_network_jumps_where_the_frame_is_ambiguous_and_averages_do_not(V, start, stop, continuous):
    start, stop = torch.tensor(start), torch.tensor(stop)
    jump = deep_sets.largest_jump(double(V, "frame"), start, stop)
    assert jump.size > 1e-3 and jump.width < 1e-11
    for features in continuous:
        assert deep_sets.largest_jump(double(V, features), start, stop).size < 1e-9


def test_there_is_no_mean_over_sl2_and_truncated_means_grow_as_the_closed_form():
    radii = torch.tensor([1.0, 2, 3, 4])
    x = torch.tensor([0.6, 0.8])
    means = deep_sets.truncated_means(lambda y: y.square().sum(-1), x, radii, 20_000, seed(0))
    torch.testing.assert_close(means, ((2 * radii).cosh() + 1).double() / 2, rtol=0.02, atol=0)
    with pytest.raises(ValueError, match="not compact"):
        reynolds.project(torch.sum, groups.SL(2).vector)


def test_yet_the_average_over_su2_projects_polynomials_onto_invariants_of_sl2():
    V = 2 * groups.SU(2).vector  # x, y in ℂ²
    R = reynolds.project(lambda z: z[:, 0] * z[:, 3], V, over=reynolds.polynomials(groups.SU(2), 2))
    z = torch.randn(5, 4, generator=seed(0), dtype=torch.complex128)
    torch.testing.assert_close(R(z), (z[:, 0] * z[:, 3] - z[:, 1] * z[:, 2]) / 2)
    g = groups.SL(2).random_products(1, seed(1))[0]
    torch.testing.assert_close(R((2 * groups.SL(2).vector).act(g, z)), R(z))


# point clouds
def cloud(count=6, n=7):
    return torch.randn(count, n, 3, generator=seed(2), dtype=torch.float64)


def set_network(size):
    return deep_sets.DeepSets(deep_sets.mlp(size, 8, generator=seed(0)), deep_sets.mlp(8, 8, 2, generator=seed(1)))


@pytest.mark.parametrize("reflections", [False, True])
def test_framed_sets_are_invariant_to_order_and_turning_and_see_mirror_images(reflections):
    f, x = deep_sets.FramedSets(set_network(3), reflections=reflections).double(), cloud()
    moved = (x @ groups.SO(3).sample(6, seed(3)).mT)[:, torch.randperm(7, generator=seed(4))]
    torch.testing.assert_close(f(moved), f(x))
    assert torch.allclose(f(-x), f(x)) == reflections


def test_deep_sets_of_deep_sets_on_the_gram_matrix_are_invariant_to_order_and_all_of_o3():
    inner = deep_sets.DeepSets(deep_sets.mlp(3, 8, generator=seed(0)), deep_sets.mlp(8, 8, generator=seed(1)))
    f = deep_sets.DeepSets(torch.nn.Sequential(inner, torch.nn.SiLU()), deep_sets.mlp(8, 2, generator=seed(1))).double()
    x = cloud()
    moved = (x @ groups.O(3).sample(6, seed(3)).mT)[:, torch.randperm(7, generator=seed(4))]
    torch.testing.assert_close(f(deep_sets.gram(moved)), f(deep_sets.gram(x)))
    assert (f(deep_sets.gram(x)).std(0) > 1e-3).all()


# bad input
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: InvariantNetwork(A4, "generator"), "choose one of generators, primary and secondary"),
        (lambda: InvariantNetwork(groups.S(12), "reynolds"), "cheap for it are"),
        (lambda: InvariantNetwork(groups.A(9)), "362,880 terms, too many. For large groups 'design'"),
        (lambda: InvariantNetwork(groups.C(8), "primary and secondary"), "192 secondary ones.*use the 65 generators"),
        (lambda: InvariantNetwork(groups.RubiksCube()), "For large groups 'design', 'frame' and 'sampled' are cheap"),
        (lambda: InvariantNetwork(groups.SO(3).vector ** 2), "first fundamental|sum of copies"),
        (lambda: InvariantNetwork(groups.SO(3), "reynolds"), "is infinite"),
        (lambda: InvariantNetwork(groups.SL(2), "sampled"), "not compact"),
        (lambda: InvariantNetwork(groups.SO(3), "primary and secondary"), "finite groups"),
        (lambda: InvariantNetwork(ICOSAHEDRAL, "design"), "does not permute"),
        (lambda: InvariantNetwork(groups.Lorentz(), "frame"), "no canonical frame"),
        (lambda: InvariantNetwork(groups.O(3).vector ** 2, "frame"), "m \\* G.vector"),
        (lambda: InvariantNetwork(A4, hidden=()), "at least one hidden layer"),
        (lambda: InvariantNetwork(A4)(torch.zeros(2, 3)), r"\(2, 3\); vectors of V of A\(4\) are \(..., 4\)"),
        (lambda: InvariantNetwork(A4)(torch.full((2, 4), torch.nan)), "NaN"),
        (lambda: Sampled(A4.vector, 0), "integer ≥ 1"),
        (lambda: deep_sets.FramedSets(set_network(3))(torch.zeros(2, 5, 2)), r"are \(..., n, 3\)"),
        (lambda: deep_sets.FramedSets(set_network(3))(torch.full((2, 5, 3), torch.nan)), "NaN"),
        (lambda: deep_sets.largest_jump(torch.sum, torch.zeros(3), torch.zeros(2)), "are points"),
        (lambda: deep_sets.truncated_means(torch.sum, torch.zeros(3), torch.ones(1)), "a point of the plane"),
        (lambda: next(deep_sets.train(deep_sets.mlp(1, 1), torch.rand, steps=0)), "integer ≥ 1"),
        (lambda: next(deep_sets.compare(A4, lambda x: x[:, 0] * 0)), "constant"),
        (lambda: next(deep_sets.compare(A4, lambda x: x)), "finite numbers"),
        (lambda: next(deep_sets.compare(A4, lambda x: x[:, 0], steps=0)), "integer ≥ 1"),
    ],
)
def test_bad_input_is_answered_with_the_rule(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_what_is_no_representation_is_refused():
    with pytest.raises(TypeError, match="is no representation"):
        InvariantNetwork(4)
