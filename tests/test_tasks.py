import hashlib
import math
import re

import pytest
import torch
from oracles import one_step_floor

from eqkit import groups, representations, subspaces
from eqkit.equivariant_maps import Hom
from eqkit.meta_learning import GradientSteps, LeastSquares, evaluate, load_run, meta_learn
from eqkit.symmetry_matrices import ReparameterizedLinear, learned_space, partition_distance, sharing_pattern
from eqkit.tasks import DATA, data_file, digits
from eqkit.tasks.hidden_groups import flips, hidden_group, quarter_turns
from eqkit.tasks.linear import LinearTasks
from eqkit.tasks.rotated_digits import ANGLES, rotated_digits, turned
from eqkit.tasks.shapes import NAMES, SHAPES, shapes
from eqkit.tasks.tensors import inertia, scattering, two_vectors
from eqkit.tasks.translation import translation


def seed(number):
    return torch.Generator().manual_seed(number)


def ideal_loss(tasks, inner, count=4000):
    """Monte Carlo: the loss of the ideal orthonormal U, columns scaled by √n_out, tested on tasks."""
    n_out, n_in = tasks.basis.shape[1:]
    U = subspaces.orthonormal(tasks.U) * n_out**0.5
    losses = evaluate(ReparameterizedLinear.fixed(U.float(), (n_out, n_in)), tasks, inner, count, seed(5))
    return float(losses.mean()), float(losses.std()) / count**0.5


# translation
def test_rank_one_is_a_convolution_with_a_normal_filter():
    x_support, y_support, x_query, y_query = translation()(32, seed(0))
    assert (x_support.shape, y_support.shape) == ((32, 1, 70), (32, 1, 68))
    assert (x_query.shape, y_query.shape) == ((32, 19, 70), (32, 19, 68))
    windows = x_query[3].unfold(1, 3, 1)  # (examples, n_out, taps)
    f = torch.linalg.lstsq(windows.reshape(-1, 3), y_query[3].reshape(-1, 1)).solution
    torch.testing.assert_close((windows @ f)[..., 0], y_query[3], atol=1e-4, rtol=0)


@pytest.mark.parametrize("rank", [2, 5])
def test_higher_rank_mixes_filters_by_one_softmax_common_to_all_tasks(rank):
    basis = translation(rank=rank, generator=seed(0)).basis.reshape(rank, 3, 68, 70)
    mixture = basis.sum(3)[:, 0]  # (rank, n_out), the same for every tap
    torch.testing.assert_close(mixture.sum(0), torch.ones(68, dtype=torch.float64))
    assert all(torch.equal(basis.sum(3)[:, tap], mixture) for tap in range(3))
    assert torch.linalg.matrix_rank(mixture) == rank


@pytest.mark.parametrize(("support", "n"), [(1, 70), (2, 70), (5, 70), (1, 16), (1, 256)])
def test_the_floor_of_one_step_is_the_closed_form(support, n):
    floor = translation(n=n, support=support).floor(GradientSteps(1))
    assert floor == pytest.approx(one_step_floor(3, support * (n - 2), 3), rel=0.02)


def test_the_closed_form_gives_the_published_floors():
    floors = {"1/6": (3, 68, 3), "2.958": (70, 1, 3), "2.40": (3, 1, 3), ".0857": (3, 136, 3), ".667": (3, 14, 3)}
    values = [one_step_floor(*case) for case in floors.values()]
    assert values == pytest.approx([1 / 6, 2.958, 2.4, 0.0857, 0.667], abs=5e-4)


@pytest.mark.parametrize(("steps", "expected"), [(2, 0.02594), (3, 0.00630)])  # of 4 000 000 designs, ± .00003
def test_the_floor_of_more_steps(steps, expected):
    assert translation().floor(GradientSteps(steps)) == pytest.approx(expected, rel=0.08)


