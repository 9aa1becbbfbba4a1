"""How many parameters, and how much data? Three tables: counts, the two lines of the phase diagram, arms at equal data.

    python tests/benchmarks/parameter_counts.py

The first is computed, the others are read from data/recorded_runs/phase.json, which data/make/phase_runs.py makes:
tasks on a grid of 1, 2, 3, 4, 6, 9, 13, … 128, noise-free, six seeds, the best of three starts by training residual.
`bound`: the counting bound, an exact number; `determined`: the first grid value where the tasks determine the hidden
space locally; then the first from which on half of the seeds are recovered (sine < 1e-3) by each solver.
"""

from eqkit import groups
from eqkit.parameter_counts import ALTERNATING, DENSE, PhaseDiagram, count
from eqkit.tasks import data_file


def counts() -> None:
    print("numbers for V → V:", *(f"{n:>8}" for n in (4, 8, 16, 32, 64)))
    for name, family, field in (
        ("weight", groups.SO, "dense"),
        ("two generators", groups.SO, "generators"),
        ("one element of SO(n)", groups.SO, "element"),
        ("so(n) as a subspace", groups.SO, "algebra"),
        ("span(U) for S(n)", groups.S, "grassmannian"),
        ("span(U) for C(n)", groups.C, "grassmannian"),
        ("basis of C(n) unknown", groups.C, "lower_bound"),
    ):
        numbers = [getattr(count(family(n).vector, family(n).vector), field).number for n in (4, 8, 16, 32, 64)]
        print(f"{name:24}", *(f"{number:>8}" for number in numbers))


def lines(diagram: PhaseDiagram) -> None:
    row = "{:22} {:>3} {:>5} {:>6} {:>10} {:>13} {:>11}"
    print("\n" + row.format("hidden group", "k", "shots", "bound", "determined", "damped Newton", "alternating"))
    for group, shots in dict.fromkeys((c.group, c.shots) for c in diagram.cells):
        bound = diagram.bound(group, DENSE.name, 1, shots).least_tasks
        found = [diagram.recovered_from(group, arm.name, shots) for arm in (DENSE, ALTERNATING)]
        values = [value or "–" for value in (bound, diagram.determined_from(group, shots), *found)]
        k = diagram.arms[group, DENSE.name].k
        print(row.format(group, k, shots, *values))


def arms(diagram: PhaseDiagram, shots: int = 3) -> None:
    print(f"\n{shots} shots: share of seeds recovered, by tasks")
    tasks = sorted({c.tasks for c in diagram.cells if c.tasks <= 60})
    print(f"{'hidden group':22} {'arm':27} {'numbers':>7} {'visible':>7} {'bound':>5}  ", *(f"{t:>4}" for t in tasks))
    for (group, arm), about in diagram.arms.items():
        found = {cell.tasks: cell.recovered for cell in diagram.select(group, arm, shots=shots)}
        if found:
            bound = diagram.bound(group, arm, 1, shots).least_tasks
            shares = (f"{found[t]:4.2f}" if t in found else "   –" for t in tasks)
            print(f"{group:22} {arm:27} {about.parameters:>7} {about.dimension:>7} {bound or '–':>5}  ", *shares)


def main() -> None:
    counts()
    diagram = PhaseDiagram.load(data_file("recorded_runs/phase.json"))
    lines(diagram)
    arms(diagram)


if __name__ == "__main__":
    main()
