"""Any module in the meta-learning loop: MAML, ANIL, MSR, prototypes and MTSR, batched over tasks."""

import copy

import pytest
import torch
from torch import nn

from eqkit import subspaces
from eqkit.meta_learning import (
    Adapted,
    Episodes,
    GradientSteps,
    LeastSquares,
    Prototypes,
    accuracy,
    cross_entropy,
    evaluate,
    mean_squared_error,
    meta_learn,
    multitask,
    task_losses,
)
from eqkit.symmetry_matrices import ReparameterizedLinear, reparameterize
from eqkit.tasks.translation import translation

WAY = 3


def seed(number):
    return torch.Generator().manual_seed(number)


def seeded(module, number=0):
    """The module in float64 with parameters from a seed of their own."""
    module, generator = module.double(), seed(number)
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(torch.randn(p.shape, generator=generator, dtype=p.dtype) / max(p[0].numel(), 1) ** 0.5)
    return module


def conv_net():
    return seeded(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Tanh(), nn.Flatten(), nn.Linear(8, WAY)))


MODELS = {
    "MAML": lambda: Adapted(conv_net()),
    "ANIL": lambda: Adapted(conv_net(), "3.*"),
    "MSR": lambda: Adapted(seeded(reparameterize(conv_net())), "*.original"),
}


def images(tasks=4, support=3, query=5, generator=None):
    """Classes are random pictures, examples are noisy ones; every class is in the support."""
    generator = generator or seed(5)
    means = torch.randn(tasks, WAY, 1, 4, 4, generator=generator, dtype=torch.float64)
    labels = torch.cat([torch.arange(support) % WAY, torch.randint(WAY, (query,), generator=generator)])
    x = means[:, labels]
    x = x + 0.5 * torch.randn(x.shape, generator=generator, dtype=x.dtype)
    y = labels.expand(tasks, -1)
    return Episodes(x[:, :support], y[:, :support], x[:, support:], y[:, support:])


def many(count, generator):
    return images(count, generator=generator)


def outer_loss(model, inner, episodes):
    v = inner(model, episodes.x_support, episodes.y_support, cross_entropy)
    return task_losses(model, v, episodes.x_query, episodes.y_query, cross_entropy).mean()


def by_hand(module, names, inner, episodes):
    """The adapted module of each task, one task at a time, with plain autograd and a copy of the module."""
    adapted = []
    for x, y in zip(episodes.x_support, episodes.y_support, strict=True):
        task = copy.deepcopy(module)
        moving = [p for name, p in task.named_parameters() if name in names]
        for _ in range(inner.steps):
            gradients = torch.autograd.grad(nn.functional.cross_entropy(task(x), y), moving)
            with torch.no_grad():
                for p, g in zip(moving, gradients, strict=True):
                    p -= inner.rate * g
        adapted.append(task)
    return adapted


# the inner loop
@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_batched_steps_are_those_of_one_task_at_a_time(make):
    model, inner, episodes = make(), GradientSteps(3, 0.2), images()
    tasks = by_hand(model.module, model.shapes, inner, episodes)
    v = inner(model, episodes.x_support, episodes.y_support, cross_entropy)
    for t, task in enumerate(tasks):
        for name, value in model.parameters_of(v[t]).items():
            torch.testing.assert_close(value, task.get_parameter(name))
    expected = torch.stack([task(x) for task, x in zip(tasks, episodes.x_query, strict=True)])
    torch.testing.assert_close(model(episodes.x_query, v), expected)


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("order", [1, 2])
def test_the_inner_loop_leaves_everything_shared_bit_identical(make, order):
    model = make()
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    outer_loss(model, GradientSteps(2, order=order), images()).backward()
    assert all(torch.equal(value, before[name]) for name, value in model.named_parameters())
    assert all(value.grad is not None for value in model.parameters())


def central_differences(loss, parameter, step=1e-5):
    numbers, gradient = parameter.detach().view(-1), torch.zeros_like(parameter).detach()
    for i in range(len(numbers)):
        value, ends = numbers[i].item(), []
        for shifted in (value + step, value - step):
            numbers[i] = shifted
            ends.append(loss().item())
        numbers[i] = value
        gradient.view(-1)[i] = (ends[0] - ends[1]) / (2 * step)
    return gradient


