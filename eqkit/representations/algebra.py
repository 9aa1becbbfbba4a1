"""The algebra of representations: ⊕ ⊗ dual Sym Alt make new ones from old.

A representation is a value: an expression over leaves. A leaf is a map g ↦ matrix (the defining vector g ↦ g, the
trivial g ↦ 1, or one given by images of generators); every node builds its matrix, its derivative, its weights and its
index map from those of its parts, so nothing is dense that need not be.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse
import torch
from torch import Tensor

from eqkit.representations.monomial import Monomial, parity
from eqkit.subspaces import as_double, require_memory

LeafMap = Callable[["Leaf"], Tensor]


class Representation:
    """A homomorphism g ↦ V(g) from a matrix group to invertible matrices, V(gh) = V(g) V(h).

    Built from `G.vector`, `G.trivial`, `G.regular`, `G.representation(...)` by `V.dual`, `V + W` (⊕), `3 * V`, `V * W`
    (⊗), `V ** 2`, `V.sym(2)`, `V.alt(2)`, `V.restrict(H)` and `V @ W2` (external product, of G × H). Two
    representations are equal if group and expression are.
    """

    group: Any
    size: int
    key: tuple

    # what each kind of node defines from its parts; `at` gives the matrix of a leaf, (..., size, size)
    def _matrix(self, at: LeafMap) -> Tensor:
        raise NotImplementedError

    def _act(self, at: LeafMap, x: Tensor) -> Tensor:
        matrix = self._matrix(at)
        dtype = torch.promote_types(matrix.dtype, x.dtype)
        return (x.to(dtype).reshape(*matrix.shape[:-2], -1, self.size) @ matrix.mT.to(dtype)).reshape(x.shape)

    def _derivative(self, at: Callable[[Leaf], np.ndarray]) -> scipy.sparse.csr_array:
        raise NotImplementedError

    def _weights(self, at: Callable[[Leaf], np.ndarray]) -> np.ndarray:
        raise NotImplementedError

    def _relabel(self, leaf: Callable[[Leaf], Representation]) -> Representation:
        raise NotImplementedError

    @cached_property
    def monomial(self) -> Monomial | None:
        """V of the generators as signed permutations (index maps), or None if they are not, or G has a Lie algebra."""
        raise NotImplementedError

    def character(self, g: Tensor) -> Tensor:
        """χ(g) = tr V(g), computed from the characters of the parts; g (..., n, n), result (...)."""
        raise NotImplementedError

    # evaluation
    def _check(self, g: Tensor, what: str) -> Tensor:
        g = as_double(g, what)
        n = self.group.n
        if g.ndim < 2 or g.shape[-2:] != (n, n):
            raise ValueError(f"{self}: {what} has shape {tuple(g.shape)}; {self.group} acts by (..., {n}, {n})")
        return g

    def __call__(self, g: Tensor) -> Tensor:
        """V(g): g (..., n, n) -> (..., size, size), float64 or complex128."""
        g = self._check(g, "g")
        return self._matrix(lambda leaf: leaf.at(g))

    def act(self, g: Tensor, x: Tensor) -> Tensor:
        """V(g) x without building V(g), for one g (n, n) and x (..., size), or for k of them and x (k, ..., size)."""
        g, x = self._check(g, "g"), torch.as_tensor(x)
        stack = g.shape[:-2]
        if x.shape[-1:] != (self.size,) or x.shape[: len(stack)] != stack or x.ndim <= len(stack):
            shape = ", ".join(map(str, [*stack, "...", self.size]))
            raise ValueError(f"{self}: g {tuple(g.shape)} acts on x of shape ({shape}), not {tuple(x.shape)}")
        return self._act(lambda leaf: leaf.at(g), x.to(torch.promote_types(x.dtype, g.dtype)))

    def lie(self, A: Tensor) -> Tensor:
        """The derivative dV(A) = d/dt V(exp tA) at t = 0: A (..., n, n) -> (..., size, size)."""
        A = self._check(A, "A")
        flat = [
            torch.from_numpy(self._derivative(lambda leaf, a=a: leaf.lie_at(a).numpy()).toarray())  # type: ignore[misc]
            for a in A.reshape(-1, *A.shape[-2:])
        ]
        stacked = torch.stack(flat) if flat else A.new_zeros(0, self.size, self.size)
        return stacked.reshape(*A.shape[:-2], self.size, self.size)

    @property
    def is_permutation(self) -> bool:
        """V permutes its coordinates: every generator is a permutation matrix."""
        return self.monomial is not None and bool((self.monomial.sign == 1).all())

    # algebra
    def _same_group(self, other: Representation, symbol: str) -> None:
        if not isinstance(other, Representation):
            raise TypeError(f"{self} {symbol} {other!r}: the right side is no representation")
        if self.group != other.group:
            cure = f"; for the direct product {self.group} × {other.group} write V @ W" if symbol == "*" else ""
            raise ValueError(
                f"V {symbol} W: V belongs to {self.group} and W to {other.group}; build both from one group{cure}"
            )

    @property
    def dual(self) -> Representation:
        """V*: g ↦ V(g)⁻ᵀ."""
        return self.part if isinstance(self, Dual) else Dual(self)

    def __add__(self, other: Representation) -> Representation:
        self._same_group(other, "+")
        return Sum([*_parts(self, Sum), *_parts(other, Sum)])

    def __mul__(self, other: Representation) -> Representation:
        self._same_group(other, "*")
        return Product([*_parts(self, Product), *_parts(other, Product)])

    def __rmul__(self, count: int) -> Representation:
        if not isinstance(count, int) or count < 1:
            raise ValueError(f"{count!r} * V: the number of copies is a positive integer")
        return self if count == 1 else Sum(_parts(self, Sum) * count)

    def __pow__(self, count: int) -> Representation:
        if not isinstance(count, int) or count < 0:
            raise ValueError(f"V ** {count!r}: the tensor power is an integer ≥ 0")
        if count == 0:
            return self.group.trivial
        return self if count == 1 else Product(_parts(self, Product) * count)

    def sym(self, k: int) -> Representation:
        """Symᵏ V in the orthonormal basis of normalised symmetric products, dimension C(size + k − 1, k)."""
        return Power(self, k, symmetric=True)

    def alt(self, k: int) -> Representation:
        """Altᵏ V in the orthonormal basis e_{i₁} ∧ … ∧ e_{i_k}, i₁ < … < i_k, dimension C(size, k)."""
        return Power(self, k, symmetric=False)

    def restrict(self, H: Any) -> Representation:
        """The same matrices for a subgroup H of G; ValueError if it is none, where membership can be decided."""
        G = self.group
        if H.n != G.n:
            sizes = f"{H} acts by {H.n}×{H.n} matrices, {G} by {G.n}×{G.n}"
            raise ValueError(f"restrict: {sizes}; a subgroup has matrices of the same size")
        if G.excludes(H):
            raise ValueError(f"restrict: {H} has elements that {G} does not contain; restrict to a subgroup of {G}")
        return self._relabel(lambda leaf: leaf.restricted(H))

    def __matmul__(self, other: Representation) -> Representation:
        """External tensor product: the representation (g, h) ↦ V(g) ⊗ W(h) of the direct product G × H."""
        both, n = self.group * other.group, self.group.n
        first = self._relabel(lambda leaf: both.inflated(leaf, slice(0, n)))
        return first * other._relabel(lambda leaf: both.inflated(leaf, slice(n, both.n)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Representation) and self.group == other.group and self.key == other.key

    def __hash__(self) -> int:
        return hash((self.group, self.key))

    def _repr_latex_(self) -> str:
        pairs = {"⊕": r"\oplus", "⊗": r"\otimes", "·": r"\,", "²": "^2", "³": "^3", "ρ": r"\rho"}
        text = str(self)
        for plain, tex in pairs.items():
            text = text.replace(plain, tex + " ")
        return f"${text}$"


def _parts(V: Representation, kind: type) -> list[Representation]:
    return list(V.parts) if isinstance(V, kind) else [V]  # type: ignore[attr-defined]


class Leaf(Representation):
    """A representation that is not made of others: `at(g)` is its matrix, `lie_at(A)` its derivative."""

    def at(self, g: Tensor) -> Tensor:
        raise NotImplementedError

    def lie_at(self, A: Tensor) -> Tensor:
        raise NotImplementedError

    def restricted(self, H: Any) -> Representation:
        raise NotImplementedError

    def _matrix(self, at: LeafMap) -> Tensor:
        return at(self)

    def _derivative(self, at: Callable[[Leaf], np.ndarray]) -> scipy.sparse.csr_array:
        return scipy.sparse.csr_array(at(self))

    def _weights(self, at: Callable[[Leaf], np.ndarray]) -> np.ndarray:
        return at(self)

    def _relabel(self, leaf: Callable[[Leaf], Representation]) -> Representation:
        return leaf(self)

    def character(self, g: Tensor) -> Tensor:
        return self.at(self._check(g, "g")).diagonal(dim1=-2, dim2=-1).sum(-1)


def _outer(a: Tensor, b: Tensor) -> Tensor:
    """Kronecker product over the last two dimensions, batched over the others."""
    require_memory(a.element_size() * a.numel() * b.shape[-2] * b.shape[-1], "a dense matrix of a tensor product")
    product = a[..., :, None, :, None] * b[..., None, :, None, :]
    return product.reshape(*product.shape[:-4], a.shape[-2] * b.shape[-2], a.shape[-1] * b.shape[-1])


class Dual(Representation):
    """g ↦ V(g)⁻ᵀ."""

    def __init__(self, part: Representation) -> None:
        self.group, self.size, self.part, self.key = part.group, part.size, part, ("dual", part.key)

    def _matrix(self, at: LeafMap) -> Tensor:
        return torch.linalg.inv(self.part._matrix(at)).mT

    def _derivative(self, at: Callable[[Leaf], np.ndarray]) -> scipy.sparse.csr_array:
        return -self.part._derivative(at).T

    def _weights(self, at: Callable[[Leaf], np.ndarray]) -> np.ndarray:
        return -self.part._weights(at)

    def _relabel(self, leaf: Callable[[Leaf], Representation]) -> Representation:
        return self.part._relabel(leaf).dual

    @cached_property
    def monomial(self) -> Monomial | None:
        return self.part.monomial

    def character(self, g: Tensor) -> Tensor:
        return self.part.character(torch.linalg.inv(self._check(g, "g")))

    def __repr__(self) -> str:
        return f"{self.part}*" if isinstance(self.part, Leaf) else f"({self.part})*"


class _Compound(Representation):
    parts: tuple[Representation, ...]

    def __init__(self, parts: list[Representation], size: int, symbol: str) -> None:
        self.group, self.parts, self.size = parts[0].group, tuple(parts), size
        self.key = (symbol, *(part.key for part in parts))

    def _relabel(self, leaf: Callable[[Leaf], Representation]) -> Representation:
        return type(self)([part._relabel(leaf) for part in self.parts])  # type: ignore[call-arg, arg-type]

    @property
    def dual(self) -> Representation:
        return type(self)([part.dual for part in self.parts])  # type: ignore[call-arg, arg-type]


class Sum(_Compound):
    """V ⊕ W ⊕ …: block diagonal."""

    def __init__(self, parts: list[Representation]) -> None:
        super().__init__(parts, sum(part.size for part in parts), "⊕")

    def _matrix(self, at: LeafMap) -> Tensor:
        blocks = [part._matrix(at) for part in self.parts]
        dtype = torch.complex128 if any(b.is_complex() for b in blocks) else blocks[0].dtype
        whole = torch.zeros(*blocks[0].shape[:-2], self.size, self.size, dtype=dtype)
        start = 0
        for block in blocks:
            stop = start + block.shape[-1]
            whole[..., start:stop, start:stop] = block
            start = stop
        return whole

    def _act(self, at: LeafMap, x: Tensor) -> Tensor:
        pieces = x.split([part.size for part in self.parts], -1)
        return torch.cat([part._act(at, piece) for part, piece in zip(self.parts, pieces, strict=True)], -1)

    def _derivative(self, at: Callable[[Leaf], np.ndarray]) -> scipy.sparse.csr_array:
        return scipy.sparse.block_diag([part._derivative(at) for part in self.parts], format="csr")

    def _weights(self, at: Callable[[Leaf], np.ndarray]) -> np.ndarray:
        return np.concatenate([part._weights(at) for part in self.parts])

    @cached_property
    def monomial(self) -> Monomial | None:
        forms = [part.monomial for part in self.parts]
        starts = np.cumsum([0, *(part.size for part in self.parts)])
        known = [(form.index + start, form.sign) for form, start in zip(forms, starts, strict=False) if form]
        if len(known) < len(forms):
            return None
        return Monomial(*(np.concatenate(pieces, 1) for pieces in zip(*known, strict=True)))

    def character(self, g: Tensor) -> Tensor:
        return torch.stack(torch.broadcast_tensors(*(part.character(g) for part in self.parts))).sum(0)

    def __repr__(self) -> str:
        runs = [(str(part), len(list(same))) for part, same in itertools.groupby(self.parts)]
        return " ⊕ ".join(name if count == 1 else f"{count}·{name}" for name, count in runs)


class Product(_Compound):
    """V ⊗ W ⊗ …: Kronecker product; the last factor's index runs fastest."""

    def __init__(self, parts: list[Representation]) -> None:
        super().__init__(parts, math.prod(part.size for part in parts), "⊗")

    def _matrix(self, at: LeafMap) -> Tensor:
        return functools.reduce(_outer, [part._matrix(at) for part in self.parts])

    def _act(self, at: LeafMap, x: Tensor) -> Tensor:
        shape = [part.size for part in self.parts]
        x = x.unflatten(-1, shape)
        for axis, part in enumerate(self.parts, start=-len(shape)):
            x = part._act(at, x.movedim(axis, -1)).movedim(-1, axis)
        return x.flatten(-len(shape))

    def _derivative(self, at: Callable[[Leaf], np.ndarray]) -> scipy.sparse.csr_array:
        whole, size = self.parts[0]._derivative(at), self.parts[0].size
        for part in self.parts[1:]:
            one, other = scipy.sparse.eye_array(size), scipy.sparse.eye_array(part.size)
            whole = scipy.sparse.kron(whole, other, "csr") + scipy.sparse.kron(one, part._derivative(at), "csr")
            size *= part.size
        return whole

    def _weights(self, at: Callable[[Leaf], np.ndarray]) -> np.ndarray:
        return functools.reduce(lambda a, b: np.add.outer(a, b).ravel(), [part._weights(at) for part in self.parts])

    @cached_property
    def monomial(self) -> Monomial | None:
        whole = self.parts[0].monomial
        for part in self.parts[1:]:
            form = part.monomial
            if whole is None or form is None:
                return None
            index = whole.index[:, :, None] * part.size + form.index[:, None, :]
            sign = whole.sign[:, :, None] * form.sign[:, None, :]
            whole = Monomial(*(a.reshape(len(a), math.prod(a.shape[1:])) for a in (index, sign)))  # len(a) may be 0
        return whole

    def character(self, g: Tensor) -> Tensor:
        return functools.reduce(torch.mul, [part.character(g) for part in self.parts])

    def __repr__(self) -> str:
        return "⊗".join(f"({part})" if isinstance(part, Sum) else str(part) for part in self.parts)


