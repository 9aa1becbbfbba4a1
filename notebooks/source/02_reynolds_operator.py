# %% [markdown]
# # 02 · How do you make any function symmetric?
#
# Take any function at all. Move its input by every element of a group, and average what comes out. The result cannot tell the moved
# inputs apart any more: it is invariant. This average is the **Reynolds operator**, and it is more than a trick: it is a *projection*,
# the one idea behind every chapter of this book.
#
# **You will be able to**
#
# - make any function invariant, and any map equivariant, in three lines of PyTorch;
# - say what is left (the nearest symmetric one) and how much (the rank, which is the trace) before you compute it;
# - choose between the full average, a *design* with far fewer terms, and a random sample with an error estimate;
# - say for which groups no average exists, and why.
#
# **Time**: 45 minutes · **You need**: linear algebra, a little PyTorch, and from chapter 01 what a group of matrices is

# %% tags=["setup"]
import math

import matplotlib.pyplot as plt
import torch

from eqkit import doctor, groups, reynolds, teaching
from eqkit.equivariant_maps import Hom
from eqkit.representations import assert_equivariant, assert_invariant
from eqkit.tasks import digits
from eqkit.views import ReynoldsAverager, draw_matrix, style

doctor.greet()

# %%
teaching.notation()

# %% [markdown]
# ## Recap
#
# A group $G$ is a set of invertible matrices that is closed under products and inverses. A function is **invariant** if moving its
# input changes nothing, $f(gx) = f(x)$; a map is **equivariant** if moving its input moves its output, $f(V(g)\,x) = W(g)\,f(x)$,
# where $V(g)$ and $W(g)$ say how $g$ acts on inputs and on outputs. Here are four group elements, the quarter turns of the plane:

# %%
G = groups.C.plane(4)
for g in G.elements():
    print(g.round().int().tolist())

# %% [markdown]
# ## Predict
#
# The function $f(x, y) = x^3y$ is not invariant under a quarter turn, $(x, y) \mapsto (-y, x)$. Average it over the four turns:
# $\tfrac14\big(f(x, y) + f(-y, x) + f(-x, -y) + f(y, -x)\big)$. Work it out, or guess.

# %%
guess = teaching.predict("What is left of x³y?", ["nothing: 0", "x³y", "(x³y − xy³)/2", "(x⁴ + y⁴)/2"])
guess

# %% [markdown]
# ## Watch it happen
#
# Black is what you average, vermilion the same moved by one element, blue the average so far. Press ▶, or step with the arrow keys.
# The blue frame says that the average is invariant. Then choose other functions and other groups, and find out:
#
# 1. $x^3y$ is already done after *two* of the four elements. Why? (Shuffle the elements: is it still so?)
# 2. What is left of $f(x, y) = x$, and why?
# 3. Which functions survive all reflections of the square, `D.plane(4)`?
# 4. *Average again*: does anything change? Does it when you stop half way?

# %%
averager = ReynoldsAverager(of="x³y")
averager

# %%
print(averager.state())

# %% slide="fragment"
guess.reveal("(x³y − xy³)/2")

# %% [markdown]
# One for the eye: a bump, and the twelve turns and reflections of a hexagon.

# %%
ReynoldsAverager(groups.D.plane(6), "a bump", count=12)

# %% [markdown]
# *The answers.* (1) A half turn changes both signs and leaves $x^3y$ alone, so only two of the four terms are different. We shall make
# a method of this. (2) The half turn sends $x$ to $-x$: they cancel, and 0 is the only invariant multiple. (3) Those that are even in
# $x$ and in $y$ and symmetric between them; of $x^3y$ nothing is left. (4) After the whole group nothing changes; half way it does.

# %% [markdown]
# ## Explain: the formula, and the three lines that are it
#
# $$(Rf)(x) = \frac{1}{|G|}\sum_{g\in G} f(g\,x)$$


# %%
def average(f, G):
    g = G.elements()  # (order, n, n)
    return lambda x: f(x @ g.mT).mean(0)  # f of (order, count, n), averaged over the group


# %% [markdown]
# *Why it is invariant.* Put $hx$ in place of $x$: the sum runs over $f(ghx)$. As $g$ runs through the group, so does $gh$, in another
# order. A sum does not care about order. ∎ `assert_invariant` tries it, and names the worst $g$ and $x$ if it fails:


