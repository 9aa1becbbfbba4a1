"""Modules whose matrix stays in a group while it is trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from eqkit import groups
from eqkit.subspaces import as_double, require_integer, require_memory
from eqkit.unitary import maps
from eqkit.unitary.coordinates import Basis, Skew, coordinates, cubes_stay, matrix_dtype
from eqkit.unitary.parametrizations import Cayley, Composition, Exponential, Householder, Projection
from eqkit.unitary.starts import starting_matrix

MAPS = ("exp", "cayley", "householder", "projection", "composition")
MATRIX = "matrix"


class GroupMatrix(nn.Module):
    """A trainable matrix M ∈ G, for a group with a Lie algebra: x (…, n) -> M x, and `.matrix` is M.

    map: "exp", for every group · "cayley", for the groups of a bilinear form · "householder" and "projection", for O,
    SO and U · "composition" (7n numbers), for U. Others are refused with the reason. component: a matrix of the group;
    M moves in its component, by default in that of E. start: "identity" (M = component) · "random" (Haar for SO, U and
    SU, else the exponential of a Gaussian element of norm about 1) · a matrix (…, n, n), whose parameters the inverse
    map finds. copies: leading shape of M, for runs side by side; x is then (*copies, examples, n). dtype: of the real
    numbers.

    `layer.matrix = M` moves the parameters so that the layer's matrix is M.
    """

    def __init__(
        self,
        G: groups.MatrixGroup,
        map: str = "exp",
        *,
        component: Tensor | None = None,
        start: str | Tensor = "random",
        copies: Sequence[int] = (),
        dtype: torch.dtype = torch.float32,
        generator: torch.Generator | None = None,
    ) -> None:
        if not isinstance(G, groups.MatrixGroup):
            raise TypeError(f"GroupMatrix({G!r}): give a group, such as groups.SO(3) or unitary.isometry_group(B)")
        if not len(G.lie_algebra):
            raise ValueError(
                f"GroupMatrix({G}): the group has no Lie algebra, so its elements are isolated and nothing can be "
                "learned by moving; choose among G.elements(), or give lie_algebra= to the MatrixGroup"
            )
        C = _eye(G.n) if component is None else _member(G, component)
        family = groups.family(G)
        if map in ("householder", "projection", "composition") and family not in ("O", "SO", "U"):
            raise ValueError(
                f"GroupMatrix({G}, map={map!r}): reflections, nearest matrices and phases make orthogonal and unitary "
                "matrices; this group is none of O, SO, U, so use map='exp'"
            )
        self._build(coordinates(G, dtype), map, G.name, C, start, copies, dtype, generator)

    def _build(
        self,
        algebra: Skew | Basis,
        map: str,
        name: str,
        component: Tensor,
        start: str | Tensor,
        copies: Sequence[int],
        dtype: torch.dtype,
        generator: torch.Generator | None,
    ) -> None:
        super().__init__()
        if not isinstance(copies, Sequence) or not all(isinstance(k, int) and k > 0 for k in copies):
            hint = f"copies=({copies},)" if isinstance(copies, int) else "such as (20,), integers ≥ 1"
            raise ValueError(f"copies={copies!r}: give a shape, {hint}")
        self.n, self.map, self.group_name = algebra.n, map, name
        kind = matrix_dtype(dtype, algebra.complex)
        if map == "composition":
            if not algebra.complex or not (isinstance(start, str) and start == "random"):
                raise ValueError(
                    f"{name}, map='composition': it makes complex matrices, and reaches few of them, so that it starts "
                    "at random; use UnitaryMatrix(n, map='composition')"
                )
            numbers = torch.randn(*copies, 7, self.n, generator=generator, dtype=dtype)
            numbers[..., :3, :] = torch.pi * (2 * torch.rand(*copies, 3, self.n, generator=generator, dtype=dtype) - 1)
            parametrization: nn.Module = Composition(self.n, generator)
        else:
            numbers = starting_matrix(start, algebra, component, copies, generator).to(kind)
            C = component.to(kind).repeat(*numbers.shape[:-2], 1, 1)
            parametrization = _parametrization(algebra, map, name, C)
        self.matrix = nn.Parameter(numbers)
        parametrize.register_parametrization(self, MATRIX, parametrization, unsafe=True)

    def forward(self, x: Tensor) -> Tensor:
        """x (*copies, …, n) -> M x."""
        M = self.matrix
        if not isinstance(x, Tensor):
            raise TypeError(f"x is a {type(x).__name__}; {self.group_name} acts on tensors (…, {self.n})")
        if x.shape[-1:] != (self.n,):
            raise ValueError(f"x has shape {tuple(x.shape)}; {self.group_name} acts on vectors (…, {self.n})")
        if M.ndim > 2 and (x.ndim < M.ndim or x.shape[: M.ndim - 2] != M.shape[:-2]):
            copies = ", ".join(map(str, M.shape[:-2]))
            raise ValueError(f"x has shape {tuple(x.shape)}; a layer of copies takes ({copies}, examples, {self.n})")
        return x.to(torch.promote_types(x.dtype, M.dtype)) @ M.mT

    @torch.no_grad()
    def rebase_(self) -> None:
        """Move the centre of the coordinates to the present matrix: C ← M, c ← 0, for the maps "exp" and "cayley".

        Both maps are bad coordinates far out: the derivative of exp dies where two eigenvalues of A are 2πi apart, and
        cayley(A) needs an infinite A for the eigenvalue −1. Near A = 0 neither happens (Lezcano-Casado 2019).
        """
        if self.map not in ("exp", "cayley"):
            raise ValueError(f"rebase_: map={self.map!r} has no centre; only 'exp' and 'cayley' do")
        M, parametrized = self.matrix, cast(Any, self.parametrizations)[MATRIX]
        parametrized[0].component.copy_(maps.polar(M) if parametrized[0].algebra.is_skew else M)
        parametrized.original0.zero_()

    def __repr__(self) -> str:
        return f"a matrix of {self.group_name}, map={self.map!r}, {parameter_count(self)} real parameters"


class OrthogonalMatrix(GroupMatrix):
    """A trainable real matrix with M Mᵀ = E: determinant +1, or −1 with reflection=True, for no path joins the two.

    map: "exp", "cayley", "householder" or "projection"; start, copies, dtype as for GroupMatrix.
    """

    def __init__(
        self,
        n: int,
        map: str = "exp",
        *,
        reflection: bool = False,
        start: str | Tensor = "random",
        copies: Sequence[int] = (),
        dtype: torch.dtype = torch.float32,
        generator: torch.Generator | None = None,
    ) -> None:
        if require_integer("OrthogonalMatrix(n): the size", n) == 1:
            raise ValueError("OrthogonalMatrix(1): O(1) = {1, −1} has nothing to learn; take n ≥ 2")
        require_memory(32.0 * n**2, f"OrthogonalMatrix({n:,})")
        C = _mirror(n) if reflection else _eye(n)
        self._build(Skew(n), map, f"{'O' if reflection else 'SO'}({n})", C, start, copies, dtype, generator)


class UnitaryMatrix(GroupMatrix):
    """A trainable complex matrix with M Mᴴ = E, of determinant 1 with special=True.

    map: "exp" · "cayley", "householder", "projection" and "composition" unless special; start, copies, dtype as for
    GroupMatrix.
    """

    def __init__(
        self,
        n: int,
        map: str = "exp",
        *,
        special: bool = False,
        start: str | Tensor = "random",
        copies: Sequence[int] = (),
        dtype: torch.dtype = torch.float32,
        generator: torch.Generator | None = None,
    ) -> None:
        if require_integer("UnitaryMatrix(n): the size", n) == 1 and special:
            raise ValueError("UnitaryMatrix(1, special=True): SU(1) = {1} has nothing to learn; take n ≥ 2")
        require_memory(64.0 * n**2, f"UnitaryMatrix({n:,})")
        if special and map in ("householder", "projection", "composition"):
            raise ValueError(f"SU({n}), map={map!r}: its determinant is any phase; use map='exp'")
        algebra = Skew(n, complex=True, traceless=special)
        name = f"{'SU' if special else 'U'}({n})"
        self._build(algebra, map, name, _eye(n), start, copies, dtype, generator)


def parameter_count(module: nn.Module) -> int:
    """The real numbers that training moves: a complex parameter counts twice."""
    return sum(p.numel() * (2 if p.is_complex() else 1) for p in module.parameters())


def _parametrization(algebra: Skew | Basis, map: str, name: str, C: Tensor) -> nn.Module:
    match map:
        case "exp":
            return Exponential(algebra, C)
        case "cayley":
            if not cubes_stay(algebra):
                raise ValueError(
                    f"{name}, map='cayley': (E − A/2)⁻¹ (E + A/2) leaves this group, for its algebra is not that of a "
                    "bilinear form; use map='exp'"
                )
            return Cayley(algebra, C)
        case "householder" | "projection":
            n, sign = algebra.n, None if algebra.complex else -1 if _turns(C) else 1
            if map == "projection":
                return Projection(sign)
            # n − 1 reflections have the determinant (−1)^(n − 1); one more makes it what is asked for
            return Householder((_mirror(n) if sign == (-1) ** n else _eye(n)).to(C).expand(C.shape).clone())
    raise ValueError(f"map={map!r}; give one of {', '.join(MAPS)}")


def _turns(C: Tensor) -> bool:
    return bool((torch.linalg.det(C) < 0).any())


def _eye(n: int) -> Tensor:
    return torch.eye(n, dtype=torch.float64)


def _mirror(n: int) -> Tensor:
    """diag(−1, 1, …, 1)."""
    return torch.tensor([-1.0] + [1.0] * (n - 1), dtype=torch.float64).diag()


def _member(G: groups.MatrixGroup, component: Tensor) -> Tensor:
    M = as_double(component, "component")
    if M.shape != (G.n, G.n):
        raise ValueError(f"component has shape {tuple(M.shape)}; elements of {G} are {G.n} × {G.n}")
    if not G.contains(M):
        raise ValueError(f"component is no element of {G}; give one of G.generators, or another element")
    return M
