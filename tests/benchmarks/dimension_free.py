"""One symmetry for every n: what is learned at small n, without group elements, and used at large n. One table.

    python tests/benchmarks/dimension_free.py

transfer: the translation task, θ and one rate learned at n = 16, unchanged at n = 70 and 256; query loss and its floor.
misfit: tasks outside the dictionary. any-dimensional: trained at n = 4, mean squared error at other n, median of three
networks V⊗V → V⊗V → V⊗V → V⊗V, V or numbers. pairs: permutations and signed permutations of 8 coordinates from
(x, g x), right to 1e-3, beside least squares and the assignment problem. weights, commutant, elements: words from U
learned at n = 4, 5, 6. Seconds are CPU time; three minutes of one core.
"""

import time
from collections.abc import Iterator

import scipy.optimize
import torch

from eqkit import groups
from eqkit.equations import EquationSystem, J, S, any_dimensional, learn_equations, letter
from eqkit.equations.any_dimensional import TARGETS, AnyDimensionalNetwork
from eqkit.equations.dimension_free import DimensionFree, dictionary, misfit
from eqkit.equations.without_elements import commutant, members, relate
from eqkit.equivariant_maps import Hom
from eqkit.meta_learning import GradientSteps, LeastSquares, evaluate, meta_learn
from eqkit.symmetry_matrices import ReparameterizedLinear, automorphism_group, learned_space, sharing_pattern
from eqkit.tasks.hidden_groups import hidden_group
from eqkit.tasks.translation import translation

SIZES = (16, 70, 256)
CYCLE = letter("A", lambda n: S.at(n) + S.at(n).T, symmetric=True)
VARIETIES = {
    "permutations": (groups.S, EquationSystem("M Mᵀ = E", "M∘M = M")),
    "signed permutations": (groups.SignedPermutations, EquationSystem("M Mᵀ = E", "M∘M∘M = M")),
}


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def transfer(seeds: int = 3) -> Iterator[dict]:
    """Learned from five examples a task, and from one, at n = 16; scored from one at each n."""
    for support in (5, 1):
        for seed in range(seeds):
            start = time.process_time()
            model, inner = DimensionFree(dictionary(lost=2), 3, 2, seeded(seed)), GradientSteps()
            tasks = translation(n=16, support=support)
            run = meta_learn(
                model, tasks, inner, steps=1000, learning_rate=1e-2, cosine_decay=True, generator=seeded(seed + 10)
            )
            curve = [[s.step, s.loss] for s in run if s.step % 20 == 0]
            seconds = time.process_time() - start
            losses = [float(evaluate(model, translation(n=n), inner, 4000, seeded(5), batch=100).mean()) for n in SIZES]
            yield {
                "support": support,
                "seed": seed,
                "numbers": model.numbers + 1,
                "columns": model.columns(),
                "atoms": [str(atom) for atom in model.atoms],
                "theta": model.theta.tolist(),
                "rate": inner.rate.item(),
                "curve": curve,
                "loss": losses,
                "floor": [translation(n=n).floor(inner) for n in SIZES],
                "seconds": seconds,
            }


def misfits() -> Iterator[tuple[str, float]]:
    """The share of the outputs outside the dictionary of `transfer`, at n = 16 from five examples a task."""
    atoms = dictionary(lost=2)
    for rank in (1, 2, 5):
        tasks = translation(rank=rank, n=16, support=5, generator=seeded())
        yield f"translation, {rank} filters mixed by place", misfit(atoms, tasks(500, seeded(1)), 2).outside
    yield "translation, 5 taps", misfit(atoms, translation(n=16, taps=5, support=5)(500, seeded(1)), 4).outside


def networks(sizes: tuple[int, ...], seeds: int = 3) -> Iterator[dict]:
    """Three seeds for each target, with and without the compatibility condition."""
    for name, (order, target) in TARGETS.items():
        for embedding in ("padding", None):
            found = []
            for seed in range(seeds):
                network = AnyDimensionalNetwork((2, 2, 2, order), 4, embedding, seeded(seed))
                any_dimensional.fit(network, target, 4, generator=seeded(seed + 50))
                found.append([any_dimensional.error(network, target, n, seeded(9)) for n in sizes])
            yield {"target": name, "embedding": embedding, "errors": found}