# %%
def f(x):
    return x[..., 0] ** 3 * x[..., 1]


x = torch.randn(100, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
assert_invariant(average(f, G), G.vector)
closed_form = (x[:, 0] ** 3 * x[:, 1] - x[:, 0] * x[:, 1] ** 3) / 2
print("R f = (x³y − xy³)/2:", torch.allclose(average(f, G)(x), closed_form))

# %%
try:
    assert_invariant(f, G.vector)
except AssertionError:
    print("and f itself is not invariant: the test fails for it, as it should")

# %% [markdown]
# ### Maps: move back what comes out
#
# For a map into a space on which the group acts too, each term is moved *back* before averaging:
#
# $$(Rf)(x) = \frac{1}{|G|}\sum_{g\in G} W(g)^{-1} f(V(g)\,x)$$
#
# Any network becomes equivariant this way. `reynolds.project(f, V, W)` is this formula; without `W` it is the one above.

# %%
G = groups.S(4)
torch.manual_seed(0)
network = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.Tanh(), torch.nn.Linear(16, 4)).double()
equivariant = reynolds.project(network, G.vector, G.vector)
assert_equivariant(equivariant, G.vector, G.vector)
print("terms for one input:", equivariant.terms)

# %% [markdown]
# A linear map is a matrix, $f(x) = Mx$, and its average is a matrix too: $\frac{1}{|G|}\sum_g g^{-1} M g$. Paint one, and look at what
# is left. At the end the letters say which entries have become equal:

# %%
painter = ReynoldsAverager(groups.D(6), count=12)
painter

# %%
print(painter.verdict())

# %% [markdown]
# ## Theorem: R is a projection
#
# **Theorem.** Let $G$ be finite. (1) $R^2 = R$. (2) $Rf = f$ exactly for the symmetric $f$. (3) On a vector space of finite dimension the
# number of independent invariants is the *rank* of $R$, and that is its *trace*, the mean of the traces of $V(g)$. (4) If all $V(g)$
# are orthogonal, $R$ is the *orthogonal* projection: $Rv$ is the invariant vector nearest to $v$.
#
# *Proof.* If $f$ is symmetric, all terms of the average are $f$, so $Rf = f$. And $Rf$ is symmetric, so $R(Rf) = Rf$. A matrix with
# $R^2 = R$ has eigenvalues 0 and 1 only; their sum is the trace, the number of ones the rank. If the $V(g)$ are orthogonal, then
# $R^\top = \frac{1}{|G|}\sum V(g)^{-1} = R$, and a symmetric projection is orthogonal. ∎
#
# The claim, tested on 4 × 4 matrices under the permutations of rows and columns together, with $R$ as a 16 × 16 matrix:

# %%
V = groups.S(4).vector
on_matrices = V * V.dual  # g acts on M by M ↦ g M g⁻¹, a vector of 16 entries
R = on_matrices(groups.S(4).elements()).mean(0)
print("R² = R:", torch.allclose(R @ R, R))
print("Rᵀ = R:", torch.allclose(R.T, R))
print("rank:", int(torch.linalg.matrix_rank(R)), "· trace:", round(float(R.trace())))
print("mean of the traces:", round(float(on_matrices.character(groups.S(4).elements()).mean())))
print("the same without listing the group:", torch.allclose(reynolds.projector(on_matrices), R))

# %% [markdown]
# Two: the diagonal and the rest. *Nearest* can be tried as well: among random equivariant matrices none is nearer to $M$ than $RM$, and
# Pythagoras holds.

