import json

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import conv2d

from eqkit import groups, subspaces
from eqkit.meta_learning import Adapted, GradientSteps, LeastSquares, evaluate, meta_learn
from eqkit.networks import pixels
from eqkit.symmetry_matrices import (
    ReparameterizedConv2d,
    ReparameterizedLinear,
    filters,
    indicators,
    reparameterize,
)
from eqkit.tasks import data_file
from eqkit.tasks.convolutions import ConvolutionTasks, group_convolution
from eqkit.tasks.linear import no_symmetry, partially_symmetric
from eqkit.tasks.nonlinear import TwoLayerTasks, two_convolutions
from eqkit.tasks.translation import convolution, fully_connected, locally_connected, reversed_outputs, translation

C8, D8 = groups.C.plane(8), groups.D.plane(8)
RING = [(0, 2), (0, 1), (0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 2)]  # rows and columns, counter-clockwise from 45°


def seed(number=0):
    return torch.Generator().manual_seed(number)


# nine pixels that turn by 45°
def test_a_turn_by_45_degrees_moves_the_ring_by_one_pixel_and_keeps_the_centre():
    (turn,) = pixels(C8, 3)(C8.generators)
    image = torch.arange(9.0).double()
    moved = (turn @ image).reshape(3, 3)
    before = image.reshape(3, 3)
    assert all(moved[RING[(i + 1) % 8]] == before[RING[i]] for i in range(8)) and moved[1, 1] == before[1, 1]


@pytest.mark.parametrize("quarter", [groups.C.plane(4), groups.D.plane(4), groups.D.plane(2)], ids=str)
def test_two_eighths_are_a_quarter_turn_of_the_grid(quarter):
    """On quarter turns and flips the ring agrees with the integer coordinates of the pixels."""
    g = quarter.generators
    y, x = torch.meshgrid(torch.tensor([1.0, 0, -1]), torch.tensor([-1.0, 0, 1]), indexing="ij")
    points = torch.stack([x.flatten(), y.flatten()]).double()
    expected = ((g @ points).unsqueeze(-2) - points.unsqueeze(-1)).abs().amax(1) < 1e-12  # (k, to, from)
    assert torch.equal(pixels(quarter, 3)(g), expected.double())
    assert pixels(D8, 3).is_permutation and pixels(D8, 3).character(D8.elements()).sum() == 16 * 2  # two orbits


@pytest.mark.parametrize(("G", "fields"), [(C8, 3), (D8, 2)], ids=str)
def test_filters_of_a_task_are_turned_copies_of_one_another(G, fields):
    tasks = group_convolution(G, fields)
    assert tasks.basis.shape == (9 * fields, G.order * fields, 1, 3, 3)
    K = tasks.kernels(2, seed())[1].reshape(fields, G.order, 9).double()
    moved = torch.einsum("gpq,fq->fgp", pixels(G, 3)(G.elements()), K[:, 0])  # channel 0 belongs to E
    torch.testing.assert_close(K, moved)


def test_episodes_are_convolutions_of_noise_and_outputs_have_variance_one():
    tasks = group_convolution(size=12, support=2, query=3)
    episodes, K = tasks(5, seed(3)).check(), tasks.kernels(5, seed(3))
    assert (episodes.x_support.shape, episodes.y_query.shape) == ((5, 2, 1, 12, 12), (5, 3, 24, 10, 10))
    torch.testing.assert_close(episodes.y_query[4], conv2d(episodes.x_query[4], K[4]), atol=1e-5, rtol=0)
    y = group_convolution(size=8, query=1)(3000, seed()).y_query
    assert abs(float(y.square().mean()) - 1) < 4 * (2 / 27 / 3000) ** 0.5


@pytest.mark.parametrize("U", [None, "identity"], ids=str)
def test_the_floor_is_the_measured_loss_of_one_step_at_the_best_rate(U):
    tasks = group_convolution(size=8, query=8)
    U = tasks.U.float() if U is None else torch.eye(216)
    layer = ReparameterizedConv2d(1, 24, 3, {27: 27, 216: 216}[U.shape[1]], generator=seed())
    layer.parametrizations.weight[0].factors[0].data.copy_(subspaces.orthonormal(U) if U.shape[1] == 27 else U)
    layer.parametrizations.weight.original.data.zero_()
    model = Adapted(layer, *filters(layer))
    rates = 6.0, 9.0, 12.0
    losses = [float(evaluate(model, tasks, GradientSteps(1, rate), 1000, seed(1)).mean()) for rate in rates]
    c, b, a = (float(x) for x in np.polynomial.polynomial.polyfit(rates, losses, 2))  # a parabola in the rate
    assert c - b**2 / (4 * a) == pytest.approx(tasks.floor(U), rel=0.06)


