# %% [markdown]
# # 12 · Which group is in this data?
#
# So far somebody told you the group. Here nobody does: there is a function, or a trained network, or just examples $(x, y)$, and you ask which transformations
# leave it alone. It turns out that for continuous ones this is linear algebra: one matrix, one SVD. Then the answer gets a name, or you learn that there is none.
#
# **You will be able to**
#
# - find *all* continuous linear symmetries of a function, a network or a data set, and say how sure the answer is;
# - name what you found, by its brackets, in any basis;
# - find finite symmetries too, which an SVD cannot see;
# - put a number on *approximate* symmetry, and measure what networks on real images have learned;
# - say when such an answer is wrong.
#
# **Time**: 60 minutes · **You need**: chapter [01](01_groups_and_representations.ipynb) for the word *group*, and from [11](11_learning_unitary_operators.ipynb) the exponential
# $e^{tA}$ of a matrix

# %% tags=["setup"]
import json
import math

import matplotlib.pyplot as plt
import torch
from torch import nn

from eqkit import discovery, doctor, groups, invariants, subspaces, teaching
from eqkit.equations import J, eta
from eqkit.tasks import data_file, digits
from eqkit.tasks.tensors import two_vectors
from eqkit.views import SymmetryFinder, draw_matrix, style

doctor.greet()


def seed(number):
    return torch.Generator().manual_seed(number)


def gaussian(*shape, number=0):
    return torch.randn(*shape, generator=seed(number), dtype=torch.float64)


# %%
teaching.notation()

# %% [markdown]
# ## What a symmetry does to a gradient
#
# Let $f:\mathbb R^n\to\mathbb R$. A matrix $M$ is a symmetry of $f$ if $f(Mx)=f(x)$ for all $x$. Symmetries can be multiplied and inverted: they form a group. To look for them one by one would be hopeless.
# But if a symmetry belongs to a whole curve $e^{tA}$, as turns do, then $f(e^{tA}x)$ does not change with $t$, and its derivative at $t=0$ vanishes:
#
# $$\nabla f(x)^{\mathsf T}\,A\,x = 0\qquad\text{for all } x .$$
#
# The velocity $Ax$ runs along the level curves of $f$. Below, $f = x_0^2+x_1^2$, and two candidates for $A$:

# %%
turn = torch.tensor([[0.0, -1.0], [1.0, 0.0]], dtype=torch.float64)
stretch = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=torch.float64)
t = torch.linspace(-1.6, 1.6, 9, dtype=torch.float64)
grid = torch.cartesian_prod(t, t)
fine = torch.linspace(-1.9, 1.9, 80, dtype=torch.float64)
height = fine[:, None] ** 2 + fine[None, :] ** 2
with style.figure(1, 2, size=(7.5, 3.6)) as (figure, panels):
    for axes, A, title in zip(
        panels, (turn, stretch), ("Ax along the levels: a symmetry", "Ax across them: none"), strict=True
    ):
        axes.contour(fine, fine, height, levels=[0.25, 1, 2.25, 4], colors=style.colour("invariant"))
        v = grid @ A.T
        axes.quiver(*grid.T, *v.T, color=style.colour("group"), scale=18, width=0.007)
        axes.set(title=title, xlabel="x₀", ylabel="x₁", aspect="equal")
    plt.show()

# %% [markdown]
# The condition is **linear in $A$**: sums and multiples of solutions are solutions. So the answer is a subspace of the $n\times n$ matrices, and it has a basis and a dimension.
#
# ## Predict
#
# $f(x)=\|x\|^2$ in $\mathbb R^5$. Matrices have 25 entries.

# %%
guess = teaching.predict(
    "How many independent A leave ‖x‖² on R⁵ alone?", ["5, one for each axis", "10", "25, for length is a number"]
)
guess

# %% [markdown]
# ## Look for some
#
# Left: for each direction in matrix space, how much it changes $f$, from the worst to the best; what counts as zero is blue, on a log axis. Middle: the matrices that were found (walk through them with the last slider).
# Right: a name and the reasons for it. Choose other functions, type one of your own, change the basis, add noise.

# %%
finder = SymmetryFinder("x0^2 + x1^2 + x2^2 + x3^2 + x4^2")
finder

# %%
state = finder.state()
print(f"{state['dimension']} of {state['n'] ** 2} directions; name: {state['name']}; exact: {state['exact']}")

# %% slide="fragment"
guess.reveal("10")

# %% [markdown]
# A rotation of $\mathbb R^5$ turns some plane, and there are $\binom52=10$ pairs of axes. There is no "axis" to count: that works only in dimension 3.
#
# ## Explain: the polarization matrix
#
# Write the condition at one example as a dot product of two long vectors:
#
# $$\nabla f(x)^{\mathsf T} A\,x=\sum_{ij}\frac{\partial f}{\partial x_i}\,x_j\,A_{ij} = \bigl\langle\, \nabla f(x)\,x^{\mathsf T},\; A\,\bigr\rangle .$$
#
# Each example gives one row, $\mathrm{vec}(\nabla f(x)\,x^{\mathsf T})$, of length $n^2$. All rows together are the *polarization matrix* $P$ (Moskalev et al. 2022). The symmetries are its null space. Autograd
# gives the gradients, an SVD the null space:


# %%
def polarization(f, x):
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(f(x).sum(), x)  # row i is ∇f(xᵢ): each example sees only itself
    return torch.einsum("ni,nj->nij", gradient, x).flatten(1).detach()


def squared_length(x):
    return x.square().sum(1)


x = gaussian(200, 5)
_, s, Vh = torch.linalg.svd(polarization(squared_length, x))
null = Vh[s < 1e-10 * s.max()].reshape(-1, 5, 5)
print("shape of the basis:", tuple(null.shape))
print("all skew-symmetric:", bool((null + null.mT).abs().max() < 1e-10))

