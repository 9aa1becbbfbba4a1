"""The recorded invariant rings, tests/benchmarks/invariant_rings.json, with their groups as eqkit has them."""

import json
import re
from functools import cache
from pathlib import Path

import sympy
import torch

from eqkit import groups

FILE = Path(__file__).parent / "benchmarks" / "invariant_rings.json"
RECORDED = json.loads(FILE.read_text(encoding="utf-8"))["cases"]
CASES = {case["name"]: case for case in RECORDED if "generators" in case}
CONTINUOUS = {case["name"]: case for case in RECORDED if "generators" not in case}
a = sympy.Symbol("a")


def root(minpoly: str) -> sympy.Expr:
    """The root of the recorded minimal polynomial, written a2+a+1, with the smallest angle above the real axis."""
    roots = sympy.Poly(re.sub(r"a(\d)", r"a**\1", minpoly), a).nroots(n=30)
    return min((z for z in roots if sympy.im(z) > 0), key=sympy.arg)


@cache
def group(name: str) -> groups.MatrixGroup:
    """The group of a case: permutations where it is given by them, else its matrices."""
    case = CASES[name]
    if rows := case.get("permutation_generators_0based"):
        return groups.permutation_group(rows, name=name)
    value = root(case["field_minpoly"]) if case["field_minpoly"] else 0
    entries = [
        [[complex(sympy.sympify(text.replace("^", "**")).subs(a, value)) for text in row] for row in matrix]
        for matrix in case["generators"]
    ]
    matrices = torch.tensor(entries, dtype=torch.complex128)
    return groups.MatrixGroup(matrices if matrices.imag.any() else matrices.real, name=name)
