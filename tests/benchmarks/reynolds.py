"""Averages over a group: all of it, a design, or a sample.

Columns: terms averaged · seconds for 16 inputs, the elements being listed (the best of three, one thread) · error
against the exact mean, relative to the largest |f(x)| · the standard error that the sample tells, on the same scale.

python tests/benchmarks/reynolds.py
"""

import functools
import time

import torch

from eqkit import groups, reynolds

ROW = "{:<34} {:<22} {:>7} {:>9} {:>9} {:>9}"


def of_two(x):
    """A function of the first two entries."""
    return torch.sin(x[:, 0] + 2 * x[:, 1] ** 2) * x[:, 0]


def measure(case, method, f, V, design, x, exact):
    """One row: the best of three runs, the largest error, and the standard error that a sample reports."""
    R, seconds = reynolds.project(f, V, over=design), []
    for _ in range(3):
        start = time.perf_counter()
        value = R(x)
        seconds.append(time.perf_counter() - start)
    scale = f(x).abs().max()
    told = "" if R.exact else f"{R.standard_error(x).max() / scale:.0e}"
    error = (value - exact).abs().max() / scale
    print(ROW.format(case, method, R.terms, f"{min(seconds):.5f}", f"{error:.0e}", told))


def symmetric_groups():
    """f reads two of n numbers: n! permutations, n(n − 1) cosets, or as many random pairs (Janossy pooling)."""
    for n in (4, 5, 6, 7, 8, 20):
        V, case = groups.S(n).vector, f"S({n}), two entries"
        generator = torch.Generator().manual_seed(n)
        x = torch.randn(16, n, dtype=torch.float64, generator=generator)
        pairs = [x[:, [i, j]] for i in range(n) for j in range(n) if i != j]
        exact = torch.stack([of_two(pair) for pair in pairs]).mean(0)
        if n <= 8:
            measure(case, "all", of_two, V, reynolds.everything(V.group), x, exact)
        design = reynolds.reading(V, [0, 1])
        measure(case, "design", of_two, V, design, x, exact)
        measure(case, "Janossy, equal cost", of_two, V, reynolds.sample(V.group, design.terms, generator), x, exact)


def rotations():
    """f is a product of linear forms in the entries of g X, X three vectors; exactly, ⟨B₁ ⊗ … ⊗ B_d, ∫ g ⊗ … ⊗ g⟩."""
    G = groups.SO(3)
    subgroups = groups.Tetrahedral(), groups.Octahedral(), groups.Icosahedral()
    designs = {str(H).removesuffix("()"): reynolds.Design(G, H.elements(), "polynomials") for H in subgroups}
    generator = torch.Generator().manual_seed(0)
    designs |= {f"Haar, {N}": reynolds.sample(G, N, generator) for N in (60, 6000)}
    for degree in range(1, 7):
        A = torch.randn(degree, 9, dtype=torch.float64, generator=generator)
        x = torch.randn(16, 9, dtype=torch.float64, generator=generator)  # three vectors of ℝ³ each
        mean = reynolds.projector(G.vector**degree)
        forms = [[a.reshape(3, 3).T @ X.reshape(3, 3) for a in A] for X in x]
        exact = torch.stack([(functools.reduce(torch.kron, B) * mean).sum() for B in forms])
        for method, design in designs.items():
            measure(f"SO(3), degree {degree}", method, lambda y, A=A: (y @ A.T).prod(1), 3 * G.vector, design, x, exact)


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(ROW.format("case", "average over", "terms", "seconds", "error", "told"))
    symmetric_groups()
    rotations()
