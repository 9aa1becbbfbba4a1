"""Checkers of chapter 11, learning unitary operators."""

from __future__ import annotations

import torch

from eqkit import groups, unitary
from eqkit.teaching import Verdict, beside, difference, drawing, right, show, small_tensors, smallest, wrong
from eqkit.views import style


def tangent(answer) -> Verdict:
    """write tangent(M, G), the velocity A M with A skew-Hermitian that is nearest to G"""

    def truth(M, G):
        X = G @ M.mH
        return (X - X.mH) / 2 @ M

    def fault(case):
        M, G = case
        given = answer(M, G)
        sentence = difference(given, truth(M, G), "tangent(M, G)")
        if sentence is None or not isinstance(given, torch.Tensor) or given.shape != M.shape:
            return sentence
        A = given.detach().to(M.dtype) @ M.mH
        if (A + A.mH).abs().max() > 1e-8:
            return "tangent(M, G) is no allowed velocity: times Mᴴ it should be skew-Hermitian"
        return f"tangent(M, G) is an allowed velocity, but not the nearest to G: {sentence}"

    turn = torch.tensor([[0.0, -1], [1, 0]], dtype=torch.float64)
    phases = torch.diag(torch.tensor([1j, 1], dtype=torch.complex128))
    cases = [(M, G) for M in (torch.eye(2, dtype=torch.float64), turn) for G in small_tensors(2, 2, count=30)]
    cases += [(phases, unit * G.to(phases.dtype)) for unit in (1, 1j) for G in small_tensors(2, 2, count=10)]
    generator = torch.Generator().manual_seed(0)
    cases += [
        (M, torch.randn(3, 3, dtype=torch.complex128, generator=generator)) for M in groups.U(3).sample(3, generator)
    ]
    found = smallest(cases, fault)
    if found:
        (M, G), sentence = found
        return wrong(f"for M = {show(M)} and G = {show(G)}: {sentence}")
    return right("(G − M Gᴴ M)/2: the gradient with everything taken out that would stretch")


def standstill(answer) -> Verdict:
    """give A and B, skew-symmetric 3 × 3, B no multiple of A, such that exp(A + tB) stands still at t = 0"""
    if not isinstance(answer, tuple) or len(answer) != 2:
        return wrong(f"this is {show(answer)}; give two matrices, A and B")
    for name, M in zip("AB", answer, strict=True):
        if not isinstance(M, torch.Tensor) or M.shape != (3, 3) or M.is_complex():
            what = f"has shape {tuple(M.shape)}" if isinstance(M, torch.Tensor) else f"is {show(M)}"
            return wrong(f"{name} {what}; it should be a real 3 × 3 tensor")
        if not (M.double() + M.double().T).abs().max() < 1e-9:
            return wrong(f"{name} is not skew-symmetric: {name} + {name}ᵀ should be zero", beside(**{name: M}))
    A, B = (M.double() for M in answer)
    if torch.linalg.matrix_rank(torch.stack([A.flatten(), B.flatten()]), tol=1e-6) < 2:
        return wrong("A and B are multiples of each other (or zero); then exp(A + tB) turns about one axis, and moves")
    moved = float(unitary.dexp_block(A, B / B.norm()).norm())
    angle = float(torch.linalg.matrix_norm(A, 2)) / torch.pi
    if moved > 1e-4:
        return wrong(
            f"A turns by {angle:.3g} π, and a push along B of length 1 still moves the matrix by {moved:.3g}; "
            "the eigenvalues 0, iφ, −iφ of A, φ the angle, must be full turns apart",
            path(A, B),
        )
    return right("a full turn about an axis is E whatever the axis: tilting it does nothing")


def path(A: torch.Tensor, B: torch.Tensor) -> bytes:
    """How far exp(A + tB) is from exp(A), drawn."""
    with drawing(size=(4.2, 2.3)) as (figure, axes):
        _draw_path(axes, A, B)
    return style.png(figure)


def _draw_path(axes, A: torch.Tensor, B: torch.Tensor) -> None:
    t = torch.linspace(-1, 1, 101, dtype=torch.float64)
    M = torch.matrix_exp(A + t[:, None, None] * B)
    axes.plot(t, torch.linalg.matrix_norm(M - torch.matrix_exp(A)), color=style.colour("group"))
    axes.set(title="A kink at 0: it moves", xlabel="t", ylabel="distance from t = 0", xticks=(-1, 0, 1))