class Power(Representation):
    """Symᵏ V or Altᵏ V, as the subspace of V^⊗k that a sparse isometry P embeds: g ↦ Pᵀ V(g)^⊗k P."""

    def __init__(self, part: Representation, k: int, symmetric: bool) -> None:
        n = part.size
        if not isinstance(k, int) or k < 1 or (not symmetric and k > n):
            rule = "an integer ≥ 1" if symmetric else f"an integer from 1 to the size of V, here {n}"
            raise ValueError(f"{part}.{'sym' if symmetric else 'alt'}({k!r}): the degree is {rule}")
        self.group, self.part, self.k, self.symmetric = part.group, part, k, symmetric
        choose = itertools.combinations_with_replacement if symmetric else itertools.combinations
        self.tuples = np.array(list(choose(range(n), k)), dtype=np.int64)  # (size, k)
        self.size, self.key = len(self.tuples), ("sym" if symmetric else "alt", k, part.key)
        self.tensors = Product([part] * k)

    @cached_property
    def isometry(self) -> scipy.sparse.csr_array:
        """P (sizeᵏ, dim): column t is Σ ± e_{t_σ(1)} ⊗ … ⊗ e_{t_σ(k)} over orderings σ, of length one."""
        rows, columns, values = [], [], []
        for order in itertools.permutations(range(self.k)):
            rows.append(np.ravel_multi_index(self.tuples[:, order].T, (self.part.size,) * self.k))
            columns.append(np.arange(self.size))
            values.append(np.full(self.size, 1.0 if self.symmetric else parity(np.array(order)[None])[0]))
        shape = (self.part.size**self.k, self.size)
        P = scipy.sparse.csr_array((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape)
        return P @ scipy.sparse.diags_array(1 / np.sqrt(P.power(2).sum(0)))

    def _matrix(self, at: LeafMap) -> Tensor:
        P, whole = torch.from_numpy(self.isometry.toarray()), self.tensors._matrix(at)
        return P.T.to(whole.dtype) @ whole @ P.to(whole.dtype)

    def _act(self, at: LeafMap, x: Tensor) -> Tensor:
        P = torch.from_numpy(self.isometry.toarray())
        moved = self.tensors._act(at, x @ P.T.to(x.dtype))
        return moved @ P.to(moved.dtype)

    def _derivative(self, at: Callable[[Leaf], np.ndarray]) -> scipy.sparse.csr_array:
        return self.isometry.T @ self.tensors._derivative(at) @ self.isometry

    def _weights(self, at: Callable[[Leaf], np.ndarray]) -> np.ndarray:
        return self.part._weights(at)[self.tuples].sum(1)

    def _relabel(self, leaf: Callable[[Leaf], Representation]) -> Representation:
        return Power(self.part._relabel(leaf), self.k, self.symmetric)

    @cached_property
    def monomial(self) -> Monomial | None:
        form = self.part.monomial
        if form is None:
            return None
        places = {tuple(t): i for i, t in enumerate(self.tuples.tolist())}
        moved = form.index[:, self.tuples]  # (generators, size, k)
        index = np.array([[places[tuple(sorted(t))] for t in row] for row in moved.tolist()], np.int64)
        sign = form.sign[:, self.tuples].prod(-1, dtype=np.int8)
        if not self.symmetric:
            sign = sign * np.array([parity(row) for row in moved], np.int8).reshape(sign.shape)
        return Monomial(index.reshape(sign.shape), sign)

    def character(self, g: Tensor) -> Tensor:
        """Newton's recursion: k hₖ = Σ p_i h_{k−i} with p_i = χ(gⁱ); for Alt with alternating signs."""
        sign, power, p = 1.0 if self.symmetric else -1.0, g, []
        for _ in range(self.k):
            p.append(self.part.character(power))
            power = power @ g
        h = [torch.ones_like(p[0])]
        for k in range(1, self.k + 1):
            h.append(torch.stack([sign ** (i - 1) * p[i - 1] * h[k - i] for i in range(1, k + 1)]).sum(0) / k)
        return h[-1]

    def __repr__(self) -> str:
        digits = str(self.k).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"{'Sym' if self.symmetric else 'Alt'}{digits}({self.part})"
