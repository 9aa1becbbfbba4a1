# %% [markdown]
# # 09 · How many numbers is a symmetry?
#
# Chapter [07](07_learned_symmetry_matrices.ipynb) learned a symmetry as a matrix $U$ of $mn\times k$ numbers. For ten points and all their permutations that is 200
# numbers, for a sentence that takes five words: "the order does not matter". How many numbers does a symmetry really take, and how much data do
# they need? Both questions have exact answers.
#
# **You will be able to**
#
# - say which changes of $U$ nobody can notice, and count the rest: $k(mn-k)$;
# - describe one symmetry in six ways, from $k(mn-k)$ numbers to none at all, and know when each applies;
# - derive how many tasks are needed at least, and name what breaks the rule;
# - read a phase diagram, run your own sweep, and say what it does *not* show.
#
# **Time**: 60 minutes · **You need**: chapters [02](02_reynolds_operator.ipynb), [05](05_sharing_patterns.ipynb) and [07](07_learned_symmetry_matrices.ipynb)

# %% tags=["setup"]
import math
import statistics
import tempfile
import zlib
from pathlib import Path

import matplotlib.pyplot as plt
import torch

from eqkit import doctor, equations, groups, parameter_counts, subspaces, teaching
from eqkit.equivariant_maps import Hom
from eqkit.parameter_counts import DENSE, count, data_bound, free_directions, hidden_problem
from eqkit.tasks import data_file, digits
from eqkit.views import ParameterCounter, PhaseDiagram, draw_matrix, style

doctor.greet()


def seed(number):
    return torch.Generator().manual_seed(number)


def random(*shape, at=0):
    return torch.randn(*shape, generator=seed(at), dtype=torch.float64)


# %%
teaching.notation()

# %% [markdown]
# ## Recap
#
# A layer $y=Wx$ has a weight $W$ ($m\times n$). If it respects a group $G$, then $W$ lies in a linear space, $\mathrm{Hom}_G$, of dimension
# $k=\dim\mathrm{Hom}_G$. Put a basis of that space into the columns of a matrix $U$ ($mn\times k$):
#
# $$W=\mathrm{mat}(Uv),\qquad v\in\mathbb R^k .$$
#
# Every task has its own filter $v$; all tasks share $U$. So $U$ *is* the symmetry, and it is what has to be learned.
#
# ## Predict
#
# $S(10)$ permutes ten points, weights are $\lambda E+\gamma J$, so $k=2$ and $U$ has 100 · 2 = 200 entries. Somebody moves these 200 numbers a little. The
# learner fits $v$ to each task by least squares.

# %%
guess = teaching.predict(
    "In how many independent directions can U move so that the learner notices?", ["200", "196", "100", "2"]
)
guess

# %% [markdown]
# ## Count
#
# Each bar is a way to write the same symmetry down: its number of numbers on a log scale, and the memory they take. Choose other groups, drag $n$, and let $U$ have more
# columns than it needs. Select a bar to read its formula and when it holds. The rest of the chapter derives the bars, one by one.

# %%
counter = ParameterCounter("S", 10)
counter

# %%
print(counter.state()["numbers"])

# %% slide="fragment"
guess.reveal("196")

# %% [markdown]
# ## Explain: four of the 200 are gauge
#
# Replace $U$ by $UR$ with an invertible $R$ ($k\times k$). Then $Uv=UR\,(R^{-1}v)$: the same weights, with other filters. Nobody can notice, and $R$ has $k^2$ numbers.
# What is left is the *column space* of $U$ alone, $\mathrm{span}(U)$, and all $k$-dimensional subspaces of $\mathbb R^{N}$ form a smooth
# space of their own, the **Grassmannian** $\mathrm{Gr}(k,N)$.
#
# ### Theorem: the numbers that an inner loop sees
#
# Let $N=mn$ and let $U$ have rank $k$.
#
# 1. What $W=\mathrm{mat}(Uv)$ can be, and what least squares makes of any task with a unique fit, depends on $\mathrm{span}(U)$ alone, and
#    $$\dim\mathrm{Gr}(k,N)=k(N-k).$$
# 2. Gradient steps from $v=0$, and ridge regression, depend on $U$ through $UU^{\mathsf T}$, and such matrices form a family of dimension
#    $$k(N-k)+\tfrac{k(k+1)}2 .$$
#
# *Proof.* 1. Subspaces near $\mathrm{span}(U)$ (say its first $k$ rows are independent) have exactly one basis whose first $k$ rows are $E$: the other
# $(N-k)\,k$ entries are coordinates. 2. A gradient step is $v\leftarrow v-\eta\,U^{\mathsf T}r$ with a residual $r$ that depends on $Uv$ alone; so $Uv$ moves
# by $\eta\,UU^{\mathsf T}r$, and $U$ enters as $UU^{\mathsf T}$ only. For a ridge with features $AU$ the weight is $U(U^{\mathsf T}A^{\mathsf T}AU+\lambda E)^{-1}U^{\mathsf T}A^{\mathsf T}y=(UU^{\mathsf T}A^{\mathsf T}A+\lambda E)^{-1}UU^{\mathsf T}A^{\mathsf T}y$. $UU^{\mathsf T}=U'U'^{\mathsf T}$ exactly if $U'=UR$ with $R$ orthogonal, which has
# $k(k-1)/2$ numbers, and $kN-\frac{k(k-1)}2=k(N-k)+\frac{k(k+1)}2$. ∎
#
# The space as a matrix, without a basis, is its projector $P=U(U^{\mathsf T}U)^{-1}U^{\mathsf T}$. Differentiate it by $U$: the rank of the derivative is the number of directions that
# are noticed. Three lines:

# %%
U = random(100, 2)  # any U of this size
J = torch.func.jacfwd(lambda U: U @ torch.linalg.solve(U.T @ U, U.T))(U).reshape(-1, U.numel())
print("U has", U.numel(), "entries; its span moves in", int(torch.linalg.matrix_rank(J)), "directions")