# %%
M = torch.randn(4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
RM = (R @ M.flatten()).reshape(4, 4)
H = Hom(V, V)  # all equivariant matrices, found by another route: chapter 05
others = H.combine(10 * torch.randn(10_000, H.dim, dtype=torch.float64, generator=torch.Generator().manual_seed(2)))
print("RM is the projection on Hom(V, V):", torch.allclose(RM, H.project(M)))
print("none of 10,000 others is nearer:", bool(((others - M).norm(dim=(1, 2)) > (RM - M).norm()).all()))
print("Pythagoras:", torch.allclose(M.norm() ** 2, RM.norm() ** 2 + (M - RM).norm() ** 2))

# %% [markdown]
# ### Counting before computing
#
# Polynomials of degree $d$ in $x$ and $y$ are a vector space too, $\mathrm{Sym}^d$. The trace says how many of them are invariant under
# quarter turns, before we know a single one. Degree 4 has three, and you have met one of them:

# %%
V = groups.C.plane(4).vector
print({d: round(float(reynolds.projector(V.sym(d)).trace())) for d in range(2, 9)})

# %% [markdown]
# (They are spanned by $(x^2+y^2)^2$, $x^2y^2$ and $x^3y - xy^3$. Listing *all* of them, in every degree, is invariant theory: chapter
# [03](03_invariant_theory.ipynb).)

# %% [markdown]
# ## What does it cost?
#
# One term a group element. $S(8)$ has 40,320, $S(20)$ more than $10^{18}$, the rotations of space infinitely many. There are three ways
# to pay.
#
# ### Less, exactly: a design
#
# You saw it above: if $f$ does not notice the half turn, two terms are as good as four. In general let $K$ be the elements that $f$ does
# not notice, $f(kx) = f(x)$. Then $f(kgx) = f(gx)$: the term is the same for all elements of the **coset** $Kg = \{kg : k \in K\}$, and one
# representative of each will do. There are $|G|/|K|$.
#
# A function of a set that reads two entries, $f(x) = \varphi(x_0, x_1)$, does not notice what happens to the others. So $n(n-1)$ terms
# give exactly what $n!$ terms give:


# %%
def of_two(x):
    return torch.sin(x[..., 0] + 2 * x[..., 1] ** 2) * x[..., 0]


for n in range(4, 9):
    V = groups.S(n).vector
    x = torch.randn(3, n, dtype=torch.float64, generator=torch.Generator().manual_seed(n))
    full = reynolds.project(of_two, V)
    design = reynolds.project(of_two, V, over=reynolds.reading(V, (0, 1)))
    print(f"S({n}): {full.terms:6,} terms or {design.terms}: equal: {torch.allclose(full(x), design(x), atol=1e-12)}")

# %%
V = groups.S(50).vector
R = reynolds.project(of_two, V, over=reynolds.reading(V, (0, 1)))
print(f"S(50), with {math.factorial(50):.0e} elements: {R.terms} terms")
assert_invariant(R, V)

# %% [markdown]
# Infinite groups have designs too. A polynomial of low degree cannot tell the rotations of an icosahedron, 60 of them, from *all* rotations
# of space. The mean of $(a\cdot x)^d$ over all rotations of $x$ is known: $|a|^d|x|^d/(d+1)$ for even $d$, otherwise 0.

# %%
generator = torch.Generator().manual_seed(0)
a, x = torch.nn.functional.normalize(torch.randn(2, 3, dtype=torch.float64, generator=generator), dim=1)
print("degree            1 2 3 4 5 6 7")
for H in (groups.Tetrahedral(), groups.Octahedral(), groups.Icosahedral()):
    exact = []
    for d in range(1, 8):
        mean = reynolds.project(lambda p, d=d: (p @ a) ** d, H.vector)(x)
        exact.append(abs(mean - (d % 2 == 0) / (d + 1)) < 1e-12)
    print(f"{H!s:14s} {H.order:2d}", *("✓" if e else "·" for e in exact))

# %% [markdown]
# The tetrahedron is exact up to degree 2, the octahedron up to 3 (that it gets degree 5 right is luck: a polynomial with a part of degree 4
# fails), the icosahedron up to 5. `reynolds.polynomials(groups.SO(3), degree)` chooses.
#
# ### Roughly, with an error estimate: a sample
#
# For any other function: draw random elements, uniformly; for infinite compact groups the uniform distribution is called the **Haar
# measure**. The error falls as $1/\sqrt N$, so one more digit costs a hundred times as much. How large it is can be estimated from the
# sample itself, $\sqrt{\sum(\text{term}-\text{mean})^2/N(N-1)}$, and should be printed beside every sampled average.

# %%
sampler = ReynoldsAverager(groups.S(8), "one entry", count=2000)
sampler

# %%
SO3 = groups.SO(3)
counts, truth = [2**k for k in range(3, 15)], 1 / 5  # the mean of (a·x)⁴ over all rotations
errors, estimates = [], []
for N in counts:
    R = reynolds.project(lambda p: (p @ a) ** 4, SO3.vector, over=reynolds.sample(SO3, N, generator))
    errors.append(abs(float(R(x)) - truth))
    estimates.append(float(R.standard_error(x)))
print("the error is below four estimates, every time:", all(e < 4 * s for e, s in zip(errors, estimates, strict=True)))

# %%
R = reynolds.project(lambda p: (p @ a) ** 4, SO3.vector, over=reynolds.polynomials(SO3, 4))
with style.figure(size=(7, 3.4)) as (figure, axes):
    axes.loglog(counts, errors, "o", color=style.colour("data"), label="error of a random sample")
    axes.loglog(counts, estimates, color=style.colour("group"), label="its estimate, ∝ 1/√N")
    axes.loglog(R.terms, max(abs(float(R(x)) - truth), 1e-17), "s", color=style.colour("invariant"))
    axes.annotate("60 rotations of an icosahedron", (R.terms, 1e-16), (10, 2), textcoords="offset points", va="center")
    axes.set(title="A design is exact, a sample never", xlabel="terms", ylabel="error")
    axes.legend(loc="center right")
    plt.show()

# %% [markdown]
# ### Side by side
#
# A function of two entries of a set of six. *Janossy pooling* (Murphy et al. 2019) samples random orders of the set, here as many as the design
# has terms. Many programs use a single random order while training. And one can sort first: *canonicalisation*. One term,
# and exactly invariant, but not the average: it answers a different question, since it makes $f$ look only at the two smallest.

# %%
V = groups.S(6).vector
x = torch.randn(200, 6, dtype=torch.float64, generator=generator)
full = reynolds.project(of_two, V)
methods = {
    "full average": full,
    "design": reynolds.project(of_two, V, over=reynolds.reading(V, (0, 1))),
    "Janossy, sampled": reynolds.project(of_two, V, over=reynolds.sample(groups.S(6), 30, generator)),
    "one random order": lambda x: of_two(x[..., torch.randperm(6, generator=generator)]),
    "sort first": lambda x: of_two(x.sort(-1).values),
}
errors = {name: float((R(x) - full(x)).square().mean().sqrt()) for name, R in methods.items()}
shifts = {name: float((R(x) - R(x.flip(-1))).abs().max()) for name, R in methods.items()}  # the same sets, reversed
print("                  terms  average  invariant")
for name, R in methods.items():
    print(f"{name:17s} {getattr(R, 'terms', 1):5d}  {errors[name] < 1e-12!s:7s}  {shifts[name] < 1e-12}")

# %%
with style.figure(size=(7, 2.6)) as (figure, axes):
    hues = [style.colour("invariant" if e < 1e-12 else "muted") for e in errors.values()]
    axes.barh(list(errors), list(errors.values()), color=hues, zorder=2)
    axes.invert_yaxis()
    axes.set(title="The distance from the average over all 720 orders", xlabel="root mean square error")
    plt.show()

# %% [markdown]
# ## Where it ends: groups that are not compact
#
# `SL(2)`, the real 2 × 2 matrices with determinant 1, contains ever larger stretches. There is no uniform probability on it, so there is
# nothing to average with:

# %%
try:
    reynolds.sample(groups.SL(2), 1000)
except ValueError as reason:
    print(reason)

# %% [markdown]
# Could we average over a large *piece* of it, and let the piece grow? Every element of SL(2) is a turn, a stretch
# $\mathrm{diag}(e^s, e^{-s})$ and another turn, and the volume of those with stretch $s$ grows as $\sinh 2s$. Take $f(x) = |x|^2$, which only the
# stretch changes, and all elements with $s \le S$. Their mean is $\tfrac12(\cosh 2S + 1)\,|x|^2$; here from 20,000 random ones:


# %%
def truncated_mean(S, count, generator):
    """The mean of |gx|² over random g in SL(2) with a stretch of at most exp(S), at x = (1, 0)."""
    u, turn = torch.rand(2, count, dtype=torch.float64, generator=generator)
    s = torch.acosh(1 + u * (math.cosh(2 * S) - 1)) / 2  # density ∝ sinh 2s on 0 … S
    return float(((2 * s).exp() * (math.tau * turn).cos() ** 2 + (-2 * s).exp() * (math.tau * turn).sin() ** 2).mean())


sizes = [1, 2, 3, 4, 5, 6]
means = [truncated_mean(S, 20_000, generator) for S in sizes]
formula = [(math.cosh(2 * S) + 1) / 2 for S in sizes]
print("formula and sample agree to 5 %:", all(abs(m / t - 1) < 0.05 for m, t in zip(means, formula, strict=True)))
growth = [b / a for a, b in zip(formula[:-1], formula[1:], strict=True)]
print("each piece has more than 5 times the mean of the one before:", min(growth) > 5)

# %%
with style.figure(size=(6, 2.8)) as (figure, axes):
    axes.semilogy(sizes, formula, color=style.colour("muted"), label="(cosh 2S + 1)/2")
    axes.semilogy(sizes, means, "o", color=style.colour("group"), label="mean of 20,000 elements")
    axes.set(title="The means grow without bound", xlabel="largest stretch S", ylabel="mean of |gx|²")
    axes.legend()
    plt.show()

# %% [markdown]
# *What can be saved.* Averaging over a compact subgroup, here the turns SO(2), makes $f$ invariant to that. And for **polynomials** there is a
# way round: they cannot tell SL(2) from its compact relative SU(2), over which one can average (Weyl's unitary trick). For shears
# $\begin{pmatrix}1&t\\0&1\end{pmatrix}$ even that fails.

# %% [markdown]
# ## Real data: digits that may lie on their side
#
# The eight turns and flips of an 8 × 8 grid permute its 64 pixels: a group $D(4)$, acting on real handwritten digits. First the average of the
# *image*:

# %%
grid = torch.arange(64).reshape(8, 8)
turn, flip = grid.rot90().flatten().tolist(), grid.flip(1).flatten().tolist()
D4 = groups.permutation_group([turn, flip], "turns and flips")
image = digits.images()[3].double()
images = D4.elements() @ image.flatten()  # (8, 64)
mean = images.mean(0).reshape(8, 8)
with style.figure(1, 10, size=(12, 1.9)) as (figure, axes):
    draw_matrix(axes[0], "x", values=image)
    for i in range(8):
        draw_matrix(axes[i + 1], "E x" if i == 0 else f"g{i + 1} x", ink="group", values=images[i].reshape(8, 8))
    draw_matrix(axes[9], "the average", ink="invariant", values=mean)
    plt.show()
print("free numbers in an invariant image:", round(float(reynolds.projector(D4.vector).trace())), "of 64")

# %% [markdown]
# A 3 became a rosette: 10 numbers are left of 64. That is not what one wants of an image, but it tells what an invariant *linear* function
# can see of it. So a warning, and a prediction. A linear classifier, fitted to 1000 upright digits, reads 89 % of new ones, and 29 % of
# them when they are turned or flipped at random. We make its features invariant by averaging, and fit again.

# %%
guess = teaching.predict(
    "With averaged features, how many turned digits will it read?",
    ["with pixels as features 90 %, with 400 random neurons 90 %", "pixels 50 %, neurons 90 %", "both 50 %"],
)
guess

# %%
generator = torch.Generator().manual_seed(0)
pixels = digits.images().flatten(1).double()
pixels, labels = pixels - pixels.mean(), digits.labels()
chosen = torch.randint(8, (len(pixels),), generator=generator)
turned = torch.einsum("nij,nj->ni", D4.elements()[chosen], pixels)
A, b = (torch.randn(*shape, dtype=torch.float64, generator=generator) for shape in ((64, 400), (400,)))


def linear(x):
    return torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], 1)