def pairs(n: int = 8, tasks: int = 50) -> Iterator[tuple[str, int, float, int, int, int]]:
    """Variety, examples, noise, and how many of the tasks are found: by `relate`, least squares, assignment."""
    for name, (group, system) in VARIETIES.items():
        for examples in (8, 4, 2, 1):
            for noise in (0.0, 0.1, 0.3):
                M = group(n).sample(tasks, seeded())
                x = torch.randn(tasks, examples, n, generator=seeded(1), dtype=torch.float64)
                y = x @ M.mT + noise * torch.randn(x.shape, generator=seeded(2), dtype=torch.float64)
                alone = torch.linalg.pinv(x) @ y
                moment = y.mT @ x  # ‖y − M x‖² = const − 2 ⟨M, y xᵀ⟩ for orthogonal M
                scores = moment if name == "permutations" else moment.abs()
                best = [scipy.optimize.linear_sum_assignment(c.numpy(), maximize=True)[1] for c in scores]
                signs = torch.ones_like(moment) if name == "permutations" else moment.sign()
                exact = torch.stack([torch.eye(n, dtype=M.dtype)[torch.from_numpy(b)] for b in best]) * signs
                right = [
                    int(((F - M).abs().amax((1, 2)) < 1e-3).sum()) for F in (relate(system, x, y).M, alone.mT, exact)
                ]
                yield (name, examples, noise, *right)


def learned(G: groups.MatrixGroup, seed: int = 0) -> torch.Tensor:
    """What the tasks of a hidden group use of a U that was meta-learned from them."""
    tasks, k = hidden_group(G), Hom(G.vector, G.vector).dim
    layer = ReparameterizedLinear(G.n, G.n, k, seeded(seed))
    list(meta_learn(layer, tasks, LeastSquares(1e-4), steps=600, learning_rate=1e-2, cosine_decay=True))
    episodes = tasks(500, seeded(9))
    with torch.no_grad():
        return learned_space(layer.U, LeastSquares()(layer, episodes.x_support, episodes.y_support))


def words_from_patterns() -> Iterator[dict]:
    """Equations of weights, of their commutant and of the automorphisms; residual at n = 12, dimension and truth at 6.

    A dimension above the truth says that the words hold but do not cut the family out.
    """
    for name, group, of_weights, of_elements in (
        ("C", groups.C, S, S),
        ("D", groups.D, S, CYCLE),
        ("S", groups.S, J, J),
    ):
        U = {n: learned(group(n)) for n in (4, 5, 6)}
        hom, elements = Hom(group(12).vector, group(12).vector), group(12).sample(50, seeded())
        spaces = {n: commutant(U[n], n, 1e-2) for n in U}
        closures = {n: automorphism_group(sharing_pattern(U[n], (n, n))) for n in U}
        span = int(torch.linalg.matrix_rank(group(6).elements().flatten(1)))
        for source, samples, letter_, degree, fresh, truth in (
            (
                "weights",
                {n: members(U[n], n, 24, seeded(n)) for n in U},
                of_weights,
                2,
                members(hom.U, 12, 20, seeded()),
                U[6].shape[1],
            ),
            ("commutant", {n: members(spaces[n], n, 24, seeded(n)) for n in U}, of_elements, 2, elements, span),
            ("elements", {n: closures[n].sample(24, seeded(n)) for n in U}, of_elements, 3, elements, 0),
        ):
            system = learn_equations(samples, (letter_,), degree)
            yield {
                "group": name,
                "from": source,
                "text": system.text,
                "residual": float(system.residual(fresh).max()),
                "dimension": system.dimension(6),
                "truth": truth,
            }


def main() -> None:
    torch.set_num_threads(1)
    print("transfer: examples at n = 16 · numbers · loss (floor) at n = 16, 70, 256 from one example · columns")
    for row in transfer():
        scores = "  ".join(f"{loss:.4f} ({floor:.4f})" for loss, floor in zip(row["loss"], row["floor"], strict=True))
        print(
            f"  {row['support']:2} {row['numbers']:3}  {scores}  {', '.join(row['columns'])}  {row['seconds']:.1f}s",
            flush=True,
        )
    print("misfit at n = 16: share of the outputs outside the words")
    for name, outside in misfits():
        print(f"  {name:42} {outside:.2g}", flush=True)
    sizes = (2, 4, 8, 15)
    print(f"any-dimensional: median error at n = {sizes}, trained at n = 4")
    for row in networks(sizes):
        errors = torch.tensor(row["errors"]).median(0).values
        print(
            f"  {row['target']:15} {row['embedding'] or 'no condition':13}" + "".join(f"{e:9.0e}" for e in errors),
            flush=True,
        )
    print("pairs at n = 8: examples · noise · found of 50: alternating, least squares, assignment")
    for name, examples, noise, *right in pairs():
        print(f"  {name:20} {examples:2} {noise:4} {right[0]:4} {right[1]:4} {right[2]:4}", flush=True)
    print("words from U learned at n = 4, 5, 6 · residual at n = 12 · dimension at n = 6, and the truth")
    for row in words_from_patterns():
        print(
            f"  {row['group']} {row['from']:10} {row['text']:32} {row['residual']:.0e} "
            f"{row['dimension']:3} {row['truth']:3}",
            flush=True,
        )


if __name__ == "__main__":
    main()
