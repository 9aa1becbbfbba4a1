"""FewShotEpisode without a browser: what it says against the model itself, its steps, its pictures of weights."""

import numpy as np
import pytest
import torch
from torch import nn

from eqkit.meta_learning import Adapted, GradientSteps, Prototypes, accuracy, cross_entropy, evaluate
from eqkit.symmetry_matrices.parametrize import filters, matrices, reparameterize
from eqkit.tasks.few_shot import learner
from eqkit.tasks.glyphs import FewShot, Glyphs, load_glyphs
from eqkit.views import FewShotEpisode
from eqkit.views.few_shot_episode import (
    AUGMENTATIONS,
    first_weights,
    inner_path,
    mosaic,
    pixel_prototypes,
    shared_columns,
)


def seed(number):
    return torch.Generator().manual_seed(number)


def untrained(method="MSR"):
    return {method: lambda way: learner(method, way, seed(0)), "pixels": pixel_prototypes}


def test_the_slider_shows_what_the_inner_loop_of_so_many_steps_gives():
    view = FewShotEpisode(untrained(), way=4, shot=2, steps=3)
    model, inner = learner("MSR", 4, seed(0))
    episode = view.episode
    for t in range(4):
        v = model.v[None]
        if t:
            inner.steps = t
            v = inner(model, episode.x_support, episode.y_support, cross_entropy)
        expected = model(episode.x_query, v)[0].softmax(-1)
        np.testing.assert_allclose(view.canvas.said()[t], expected.detach().numpy(), atol=1e-5)
        assert view.right()[t] == int((expected.argmax(-1) == episode.y_query[0]).sum())
    losses = np.frombuffer(view.chart.data, np.float32).reshape(4, 3)
    assert losses[-1, 2] < losses[0, 2] / 2  # the support is learned
    assert inner.steps == 3 and learner("MSR", 4)[1].steps == 1


def test_the_code_gives_what_is_shown_at_every_step():
    view = FewShotEpisode()
    for method in ("MSR", "MAML", "prototypes of pixels"):
        view.method.value = method
        for step in range(view.step.max + 1):
            view.step.value = step
            scope = {}
            exec(view.code(), scope)  # noqa: S102
            assert int(scope["right"]) == view.state()["right"][step]
            np.testing.assert_allclose(scope["probabilities"][0].detach().numpy(), view.canvas.said()[step], atol=1e-5)


def test_the_state_spells_the_answers_of_the_step_shown():
    view = FewShotEpisode(untrained(), way=3, query=2, steps=2)
    view.step.value = 2
    state = view.state()
    assert [len(word) for word in state["said"]] == [2, 2, 2]
    right = sum(letter == "abc"[row] for row, word in enumerate(state["said"]) for letter in word)
    assert right == state["right"][2]
    assert f"After 2 of 2 inner steps {right} of 6 query images" in view.verdict()
    assert "a guess has 2." in view.verdict()


def test_another_method_or_augmentation_keeps_the_characters_and_a_new_episode_does_not():
    view = FewShotEpisode(untrained(), seed=3)
    characters, support = view.state()["characters"], view.episode.x_support
    glyphs = load_glyphs("meta-test")
    for name, image in zip(characters, support[0, :, 0], strict=True):
        assert (glyphs.images[glyphs.names.index(name)] == (255 * image).byte()).all((1, 2)).any()
    view.method.value = "pixels"
    view.augmentation.value = "none"
    assert view.state()["characters"] == characters
    assert torch.equal(view.episode.x_support, support)
    assert view.episode.x_query.unique().tolist() == [0, 1]
    view.again.click()
    assert view.state()["episode"] == 4
    assert view.state()["characters"] != characters
    view._reset()
    assert view.state() == FewShotEpisode(untrained(), seed=3).state()


def test_prototypes_of_pixels_are_right_on_plain_images_and_lost_on_turned_ones():
    model, inner = pixel_prototypes(5)
    shares = [
        float(
            evaluate(
                model,
                FewShot(load_glyphs("meta-test").images, 5, 1, 4, augment),
                inner,
                100,
                seed(0),
                loss=cross_entropy,
                score=accuracy,
            ).mean()
        )
        for augment, _ in AUGMENTATIONS.values()
    ]
    plain, turned, most = shares
    assert plain > 0.65
    assert max(turned, most) < 0.45


def test_pixel_prototypes_are_the_class_means_and_their_weights_show_them():
    view = FewShotEpisode({"pixels": pixel_prototypes}, way=3, shot=4)
    means = nn.functional.avg_pool2d(view.episode.x_support[0], 4).reshape(3, 4, 7, 7).mean(1)
    torch.testing.assert_close(first_weights(view.model, view.path)[1], 2 * means)
    query = nn.functional.avg_pool2d(view.episode.x_query[0], 4).flatten(1)
    nearest = torch.cdist(query, means.flatten(1)).argmin(1)
    assert torch.equal(view.said[1].argmax(1), nearest)


