"""Which group is in this data? Algebras of networks and their names, equations from (x, y), finite symmetries, ranges.

Networks: two hidden layers of 64 (O(5) also 32, as LieGG), 10 000 examples; dimension, gap of σ and of σ² (the figure
that LieGG's authors use), smallest principal cosine against the truth, and how many of the seeds give the right name,
each in the standard basis and in a random one. LieGG's row was measured: their method, MLP 32 × 2, the same data. One
core, 10 seeds, about 6 minutes; `python tests/benchmarks/discovery.py 2` takes two seeds.
"""

import math
import sys
import time

import torch

from eqkit import discovery, groups, subspaces
from eqkit.equations import J, X, eta
from eqkit.tasks.tensors import two_vectors
from eqkit.unitary import isometry_group


def metric(n: int) -> torch.Tensor:
    return torch.diag(torch.tensor([1.0] + [-1.0] * (n - 1), dtype=torch.float64))


def form(B):
    return lambda x, y: torch.einsum("ni,ij,nj->n", x, B.to(x.dtype), y)


def skew(x):
    return form(groups.symplectic_form(x.shape[2]))(x[:, 0], x[:, 1])


def interval(x):
    return form(metric(x.shape[1]))(x, x)


def lifted(x):
    return x[:, :3].square().sum(1) / 2 * (1 + x[:, 3] / 2) + x[:, 3] ** 2


SO3 = groups.SO(3).lie_algebra
CASES = {  # name: (shape of x, f, algebra)
    "so(3)": ((3,), lambda x: (1 + x.square().sum(1)).log(), SO3),
    "so(5)": ((5,), lambda x: (1 + x.square().sum(1)).log(), groups.SO(5).lie_algebra),
    "so(1, 3)": ((4,), lambda x: interval(x) + interval(x) ** 2 / 40, groups.Lorentz().lie_algebra),
    "sp(4)": ((2, 4), lambda x: skew(x) + skew(x) ** 2 / 8, groups.Sp(4).lie_algebra),
    "so(3) ⊕ trivial(1)": ((4,), lifted, torch.nn.functional.pad(SO3, (0, 1, 0, 1))),
}


def basis_change(n: int, generator: torch.Generator) -> torch.Tensor:
    turns = [torch.linalg.qr(torch.randn(n, n, generator=generator)).Q for _ in range(2)]
    return turns[0] @ torch.diag(0.7 + 0.6 * torch.rand(n, generator=generator)) @ turns[1]


def cosine(A: torch.Tensor, B: torch.Tensor) -> float:
    if len(A) != len(B):
        return math.nan
    return float(subspaces.principal_angles(A.flatten(1).T, B.flatten(1).T).cos().min())


def named(name: str, moved: bool, seed: int):
    shape, f, truth = CASES[name]
    generator = torch.Generator().manual_seed(seed)
    T = basis_change(shape[-1], generator) if moved else torch.eye(shape[-1])
    x = torch.randn(10_000, *shape, generator=generator)
    network = discovery.fit(x, f(x @ torch.linalg.inv(T).T), width=64, generator=generator)
    found = discovery.discover_lie_algebra(network, x)
    try:
        answer = discovery.identify(found).name
    except ValueError:
        answer = "no algebra"
    return found, answer == name, cosine(found.basis, T.double() @ truth @ torch.linalg.inv(T.double()))


def networks(seeds: int) -> None:
    print(f"{'network on':32} {'dim':>4} {'gap σ':>7} {'gap σ²':>8} {'cosine':>7} {'named':>7}")
    task, generator = two_vectors(), torch.Generator().manual_seed(0)
    x, y = task(10_000, generator)
    x, truth = x.unflatten(1, (2, 5)), groups.SO(5).lie_algebra
    print(f"{'O(5), LieGG 32 × 2 (measured)':32} {10:>4} {217**0.5:7.1f} {217:8.0f} {'.9999':>7} {'–':>7}")
    for width in (32, 64):
        f = discovery.fit(x, y, width=width, generator=generator)
        found = discovery.discover_lie_algebra(f, x)
        right = discovery.identify(found).name == "so(5)"
        print(f"{f'O(5), {width} × 2':32} {found.dimension:>4} {found.gap:7.1f} {found.gap**2:8.0f} "
              f"{cosine(found.basis, truth):7.4f} {int(right)}/1".rstrip())  # fmt: skip
    found = discovery.discover_lie_algebra(lambda x: task.target(x.flatten(1)), x)
    gaps = f"{found.gap:7.0e} {found.gap**2:8.0e}"
    print(f"{'O(5), exact':32} {found.dimension:>4} {gaps} {cosine(found.basis, truth):7.4f}")
    for name in CASES:
        for moved in (False, True):
            rows = [named(name, moved, seed) for seed in range(seeds)]
            gap, least = min(r[0].gap for r in rows), min(r[2] for r in rows)
            title = name + (", random basis" if moved else "")
            dimensions = "/".join(map(str, sorted({r[0].dimension for r in rows})))
            print(
                f"{title:32} {dimensions:>4} {gap:7.1f} {gap**2:8.0f} {least:7.4f} {sum(r[1] for r in rows):>4}/{seeds}"
            )
    zero = 0
    for seed in range(10 * seeds):
        torch.manual_seed(seed)
        layers = (
            torch.nn.Linear(5, 32),
            torch.nn.SiLU(),
            torch.nn.Linear(32, 32),
            torch.nn.SiLU(),
            torch.nn.Linear(32, 1),
        )
        zero += discovery.discover_lie_algebra(torch.nn.Sequential(*layers), torch.randn(2000, 5)).dimension == 0
    print(f"{'untrained 32 × 2: dimension 0':32} {zero:>39}/{10 * seeds}")


