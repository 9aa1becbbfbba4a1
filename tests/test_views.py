"""Views without a browser: the contract each of them keeps, and what LiveMSR says."""

import base64
import inspect
import io
import json

import ipywidgets
import numpy as np
import pytest
import torch
from PIL import Image

from eqkit import groups, views
from eqkit.equivariant_maps import Hom
from eqkit.symmetry_matrices import indicators
from eqkit.views import Chart, ConstraintSatisfaction, LiveMSR, MatrixCanvas, PointCanvas, View, style
from eqkit.views.cycles import read_cycles
from eqkit.views.msr_reading import class_colours, residuals

SMALL = {
    "LiveMSR": lambda: LiveMSR(groups.C(4), steps=20),
    "ConstraintSatisfaction": lambda: ConstraintSatisfaction(size=3, n=5),
}
VIEWS = [
    name
    for name, value in vars(views).items()
    if inspect.isclass(value) and issubclass(value, View) and value is not View
]


@pytest.fixture(params=VIEWS)
def build(request):
    """A function that builds the same view of each class again and again."""
    return SMALL.get(request.param, getattr(views, request.param))


def advance(view):
    if view.player:
        view.player.run(4)
    return view


def test_the_state_is_json_and_the_same_in_two_views(build):
    one, two = advance(build()), advance(build())
    assert one.state() == two.state() == json.loads(json.dumps(one.state()))


def test_the_page_carries_the_present_state_code_and_name(build):
    view = advance(build())
    assert json.loads(view.footer.state) == style.rounded(view.state())
    assert view.footer.code == view.code() and view.footer.name == type(view).__name__
    assert "eq-view" in view.widget._dom_classes


def test_the_code_shown_runs_by_itself(build):
    exec(advance(build()).code(), {})  # noqa: S102


def test_reset_goes_back_to_the_beginning(build):
    view = build()
    start = view.state()
    advance(view)
    view._reset()
    assert view.state() == start


def test_a_reset_is_published_once_and_whole(build):
    """A state half reset would let a reader click what is about to be set back."""
    view, seen = build(), []
    start = view.state()
    for control in view.controls:
        if isinstance(control, ipywidgets.ToggleButton):
            control.value = not control.value
        elif isinstance(control, ipywidgets.Dropdown | ipywidgets.ToggleButtons):
            control.index = (control.index + 1) % len(control.options)
    view.footer.observe(lambda change: seen.append(json.loads(change["new"])), "state")
    view._reset()
    assert seen == [style.rounded(start)] * len(seen) and len(seen) <= 1


def test_a_view_is_a_widget_a_picture_and_a_constant_text(build):
    view = build()
    bundle = view._repr_mimebundle_()
    image = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert image.format == "PNG" and min(image.size) > 200 and np.asarray(image.convert("L")).std() > 5
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == view.widget.model_id
    assert bundle["text/plain"] == advance(view)._repr_mimebundle_()["text/plain"]


def test_the_still_is_the_same_for_the_same_state(build):
    assert advance(build()).still() == advance(build()).still()


def test_everything_drawn_says_what_it_shows(build):
    view = build()
    for component in (component for column in view.body for component in column):
        assert component.title or component.label
    assert view.title and view.footer.label == view.title


def test_closing_takes_everything_off_the_page(build):
    view = build()
    view.close()
    assert view.widget.comm is None and view.footer.comm is None


# LiveMSR


@pytest.mark.parametrize(
    "hidden, order", [(groups.C(5), 5), (groups.D(4), 8), (groups.S(4), 24), (groups.S(2) * groups.S(3), 12)], ids=str
)
def test_live_msr_reads_the_hidden_group_off_the_learned_matrix(hidden, order):
    view = LiveMSR(hidden, noise=0.0)
    view.player.run()
    state = view.state()
    assert (state["classes"], state["weights_astray"], state["order"]) == (state["hidden_classes"], 0, order)
    assert state["sine_below_0.01"] and state["step"] == 300


def test_live_msr_sees_the_alternating_group_as_the_symmetric_and_says_so():
    view = LiveMSR(groups.A(4))
    view.player.run()
    assert view.state()["hidden"] == "A(4)" and view.state()["read_off"] == "S(4)"
    assert (
        "S(4), order 24, the largest group with this pattern (the 2-closure), with confidence 0.9 or more"
        in view.verdict()
    )
    assert "; 32 tasks a step, 300 steps." in view.verdict() and view.state()["confident"]
    assert "The hidden A(4) has exactly this pattern." in view.verdict()


def test_live_msr_untrained_finds_no_tied_weights():
    view = LiveMSR(groups.C(4))
    view.player.run(1)
    assert view.state()["classes"] == 16 and view.state()["read_off"] == "no group"
    assert "No group has this span(U)" in view.verdict()