@pytest.mark.parametrize("noise", [0.0, 0.5])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_the_floor_is_what_the_ideal_U_scores_at_its_best_rate(steps, noise):
    tasks = translation(n=30, noise=noise)
    floor = tasks.floor(GradientSteps(steps))
    scores = [ideal_loss(tasks, GradientSteps(steps, rate / 2)) for rate in torch.linspace(0.5, 1.1, 13).tolist()]
    best, error = min(scores)
    assert best == pytest.approx(floor, abs=4 * error + 0.02 * floor)


@pytest.mark.parametrize("noise", [0.1, 1.0])
def test_the_floor_of_least_squares_is_what_the_bayes_ridge_scores(noise):
    tasks = hidden_group(groups.D(4), support=2, noise=noise)
    layer = ReparameterizedLinear.fixed(tasks.U.float(), (4, 4))
    losses = evaluate(layer, tasks, LeastSquares(noise**2), 4000, seed(1))
    assert float(losses.mean()) == pytest.approx(tasks.floor(LeastSquares()), rel=0.06)


def test_without_noise_enough_examples_leave_no_loss_and_too_few_leave_what_is_unseen():
    assert hidden_group(groups.C(5), support=3).floor(LeastSquares()) < 1e-6
    unseen = LinearTasks(torch.eye(16, dtype=torch.float64).reshape(16, 4, 4), support=1, query=1)
    assert unseen.floor(LeastSquares()) == pytest.approx(3.0, rel=0.02)  # one of four input directions was seen


# hidden groups
@pytest.mark.parametrize(
    "G",
    [groups.C(6), groups.D(6), groups.S(6), groups.S(3) * groups.S(3), flips(2, 3), quarter_turns(3), groups.SO(3)],
    ids=str,
)
def test_every_task_commutes_with_the_hidden_group_and_together_they_fill_its_commutant(G):
    tasks = hidden_group(G)
    W = torch.einsum(
        "td,doi->toi", torch.randn(40, len(tasks.basis), generator=seed(0), dtype=torch.float64), tasks.basis
    )
    for w in W[:3]:
        representations.assert_equivariant(lambda x, w=w: x @ w.T, G.vector, G.vector)
    truth = Hom(G.vector, G.vector)
    assert subspaces.same_span(W.flatten(1).T, truth.U) and len(tasks.basis) == truth.dim


def test_a_hidden_cyclic_group_is_a_circular_convolution_with_a_normal_filter():
    basis = hidden_group(groups.C(5)).basis
    torch.testing.assert_close(torch.einsum("doi,eoi->de", basis, basis), 5 * torch.eye(5, dtype=torch.float64))


def test_the_groups_of_a_grid_have_order_four():
    for G in (flips(4, 4), quarter_turns(4), flips(2, 3)):
        assert G.order == 4
    grid = torch.arange(9.0).reshape(3, 3)
    turn = quarter_turns(3).generators[0].float()
    moved = (turn @ grid.flatten()).reshape(3, 3)
    assert torch.equal(moved, grid.rot90()) or torch.equal(moved, grid.rot90(-1))


def test_a_permutation_group_that_a_learner_types():
    G = groups.permutation_group([[1, 0, 2, 3], [0, 1, 3, 2]])
    tasks = hidden_group(G)
    assert partition_distance(sharing_pattern(tasks.U, (4, 4)), Hom(G.vector, G.vector).pattern) == 0


# noise, faults
def test_noise_is_in_support_and_query_alike():
    tasks = LinearTasks(torch.zeros(1, 3, 3), support=200, query=200, noise=0.5)
    _, y_support, _, y_query = tasks(20, seed(0))
    assert float(y_support.std()) == pytest.approx(0.5, rel=0.05)
    assert float(y_query.std()) == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: translation(rank=0), "integer ≥ 1"),
        (lambda: translation(n=2), "1 ≤ taps ≤ 2"),
        (lambda: translation(support=0), "support is an integer ≥ 1"),
        (lambda: translation(noise=-1.0), "number ≥ 0"),
        (lambda: LinearTasks(torch.zeros(3, 3), 1, 1), r"basis has shape \(3, 3\); it needs \(d, n_out, n_in\)"),
    ],
    ids=["rank", "size", "empty task", "noise", "basis"],
)
def test_bad_tasks_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_complex_group_cannot_be_hidden_in_real_tasks():
    with pytest.raises(TypeError, match="hide a group of real matrices"):
        hidden_group(groups.U(2))