# %% [markdown]
# Is that what a real inner loop sees? Differentiate *what is predicted after it*, for twelve tasks at once:


# %%
def inner_loops(m, n, tasks=12):
    """Functions of U: the weights (tasks, mn) after each inner loop, on fixed random tasks that show n + 1 examples."""
    x, y = random(tasks, n + 1, n, at=1), random(tasks, (n + 1) * m, 1, at=2)

    def features(U):
        return torch.einsum("tsi,oik->tsok", x, U.reshape(m, n, -1)).flatten(1, 2)

    def fitted(U, ridge):
        A = features(U)
        return torch.linalg.solve(A.mT @ A + ridge * torch.eye(U.shape[1]), A.mT @ y).squeeze(-1) @ U.T

    def stepped(U, steps=2, rate=0.01):
        A, v = features(U), torch.zeros(tasks, U.shape[1], 1, dtype=U.dtype)
        for _ in range(steps):
            v = v - rate * A.mT @ (A @ v - y)
        return v.squeeze(-1) @ U.T

    return {
        "least squares": lambda U: fitted(U, 0),
        "ridge": lambda U: fitted(U, 1),
        "two gradient steps": stepped,
    }


for m, n, k in ((3, 3, 2), (2, 4, 3), (4, 3, 5)):
    U = random(m * n, k, at=3)
    seen = {name: parameter_counts.visible_dimension(f, U) for name, f in inner_loops(m, n).items()}
    span, metric = k * (m * n - k), k * (m * n - k) + k * (k + 1) // 2
    print(f"m = {m}, n = {n}, k = {k}: {U.numel()} entries; seen by {seen}; formulas {span} and {metric}")

# %% [markdown]
# ## How large is k at least?
#
# $U$ must hold $\mathrm{Hom}_G$, so $k\ge\dim\mathrm{Hom}_G$, and that can be counted before anything is solved, by the mean character of chapter 05:
#
# $$\dim\mathrm{Hom}_G(V,W)=\frac1{|G|}\sum_g\chi_W(g)\,\chi_V(g^{-1}),$$
#
# an integral for continuous groups. Beside it the dimension of the space that the solver finds:

# %%
for G, p, q in (
    (groups.S(7), 1, 1),
    (groups.C(8), 1, 1),
    (groups.D(8), 1, 1),
    (groups.A(5), 2, 1),
    (groups.SO(3), 2, 2),
    (groups.U(2), 1, 1),
):
    V, W = G.vector**p, G.vector**q
    by_characters = parameter_counts.hom_dimension(V, W, degree=p + q)
    print(f"{G}: {V} → {W}: characters {by_characters}, solver {Hom(V, W).dim}, of {V.size * W.size} weights")

# %% [markdown]
# So for $S(n)$ on points $2(n^2-2)$ numbers, for $C(n)$ already $n(n^2-n)=n^3-n^2$. Far too many, but this is what a $U$ with *nothing known about it* has. Everything below says
# something about it.
#
# ## Products: U = A ⊗ B
#
# If $G$ acts on rows and $H$ on columns of a grid, then $\mathrm{Hom}_{G\times H}(V\otimes W)=\mathrm{Hom}_G(V)\otimes\mathrm{Hom}_H(W)$ (what commutes with both kinds of
# moves is a sum of products). Then $U=A\otimes B$, and only $\mathrm{span}(A)$ and $\mathrm{span}(B)$ count: $\sum r_i(a_i-r_i)$ for factors of sizes $a_i\times r_i$.

# %%
rows, columns = groups.C(2).vector, groups.C(3).vector  # translations of a 2 × 3 grid
grid = rows @ columns
H, A, B = Hom(grid, grid), Hom(rows, rows), Hom(columns, columns)
products = torch.stack([torch.kron(a, b) for a in A.basis for b in B.basis])
print("Hom of the product is the product of the Homs:", subspaces.same_span(products.flatten(1).T, H.U))
print("numbers: free", parameter_counts.grassmannian(6, 36), "· as a product", 2 * (4 - 2) + 3 * (9 - 3))
arm = parameter_counts.kronecker_arm([(2, 2), (3, 3)], (2, 3))
print(
    "the same as a rank:", arm.dimension(hidden_problem(grid, 1, 1)), "of", arm.parameters(hidden_problem(grid, 1, 1))
)

# %%
with style.figure(1, 3, size=(9, 3.2)) as (figure, axes):
    for ax, (name, hom) in zip(
        axes,
        {"C(2) on rows: 2 weights": A, "C(3) on columns: 3 weights": B, "their product: 6 weights": H}.items(),
        strict=True,
    ):
        draw_matrix(ax, name, labels=hom.pattern)
    plt.show()

# %% [markdown]
# Another family: every column of $U$ is a weight of low rank $r$. One such weight has $r(m+n-r)$ numbers, one of them its length. So
# $k\cdot\min(r(m+n-r)-1,\;mn-k)$: this saves something only while $r$ is small. Counted as a rank, too:

# %%
m, n, k = 4, 4, 3
for r in (1, 2, 3, 4):
    factors = random(2, k, 4, r, at=r)

    def span(factors):
        return parameter_counts.projector((factors[0] @ factors[1].mT).flatten(1).T)

    found, formula = parameter_counts.visible_dimension(span, factors), parameter_counts.low_rank(k, m, n, r)
    print(f"rank {r}: {found} = {formula}, of {parameter_counts.grassmannian(k, m * n)} for a free U")

