"""EquationLearner: matrices of a hidden family go in; the equations they satisfy at every n come out."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from typing import Any

import ipywidgets
import torch
from torch import Tensor

from eqkit import equations, subspaces
from eqkit.equations import learn_equations
from eqkit.views import matrix_families as families
from eqkit.views.components import Chart
from eqkit.views.invariant_ring_explorer import Formula
from eqkit.views.table import Table
from eqkit.views.view import View

COUNTS = (2, 4, 8, 16, 24, 50, 100)
NOISES = (0.0, 1e-6, 1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
HELD = (8, 12, 20)  # the larger n, where all letters exist
HOLDS, TOLD_APART = 1e-6, 0.05  # residuals of members below, of other matrices above
MOST = 8  # the largest n to learn from
GOOD, BAD = "#009E73", "#D55E00"
WRITTEN = {"eta": "η", "det(M)": "det", "det_complex(M)": "det_C", "trace(M @ M.T)": "trace", "M.inv": "M⁻¹"}


class EquationLearner(View):
    """Choose a hidden family of matrices, or give samples {n: (count, n, n)}: which equations hold at every n?

    Left: the singular values of the words' entries on the samples; those below the shaded gap are equations. Middle:
    a minimal set of them, and what it rests on. Right: the same equations at larger n, on members of the family, where
    they have to hold, and on Gaussian matrices, where they have to fail; and are their solutions members?
    family: one of `matrix_families.FAMILIES`; sizes: the n to learn from, by default those that suffice; with samples
    of your own the sizes beyond are held out. ValueError for others.
    """

    title = "Which equations hold at every n?"

    def __init__(
        self,
        family: str = "O",
        samples: Mapping[int, Tensor] | None = None,
        sizes: tuple[int, int] | None = None,
        letters: tuple[str, ...] | None = None,
    ) -> None:
        self._own = None if samples is None else _checked(samples)
        if self._own is None and family not in families.FAMILIES:
            raise ValueError(f"EquationLearner({family!r}): give one of {', '.join(families.FAMILIES)}, or samples")
        for name in letters or ():
            if name not in families.LETTERS:
                raise ValueError(f"letters holds {name!r}; give some of {', '.join(families.LETTERS)}")
        self._start = "" if self._own else family, sizes, letters
        narrow = {"style": {"description_width": "auto"}, "layout": {"width": "17em"}}
        options = [("your own samples", "")] if self._own else [(name, name) for name in families.FAMILIES]
        least, most = (min(self._own), max(self._own)) if self._own else (2, MOST)
        self.menu = ipywidgets.Dropdown(options=options, description="hidden family", **narrow)
        self.sizes = ipywidgets.IntRangeSlider(
            value=(least, most), min=least, max=most, description="learn at n", **narrow
        )
        self.count = ipywidgets.SelectionSlider(options=COUNTS, value=families.COUNT, description="samples", **narrow)
        self.noise = ipywidgets.SelectionSlider(
            options=[(f"{noise:g}" if noise else "none", noise) for noise in NOISES], description="noise", **narrow
        )
        self.letters = {
            name: ipywidgets.Checkbox(False, description=WRITTEN.get(name, name), indent=False, layout={"width": "4em"})
            for name in families.LETTERS
        }
        series = [{"name": "words", "colour": "data"}, {"name": "equations", "colour": "invariant"}]
        self.spectrum = Chart("the words' spectrum and its gap", series, 330, 320, log=True, x_label="singular value")
        self.formula = Formula(title="the equations", width=330, height=66)
        self.table = Table(title="what they rest on", width=330, height=250)
        self.held = Table(title="the same equations at larger n", width=350, height=240)
        self._settle()
        self.assemble(
            [[self.spectrum], [self.formula, self.table], [self.held]],
            [self.menu, self.sizes, self.count, self.noise, *self.letters.values()],
        )
        self.on(self.menu, "value", self._choose)
        for widget in (self.sizes, self.count, self.noise, *self.letters.values()):
            self.on(widget, "value", self._learn)

    def reset(self) -> None:
        """The family, sizes and letters of the beginning, with 24 samples of each size and no noise."""
        self._settle()

    def _settle(self) -> None:
        family, sizes, letters = self._start
        with self.together():
            self.menu.value, self.count.value, self.noise.value = family, families.COUNT, 0.0
        self._choose(sizes, letters)

    def _choose(self, sizes: tuple[int, int] | None = None, letters: tuple[str, ...] | None = None) -> None:
        """Another family: the sizes and letters that suffice for it."""
        family = self.menu.value
        if family:
            enough = families.sizes_of(family)
            sizes = sizes or (min(enough), max(enough))
        else:
            given = sorted(self._own or ())
            sizes = sizes or (given[0], given[-2] if len(given) > 1 else given[0])
        letters = (families.letters_of(family) if family else ("J",)) if letters is None else letters
        with self.together():
            self.sizes.value = sizes
            for name, box in self.letters.items():
                box.value = name in letters
        self._learn()

    def _learn(self) -> None:
        """Learn, and show it; where that is impossible everything stays as it was."""
        family, (low, high), count, noise = self.menu.value, self.sizes.value, self.count.value, self.noise.value
        letters = tuple(name for name, box in self.letters.items() if box.value)
        step = max(families.step(letters), families.step(families.letters_of(family)) if family else 1)
        sizes = tuple(n for n in self._own or range(low, high + 1) if low <= n <= high and n % step == 0)
        if not sizes:
            raise ValueError(f"no n from {low} to {high} is divisible by {step}, as the letters need; widen the range")
        before, self.formula.words = self.formula.words, "learning …"
        try:
            if self._own:
                samples = families.noisy({n: self._own[n][:count] for n in sizes}, noise)
                system = learn_equations(samples, [families.LETTERS[name] for name in letters])
                beyond = {n: M for n, M in self._own.items() if n not in sizes and n % step == 0}
            else:
                system = families.learned(family, sizes, count, noise, letters)
                generator = torch.Generator().manual_seed(2)
                beyond = {n: families.draw(family, n, families.COUNT, generator) for n in HELD}
        except ValueError:
            self.formula.words = before
            raise
        self.system, self._beyond = system, beyond
        self._shown = {
            "family": family or "your own samples",
            "sizes": list(sizes),
            "samples": count,
            "noise": noise,
            "letters": list(letters),
        }
        self._draw()

    def _draw(self) -> None:
        system, nan = self.system, math.nan
        assert (evidence := system.evidence) is not None
        values, zeros = evidence.spectrum.clamp(min=1e-17).tolist(), evidence.null_dimension
        kept = len(values) - zeros
        rows = [[i + 1, v if i < kept else nan, nan if i < kept else v] for i, v in enumerate(values)]
        band = [values[kept], values[kept - 1]] if zeros else []
        self.spectrum.show(rows, band=band, x_max=len(values), cursor=max(0, kept - 1))
        self.spectrum.label = f"{len(values)} singular values, {zeros} of them below the gap"
        self.formula.words = ", ".join(map(str, system.equations)) or f"no equation among {len(values)} words"
        self.formula.label = f"{len(system.equations)} equations: {system.text}"
        at = ", ".join(map(str, evidence.sizes))
        lines = [f"{len(values)} words, {self._shown['samples']} samples at each n of {at}"]
        lines += [f"{zeros} relations, gap {_power(evidence.gap)}"] if zeros else ["no relation"]
        lines += [f"caution: {text}" for text in evidence.cautions] + [f"note: {text}" for text in evidence.notes]
        for texts, how in ((evidence.proved, "follow by proof"), (evidence.sampled, "follow on samples alone")):
            lines += [f"{len(texts)} {how}: {', '.join(texts)}"] if texts else []
        self.table.show([[line] for line in lines], label="; ".join(lines))
        self._test()
        cells: list[list[str]] = []
        colours: list[str] = []
        for verdicts, residuals, matrix, well, badly in (
            (self.on_members, self._members, "member", "hold", "FAIL"),
            (self.on_others, self._others, "Gaussian", "fail, as they should", "HOLD"),
            (self.on_solutions, self._solutions, "solution", "and a member", "and NO member"),
        ):
            for n, good in verdicts.items():
                cells.append(["✓" if good else "✗", f"n = {n}", matrix, well if good else badly, _small(residuals[n])])
                colours.append(GOOD if good else BAD)
        nothing = "no larger sample to test them on" if system.equations else "no equation to test"
        self.held.show(
            cells or [[nothing]],
            columns=["", "", "matrix", "equations", "residual"] if cells else [],
            colours=colours,
            dashes=[c == BAD for c in colours],
            label="; ".join(" ".join(row) for row in cells) or nothing,
        )

    def _test(self) -> None:
        """At larger n: do the equations hold on members and fail on Gaussian matrices; are their solutions members?"""
        self._members: dict[int, float] = {}
        self._others: dict[int, float] = {}
        self._solutions: dict[int, float] = {}
        system, generator = self.system, torch.Generator().manual_seed(3)
        for n, members in self._beyond.items() if system.equations else ():
            others = torch.randn(24, n, n, generator=generator, dtype=torch.float64) / n**0.5
            self._members[n] = float(system.residual(members).max())
            self._others[n] = float(system.residual(others).min())
        if system.equations and self.menu.value:
            with contextlib.suppress(RuntimeError):  # no start lands on wrong equations
                solutions = system.sample(HELD[0], 12, generator)
                self._solutions[HELD[0]] = float(equations.named(self.menu.value).residual(solutions).max())
        self.on_members = {n: r < HOLDS for n, r in self._members.items()}
        self.on_others = {n: r > TOLD_APART for n, r in self._others.items()}
        self.on_solutions = {n: r < HOLDS for n, r in self._solutions.items()}

    def verdict(self) -> str:
        at = ", ".join(map(str, self._shown["sizes"]))
        if not self.system.equations:
            return f"No equation among {len(self._words)} words holds on the samples."
        head = f"{self.system.text}: learned at n = {at}"
        if wrong := [n for n, good in self.on_members.items() if not good]:
            return f"{head}, and wrong at n = {', '.join(map(str, wrong))}."
        if not self.on_members:
            return f"{head}; no larger n to test it at."
        apart = "" if all(self.on_others.values()) else ", but holds on Gaussian matrices too"
        more = "" if all(self.on_solutions.values()) else ", but has solutions outside the family"
        return f"{head}, holds at n = {', '.join(map(str, self.on_members))}{apart}{more}."

    @property
    def _words(self) -> tuple[Any, ...]:
        assert self.system.evidence is not None
        return self.system.evidence.words

    def state(self) -> dict[str, Any]:
        """Settings of what is shown, the equations, and the verdicts at larger n."""
        assert (evidence := self.system.evidence) is not None
        return self._shown | {
            "words": len(evidence.words),
            "relations": evidence.null_dimension,
            "equations": [str(e) for e in self.system.equations],
            "proved": len(evidence.proved),
            "sampled": len(evidence.sampled),
            "cautions": len(evidence.cautions),
            "holds": _named(self.on_members),
            "told_apart": _named(self.on_others),
            "solutions_are_members": _named(self.on_solutions),
        }

    def code(self) -> str:
        s = self._shown
        family, sizes = s["family"], f"({', '.join(map(str, s['sizes']))},)"
        if self._own:
            draws = f"samples = {{n: M[:{s['samples']}] for n, M in given.items() if n in {sizes}}}"
            lines = ["given = ...  # your samples {n: (count, n, n)}", draws]
        else:
            drawn = f'matrix_families.draw("{family}", n, {s["samples"]}, generator)'
            lines = ["generator = torch.Generator().manual_seed(0)", f"samples = {{n: {drawn} for n in {sizes}}}"]
        letters = ", ".join(s["letters"])
        return "\n".join(
            [
                "import torch",
                "from eqkit.equations import *",
                "from eqkit.views import matrix_families",
                "",
                *lines,
                f"samples = matrix_families.noisy(samples, {s['noise']})",
                f"system = learn_equations(samples, [{letters}])",
                "print(system)",
                "print(system.evidence)",
                *(
                    []
                    if self._own
                    else [f'print(system.residual(matrix_families.draw("{family}", {HELD[-1]}, 24, generator)).max())']
                ),
            ]
        )


def _power(gap: float) -> str:
    """A gap to two digits, unless these are rounding errors."""
    return "above 10⁸" if gap > 1e8 else f"{gap:.2g}"


def _small(residual: float) -> str:
    return "< 1e-12" if residual < 1e-12 else f"{residual:.1e}" if residual < 1e-2 else f"{residual:.2f}"


def _checked(samples: Mapping[int, Tensor]) -> dict[int, Tensor]:
    if not isinstance(samples, Mapping) or not samples:
        raise ValueError("EquationLearner: samples must be a dictionary {n: matrices (count, n, n)}, not empty")
    checked = {int(n): subspaces.as_double(torch.as_tensor(M), f"samples[{n}]") for n, M in sorted(samples.items())}
    for n, M in checked.items():
        if M.ndim != 3 or M.shape[1:] != (n, n):
            raise ValueError(f"samples[{n}] has shape {tuple(M.shape)}; it must be (count, {n}, {n})")
    return checked


def _named(verdicts: dict[int, bool]) -> dict[str, bool]:
    """Verdicts by n, with the names that JSON allows."""
    return {str(n): verdict for n, verdict in verdicts.items()}