def moving() -> None:
    """A half turn, pushed."""
    from matplotlib import pyplot

    A, B = torch.zeros(2, 3, 3, dtype=torch.float64)
    A[1, 0], A[0, 1] = torch.pi, -torch.pi
    B[0, 2], B[2, 0] = 1, -1
    with style.figure(size=(4.2, 2.3)) as (_, axes):
        _draw_path(axes, A, B)
        pyplot.show()


def nearest(answer) -> Verdict:
    """write nearest(X, sign), the orthogonal matrix of determinant sign that is nearest to X"""
    generator = torch.Generator().manual_seed(0)
    diagonal = torch.diag(torch.tensor([2.0, 1], dtype=torch.float64))
    cases = [(X, sign) for X in (diagonal, diagonal.flip(0)) for sign in (1, -1)]
    cases += [
        (torch.randn(n, n, dtype=torch.float64, generator=generator), sign) for n in (2, 3, 4) for sign in (1, -1)
    ]

    def fault(case):
        X, sign = case
        given = answer(X, sign)
        sentence = difference(given, unitary.polar(X, sign), "nearest(X, sign)")
        if sentence is None or not isinstance(given, torch.Tensor) or given.shape != X.shape:
            return sentence
        M = given.detach().double()
        if (M @ M.T - torch.eye(len(M))).abs().max() > 1e-8:
            return "nearest(X, sign) is not orthogonal"
        if torch.linalg.det(M) * sign < 0:
            return f"nearest(X, sign) has the determinant {round(float(torch.linalg.det(M))):+d}"
        return (
            f"nearest(X, sign) is orthogonal with the right determinant, at the distance {float((M - X).norm()):.4g}; "
            f"there is one at {float((unitary.polar(X, sign) - X).norm()):.4g}"
        )

    found = smallest(cases, fault)
    if found:
        (X, sign), sentence = found
        return wrong(f"for X = {show(X)} and sign = {sign}: {sentence}")
    return right("the direction that X cares least about is reflected: this also aligns molecules (Kabsch 1976)")


def gradient(answer) -> Verdict:
    """write gradient(f, M), the gradient ∂f/∂Re M + i ∂f/∂Im M by differences"""
    functions = {
        "f(M) = Σ|M|²": lambda M: M.abs().square().sum(),
        "f(M) = Σ Im M": lambda M: M.imag.sum(),
        "f(M) = |det M|²": lambda M: torch.linalg.det(M).abs().square(),
    }
    generator = torch.Generator().manual_seed(0)
    units = [unit * M.to(torch.complex128) for unit in (1, 1j) for M in small_tensors(2, 2, count=5)]
    units.append(torch.randn(3, 3, dtype=torch.complex128, generator=generator))

    def fault(case):
        name, M = case
        f, variable = functions[name], M.clone().requires_grad_()
        (truth,) = torch.autograd.grad(f(variable), variable)
        return difference(answer(f, M), truth, "gradient(f, M)", 1e-5)

    found = smallest([(name, M) for name in functions for M in units], fault)
    if found:
        (name, M), sentence = found
        return wrong(f"for {name} and M = {show(M)}: {sentence}")
    return right("twice as many differences as the published program took, and projection works")


def outside(answer) -> Verdict:
    """give a real 2 × 2 tensor of determinant 1, its only eigenvalue −1, that is no exp(A) with a real A"""
    if not isinstance(answer, torch.Tensor) or answer.shape != (2, 2) or answer.is_complex():
        what = f"has shape {tuple(answer.shape)}" if isinstance(answer, torch.Tensor) else f"is {show(answer)}"
        return wrong(f"this {what}; it should be a real 2 × 2 tensor")
    M = answer.double()
    determinant, trace = float(torch.linalg.det(M)), float(M.trace())
    if not abs(determinant - 1) < 1e-6:
        return wrong(f"its determinant is {determinant:.4g}, not 1", beside(yours=M))
    if not abs(trace + 2) < 1e-6:
        return wrong(
            f"its trace is {trace:.4g}; a double eigenvalue −1 has the trace −2 and the determinant 1", beside(yours=M)
        )
    if (M + torch.eye(2)).abs().max() < 1e-6:
        return wrong("−E is a half turn, the exponential of [[0, −π], [π, 0]]: another one is needed", beside(yours=M))
    return right("SL(2) is connected, and yet its exponential is not onto: only for compact groups that follows")


CHECKS = {"11.1": tangent, "11.2": standstill, "11.3": nearest, "11.4": gradient, "11.5": outside}
PICTURES = {"11.2": moving}
