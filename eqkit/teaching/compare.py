"""Comparing an answer with the truth: the first entry that differs, the smallest case that fails."""

from __future__ import annotations

import itertools
import math
import types
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import torch
from torch import Tensor

Case = TypeVar("Case")


def number(x: complex) -> str:
    """A number as a learner would write it: 3, 0.25, 1 + 2i."""
    if isinstance(x, complex):
        return f"{number(x.real)} {'-' if x.imag < 0 else '+'} {number(abs(x.imag))}i" if x.imag else number(x.real)
    if not math.isfinite(x):
        return str(float(x))
    return f"{float(x) + 0.0:.4g}" if x else "0"  # never "-0"


def show(value: object) -> str:
    """A value in one short line: small tensors in full, large ones by their shape, anything else by its repr."""
    if isinstance(value, Tensor):
        if value.numel() > 16:
            return f"a tensor of shape {tuple(value.shape)}"
        return _nested(value.detach().cpu().tolist())
    if isinstance(value, (types.FunctionType, types.MethodType, type)):
        return value.__name__
    try:
        text = " ".join(repr(value).split())
    except Exception:  # a learner's own __repr__ may do anything
        text = "<unprintable>"
    if " at 0x" in text or text == "<unprintable>":
        text = f"an object of class {type(value).__name__}"
    return text if len(text) <= 80 else text[:77] + "..."


def _nested(values) -> str:
    return f"[{', '.join(map(_nested, values))}]" if isinstance(values, list) else number(values)


def difference(given: object, expected: object, name: str = "the result", tolerance: float = 1e-8) -> str | None:
    """One sentence on the first entry in which `given` differs from `expected`, or None where they agree.

    Tensors, NumPy arrays, numbers and nested lists of numbers are compared by shape, then entry by entry
    (|given − expected| ≤ tolerance · max(1, |expected|)); anything else by ==.
    """
    try:
        truth = torch.as_tensor(expected)
    except (TypeError, ValueError, RuntimeError):
        return None if given == expected else f"{name} is {show(given)}; it should be {show(expected)}"
    try:
        values = torch.as_tensor(given).detach().cpu()
    except (TypeError, ValueError, RuntimeError):
        return f"{name} is {show(given)}, which is no tensor; it should have shape {tuple(truth.shape)}"
    if values.shape != truth.shape:
        return f"{name} has shape {tuple(values.shape)}; it should have shape {tuple(truth.shape)}"
    dtype = torch.complex128 if values.is_complex() or truth.is_complex() else torch.float64
    values, truth = values.to(dtype), truth.detach().cpu().to(dtype)
    alike = (values == truth) | ((values - truth).abs() <= tolerance * truth.abs().clamp(min=1))
    if alike.all():
        return None
    index = tuple((~alike).nonzero()[0].tolist())
    where = f"entry {list(index)} of {name}" if index else name
    return f"{where} is {number(values[index].item())}; it should be {number(truth[index].item())}"


def size(case: object) -> float:
    """How large a case is: entries, then magnitude of a tensor; the order of a group; the length of a list."""
    if isinstance(case, Tensor):
        entries = case.int() if case.dtype == torch.bool else case  # a mask counts what it lets through
        total = float(entries.abs().nan_to_num().sum())
        return case.numel() + total / (1 + total)
    if isinstance(case, tuple):
        return sum(map(size, case))
    if isinstance(case, (int, float)):
        return abs(case)
    order = getattr(case, "order", None)
    return float(order) if order is not None else float(len(case)) if hasattr(case, "__len__") else 0.0


def smallest(cases: Iterable[Case], fault: Callable[[Case], str | None]) -> tuple[Case, str] | None:
    """The smallest case with a fault, and the sentence that tells it; None if there is none.

    `fault(case)` is a sentence, or None where the answer is right: `smallest(small_tensors(3), lambda x:
    difference(answer(x), truth(x)))`. Cases (tensors, groups, numbers, tuples of these) are tried in order of size.
    """
    for case in sorted(cases, key=size):
        if sentence := fault(case):
            return case, sentence
    return None


def small_tensors(*shape: int, largest: int = 1, count: int = 100) -> Iterator[Tensor]:
    """`count` float64 tensors with entries in −largest ... largest, those with the fewest non-zero entries first."""
    n = math.prod(shape)
    values = sorted((v for v in range(-largest, largest + 1) if v), key=lambda v: (abs(v), -v))
    fillings = (
        dict(zip(places, entries, strict=True))
        for filled in range(n + 1)
        for places in itertools.combinations(range(n), filled)
        for entries in itertools.product(values, repeat=filled)
    )
    for filling in itertools.islice(fillings, count):
        yield torch.tensor([filling.get(i, 0) for i in range(n)], dtype=torch.float64).reshape(shape)