# real images
def test_the_digits_are_all_there():
    images, labels = digits.images(), digits.labels()
    assert images.shape == (1797, 8, 8) and images.dtype == torch.float32
    assert (float(images.min()), float(images.max())) == (0, 1)
    assert torch.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert int((images.amax(0) == 0).sum()) == 3  # always black: nothing can be learned about their weights


def test_a_hidden_filter_is_a_convolution_of_the_image():
    tasks = digits.hidden_filters(grain=0.0)
    assert tasks.basis.shape == (9, 36, 64)
    x = tasks.x(2, 3, seed(0)).reshape(6, 1, 8, 8)
    f = torch.randn(3, 3, generator=seed(1))
    W = (tasks.U.float() @ f.flatten()).reshape(36, 64)
    expected = torch.nn.functional.conv2d(x, f[None, None])
    torch.testing.assert_close(x.flatten(1) @ W.T, expected.flatten(1), atol=1e-5, rtol=1e-5)


def test_the_images_are_centred_and_the_grain_reaches_every_pixel():
    for grain in (0.0, 0.3):
        x = digits.hidden_filters(grain=grain).x(1, 20_000, seed(0))[0]
        assert abs(float(x.mean())) < 0.02
        assert float(x.var()) == pytest.approx(1 + grain**2, rel=0.02)
        assert float(x.std(0).min()) == pytest.approx(grain, abs=0.02)


def test_a_learner_of_U_finds_from_real_pixels_which_weights_a_filter_shares():
    tasks = digits.hidden_filters(grain=0.5)
    layer = ReparameterizedLinear(64, 36, 9, seed(0))
    options = {"steps": 500, "learning_rate": 1e-2, "cosine_decay": True, "snapshots": 2, "generator": seed(100)}
    list(meta_learn(layer, tasks, LeastSquares(1e-3), **options))
    episodes = tasks(200, seed(1))
    with torch.no_grad():
        used = learned_space(layer.U, LeastSquares(1e-3)(layer, episodes.x_support, episodes.y_support))
    assert used.shape[1] >= 8  # the pattern of the filter with the least power in digits, a checkerboard, comes last
    assert partition_distance(sharing_pattern(used, (36, 64)), digits.convolution2d()) == 0


# rotated digits
@pytest.mark.parametrize(("angles", "size"), [*zip(ANGLES, (8, 16), strict=True)])
def test_training_and_test_digits_are_disjoint_nested_and_turned_alike_for_one_seed(angles, size):
    small, large = (rotated_digits(n, angles, generator=seed(3)) for n in (50, 1000))
    assert large.x_train.shape == (1000, 1, size, size) and large.x_test.shape == (797, 1, size, size)
    assert torch.equal(small.x_train, large.x_train[:50]) and torch.equal(small.y_train, large.y_train[:50])
    assert torch.equal(small.x_test, large.x_test) and torch.equal(small.y_test, large.y_test)
    assert not torch.equal(small.x_train, rotated_digits(50, angles, generator=seed(4)).x_train)
    counts = torch.bincount(torch.cat([large.y_train, large.y_test]))
    assert torch.equal(counts, torch.bincount(digits.labels()))  # all 1797, each once


def test_quarter_turns_move_no_ink_between_pixels():
    split = rotated_digits(1000, generator=seed(0))
    turned_back = torch.stack([torch.cat([split.x_train, split.x_test])[:, 0].rot90(k, (1, 2)) for k in range(4)], 1)
    originals = {image.numpy().tobytes() for image in digits.images()}
    upright = [[image.numpy().tobytes() in originals for image in four] for four in turned_back]
    assert all(any(four) for four in upright)
    counts = torch.tensor(upright).sum(0)  # about a quarter of them have been turned by each multiple of 90°
    assert int(counts.min()) > 1797 / 4 - 4 * math.sqrt(1797 * 3 / 16)