@pytest.mark.parametrize(("name", "rates"), [*((name, "one") for name in MODELS), ("MAML", "each")])
def test_the_meta_gradient_agrees_with_finite_differences(name, rates):
    model, inner, episodes = MODELS[name](), GradientSteps(2, 0.3, rates=rates).double(), images(2)
    inner.match(model.v)
    outer_loss(model, inner, episodes).backward()
    assert inner.rate.shape == (() if rates == "one" else model.v.shape)
    for parameter in (*model.parameters(), inner.rate):
        numerical = central_differences(lambda: outer_loss(model, inner, episodes), parameter)
        torch.testing.assert_close(parameter.grad, numerical, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_the_first_order_meta_gradient_is_the_query_gradient_at_the_adapted_parameters(make):
    """v₀ gets the mean of ∂L/∂v at v_K, what is shared the mean of ∂L/∂shared there, α −⟨∂L/∂v, Σ inner gradients⟩."""
    model, inner, episodes = make(), GradientSteps(2, 0.3, order=1).double(), images()
    outer_loss(model, inner, episodes).backward()
    tasks, start = by_hand(model.module, model.shapes, inner, episodes), dict(model.module.named_parameters())
    expected, rate = {name: torch.zeros_like(p) for name, p in start.items()}, 0.0
    for task, x, y in zip(tasks, episodes.x_query, episodes.y_query, strict=True):
        nn.functional.cross_entropy(task(x), y).backward()
        for name, p in task.named_parameters():
            expected[name] += p.grad / len(tasks)
            rate += ((p - start[name]) / inner.rate * p.grad).sum().item() / len(tasks)
    for name, p in start.items():
        torch.testing.assert_close(p.grad, expected[name])
    assert inner.rate.grad.item() == pytest.approx(rate)
    second = make()
    outer_loss(second, GradientSteps(2, 0.3).double(), episodes).backward()
    assert not torch.allclose(second.module.get_parameter(name).grad, expected[name], rtol=1e-3)


def test_prototypes_are_the_nearest_class_mean():
    model, episodes = MODELS["ANIL"](), images(support=7)
    v = Prototypes()(model, episodes.x_support, episodes.y_support)
    f, q = (model.module[:-1](x.flatten(0, 1)).unflatten(0, x.shape[:2]) for x in episodes[::2])
    for t in range(4):
        means = torch.stack([f[t][episodes.y_support[t] == c].mean(0) for c in range(WAY)])
        expected = (-torch.cdist(q[t], means).square()).log_softmax(-1)
        torch.testing.assert_close(model(episodes.x_query, v)[t].log_softmax(-1), expected)


def test_least_squares_solves_the_last_layer_of_a_deep_network():
    model, episodes = MODELS["ANIL"](), images(support=7)
    y = nn.functional.one_hot(episodes.y_support, WAY).double()
    v = LeastSquares(0.1)(model, episodes.x_support, y).detach().requires_grad_()
    loss = (model(episodes.x_support, v) - y).square().sum() + 0.1 * (v - model.v).square().sum()
    assert torch.autograd.grad(loss, v)[0].abs().max() < 1e-10
    Phi = model.features(episodes.x_query)
    torch.testing.assert_close(torch.einsum("tsok,tk->tso", Phi, v), model(episodes.x_query, v))


def test_the_meta_gradient_of_a_closed_last_layer_agrees_with_finite_differences():
    tasks = images(2)
    episodes = Episodes(*(nn.functional.one_hot(y, WAY).double() if i % 2 else y for i, y in enumerate(tasks)))
    model, inner = MODELS["ANIL"](), LeastSquares(0.1)

    def loss():
        v = inner(model, episodes.x_support, episodes.y_support)
        return task_losses(model, v, episodes.x_query, episodes.y_query).mean()

    loss().backward()
    for parameter in model.parameters():
        torch.testing.assert_close(parameter.grad, central_differences(loss, parameter), rtol=1e-6, atol=1e-8)


# the outer loop
@pytest.mark.parametrize(
    ("name", "inner", "left"),
    [
        ("MAML", GradientSteps(2, 0.3), 0.7),
        ("MAML", GradientSteps(2, 0.3, rates="each"), 0.7),
        ("MAML", GradientSteps(2, 0.3, order=1), 0.95),
        ("ANIL", GradientSteps(2, 0.3), 0.5),
        ("ANIL", Prototypes(), 0.5),
        ("MSR", GradientSteps(2, 0.3), 0.7),
    ],
    ids=["MAML", "one rate each", "first order", "ANIL", "prototypes", "MSR"],
)
def test_a_network_learns_to_classify_new_classes(name, inner, left):
    model = MODELS[name]()
    options = {"loss": cross_entropy, "score": accuracy}
    before = evaluate(model, many, copy.deepcopy(inner), 200, seed(9), **options).mean()
    run = meta_learn(
        model, many, inner, steps=100, learning_rate=1e-2, snapshots=2, generator=seed(1), loss=cross_entropy
    )
    list(run)
    after = evaluate(model, many, inner, 200, seed(9), **options).mean()
    assert len(run.losses) == 101 and len(run.snapshots) == 2
    assert 1 - after < left * (1 - before)


def test_one_v_a_task_learns_the_symmetry_matrix_without_an_inner_loop():
    tasks = translation(n=10, support=4)
    model = ReparameterizedLinear(10, 8, 3, seed(0))
    run = multitask(model, tasks(100, seed(2)), steps=1000, learning_rate=1e-2, snapshots=2)
    list(run)
    assert subspaces.principal_angles(model.U.detach(), tasks.U).sin().max() < 1e-2
    assert run.inner.filters.shape == (100, 3)


@pytest.mark.parametrize("inner", [GradientSteps(2, rates="each"), Prototypes()], ids=["one rate each", "prototypes"])
def test_a_saved_run_of_a_network_resumes_to_the_same_bits(tmp_path, inner):
    def loop():
        options = {"steps": 20, "batch": 4, "snapshots": 3, "generator": seed(1), "loss": cross_entropy}
        return meta_learn(MODELS["ANIL"](), many, copy.deepcopy(inner), **options)

    whole, run = loop(), loop()
    list(whole)
    next(run), next(run)  # steps 0 and 10
    run.save(tmp_path / "run.npz")
    again = loop()
    again.resume(tmp_path / "run.npz")
    assert again.step == 11
    list(again)
    assert again.losses == whole.losses
    assert all(torch.equal(again.parameters[name], value) for name, value in whole.parameters.items())


def test_an_interrupt_while_saving_leaves_the_file_of_before(tmp_path, monkeypatch):
    run = meta_learn(MODELS["ANIL"](), many, GradientSteps(), steps=4, generator=seed(1), loss=cross_entropy)
    next(run)
    run.save(tmp_path / "run.npz")
    before = (tmp_path / "run.npz").read_bytes()
    next(run)

    def interrupted(file, **arrays):
        file.write(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr("numpy.savez_compressed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.save(tmp_path / "run.npz")
    assert (tmp_path / "run.npz").read_bytes() == before


# faults
def test_patterns_that_name_nothing_and_modules_that_mix_tasks_are_refused():
    with pytest.raises(ValueError, match=r"no parameter is called '4\.\*'; the module has 0\.weight, 0\.bias"):
        Adapted(conv_net(), "4.*")
    with pytest.raises(ValueError, match="nothing can adapt"):
        Adapted(nn.ReLU())
    with pytest.raises(ValueError, match=r"'1' keeps running statistics.*track_running_stats=False"):
        Adapted(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)))
    Adapted(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2, track_running_stats=False)))


