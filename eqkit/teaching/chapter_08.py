"""Checkers of chapter 08, beyond translation."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from eqkit import groups
from eqkit.networks import pixels
from eqkit.teaching import Verdict, beside, difference, drawing, right, show, small_tensors, smallest, wrong
from eqkit.views import draw_matrix, style


class _Largest(TorchDispatchMode):
    """The number of entries of the largest tensor that is made meanwhile."""

    entries = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        made = function(*args, **(kwargs or {}))
        for tensor in made if isinstance(made, (tuple, list)) else (made,):
            if isinstance(tensor, Tensor):
                self.entries = max(self.entries, tensor.numel())
        return made


def apply(answer) -> Verdict:
    """write apply(A, B, C, v), the vector (A ⊗ B ⊗ C) v, without forming the product"""
    sizes = [((1, 1), (1, 1), (1, 2)), ((1, 2), (2, 1), (1, 1)), ((2, 2), (1, 2), (2, 1)), ((2, 3), (3, 2), (2, 2))]
    generator = torch.Generator().manual_seed(0)
    cases = []
    for shapes in sizes:
        factors = [torch.randint(-1, 2, shape, generator=generator).double() for shape in shapes]
        v = torch.arange(1.0, 1 + shapes[0][1] * shapes[1][1] * shapes[2][1], dtype=torch.float64)
        cases.append((*factors, v))

    def fault(case):
        A, B, C, v = case
        return difference(answer(*case), torch.kron(torch.kron(A, B), C) @ v, "apply(A, B, C, v)")

    if found := smallest(cases, fault):
        (A, B, C, v), sentence = found
        return wrong(f"for A = {show(A)}, B = {show(B)}, C = {show(C)} and v = {show(v)}: {sentence}")
    A, B, C = (torch.randn(*shape, generator=generator) for shape in ((6, 5), (5, 4), (9, 8)))
    with _Largest() as largest:
        answer(A, B, C, torch.randn(160, generator=generator))
    rows, columns = 6 * 5 * 9, 5 * 4 * 8
    if largest.entries >= rows * columns:
        return wrong(
            f"the numbers are right, but for factors 6 × 5, 5 × 4 and 9 × 8 it makes a tensor of {largest.entries:,} "
            f"entries, as many as U, {rows} × {columns}; multiply v by one factor at a time"
        )
    return right(f"for U of {rows} × {columns} your largest tensor has {largest.entries:,} entries")


def turn45(answer) -> Verdict:
    """write turn45(w), the 3 × 3 filter turned by 45° counter-clockwise"""
    G = groups.C.plane(8)
    P = pixels(G, 3)(G.generators[0])

    def truth(w):
        return (P @ w.flatten()).reshape(3, 3)

    if found := smallest(small_tensors(3, 3, count=60), lambda w: difference(answer(w), truth(w), "turn45(w)")):
        w, sentence = found
        given = answer(w)
        hints = {"that is clockwise. ": (P.T @ w.flatten()).reshape(3, 3), "nothing moved. ": w}
        same = (name for name, other in hints.items() if isinstance(given, Tensor) and torch.equal(given, other))
        return wrong(f"for w = {show(w)}: {next(same, '')}{sentence}", beside(w=w, yours=given, expected=truth(w)))
    return right("a permutation of the ring; eight of them are the identity, two the quarter turn")


def eighths() -> None:
    """A filter and its eighth and quarter turn."""
    from matplotlib import pyplot

    G = groups.C.plane(8)
    P, w = pixels(G, 3)(G.generators[0]), torch.tensor([1.0, 2, 3, 0, 5, 0, 0, 0, 0], dtype=torch.float64)
    names = ("w", "turn45(w)", "turn45(turn45(w))")
    with style.figure(1, 3, size=(6.5, 2.3)) as (_, axes):
        for ax, name in zip(axes, names, strict=True):
            draw_matrix(ax, name, ink="data" if name == "w" else "invariant", values=w.reshape(3, 3), scale=5)
            w = P @ w
        pyplot.show()


def factored_basis(answer) -> Verdict:
    """give a basis (2, 4, 3, 3, 3) of kernels that A ⊗ B ⊗ C holds with 1, 1 and 2 columns"""
    if not isinstance(answer, Tensor) or answer.shape != (2, 4, 3, 3, 3):
        what = f"has shape {tuple(answer.shape)}" if isinstance(answer, Tensor) else f"is {show(answer)}"
        return wrong(f"basis {what}; it should be a tensor of shape (2, 4, 3, 3, 3)")
    basis = answer.detach().double().flatten(3)
    if not basis.isfinite().all():
        return wrong("basis holds NaN or infinity")
    if (rank := int(torch.linalg.matrix_rank(basis.flatten(1)))) < 2:
        return wrong(f"the two kernels span a space of dimension {rank}, not 2")
    for axis, name, columns in ((1, "A", 1), (2, "B", 1), (3, "C", 2)):
        fibres = basis.movedim(axis, 0).flatten(1)
        if (rank := int(torch.linalg.matrix_rank(fibres))) != columns:
            direction = ("output channels", "input channels", "pixels")[axis - 1]
            return wrong(
                f"along the {direction} the kernels have rank {rank}: {name} needs {rank} columns, not {columns}"
            )
    return right("one profile over outputs, one over inputs, two filters: U has 4 + 3 + 18 numbers in place of 216")


def confused(answer) -> Verdict:
    """write confused(x, y): is y one of the eight turned and mirrored copies of x?"""
    letters = [
        torch.tensor(rows, dtype=torch.float64)
        for rows in ([[1, 0], [0, 0]], [[1, 0, 0], [1, 0, 0], [1, 1, 0]], [[0, 1, 1], [0, 1, 0], [1, 1, 0]])
    ]
    pairs = [(x, torch.rot90(z, k)) for x in letters for z in (x, x.flip(1)) for k in range(4)]
    pairs += [(x, y) for x, y in itertools.permutations(letters[1:] + list(small_tensors(3, 3, count=12)), 2)]

    def truth(x, y):
        return any(torch.equal(torch.rot90(z, k), y) for z in (x, x.flip(1)) for k in range(4))

    def fault(case):
        given = answer(*case)
        if isinstance(given, Tensor) and given.numel() == 1:
            given = given.item()
        return None if given is truth(*case) else f"confused(x, y) is {show(given)}; it should be {truth(*case)}"

    if found := smallest(pairs, fault):
        (x, y), sentence = found
        return wrong(f"for x = {show(x)} and y = {show(y)}: {sentence}", beside(x=x, y=y))
    return right(
        "eight copies, the orbit of x under D(4): two characters of one orbit must not be told apart by anyone"
    )


def nearest_prototype(answer) -> Verdict:
    """write nearest_prototype(support, labels, query), for each query the class whose mean is nearest"""
    drawn = [
        ([[0.0], [2.0]], [0, 1]),
        ([[0.0], [4.0], [3.0]], [0, 0, 1]),
        ([[0.0, 0], [6, 0], [0, 4], [1, 5]], [1, 1, 0, 0]),
        ([[0.0, 0], [0, 2], [5, 5], [5, 7], [-9, 1], [7, 1]], [2, 2, 1, 1, 0, 0]),
    ]
    cases = []
    for examples, classes in drawn:
        f = torch.tensor(examples, dtype=torch.float64)
        cases.append((f, torch.tensor(classes), torch.cat([f[:2] * 0.5 + 0.1, f[-1:] + 0.3])))

    def truth(support, labels, query):
        means = torch.stack([support[labels == c].mean(0) for c in range(int(labels.max()) + 1)])
        return torch.cdist(query, means).argmin(1)

    def fault(case):
        return difference(answer(*case), truth(*case), "nearest_prototype(support, labels, query)")

    if found := smallest(cases, fault):
        (support, labels, query), sentence = found
        return wrong(
            f"for support = {show(support)}, labels = {show(labels)}, query = {show(query)}: {sentence}",
            _plane(support, labels, query),
        )
    return right("a class is its mean; what the network learns is the space in which this is right")


def _plane(support: Tensor, labels: Tensor, query: Tensor) -> bytes:
    """Support, means and queries, the first two coordinates."""
    with drawing(size=(3.6, 2.6)) as (figure, axes):
        for c in range(int(labels.max()) + 1):
            hue, letter = style.class_style(c)
            points = torch.nn.functional.pad(support[labels == c], (0, 1))[:, :2]
            axes.plot(*points.T, "o", color=hue)
            axes.plot(*points.mean(0), "*", markersize=13, color=hue, label=f"mean of {c}")
        axes.plot(*torch.nn.functional.pad(query, (0, 1))[:, :2].T, "x", color=style.colour("data"), label="query")
        axes.set(title="stars are the means")
        axes.legend(fontsize=7)
    return style.png(figure)


CHECKS = {
    "08.1": apply,
    "08.2": turn45,
    "08.3": factored_basis,
    "08.4": confused,
    "08.5": nearest_prototype,
}
PICTURES = {"08.2": eighths}