def test_turning_by_a_quarter_is_rot90_and_loses_no_ink_on_a_wide_grid():
    x = digits.images()[:20, None].double()
    for k in range(5):
        quarter = turned(x, torch.full((20,), k * math.pi / 2, dtype=torch.float64))
        torch.testing.assert_close(quarter, x.rot90(k, (-2, -1)), atol=1e-12, rtol=0)
    ink = x.sum((1, 2, 3))
    for angle in (0.3, 2.0):
        wide = (
            turned(x, torch.full((20,), angle, dtype=torch.float64), 64, math.sqrt(2)).sum((1, 2, 3))
            * 2
            * (8 / 64) ** 2
        )
        torch.testing.assert_close(wide, ink, rtol=0.01, atol=0)


# shapes
def clouds(count=1500, **options):
    x, labels = shapes(count, generator=seed(0), **options)
    return x.double(), labels


def distances(x):
    i, j = torch.triu_indices(x.shape[1], x.shape[1], 1)
    return torch.cdist(x, x)[:, i, j].sort(1).values


def handedness(x):
    """v · axial(QA) with Q = Σ x xᵀ, A = Σ |x|² x xᵀ, v = Σ |x|² x: turning keeps it, mirroring changes its sign."""
    square = x.square().sum(2, keepdim=True)
    Q, A, v = x.mT @ x, (square * x).mT @ x, (square * x).sum(1)
    M = Q @ A - A @ Q
    return (v * torch.stack([M[:, 1, 2], M[:, 2, 0], M[:, 0, 1]], 1)).sum(1)


def test_clouds_are_centred_scaled_and_of_every_kind():
    x, labels = clouds(noise=0.0)
    assert x.shape == (1500, 64, 3) and torch.bincount(labels, minlength=len(NAMES)).min() > 140
    torch.testing.assert_close(x.mean(1), torch.zeros(1500, 3).double(), atol=1e-6, rtol=0)
    torch.testing.assert_close(x.square().sum(2).mean(1), torch.ones(1500).double(), atol=1e-6, rtol=0)
    noisy = clouds(noise=0.1)[0]
    assert float((noisy - x).std()) == pytest.approx(0.1, rel=0.01)
    assert torch.equal(noisy, clouds(noise=0.1)[0])


SURFACES = {  # E x² = E y², E z², E z by hand, and what vanishes on the surface; ρ the distance from the axis
    "sphere": (1 / 3, 1 / 3, 0, lambda x, rho, z: rho**2 + z**2 - 1),
    "cube": (5 / 9, 5 / 9, 0, lambda x, rho, z: x.abs().amax(1) - 1),
    "torus": ((1 + 1.5 * 0.16) / 2, 0.08, 0, lambda x, rho, z: (rho - 1) ** 2 + z**2 - 0.16),
    "cylinder": (5 / 12, 5 / 9, 0, lambda x, rho, z: torch.maximum(rho, z.abs()) - 1),
    "cone": (1 / 4, *[2 / 3 * 5**0.5 / (1 + 5**0.5)] * 2, lambda x, rho, z: z * (z - 2 + 2 * rho)),
    "tetrahedron": (1 / 3, 1 / 3, 0, lambda x, rho, z: (x @ TETRAHEDRON).amin(1) + 1),
    "left helix": (1 / 2, 4 / 3, 0, lambda x, rho, z: torch.polar(rho, -0.75 * math.pi * z) - x[:, 0] - 1j * x[:, 1]),
    "right helix": (1 / 2, 4 / 3, 0, lambda x, rho, z: torch.polar(rho, 0.75 * math.pi * z) - x[:, 0] - 1j * x[:, 1]),
}
TETRAHEDRON = torch.tensor([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]).double().T


