import itertools

import pytest
import torch
from torch.nn import functional

from eqkit import groups, representations, subspaces
from eqkit.equivariant_maps import Hom
from eqkit.networks import GroupConv2d, GroupPool2d, MaxPool2d, Norm, pixels

C4, D4 = groups.C.plane(4), groups.D.plane(4)
FLIP = groups.MatrixGroup(torch.diag(torch.tensor([1.0, -1.0])).double()[None], name="upside down")
SUBGROUPS = [groups.trivial(2), FLIP, groups.C.plane(2), groups.D.plane(2), C4, D4]
FIELDS = {
    "1 → regular": lambda G: (G.trivial, G.regular),
    "regular → regular": lambda G: (G.regular, G.regular),
    "regular → 1": lambda G: (G.regular, G.trivial),
    "1 → V": lambda G: (G.trivial, G.vector),
    "V → regular": lambda G: (G.vector, G.regular),
    "mixed": lambda G: (2 * G.trivial + G.vector, G.regular + G.vector.alt(2) + G.trivial),
}


def seed(number=0):
    return torch.Generator().manual_seed(number)


def images(*shape, number=0):
    return torch.randn(*shape, dtype=torch.float64, generator=seed(number))


def double(V, W, size, **options):
    return GroupConv2d(V, W, size, generator=seed(), **options).double()


def pushed(G, g, x):
    """x (..., h, w) moved by g, by torch.rot90 and flip alone: g is read off what it does to the axes."""
    (a, b), (c, d) = g.round().int().tolist()
    turns = {(1, 0): 0, (0, 1): 1, (-1, 0): 2, (0, -1): 3}[a, c]  # where the x axis goes
    flipped = a * d - b * c < 0
    return torch.rot90(x.flip(-2) if flipped else x, turns, (-2, -1))


def moved(V, g, x):
    """(g·x)(p) = V(g) x(g⁻¹p) for x (batch, V.size, h, w), square or not."""
    return torch.einsum("ij,bjhw->bihw", V(g), pushed(V.group, g, x))


def worst(layer, x, V=None, W=None):
    """The largest |f(g·x) − g·f(x)| over all g."""
    V, W = V or layer.V, W or layer.W
    return max(float((layer(moved(V, g, x)) - moved(W, g, layer(x))).detach().abs().max()) for g in V.group.elements())


# the pixels as a representation
@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_pixels_move_as_rot90_and_flip_move_images(size):
    x = images(size, size)
    for g in D4.elements():
        assert torch.equal(pixels(D4, size).act(g, x.flatten()).reshape(size, size), pushed(D4, g, x))


def test_the_group_of_the_plane_permutes_five_by_five_pixels_in_seven_and_six_orbits():
    orbits = {G: Hom(pixels(G, 5), G.trivial).dim for G in (groups.C.plane(2), C4, D4)}
    assert orbits == {groups.C.plane(2): 13, C4: 7, D4: 6}  # Burnside: (25 + 1)/2, (25 + 3)/4, (25 + 3 + 20)/8


# the space of kernels
@pytest.mark.parametrize(("G", "expected"), [(C4, 100), (D4, 200)], ids=str)
def test_a_pair_of_regular_fields_has_order_times_pixels_parameters(G, expected):
    assert GroupConv2d(G.regular, G.regular, 5).hom.dim == expected == G.order * 25
    assert GroupConv2d(2 * G.regular, 3 * G.regular, 5).hom.dim == 6 * expected
    assert GroupConv2d(G.trivial, G.regular, 5).hom.dim == 25  # the action on |G| · 25 triples is free


@pytest.mark.parametrize("G", SUBGROUPS, ids=str)
@pytest.mark.parametrize("fields", FIELDS)
def test_kernels_are_the_whole_null_space_of_the_constraints(G, fields):
    V, W = FIELDS[fields](G)
    for size in (2, 3):
        layer = GroupConv2d(V, W, size)
        other = Hom(V * pixels(G, size), W, route="null space")
        assert layer.hom.route == "orbits" and layer.hom.dim == other.dim == layer.coefficients.numel()
        assert subspaces.same_span(layer.hom.U, other.U)


@pytest.mark.parametrize("G", [C4, D4], ids=str)
def test_dimensions_are_inner_products_of_characters(G):
    g = G.elements()
    for fields, size in itertools.product(FIELDS.values(), (3, 4, 5)):
        V, W = fields(G)
        product = W.character(g) * V.character(g) * pixels(G, size).character(g)  # real, so χ of the dual is χ
        assert GroupConv2d(V, W, size).hom.dim == round(float(product.mean()))