found = discovery.discover_lie_algebra(squared_length, x)
print("= the kit's:", subspaces.same_span(null.flatten(1).T, found.basis.flatten(1).T))

# %% [markdown]
# The kit divides the singular values so that 1 is the change along an average direction, and takes the widest *gap*: the factor between the smallest value that is not
# zero and the largest that is.
#
# How many examples does it take? "For all $x$" is infinitely many equations, but only $n^2$ of them can be independent:

# %%
ranks = {
    N: int(torch.linalg.matrix_rank(polarization(squared_length, gaussian(N, 5, number=1))))
    for N in (1, 5, 10, 14, 15, 16, 25, 100)
}
for N, rank in ranks.items():
    print(f"{N:3} examples: rank {rank:2}, {25 - rank:2} directions left")

# %% [markdown]
# Fifteen random examples leave the ten right directions; fourteen still leave a false one. More examples only ever *remove* directions.

# %% [markdown] slide="notes"
# Ask before the table is shown: why 15? (∇f xᵀ = 2xxᵀ is symmetric, and symmetric 5 × 5 matrices have 15 entries.)

# %% [markdown]
# ### Theorem: what was found is an algebra
#
# Let $f$ be differentiable and $\mathfrak g=\{A:\nabla f(x)^{\mathsf T}Ax=0 \text{ for all }x\}$. Then
#
# 1. $A\in\mathfrak g$ exactly if $f(e^{tA}x)=f(x)$ for all $x$ and **all** $t$;
# 2. $\mathfrak g$ is closed under brackets: with $A, B$ also $[A,B]=AB-BA$ is in it. It is a *Lie algebra*, that of the symmetry group of $f$.
#
# *Proof.* (1) The derivative of $t\mapsto f(e^{tA}x)$ is $\nabla f(y)^{\mathsf T}Ay$ at $y=e^{tA}x$. It is zero everywhere exactly if the function is constant in $t$.
# (2) If $M$ is a symmetry and $A\in\mathfrak g$, then $f(Me^{tA}M^{-1}x)=f(e^{tA}M^{-1}x)=f(M^{-1}x)=f(x)$, so $MAM^{-1}\in\mathfrak g$ by (1). Take $M=e^{sB}$: the curve $e^{sB}Ae^{-sB}$ stays in the subspace
# $\mathfrak g$, and so does its derivative at $s=0$, which is $BA-AB$. ∎
#
# Part (1) is more than it seems: only first derivatives at some examples were used, and yet $f$ stays the same for *large* $t$. Test both parts, on a function that is not quadratic:


# %%
def interval(x):  # of relativity
    q = x[:, 0] ** 2 - x[:, 1:].square().sum(1)
    return torch.tanh(q / 4)


found = discovery.discover_lie_algebra(interval, gaussian(300, 4))
print(f"dimension {found.dimension} of 16, gap above a million: {found.gap > 1e6}")
A = found.basis
y = gaussian(50, 4, number=9)
for t in (0.1, 1.0, 3.0):
    M = torch.matrix_exp(t * A)  # (6, 4, 4)
    moved = torch.stack([interval(y @ m.T) for m in M])
    print(f"t = {t}: f(exp(tA) x) = f(x): {bool((moved - interval(y)).abs().max() < 1e-9)}")
brackets = torch.einsum("aij,bjk->abik", A, A)
brackets = (brackets - brackets.transpose(0, 1)).flatten(0, 1).flatten(1)
outside = brackets - brackets @ A.flatten(1).T @ A.flatten(1)
print("brackets stay in the span:", bool(outside.abs().max() < 1e-10))

# %% [markdown]
# Part (2) is a gift: it can *fail*, and so it checks the answer. If the span is not closed under brackets then something is wrong with the data or the fit: no function has these symmetries.
#
# And note what the theorem does not say. Only what is connected to $E$ by a curve of symmetries was found. $\|x\|^2$ also has reflections, and a group like $S(4)$ has no curve at all: later.

# %% [markdown]
# ### When the output moves too
#
# A function may be *equivariant*, $f(e^{tA}x)=e^{tB}f(x)$. Differentiate: $\nabla f(x)\,A\,x = B f(x)$, linear in the pair $(A, B)$. The same SVD, with more columns, finds both. Here
# $f(x)=x\,\|x\|^2$:

# %%
pairs = discovery.discover_lie_algebra(
    lambda x: x * x.square().sum(1, keepdim=True), gaussian(300, 3), equivariant=True
)
print("pairs (A, B):", pairs.dimension, "· the A are:", discovery.identify(pairs.basis).name)
E = torch.eye(3, dtype=torch.float64) / 3**0.5
c = torch.einsum("dij,ij->d", pairs.basis, E)  # E as a combination of the A
print(
    "for A = E, B is:",
    (torch.einsum("d,dij->ij", c, pairs.images) * 3**0.5).diagonal().round().int().tolist(),
    "on the diagonal",
)

# %% [markdown]
# Three turns, $B=A$, and one scaling: multiply $x$ by $e^t$, and $f$ grows by $e^{3t}$.
#
# ## Its name
#
# A basis of matrices is not an answer; nobody recognises one. And it must not depend on coordinates: $f(Tx)$ has the symmetries $T^{-1}MT$, other matrices, but the same group. What does not
# change is how elements *bracket*. With a basis $A_1,\dots,A_d$:
#
# $$[A_i,A_j]=\sum_k c_{ijk}A_k,\qquad \mathrm{ad}(A_i)=\text{the matrix of } [A_i,\,\cdot\,],\qquad K_{ij}=\mathrm{tr}\bigl(\mathrm{ad}(A_i)\,\mathrm{ad}(A_j)\bigr).$$
#
# $K$ is the *Killing form*, a symmetric $d\times d$ matrix. Another basis changes $K$ to $S^{\mathsf T}KS$, which keeps the number of positive, negative and zero eigenvalues (Sylvester). Three
# lines:


# %%
def killing(A):  # an orthonormal basis (d, n, n)
    product = torch.einsum("iab,jbc->ijac", A, A)
    c = torch.einsum("ijac,kac->ijk", product - product.transpose(0, 1), A)
    return torch.einsum("iab,jba->ij", c, c)


def signs(K):
    values = torch.linalg.eigvalsh(K)
    return int((values > 1e-8).sum()), int((values < -1e-8).sum())


T = gaussian(3, 3, number=4)
for name, text in (("a sphere", "x0^2 + x1^2 + x2^2"), ("a hyperboloid", "x0 x1 + x2^2")):
    f, x = invariants.polynomial(text, 3), gaussian(100, 3)
    for where, g in (("", f), (" in another basis", lambda x, f=f: f(x @ T.T))):
        A = discovery.discover_lie_algebra(g, x).basis
        print(f"{name + where:32} dimension {len(A)}, Killing form (+, −): {signs(killing(A))}")

# %% [markdown]
# Both have dimension 3; the signs tell them apart. All negative means that the group is *compact*: rotations, orbits that come back. A positive one means directions that run away. The orbits of one point, under
# random elements of the two groups:

# %%
with plt.rc_context(style.rc()):
    figure = plt.figure(figsize=(8, 3.8), layout="constrained")
    for place, (title, text, start) in enumerate(
        (
            ("so(3): the orbit is a sphere", "x0^2 + x1^2 + x2^2", [1.0, 0, 0]),
            ("so(1, 2): a hyperboloid", "x0^2 + x1^2 - x2^2", [0.8, 0, 0]),
        )
    ):
        f = invariants.polynomial(text, 3)
        A = discovery.discover_lie_algebra(f, gaussian(100, 3)).basis
        g = torch.matrix_exp(torch.einsum("cd,dij->cij", 1.5 * gaussian(2500, 3, number=2), A))
        points = g @ torch.tensor(start, dtype=torch.float64)
        points = points[points.abs().amax(1) < 2]
        axes = figure.add_subplot(1, 2, place + 1, projection="3d")
        axes.scatter(*points.T, s=2, color=style.colour("invariant"))
        axes.set(title=title, xlabel="x₀", ylabel="x₁", zlabel="x₂", xlim=(-2, 2), ylim=(-2, 2), zlim=(-2, 2))
    plt.show()

# %% [markdown]
# `discovery.identify` goes on: it finds the centre and the simple ideals (parts that do not bracket with each other), the *rank*, the invariant subspaces of $\mathbb R^n$, and the bilinear forms that the matrices keep. An algebra
# that keeps a form of signature $(p,q)$ and has the dimension of *all* that do, is $\mathfrak{so}(p,q)$: nothing is guessed.

# %%
discriminant = invariants.polynomial("x1^2 - 4x0 x2", 3)  # of the quadratic x₀t² + x₁t + x₂
print(discovery.identify(discovery.discover_lie_algebra(discriminant, gaussian(100, 3))))

# %% [markdown]
# Who would have guessed relativity (of a plane and time) in the school formula $b^2-4ac$? The last line has the reason: it is $\mathfrak{sl}(2)$, the substitutions $t\mapsto(\alpha t+\beta)/(\gamma t+\delta)$. Now many functions, each also in a random basis:

# %%
functions = {
    "x0^2 + x1^2 + x2^2": "squared length",
    "x0^2 - x1^2 - x2^2 - x3^2": "relativity",
    "x0 x3 - x1 x2": "a determinant",
    "(x0^2 + x1^2)^2 + 3(x2^2 + x3^2)": "two circles",
    "(x0^2 + x1^2 + x2^2)(1 + x3) + x3^2": "a length and a height",
    "x0 x1": "hyperbolas",
    "x0^2 x1^2 x2^2": "a product",
    "x0^3 + x1^3 + x2^3": "cubes",
}
for text, what in functions.items():
    n = 4 if "x3" in text else 3 if "x2" in text else 2
    f, x, T = invariants.polynomial(text, n), gaussian(300, n), 0.3 * gaussian(n, n, number=5)
    T = T + torch.eye(n, dtype=torch.float64)
    name, other = (
        discovery.identify(discovery.discover_lie_algebra(g, x)).name for g in (f, lambda x, f=f, T=T: f(x @ T.T))
    )
    print(f"{what:22} {name:20} in another basis the same: {name == other}")

# %% [markdown]
# `trivial(m)` are $m$ directions in which nothing happens. The determinant of a $2\times2$ matrix has $\mathfrak{so}(2,2)$: multiply $X$ from the left and from the right by matrices of determinant 1, $3+3=6$ dimensions.
#
# ## A trained network
#
# Now the function is not given. 5000 examples of a function of two vectors in $\mathbb R^5$, $\sin\|x_1\|-\frac12\|x_2\|^3+\cos\angle(x_1,x_2)$, are learned by a small perceptron that knows nothing of rotations. Does it have
# them? And, for comparison, one network that was never trained, and one trained on a function without symmetry.