# %% [markdown]
# ## Generators: two random elements are enough
#
# $\mathrm{Hom}_G$ is what commutes with $G$, so it is known as soon as $G$ is, and a group is known by generators. How many? For a group like $SO(n)$, compact
# and in one piece: **two**, and nearly any two.
#
# ### Theorem (Schreier and Ulam 1935)
#
# Almost every pair $x,y$ in a connected compact Lie group $G$ generates a dense subgroup. Hence $WV(g)=V'(g)W$ for $g=x,y$ alone already gives $\mathrm{Hom}_G$.
#
# *Proof.* The powers of almost every $x$ are dense in a maximal torus $T$ (its angles are independent over $\mathbb Q$). Let $K\supseteq T$ be the closure of what $x$ and $y$ generate, and $K^\circ$ its
# connected part, which holds $T$. The Lie algebra of $K^\circ$ is that of $T$ and some root spaces: finitely many choices. $y$ normalises $K^\circ$. If $K^\circ\ne G$, its normaliser is a proper closed
# subgroup (a normal connected subgroup that holds one maximal torus holds all their conjugates, which fill $G$), of lower dimension. So $y$ lies in
# one of finitely many sets of measure zero. ∎
#
# One element is not enough, unless $G$ is a torus: it generates no more than a torus, whose Hom is larger. (For $SO(n)$ the counter's row *one element* is half the price, and describes the torus.)

# %%
for G in (groups.SO(3), groups.SO(4), groups.U(3)):
    V = G.vector
    found = [parameter_counts.generated_dimension(V, V, number, seed(0)) for number in (1, 2)]
    print(f"{G}: commutes with one random element {found[0]}, with two {found[1]}; Hom {Hom(V, V).dim}")
V = groups.SO(3).vector
found = [parameter_counts.generated_dimension(V**2, V**2, number, seed(1)) for number in (1, 2, 3)]
print(f"SO(3), V⊗V → V⊗V: {found}; Hom {Hom(V**2, V**2).dim}")

# %% [markdown]
# So $2n^2$ numbers, two matrices, describe any such symmetry, whatever $k$ is; $2\dim\mathfrak g$ if the Lie algebra is known and the two are exponentials. Mind the words "in one piece":

# %%
V = groups.O(3).vector
pairs = [parameter_counts.generated_dimension(V**2, V, 2, seed(i)) for i in range(40)]
sixes = [parameter_counts.generated_dimension(V**2, V, 6, seed(i)) for i in range(40)]
print("O(3), V⊗V → V, Hom:", Hom(V**2, V).dim, "· some pair of 40 gives more:", max(pairs) > 0)
print("a pair of rotations, no mirror among them, also allows the cross product:", set(pairs) == {0, 1})
print("six elements miss it more rarely:", sum(sixes) < sum(pairs))

# %% [markdown]
# Finite groups have many subgroups for a pair to fall into. Counted exactly, pair by pair: for the simple group $A(5)$ it is 19 of 30, and for larger simple groups the fraction
# tends to 1 (Dixon; Kantor and Lubotzky; Liebeck and Shalev); a simple group *has* a pair, always. $C(8)$ gives ¾. So: take elements until the
# dimension stops falling, then check the solution on the generators.

# %%
for G in (groups.A(5), groups.C(8), groups.S(4)):
    good, total = parameter_counts.generating_pairs(G)
    shared = math.gcd(good, total)
    print(f"{G}: {good} of {total} pairs generate it, {good // shared}/{total // shared}")

# %% [markdown]
# ## Lie algebras, equations
#
# A connected group is also its **Lie algebra**, a subspace of $d$ dimensions in the $n^2$ of matrix space: a point of $\mathrm{Gr}(d,n^2)$, $d(n^2-d)$ numbers. For $\mathfrak{so}(n)$ that grows like $n^4/4$. It is an
# upper bound: that brackets close again is not used.
#
# And a group may be given by **equations**. $MM^{\mathsf T}=E$ has two coefficients, at every $n$. Chapter [10](10_symmetry_as_equations.ipynb) learns
# them. That is the end of the road: numbers that do not depend on $n$.