def test_the_lifting_kernel_is_one_filter_in_every_position_of_the_group():
    for G in (C4, D4):
        layer = double(G.trivial, G.regular, 5, bias=False)
        K = layer.weight.detach()[:, 0]
        expected = torch.stack([pushed(G, g, K[0]) for g in G.elements()])  # K[0] belongs to the identity
        assert torch.equal(K, expected) and len(set(K[0].flatten().tolist())) == 25


def test_the_kernel_of_a_group_convolution_is_a_filter_on_the_group_moved_in_space_and_order():
    for G in (C4, D4):
        K = double(G.regular, G.regular, 3).weight.detach()  # K[h', h] = h'·K[e, h'⁻¹h]
        elements = G.elements()
        for i, g in enumerate(elements):
            before = G.index(torch.linalg.inv(g) @ elements)
            assert torch.equal(K[i], pushed(G, g, K[0, before]))


def test_a_gradient_is_the_convolution_of_an_image_to_vectors():
    layer = double(D4.trivial, D4.vector, 3, bias=False)
    assert layer.hom.dim == 2  # Sobel's filters: one weight on the axis, one at the corners
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    both = torch.stack([sobel, sobel.rot90()]).double()  # x to the right, y up
    torch.testing.assert_close(layer.hom.project(both.reshape(2, 9)).reshape(2, 3, 3), both, atol=1e-14, rtol=0)


def test_a_kernel_of_one_pixel_is_an_equivariant_linear_map_at_every_pixel():
    for G in SUBGROUPS:
        V, W = FIELDS["mixed"](G)
        assert torch.equal(GroupConv2d(V, W, 1).hom.pattern, Hom(V, W).pattern)


# equivariance
@pytest.mark.parametrize("G", SUBGROUPS, ids=str)
@pytest.mark.parametrize("fields", FIELDS)
def test_group_convolutions_commute_with_the_group_on_every_grid(G, fields):
    V, W = FIELDS[fields](G)
    for size, shape in itertools.product((1, 2, 3, 4, 5), ((7, 7), (8, 8), (6, 9))):
        assert worst(double(V, W, size), images(2, V.size, *shape)) < 1e-12


def test_the_public_test_kit_agrees():
    V, W = 2 * D4.regular, D4.vector + D4.regular
    layer = double(V, W, 3)
    representations.assert_equivariant(
        lambda x: layer(x.reshape(-1, V.size, 6, 6)).flatten(1), V * pixels(D4, 6), W * pixels(D4, 6), 1e-12
    )


def test_group_convolutions_commute_with_shifts():
    layer = double(D4.trivial, D4.regular, 3)
    x = functional.pad(images(1, 1, 5, 5), (4, 4, 4, 4))
    shifted = x.roll((2, -1), (-2, -1))
    torch.testing.assert_close(layer(shifted), layer(x).roll((2, -1), (-2, -1)), atol=1e-14, rtol=0)


def test_a_convolution_without_shared_weights_does_not_commute():
    layer = torch.nn.Conv2d(1, 4, 3, padding=1).double()
    assert worst(layer, images(2, 1, 7, 7), C4.trivial, C4.regular) > 0.1


def test_a_bias_is_an_invariant_vector_one_number_a_regular_field_and_none_for_vectors():
    layer = double(D4.trivial, 2 * D4.regular + D4.vector + 3 * D4.trivial, 3)
    assert layer.bias_coefficients.shape == (5,)
    b = layer.bias.detach()
    assert len(set(b[:8].tolist())) == len(set(b[8:16].tolist())) == 1 and torch.equal(
        b[16:18], torch.zeros(2).double()
    )
    assert GroupConv2d(D4.trivial, D4.regular, 3, bias=False).bias is None


# strides and pooling
@pytest.mark.parametrize(("n", "k", "padding"), [(9, 3, 1), (8, 4, 1), (8, 2, 0), (7, 5, None)])
def test_strides_are_exact_where_they_reach_both_borders(n, k, padding):
    layer = double(D4.trivial, D4.regular, k, stride=2, padding=padding)
    assert worst(layer, images(2, 1, n, n)) < 1e-12


def test_a_stride_that_leaves_out_a_border_is_refused_because_it_breaks_the_symmetry():
    layer = double(C4.trivial, C4.regular, 3, stride=2)
    x = images(2, 1, 8, 8)
    with pytest.raises(ValueError, match=r"stride 2 does not divide 8 \+ 2·1 − 3"):
        layer(x)

    def strided(x):
        return functional.conv2d(x, layer.weight, layer.bias, 2, 1)

    assert worst(strided, x, C4.trivial, C4.regular) > 0.1
    assert worst(strided, images(2, 1, 9, 9), C4.trivial, C4.regular) < 1e-12