def test_live_msr_begins_anew_when_a_control_moves():
    view = advance(LiveMSR(groups.C(4), steps=20))
    view.choice.value = "D(6)"
    assert view.state()["hidden"] == "D(6)" and view.state()["k"] == 4 and view.state()["snapshots"] == 0
    advance(view)
    view.noise.value = 0.4
    assert view.state()["snapshots"] == 0 and view.state()["noise"] == 0.4


def test_live_msr_takes_typed_generators_and_explains_bad_ones():
    view = LiveMSR(groups.C(4), steps=20)
    view.choice.value = "your own generators"
    view.typed.value = "(0 1 2), (0 1)"
    assert view.state()["hidden_classes"] == 2 and view.footer.error == ""
    for bad in ("(0 1", "0 1 2", "(0 1)(1 2)", "(0 99)", ""):
        view.typed.value = bad
        assert view.footer.error and view.state()["hidden_classes"] == 2
    view.typed.value = "(0 1 2 3)"
    assert view.footer.error == "" and view.state()["hidden_classes"] == 4


def test_live_msr_of_a_continuous_or_large_group_is_refused():
    for group in (groups.O(3), groups.S(13)):
        with pytest.raises(ValueError, match="must permute 2 to 12 points"):
            LiveMSR(group)


@pytest.mark.parametrize("bad", [{"k": 0}, {"k": 17}, {"noise": -0.1}, {"noise": float("nan")}, {"shots": 0}], ids=str)
def test_live_msr_settings_out_of_range_are_refused(bad):
    with pytest.raises(ValueError, match="choose 1 ≤ k ≤ 16, the entries of a weight"):
        LiveMSR(groups.C(4), **bad)


def test_the_frame_of_the_learned_matrix_turns_from_orange_to_blue():
    view = LiveMSR(groups.C(4))
    before = view.learned.accent
    view.player.run()
    near = np.abs(style.rgb(view.learned.accent) - style.rgb("invariant")).max()
    assert near < 8 and np.abs(style.rgb(before) - style.rgb("learned")).max() < 8
    view.player.seek(0)
    assert view.learned.accent == before


def test_a_recorded_run_is_replayed_as_it_was(tmp_path):
    view = LiveMSR(groups.D(4), noise=0.2, shots=3, steps=20)
    view.player.run()
    view.save(tmp_path / "run.npz")
    replay = LiveMSR.replay(tmp_path / "run.npz")
    assert replay.state() == view.state() and replay.still() == view.still()
    assert replay.player.bar.finished and all(control.disabled for control in replay.controls[:-1])
    namespace = {}
    exec(replay.code(), namespace)  # noqa: S102
    assert torch.equal(namespace["U"], view.player.current.snapshot.U)


def test_seeking_shows_the_earlier_matrix():
    view = LiveMSR(groups.C(4), steps=20)
    view.player.run()
    last = view.still()
    view.player.seek(0)
    assert view.state()["step"] == 0 and view.still() != last
    assert np.array_equal(
        view.learned._pick(view.learned._stack("pixels", np.uint8, 3)), view.player.snapshots[0].pixels
    )