def test_kronecker_factors_cannot_span_the_maps_of_a_group_that_moves_channels_and_pixels_together():
    """The smallest product space A ⊗ C around Hom has all 216 dimensions: the floor of a full U, that of MAML."""
    tasks = group_convolution()
    K = tasks.basis.reshape(27, 24, 9)
    rows = torch.linalg.matrix_rank(K.transpose(0, 1).flatten(1))  # A must reach these
    columns = torch.linalg.matrix_rank(K.flatten(0, 1))
    assert (int(rows), int(columns)) == (24, 9) and len(K) == 27
    assert tasks.floor(torch.eye(216)) / tasks.floor() > 2


def test_a_dense_U_learns_the_group_convolution_from_small_images():
    tasks = group_convolution(fields=1, size=8)
    layer = ReparameterizedConv2d(1, 8, 3, 9, generator=seed())
    options = {"batch": 16, "learning_rate": 2e-2, "cosine_decay": True, "generator": seed(1)}
    history = list(meta_learn(Adapted(layer, *filters(layer)), tasks, GradientSteps(1, 4.0), steps=100, **options))
    assert history[-1].loss < 0.6 * tasks.floor(torch.eye(72))
    assert subspaces.principal_angles(layer.U.detach(), tasks.U).cos().min() > 0.98


# symmetry that is broken, missing, or backwards
@pytest.mark.parametrize("rest", [locally_connected(10), fully_connected(10)], ids=["local", "free"])
def test_a_share_of_the_energy_has_no_symmetry(rest):
    whole = translation(n=10)
    energy = float(whole.basis.square().sum())
    for share in (0.0, 0.3, 1.0):
        tasks = partially_symmetric(whole, share, rest)
        assert float(tasks.basis.square().sum()) == pytest.approx(energy)
        assert float(tasks.basis[3:].square().sum()) == pytest.approx(share * energy)
    assert len(tasks.basis) == 3 + int(rest.max()) + 1
    assert bool((tasks.basis[:, rest < 0] == 0).all())


def test_the_best_three_columns_of_a_partially_symmetric_task_are_still_the_convolution():
    tasks = partially_symmetric(translation(n=12, support=4), 0.3, locally_connected(12))
    model = ReparameterizedLinear(12, 10, 3, seed())
    list(
        meta_learn(
            model, tasks, LeastSquares(1e-2), steps=200, learning_rate=1e-2, cosine_decay=True, generator=seed(1)
        )
    )
    assert subspaces.principal_angles(model.U.detach(), indicators(convolution(12)).to_dense()).max() < 0.2


def test_tasks_without_symmetry_fill_a_random_subspace():
    a, b = (no_symmetry(6, 5, 4, generator=seed(i)) for i in (0, 1))
    torch.testing.assert_close(a.U.T @ a.U, 5 * torch.eye(4).double())
    assert subspaces.principal_angles(a.U, b.U).max() > 0.5
    y = a(4000, seed()).y_query
    assert float(y.square().mean()) == pytest.approx(4, rel=0.1)
    assert subspaces.same_span(no_symmetry(3, 2, 6).U, torch.eye(6).double())


def test_a_U_that_knows_shifts_is_of_no_use_where_the_filter_slides_the_other_way():
    tasks = translation()
    U = (subspaces.orthonormal(tasks.U) * 68**0.5).float()
    model, inner = ReparameterizedLinear.fixed(U, (68, 70)), GradientSteps(1, 0.5)
    there, back = (float(evaluate(model, t, inner, 500, seed(1)).mean()) for t in (tasks, reversed_outputs(tasks)))
    assert there < 0.25 and back > 2.5  # predicting zero scores 3


# two layers
def test_two_layer_tasks_are_convolutions_with_a_rectifier_between():
    tasks = two_convolutions(generator=seed())
    x, y = tasks(3, seed(1))[2:]
    filter_ = torch.randn(3, generator=seed(), dtype=torch.float64).float()
    hidden = x.unfold(2, 3, 1) @ filter_
    windows = hidden.relu().unfold(2, 3, 1)
    fitted = torch.linalg.lstsq(windows.flatten(1, 2), y.flatten(1).unsqueeze(-1)).solution
    torch.testing.assert_close((windows.flatten(1, 2) @ fitted).flatten(1), y.flatten(1), atol=1e-4, rtol=1e-4)