def neurons(x):
    return torch.relu(0.4 * x @ A + b)


def reads(features):
    """How many of the last 797 digits a ridge regression on these features reads right: upright, and turned."""
    X, Y = features(pixels[:1000]), torch.nn.functional.one_hot(labels[:1000]).double()
    weights = torch.linalg.solve(X.T @ X + 0.1 * torch.eye(X.shape[1]), X.T @ Y)
    return [int(((features(x[1000:]) @ weights).argmax(1) == labels[1000:]).sum()) for x in (pixels, turned)]


results = {
    "pixels": reads(linear),
    "pixels, averaged": reads(reynolds.project(linear, D4.vector)),
    "neurons": reads(neurons),
    "neurons, averaged": reads(reynolds.project(neurons, D4.vector)),
}
for name in ("pixels, averaged", "neurons, averaged"):
    print(f"{name}: the same upright and turned: {results[name][0] == results[name][1]}")
print("averaged pixels read 40 to 65 %:", 0.4 < results["pixels, averaged"][1] / 797 < 0.65)
print("averaged neurons read more than 90 %:", results["neurons, averaged"][1] / 797 > 0.9)

# %%
with style.figure(size=(7, 2.8)) as (figure, axes):
    for offset, which, hue in ((-0.19, 0, "data"), (0.19, 1, "group")):
        shares, places = [100 * counts[which] / 797 for counts in results.values()], [i + offset for i in range(4)]
        name = ("upright", "turned")[which]
        bars = axes.barh(places, shares, 0.36, color=style.colour(hue), label=name, zorder=2)
        axes.bar_label(bars, fmt="%.0f %%", padding=3)
    axes.set(title="Average features that are not linear", xlim=(0, 112), xlabel="digits read right", yticks=range(4))
    axes.set_yticklabels(list(results))
    axes.invert_yaxis()
    figure.legend(loc="outside right upper")
    plt.show()

