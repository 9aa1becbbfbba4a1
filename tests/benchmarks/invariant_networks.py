"""Regression of invariant polynomials by every construction at equal budget, and the Vandermonde polynomial of A(4).

    python tests/benchmarks/invariant_networks.py [polynomials] [vandermonde]

Each learner has 5000 parameters (± 10 %), the same 1000 examples, uniform in a ball, and 1000 steps of Adam on the
same batches of 128; one thread. Columns: mean squared error on 2000 test inputs over the variance of the target · the
same on the examples · seconds of training · evaluations of the network inside for one x · the largest relative change
under the group, in float64. About 3 minutes.
"""

import sys

import torch

from eqkit import deep_sets, groups, invariants
from eqkit.tasks.polynomials import GROUPS, invariant_polynomial, symmetric_part, vandermonde

STEPS = 1000


def table(title, V, target, constructions=(deep_sets.NO_SYMMETRY, *deep_sets.CONSTRUCTIONS), **options):
    rows = []
    print(f"\n{title}")
    print(f"{'construction':26} {'error':>8} {'examples':>9} {'seconds':>8} {'terms':>6} {'change':>8}  exact")
    for row in deep_sets.compare(V, target, constructions, steps=STEPS, every=STEPS, **options):
        if row.refused or row.step == STEPS:
            rows.append(row)
        if row.refused:
            print(f"{row.name:26} refused: {row.refused}")
        elif row.step == STEPS:
            exact = "yes" if row.exact else "no"
            print(
                f"{row.name:26} {row.error:8.5f} {row.train_error:9.5f} {row.seconds:8.1f} {row.terms:6} "
                f"{row.invariance_error:8.0e}  {exact}",
                flush=True,
            )
    return rows


def polynomials():
    tasks = {name: (G, invariant_polynomial(G)) for name, G in GROUPS.items()}
    return {name: table(f"{name}, degree {f.degree}, {len(f.terms)} terms", G, f) for name, (G, f) in tasks.items()}


def separation():
    G, f = groups.A(4), vandermonde(4)
    print(f"\nVandermonde of degree {f.degree}: the share that is symmetric under S(4) is {symmetric_part(f):.1e}")
    constructions = [
        ("generators of A(4)", "generators"),
        ("primary and secondary of A(4)", "primary and secondary"),
        ("Reynolds over A(4)", "reynolds"),
        ("generators of S(4)", invariants.invariant_ring(groups.S(4))),
        ("Deep Sets: one entry of A(4)", deep_sets.Reading(G.vector, (0,))),
        ("pairs of entries of A(4)", deep_sets.Reading(G.vector, (0, 1))),
        ("triples of entries of A(4)", deep_sets.Reading(G.vector, (0, 1, 2))),
    ]
    return {"A(4)": table("The Vandermonde polynomial of A(4)", G, f, constructions)}


if __name__ == "__main__":
    torch.set_num_threads(1)
    tables = {"polynomials": polynomials, "vandermonde": separation}
    for name in sys.argv[1:] or tables:
        tables[name]()