def test_one_gradient_step_moves_the_filters_by_the_rate_times_the_gradient():
    model, inner = learner("MAML", 5, seed(0))
    episode = FewShot(load_glyphs("meta-test").images, 5, 1, 1)(1, seed(1))
    path = inner_path(model, inner, episode, 2)
    loss = cross_entropy(model(episode.x_support, model.v[None]), episode.y_support).sum()
    (gradient,) = torch.autograd.grad(loss, [model.module[1].weight])
    weights = first_weights(model, path)
    torch.testing.assert_close(weights[1], (model.module[1].weight - inner.rate * gradient)[:, 0].detach())
    torch.testing.assert_close(weights[0], model.module[1].weight[:, 0].detach())
    assert inner_path(*pixel_prototypes(5), episode, 7).shape == (2, 250)


def test_the_columns_of_u_over_the_kernel():
    model, _ = learner("MSR", 5, seed(0))
    torch.testing.assert_close(shared_columns(model).flatten(1), torch.eye(9))
    assert shared_columns(learner("MAML", 5)[0]) is None
    net = reparameterize(nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(4, 2)), {"0.weight": 6}, seed(0))
    U = matrices(net)["0.weight"].U
    torch.testing.assert_close(shared_columns(Adapted(net, *filters(net))), U.detach().T.reshape(6, 4, 3, 3)[:, 0])
    assert FewShotEpisode(untrained("MAML")).shared.layout.display == "none"
    assert FewShotEpisode(untrained("MSR")).shared.layout.display != "none"


@pytest.mark.parametrize(("count", "h", "w"), [(1, 3, 3), (5, 2, 4), (9, 3, 3), (7, 1, 6)])
def test_a_mosaic_holds_every_tile_once(count, h, w):
    tiles = torch.arange(2.0 * count * h * w).reshape(2, count, h, w)
    page = mosaic(tiles)
    assert sorted(page[1][~np.isnan(page[1])].tolist()) == tiles[1].flatten().tolist()
    found = {tuple(page[0][r : r + h, c : c + w].ravel()) for r in range(0, page.shape[1], h + 1)
             for c in range(0, page.shape[2], w + 1)}  # fmt: skip
    assert {tuple(tile.flatten().tolist()) for tile in tiles[0]} <= found


def test_own_glyphs_are_shown():
    every = load_glyphs()
    runes = every.of("Runic")
    view = FewShotEpisode(untrained(), glyphs=runes)
    assert all(name.startswith("RUNIC") for name in view.state()["characters"])
    assert "as passed" in view.code()
    few = Glyphs(runes.images[:3], runes.script[:3], runes.scripts, runes.names[:3])
    with pytest.raises(ValueError, match="way = 5, and there are 3 characters"):
        FewShotEpisode(untrained(), glyphs=few)


def test_a_network_with_too_few_outputs_is_refused_and_the_controls_go_back():
    view = FewShotEpisode({"three": lambda way: learner("MAML", 3, seed(0))}, way=3)
    before = view.state()
    view.way.value = 4
    assert "three tells 3 characters apart, and way = 4; take a smaller way" in view.footer.error
    assert view.state() == before
    assert view.way.value == 3
    view.way.value = 2
    assert view.footer.error == ""
    assert view.said.shape[2] == 2


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"way": 1}, "way.*≥ 2"),
        ({"way": 9}, "way = 9; at most 8"),
        ({"shot": 0}, "shot.*≥ 1"),
        ({"shot": 6}, "shot = 6; at most 5"),
        ({"query": 0}, "query.*≥ 1"),
        ({"query": 7}, "query = 7"),
        ({"steps": 0}, "steps.*≥ 1"),
        ({"augmentation": "blur"}, "'blur'; choose one of none"),
        ({"seed": -1}, "seed.*≥ 0"),
    ],
)
def test_settings_out_of_range_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        FewShotEpisode(untrained(), **wrong)


def test_a_network_without_weights_is_refused():
    class Shift(nn.Module):
        def __init__(self):
            super().__init__()
            self.shift = nn.Parameter(torch.zeros(5))

        def forward(self, x):
            return x.flatten(1)[:, :5] + self.shift

    with pytest.raises(ValueError, match="no layer with a weight"):
        FewShotEpisode({"shift": lambda way: (Adapted(Shift()), GradientSteps())})
    assert isinstance(pixel_prototypes(5)[1], Prototypes)