def test_shapes_that_do_not_fit_the_model_are_named():
    model, episodes = MODELS["ANIL"](), images()
    with pytest.raises(ValueError, match=r"x has shape \(4, 3, 1, 4, 4\) and v \(4, 5\).*v \(tasks, 27\)"):
        model(episodes.x_support, torch.zeros(4, 5).to(episodes.x_support))
    with pytest.raises(ValueError, match=r"x has shape \(4, 3, 1, 4, 4\) and v \(3, 27\)"):
        model(episodes.x_support, torch.zeros(3, 27).to(episodes.x_support))
    with pytest.raises(ValueError, match=r"not linear in what adapts, 0\.weight, 0\.bias"):
        Adapted(conv_net(), "0.*").features(episodes.x_support)


@pytest.mark.parametrize("inner", [GradientSteps(), Prototypes()], ids=["steps", "prototypes"])
@pytest.mark.parametrize(("shift", "low", "high"), [(1, 1, 3), (-1, -1, 1)])
def test_labels_out_of_range_are_refused(inner, shift, low, high):
    x, y, *query = images()
    with pytest.raises(ValueError, match=f"labels (run from {low} to {high}|of shape)"):
        inner(MODELS["ANIL"](), x, y + shift, cross_entropy)


def test_losses_refuse_the_wrong_kind_of_truth():
    with pytest.raises(ValueError, match=r"int64 labels \(tasks, examples\)"):
        cross_entropy(torch.zeros(4, 3, 5), torch.zeros(4, 3))
    with pytest.raises(ValueError, match=r"gives \(4, 3, 5\) and the labels are \(4, 2\)"):
        accuracy(torch.zeros(4, 3, 5), torch.zeros(4, 2, dtype=torch.int64))
    with pytest.raises(ValueError, match="loss=cross_entropy"):
        mean_squared_error(torch.zeros(4, 3, 5), torch.zeros(4, 3, dtype=torch.int64))


