# %% [markdown]
# # 03 · Which invariants are enough?
#
# Chapter 02 makes an invariant out of any function. There are infinitely many: which ones have to be computed before nothing new can
# come? **Invariant theory** answers for polynomials. For a finite group a short list is enough, the list can be found by computer, and
# one formula says in advance how many invariants there are in each degree. A network that reads such a list sees everything about
# its input that the group leaves unchanged, and nothing else (chapter 04).
#
# **You will be able to**
#
# - count the invariants of each degree before you know a single one (Molien's theorem, three lines of code);
# - find generators for a group, say why they are complete, and write any invariant in terms of them;
# - do the same for several vectors, for rotations, and for equivariant maps;
# - choose a shorter list where it is enough to tell orbits *apart*, and say how stable it is;
# - recognise shapes in images whatever way they are turned, with invariants you have derived yourself.
#
# **Time**: two sittings of 60 minutes, the second from *More than one vector* on · **You need**: chapter 02 (averages are projections;
# traces count)

# %% tags=["setup"]
import itertools
import math

import flint
import matplotlib.pyplot as plt
import numpy as np
import torch

from eqkit import doctor, groups, invariants, reynolds, subspaces, teaching
from eqkit.invariants import polynomial
from eqkit.representations import assert_equivariant, assert_invariant
from eqkit.tasks import digits, rotated_digits
from eqkit.views import InvariantRingExplorer, OrbitPlayground, style

doctor.greet()

# %%
teaching.notation()

# %% [markdown]
# ## Recap
#
# The **orbit** of a point $x$ is the set of all $gx$. An invariant is a function that is constant on orbits. The Reynolds operator
# projects any function onto the invariant ones, and on a space of finite dimension its trace counts them. For the quarter turns of the
# plane, $(x_0, x_1) \mapsto (-x_1, x_0)$, that gave three invariant polynomials of degree 4, spanned by $(x_0^2+x_1^2)^2$, $x_0^2x_1^2$ and
# $x_0^3x_1 - x_0x_1^3$, and five of degree 8.
#
# *Variables* are $x_0, x_1, \dots$ in this chapter, as in code.

# %% [markdown]
# ## Predict
#
# The group of quarter turns is `C.plane(4)`. With the reflections of the square it becomes `D.plane(4)`. The invariants $I_1 = x_0^2 +
# x_1^2$ and $I_2 = x_0^2x_1^2$ belong to both.

# %%
guess = teaching.predict(
    "Is I₃ = x₀³x₁ − x₀x₁³, an invariant of the quarter turns, a polynomial in I₁ and I₂?",
    ["yes", "no, but its square is", "no, and no power of it is"],
)
guess

# %% [markdown]
# ## Watch it happen
#
# Drag the black point $x$: its orbit moves with it. Then drag $y$, and see which invariants tell the two apart.
#
# 1. How many points has an orbit? Where does it have fewer?
# 2. At first $y$ is the mirror image of $x$: $x = (0.9, 0.4)$, $y = (0.4, 0.9)$. Which of the three invariants tells them apart?
# 3. Choose `D.plane(4)`. Why is one invariant missing from the list now? Put $x$ on a mirror: what happens to the orbit?

# %%
playground = OrbitPlayground(groups.C.plane(4), x=(0.9, 0.4), y=(0.4, 0.9))
playground

# %%
state = playground.state()
print("orbit", state["orbit"], "· stabiliser", state["stabiliser"], "· order", state["order"])
print("invariants agree:", state["invariants_equal"])

# %% [markdown]
# *The answers.* (1) Four; the origin alone is an orbit of one. (2) Only $I_3$: a reflection changes its sign. (3) For that very
# reason $I_3$ is no invariant of `D.plane(4)`. (In place of $I_2$ its list has $x_0^4 + x_1^4 = I_1^2 - 2I_2$, which serves as well.) A
# point on a mirror is fixed by it, and its orbit has four points, not eight. In general
#
# $$|\text{orbit of } x| \cdot |\text{stabiliser of } x| = |G|,$$
#
# where the **stabiliser** is the group of all $g$ with $gx = x$. (*Proof.* $gx = hx$ exactly if $g^{-1}h$ fixes $x$. So each point of the
# orbit is reached by as many $g$ as the stabiliser has elements. ∎)

# %%
points = {"in general": [1, 3, 7], "on a mirror": [1, 1, 7], "on an axis": [1, 1, 1], "origin": [0, 0, 0]}
for name, x in points.items():
    moved = groups.SignedPermutations(3).elements().long() @ torch.tensor(x)
    orbit, stabiliser = len(moved.unique(dim=0)), int((moved == torch.tensor(x)).all(1).sum())
    print(f"cube, x {name:11s}: {orbit:2d} points · {stabiliser:2d} = {orbit * stabiliser}")

# %% [markdown]
# ## Explain: generators, and a relation between them
#
# `invariant_ring` finds **generators**: invariants such that every other one is a polynomial in them. It returns as few as possible.

# %%
R = invariants.invariant_ring(groups.C.plane(4))
for i, f in enumerate(R.generators):
    print(f"I{i + 1} = {f}")

# %% [markdown]
# *The prediction.* Both $I_1$ and $I_2$ are unchanged by reflections, so every polynomial in them is too. $I_3$ changes sign: it cannot be
# one. But its square can, and `rewrite` finds the polynomial, exactly:

# %%
square = R.generators[2] ** 2
of_two = invariants.rewriting.rewrite(square, R.generators[:2])
print("I₃² = p(I₁, I₂) with p =", of_two)
print("checked by substitution:", R.generators[0] ** 2 * R.generators[1] - 4 * R.generators[1] ** 2 == square)
print("relations of degree 8 among the three:", R.relations(8))

# %% slide="fragment"
guess.reveal("no, but its square is")

# %% [markdown]
# So $I_3^2 = I_1^2I_2 - 4I_2^2$. (In what `rewrite` prints, $x_0$ stands for $I_1$ and so on.) Such a **relation** is why counting is not
# simple: three generators, but not every polynomial in them is a different function.
#
# **Generators separate orbits.** If $x$ and $y$ lie in different orbits of a finite group, some generator differs. *Proof.* The two
# orbits are finite sets, so some polynomial is 0 on the one and 1 on the other. Its average over the group still is, and it is
# invariant, hence a polynomial in the generators. If these agreed, so would it. ∎
#
# A test in integers: all pairs of points of a grid of 13 × 13. And is $I_3$ needed for it?

# %%
grid = torch.cartesian_prod(torch.arange(-6, 7), torch.arange(-6, 7))
moved = (groups.C.plane(4).elements().round().long() @ grid.T).permute(2, 0, 1)  # (points, 4, 2)
same_orbit = (moved[:, None] == grid[None, :, None]).all(-1).any(-1)  # (points, points)
values = R(grid).long()  # integers, exactly
for k in (3, 2):
    agree = (values[:, None, :k] == values[None, :, :k]).all(-1)
    print(f"{k} invariants: {int((agree & ~same_orbit).sum()):3d} pairs of points in different orbits are confused")

# %% [markdown]
# ## Theorem: how many are there? (Molien 1897)
#
# **Theorem.** Let $m_d$ be the number of independent invariant polynomials of degree $d$ of a finite group. Then
#
# $$\sum_{d} m_d\,t^d \;=\; \frac{1}{|G|}\sum_{g\in G} \frac{1}{\det(E - t\,g)}.$$
#
# *Proof.* Let $\lambda_1, \dots, \lambda_n$ be the eigenvalues of $g$. The eigenvalues of $f(x) \mapsto f(gx)$ on polynomials of degree $d$ are
# all products $\lambda_1^{a_1}\cdots\lambda_n^{a_n}$ with $\sum a_i = d$: take coordinates in which $g$ is diagonal, and monomials. Their sum, the trace, is the coefficient of $t^d$ in $\prod_i (1 + \lambda_i
# t + \lambda_i^2t^2 + \dots) = \prod_i 1/(1 - \lambda_i t) = 1/\det(E - tg)$. And the mean of the traces counts the invariants (chapter
# 02). ∎
#
# Three lines of code: evaluate the right side on a circle in the complex plane, average, and read off the coefficients by a Fourier
# transform.