# %% slide="fragment"
guess.reveal("pixels 50 %, neurons 90 %")

# %% [markdown]
# The average of a linear function sees ten numbers of the image. The average of a *nonlinear* one keeps nearly everything: averaging loses what
# is not invariant, and which invariants remain depends on what you put in. Nobody showed the classifier a turned digit.

# %% [markdown]
# ## Exercises
#
# Each has a stub, a check, two hints and a solution. The checks look for the smallest case that goes wrong.

# %% [markdown] exercise="02.1"
# ### Exercise 02.1 · Average by hand
# Write `average(f, G)`, which returns the function $x \mapsto \frac{1}{|G|}\sum_g f(gx)$. Here `f` takes one vector (n,) and returns one number.

# %% [markdown] hint="02.1"
# `G.elements()` has shape (order, n, n); `g @ x` moves x.

# %% [markdown] hint="02.1"
# `torch.stack([... for g in G.elements()]).mean(0)`, inside a function of x that you return.


# %% stub="02.1"
def average(f, G):
    return ...  # a function of x


# %% check="02.1"
teaching.check("02.1", average)


# %% solution="02.1"
def average(f, G):
    return lambda x: torch.stack([f(g @ x) for g in G.elements()]).mean(0)


# %% mistake="02.1"
def average(f, G):
    return lambda x: torch.stack([f(g @ x) for g in G.generators]).mean(0)