def test_a_loss_that_mixes_the_tasks_is_refused():
    x, y, *_ = images()
    with pytest.raises(ValueError, match=r"gives shape \(\) for 4 tasks; .* one number a task"):
        GradientSteps()(MODELS["ANIL"](), x, nn.functional.one_hot(y, WAY).double(), nn.functional.mse_loss)


@pytest.mark.parametrize(
    ("parts", "error", "message"),
    [
        (
            {"x_support": torch.zeros(4, 0, 1, 4, 4), "y_support": torch.zeros(4, 0).long()},
            ValueError,
            "without a zero",
        ),
        ({"x_query": torch.zeros(4, 5, 1, 6, 6)}, ValueError, "support and query in tasks and size"),
        ({"y_query": torch.zeros(4, 5, 3)}, ValueError, "support and query in tasks and size"),
        ({"y_query": torch.zeros(4, 5)}, ValueError, r"integer labels \(tasks, examples\)"),
        ({"x_support": [torch.zeros(3, 1, 4, 4), torch.zeros(2, 1, 4, 4)]}, TypeError, "x_support is a list; stack"),
    ],
    ids=["empty support", "images differ", "labels differ", "float labels", "unequal tasks"],
)
def test_bad_episodes_of_images_are_refused(parts, error, message):
    with pytest.raises(error, match=message):
        images()._replace(**parts).check()


def test_inner_solvers_refuse_what_cannot_work():
    episodes = images()
    with pytest.raises(ValueError, match='order is 1 or 2, rates "one" or "each"'):
        GradientSteps(order=3)
    with pytest.raises(ValueError, match='order is 1 or 2, rates "one" or "each"'):
        GradientSteps(rates="layer")
    with pytest.raises(ValueError, match="LeastSquares minimises the mean squared error"):
        LeastSquares()(MODELS["ANIL"](), episodes.x_support, episodes.y_support, cross_entropy)
    with pytest.raises(ValueError, match="a class of a task has no support example"):
        Prototypes()(MODELS["ANIL"](), episodes.x_support[:, :2], episodes.y_support[:, :2])
    with pytest.raises(ValueError, match="with the last layer's weight and bias adapted, and nothing else"):
        Prototypes()(MODELS["MAML"](), episodes.x_support, episodes.y_support)


def test_snapshots_that_do_not_fit_in_memory_are_refused_before_the_run():
    class Huge(nn.Linear):
        v = torch.zeros(1)

        def named_parameters(self, *args, **kwargs):
            yield "weight", nn.Parameter(torch.empty(1, device="meta").expand(10**7, 10**4))

    with pytest.raises(MemoryError, match="500 snapshots of the model needs"):
        meta_learn(Huge(1, 1), many, Prototypes(), steps=1000)