# %%
task = two_vectors()
x, y = task(5000, seed(0))
x = x.unflatten(1, (2, 5))  # two vectors, moved alike
network = discovery.fit(x, y, steps=1500, batch=500, generator=seed(1))
torch.manual_seed(0)
untrained = nn.Sequential(nn.Flatten(), nn.Linear(10, 32), nn.SiLU(), nn.Linear(32, 32), nn.SiLU(), nn.Linear(32, 1))
asymmetric = discovery.fit(x, (x[:, 0] ** 3).sum(1) + x[:, 1].sin().sum(1), steps=500, batch=500, generator=seed(1))
looked_at = {
    "exact function": lambda x: task.target(x.flatten(1)),
    "trained": network,
    "untrained": lambda x: untrained(x.float()),
    "trained on no symmetry": asymmetric,
}
results = {name: discovery.discover_lie_algebra(f, x) for name, f in looked_at.items()}
for name, result in results.items():
    print(f"{name:24} dimension {result.dimension:2}, name: {discovery.identify(result).name}")
truth = groups.SO(5).lie_algebra.flatten(1).T
cosine = subspaces.principal_angles(results["trained"].basis.flatten(1).T, truth).cos().min()
print("the network's algebra is so(5) to a cosine of .998:", bool(cosine > 0.998))

# %%
with style.figure(size=(8, 3.2)) as (figure, axes):
    for (name, result), role in zip(results.items(), ("data", "invariant", "muted", "learned"), strict=True):
        axes.semilogy(
            range(1, 26), result.spectrum.clamp(min=1e-7), "o-", label=name, color=style.colour(role), markersize=4
        )
    axes.axvspan(15.5, 25.5, color="#009E73", alpha=0.12)
    axes.set(
        title="Trained on rotation-invariant data, ten directions drop",
        xlabel="direction in matrix space",
        ylabel="change of f",
        ylim=(1e-3, 5),
    )
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=9)
    plt.show()

# %% [markdown]
# The network's ten are not zero but some per cent of the mean: it is *nearly* invariant, and the step of the spectrum says so. (The exact function's are below the picture, at rounding.) What counts as a step: the kit asks for a factor of 5, below a tenth of the mean.
#
# The untrained network has nothing. So what was found was learned from the data. And the whole algebra is there, not one matrix of it. In the basis in which each matrix is 1 at a place where all others are 0, and nothing is rounded, the network's own:

# %%
network_algebra = discovery.identify(results["trained"]).basis
frames = discovery.readable(network_algebra, results["trained"].violation)
with style.figure(2, 5, size=(8, 3.4)) as (figure, panels):
    for axes, A in zip(panels.flat, frames, strict=True):
        draw_matrix(axes, "", ink="group", values=A, scale=1.0)
    figure.suptitle("Ten turns of a plane, read off a trained network")
    plt.show()

# %% [markdown]
# How good can this be? `python tests/benchmarks/discovery.py` trains longer, with ten seeds, five algebras and random bases, beside the published method.

# %% [markdown] slide="notes"
# Ask: is the network's symmetry exact? Where would it fail first? (Far from the data: nothing was trained there.)

# %% [markdown]
# ## What an SVD cannot see: finite symmetries
#
# $f = x_0x_1x_2x_3x_4+\sum x_i^2$ does not change when coordinates are swapped. But there is no curve from $E$ to a swap:

# %%
products = {
    "x₀x₁x₂x₃x₄ + Σ x²": lambda x: x.prod(1) + x.square().sum(1),
    "Σ xᵢ xᵢ₊₁²": lambda x: (x * x.roll(-1, 1) ** 2).sum(1),
    "Σ xᵢ xᵢ₊₁ + Σ x⁴": lambda x: (x * x.roll(1, 1)).sum(1) + x.pow(4).sum(1),
}
x = gaussian(200, 5)
for name, f in products.items():
    print(
        f"{name:20} dimension {discovery.discover_lie_algebra(f, x).dimension}; permutations: {discovery.finite_symmetries(f, x)}"
    )

# %% [markdown]
# There are $5!$ permutations, and for $n=20$ too many to try. The trick: at a point that *every* permutation leaves alone, $p=c\,(1,\dots,1)$, the Hessian $H$ obeys $PHP^{\mathsf T}=H$ for each symmetry $P$. So the pattern of equal entries in $H$
# has all symmetries among its automorphisms (chapter [05](05_sharing_patterns.ipynb)), a group that is found fast. Only its elements are tried on the data.

# %%
point = torch.full((5,), 0.7, dtype=torch.float64)
with style.figure(1, 3, size=(8, 2.8)) as (figure, panels):
    for axes, (name, f) in zip(panels, products.items(), strict=True):
        H = torch.func.hessian(lambda p, f=f: f(p[None])[0])(point)
        draw_matrix(axes, name, values=H)
    figure.suptitle("Hessians at c(1, 1, 1, 1, 1): entries alike, as far as f is symmetric")
    plt.show()

# %% [markdown]
# In the middle, the Hessian has the dihedral symmetries of a pentagon, ten; on the data five of them fail: $x_i x_{i+1}^2$ knows left from right. And without any list: let gradient descent look for $M$ with $f(Mx)=f(x)$, under the equations
# $M\circ M=M$, $MM^{\mathsf T}=E$, which hold exactly for permutations (chapter [10](10_symmetry_as_equations.ipynb)). It finds some, not all, for it gets stuck.

# %%
hits = discovery.search(products["Σ xᵢ xᵢ₊₁ + Σ x⁴"], x, starts=32, generator=seed(0))
G = discovery.finite_symmetries(products["Σ xᵢ xᵢ₊₁ + Σ x⁴"], x).group
print("found some:", len(hits) > 0, "· all of them in D(5):", all(G.contains(M) for M in hits))
print("with signs, Σ x⁴ in R³:", discovery.finite_symmetries(lambda x: x.pow(4).sum(1), x[:, :3], signed=True))