def unitary_sample(n: int, count: int) -> torch.Tensor:
    u = groups.U(n // 2).sample(count, torch.Generator().manual_seed(1))
    return torch.cat([torch.cat([u.real, -u.imag], 2), torch.cat([u.imag, u.real], 2)], 1)


def products(G, count: int) -> torch.Tensor:
    return G.random_products(count, torch.Generator().manual_seed(1))


def square(x):
    r = x.square().sum(1)
    return r + r**2 / 20


FAMILIES = {  # name: (letters, sizes, copies, hidden function, members at n)
    "O": ((J,), (3, 4, 5), 0, square, lambda n, k: products(groups.O(n), k)),
    "Lorentz": ((eta,), (3, 4, 5), 0, lambda x: interval(x) + interval(x) ** 2 / 20,
                lambda n, k: products(isometry_group(metric(n)), k)),
    "Sp": ((X,), (4, 6), 2, skew, lambda n, k: products(groups.Sp(n), k)),
    "U": ((X,), (4, 6), 2, lambda x: skew(x) + x[:, 0].square().sum(1), unitary_sample),
}  # fmt: skip


def equations() -> None:
    print(
        f"\n{'from (x, y)':10} {'noise':>5} {'equations':24} {'gap':>7} {'truth at n = 8':>15} {'off':>5} {'time':>8}"
    )
    for name, (letters, sizes, copies, f, members) in FAMILIES.items():
        for noise in (0.0, 0.05, 0.1, 0.2):
            generator, data = torch.Generator().manual_seed(0), {}
            for n in sizes:
                x = torch.randn(4000, *([copies] if copies else []), n, generator=generator, dtype=torch.float64)
                y = f(x)
                data[n] = x, y + noise * y.std() * torch.randn(4000, generator=generator, dtype=torch.float64)
            start = time.process_time()
            system = discovery.learn_equations_from_data(data, letters, generator=generator).system
            seconds = time.process_time() - start
            off = system.residual(torch.randn(50, 8, 8, generator=generator, dtype=torch.float64) / 8**0.5).min()
            true = float(system.residual(members(8, 50)).max())
            row = f"{name:10} {noise:5} {system.text:24} {system.evidence.gap:7.0e} {true:15.0e}"
            print(f"{row} {float(off):5.2f} {seconds:7.2f}s")


def finite() -> None:
    functions = {
        "x₀x₁x₂x₃ + Σ x²": (lambda x: x.prod(1) + x.square().sum(1), 4, False),
        "Σ xᵢ xᵢ₊₁²": (lambda x: (x * x.roll(-1, 1) ** 2).sum(1), 5, False),
        "Σ xᵢ xᵢ₊₁ + Σ x⁴": (lambda x: (x * x.roll(1, 1)).sum(1) + x.pow(4).sum(1), 5, False),
        "Π (xᵢ − xⱼ), n = 3": (lambda x: (x[:, :1] - x[:, 1:]).prod(1) * (x[:, 1] - x[:, 2]), 3, False),
        "Σ x⁴, with signs": (lambda x: x.pow(4).sum(1), 3, True),
    }
    print(f"\n{'finite symmetries of':22} {'group':16} {'order':>6} {'allowed':>8} {'by search':>10}")
    for name, (f, n, signed) in functions.items():
        x = torch.randn(300, n, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        found = discovery.finite_symmetries(f, x, signed)
        system = discovery.SIGNED if signed else discovery.PERMUTATIONS
        by_search = len(discovery.search(f, x, system, generator=torch.Generator().manual_seed(0)))
        print(f"{name:22} {found.name:16} {found.group.order:>6} {found.allowed:>8} {by_search:>10}")


def ranges() -> None:
    print(f"\n{'range of an augmentation':26} {'reward':>7} {'turn (truth 1.57)':>18} {'grow (truth: all)':>18}")
    x, labels = discovery.sectors(500, generator=torch.Generator().manual_seed(0))
    for title, generators in (("rotations", discovery.TURN), ("rotations and scalings", discovery.TURN_AND_GROW)):
        for weight in (0.0, 0.02, 0.1, 0.5, 2.0, 10.0):
            generator = torch.Generator().manual_seed(0)
            *_, last = discovery.learn_ranges(x, labels, generators, weight, every=600, generator=generator)
            print(f"{title:26} {weight:7} " + " ".join(f"{w:18.2f}" for w in last.widths.tolist()))


def main() -> None:
    torch.set_num_threads(1)
    networks(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
    equations()
    finite()
    ranges()


if __name__ == "__main__":
    main()
