"""Groups, representations and entries as one writes them: for menus, for "show code", for the cells of a matrix."""

from __future__ import annotations

import ast
import math
import operator
import re
from typing import Any

import numpy as np
import torch

from eqkit import groups
from eqkit.groups import MatrixGroup
from eqkit.representations import Representation, Trivial, Vector
from eqkit.representations.algebra import Dual, Power, Product, Sum
from eqkit.views.cycles import read_cycles

_SIZED = r"([CD]\.plane|[ACDEOSU]|SO|SE|SU|SL|GL|Sp|trivial|SignFlips|SignedPermutations)\(([1-9]\d*)\)"
_SINGLE = (
    r"(Tetrahedral|Octahedral|Icosahedral|Quaternion|BinaryTetrahedral|BinaryOctahedral|BinaryIcosahedral|H3|F4"
    r"|RubiksCube|Lorentz)\(()\)"
)


def named(name: str) -> MatrixGroup:
    """The group called `name` in eqkit.groups: named("D.plane(6)"). ValueError if there is none."""
    match = re.fullmatch(_SIZED, name) or re.fullmatch(_SINGLE, name)
    if match is None:
        raise ValueError(f"{name!r} is no name of a group; names are like D.plane(6), S(4), Icosahedral()")
    return operator.attrgetter(match[1])(groups)(*map(int, match[2].split()))


def read_group(text: str) -> MatrixGroup:
    """The group that a learner types: a name, D.plane(6); cycles, (0 1 2)(3 4), (0 3); or matrices, [[0, -1], [1, 0]].

    Several matrices have commas between them. ValueError says what is wrong and how to write it.
    """
    text = text.strip()
    if text.startswith("("):
        return read_cycles(text)
    if not text.startswith("["):
        return named(text.removeprefix("groups."))
    try:
        matrices = _evaluate(ast.parse(f"[{text.replace('−', '-').replace('√', 'sqrt')}]", mode="eval").body)
        depth = len(np.shape(matrices))  # ValueError for rows of different lengths
        stack = torch.tensor(matrices[0] if depth == 4 else matrices, dtype=torch.float64)
    except (ValueError, SyntaxError, TypeError, ArithmeticError):
        example = "[[0, -1], [1, 0]], [[1/2, -sqrt(3)/2], [sqrt(3)/2, 1/2]]"
        raise ValueError(f"{text} is no matrix; write rows of numbers, as in {example}") from None
    return MatrixGroup(stack, name=f"⟨{len(stack)} {'matrix' if len(stack) == 1 else 'matrices'}⟩ on {stack.shape[-1]}")


_WORDS = {"sqrt": math.sqrt, "cos": math.cos, "sin": math.sin}
_SIGNS: dict[type, Any] = {
    **{ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv},
    **{ast.UAdd: operator.pos, ast.USub: operator.neg},
}


def _evaluate(node: ast.expr) -> Any:
    """Lists of numbers, of their sums, differences, products and quotients, of sqrt, cos and sin, and of pi."""
    match node:
        case ast.List(elts) | ast.Tuple(elts):
            return [_evaluate(entry) for entry in elts]
        case ast.Constant(int() | float() as value):
            return value
        case ast.Name("pi"):
            return math.pi
        case ast.BinOp(left, sign, right) if type(sign) in _SIGNS:
            return _SIGNS[type(sign)](_evaluate(left), _evaluate(right))
        case ast.UnaryOp(sign, operand) if type(sign) in _SIGNS:
            return _SIGNS[type(sign)](_evaluate(operand))
        case ast.Call(ast.Name(word), [argument], []) if word in _WORDS:
            return _WORDS[word](_evaluate(argument))
    raise ValueError(f"{ast.unparse(node)} is no number")


def spell_group(G: MatrixGroup) -> str:
    """Python that builds G: its name where the name is true, else its generators."""
    if G.factors is not None:
        return " * ".join(f"({spell_group(part)})" if part.factors else spell_group(part) for part in G.factors)
    try:
        if named(G.name) == G:
            return f"groups.{G.name}"
    except ValueError:
        pass  # a name of the reader's own
    if G.is_permutation:
        return f"groups.permutation_group({G.permutations.tolist()}, {G.name!r})"
    lie = f", {_spell_tensor(G.lie_algebra)}" if len(G.lie_algebra) else ""
    return f"groups.MatrixGroup({_spell_tensor(G.generators)}{lie}, name={G.name!r})"


def _spell_tensor(T: torch.Tensor) -> str:
    """Python that builds T with all its digits: torch.tensor alone would round to float32."""
    exact = not T.is_complex() and bool((T == T.round()).all())
    return f"torch.tensor({T.tolist()}{'' if exact else f', dtype={T.dtype}'})"


def spell_representation(V: Representation) -> str:
    """Python that builds V from `V = G.vector`."""
    if isinstance(V, Vector | Trivial):
        return "V" if isinstance(V, Vector) else "G.trivial"
    if isinstance(V, Sum | Product):
        words = [spell_representation(part) for part in V.parts]
        if isinstance(V, Sum):
            return " + ".join(words)
        return " * ".join(f"({w})" if isinstance(part, Sum) else w for part, w in zip(V.parts, words, strict=True))
    if isinstance(V, Dual | Power):
        part = V.part if isinstance(V.part, Vector | Power | Dual) else None
        word = spell_representation(V.part) if part else f"({spell_representation(V.part)})"
        return f"{word}.dual" if isinstance(V, Dual) else f"{word}.{'sym' if V.symmetric else 'alt'}({V.k})"
    if V == V.group.regular:
        return "G.regular"
    G = V.group
    lie = f", {_spell_tensor(V.lie(G.lie_algebra))}" if len(G.lie_algebra) else ""
    return f"G.representation({_spell_tensor(V(G.generators))}{lie}, name={str(V)!r})"


def spell_entries(M: np.ndarray) -> dict[str, Any]:
    """What makes MatrixCanvas write the entries of M (…, rows, columns) into its cells: show(M, **spell_entries(M))."""
    sizes, labels = np.unique(np.abs(M).round(2), return_inverse=True)
    if len(sizes) > 200:
        return {}
    labels = labels.reshape(M.shape) - (sizes[0] == 0)  # a zero stays empty
    return {"labels": labels, "signs": np.sign(M), "classes": [["#000000", f"{x:.2g}"] for x in sizes[sizes > 0]]}