# %% [markdown]
# ## How much symmetry?
#
# Real functions are symmetric *more or less*. For a group $G$, and examples whose distribution $G$ leaves alone, take
#
# $$a_G(f)=\frac{\mathbb E\,|f(gx)-f(x)|^2}{2\,\mathrm{Var} f} = 1-\frac{\mathrm{Var}(Rf)}{\mathrm{Var} f},$$
#
# with the Reynolds operator $R$, the average over $G$ (chapter [02](02_reynolds_operator.ipynb)): the share of the variance that averaging removes. 0 is symmetric, 1 not at all. Test it: $f(x)=\|x\|^2+\varepsilon x_0$ in $\mathbb R^3$, $x$ Gaussian. $\mathrm{Var}\|x\|^2=6$, the
# second part averages to zero, so $a=\varepsilon^2/(6+\varepsilon^2)$. For the average the 24 turns of a cube are enough.

# %%
G = groups.Octahedral()
x = (gaussian(200, 3) @ G.elements().mT).flatten(0, 1)  # every turn of every example: G leaves their distribution alone
sizes = torch.logspace(-2, 1.5, 15, dtype=torch.float64)
measured, removed, least = [], [], []
for e in sizes.tolist():
    f = lambda x, e=e: x.square().sum(1) + e * x[:, 0]  # noqa: E731
    measured.append(discovery.asymmetry_under(f, x, G))
    average = torch.stack([f(x @ g.T) for g in G.elements()]).mean(0)
    removed.append(1 - average.var() / f(x).var())
    least.append(discovery.discover_lie_algebra(f, x).spectrum[-3:])
measured, removed, least = torch.tensor(measured, dtype=torch.float64), torch.stack(removed), torch.stack(least)
closed = sizes**2 / (6 + sizes**2)
print("both sides of the formula:", bool((measured - removed).abs().max() < 1e-10))
print("the closed form, within .1:", bool((measured - closed).abs().max() < 0.1))
print("one exact symmetry is left:", bool((least[:, 2] < 1e-10).all() and (least[:, 1] > 1e-4).all()))
with style.figure(1, 2, size=(9, 3)) as (figure, (left, right)):
    left.semilogx(sizes, closed, color=style.colour("muted"), label="ε² / (6 + ε²)")
    left.semilogx(sizes, measured, "o", color=style.colour("data"), label="measured, G of the cube")
    left.set(title="From symmetric to not at all", xlabel="ε", ylabel="asymmetry")
    left.legend()
    for k, label, role in ((1, "the other two", "learned"), (2, "turn about x₀", "invariant")):
        right.loglog(sizes, least[:, k].clamp(min=1e-6), "o-", markersize=4, label=label, color=style.colour(role))
    right.set(title="Two of three turns leave the null space", xlabel="ε", ylabel="change of f (cut at 10⁻⁶)")
    right.legend(fontsize=9)
    plt.show()

# %% [markdown]
# Two different questions, then. *Which* symmetries does it have: the spectrum. *How far* is it from a group I name: the asymmetry.
#
# ## How far may I turn it?
#
# A 6 turned by a little is a 6; turned by a half, it is a 9. Such a symmetry is no group, but a *range*: turns by $|t|\le w$. Augmenting with the right range helps; with too large a one it does harm. Can $w$ be learned? Benton et al. (2020) move each example by $e^{t A}$, $t$ uniform in $[-w,w]$,
# train $w$ with the weights, and subtract from the loss a *reward* for a wide range. In the data below class 0 is near $(1,0)$ and class 1 near $(-1,0)$, so the truth is a quarter turn, $w=\pi/2$.

# %%
x, labels = discovery.sectors(300, generator=seed(0))
paths = {
    reward: [
        (r.step, float(r.widths))
        for r in discovery.learn_ranges(x, labels, weight=reward, steps=500, generator=seed(0))
    ]
    for reward in (0.0, 0.1, 10.0)
}
ends = {reward: path[-1][1] for reward, path in paths.items()}
print("no reward: the range collapses:", ends[0.0] < 0.4)
print("0.1: near the truth, between 1 and 1.7:", 1 < ends[0.1] < 1.7)
print("10: turned as far as allowed, whatever the labels say:", ends[10.0] > 2.8)
with style.figure(size=(7.5, 2.9)) as (figure, axes):
    for (reward, path), role in zip(paths.items(), ("learned", "invariant", "negative"), strict=True):
        axes.plot(*zip(*path, strict=True), label=f"reward {reward:g}", color=style.colour(role))
    axes.axhline(math.pi / 2, color=style.colour("muted"), linestyle=":")
    axes.set(
        title="The range is found, if the reward is neither 0 nor large",
        xlabel="step",
        ylabel="half-width w of the turns",
    )
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    plt.show()

# %% [markdown]
# Without reward nothing speaks for moving the examples: the labels are fitted best by leaving them alone. So the method does not read the range from the data alone; it finds the widest range that the *labels* allow. Its reward may be anything from 0.02 to 2 here (`python tests/benchmarks/discovery.py`).
#
# ## Equations from examples
#
# Put both ends together. There are only noisy pairs $(x,y)$, in dimensions 3, 4 and 5, of two hidden functions. Fit a polynomial at each $n$, find its algebra, exponentiate, and ask chapter 10 which equation in $M$ all these matrices obey:

# %%
for name, letters, minus in (("lengths", (J,), False), ("intervals", (eta,), True)):
    data = {}
    for n in (3, 4, 5):
        x = gaussian(2000, n, number=n)
        signature = torch.tensor([1.0] + [-1.0 if minus else 1.0] * (n - 1), dtype=torch.float64)
        q = x.square() @ signature
        y = q + q**2 / 20
        data[n] = x, y + 0.1 * y.std() * gaussian(2000, number=9 + n)  # a tenth of noise
    learned = discovery.learn_equations_from_data(data, letters, generator=seed(0))
    system = learned.system
    print(f"{name}: {system.text}")
    signature = torch.diag(torch.tensor([1.0] + [-1.0 if minus else 1.0] * 7, dtype=torch.float64))
    A = gaussian(20, 8, 8)
    A = 0.3 * torch.linalg.inv(signature) @ (A - A.mT)  # AᵀB + BA = 0: the algebra at n = 8, which was never seen
    M = torch.matrix_exp(A)
    print(
        "   at n = 8, true members obey it:",
        bool(system.residual(M).max() < 1e-8),
        "· random matrices do not:",
        bool(system.residual(gaussian(20, 8, 8) / 8**0.5).min() > 0.1),
    )

# %% [markdown]
# From a tenth of noise to an equation without any: what is noisy in the algebra is a number, and the equation has to be one of few words. It says $O(n)$, although only $SO(n)$ can be seen in an algebra: reflections obey the same equation.
#
# ## Real data: what have networks learned about images?
#
# Digits, 8 × 8. The groups are not given by matrices that you would want to write down (64 × 64), but one can move images and look. First live: a small perceptron, trained on upright digits and on digits that are turned at random.

# %%
images, classes = digits.images()[:, None], digits.labels()
order = torch.randperm(len(images), generator=seed(0))
images, classes = images[order], classes[order]
rotate = discovery.IMAGE_TRANSFORMATIONS["rotation"]


def train(turned, steps=400):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer, generator = torch.optim.Adam(network.parameters(), 3e-3), seed(1)
    for _ in range(steps):
        chosen = torch.randint(1400, (64,), generator=generator)
        x = images[chosen]
        if turned:
            x = rotate(x, float(2 * math.pi * torch.rand((), generator=generator)))
        loss = nn.functional.cross_entropy(network(x), classes[chosen])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return network


angles = torch.linspace(-math.pi, math.pi, 25)
test, answers = images[1400:], classes[1400:]
curves, accuracy = {}, {}
for name, turned in (("upright", False), ("turned", True)):
    network = train(turned)
    curves[name] = discovery.image_asymmetry(network, test, "rotation", angles)
    accuracy[name] = float((network(test).argmax(1) == answers).double().mean())
upright, turned = (c[:, 0].mean() for c in curves.values())
print("trained on turned digits, less than half as asymmetric under rotation:", bool(turned < upright / 2))
print("and worse at upright ones:", accuracy["turned"] < accuracy["upright"] - 0.02)

# %%
with style.figure(1, 5, size=(8, 1.9)) as (figure, panels):
    for axes, angle in zip(panels, (0.0, 0.5, math.pi / 2, 2.5, math.pi), strict=True):
        draw_matrix(axes, f"{angle:.2g} rad", values=rotate(test[3:4], angle)[0, 0], scale=1.0)
    figure.suptitle("Which of these should be the same digit?")
    plt.show()

with style.figure(1, 2, size=(9, 3.3)) as (figure, (left, right)):
    for name, role in (("upright", "learned"), ("turned", "invariant")):
        left.plot(angles, curves[name][:, 0], color=style.colour(role), label=f"trained on {name} digits")
        right.plot(angles, curves[name][:, 1], color=style.colour(role))
    left.set(title="Augmentation lowers the asymmetry", xlabel="turn, in radians", ylabel="asymmetry of the outputs")
    right.set(
        title="... not to zero: decisions still change", xlabel="turn, in radians", ylabel="share of changed decisions"
    )
    figure.legend(loc="outside lower center", ncols=2, fontsize=9)
    plt.show()

# %% [markdown]
# Values above 1 in the picture mean that $f(gx)$ and $f(x)$ are *further* apart than two unrelated values, for turned digits are not distributed as upright ones. A digit turned by $\pi$ looks more like a digit again than one turned by $\pi/2$: the dip at both ends.
#
# Longer runs are recorded (`python data/make/discovery_runs.py`), for a perceptron and a convolutional network, under four kinds of moves:

# %%
recorded = json.loads(data_file("recorded_runs/discovery.json").read_text(encoding="utf-8"))
moves = ("rotation", "translation right", "scaling", "shear")
with style.figure(1, 4, size=(10, 3.1)) as (figure, panels):
    for axes, move in zip(panels, moves, strict=True):
        for name, role in (("perceptron", "learned"), ("convolutional", "invariant")):
            amounts, _, changed = zip(*recorded["digits"][name][move], strict=True)
            axes.plot(amounts, changed, "o-", markersize=3, color=style.colour(role), label=name)
        axes.set(title=move, xlabel="radians" if move == "rotation" else "amount", ylim=(0, 1))
    panels[0].set(ylabel="changed decisions")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=9)
    figure.suptitle("Convolution helps against shifts, and not against turns")
    plt.show()
one_pixel = {
    name: dict((a, c) for a, _, c in recorded["digits"][name]["translation right"])[0.125]
    for name in ("perceptron", "convolutional")
}
print(
    "one pixel to the right changes, of a hundred decisions:",
    {name: round(100 * share) for name, share in one_pixel.items()},
)

# %% [markdown]
# And clouds of points in space: eight shapes, seen upright or turned at random, by a network that is invariant under permutations of the points (chapter [04](04_deep_sets_and_beyond.ipynb)) and knows nothing of rotations.

# %%
for training, row in recorded["shapes"].items():
    print(f"trained {training}: right {round(100 * row['accuracy'])} %; asymmetry in per cent:")
    print("   " + ", ".join(f"{G} {100 * row[G]:.1f}" for G in ("rotations about z", "SO(3)", "z ↦ −z")))