def test_pooling_over_blocks_is_exact_where_they_tile_the_grid_and_refused_elsewhere():
    pool, x = MaxPool2d(2 * D4.regular, 2), images(2, 16, 8, 6)
    assert worst(pool, x) == 0
    with pytest.raises(ValueError, match="blocks of 2 pixels do not tile"):
        pool(images(2, 16, 7, 7))

    def cut(x):
        return functional.max_pool2d(x, 2)

    assert worst(cut, images(2, 16, 7, 7), 2 * D4.regular, 2 * D4.regular) > 0.1


def test_group_pooling_gives_one_invariant_field_for_each_regular_one():
    V = 2 * D4.regular + D4.trivial + corners()
    pool, x = GroupPool2d(V), images(2, V.size, 5, 5)
    assert pool.W == 4 * D4.trivial and worst(pool, x) == 0
    y = pool(x)
    expected = [x[:, :8].amax(1), x[:, 8:16].amax(1), x[:, 16], x[:, 17:].amax(1)]
    assert torch.equal(y, torch.stack(expected, 1))


def corners():
    """D(4) on the four corners of the square: an orbit shorter than the regular one."""
    swap = [[1, 2, 3, 0], [0, 3, 2, 1]]
    images_ = torch.stack([torch.eye(4).double()[:, torch.tensor(p).argsort()] for p in swap])
    return D4.representation(images_, name="corners")


def network(G):
    V = 3 * G.regular
    return torch.nn.Sequential(
        *(GroupConv2d(G.trivial, V, 3, generator=seed(1)), torch.nn.ReLU(), MaxPool2d(V, 2)),
        *(GroupConv2d(V, V, 3, generator=seed(2)), torch.nn.ReLU(), GroupPool2d(V)),
        *(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(3, 10)),
    ).double()


def test_a_network_of_these_layers_is_invariant_and_trains():
    x = images(2, 1, 8, 8)
    for G in (C4, D4):
        net = network(G)
        for g in G.elements():
            torch.testing.assert_close(net(pushed(G, g, x)), net(x), atol=1e-12, rtol=0)
        before = torch.linalg.vector_norm(net(x))
        before.backward()
        assert all(p.grad is not None and bool(p.grad.abs().sum() > 0) for p in net.parameters())
        with torch.no_grad():
            for p in net.parameters():
                p -= 1e-3 * p.grad
        assert torch.linalg.vector_norm(net(x)) < before
        torch.testing.assert_close(net(pushed(G, G.generators[0], x)), net(x), atol=1e-12, rtol=0)


def test_after_vectors_a_norm_nonlinearity_commutes_and_a_pointwise_one_does_not():
    V, x = 2 * D4.vector + D4.regular, images(2, 1, 6, 6)
    first, norm = double(D4.trivial, V, 3), Norm(V).double()
    assert worst(lambda x: norm(first(x).movedim(1, -1)).movedim(-1, 1), x, D4.trivial, V) < 1e-12
    assert worst(lambda x: first(x).relu(), x, D4.trivial, V) > 0.01


def test_gradients_are_those_of_finite_differences():
    layer = double(C4.trivial, C4.vector + C4.regular, 3)
    x = images(1, 1, 4, 4).requires_grad_()

    def f(x, coefficients, bias):
        parameters = {"coefficients": coefficients, "bias_coefficients": bias}
        return torch.func.functional_call(layer, parameters, (x,))

    assert torch.autograd.gradcheck(f, (x, layer.coefficients, layer.bias_coefficients))


# convolution is Hom: chapter 05 once more
@pytest.mark.parametrize("G", [groups.C.plane(2), C4, D4], ids=str)
def test_on_a_torus_group_convolutions_are_the_maps_that_commute_with_shifts_and_turns(G):
    n = 3
    V = G.regular * pixels(G, n)  # the generators of G on the 9|G| numbers of a regular field
    turns = V.monomial.index.tolist()
    grid = torch.arange(V.size).reshape(G.order, n, n)
    shifts = [grid.roll(1, axis).flatten().argsort().tolist() for axis in (1, 2)]
    torus = groups.permutation_group(shifts + turns, f"(C(3) × C(3)) ⋊ {G}")
    assert torus.order == n * n * G.order
    truth = Hom(torus.vector, torus.vector)
    assert truth.dim == G.order * n * n

    layer = double(G.regular, G.regular, n, padding=0, bias=False)

    def on_torus(coefficients):
        one = torch.eye(V.size, dtype=torch.float64).reshape(V.size, G.order, n, n)
        weight = layer.hom.combine(coefficients).reshape(G.order, G.order, n, n)
        return functional.conv2d(functional.pad(one, (1, 1, 1, 1), mode="circular"), weight).flatten(1).T

    maps = torch.stack([on_torus(c) for c in torch.eye(layer.hom.dim, dtype=torch.float64)])
    assert len(maps) == truth.dim and subspaces.same_span(maps.flatten(1).T, truth.U)
    labels = on_torus(torch.arange(layer.hom.dim, dtype=torch.float64)).long()
    assert torch.equal(subspaces.relabel(labels), subspaces.relabel(truth.pattern))