@pytest.mark.parametrize(("name", "shape"), [*zip(NAMES, SHAPES, strict=True)], ids=NAMES)
def test_points_lie_on_the_surface_with_the_moments_of_a_uniform_measure(name, shape):
    x = shape(torch.rand(400_000, 3, generator=seed(1), dtype=torch.float64))
    *moments, equation = SURFACES[name]
    assert float(equation(x, x[:, :2].norm(dim=1), x[:, 2]).abs().max()) < 1e-12
    found = [*x.square().mean(0).tolist(), float(x[:, 2].mean())]
    assert found == pytest.approx([moments[0], *moments], abs=0.01)
    helix = -2 / (3 * math.pi) if "helix" in name else 0  # the mean of cos over one and a half turns
    assert x[:, :2].mean(0).tolist() == pytest.approx([helix, 0], abs=0.01)


def test_distances_tell_the_shapes_apart_but_not_left_from_right():
    (x, y), (x_test, y_test) = clouds(), shapes(500, generator=seed(1))
    nearest = torch.cdist(distances(x_test.double()), distances(x)).topk(5, largest=False).indices
    found = y[nearest].mode(1).values
    helix = y_test >= 6
    assert bool(((found >= 6) == helix).all())  # a helix is known as one
    assert float((found == y_test)[~helix].double().mean()) > 0.85
    chance = float((found == y_test)[helix].double().mean())
    assert abs(chance - 0.5) < 4 * 0.5 / int(helix.sum()) ** 0.5


def test_a_pseudoscalar_tells_left_from_right_and_no_rotation_changes_it():
    x, labels = clouds()
    left, right = (handedness(x[labels == NAMES.index(name)]) for name in ("left helix", "right helix"))
    sides = torch.cat([-left, right]).sign()
    assert float((sides == sides.sum().sign()).double().mean()) > 0.98
    g = groups.SO(3).sample(1, seed(1))[0]
    torch.testing.assert_close(handedness(x @ g.mT), handedness(x), rtol=1e-9, atol=1e-6)
    torch.testing.assert_close(handedness(-x), -handedness(x))


def test_rotations_are_of_haar_measure_and_can_be_left_out():
    upright, labels = clouds(noise=0.0, rotate=False)
    cone = upright[labels == NAMES.index("cone")]
    heights = cone[:, :, 2] - cone[:, :, 2].mean(1, keepdim=True)
    assert bool((heights.pow(3).mean(1) > 0).double().mean() > 0.9)  # every apex is up
    x, labels = clouds(4000, noise=0.0)
    apex = x[labels == NAMES.index("cone")]
    apex = torch.nn.functional.normalize((apex.square().sum(2, keepdim=True) * apex).sum(1), dim=1)
    assert float(apex.mean(0).norm()) < 4 / len(apex) ** 0.5
    torch.testing.assert_close(apex.T @ apex / len(apex), torch.eye(3).double() / 3, atol=0.08, rtol=0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: rotated_digits(0), r"train is an integer ≥ 1, not 0"),
        (lambda: rotated_digits(1001), "there are 1797 in all"),
        (lambda: rotated_digits(10, "45°"), "choose one of"),
        (lambda: turned(torch.zeros(2, 1, 8, 6), torch.zeros(2)), "it takes square images"),
        (lambda: turned(torch.zeros(2, 1, 8, 8), torch.zeros(3)), r"angles \(3,\)"),
        (lambda: shapes(0), "count is an integer ≥ 1, not 0"),
        (lambda: shapes(5, points=1), "points is an integer ≥ 2, not 1"),
        (lambda: shapes(5, noise=-0.1), "a standard deviation, is a number ≥ 0"),
        (lambda: shapes(5, noise=math.nan), "a standard deviation, is a number ≥ 0"),
    ],
)
def test_bad_sets_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# tensors
@pytest.mark.parametrize("task", [inertia(), two_vectors(), scattering()], ids=lambda task: task.name)
def test_a_tensor_task_is_equivariant_and_the_same_for_one_seed(task):
    x, y = task(50, seed(0))
    assert (x.shape, y.shape, x.dtype) == ((50, task.V.size), (50, task.W.size), torch.float64)
    representations.assert_equivariant(task.target, task.V, task.W, 1e-9, x=x)
    assert torch.equal(task(50, seed(0))[1], y)