# %% [markdown]
# Upright shapes look the same from all sides, so turns about $z$ were learned and the others not. Trained on all turns, the network is symmetric, and worse. Look at the last number: it is symmetric under the *mirror*, too, which is no rotation. Two of the shapes, the left and the right helix, are mirror
# images. A network that cannot see mirrors cannot tell them apart: too much symmetry was learned.

# %% [markdown]
# ## Exercises
#
# Each has a stub, a check, two hints and a solution. The checks look for the smallest case that goes wrong.

# %% [markdown] exercise="12.1"
# ### Exercise 12.1 · The algebra by hand
# Write `algebra(gradients, x)`: an orthonormal basis $(d, n, n)$ of all $A$ with $\nabla f(x_i)^{\mathsf T}Ax_i=0$ at every example, from `gradients` and `x`, both of shape $(N, n)$. There are enough examples: $N\ge n^2$.

# %% [markdown] hint="12.1"
# One row for each example, $\nabla f(x)\,x^{\mathsf T}$ flattened row by row. Which factor comes first?

# %% [markdown] hint="12.1"
# `_, s, Vh = torch.linalg.svd(P)`: rows of `Vh` with a singular value below `1e-8 * s.max()` span the null space. (If $P=0$, all of them.)


# %% stub="12.1"
def algebra(gradients, x):
    return ...


# %% check="12.1"
teaching.check("12.1", algebra)


# %% solution="12.1"
def algebra(gradients, x):
    n = x.shape[1]
    P = torch.einsum("ni,nj->nij", gradients, x).flatten(1)
    _, s, Vh = torch.linalg.svd(P)
    return Vh[s <= 1e-8 * s.max()].reshape(-1, n, n)


# %% mistake="12.1"
def algebra(gradients, x):
    n = x.shape[1]
    P = torch.einsum("ni,nj->nij", x, gradients).flatten(1)  # the transposes
    _, s, Vh = torch.linalg.svd(P)
    return Vh[s <= 1e-8 * s.max()].reshape(-1, n, n)


# %%
teaching.expected("12.2")

# %% [markdown] exercise="12.2"
# ### Exercise 12.2 · A function to order
# Write a function `f` of examples $x$ of shape $(N, 3)$ to $(N,)$ whose continuous symmetries are the turns about the axis $(1,1,1)$, and *no others*. The picture shows where they move some points: on each circle `f` must be constant.

# %% [markdown] hint="12.2"
# Turns about an axis leave two numbers alone: the length of $x$ and its component along the axis.

# %% [markdown] hint="12.2"
# A function of both must not have more. $\|x\|^2+(x_0+x_1+x_2)^2$ will not do: that is an ellipsoid, which has three dimensions of symmetries. Which power breaks it?


# %% stub="12.2"
def f(x):
    return ...


# %% check="12.2"
teaching.check("12.2", f)


# %% [markdown] solution="12.2"
# At each degree $\nabla f(x)^{\mathsf T}Ax$ must vanish: $2x^{\mathsf T}Ax=0$, so $A$ is skew-symmetric, and $(1,1,1)\,Ax=0$, so the turn has this axis.


# %% solution="12.2"
def f(x):
    return x.square().sum(1) + x.sum(1)


# %% mistake="12.2"
def f(x):
    return x.square().sum(1) + x.sum(1) ** 2


# %% [markdown] exercise="12.3"
# ### Exercise 12.3 · The Killing form in any basis
# The cell above needed an orthonormal basis. Write `killing_form(A)` for any linearly independent $A$ $(d,n,n)$ whose span is closed under brackets: the $d\times d$ matrix $\mathrm{tr}(\mathrm{ad}(A_i)\,\mathrm{ad}(A_j))$, in this basis.

# %% [markdown] hint="12.3"
# The coefficients $c_{ijk}$ in $[A_i,A_j]=\sum_k c_{ijk}A_k$ now come from a linear system. `torch.linalg.lstsq`, or `torch.linalg.pinv`.

# %% [markdown] hint="12.3"
# With the $A_k$ flattened to the rows of $F$: the row $c_{ij}$ solves $c_{ij}F=\mathrm{vec}[A_i,A_j]$, so $c_{ij}=\mathrm{vec}[A_i,A_j]\,F^{+}$.


# %% stub="12.3"
def killing_form(A):
    return ...


# %% check="12.3"
teaching.check("12.3", killing_form)


# %% solution="12.3"
def killing_form(A):
    product = torch.einsum("iab,jbc->ijac", A, A)
    c = (product - product.transpose(0, 1)).flatten(2) @ torch.linalg.pinv(A.flatten(1))
    return torch.einsum("iab,jba->ij", c, c)


# %% mistake="12.3"
def killing_form(A):
    product = torch.einsum("iab,jbc->ijac", A, A)
    c = torch.einsum("ijac,kac->ijk", product - product.transpose(0, 1), A)  # right for an orthonormal basis only
    return torch.einsum("iab,jba->ij", c, c)


# %% [markdown] exercise="12.4"
# ### Exercise 12.4 · Data that lie
# $f(x)=x_0^2+2x_1^2+3x_2^2$ is *not* symmetric under the turns of the first two coordinates, $A=\begin{pmatrix}0&-1&0\\1&0&0\\0&0&0\end{pmatrix}$. Give examples `x` of shape $(N, 3)$, at least 20, all different, that span $\mathbb R^3$, and on which nobody can tell:
# $\nabla f(x)^{\mathsf T}Ax=0$ at each.

# %% [markdown] hint="12.4"
# Write it out: $\nabla f = (2x_0, 4x_1, 6x_2)$ and $Ax=(-x_1,x_0,0)$.

# %% [markdown] hint="12.4"
# $2x_0x_1=0$: each example has a zero among its first two coordinates. But not the same one always, or they would not span.

# %% stub="12.4"
x = ...

# %% check="12.4"
teaching.check("12.4", x)