# %%
turns = torch.arange(64, dtype=torch.float64) / 64
CIRCLE = torch.exp(2j * math.pi * turns) / 2  # 64 points with |t| = 1/2


def coefficients(values, degree):
    """c₀, …, c_degree of the power series Σ c_d t^d with these values on the circle; for integers c_d."""
    return [round(float(c)) for c in (torch.fft.fft(values).real / 64 * 2.0 ** torch.arange(64))[: degree + 1]]


def molien(g, degree):
    E = torch.eye(g.shape[-1], dtype=torch.float64)
    values = 1 / torch.linalg.det(E - CIRCLE[:, None, None] * g[:, None])  # (order, 64)
    return coefficients(values.mean(0), degree)


print("quarter turns:", molien(groups.C.plane(4).elements(), 8))
for G in (groups.C.plane(4), groups.S(3), groups.Octahedral(), groups.Icosahedral()):
    found = molien(G.elements(), 12)
    traces = [round(float(reynolds.projector(G.vector.sym(d)).trace())) for d in range(1, 7)]
    sizes = [len(invariants.basis(G, d)) for d in range(1, 7)]
    print(f"{G!s:13s} {found}")
    print("  = molien_series:", found == invariants.molien_series(G, 12), "· = traces:", found[1:7] == traces, end=" ")
    print("· = sizes of bases:", found[1:7] == sizes)

# %% [markdown]
# (`molien_series` computes the same in whole numbers, with no rounding at all.) The term of $g = E$ is $1/(1-t)^n$, which counts *all*
# polynomials. If no other $g$ is a multiple of $E$, it outgrows the other terms in high degrees, so that about one polynomial in $|G|$ is
# invariant. The picture shows the even degrees, where the share comes down to $1/|G|$; in the odd ones it comes up from below.

# %%
with style.figure(size=(7, 2.8)) as (figure, axes):
    for G, hue in ((groups.A(3), "data"), (groups.Tetrahedral(), "group"), (groups.Octahedral(), "invariant")):
        m, ink = invariants.molien_series(G, 120), style.colour(hue)
        axes.plot(range(0, 121, 2), [m[d] / math.comb(d + 2, 2) for d in range(0, 121, 2)], ".", color=ink)
        axes.axhline(1 / G.order, color=ink, linewidth=1)
        axes.annotate(f"1/{G.order}: {G}", (123, 1 / G.order), (0, 5), textcoords="offset points", color=ink)
    axes.set(
        title="In high degrees one polynomial in |G| is invariant",
        xlabel="even degree d",
        ylabel="share of all",
        yscale="log",
    )
    axes.set_xlim(-3, 165)
    plt.show()

# %% [markdown]
# ### A series that knew something about codes
#
# Two complex matrices generate a group of order 192, with invariants in degrees 8, 16, 24 (two), … only: the series is
# $1/\big((1-t^8)(1-t^{24})\big)$. Gleason (1970): a binary code of length $n$ is a subspace of $\mathbb F_2^n$; let $x_0^{n-w}x_1^w$ stand for a
# word with $w$ ones, its *weight*. If the code equals its dual (the words orthogonal to all of it) and all weights are divisible by 4,
# the sum over its words is an invariant of this group: the first matrix exchanges a code and its dual (MacWilliams), the second counts
# weights modulo 4. So such codes have a length divisible by 8. Here is the shortest one, the extended Hamming code, and its sum *is* the
# first generator:

# %%
hadamard, phase = [[0.5**0.5, 0.5**0.5], [0.5**0.5, -(0.5**0.5)]], [[1, 0], [0, 1j]]
gleason = groups.MatrixGroup(torch.tensor([hadamard, phase], dtype=torch.complex128), name="Gleason's group")
rows = torch.tensor(
    [[1, 0, 0, 0, 0, 1, 1, 1], [0, 1, 0, 0, 1, 0, 1, 1], [0, 0, 1, 0, 1, 1, 0, 1], [0, 0, 0, 1, 1, 1, 1, 0]]
)
words = torch.cartesian_prod(*[torch.arange(2)] * 4) @ rows % 2  # 16 words of length 8
counts = words.sum(1).bincount().tolist()
enumerator = invariants.Polynomial.of({(8 - w, w): count for w, count in enumerate(counts)}, 2)
R = invariants.invariant_ring(gleason)
print(
    f"order {gleason.order}; how many, by degree:",
    {d: m for d, m in enumerate(invariants.molien_series(gleason, 48)) if m},
)
print("words by weight:", enumerator, "· the first generator:", enumerator == R.generators[0])

# %% [markdown]
# ## How do we know that a list is complete?
#
# Molien's number is what there is. What do the products of some invariants span? Here is the idea behind all that `eqkit.invariants`
# computes: represent a polynomial by its **values at random points**. Products are products of values, and the dimension of a span is the
# rank of a matrix of numbers. To be exact, take the numbers modulo a prime, $\mathbb F_p$ with $p = 2^{31} - 1$.
#
# The rank can only come out too small: random points may be unlucky, and a minor may be divisible by $p$. So if it reaches Molien's
# number, the list is complete in that degree, and *luck plays no part in the proof*.

# %%
PRIME = 2**31 - 1


