"""What a learner types, "x0^2 + x₁² − 3xy", as a Polynomial: a small recursive descent, nothing is executed."""

from __future__ import annotations

import re
from fractions import Fraction

from eqkit.invariants.polynomials import Polynomial
from eqkit.subspaces import require_integer

_TOKEN = re.compile(r"\s*(?:(?P<number>\d+\.?\d*|\.\d+)|(?P<name>x_?\d+|x_\{\d+\}|[^\W\d_])|(?P<sign>\*\*|[-+*/^()]))")
_LOWER, _UPPER = "₀₁₂₃₄₅₆₇₈₉", "⁰¹²³⁴⁵⁶⁷⁸⁹"
DEPTH, DEGREE = 50, 200  # parentheses within parentheses, and the degree, at most
DIGITS, VARIABLES = 1000, 10_000  # of a number, and of all polynomials typed, at most


def polynomial(text: str, n: int) -> Polynomial:
    """The polynomial in n variables that `text` spells: x0, x1, … or x₀, x₁, …; for n ≤ 3 also x, y, z.

    Integers, decimals and fractions are exact; + − * / ^ ** ( ), ² for ^2, and 2xy for 2*x*y. ValueError on a typo
    says where it is and what would be right.
    """
    if not isinstance(text, str):
        raise TypeError(f"polynomial takes text such as 'x0^2 + x1^2', not {type(text).__name__}")
    if require_integer("polynomial(…): the number of variables n", n) > VARIABLES:
        raise ValueError(f"polynomial(…, n={n}): {n:,} variables are more than the {VARIABLES:,} that can be handled")
    return _Reader(text, n).all()


class _Reader:
    def __init__(self, text: str, n: int) -> None:
        self.text, self.n, self.depth = text, n, 0
        plain = re.sub(f"([{_LOWER}]+)", lambda m: "".join(str(_LOWER.index(c)) for c in m[1]) + " ", text)
        plain = re.sub(f"([{_UPPER}]+)", lambda m: "^" + "".join(str(_UPPER.index(c)) for c in m[1]) + " ", plain)
        plain = plain.translate(str.maketrans("−–·×[]", "--**()")).rstrip()
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(plain):
            match = _TOKEN.match(plain, at)
            if match is None:
                raise self.error(f"{plain[at:].strip()[0]!r} is no number, variable or sign")
            self.tokens.append((str(match.lastgroup), match[0].strip()))
            at = match.end()
        self.at = 0

    def error(self, what: str) -> ValueError:
        return ValueError(f"polynomial {self.text!r}: {what}; write for example x0^2 - 3*x0*x1 + 1/2")

    def next(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def takes(self, *signs: str) -> bool:
        found = self.next()[0] == "sign" and self.next()[1] in signs
        self.at += found
        return found

    def all(self) -> Polynomial:
        if not self.tokens:
            raise self.error("it is empty")
        f = self.sum()
        if self.next()[0] != "end":
            raise self.error("a parenthesis ) closes none" if self.next()[1] == ")" else f"{self.next()[1]!r} is left")
        return f

    def sum(self) -> Polynomial:
        f = -self.product() if self.takes("-") else self.product()
        while self.next() in (("sign", "+"), ("sign", "-")):
            f = f - self.product() if self.takes("-") else f + self.product() if self.takes("+") else f
        return f

    def product(self) -> Polynomial:
        f = self.power()
        while True:
            if self.takes("*"):
                f = self.bounded(f, self.power())
            elif self.takes("/"):
                divisor = self.power()
                if divisor.degree > 0:
                    raise self.error(f"division by {divisor} leaves the polynomials; divide by numbers only")
                if not divisor.terms:
                    raise self.error("division by zero")
                f = f / divisor.terms[0][1]
            elif self.next()[0] in ("number", "name") or self.next() == ("sign", "("):
                f = self.bounded(f, self.power())
            else:
                return f

    def bounded(self, f: Polynomial, g: Polynomial) -> Polynomial:
        if f.degree + g.degree > DEGREE or len(f.terms) * len(g.terms) > 10**5:
            raise self.error(f"its degree is above {DEGREE}, or it has too many terms")
        return f * g

    def power(self) -> Polynomial:
        f = self.atom()
        while self.takes("^", "**"):
            kind, k = self.next()
            if kind != "number" or not k.isdigit():
                raise self.error(f"the exponent {k!r} is no integer ≥ 0" if k else "the exponent is missing")
            self.at += 1
            if int(k) * max(f.degree, 1) > DEGREE:
                raise self.error(f"its degree is above {DEGREE}")
            f = f ** int(k)
        return f

    def atom(self) -> Polynomial:
        kind, token = self.next()
        self.at += 1
        if kind == "number":
            if len(token) > DIGITS:
                raise self.error(f"a number has {len(token):,} digits, more than {DIGITS:,}")
            return Polynomial.of({(0,) * self.n: Fraction(token)}, self.n)
        if kind == "name":
            return self.variable(token)
        if token in ("(", "-"):
            self.depth += 1
            if self.depth > DEPTH:
                raise self.error(f"more than {DEPTH} parentheses or signs are nested")
            f = self.sum() if token == "(" else -self.power()
            if token == "(" and not self.takes(")"):
                raise self.error("a parenthesis ( is not closed")
            self.depth -= 1
            return f
        raise self.error("it ends too early" if kind == "end" else f"a number or variable is missing before {token!r}")

    def variable(self, name: str) -> Polynomial:
        digits = re.sub(r"\D", "", name)
        index = int(digits) if digits else "xyz".find(name) if self.n <= 3 else -1
        if not digits and not 0 <= index < self.n:
            letters = f", or {', '.join('xyz'[: self.n])}" if self.n <= 3 else ""
            raise self.error(f"{name!r} is unknown; the variables are x0 … x{self.n - 1}{letters}")
        if index >= self.n:
            raise self.error(f"x{index} is one too far: {self.n} variables are x0 … x{self.n - 1}")
        return Polynomial.of({tuple(int(i == index) for i in range(self.n)): 1}, self.n)