def test_the_moment_of_inertia_about_an_axis_sums_the_squared_distances_from_it():
    x, y = inertia()(20, seed(1))
    m, r, v = x[:, :5], x[:, 5:].reshape(20, 5, 3), torch.tensor([1.0, 2, -2], dtype=torch.float64) / 3
    about = (m * torch.linalg.cross(r, v.expand_as(r)).square().sum(2)).sum(1)
    torch.testing.assert_close(torch.einsum("i,nij,j->n", v, y.reshape(20, 3, 3), v), about)
    _, y = inertia()(100_000, seed(2))
    expected = 10 * 0.8061 * torch.eye(3).flatten()  # Σ m (r² − r₁²): 5 · 2 · E softplus(z)
    torch.testing.assert_close(y.mean(0), expected.double(), atol=0.1, rtol=0)


def test_the_invariant_of_two_vectors_at_points_known_by_hand():
    a, b = torch.zeros(2, 5, dtype=torch.float64)
    a[0], b[1] = math.pi / 2, 2.0
    y = two_vectors().target(torch.stack([torch.cat([a, b]), torch.cat([a, a])]))
    assert y[:, 0].tolist() == pytest.approx([1 - 4 + 0, 1 - (math.pi / 2) ** 3 / 2 + 1])
    assert float(two_vectors()(100_000, seed(0))[1].var()) == pytest.approx(
        38.7, rel=0.03
    )  # ¼ var ‖x‖³ and little else


def test_the_scattering_amplitude_is_its_expansion_in_dot_products():
    x, y = scattering()(100_000, seed(0))
    p = x.unflatten(1, (4, 4))
    dot = torch.einsum("nai,ij,nbj->nab", p, groups.METRIC, p)
    t, s = dot[:, 0, 2] - dot[:, 0, 0], dot[:, 1, 3] - dot[:, 1, 1]
    expansion = dot[:, 0, 1] * dot[:, 2, 3] - s * dot[:, 0, 2] - t * dot[:, 1, 3] + 4 * t * s
    torch.testing.assert_close(y[:, 0], 4 * expansion)
    assert float(y.var()) == pytest.approx(0.75, rel=0.05)  # what a constant scores, beside the published .734


def test_a_tensor_task_needs_a_number_of_examples():
    with pytest.raises(ValueError, match="inertia: count, how many to draw, is an integer ≥ 1, not 0"):
        inertia()(0)


# data
def test_the_readme_of_the_data_tells_every_file_by_its_sha256():
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    files = [path for path in DATA.rglob("*") if path.suffix in (".npz", ".json")]
    missing = [path.name for path in files if hashlib.sha256(path.read_bytes()).hexdigest() not in readme]
    assert not missing and len(re.findall(r"[0-9a-f]{64}", readme)) == len(files)


@pytest.mark.parametrize(("name", "G"), [("C_8", groups.C(8)), ("D_6", groups.D(6)), ("A_4", groups.A(4))])
def test_a_recorded_run_starts_at_noise_and_ends_at_the_truth(name, G):
    run, truth = load_run(data_file(f"recorded_runs/{name}.npz")), hidden_group(G)
    assert len(run) == 61 and run[0].step == 0 and run[-1].step >= 300
    sines = [float(subspaces.principal_angles(s.U, truth.U).sin().max()) for s in (run[0], run[-1])]
    assert sines[0] > 0.9 and sines[1] < 2e-2
    shape = truth.basis.shape[1:]
    assert partition_distance(sharing_pattern(run[-1].U, shape), sharing_pattern(truth.U, shape)) == 0


def test_a_missing_file_says_how_to_get_it():
    with pytest.raises(FileNotFoundError, match="pip install -e"):
        data_file("nothing.npz")