def exponents(degrees, d):
    """All e with Σ eᵢ degreesᵢ = d."""
    if not degrees:
        return [()] if d == 0 else []
    first, *rest = degrees
    return [(k, *e) for k in range(d // first + 1) for e in exponents(rest, d - k * first)]


def modular(f, points):
    """The values of a polynomial with rational coefficients, modulo the prime."""
    total = torch.zeros(len(points), dtype=torch.int64)
    for e, c in f.terms:
        term = torch.full_like(total, c.numerator * pow(c.denominator, -1, PRIME) % PRIME)
        for i in itertools.chain.from_iterable([i] * k for i, k in enumerate(e)):
            term = term * points[:, i] % PRIME
        total = (total + term) % PRIME
    return total


def spanned(generators, d):
    """How many independent polynomials of degree d the products of the generators span."""
    n, products = generators[0].n, exponents([f.degree for f in generators], d)
    points = torch.randint(PRIME, (len(products) + 1, n), generator=torch.Generator().manual_seed(0))
    at, table = [modular(f, points) for f in generators], []
    for e in products:
        row = torch.ones(len(points), dtype=torch.int64)
        for values, k in zip(at, e, strict=True):
            for _ in range(k):
                row = row * values % PRIME
        table.append(row.tolist())
    return flint.nmod_mat(table, PRIME).rank() if table else 0


for G in (groups.C.plane(4), groups.Octahedral(), groups.A(4), groups.C(5)):
    R = invariants.invariant_ring(G)
    reached = [spanned(R.generators, d) for d in range(11)]
    print(f"{G!s:12s} {reached} = Molien: {reached == invariants.molien_series(G, 10)}")

# %% [markdown]
# Degree by degree, that goes on for ever. What is still missing is a degree after which nothing new can come: **Noether's bound**, for
# which we need the most famous example first.

# %% [markdown]
# ## Theorem: symmetric functions
#
# **Theorem.** Every symmetric polynomial in $x_0, \dots, x_{n-1}$ is a polynomial in the power sums $p_k = \sum_i x_i^k$, $k = 1, \dots,
# n$, in exactly one way.
#
# *Proof.* A symmetric polynomial is a combination of orbit sums of monomials. In degree $d$ these are as many as there are ways to
# write $d$ as a sum of at most $n$ positive integers, the exponents. Products of power sums of degree $d$ are as many as there are
# ways to write $d$ as a sum of integers $\le n$. Draw such a sum as rows of dots and read it by columns: the two numbers are equal. And
# the products are independent, since the Jacobian determinant of $p_1, \dots, p_n$ is $n!$ times that of Vandermonde, $\prod_{i<j}(x_j -
# x_i) \ne 0$. ∎
#
# For example the *discriminant*, which is 0 exactly if two of three numbers are equal:

# %%
S3 = invariants.invariant_ring(groups.S(3))
x0, x1, x2 = (polynomial(f"x{i}", n=3) for i in range(3))
discriminant = ((x0 - x1) * (x0 - x2) * (x1 - x2)) ** 2
p = S3.rewrite(discriminant)
print("generators:", S3.generators)
print("discriminant:", p, "  (x₀ is p₁, x₁ is p₂, x₂ is p₃)")
x = torch.randint(-5, 6, (100, 3), generator=torch.Generator().manual_seed(0))
print(
    "the same at 100 points:", torch.allclose(p(S3(x)), discriminant(x)), "· relations of degree 12:", S3.relations(12)
)

# %% [markdown]
# A set of numbers is known by its power sums: that is where Deep Sets come from (chapter 04).

# %% [markdown]
# ## Theorem: Noether's bound (1916)
#
# **Theorem.** The invariants of a finite group are generated by those of degree $\le |G|$.
#
# *Proof.* Take numbers $u_i$ as further variables. The $|G|$ quantities $u\cdot gx$, one for each $g$, have the power sums
#
# $$\sum_{g}(u\cdot gx)^d \;=\; \sum_{|a| = d} \frac{d!}{a!}\; u^a \sum_g (gx)^a \;=\; |G|\sum_{|a|=d}\frac{d!}{a!}\;u^a\, R(x^a)(x).$$
#
# By the theorem before, those with $d > |G|$ are polynomials in those with $d \le |G|$. Compare the coefficients of $u^a$: each $R(x^a)$
# is a polynomial in the $R(x^b)$ with $|b| \le |G|$. And the $R(x^a)$ span all invariants, because $R$ is a projection. ∎
#
# How good is the bound? The table shows the largest degree that is needed, and the bound that `eqkit` has used, the lowest of several.
# (*Shephard–Todd–Chevalley* and *hsop*, primary invariants: see below. *Hilbert*: once every polynomial of a degree lies in the ideal of
# the invariants found so far, that is, is a sum of them with polynomial coefficients, no new one can come.)

# %%
family = [groups.C(n) for n in range(2, 7)] + [groups.C.plane(n) for n in range(3, 7)]
family += [groups.D.plane(3), groups.D.plane(4), groups.S(3), groups.S(4), groups.A(4), groups.D(4), groups.D(5)]
family += [groups.Quaternion(), groups.SignFlips(3), groups.Tetrahedral(), groups.Octahedral(), groups.Icosahedral()]
attained = []
print("group          order  needed  bound: its reason")
for G in family:
    R = invariants.invariant_ring(G)
    if max(R.degrees) == G.order:
        attained.append(G)
    bound = R.certificate.bound
    print(f"{G!s:14s} {G.order:5d} {max(R.degrees):7d}  {bound.value:5d}: {bound.reason.split(':')[0]}")
    assert max(R.degrees) <= R.certificate.bound.value <= G.order

# %%
print("attained by", ", ".join(map(str, attained)))


def is_cyclic(G):
    """Has some element the order of the group, so that all others are its powers?"""
    powers = [torch.linalg.matrix_power(G.elements(), k) for k in range(1, G.order)]
    is_one = (torch.stack(powers) - torch.eye(G.n)).abs().amax((2, 3)) < 1e-9  # (powers, elements)
    return bool((~is_one).all(0).any())


print("exactly the cyclic ones:", attained == [G for G in family if is_cyclic(G)])

# %% [markdown]
# (Schmid 1991: only cyclic groups attain it.) For permutations of $n$ points the degrees are $\le \max(n, n(n-1)/2)$ however large the
# group (Göbel 1995), and the even permutations $A(n)$ attain that, for $n \ge 3$. Their new invariant is the Vandermonde product, of
# degree $n(n-1)/2$:

# %%
for n in (3, 4, 5):
    R = invariants.invariant_ring(groups.A(n))
    print(f"A({n}), order {groups.A(n).order}: degrees {R.degrees} · n(n − 1)/2 = {n * (n - 1) // 2}")

# %% [markdown]
# So the search is finite: go through the degrees up to a bound, add what is new, and compare with Molien. A `certificate` says what the
# proof rests on. (`python tests/benchmarks/invariant_rings.py` prints how long it takes for the recorded groups, beside the computer
# algebra system Singular in the same run.)

# %%
for G in (groups.Octahedral(), groups.F4()):
    R = invariants.invariant_ring(G)
    print(f"{G}, order {G.order}: degrees {R.degrees}\n  {R.certificate}")

# %% [markdown] slide="notes"
# For the lecturer: let the class guess the degrees for the octahedron first. 2 is everybody's guess; that 9 is needed, the first odd
# degree at all, is the surprise of the next picture.

# %% [markdown]
# ## Explore: primary and secondary
#
# Choose a group or type one. Light bars count the invariants that lower degrees give, dark ones those that are new. Choose a
# generator, drag the point: the whole orbit stays on one level of the surface.
#
# 1. How many generators have the rotations of the octahedron? And with its reflections, `SignedPermutations(3)`?
# 2. Which of `C(5)` and `D(5)` needs more generators, and why?
# 3. For which groups does the verdict say *independent*?

# %%
explorer = InvariantRingExplorer(groups.Octahedral())
explorer

# %%
state = explorer.state()
print({key: state[key] for key in ("group", "order", "molien", "degrees", "polynomial_ring", "bound")})

# %% [markdown]
# *The answers.* (1) Four, of degrees 2, 4, 6, 9, against three, of degrees 2, 4, 6. (2) $C(5)$, the smaller group: 15 against 9. Fewer
# symmetries leave more invariants. (3) For those generated by reflections, see below.
#
# **Theorem (Hironaka decomposition).** There are $n$ invariants $\theta_1, \dots, \theta_n$, the *primary* ones, and finitely many
# *secondary* ones $\eta_i$, such that every invariant is $\sum_i \eta_i\, q_i(\theta_1, \dots, \theta_n)$ with polynomials $q_i$, in
# **exactly one way**. Hence
#
# $$\sum_d m_d t^d = \frac{\sum_i t^{\deg \eta_i}}{\prod_j (1 - t^{\deg \theta_j})}, \qquad \text{number of } \eta_i = \frac{\prod_j
# \deg\theta_j}{|G|}.$$
#
# For quarter turns: $\theta = (I_1, I_2)$ and $\eta = (1, I_3)$. The relation replaces every $I_3^2$, so $I_3$ is needed once or not at
# all. The identity, tested to degree 30:

# %%
cases = groups.C.plane(4), groups.A(4), groups.Tetrahedral(), groups.Octahedral(), groups.Quaternion(), groups.C(5)
print("group         series" + 62 * " " + "= Molien  number of η")
for G in cases:
    R = invariants.invariant_ring(G)
    h = R.hilbert_series()
    size = len(R.secondary) * G.order == math.prod(f.degree for f in R.primary)
    same = h.coefficients(30) == invariants.molien_series(G, 30)
    print(f"{G!s:13s} {h!s:67s} {same!s:9s} {size}")

# %% [markdown]
# ### When no relations are left
#
# **Theorem (Shephard & Todd 1954, Chevalley 1955).** The generators are independent, with no relation between them, exactly if the group
# is generated by reflections (matrices that fix a hyperplane). Then the degrees satisfy $\prod d_i = |G|$, and $\sum (d_i - 1)$ is the
# number of reflections.

# %%
print("group                  order  degrees         Π dᵢ = order   Σ (dᵢ − 1)  reflections")
for G in (groups.S(4), groups.D.plane(5), groups.SignedPermutations(3), groups.H3(), groups.F4(), groups.Octahedral()):
    R, g = invariants.invariant_ring(G), G.elements()
    reflections = int((torch.linalg.matrix_rank(g - torch.eye(G.n), tol=1e-6) == 1).sum())
    product, total = math.prod(R.degrees) == G.order, sum(R.degrees) - R.size
    print(f"{G!s:22s} {G.order:5d}  {R.degrees!s:15s} {product!s:14s} {total:10d} {reflections:12d}")
    assert R.is_polynomial_ring == (product and total == reflections)

# %% [markdown]
# $H_3$ has the symmetries of the icosahedron with reflections, $F_4$ those of the 24-cell in four dimensions. The last row has no
# reflections at all, and four generators in three variables: there must be a relation.

# %% [markdown]
# ## More than one vector
#
# Data rarely come as one vector. Let a group act on several at once: $v$ and $w$ in the plane, both turned by the same quarter turn. From
# an invariant of one vector we get some of two by **polarisation**: $f(sv + tw)$ is invariant for all numbers $s, t$, hence each
# coefficient is. From $|v|^2$ come $|v|^2$, $v\cdot w$ and $|w|^2$. Are these all, of degree 2?

# %%
guess = teaching.predict("How many invariants of degree 2 have two vectors under quarter turns?", ["3", "4", "6"])
guess

# %%
C4 = groups.C.plane(4)
polarised = invariants.polarisations(invariants.invariant_ring(C4), 2).polynomials
two = groups.MatrixGroup(torch.stack([torch.block_diag(g, g) for g in C4.generators]), name="C.plane(4) on two vectors")
print("there are    ", invariants.molien_series(two, 8)[::2], "in degrees 0, 2, 4, 6, 8")
print("polarisations", [spanned(polarised, d) for d in range(0, 9, 2)])
determinant = polynomial("x0 x3 - x1 x2", n=4)
print("with det(v,w)", [spanned([*polarised, determinant], d) for d in range(0, 9, 2)])

# %% slide="fragment"
guess.reveal("4")

# %% [markdown]
# The determinant $\det(v, w) = v_0w_1 - v_1w_0$ is an invariant of *pairs* that no single vector has: for $w = v$ it is 0. In general
# (Weyl): for more than $n$ vectors of dimension $n$, polarisations of the generators for $n$ vectors are enough. For $S(n)$, *all*
# permutations, those of a *single* one are. So sets of points in any dimension are known by their mixed power sums $\sum_i x_i^ay_i^b\cdots$ of degree $\le n$,
# and there are $\binom{n+m}{m} - 1$ of them:

# %%
for n, m in ((2, 2), (3, 2), (4, 2), (3, 3)):
    polarised = invariants.polarisations(invariants.invariant_ring(groups.S(n)), m).polynomials
    several = groups.permutation_group(
        [[i + n * k for k in range(m) for i in g.argmax(0).tolist()] for g in groups.S(n).generators]
    )
    complete = [spanned(polarised, d) for d in range(5)] == invariants.molien_series(several, 4)
    print(
        f"{n} points in {m} dimensions: {len(polarised):2d} = {math.comb(n + m, m) - 1}; all up to degree 4: {complete}"
    )

# %% [markdown]
# ### Infinite groups
#
# For compact groups the Haar average takes the place of the mean: again finitely many invariants generate (Hilbert), and they separate
# orbits. Only Noether's bound is lost, with $|G|$. The **first fundamental theorems** name the generators. For vectors under rotations of space: all dot products, and all *brackets* $[x\,y\,z]$, determinants of three of them. That these are
# enough can be counted too, since Molien's mean becomes an integral over rotation angles (Weyl's integral), which a finite sum computes
# exactly:

# %%
SO3 = groups.SO(3)
three = invariants.fundamental(3 * SO3.vector)
print(three.names)
design = reynolds.class_functions(SO3, 8)
E = torch.eye(3, dtype=torch.float64)
values = 1 / torch.linalg.det(E - CIRCLE[:, None, None] * design.elements[:, None]) ** 3  # for three vectors
series = coefficients(design.mean(values), 8)
x = torch.randn(200, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
values = three(x)
ranks = []
for d in range(9):
    rows = [values.pow(torch.tensor(e)).prod(1) for e in exponents(list(three.degrees), d)]
    ranks.append(int(torch.linalg.matrix_rank(torch.stack(rows), rtol=1e-9)) if rows else 0)
print("there are", series, "\nspanned  ", ranks)

# %% [markdown]
# For rotations of the plane there is a way that needs no theorem. Write a vector as a complex number $z = x + iy$. The turn by $\theta$
# multiplies it by $e^{i\theta}$, and a plane that turns $k$ times as fast by $e^{ik\theta}$. So a product of $z$'s and $\bar z$'s is
# multiplied by $e^{i(\dots)\theta}$, and is invariant exactly if the **weights add up to 0**: one equation in non-negative integers. Its
# minimal solutions generate. For two planes with weights 1 and 2:

# %%
print(invariants.hilbert_basis(np.array([[1, -1, 2, -2]]), np.array([0])).tolist(), "powers of z, z̄, w, w̄")
print(*invariants.circle([1, 2]).names, sep="\n")

# %% [markdown]
# They are $|z|^2$, $|w|^2$, and the real and the imaginary part of $z^2\bar w$. We shall use this on images below.

# %% [markdown]
# ## Maps, not only numbers
#
# Equivariant polynomial maps $f(gx) = W(g)f(x)$ can be multiplied by invariants. So we look for maps $f_j$ such that every other is
# $\sum_j p_j(x)\,f_j(x)$ with invariant $p_j$. Again there is a count, Molien's formula with the character of $W$ in the numerator,
# $\frac{1}{|G|}\sum_g \overline{\chi_W(g)}/\det(E - tg)$. The trick (Malgrange): a map $f$ is the same as the function $\langle f(x), y\rangle$
# of $x$ and one more vector $y$, an invariant that is linear in $y$.
#
# One source of maps is free: if $f$ is invariant under orthogonal matrices, its **gradient** is equivariant. Is that all of them?

# %%
for G in (groups.SignedPermutations(3), groups.S(3), groups.C.plane(4)):
    maps, R = invariants.equivariants(G, G.vector), invariants.invariant_ring(G)
    assert_equivariant(lambda x, maps=maps: maps(x).sum(-2), G.vector, G.vector)
    m, counts = invariants.molien_series(G, 8), invariants.molien_series(G, 8, G.vector)
    free = counts == [sum(m[d - e] for e in maps.degrees if e <= d) for d in range(9)]
    print(f"{G}: {', '.join(maps.names)}")
    print(f"  counts {counts}; each map in one way: {free}")
    print(f"  degrees of the maps {list(maps.degrees)}, of gradients {[d - 1 for d in R.degrees]}")

# %% [markdown]
# For groups generated by reflections the gradients of the generators are a basis (Solomon 1963): the count is $\sum_j m_{d - \deg f_j}$,
# so each map is $\sum_j p_jf_j$ in one way only. For quarter turns they miss the map of degree 1 that everyone knows: the quarter turn
# $(x_0, x_1) \mapsto (x_1, -x_0)$ itself. A network whose output is the gradient of an invariant cannot turn.

# %% [markdown]
# ## Enough to tell apart
#
# Generators make every invariant *polynomial*. To tell orbits apart is less, and takes fewer numbers: $2D + 1$ random combinations of
# invariants are enough, with probability 1, where $D$ is the dimension of the data. For clouds of $n$ points in $k$ dimensions (a matrix
# $X$ with its rows in any order) Dym and Gortler need no polynomials at all: $\langle a_j, \operatorname{sort}(Xw_j)\rangle$ for random
# $a_j, w_j$, that is, project on a line, sort, weigh.

# %%
print("points in space   generators   separating")
for n in (4, 10, 50):
    print(f"{n:15d} {math.comb(n + 3, 3) - 1:12,d} {2 * 3 * n + 1:12d}")

# %% [markdown]
# Why not sort each column for itself? Two clouds of two points in the plane:

# %%
V = 2 * groups.S(2).vector  # all first coordinates, then all second ones
one = torch.tensor([0.0, 1.0, 0.0, 1.0], dtype=torch.float64)  # (0, 0) and (1, 1)
other = torch.tensor([0.0, 1.0, 1.0, 0.0], dtype=torch.float64)  # (0, 1) and (1, 0)
features = invariants.separating(V, torch.Generator().manual_seed(0))
print("sorted columns agree:", torch.equal(one.view(2, 2).sort().values, other.view(2, 2).sort().values))
print("sorted projections agree:", torch.allclose(features(one), features(other)), "· how many:", features.size)
assert_invariant(features, V)

# %% [markdown]
# All clouds of three points with coordinates 0 and 1 in space: how many of them are different, and how many does each list tell apart?

# %%
V = 3 * groups.S(3).vector
clouds = torch.cartesian_prod(*[torch.arange(2)] * 9).double()  # (512, 9)
features = invariants.separating(V, torch.Generator().manual_seed(0))


def told_apart(values):
    """How many of the rows differ by more than rounding."""
    return len((torch.cdist(values, values) < 1e-6).int().argmax(1).unique())


print("different up to order:", len({tuple(sorted(zip(*x.view(3, 3).tolist(), strict=True))) for x in clouds}))
print("sorted columns:", told_apart(clouds.view(-1, 3, 3).sort(-1).values.flatten(1)))
print(f"{features.size} separating invariants:", told_apart(features(clouds)))

# %% [markdown]
# ### How far apart?
#
# To *differ* is not yet to differ *measurably*. The distance of two orbits is $d(x, y) = \min_g|x - gy|$. A good list changes neither much
# faster nor much slower: $c\,d(x,y) \le |f(x) - f(y)| \le C\,d(x,y)$ with $c > 0$, it is **bi-Lipschitz**. Power sums are not: take $x =
# (t, -t, 0)$ and $y = 0$ under $S(3)$. They are $(0, 2t^2, 0)$ and 0, only $2t^2$ apart, while the distance is $\sqrt2\,t$. **Max filters**
#
# $$f_j(x) = \max_{g}\,\langle gx, z_j\rangle$$
#
# for $2D$ random templates $z_j$ separate the orbits of a finite group (Cahill et al. 2022), and max filters that separate are
# bi-Lipschitz (Balan & Tsoukanis 2023). They cost one scalar product for each element of $G$;
# for $S(n)$ sorting does it.

# %%
V = groups.S(3).vector
generator = torch.Generator().manual_seed(0)
lists = {"power sums": invariants.fundamental(V), "max filters": invariants.max_filter(V, generator=generator)}
t = torch.logspace(-6, 1, 60, dtype=torch.float64)
x, zero = t[:, None] * torch.tensor([1.0, -1.0, 0.0], dtype=torch.float64), torch.zeros(60, 3, dtype=torch.float64)
ratios = {name: (f(x) - f(zero)).norm(dim=1) / invariants.orbit_distance(V, x, zero) for name, f in lists.items()}
print("max filters, constant ratio:", bool((ratios["max filters"] / ratios["max filters"][0] - 1).abs().max() < 1e-9))
print("power sums, ratio at the smallest t below 1e-5:", bool(ratios["power sums"][0] < 1e-5))

# %%
with style.figure(size=(7, 2.8)) as (figure, axes):
    for (name, ratio), hue in zip(ratios.items(), ("group", "invariant"), strict=True):
        axes.loglog(t, ratio, color=style.colour(hue), label=name, linewidth=2)
    axes.set(title="Near the origin power sums fade, max filters do not", xlabel="t", ylabel="|f(x) − f(0)| / d(x, 0)")
    axes.legend()
    plt.show()

# %% [markdown]
# On 10,000 random pairs, many of them near each other or near a mirror, the best and the worst ratio stay within a factor of 20 for max
# filters, and sorting is perfect: for $S(n)$ on single numbers it is an isometry.

# %%
lists["sorting"] = invariants.sorting(V)
for name, f in lists.items():
    constants = invariants.bilipschitz(f, 10_000, torch.Generator().manual_seed(1))
    print(f"{name:12s} C/c < 20: {constants.distortion < 20!s:5s}  C/c = 1: {abs(constants.distortion - 1) < 1e-9}")

# %% [markdown]
# ## Real data: digits, whichever way they are turned
#
# How does one recognise a shape that may be turned? Number the pixels of an image by complex numbers $z$, with the centre of mass at 0,
# and let $\rho(z)$ be the ink. Its **complex moments** are
#
# $$c_{pq} = \sum_z \rho(z)\, z^p\, \bar z^q \big/ s^{\,p+q}, \qquad s^2 = \sum_z \rho(z)\,|z|^2,$$
#
# with the ink divided by its sum, so that $c_{10} = 0$ and $c_{00} = c_{11} = 1$; and $c_{qp} = \bar c_{pq}$.
#
# Turning the image by $\theta$ replaces $z$ by $e^{i\theta}z$, so $c_{pq}$ is multiplied by $e^{i(p-q)\theta}$: it has *weight* $p - q$.
# Products whose weights add up to 0 are invariant, and the equation above lists the minimal ones. Up to order 3 the moments are $c_{20},
# c_{21}, c_{30}$, of weights 2, 1 and 3:

# %%
weights, names = [2, -2, 1, -1, 3, -3], ["c₂₀", "c̄₂₀", "c₂₁", "c̄₂₁", "c₃₀", "c̄₃₀"]
for e in invariants.hilbert_basis(np.array([weights]), np.array([0])).tolist():
    conjugate = [e[i ^ 1] for i in range(6)]
    if e >= conjugate:  # one of each pair of conjugates
        monomial = " ".join(name + ("²³⁴⁵"[k - 2] if k > 1 else "") for name, k in zip(names, e, strict=True) if k)
        print(f"{monomial:14s}", "real" if e == conjugate else "real and imaginary part")

# %% [markdown]
# Thirteen real invariants. Six of them (with $c_{11}$ seven) are the **moments of Hu**, 1962: $|c_{20}|^2$, $|c_{30}|^2$, $|c_{21}|^2$,
# $\mathrm{Re}\,c_{20}\bar c_{21}^2$ and both parts of $c_{30}\bar c_{21}^3$. A list made by hand, and beside ours it lacks
# $\mathrm{Im}\,c_{20}\bar c_{21}^2$ (as Flusser noticed in 2000). Moments $(e^{i}, 1, 1)$ and $(e^{-i}, 1, 1)$ agree in all
# of Hu's, and are no turned copies of each other:


# %%
def hu(c20, c21, c30):
    a, b = c20 * c21.conj() ** 2, c30 * c21.conj() ** 3
    return torch.stack([c20.abs() ** 2, c30.abs() ** 2, c21.abs() ** 2, a.real, b.real, b.imag], -1)


thirteen = invariants.circle([2, 1, 3])
one = torch.polar(torch.ones(3, dtype=torch.float64), torch.tensor([1.0, 0, 0], dtype=torch.float64))
other = one.conj_physical()
real = [torch.view_as_real(c).flatten() for c in (one, other)]
print("Hu's agree:", torch.allclose(hu(*one), hu(*other)))
differ = ~torch.isclose(thirteen(real[0]), thirteen(real[1]))
print(f"in the complete list {int(differ.sum())} of {thirteen.size} differ")


# %% [markdown]
# Now 1797 handwritten digits, and besides 64 invariants of the moments up to order 4. A quarter turn only permutes the pixels, so there
# the invariants must agree *exactly*:

# %%
images, labels = digits.images().double(), digits.labels()
ORDERS = {3: [(2, 0), (2, 1), (3, 0)], 4: [(2, 0), (2, 1), (3, 0), (3, 1), (4, 0)]}
lists = {order: invariants.circle([p - q for p, q in pairs]) for order, pairs in ORDERS.items()}


def moments(images, pairs):
    """The complex moments c_pq of images (count, n, n), (count, number): centred, of unit size, of unit ink."""
    along = torch.arange(images.shape[-1], dtype=torch.float64) - (images.shape[-1] - 1) / 2
    z = torch.complex(along.expand(len(along), -1), -along[:, None].expand(-1, len(along)))
    ink = images / images.sum((1, 2), keepdim=True)
    z = z - (ink * z).sum((1, 2), keepdim=True)
    size = (ink * z.abs() ** 2).sum((1, 2), keepdim=True).sqrt()
    return torch.stack([(ink * (z / size) ** p * (z.conj() / size) ** q).sum((1, 2)) for p, q in pairs], -1)


def complete(images, order):
    """All minimal invariants of the moments up to this order, as real numbers. c₂₂ is one by itself."""
    found = lists[order](torch.view_as_real(moments(images, ORDERS[order])).flatten(1))
    return found if order < 4 else torch.cat([found, moments(images, [(2, 2)]).real], 1)


methods = {
    "pixels": lambda x: x.flatten(1),
    "Hu": lambda x: hu(*moments(x, ORDERS[3]).T),
    "order 3": lambda x: complete(x, 3),
    "order 4": lambda x: complete(x, 4),
}
turned = images.rot90(1, (1, 2))
for name, f in methods.items():
    print(
        f"{name:8s} {f(images).shape[1]:3d} features, unchanged by a quarter turn: {torch.allclose(f(images), f(turned))}"
    )

# %% [markdown]
# How well can one read with them? As in chapter 02: 400 random neurons on the features, a ridge regression on the first 1000 digits,
# upright, and the last 797 read upright, turned by a random number of quarter turns, and by any angle. (High powers are pulled together by
# a signed square root.)

# %%
guess = teaching.predict(
    "Pixels read about 95 % upright. What will 64 rotation invariants read, of turned digits?",
    ["about 95 %: nothing is lost", "about 80 %", "about 50 %"],
)
guess

# %%
generator = torch.Generator().manual_seed(0)
chosen, angles = torch.randint(4, (len(images),), generator=generator), torch.rand(len(images), generator=generator)
quarters = torch.stack([images.rot90(k, (1, 2)) for k in range(4)], 1)[torch.arange(len(images)), chosen]


def any_angle(size, reach):
    """Each digit turned by an angle of its own, drawn anew on size × size pixels."""
    return rotated_digits.turned(images[:, None].float(), math.tau * angles, size, reach)[:, 0].double()


small, wide = any_angle(8, 1), any_angle(16, 2**0.5)  # moments take images of any size


def reads(features, *sets):
    """What is read in the last 797 images of each set, after fitting to the first 1000 upright ones: (sets, 797)."""
    generator = torch.Generator().manual_seed(0)
    tables = [features(x) for x in (images, *sets)]
    tables = [x.sign() * x.abs().sqrt() for x in tables]
    centre, spread = tables[0][:1000].mean(0), tables[0][:1000].std(0) + 1e-3
    A = torch.randn(tables[0].shape[1], 400, dtype=torch.float64, generator=generator) / tables[0].shape[1] ** 0.5
    b = torch.randn(400, dtype=torch.float64, generator=generator)
    neurons = [torch.relu((x - centre) / spread @ A + b) for x in tables]
    H, Y = neurons[0][:1000], torch.nn.functional.one_hot(labels[:1000]).double()
    weights = torch.linalg.solve(H.T @ H + torch.eye(400), H.T @ Y)
    return torch.stack([(h[1000:] @ weights).argmax(1) for h in neurons])


answers = {name: reads(f, quarters, small if name == "pixels" else wide) for name, f in methods.items()}
right = {name: (read == labels[1000:]).double().mean(1).tolist() for name, read in answers.items()}
for name in ("Hu", "order 3", "order 4"):
    print(f"{name}: the same answers after quarter turns: {torch.equal(*answers[name][:2])}", end=" · ")
    print("at any angle within 5 %:", abs(right[name][0] - right[name][2]) < 0.05)
print("pixels: upright > 90 %:", right["pixels"][0] > 0.9, "· turned < 50 %:", max(right["pixels"][1:]) < 0.5)
print("order 4 reads 72 to 88 %:", 0.72 < right["order 4"][1] < 0.88)
print(
    "order 3 is no better than Hu's six, order 4 is:", right["order 3"][1] < right["Hu"][1] + 0.05 < right["order 4"][1]
)

# %%
with style.figure(size=(7.5, 3.2)) as (figure, axes):
    for which, (name, hue) in enumerate((("upright", "data"), ("quarter turns", "group"), ("any angle", "invariant"))):
        shares, places = [100 * each[which] for each in right.values()], [i + 0.27 * (which - 1) for i in range(4)]
        bars = axes.barh(places, shares, 0.25, color=style.colour(hue), label=name, zorder=2)
        axes.bar_label(bars, fmt="%.0f %%", padding=3, fontsize=9)
    axes.set(title="Invariants read alike, turned or not", xlim=(0, 112), xlabel="digits read right", yticks=range(4))
    axes.set_yticklabels([f"{name}, {f(images[:2]).shape[1]} features" for name, f in methods.items()])
    axes.invert_yaxis()
    figure.legend(loc="outside right upper")
    plt.show()

# %% slide="fragment"
guess.reveal("about 80 %")

# %% [markdown]
# Turned digits are read as well as upright ones, from upright examples alone. The price: what makes an upright digit upright is gone as
# well, and moments of low order see little detail. (The seven invariants that Hu lacks add nothing for these digits; a fourth order does.
# Under turns by any other angle the *formula* is invariant and a redrawn image only nearly so; the bars show that this is good enough.) Must not a 6 now be a 9? A 9 stood on its head has *exactly* the invariants of the 9, and many a 6 looks like it. Here
# are the 6 and the 9 that come nearest to each other by a quarter turn or two, and who is taken for whom:

# %%
sixes, nines = images[labels == 6], images[labels == 9]
gaps = torch.stack([torch.cdist(sixes.flatten(1), nines.rot90(k, (1, 2)).flatten(1)) for k in range(4)])
k, i, j = (int(a) for a in torch.unravel_index(gaps.argmin(), gaps.shape))
confused = {}
for name in ("pixels", "order 4"):
    read = answers[name][0]
    confused[name] = int(((labels[1000:] == 6) & (read == 9)).sum() + ((labels[1000:] == 9) & (read == 6)).sum())
print("the nearest turn is a half turn:", k == 2)
print("6 and 9 are confused more often than by pixels:", confused["order 4"] > confused["pixels"])
print("more than 3 nines are read as sixes:", int(((labels[1000:] == 9) & (answers["order 4"][0] == 6)).sum()) > 3)

# %%
table = torch.bincount(labels[1000:] * 10 + answers["order 4"][0], minlength=100).reshape(10, 10)
with style.figure(1, 4, size=(11, 3)) as (figure, axes):
    shown = [("a 6", sixes[i]), ("a 9", nines[j]), ("the 9 on its head", nines[j].rot90(2, (0, 1)))]
    for axis, (title, image) in zip(axes, shown, strict=False):
        axis.imshow(image, cmap="gray_r")
        axis.set(title=title, xticks=[], yticks=[])
    axes[3].imshow(table.clone().fill_diagonal_(0), cmap="cividis")
    for (a, b), count in np.ndenumerate(table.numpy()):
        if a != b and count > 2:
            axes[3].text(b, a, count, ha="center", va="center", fontsize=8, color="white" if count < 9 else "black")
    axes[3].set(title="mistakes, order 4", xlabel="read as", ylabel="digit", xticks=range(10), yticks=range(10))
    axes[3].grid(False)
    plt.show()

# %% [markdown]
# Nines are read as sixes. That is no fault of the classifier: it is what invariance *means*. Do not ask for more symmetry than the question
# has. (Most mistakes lie elsewhere, as between 1, 7 and 8.)

# %% [markdown]
# ## Limits
#
# **Groups that are not compact.** `SL(2)` has no average, but it has invariants: the determinant of two vectors, the discriminant of a
# quadratic form. For polynomials there even is a Reynolds operator: they cannot tell SL(2) from its compact relative SU(2), so average
# over that (Weyl's trick). Below, $u_0u_2$ on quadratic forms, averaged over SU(2), is unchanged by shears and stretches:

# %%
print(invariants.fundamental(2 * groups.SL(2).vector).names, "and", invariants.binary_form(2).names)
forms = groups.SU(2).vector.sym(2)
average = reynolds.project(lambda u: u[..., 0] * u[..., 2], forms, over=reynolds.polynomials(groups.SU(2), 4))
shear, stretch = torch.tensor([[1.0, 0.7], [0, 1]]).double(), torch.tensor([[2.0, 0], [0, 0.5]]).double()
u = torch.randn(20, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
on_forms = groups.SL(2).vector.sym(2)
before = average(u.to(torch.complex128))
for name, g in (("shear", shear), ("stretch", stretch)):
    after = average((u @ on_forms(g).T).to(torch.complex128))
    print(f"unchanged by a {name}: {torch.allclose(before, after)}")
discriminant = invariants.binary_form(2)(u)[:, 0]
print("it is two thirds of the discriminant:", torch.allclose(before.real, discriminant * 2 / 3))

# %% [markdown]
# But invariants no longer separate orbits. A stretch pulls $(1, 0)$ to $(\frac1k, 0)$, as near to the origin as you like: a continuous
# invariant has the same value at both, though the origin is an orbit of its own. `separating` says so:

# %%
try:
    invariants.separating(groups.SL(2).vector)
except ValueError as reason:
    print(reason)

# %% [markdown]
# **Shears** alone have not even a Reynolds operator on polynomials. An equivariant projection onto the invariant vectors of the plane
# would be a matrix $P$ of rank 1 that commutes with the shear $g$, with $gP = P$ and $P$ the identity on its image. There is none: the
# equations have only solutions with $P^2 = 0$.

# %%
g, E = torch.tensor([[1.0, 1], [0, 1]]).double(), torch.eye(2, dtype=torch.float64)
equations = torch.cat([torch.kron(g, E) - torch.kron(E, E), torch.kron(E, g.T.contiguous()) - torch.kron(E, E)])
P = subspaces.null_space(equations).T.reshape(-1, 2, 2)  # all matrices with gP = P = Pg
print("solutions of gP = P = Pg:", len(P), "· P² = 0:", torch.allclose(P[0] @ P[0], 0 * E))

# %% [markdown]
# And over a field in which $|G|$ is 0 (the *modular* case) one cannot divide by the order: there is no average, and the proofs of this
# chapter stop at their first line. All numbers in this book are real or complex.
#
# ## Which list, when?
#
# | you need | take | how many |
# |---|---|---|
# | every invariant as a polynomial of the list | generators, `invariant_ring`, `fundamental`, `circle` | depends on the group; if it is finite, degrees ≤ its order |
# | every invariant in *one* way | primary and secondary, `R.primary`, `R.secondary` | $n + \prod \deg\theta_j / \lvert G\rvert$ |
# | orbits told apart | `separating` | at most $2D + 1$ |
# | told apart, and by a margin that does not vanish | `max_filter` | $2D$, each a maximum over $G$ |
# | vectors as outputs | `equivariants` | modules over the invariants |

# %% [markdown]
# ## Exercises
#
# Each has a stub, a check, two hints and a solution. The checks look for the smallest case that goes wrong.

# %% [markdown] exercise="03.1"
# ### Exercise 03.1 · Molien by hand
# The invariants of the square, `D.plane(4)`, have the series $1/\big((1-t^2)(1-t^4)\big)$. Write `count(d)`, the number of independent
# ones of degree $d$, in one line and with no group in it.

# %% [markdown] hint="03.1"
# The series counts the pairs $(a, b)$ of integers $\ge 0$ with $2a + 4b = d$.

# %% [markdown] hint="03.1"
# For odd $d$ there is no pair. For even $d$ any $b$ from 0 to $d/4$ will do.


# %% stub="03.1"
def count(d):
    return ...


# %% check="03.1"
teaching.check("03.1", count)


# %% solution="03.1"
def count(d):
    return 0 if d % 2 else d // 4 + 1


# %% mistake="03.1"
def count(d):
    return d // 4 + 1


# %% [markdown] exercise="03.2"
# ### Exercise 03.2 · What is missing?
# The group $T_h$ is generated by sign changes of $x_0, x_1, x_2$ and by the cyclic shift $x_0 \to x_1 \to x_2 \to x_0$. (A volleyball has
# this symmetry.) Someone says that its invariants are the polynomials in $a = x_0^2 + x_1^2 + x_2^2$, $b = x_0^2x_1^2 + x_1^2x_2^2 +
# x_2^2x_0^2$ and $c = x_0^2x_1^2x_2^2$. Find one that is not, of the lowest degree: `missing = polynomial("...", n=3)`.

# %% [markdown] hint="03.2"
# In which degree does Molien promise more than a, b and c give? The order is 24, and $1/\big((1-t^2)(1-t^4)(1-t^6)\big)$ counts the
# polynomials in a, b, c.

# %% [markdown] hint="03.2"
# a, b and c are unchanged by *all* permutations. You need one that a swap changes, in squares of the $x_i$: take a monomial like
# $x_0^4x_1^2$, and average.

# %% stub="03.2"
missing = ...  # polynomial("...", n=3)

# %% check="03.2"
teaching.check("03.2", missing)

# %% [markdown] solution="03.2"
# Molien gives 4 in degree 6, and a, b, c only 3 ($a^3$, $ab$, $c$). `invariants.project(polynomial("x0^4 x1^2", n=3), T_h)` averages, and
# three times it is:

# %% solution="03.2"
missing = polynomial("x0^4 x1^2 + x1^4 x2^2 + x2^4 x0^2", n=3)

# %% mistake="03.2"
missing = polynomial("x0^4 + x1^4 + x2^4", n=3)  # that is a² − 2b

# %% [markdown] exercise="03.3"
# ### Exercise 03.3 · Newton's identities
# The elementary symmetric polynomials $e_k$, with $\prod_i (T + x_i) = \sum_k e_k T^{n-k}$, are polynomials in the power sums: $k\,e_k =
# \sum_{i=1}^k (-1)^{i-1} e_{k-i}\,p_i$, $e_0 = 1$. Write `elementary(p)`, which gets the tensor $(p_1, \dots, p_n)$ and returns the tensor
# $(e_1, \dots, e_n)$.

# %% [markdown] hint="03.3"
# Start a list `e = [1]` and append $e_1, e_2, \dots$ in turn; each needs only those before it.

# %% [markdown] hint="03.3"
# In Python $p_i$ is `p[i - 1]`. The term of $i = 1$ has the sign +.


# %% stub="03.3"
def elementary(p):
    return ...


# %% check="03.3"
teaching.check("03.3", elementary)


# %% solution="03.3"
def elementary(p):
    e = [torch.ones((), dtype=p.dtype)]
    for k in range(1, len(p) + 1):
        e.append(sum((-1) ** (i - 1) * e[k - i] * p[i - 1] for i in range(1, k + 1)) / k)
    return torch.stack(e[1:])


# %% mistake="03.3"
def elementary(p):
    e = [torch.ones((), dtype=p.dtype)]
    for k in range(1, len(p) + 1):
        e.append(sum(e[k - i] * p[i - 1] for i in range(1, k + 1)) / k)
    return torch.stack(e[1:])


# %% [markdown] exercise="03.4"
# ### Exercise 03.4 · Minimal monomials
# A circle acts on $z_0, \dots, z_{n-1}$ with integer weights $w$. Write `minimal(w)`: the set of all tuples $a \ne 0$ of integers $\ge 0$
# with $\sum_i w_ia_i = 0$ that are *minimal*, not the sum of two others. Each entry of a minimal one is at most $\max_i|w_i|$ (or 1, if
# all weights are 0).

# %% [markdown] hint="03.4"
# `itertools.product(range(m + 1), repeat=len(w))` gives all candidates. First find all solutions.

# %% [markdown] hint="03.4"
# A solution is not minimal if another solution b ≠ 0 has all entries ≤ those of a: then a − b is a solution as well.


# %% stub="03.4"
def minimal(w):
    return ...  # a set of tuples


# %% check="03.4"
teaching.check("03.4", minimal)


# %% solution="03.4"
def minimal(w):
    m = max(1, *map(abs, w))
    every = itertools.product(range(m + 1), repeat=len(w))
    solutions = [a for a in every if any(a) and sum(k * i for k, i in zip(w, a, strict=True)) == 0]

    def below(b, a):
        return b != a and all(i <= j for i, j in zip(b, a, strict=True))

    return {a for a in solutions if not any(below(b, a) for b in solutions)}


# %% mistake="03.4"
def minimal(w):
    m = max(1, *map(abs, w))
    every = itertools.product(range(m + 1), repeat=len(w))
    return {a for a in every if any(a) and sum(k * i for k, i in zip(w, a, strict=True)) == 0 and math.gcd(*a) == 1}


# %% [markdown]
# The next exercise has a picture to reach: the max filter of one template $z$ on the plane, for the reflections and turns of a pentagon.

# %%
teaching.expected("03.5")

# %% [markdown] exercise="03.5"
# ### Exercise 03.5 · Max filter
# Write `max_filter(G, x, z)`, the maximum of $\langle gx, z\rangle$ over all $g$ in a finite group, for points x (count, n) and one
# template z (n,). It returns (count,).

# %% [markdown] hint="03.5"
# `G.elements()` has shape (order, n, n). All $\langle gx, z\rangle$ at once are a table of shape (order, count).

# %% [markdown] hint="03.5"
# $\langle gx, z\rangle = z^\top g\,x$: `z @ G.elements()` has shape (order, n); multiply by `x.T`, and take `.amax(0)`.


# %% stub="03.5"
def max_filter(G, x, z):
    return ...


# %% check="03.5"
teaching.check("03.5", max_filter)


# %% solution="03.5"
def max_filter(G, x, z):
    return (z @ G.elements() @ x.T).amax(0)


# %% mistake="03.5"
def max_filter(G, x, z):
    return (z @ G.generators @ x.T).amax(0)


# %% [markdown]
# ## Break it
#
# **Drop a generator.** In which degree is it missed first? In its own: the list is minimal. **Take an angle at random.** A turn by 1
# radian generates infinitely many elements: there is no list to average over. **Forget the reflections.** With invariants of a group that
# is too large one is blind: `D.plane(4)` for `C.plane(4)` above. With those of a group that is too small the function is not invariant.

# %%
G = groups.Octahedral()
R, promised = invariants.invariant_ring(G), invariants.molien_series(G, 12)
for dropped in R.generators:
    left = [f for f in R.generators if f != dropped]
    missed = next(d for d in range(13) if spanned(left, d) < promised[d])
    print(f"without the generator of degree {dropped.degree}: first missed in degree {missed}")

turn = torch.tensor([[math.cos(1), -math.sin(1)], [math.sin(1), math.cos(1)]], dtype=torch.float64)
try:
    invariants.invariant_ring(groups.MatrixGroup(turn[None], name="turns by 1 radian"))
except ValueError as reason:
    print(reason)

try:
    assert_invariant(polynomial("x0^3 x1 - x0 x1^3", n=2), groups.D.plane(4).vector)
except AssertionError:
    print("x₀³x₁ − x₀x₁³ under the reflections too: not invariant")

# %% [markdown]
# ## Try next
#
# - Type `(0 1 2 3), (0 2)` into the explorer: which symmetries has a square seen as four points, and which generators?
# - Which pairs of digits does `methods["order 4"]` confuse most, and would reflections make it worse? (Under a reflection $c_{pq}$ becomes
# its conjugate: which invariants remain?)
# - The group `F4()` has order 1152. Guess the share of polynomials of degree 24 that are invariant, and compute it. Why is it larger than
# 1/1152, and what does $-E$, an element of the group, do to the odd degrees?
#
# | chapter | question |
# |---|---|
# | [02](02_reynolds_operator.ipynb) | how do you make any function symmetric? |
# | [04](04_deep_sets_and_beyond.ipynb) | what is Deep Sets, for any group? A network that reads these invariants |
# | [05](05_sharing_patterns.ipynb) | which weights must be equal? |
#
# ## References
#
# - B. Sturmfels. *Algorithms in Invariant Theory*, 2nd ed., Springer 2008, chapter 2.
# - H. Derksen, G. Kemper. *Computational Invariant Theory*, 2nd ed., Springer 2015.
# - H. Weyl. *The Classical Groups*, Princeton 1939.
# - N. Dym, S. Gortler. *Low dimensional invariant embeddings for universal geometric learning*, 2022.
# - J. Cahill, J. Iverson, D. Mixon, D. Packer. *Group-invariant max filtering*, 2022; R. Balan, E. Tsoukanis. *G-invariant
# representations using coorbits: bi-Lipschitz properties*, 2023.
# - M.-K. Hu. *Visual pattern recognition by moment invariants*, 1962; J. Flusser. *On the independence of rotation moment
# invariants*, 2000.
# - E. Alpaydin, C. Kaynak. *Optical recognition of handwritten digits*, UCI 1998: the images (CC BY 4.0).