# %% solution="12.4"
x = torch.randn(40, 3, generator=seed(0), dtype=torch.float64)
x[:20, 0] = 0
x[20:, 1] = 0

# %% mistake="12.4"
x = torch.randn(40, 3, generator=seed(0), dtype=torch.float64)
x[:, 0] = 0

# %% [markdown] exercise="12.5"
# ### Exercise 12.5 · How asymmetric?
# Write `asymmetry(f, x, G)` for a finite group $G$: $\mathbb E|f(gx)-f(x)|^2/(2\,\mathrm{Var} f)$, the mean over all examples $x$ $(N, n)$ and all $g\in G$. $f$ takes $(N,n)$ to $(N,)$; $\mathrm{Var}$ is the mean squared deviation.

# %% [markdown] hint="12.5"
# `G.elements()` is $(|G|, n, n)$. All $x$ moved by one $g$: `x @ g.T`. The identity counts, too.

# %% [markdown] hint="12.5"
# `y.var(correction=0)` is the variance with $1/N$.


# %% stub="12.5"
def asymmetry(f, x, G):
    return ...


# %% check="12.5"
teaching.check("12.5", asymmetry)


# %% solution="12.5"
def asymmetry(f, x, G):
    y = f(x)
    moved = torch.stack([f(x @ g.T) for g in G.elements()])
    return (moved - y).square().mean() / (2 * y.var(correction=0))


# %% mistake="12.5"
def asymmetry(f, x, G):
    y = f(x)
    moved = torch.stack([f(x @ g.T) for g in G.generators])
    return (moved - y).square().mean() / (2 * y.var(correction=0))


# %% [markdown]
# ## Break it
#
# **Too few examples.** Each one removes at most one false direction. With fewer than $n^2$ the kit refuses:

# %%
try:
    discovery.discover_lie_algebra(squared_length, gaussian(20, 5))
except ValueError as reason:
    print(reason)

# %% [markdown]
# **Noise.** As much of it as of signal, and 100 examples: nothing is found, though the truth is $\mathfrak{so}(3)$. With 1000 it is found again, with a caution.

# %%
for N in (100, 1000):
    x = gaussian(N, 3)
    y = squared_length(x)
    f = discovery.fit_polynomial(x, y + y.std() * gaussian(N, number=1))
    found = discovery.discover_lie_algebra(f, x)
    print(f"{N} examples: {discovery.identify(found).name}; a caution: {bool(found.cautions)}")

# %% [markdown]
# **Data on a plane.** Let all examples have $x_2=0$. The third column of $A$ multiplies zero, and if the third component of $\nabla f$ vanishes too, so is the third row free. Five false directions. Here the theorem comes to help, for their brackets leave the span:

# %%
x = gaussian(300, 3)
x[:, 2] = 0
found = discovery.discover_lie_algebra(lambda x: x[:, 0] ** 2 + x[:, 1] ** 2 + 5 * x[:, 2] ** 2, x)
print("dimension:", found.dimension)
print(*found.cautions)

# %% [markdown]
# But it need not help: on the data of exercise 12.4 the turn stays in the null space, whatever $f$ does elsewhere. On a small part of space a function can look symmetric and not be: "symmetric on the data" is all one can know from data, and a network need not be symmetric anywhere else.
#
# **A bad basis.** Cubes, $\sum x_i^3$, have no continuous symmetry. But write them in coordinates where one direction counts little, and three matrices change $f$ by a few per cent only, as for a trained network. The clue is in the
# number: $f$ is exact here, and symmetries of an exact function are exact to rounding.

# %%
cubes, T = invariants.polynomial("x0^3 + x1^3 + x2^3", 3), gaussian(3, 3, number=5)
found = discovery.discover_lie_algebra(lambda x: cubes(x @ T.T), gaussian(300, 3))
print("singular values of T, largest over smallest, above 4:", bool(torch.linalg.cond(T) > 4))
print(f"dimension {found.dimension}; exact: {found.violation < 1e-9}; brackets leave the span: {found.closure > 0.05}")

# %% [markdown]
# ## Try next
#
# - In the finder: type `x0 x1 x2`. Which dimension, and why not 3? Then `x0^4 + x1^4`: what does it have instead?
# - Add noise to *two circles* until the name is lost. How many samples bring it back?
# - Fit the network in $O(5)$ with `width=64, steps=3000`. How does the gap grow?
# - $\det X$ of 3 × 3 matrices, as `discovery.discover_lie_algebra(torch.linalg.det, gaussian(300, 3, 3))`: which group acts on the columns?
# - Give `discovery.learn_ranges` the generators `discovery.TURN_AND_GROW`. Why should scaling have no end?
# - Chapter 13 (to come) takes a data set of yours from the question to the network.
#
# ## References
#
# - A. Moskalev, A. Sepliarskaia, I. Sosnovik, A. Smeulders. *LieGG: Studying Learned Lie Group Generators*. NeurIPS 2022: the polarization matrix.
# - M. Finzi, M. Welling, A. G. Wilson. *A Practical Method for Constructing Equivariant Multilayer Perceptrons for Arbitrary Matrix Groups*. ICML 2021: the task in $O(5)$.
# - G. Benton, M. Finzi, P. Izmailov, A. G. Wilson. *Learning Invariances in Neural Networks from Training Data*. NeurIPS 2020: ranges of augmentations.
# - S. Helgason. *Differential Geometry, Lie Groups, and Symmetric Spaces*. Academic Press 1978: the Killing form, and the list of names.
# - N. Dehmamy, R. Walters, Y. Liu, D. Wang, R. Yu. *Automatic Symmetry Discovery with Lie Algebra Convolutional Network*. NeurIPS 2021: generators as weights of a layer.