def test_residuals_vanish_exactly_on_the_commutant():
    G = groups.D(5)
    U = Hom(G.vector, G.vector).U
    noise = torch.randn(U.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    assert residuals(U, G).max() < 1e-12
    assert residuals(U + 0.1 * noise, G).min() > 1e-2


def test_colours_belong_to_the_subspace_and_are_pure_when_it_is_found():
    G = groups.C(4)
    pattern = Hom(G.vector, G.vector).pattern
    U = indicators(pattern).to_dense().double()
    pure = np.stack([style.rgb(style.class_style(c)[0]) for c in range(4)])[pattern.numpy()]
    generator = torch.Generator().manual_seed(2)
    gauge, noise = (torch.randn(shape, dtype=torch.float64, generator=generator) for shape in ((4, 4), U.shape))
    assert np.array_equal(class_colours(U, pattern), pure) and np.array_equal(class_colours(U @ gauge, pattern), pure)
    half = class_colours(U + noise, pattern)
    assert np.abs(half - class_colours((U + noise) @ gauge, pattern).astype(float)).max() <= 1 and not np.array_equal(
        half, pure
    )
    assert (class_colours(torch.eye(16, dtype=torch.float64)[:, :1], pattern)[3, 2] == 255).all()  # no share: white


# Components and style
def test_a_picture_of_256_colours_keeps_a_small_dot_in_its_colour_and_shades_smooth():
    with style.figure(size=(4, 4)) as (figure, axes):
        axes.imshow(np.outer(np.linspace(0, 1, 300), np.linspace(0, 1, 300)), cmap="Blues", extent=(0, 1, 0, 1))
        axes.plot(0.5, 0.5, "o", color=style.colour("group"))
        figure.canvas.draw()
        figure.set_layout_engine("none")  # laid out once, so that both pictures have everything in one place
        picture, full = style.png(figure), io.BytesIO()
        figure.savefig(full, format="png")
    seen, truth = (np.asarray(Image.open(file).convert("RGB")).astype(int) for file in (io.BytesIO(picture), full))
    assert abs(seen - truth).max() < 20 and abs(seen - truth).mean() < 2
    assert (abs(seen - style.rgb("group")).max(-1) < 8).sum() > 20 and len(picture) < len(full.getvalue()) / 2


def test_gather_moves_or_averages_a_matrix():
    cells = torch.arange(9).reshape(3, 3)
    shifts = torch.stack([cells.roll(s, 0) for s in range(3)])
    M = torch.arange(9.0).reshape(3, 3)
    canvas = MatrixCanvas("M")
    canvas.show(values=M, gather=shifts, frame=1)
    assert np.array_equal(canvas.current(), M.roll(1, 0).numpy())
    canvas.mean = True
    assert np.allclose(canvas.current(), ((M + M.roll(1, 0)) / 2).numpy())


def test_a_matrix_that_does_not_fit_is_refused():
    canvas = MatrixCanvas("M")
    with pytest.raises(ValueError, match="needs values"):
        canvas.show()
    with pytest.raises(ValueError, match="2 × 3 cells cannot show an array of shape"):
        canvas.show(values=np.zeros((2, 3)), labels=np.zeros((3, 3), int))


def test_an_oblong_matrix_keeps_square_cells():
    canvas = MatrixCanvas("W", size=300)
    canvas.show(values=torch.zeros(2, 6))
    assert (canvas.width, canvas.height) == (300, 100)
    canvas.show(values=torch.zeros(6, 6))
    assert (canvas.width, canvas.height) == (300, 300)


def test_a_layer_of_matrices_shows_the_orbit():
    canvas = PointCanvas("orbit")
    turns = groups.C.plane(4).elements().reshape(-1, 4)
    canvas.show(
        [
            {"kind": "points", "xy": [[1, 0.5]], "colour": "data"},
            {"kind": "points", "of": 0, "matrices": turns.tolist(), "colour": "group"},
        ],
        "an orbit",
    )
    expected = {(1, 0.5), (-0.5, 1), (-1, -0.5), (0.5, -1)}
    assert {tuple(p) for p in canvas.points(1).round(6).tolist()} == expected


def test_a_chart_with_a_missing_column_is_refused():
    chart = Chart("loss", [{"name": "a", "colour": "learned"}, {"name": "b", "colour": "group"}])
    with pytest.raises(ValueError):
        chart.show([(0, 1.0), (1, 0.5)])


@pytest.mark.parametrize("ink", ["data", "group", "invariant", "learned", "magnitude"])
def test_zero_is_white_in_every_ramp(ink):
    ramp = style.ramp(ink)
    assert ramp.shape == (255, 3) and (ramp[127] == 255).all() and len(np.unique(ramp, axis=0)) > 200
    painted = style.paint(np.array([[0.0, 1.0, np.nan]]), ink, 1.0)
    assert (painted[0, 0] == 255).all() and np.array_equal(painted[0, 1], ramp[254]) and (painted[0, 2] == 200).all()


def test_classes_differ_in_colour_or_letter():
    styles = [style.class_style(label) for label in range(60)]
    assert len(set(styles)) == 60 and len({hue for hue, _ in styles[:24]}) == 24
    assert styles[0][1] == "a" and styles[25][1] == "z" and styles[26][1] == "27"


def test_every_role_has_a_colour_in_both_themes():
    css = style.css()
    for role, (light, dark) in style.ROLES.items():
        assert f"--eq-{role}: {light};" in css and f"--eq-{role}: {dark};" in css


def test_rounding_makes_json_that_does_not_depend_on_the_last_bits():
    value = {"a": [1 / 3, float("nan")], "b": np.float64(2 / 3), 3: "text", "c": True}
    assert style.rounded(value) == {"a": [0.333333, None], "b": 0.666667, "3": "text", "c": True}


def test_plotly_figures_are_rounded_and_styled():
    import plotly.graph_objects as go

    figure = style.plotly_figure(go.Figure(go.Scatter(y=[1 / 3, 2 / 3])))
    assert tuple(figure.data[0].y) == (0.3333, 0.6667)
    assert figure.layout.template.layout.plot_bgcolor == "white"


# Generators as typed


def test_cycles_are_read_as_permutations():
    assert read_cycles("(0 1 2)(3 4), (0 3)").permutations.tolist() == [[1, 2, 0, 4, 3], [3, 1, 2, 0, 4]]
    assert read_cycles("(0 1 2 3), (0 2)").order == 8


@pytest.mark.parametrize(
    "text, cure",
    [
        ("(0 1", "write points from 0"),
        ("", "write points"),
        ("(0 1)(1 2)", "disjoint"),
        ("(0 12)", "2 to 12 points"),
        ("(0)", "2 to 12"),
    ],
)
def test_cycles_that_mean_nothing_are_explained(text, cure):
    with pytest.raises(ValueError, match=cure):
        read_cycles(text)