# values, seeds and faults
def test_the_same_seed_gives_the_same_layer_and_coefficients_start_as_those_of_conv2d():
    a, b = (GroupConv2d(2 * C4.regular, 4 * C4.regular, 3, generator=seed(7)) for _ in range(2))
    assert torch.equal(a.coefficients, b.coefficients) and torch.equal(a.bias, b.bias)
    plain = torch.nn.Conv2d(8, 16, 3)
    assert bool((a.weight.abs() <= 1 / 72**0.5).all())
    assert a.weight.std().item() == pytest.approx(plain.weight.std().item(), rel=0.1)
    state = a.state_dict()
    assert set(state) == {"coefficients", "bias_coefficients"}


def test_layers_print_as_mathematics():
    layer = GroupConv2d(C4.trivial, 2 * C4.regular, 5)
    expected = "GroupConv2d(1 → 2·regular over C.plane(4), kernel_size=5, padding=2, 50 parameters)"
    assert repr(layer) == expected
    assert repr(GroupPool2d(2 * C4.regular)) == "GroupPool2d(2·regular → 2·1 over C.plane(4))"
    assert repr(MaxPool2d(C4.regular, 2)) == "MaxPool2d(regular over C.plane(4), 2)"


def scaled():
    """The vectors of C.plane(4) in a crooked basis: no signed permutation."""
    return C4.representation(torch.tensor([[[0.0, -2.0], [0.5, 0.0]]]).double(), name="crooked")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GroupConv2d(groups.C.plane(3).trivial, groups.C.plane(3).regular, 3), "take C.plane\\(4\\)"),
        (lambda: pixels(groups.D.plane(8), 5), "D.plane\\(8\\) does not map the square grid to itself"),
        (lambda: pixels(groups.C(4), 5), "C\\(4\\) does not map the square grid to itself"),
        (lambda: pixels(groups.SO(2), 5), "SO\\(2\\) does not map the square grid to itself"),
        (lambda: pixels(C4, 0), "the size of a grid is an integer ≥ 1, not 0"),
        (lambda: GroupConv2d(C4.trivial, C4.regular, 2.5), "kernel_size is an integer ≥ 1, not 2.5"),
        (lambda: GroupConv2d(C4.trivial, C4.regular, 3, stride=0), "stride is an integer ≥ 1"),
        (lambda: GroupConv2d(C4.trivial, C4.regular, 3, padding=-1), "padding is an integer ≥ 0"),
        (lambda: GroupConv2d(C4.trivial, D4.regular, 3), "C.plane\\(4\\) and W to D.plane\\(4\\)"),
        (lambda: GroupConv2d(C4.trivial, scaled(), 3), "crooked is no signed permutation representation"),
        (lambda: GroupConv2d(C4.trivial, C4.regular, 3)(images(8, 8)), r"need \(batch, 1, height, width\)"),
        (lambda: GroupConv2d(C4.trivial, C4.regular, 3)(images(2, 3, 8, 8)), r"\(2, 3, 8, 8\); fields 1 need"),
        (lambda: double(C4.trivial, C4.regular, 3)(images(1, 1, 8, 8) * torch.nan), "hold NaN or infinity"),
        (lambda: double(C4.trivial, C4.regular, 5, padding=0)(images(1, 1, 4, 4)), "a kernel of 5 pixels is wider"),
        (lambda: GroupPool2d(C4.vector), "V of C.plane\\(4\\) does not permute its coordinates"),
        (lambda: MaxPool2d(C4.vector, 2), "pool the squared norm"),
        (lambda: MaxPool2d(C4.regular, 0), "size is an integer ≥ 1"),
        (lambda: GroupPool2d(C4.regular)(images(1, 3, 8, 8)), r"need \(batch, 4, height, width\)"),
    ],
)  # fmt: skip
def test_bad_input_is_named_with_a_cure(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_wrong_types_are_named_with_a_cure():
    with pytest.raises(TypeError, match="is no representation"):
        GroupConv2d(1, 8, 3)
    layer = GroupConv2d(C4.trivial, C4.regular, 3)
    with pytest.raises(TypeError, match="images are torch.float64, .* is torch.float32"):
        layer(images(1, 1, 8, 8))
    with pytest.raises(TypeError, match="not a list"):
        layer([[1.0]])


def test_a_grid_too_large_for_dense_permutations_is_refused_before_it_is_built():
    with pytest.raises(MemoryError, match=r"pixels\(4000\)"):
        pixels(D4, 4000)