# %% [markdown] exercise="02.2"
# ### Exercise 02.2 · Average a map
# Write `average_map(f, G)`, which makes a map $f$ from vectors (n,) to vectors (n,) equivariant.

# %% [markdown] hint="02.2"
# Each term has to be moved back: $g^{-1} f(g x)$.

# %% [markdown] hint="02.2"
# `torch.linalg.inv(g)`, or `g.T` as long as all matrices are orthogonal. (The checker has some that are not.)


# %% stub="02.2"
def average_map(f, G):
    return ...  # a function of x


# %% check="02.2"
teaching.check("02.2", average_map)


# %% solution="02.2"
def average_map(f, G):
    return lambda x: torch.stack([torch.linalg.inv(g) @ f(g @ x) for g in G.elements()]).mean(0)


# %% mistake="02.2"
def average_map(f, G):
    return lambda x: torch.stack([g @ f(g @ x) for g in G.elements()]).mean(0)


# %% [markdown] exercise="02.3"
# ### Exercise 02.3 · Count without computing
# Write `invariants(V)`: how many independent vectors of the representation $V$ of a finite group are invariant? (`V.group` is the group.)

# %% [markdown] hint="02.3"
# The dimension is the rank of $R = \frac{1}{|G|}\sum_g V(g)$, and part (3) of the theorem says what else it is.

# %% [markdown] hint="02.3"
# `V.character(g)` are the traces of V(g), for a stack of elements too.


# %% stub="02.3"
def invariants(V):
    return ...


# %% check="02.3"
teaching.check("02.3", invariants)


# %% solution="02.3"
def invariants(V):
    return round(float(V.character(V.group.elements()).mean()))