# %%
sizes = (4, 8, 16, 32, 64)
rows = {
    "a weight": [count(groups.C(n).vector, groups.C(n).vector).dense for n in sizes],
    "span(U), C(n)": [count(groups.C(n).vector, groups.C(n).vector).grassmannian for n in sizes],
    "span(U), S(n)": [count(groups.S(n).vector, groups.S(n).vector).grassmannian for n in sizes],
    "two generators": [count(groups.S(n).vector, groups.S(n).vector).generators for n in sizes],
}
numbers = {name: [c.number for c in row] for name, row in rows.items()}
numbers["two generators, so(n) known"] = [2 * len(groups.SO(n).lie_algebra) for n in sizes]
numbers["so(n), a subspace"] = [(d := n * (n - 1) // 2) * (n * n - d) for n in sizes]
system = equations.named("O")
numbers[f"the equation {system}"] = [int((system.coefficients != 0).sum())] * len(sizes)
print(f"{'n':28}", *(f"{n:>9}" for n in sizes))
for name, row in numbers.items():
    print(f"{name:28}", *(f"{number:>9}" for number in row))

# %%
with style.figure(size=(8, 4)) as (figure, ax):
    for i, (name, row) in enumerate(numbers.items()):
        hue, _ = style.class_style(i if i < 3 else i + 1)  # yellow is too light for a line
        ax.loglog(sizes, row, "o-", color=hue, label=name)
    ax.set(title="Only equations do not grow with n", xlabel="n", ylabel="numbers", xticks=sizes)
    ax.set_xticks(sizes, [str(n) for n in sizes])
    ax.minorticks_off()
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    plt.show()

# %% [markdown]
# ### And from below
#
# Can a cleverer description do with less? Let the *kind* of group be known, but not the basis in which it acts: every
# $\{BWB^{-1}:W\in\mathrm{Hom}\}$ is possible. If $V=\bigoplus m_iD_i$ (over $\mathbb C$), $B$ moves the space unless it normalises it, and what normalises it is $\bigoplus\mathfrak{gl}(m_i)$ and
# $\bigoplus\mathfrak{gl}(\dim D_i)$, which share a scalar for each $i$. So this family has
#
# $$n^2-\sum_i\left(m_i^2+(\dim D_i)^2-1\right)$$
#
# dimensions, and no differentiable map from fewer numbers covers it (by Sard's theorem its image has measure zero): $2(n-1)$ for $S(n)$, $n^2-n$ for $C(n)$. The same as the rank of the
# derivative by $B$ at $B=E$:

# %%
for G in (groups.S(5), groups.C(5), groups.D(6), groups.S(2) * groups.S(3)):
    V, U = G.vector, Hom(G.vector, G.vector).U

    def moved(B, U=U):
        return parameter_counts.projector(torch.kron(B.contiguous(), torch.linalg.inv(B).T.contiguous()) @ U)

    rank = parameter_counts.visible_dimension(moved, torch.eye(V.size, dtype=torch.float64))
    print(f"{G}: parts (mᵢ, dim Dᵢ) {parameter_counts.isotypes(V)}: {parameter_counts.lower_bound(V)} = {rank}")

# %% [markdown]
# If the basis is known as well (the group permutes the pixels), a finite choice is left, and no continuous number at all. Then you search (chapter [12](12_discovering_symmetry.ipynb)), you do not descend.
#
# ## How much data?
#
# Numbers must be found in data. $T$ tasks show $S$ examples $y=Wx$ each, without noise, from fresh random inputs.
#
# ### Theorem: the counting bound
#
# Let $U$ come from a smooth family of dimension $d$ (a free $U$: $d=k(mn-k)$), and let every task fix its filter. If the data determine $\mathrm{span}(U)$ to first order, then
#
# $$T\cdot m\cdot\min(S,n)\;\ge\;d+T\,k .$$
#
# *Proof.* A task shows $m\min(S,n)$ independent numbers, for after $n$ examples $W$ is known and nothing is new. Unknown are $d$ numbers of the space and $k$ of each task's filter. The derivative of
# the data by the unknowns is a linear map. If it has more columns than rows, some direction is mapped to zero. It does not move the filters alone, for they are fixed; so it moves the space, and the data do not notice. ∎
#
# Each task pays for its own filter first, and brings $m\min(S,n)-k$ equations to the common cause. So $T\ge d/(m\min(S,n)-k)$, and if $m\min(S,n)\le k$ no number of tasks is enough.

# %%
for group, k in (("C(6)", 6), ("D(6)", 4), ("S(6)", 2)):
    for shots in (1, 2, 3):
        print(f"{group}, shots {shots}:", data_bound(k, 6, 6, 20, shots).verdict)

# %% [markdown]
# *Necessary*. Is it sufficient? Linearise at the truth and count, by a rank, in how many directions the space can still move while all tasks stay fitted:


# %%
def free(V, x, at=9):
    """free_directions of Hom(V, V) and tasks with these inputs (T, S, n) and random filters."""
    hom = Hom(V, V)
    return free_directions(hom.U, x, random(len(x), hom.dim, at=at))


tasks = list(range(1, 33))
lines = {}
for G in (groups.C(6), groups.D(6), groups.S(6)):
    k, x = Hom(G.vector, G.vector).dim, random(32, 2, 6)
    counted = [max(0, k * (36 - k) - T * (12 - k)) for T in tasks]
    lines[str(G)] = counted, [free(G.vector, x[:T]) for T in tasks]
    least, true = (values.index(0) + 1 for values in lines[str(G)])
    never_below = all(f >= c for c, f in zip(*lines[str(G)], strict=True))
    print(f"{G}, 2 shots: bound {least} tasks, determined from {true}; never less is free than counted: {never_below}")

# %%
with style.figure(size=(7, 3.4)) as (figure, ax):
    for (name, (counted, found)), i in zip(lines.items(), (5, 4, 2), strict=True):
        ax.plot(tasks, counted, "--", color=style.CLASSES[i])
        ax.plot(tasks, found, color=style.CLASSES[i], label=name)
    ax.set(title="Free directions: found (solid), at least (dashed)", xlabel="tasks of 2 shots", ylabel="directions")
    ax.legend()
    plt.show()

# %% [markdown]
# For $C(6)$ the bound is met exactly. For $D(6)$ and $S(6)$ the last directions hang on: a symmetric space is no *generic* point of the Grassmannian. On a part $D_i$ that occurs $m_i$ times (all its copies together are an *isotypic* part) a
# task sees $m_i\times d_iS$ numbers of a filter that is $m_i\times m_i$; if $d_iS\le m_i$, it sees nothing else. Hence a second rule, from the group:
#
# $$S\;\ge\;\max_i\lfloor m_i/d_i\rfloor+1 .$$
#
# Every permutation group fixes the vector of ones, a part with $d=1$: **one shot is never enough**, however many tasks.

# %%
for G in (groups.S(6), groups.D(6), groups.trivial(2) * groups.S(2)):
    V = G.vector
    few, many = (free(V, random(T, 1, V.size)) for T in (100, 300))
    print(
        f"{G}: shots needed {parameter_counts.least_shots(V)}; one shot leaves free: "
        f"100 tasks {few > 0}, 300 tasks {many > 0}"
    )

# %% [markdown]
# ### Real data: strokes that leave a margin
#
# "Fresh random inputs" is an assumption about data. Take one of the two middle rows of pixels of real digits as inputs, vectors of $n=8$ pixels, hidden symmetry $C(8)$. The counting bound has room to spare:
# 60 tasks × 4 shots. But the outer pixels of these rows are *always* blank. Then inputs span a space of $r<n$ dimensions only, all weights are seen on it alone, and exactly $k\,m\,(n-r)$ directions
# stay free.

# %%
images = digits.images().double()
V = groups.C(8).vector
for row in (3, 4):
    x = images[torch.randperm(len(images), generator=seed(0))[:240], row].reshape(60, 4, 8)
    r = int(torch.linalg.matrix_rank(x.reshape(-1, 8)))
    moved = torch.stack([task.roll(i % 8, -1) for i, task in enumerate(x)])
    print(
        f"row {row}: inputs span {r} of 8; free {free(V, x)} = 8·8·(8 − {r}) = {64 * (8 - r)};",
        f"bound allows: {data_bound(8, 8, 8, 60, 4).possible}; each task shifted: free {free(V, moved)}",
    )

# %% [markdown]
# The symmetry of blank pixels cannot be learned from digits. Shift the images of each task, and it can.
#
# ## The phase diagram
#
# Can an *algorithm* find what is determined? Hidden groups of six points; every cell is a number of tasks and shots, run on six sets of tasks from three starts each by Levenberg–Marquardt on $U$ (the filters are eliminated),
# or by alternating least squares. Yellow: the hidden space was found in all runs (sine of the largest angle < 1e-3). The vermilion line is the counting bound: for a free $U$ nothing left of it may be yellow.
# The pink line: the tasks determine the space. Rest on a cell to see its run, ▶ replays it. `data/make/phase_runs.py` made it.

# %%
phase = PhaseDiagram(group="D(6)")
phase

# %%
state = phase.state()
print(state["group"], "·", state["arm"], "· rows:", state["rows"])

# %%
recorded = parameter_counts.PhaseDiagram.load(data_file("recorded_runs/phase.json"))
found = [cell for cell in recorded.cells if cell.recovered > 0]
below = [cell for cell in found if not recorded.bound(*cell[:4]).possible]
print("more than 100 cells with a recovery:", len(found) > 100)
print("below the bound, generators set aside:", sum("generator" not in cell.arm for cell in below))
print("where a free U was found, tasks determine it:", all(c.free == 0 for c in found if c.free is not None))
one_shot = [cell.recovered for cell in recorded.cells if cell.shots == 1]
print("nothing is recovered from one shot:", max(one_shot) == 0)

# %% [markdown]
# Below the bound the runs do not fail to fit. They fit *perfectly*, with another space: look at a cell at the left and its two curves.

# %%
below = [c for c in recorded.select(arm=DENSE.name) if c.shots > 1 and not recorded.bound(*c[:4]).possible]
print("below the bound most runs fit their tasks:", statistics.mean(c.fitted for c in below) > 0.5)
print("and none of these has found the space:", max(c.recovered for c in below) == 0)

# %% [markdown]
# ### Run it yourself
#
# Sixteen cells for $S(6)$, here and now, with the tasks of the recorded run made again from their seeds. A sweep is a function of a cell, a table of cells, and a file, in which each result is written
# at once: interrupt it, run it again, and it goes on.


# %%
def cell(tasks, shots, seeds, starts):
    """How many seeds of S(6) are recovered and fitted."""
    number = zlib.crc32(f"S(6) {tasks} {shots}".encode())
    problem = hidden_problem(groups.S(6).vector, tasks, shots, seeds, seed(number))
    found = parameter_counts.trial(problem, DENSE, starts, seed(0))
    return {"recovered": found.recovered, "fitted": found.fitted}


T, S = (1, 4, 9, 28), (1, 2, 3, 6)
cells = [{"tasks": tasks, "shots": shots} for tasks in T for shots in S]
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "mine.jsonl"
    steps = list(parameter_counts.sweep(cell, cells, path, recorded.settings, jobs=1))
    again = list(parameter_counts.sweep(cell, cells, path, recorded.settings, jobs=1))
print(len(steps), "cells run; a second call runs", len(again))
mine = {(step.cell["tasks"], step.cell["shots"]): step.result["recovered"] for step in steps}
theirs = {(c.tasks, c.shots): c.recovered for c in recorded.select("S(6)", DENSE.name) if (c.tasks, c.shots) in mine}
print("most seeds recovered or not, as recorded:", all((mine[at] > 0.5) == (theirs[at] > 0.5) for at in mine))

# %%
with style.figure(1, 2, size=(8, 3.2)) as (figure, axes):
    for ax, (name, shares) in zip(axes, {"live": mine, "recorded": theirs}.items(), strict=True):
        table = torch.tensor([[shares[tasks, shots] for tasks in T] for shots in S])
        picture = ax.imshow(table, cmap="cividis", vmin=0, vmax=1)
        ax.set(title=f"S(6), {name}", xlabel="tasks", ylabel="shots", xticks=range(4), yticks=range(4))
        ax.set_xticklabels(T)
        ax.set_yticklabels(S)
        ax.grid(False)
        left = [sum(tasks < (data_bound(2, 6, 6, 1, shots).least_tasks or 99) for tasks in T) - 0.5 for shots in S]
        ax.step([*left, left[-1]], [-0.5, 0.5, 1.5, 2.5, 3.5], where="pre", color=style.colour("group"), linewidth=3)
    figure.colorbar(picture, ax=axes, label="share of seeds recovered")
    plt.show()

# %% [markdown] slide="notes"
# For a lecture: hide the vermilion line with your hand and let the class predict where S = 2 turns yellow. The bound says 7 tasks, the rank says more, the algorithm says more still: three numbers, three reasons.

# %% [markdown]
# ## Fewer numbers, fewer tasks
#
# Now at equal data: all descriptions meet the same tasks. On a 2 × 3 grid with its translations ($k=6$) compare a free $U$ with $A\otimes B$, and with
# **learned generators**: unknown matrices $g$, $U$ the $k$-dimensional space that commutes with them best, differentiated through its eigenvectors. Dots in the view: error against numbers.

# %%
arms = PhaseDiagram(rows="arm")
arms

# %%
state = arms.state()
print(state["group"], "· shots", state["shots"], "· rows:", state["rows"])

# %%
compared = {}  # (group, shots): arms and from how many tasks on half of the seeds are recovered
for group, shots in dict.fromkeys((c.group, c.shots) for c in recorded.cells):
    names = dict.fromkeys(c.arm for c in recorded.select(group, shots=shots))
    if len(names) > 2:
        compared[group, shots] = {name: recorded.recovered_from(group, name, shots) for name in names}

GRID = next(group for group, _ in compared if "grid" in group)
for (group, arm), about in recorded.arms.items():
    if group == GRID:
        print(f"{arm}: {about.parameters} numbers, {about.dimension} seen")

# %%
kinds = {DENSE.name: "o", "alternating": "s", "one generator": "v", "two generators": "^", "⊗": "D", "equations": "*"}


def marker(arm):
    """The last kind whose name the arm holds."""
    return [sign for kind, sign in kinds.items() if kind in arm][-1]


with style.figure(1, 2, size=(12, 4.2)) as (figure, (left, right)):
    for i, ((group, shots), by_arm) in enumerate(compared.items()):
        hue, k = style.CLASSES[(5, 4, 2, 6, 0, 1)[i % 6]], recorded.arms[group, DENSE.name].k
        d = torch.linspace(14, 190, 600)
        left.loglog(d, (d / (6 * min(shots, 6) - k)).ceil(), "--", color=hue, linewidth=1)
        left.plot([], [], "o", color=hue, label=f"{group}, {shots} shots")
        for arm, needed in by_arm.items():
            about, look = (
                recorded.arms[group, arm],
                {"color": hue, "marker": marker(arm), "markersize": 9, "mfc": "none", "mew": 1.8},
            )
            if needed:
                left.loglog(about.dimension, needed, **look)
            for c in recorded.select(group, arm, tasks=9, shots=shots):
                right.loglog(about.parameters, max(1e-16, statistics.median(c.sine)), **look)
    for kind, sign in kinds.items():
        right.plot([], [], sign, color=style.colour("muted"), mfc="none", mew=1.8, label=kind)
    left.set(
        title="Fewer numbers, fewer tasks: mostly", xlabel="numbers that are seen, d", ylabel="tasks: half recovered"
    )
    right.set(title="Equal data: 9 tasks", xlabel="numbers that are learned", ylabel="median sine to hidden space")
    right.axhspan(1e-17, 1e-3, color=style.colour("band")[:7], alpha=0.12)
    right.set_ylim(1e-17, 5)
    for ax in (left, right):
        ax.minorticks_off()
        ax.set_xticks([20, 50, 100, 200], ["20", "50", "100", "200"])
    left.set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
    left.legend(fontsize=8)
    right.legend(fontsize=8)
    plt.show()

# %%
shots = next(shots for group, shots in compared if group == GRID)
needed = {name: t for name, t in compared[GRID, shots].items() if t}
order = sorted(needed, key=lambda name: (recorded.arms[GRID, name].dimension, needed[name]))
print("on the grid, in the order of the numbers seen, each description that recovers needs no fewer tasks:")
print([needed[name] for name in order] == sorted(needed.values()))
least = [recorded.bound(GRID, name, 1, shots).least_tasks for name in order]
print("none needs fewer than its bound:", all(needed[name] >= t for name, t in zip(order, least, strict=True)))

# %%
slow = [
    (group, arm)
    for (group, shots), by_arm in compared.items()
    for arm, tasks in by_arm.items()
    if tasks and tasks > by_arm[DENSE.name]
    if recorded.arms[group, arm].dimension < recorded.arms[group, DENSE.name].dimension
]
print("fewer numbers, and yet more tasks than a free U:", slow)
stuck = [c.fitted <= c.recovered for at in slow for c in recorded.select(*at) if c.tasks >= 9]
print("there, what was not recovered was not fitted either:", all(stuck))

# %% [markdown]
# So it is a tendency, no law. Two generators of $D(6)$ are 72 numbers in place of 144, and need more tasks: their runs do not end in a wrong space that fits, they end in *local minima* that do not fit. Fewer numbers make
# the answer unique earlier; they may make it harder to reach.
#
# ### Generators fold
#
# The check above set generators aside, and for a reason. Two generators of $D(6)$ are 72 numbers, and at a *random* pair the space moves in 68 directions. At a pair of the group itself it moves in far fewer: to first order the
# space that commutes best with a nearly symmetric pair moves only as a change of basis moves it. The family is not smooth there, it folds onto the smallest family of all, that of the lower bound. So 68 is the wrong $d$ at the truth, and a
# start that comes near is caught with less data than a bound by 68 would allow.

# %%
V, k = groups.D(6).vector, 4


def commuting(g):
    """The k-dimensional space that commutes best with g (1, 2, n, n), as its projector."""
    return parameter_counts.projector(parameter_counts.near_commutant(g, k))


print("two random matrices:", parameter_counts.visible_dimension(commuting, random(1, 2, 6, 6)))
print("two generators of D(6):", parameter_counts.visible_dimension(commuting, V.group.generators.double()[None]))
print("lower bound for D(6):", parameter_counts.lower_bound(V))

# %% [markdown]
# One description never recovers: $A$ ($6\times1$) with $B$ ($1\times6$) separates outputs from inputs. It has the fewest numbers of all. But its weights $ACB^{\mathsf T}$ are singular, and every
# $\mathrm{Hom}(V,V)$ holds $E$. *A family must contain the truth*; counting comes after that.
#
# And equations? Chapter 10 writes $U_n=\sum_a\theta_a\,\mathrm{atom}_a(n)$ with words in a shift, a reversal and the mean, which exist at every $n$. At $n=6$ ten of them are independent. Live, on eight tasks
# of two shots, fewer than any free $U$ can use:

# %%
atoms = equations.dictionary((equations.S, equations.R, equations.mean), 4, sizes=(6,))
words = equations.dimension_free_arm(atoms)
for G in (groups.C(6), groups.D(6)):
    problem = hidden_problem(G.vector, 8, 2, seeds=4, generator=seed(0))
    k = problem.k
    for arm, d in ((words, k * (len(atoms) - k)), (DENSE, k * (36 - k))):
        *_, fit = arm.fit(problem, seed(1))
        sines, bound = problem.sine(fit.U), data_bound(k, 6, 6, 8, 2, dimension=d)
        print(
            f"{G}, {arm.name}: {arm.parameters(problem)} numbers, {d} seen, bound allows: {bound.possible};",
            f"median sine < 1e-6: {bool(sines.median() < 1e-6)}",
        )

# %% [markdown]
# ## Result
#
# What may be cited, with what shows it.
#
# **Statement.** Let tasks $y=Wx$, $W\in\mathrm{Hom}_G$, $\dim\mathrm{Hom}_G=k$, share a symmetry matrix $U$ ($mn\times k$).
#
# 1. *Seen.* Least squares sees $k(mn-k)$ numbers of $U$; gradient steps and ridge $\frac{k(k+1)}2$ more; the other $\frac{k(k-1)}2$ are seen by nobody.
# 2. *Enough.* $\sum r_i(a_i-r_i)$ if $G$ is a product and $U$ follows it; $2n^2$ if $G$ is compact and connected (two generators); a constant if $G$ solves equations in known letters, which fix the basis. At least $n^2-\sum(m_i^2+(\dim D_i)^2-1)$ if the kind of $G$ is known and its basis is not.
# 3. *Data.* A smooth family of dimension $d$ at the truth needs $T\ge d/(m\min(S,n)-k)$ tasks of $S$ shots, $m\min(S,n)>k$; and $S\ge\max\lfloor m_i/d_i\rfloor+1$.
# 4. *Practice.* At equal, noise-free data, products and equations that contain the truth recover it from fewer tasks than a free $U$. Learned generators do so for cyclic and symmetric groups and the grid, not for $D(6)$.
#
# **Proof sketch.** 1: gauge groups $GL(k)$ and $O(k)$, with ranks of derivatives as checks. 2: the product theorem, Schreier–Ulam, dimension of an orbit of $GL(n)$. 3: rank of the derivative of the data; Schur's lemma. 4 is no theorem but
# the recorded sweep: the figure above, both panels.
#
# **Figure.** Left: tasks needed, against numbers seen; dashed: the bound. Right: error against numbers learned, 9 tasks; in the band the space counts as recovered.
#
# **Limits.**
#
# - The bound is necessary only. $D(6)$ from two shots: bound 16, determined from more, found later still; each gap has its own reason (isotypic parts; local minima).
# - It speaks of a family that is smooth at the truth. Generators fold there, and a count at a random pair says nothing.
# - Six points, exact $y$, Gaussian inputs, six seeds, one kind of solver from three starts. Noise, depth and stochastic gradients were not part of it.
# - All counts are *local*. A finite choice (which permutation?) costs no continuous number, and may still be hard to find: with few generators some starts end in minima that are not zero.
# - $\mathrm{Hom}(V,V)$ knows the group up to its 2-closure only (chapter 05), so "recovered" speaks of the space.
# - A dictionary of words selects a symmetry; it invents none. Its constant is paid by whoever chose the letters.
#
# ## Your own sweep
#
# On one computer `jobs=-1` takes all cores. On a cluster the same call takes joblib's backend, for example dask; `cell` then lives in a module that the workers can import:
#
# ```python
# import joblib
# from dask.distributed import Client
#
# from eqkit.parameter_counts import progress_bar, sweep
# from my_cells import cell, cells          # a function of a cell, and a list of dicts
#
# with Client("tcp://scheduler:8786"), joblib.parallel_config(backend="dask"):
#     progress_bar(sweep(cell, cells, "mine.jsonl", {"seeds": 6, "starts": 3}, jobs=None))
# ```
#
# A new description is a value, too: `parametrised(name, parameters, symmetry_matrix)` makes one of any differentiable map $\theta\mapsto U$.
#
# ## Exercises

# %% [markdown] exercise="09.1"
# ### Exercise 09.1 · Coordinates of a subspace
# Write `chart(U)`: the $(N-k)\times k$ numbers that the proof of the first theorem uses, for a $U$ ($N\times k$) whose first $k$ rows are independent.

# %% [markdown] hint="09.1"
# Among all $UR$ one has $E$ as its first $k$ rows. Which $R$ is that?

# %% [markdown] hint="09.1"
# $R$ is the inverse of the first $k$ rows; return the other rows of $UR$.


# %% stub="09.1"
def chart(U):
    return ...


# %% check="09.1"
teaching.check("09.1", chart)


# %% solution="09.1"
def chart(U):
    k = U.shape[1]
    return U[k:] @ torch.linalg.inv(U[:k])


# %% mistake="09.1"
def chart(U):
    return torch.linalg.qr(U).Q[U.shape[1] :]  # an orthonormal basis may still be turned


# %% [markdown] exercise="09.2"
# ### Exercise 09.2 · The bound, turned round
# Write `least_tasks(k, m, n, S)`: the least number of tasks of $S$ shots that the counting bound allows for a free $U$ with $k<mn$; `math.inf` if no number does.

# %% [markdown] hint="09.2"
# A task shows $m\min(S,n)$ numbers. It needs $k$ of them for itself.

# %% [markdown] hint="09.2"
# Round up with `math.ceil`, or in integers: `-(-a // b)`.


# %% stub="09.2"
def least_tasks(k, m, n, S):
    return ...


# %% check="09.2"
teaching.check("09.2", least_tasks)


# %% solution="09.2"
def least_tasks(k, m, n, S):
    gain = m * min(S, n) - k
    return math.ceil(k * (m * n - k) / gain) if gain > 0 else math.inf


# %% mistake="09.2"
def least_tasks(k, m, n, S):
    return math.ceil(k * (m * n - k) / (m * min(S, n)))  # forgot that each task has its own filter


# %% [markdown] exercise="09.3"
# ### Exercise 09.3 · Two that look like all
# Two random rotations generate $SO(3)$. Find two, `pair` (a tensor (2, 3, 3)), that do not, although $\mathrm{Hom}(V,V)$ cannot tell: it has dimension 1, as for $SO(3)$. $\mathrm{Hom}$ of
# symmetric matrices, $\mathrm{Sym}^2V$, must see the difference: more than the 2 dimensions of $SO(3)$.

# %% [markdown] hint="09.3"
# Rotations of a solid: a finite group. No line and no plane may stay where it is.

# %% [markdown] hint="09.3"
# Quarter turns about two axes generate all rotations of a cube.

# %% stub="09.3"
pair = ...

# %% check="09.3"
teaching.check("09.3", pair)

# %% solution="09.3"
pair = torch.tensor([[[0.0, -1, 0], [1, 0, 0], [0, 0, 1]], [[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]])

# %% mistake="09.3"
pair = torch.tensor([[[0.0, -1, 0], [1, 0, 0], [0, 0, 1]], [[1.0, 0, 0], [0, -1, 0], [0, 0, -1]]])  # keeps an axis

# %%
teaching.expected("09.4")

# %% [markdown] exercise="09.4"
# ### Exercise 09.4 · The cheapest grid
# $n$ points may form a line, or a grid of $a\times b$ points, or $a\times b\times c$ …, with all translations. As a product, $U=A\otimes B\otimes\dots$, the symmetry has $\sum a_i^2(a_i-1)$ numbers. Write
# `cheapest(n)`, the least over all ways to write $n\ge2$ as a product of integers ≥ 2 (one factor is allowed).

# %% [markdown] hint="09.4"
# Does it ever pay to leave a factor $ab$ in one piece? Compare $a^2b^2(ab-1)$ with $a^2(a-1)+b^2(b-1)$.

# %% [markdown] hint="09.4"
# So split until only primes are left, and count each as often as it divides $n$.


# %% stub="09.4"
def cheapest(n):
    return ...


# %% check="09.4"
teaching.check("09.4", cheapest)


# %% solution="09.4"
def cheapest(n):
    total, p = 0, 2
    while n > 1:
        if n % p == 0:
            total, n = total + p * p * (p - 1), n // p
        else:
            p += 1
    return total


# %% mistake="09.4"
def cheapest(n):
    primes = [p for p in range(2, n + 1) if n % p == 0 and all(p % q for q in range(2, p))]
    return sum(p * p * (p - 1) for p in primes)  # each prime once


# %% [markdown] exercise="09.5"
# ### Exercise 09.5 · Enough, and yet not
# Hidden is $C(4)$. Give inputs `x` of 20 tasks with two shots each, a tensor (20, 2, 4): no two tasks with the same inputs, the two inputs of a task independent. The bound asks for 12 tasks. Still the space must *not* be determined.

# %% [markdown] hint="09.5"
# Random inputs will not do: they determine it. What did the digits do wrong?

# %% [markdown] hint="09.5"
# Let all inputs lie in one hyperplane: the last coordinate is always zero, say.

# %% stub="09.5"
x = ...

# %% check="09.5"
teaching.check("09.5", x)

# %% solution="09.5"
x = torch.randn(20, 2, 4, generator=seed(0))
x[..., 3] = 0

# %% mistake="09.5"
x = torch.randn(20, 2, 4, generator=seed(0))

# %% [markdown]
# ## Break it
#
# **The same inputs for all tasks.** Then all weights are seen on $S<n$ inputs only, and $k\,m\,(n-S)$ directions are free, whether 10 tasks or 1000. A thousand tasks with
# one input each, all of them alike, say nothing that the first few did not say.

# %%
V = groups.D(6).vector
for shots in (2, 3, 6):
    same = random(1, shots, 6)
    print(
        f"D(6), {shots} inputs, the same for all: free",
        [free(V, same.expand(T, -1, -1)) for T in (10, 60, 200)],
        "· formula",
        4 * 6 * (6 - shots),
        "·",
        data_bound(4, 6, 6, 200, shots, fresh=False).verdict,
    )

# %% [markdown]
# **Filters that eat everything.** Give $U$ more columns than the symmetry needs, and each task pays for a longer filter. At $m\min(S,n)\le k$ nothing is left for $U$: any space explains the data, every loss is zero, and nothing was learned.

# %%
V = groups.C(6).vector
problem = hidden_problem(V, 40, 1, seeds=2, generator=seed(0))  # 6 numbers a task, 6 in its filter
found = parameter_counts.trial(problem, DENSE, 1, seed(1))
print(data_bound(6, 6, 6, 40, 1).verdict)
print(f"fitted {found.fitted:.0%}, recovered {found.recovered:.0%} of seeds")

# %% [markdown]
# ## Try next
#
# - In `ParameterCounter`: from which $n$ on are two generators of $C(n)$ cheaper than $\mathrm{span}(U)$? And for $S(n)$?
# - In `PhaseDiagram`, choose rows "hidden groups": which groups with equal $k$ turn yellow at different numbers of tasks, and is it their isotypic parts?
# - Write a description of your own with `parametrised`: $U$ from *one* permutation-like matrix, a softmax of logits. How many numbers, and does it recover?
# - Add noise to `y` of a `Problem`. Does the bound move, or does the line get soft?
# - Chapter [10](10_symmetry_as_equations.ipynb): learn the equations; chapter 13 (to come): all descriptions of your own group side by side.
#
# ## References
#
# - A. Zhou, T. Knowles, C. Finn. *Meta-Learning Symmetries by Reparameterization*. ICLR 2021: the matrix $U$, its Kronecker form.
# - J. Schreier, S. Ulam. *Sur le nombre des générateurs d'un groupe topologique compact et connexe*. Fundamenta Mathematicae 24, 1935: two elements.
# - J. D. Dixon. *The Probability of Generating the Symmetric Group*. Mathematische Zeitschrift 110, 1969; W. M. Kantor, A. Lubotzky 1990; M. W. Liebeck, A. Shalev 1995: random pairs in finite simple groups.
# - A. Edelman, T. A. Arias, S. T. Smith. *The Geometry of Algorithms with Orthogonality Constraints*. SIAM J. Matrix Anal. Appl. 20, 1998: Grassmannians for numerical work.
# - G. H. Golub, V. Pereyra. *The Differentiation of Pseudo-Inverses and Nonlinear Least Squares Problems Whose Variables Separate*. SIAM J. Numer. Anal. 10, 1973: eliminating the filters.
# - N. Tripuraneni, C. Jin, M. I. Jordan. *Provable Meta-Learning of Linear Representations*. ICML 2021: shared subspaces from many small tasks, with noise.