def test_the_floor_of_linear_models_is_what_moments_of_very_many_examples_leave():
    tasks = two_convolutions(support=1, query=40_000, generator=seed())
    _, _, x, y = tasks(20, seed(1))
    W = torch.linalg.lstsq(x.flatten(0, 1).reshape(20, -1, 16), y).solution
    left, power = float((y - x @ W).square().mean()), float(y.square().mean())
    assert left / power == pytest.approx(tasks.linear_floor / total_power(tasks), abs=0.05)


def total_power(tasks):
    """E y² by E max(h_i, 0) max(h_j, 0) = (h_i h_j + |h_i| |h_j|)/4."""
    hidden = tasks.first @ tasks.first.T
    linear = float(torch.einsum("doh,hk,dok->", tasks.basis, hidden, tasks.basis)) / (4 * tasks.basis.shape[1])
    return linear + tasks.linear_floor


def test_depth_is_where_moments_fail_and_meta_learning_does_not():
    tasks = two_convolutions(n=10, generator=seed())
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(10, 10, bias=False), nn.ReLU(), nn.Linear(10, 6, bias=False))  # 8 would do
    model = Adapted(reparameterize(net, {"2.weight": 3}, seed()), *filters(net))
    options = {"batch": 16, "learning_rate": 3e-2, "cosine_decay": True, "generator": seed(1)}
    run = meta_learn(model, tasks, LeastSquares(1e-2), steps=300, **options)
    assert list(run)[-1].loss < 0.02 * tasks.linear_floor


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ConvolutionTasks(torch.zeros(3, 4)), r"basis has shape \(3, 4\); it needs \(d, c_out, c_in, k, k\)"),
        (lambda: group_convolution(size=2), "size is an integer ≥ 3, not 2"),
        (lambda: group_convolution(support=0), "support is an integer ≥ 1, not 0"),
        (lambda: group_convolution(fields=0), "fields is an integer ≥ 1, not 0"),
        (lambda: group_convolution(groups.C.plane(5)), "does not map the square grid to itself"),
        (lambda: group_convolution()(0), "count, how many to draw, is an integer ≥ 1, not 0"),
        (lambda: partially_symmetric(translation(n=5), 1.5, convolution(5)), "a number from 0 to 1, not 1.5"),
        (lambda: partially_symmetric(translation(n=5), 0.5, convolution(6)), r"\(4, 6\) and weights \(3, 5\)"),
        (lambda: no_symmetry(3, 2, 7), r"dim = 7; weights \(2, 3\) have 6 dimensions"),
        (lambda: two_convolutions(n=3), "a filter needs 1 ≤ taps"),
        (lambda: TwoLayerTasks(torch.zeros(3, 4), torch.zeros(2, 2, 4)), r"they need \(h, n_in\), real"),
    ],
)
def test_bad_input_ends_in_a_clear_message(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# the record
def test_the_recorded_U_is_as_good_as_the_group_and_the_record_says_what_kronecker_factors_cannot():
    tables = json.loads(data_file("recorded_runs/convolutions.json").read_text(encoding="utf-8"))
    with np.load(data_file("recorded_runs/convolutions.npz")) as file:
        for G in (C8, D8):
            tasks = group_convolution(G)
            assert tasks.floor(torch.from_numpy(file[f"{G} U"]), 200) < 1.1 * tasks.floor(count=200)
            rows = {row["method"]: row for row in tables["group convolutions"][f"{G}, 32 × 32 pixels, converged"]}
            maml = rows["MAML convolution"]["loss"]
            assert rows["MSR, U dense, k = 27"]["loss"] < 0.6 * maml < 0.7 * rows["MSR, U = A ⊗ B ⊗ C"]["loss"]
    assert not any(row["commutant"] for key in ("4", "16") for row in tables["no symmetry"][key])
    own, reverse = tables["reversed outputs"]["rank 1"]
    assert own["loss"] < 0.2 and reverse["loss"] > 1.5
    loss = {row["method"]: row["loss"] for row in tables["two layers"]["two convolutions"]}
    floor = tables["two layers"]["two convolutions"][0]["floor"]
    assert loss["moments + SVD, k = 3"] > 0.9 * floor > 50 * loss["MSR, two layers, k = 3"]