# %% mistake="02.3"
def invariants(V):
    return round(float(V.character(V.group.generators).mean()))


# %% [markdown]
# The next exercise has a picture to reach: how often a design reads each pair of entries.

# %%
teaching.expected("02.4")

# %% [markdown] exercise="02.4"
# ### Exercise 02.4 · Build a design
# Write `pairs(n)`: $n(n-1)$ permutations of $0 \dots n-1$, an integer tensor (n(n − 1), n), such that for *every* function that reads only
# `x[0]` and `x[1]` the mean of `f(x[p])` over these rows p is the mean over all $n!$ permutations.

# %% [markdown] hint="02.4"
# `x[p]` has the entries `x[p[0]]` and `x[p[1]]` in front. Which pairs (p[0], p[1]) have to occur, and how often?

# %% [markdown] hint="02.4"
# Each ordered pair of different numbers once. What stands in the other places does not matter, as long as p is a permutation.


# %% stub="02.4"
def pairs(n):
    return ...


# %% check="02.4"
teaching.check("02.4", pairs)


# %% solution="02.4"
def pairs(n):
    every = range(n)
    return torch.tensor([[i, j, *(k for k in every if k not in (i, j))] for i in every for j in every if i != j])


# %% mistake="02.4"
def pairs(n):
    rows = []
    for i in range(n):
        for j in range(n):
            if i != j:
                p = list(range(n))
                p[i], p[j] = j, i  # swap two entries: pairs of places, but not of what is read first
                rows.append(p)
    return torch.tensor(rows)


# %% [markdown]
# ## Break it
#
# **Forget an element.** Five of the six permutations of three points are no group: their average is no projection.
# **Bend the axes.** A group of matrices that are not orthogonal has an average, and it is a projection, but not to the *nearest* invariant vector:
# it is oblique. **Take the wrong side.** Representatives of the cosets $gK$ in place of $Kg$ give a wrong average.

# %%
some = groups.S(3).elements()[:5].mean(0)
print("five of six elements, P² = P:", torch.allclose(some @ some, some))

bent = groups.MatrixGroup(torch.tensor([[[1.0, 1.0], [0.0, -1.0]]], dtype=torch.float64), name="bent")
P = bent.elements().mean(0)
print(f"{bent}, order {bent.order}: P² = P: {torch.allclose(P @ P, P)}, Pᵀ = P: {torch.allclose(P, P.T)}")

V, design = groups.S(5).vector, reynolds.reading(groups.S(5).vector, (0, 1))
x, g = torch.randn(5, dtype=torch.float64, generator=torch.Generator().manual_seed(3)), design.elements.matrices()
truth = reynolds.project(of_two, V)(x)
print("the design gives the average:", torch.allclose(of_two(g @ x).mean(), truth))
print("its inverses, one from each gK, do:", torch.allclose(of_two(g.mT @ x).mean(), truth))

# %% [markdown]
# ## Try next
#
# - Paint your initials into the matrix widget and average them over $S(3) \times S(3)$: which two kinds of blocks appear?
# - Give the widget your own group: `ReynoldsAverager(groups.permutation_group([[1, 0, 3, 2]]))`.
# - Find a function of $x$ and $y$ that the reflections of the square send to 0, but the turns do not. (One is on this page.)
#
# | chapter | question |
# |---|---|
# | [01](01_groups_and_representations.ipynb) | what is a symmetry, as matrices? |
# | [03](03_invariant_theory.ipynb) | all invariant polynomials: which are enough? |
# | [04](04_deep_sets_and_beyond.ipynb) | invariant networks: averages, designs, frames and generators side by side |
# | [05](05_sharing_patterns.ipynb) | the projection of *linear* maps: which weights must be equal? |
# | [07](07_learned_symmetry_matrices.ipynb) | and if nobody tells you the group? |
#
# ## References
#
# - B. Sturmfels. *Algorithms in Invariant Theory*, 2nd ed., Springer 2008, §2.1.
# - R. Murphy, B. Srinivasan, V. Rao, B. Ribeiro. *Janossy pooling*, ICLR 2019.
# - O. Puny et al. *Frame averaging for invariant and equivariant network design*, ICLR 2022.
# - E. Alpaydin, C. Kaynak. *Optical recognition of handwritten digits*, UCI 1998: the images (CC BY 4.0).
