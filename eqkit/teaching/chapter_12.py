"""Checkers of chapter 12, discovering symmetry."""

from __future__ import annotations

import math

import matplotlib.pyplot as pyplot
import torch

from eqkit import discovery, groups
from eqkit.teaching import Verdict, beside, difference, right, show, small_tensors, smallest, wrong
from eqkit.views import style

AXIS_TURN = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]], dtype=torch.float64) / 6**0.5  # about (1, 1, 1)


def algebra(answer) -> Verdict:
    """write algebra(gradients, x), an orthonormal basis (d, n, n) of the A with ∇f(x)ᵀ A x = 0 at every example"""
    forms = [torch.diag(torch.tensor(d, dtype=torch.float64)) for d in ([1, 1], [1, -1], [1, 2], [1, 1, 1], [1, 1, 0])]
    cases = [(form, "xᵀBx") for form in forms]
    cases += [(torch.tensor([[1.0, 1], [0, 0]], dtype=torch.float64), "(Bx)₀³")]

    def fault(case):
        B, what = case
        n = len(B)
        x = torch.randn(3 * n * n, n, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
        gradients = x @ (B + B.T) if what == "xᵀBx" else 3 * (x @ B[0])[:, None] ** 2 * B[0]
        A = answer(gradients, x)
        if not isinstance(A, torch.Tensor) or A.ndim != 3 or A.shape[1:] != (n, n):
            got = f"has shape {tuple(A.shape)}" if isinstance(A, torch.Tensor) else f"is {show(A)}"
            return f"algebra(gradients, x) {got}; it should be (d, {n}, {n})"
        A = A.detach().double()
        d = n * n - int(torch.linalg.matrix_rank(torch.einsum("ni,nj->nij", gradients, x).flatten(1)))
        if len(A) != d:
            return f"there are {len(A)} matrices; the conditions leave another number of directions free"
        off = torch.einsum("ni,dij,nj->dn", gradients, A, x).abs().amax(1)
        if d and off.max() > 1e-8:
            bad = int(off.argmax())
            return f"matrix {bad} changes f: ∇f(x)ᵀ A x reaches {float(off.max()):.4g} for A = {show(A[bad])}"
        return difference(A.flatten(1) @ A.flatten(1).T, torch.eye(d, dtype=A.dtype), "the table of their dot products")

    found = smallest(cases, fault)
    if found:
        (B, what), sentence = found
        return wrong(f"for f(x) = {what} with B = {show(B)}: {sentence}")
    return right("the null space of one matrix: every continuous linear symmetry, and nothing else")


def to_order(answer) -> Verdict:
    """write f, from (N, 3) to (N,), whose only continuous symmetries are the turns about (1, 1, 1)"""
    x = torch.randn(200, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    y = answer(x)
    if not isinstance(y, torch.Tensor) or y.shape != (200,):
        got = f"of shape {tuple(y.shape)}" if isinstance(y, torch.Tensor) else show(y)
        return wrong(f"for x of shape (200, 3), f(x) is {got}; it should have shape (200,)")
    turned = x @ torch.matrix_exp(AXIS_TURN).T
    off = float((answer(turned) - y).abs().max())
    if off > 1e-8 * max(1.0, float(y.abs().max())):
        for case in small_tensors(3):
            moved = case[[2, 0, 1]]
            before, after = float(answer(case[None])[0]), float(answer(moved[None])[0])
            if abs(before - after) > 1e-8 * max(1.0, abs(before)):
                return wrong(
                    f"a third of a turn about (1, 1, 1) takes {show(case)} to {show(moved)}, and f from {before:.4g} "
                    f"to {after:.4g}"
                )
        return wrong(f"a turn about (1, 1, 1) changes f by up to {off:.4g}")
    _, s, Vh = torch.linalg.svd(torch.einsum("ni,nj->nij", _gradients(answer, x), x).flatten(1))
    A = Vh[s < 1e-5 * s.max()].reshape(-1, 3, 3)
    if len(A) != 1:
        name = "a constant has them all" if len(A) == 9 else discovery.identify(A, 1e-5).name
        return wrong(
            f"turns about the axis leave f alone, but there are more symmetries: dimension {len(A)}, {name}",
            beside(**{f"A {i + 1}": M for i, M in enumerate(A[:3])}),
        )
    return right("one direction in matrix space, and f knows the axis")


def circles() -> None:
    """Some points, and where the turns about (1, 1, 1) move them."""
    t = torch.linspace(0, 2**1.5 * math.pi, 100, dtype=torch.float64)[:, None, None]  # AXIS_TURN turns by t/√2
    orbits = torch.matrix_exp(t * AXIS_TURN)
    with pyplot.rc_context(style.rc()):
        axes = pyplot.figure(figsize=(3.6, 3.4), layout="constrained").add_subplot(projection="3d")
        for height in (-0.8, 0.0, 0.8):
            for start in ([1.0, -1.0, 0.0], [0.5, -0.5, 0.0]):
                x = orbits @ (torch.tensor(start, dtype=torch.float64) + height)
                axes.plot(*x.T, color=style.colour("invariant"))
        axes.plot([-1.4, 1.4], [-1.4, 1.4], [-1.4, 1.4], color=style.colour("group"))
        axes.set(title="On each circle f is constant", xlabel="x₀", ylabel="x₁", zlabel="x₂")
        pyplot.show()


def _gradients(f, x, h=1e-4):
    """∇f (N, n) by central differences, for a learner's f is called with copies."""
    bumps = h * torch.eye(x.shape[1], dtype=x.dtype)
    return torch.stack([(f(x + bump) - f(x - bump)).double() / (2 * h) for bump in bumps], 1)


def killing_form(answer) -> Verdict:
    """write killing_form(A), the d × d matrix tr(ad Aᵢ ad Aⱼ) in the basis A (d, n, n), orthonormal or not"""
    units = torch.eye(4, dtype=torch.float64).reshape(4, 2, 2)
    H, X, Y = units[0] - units[3], units[1], units[2]
    so3 = groups.SO(3).lie_algebra
    cases = {
        "a line": X[None],
        "H and X, [H, X] = 2X": torch.stack([H, X]),
        "H, X, Y of sl(2)": torch.stack([H, X, Y]),
        "so(3)": so3 / so3[0].norm(),
        "so(3), twice as large": 2 * so3 / so3[0].norm(),
        "so(3), skewed": torch.stack([so3[0], so3[0] + so3[1], so3[2] - so3[1]]),
    }

    def fault(case):
        A = cases[case[0]]
        c = _constants(A)
        return difference(answer(A), torch.einsum("iab,jba->ij", c, c), "killing_form(A)")

    found = smallest([(name, float(len(A))) for name, A in cases.items()], fault)
    if found:
        (name, _), sentence = found
        return wrong(f"for {name}, A = {show(cases[name])}: {sentence}")
    return right("its signs are those of the algebra, whatever the basis")


def _constants(A):
    """c with [A_i, A_j] = Σ c[i, j, k] A_k, by least squares."""
    brackets = torch.einsum("iab,jbc->ijac", A, A)
    brackets = brackets - brackets.transpose(0, 1)
    solved = torch.linalg.lstsq(A.flatten(1).T, brackets.flatten(0, 1).flatten(1).T).solution
    return solved.T.reshape(len(A), len(A), len(A))


def lying_data(answer) -> Verdict:
    """give x (N, 3), N ≥ 20, different examples that span R³, on which x₀² + 2x₁² + 3x₂² looks symmetric under turns"""
    if not isinstance(answer, torch.Tensor) or answer.ndim != 2 or answer.shape[1] != 3 or len(answer) < 20:
        got = f"has shape {tuple(answer.shape)}" if isinstance(answer, torch.Tensor) else f"is {show(answer)}"
        return wrong(f"x {got}; it should be (N, 3) with N ≥ 20")
    x = answer.detach().double()
    if not torch.isfinite(x).all():
        return wrong("x holds NaN or infinity")
    if len(torch.unique(x, dim=0)) < len(x):
        return wrong("two examples are the same")
    change = 2 * x[:, 0] * x[:, 1]
    if change.abs().max() > 1e-9:
        i = int((change.abs() > 1e-9).nonzero()[0])
        return wrong(f"example {i}, {show(x[i])}, tells: ∇f(x)ᵀ A x = {float(change[i]):.4g}")
    s = torch.linalg.svdvals(x)
    if s[2] < 1e-6 * s[0]:
        return wrong(f"the examples span only {int((s > 1e-6 * s[0]).sum())} dimensions, not 3")
    n = discovery.discover_lie_algebra(lambda x: x.square() @ torch.tensor([1.0, 2, 3], dtype=torch.float64), x)
    return right(f"no example contradicts the turn; on them f has {n.dimension} dimensions of symmetries, not 3")


def asymmetry(answer) -> Verdict:
    """write asymmetry(f, x, G), the mean of |f(gx) − f(x)|² over G and the examples, over twice the variance of f"""
    functions = {
        "x₀": lambda x: x[:, 0],
        "x₀ + x₁": lambda x: x[:, 0] + x[:, 1],
        "x₀² + 2x₁": lambda x: x[:, 0] ** 2 + 2 * x[:, 1],
    }
    generator = torch.Generator().manual_seed(0)
    x2 = [torch.eye(2, dtype=torch.float64), torch.randn(6, 2, dtype=torch.float64, generator=generator)]
    x3 = [torch.eye(3, dtype=torch.float64), torch.randn(7, 3, dtype=torch.float64, generator=generator)]
    cases = [(name, G, x) for name in functions for G, xs in ((groups.C(2), x2), (groups.S(3), x3), (groups.C(3), x3))
             for x in xs if functions[name](x).var() > 1e-9]  # fmt: skip

    def fault(case):
        name, G, x = case
        f = functions[name]
        y = f(x)
        truth = sum((f(x @ g.T) - y).square().mean() for g in G.elements()) / G.order / (2 * y.var(correction=0))
        return difference(answer(f, x, G), truth, "asymmetry(f, x, G)")

    found = smallest(cases, fault)
    if found:
        (name, G, x), sentence = found
        return wrong(f"for f(x) = {name}, G = {G} and x = {show(x)}: {sentence}")
    return right("0 for an invariant function; and 1 − Var(Rf)/Var f where the group leaves the examples alone")


CHECKS = {"12.1": algebra, "12.2": to_order, "12.3": killing_form, "12.4": lying_data, "12.5": asymmetry}
PICTURES = {"12.2": circles}
