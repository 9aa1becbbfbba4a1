# %% [markdown]
# # 01 · What is a symmetry, as matrices?
#
# Turn a square by 90° and it looks the same. Shuffle the elements of a set and it is the same set. A symmetry is a transformation that
# changes nothing that matters, and every symmetry in this book is an invertible **matrix**. Matrices can be multiplied, and that is
# the whole idea: all symmetries of a thing, with their multiplication, form a **group**.
#
# **You will be able to**
#
# - make a whole group from a few *generators*, and find the order of a group and of its elements;
# - let one group act in many ways (*representations*), and build new ones from old: $\oplus$, $\otimes$, dual, Sym, Alt;
# - count with *characters*: orbits, necklaces, and the chlorobenzenes of chemistry;
# - reach a continuous group (*Lie group*) from its Lie algebra by the exponential;
# - test whether a function is equivariant, and read what the test says.
#
# **Time**: 60 minutes · **You need**: linear algebra and a little PyTorch; no group theory

# %% tags=["setup"]
import itertools
import math
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import torch

from eqkit import doctor, groups, representations, teaching
from eqkit.views import GroupExplorer, draw_matrix, style
from eqkit.views.rubik import draw_cube, faces

doctor.greet()

# %%
teaching.notation()

# %% [markdown]
# ## Predict
#
# Two symmetries of a square, as 2 × 2 matrices: the quarter turn $a$, and the flip $b$ of top and bottom,
#
# $$a=\begin{pmatrix}0&-1\\1&0\end{pmatrix},\qquad b=\begin{pmatrix}1&0\\0&-1\end{pmatrix}.$$
#
# Multiply them, in any order and as often as you like: $a$, $b$, $ab$, $ba$, $aab$, ...

# %%
guess = teaching.predict("How many different matrices can you make?", ["4", "8", "16", "infinitely many"])
guess

# %% [markdown]
# ## Walk through a group
#
# Press the keys `a` and `b`. Every press multiplies by that matrix *from the left*. You see the word you have typed, its matrix, what it does
# to a letter F, and a map of all matrices met so far, called the **Cayley graph**: one dot for each matrix, one arrow for each press.

# %%
explorer = GroupExplorer(groups.D.plane(4))
explorer.press("aaabaaa")
explorer

# %%
print(explorer.verdict())

# %% slide="fragment"
guess.reveal("8")

# %% [markdown]
# ## Explain: what a group is
#
# A set $G$ of invertible matrices is a **group** if it holds the identity $E$, the product of any two of its elements, and the inverse of
# each. The number of elements is its **order** $|G|$. Matrices whose products give everything are **generators**.
#
# To list a group, start with $E$ and multiply by the generators until nothing new appears. This loop walks the Cayley graph:


# %%
def everything(generators):
    """All products of the generators (k, n, n), a list: E first, then by length."""
    elements = [torch.eye(generators.shape[-1], dtype=torch.float64)]
    for g in elements:  # the list grows while we walk along it
        for s in generators:
            if not any(torch.allclose(s @ g, h) for h in elements):
                elements.append(s @ g)
    return elements


for G in (groups.D.plane(4), groups.D.plane(6), groups.S(4), groups.Icosahedral()):
    print(f"{G}: {len(G.generators)} generators, {len(everything(G.generators))} elements, order {G.order}")

# %% [markdown]
# Nowhere did we ask for inverses: in a finite group they come by themselves, because some power of $g$ is $E$, say $g^m = E$, and then
# $g^{m-1}$ is the inverse. The smallest such $m$ is the **order of the element**.

# %%
G = groups.D.plane(4)
g = G.elements()  # (8, 2, 2), E first
products = g[:, None] @ g[None, :]  # (8, 8, 2, 2)
print("closed under products:", all(G.contains(h) for h in products.flatten(0, 1)))
print("closed under inverses:", all(G.contains(torch.linalg.inv(h)) for h in g))
a, b = G.generators
print(
    "order matters, ab ≠ ba:",
    not torch.equal(a @ b, b @ a),
    "· but b a b is the inverse of a:",
    torch.allclose(b @ a @ b, a.T),
)

# %% [markdown]
# ## Theorem (Lagrange): the order of an element divides the order of the group
#
# *Why*: the powers of $g$ cut the group into slices $\{h, gh, g^2h, \dots\}$ of equal size. A test on all 120 permutations of five things:
# which orders occur, and how often? (Dividing is necessary, and not enough: 8 and 10 divide 120, and no element has these orders.)


# %%
def element_order(g):
    power, m = g, 1
    while not torch.allclose(power, torch.eye(len(g), dtype=g.dtype)):
        power, m = power @ g, m + 1
    return m


counts = Counter(element_order(g) for g in groups.S(5).elements())
print({m: counts[m] for m in sorted(counts)})
print("each divides 120:", all(120 % m == 0 for m in counts))

# %% [markdown]
# ## One group, many matrices: representations
#
# The symmetries of a square move vectors of the plane by 2 × 2 matrices. They also shuffle the four corners: 4 × 4 permutation matrices.
# It is the same group doing two different things. A **representation** is a rule $V$ that gives a matrix $V(g)$ to each $g$ and respects
# products:
#
# $$V(gh) = V(g)\,V(h).$$
#
# You only have to say what it does to the generators. Then everything else follows, and `representation` checks that nothing contradicts.

# %%
quarter = [1, 2, 3, 0]  # corner 0 goes to 1, 1 to 2, ... : counter-clockwise from the top right
flip = [3, 2, 1, 0]  # top and bottom change places
on_corners = groups.permutation_group([quarter, flip]).generators  # as matrices, with a 1 in row p[j] of column j
plane, corners = G.vector, G.representation(generators=on_corners, name="corners")
print("sizes:", plane.size, "and", corners.size)
g, h = G.elements()[5], G.elements()[6]
print("V(gh) = V(g) V(h):", torch.equal(corners(g @ h), corners(g) @ corners(h)))

# %%
with style.figure(1, 4, size=(11, 2.9)) as (figure, axes):
    for ax, matrix, name in zip(
        axes, (a, corners(a), b, corners(b)), ("a", "a on corners", "b", "b on corners"), strict=True
    ):
        draw_matrix(ax, name, ink="group", values=matrix)
    plt.show()

# %% [markdown]
# Not every choice is a representation: the quarter turn has order four, so its image must satisfy $V(a)^4 = E$. An image of order three is
# refused.

# %%
third = groups.permutation_group([[1, 2, 0], [1, 0, 2]]).generators
try:
    G.representation(generators=third)
except ValueError as error:
    print(error)

# %% [markdown]
# The two representations are related. Write the corners as columns of a 2 × 4 matrix $X$. Moving the corners in the plane is the same as
# shuffling them:
#
# $$V_\text{plane}(g)\; X = X\; V_\text{corners}(g)\qquad\text{for all } g .$$
#
# Such an $X$ is an **equivariant map**, or *intertwiner*. Equivariant maps are what this book is about, and there is a test for them:

# %%
X = torch.tensor([[1.0, -1, -1, 1], [1, 1, -1, -1]], dtype=torch.float64)  # the corners, counter-clockwise
print("X is equivariant:", all(torch.allclose(plane(g) @ X, X @ corners(g)) for g in G.elements()))
representations.assert_equivariant(lambda x: x @ X.T, corners, plane)  # silent when all is well

# %%
scales = torch.tensor([1.0, 2, 3, 4], dtype=torch.float64)
try:
    representations.assert_equivariant(lambda x: scales * x, corners, corners, x=torch.eye(4, dtype=torch.float64))
except AssertionError as error:
    print(str(error).splitlines()[0], "...")

# %% [markdown]
# ## New representations from old
#
# | name | write | size | acts on | matrix |
# |---|---|---|---|---|
# | direct sum | `V + W`, `2 * V` | $m + n$ | two things side by side | block diagonal |
# | tensor product | `V * W`, `V ** 2` | $m\,n$ | tables $M$ with rows in $V$, columns in $W$ | Kronecker product |
# | dual | `V.dual` | $n$ | linear functions on $V$ | $V(g)^{-\top}$ |
# | symmetric square | `V.sym(2)` | $n(n+1)/2$ | symmetric tables: stress, inertia, quadratic forms | part of $V\otimes V$ |
# | alternating square | `V.alt(2)` | $n(n-1)/2$ | antisymmetric tables: areas, rotations | part of $V\otimes V$ |
# | trivial | `G.trivial` | 1 | numbers that do not change | 1 |
#
# They are values: they print as mathematics, and two are equal if they are written alike.

# %%
V = groups.C.plane(5).vector  # fifths of a turn
fifth = groups.C.plane(5).generators[0]
built = [V, 2 * V, V * V, V.sym(2), V.alt(2)]
with style.figure(1, 5, size=(12, 2.9)) as (figure, axes):
    for ax, W in zip(axes, built, strict=True):
        draw_matrix(ax, f"{W}, size {W.size}", ink="group", values=W(fifth))
    plt.show()

# %% [markdown]
# **Theorem.** Written row by row as a vector, a table $M$ is moved by $V\otimes W$ as $M \mapsto V(g)\,M\,W(g)^\top$. And every table is a
# symmetric plus an antisymmetric one, so $V\otimes V$ is $\mathrm{Sym}^2V\oplus\mathrm{Alt}^2V$ in another basis.

# %%
V, generator = groups.SO(3).vector, torch.Generator().manual_seed(0)
g = groups.SO(3).sample(1, generator)[0]  # a random rotation
M = torch.randn(3, 3, dtype=torch.float64, generator=generator)
moved = (V * V)(g) @ M.flatten()
print("(V⊗V)(g) vec M = vec(g M gᵀ):", torch.allclose(moved.reshape(3, 3), g @ M @ g.T))
print(f"sizes: {(V * V).size} = {V.sym(2).size} + {V.alt(2).size}")
print("alternating square of 3-space = rotation vectors:", torch.allclose(V.alt(2).character(g), V.character(g)))

# %% [markdown]
# ## Characters: a representation in one number per element
#
# The **character** of $V$ is $\chi_V(g) = \mathrm{tr}\,V(g)$. It does not depend on the basis, and it turns the algebra above into arithmetic:
#
# $$\chi_{V\oplus W}=\chi_V+\chi_W,\qquad \chi_{V\otimes W}=\chi_V\,\chi_W,$$
# $$\chi_{\mathrm{Sym}^2V}(g)=\tfrac12\big(\chi_V(g)^2+\chi_V(g^2)\big),\qquad
# \chi_{\mathrm{Alt}^2V}(g)=\tfrac12\big(\chi_V(g)^2-\chi_V(g^2)\big).$$
#
# For a permutation matrix the trace is the number of points that stay where they are.

# %%
G = groups.S(4)
V, g = G.vector, G.elements()
print("⊕ adds:       ", torch.equal((V + V * V).character(g), V.character(g) + (V * V).character(g)))
print("⊗ multiplies: ", torch.equal((V * V).character(g), V.character(g) ** 2))
print("Sym²:         ", torch.equal(V.sym(2).character(g), (V.character(g) ** 2 + V.character(g @ g)) / 2))
fixed = Counter(int(chi) for chi in V.character(g))
print("permutations of 4 points by fixed points:", {k: fixed[k] for k in sorted(fixed)})

# %% [markdown]
# ### Theorem (Burnside, Cauchy, Frobenius): orbits = mean number of fixed points
#
# The **orbit** of a point is everywhere the group can move it to. For a group that permutes things,
#
# $$\#\text{orbits} = \frac1{|G|}\sum_g \#\{\text{things that } g \text{ leaves where they are}\}.$$
#
# In words for any representation: the mean of $\chi_V$ is the dimension of the space of vectors that no $g$ moves (chapter 02 will prove it).
#
# Test: necklaces of six beads in three colours. There are $3^6 = 729$ colourings; how many are left if turning a necklace over or
# around does not count? A colouring stays the same under $g$ if it is constant on each cycle of $g$, so $g$ fixes $3^{\text{cycles}(g)}$.


# %%
def cycles(p):
    """The cycles of the permutation j ↦ p[j], as lists of points."""
    left, found = set(range(len(p))), []
    while left:
        cycle = [left.pop()]
        while int(p[cycle[-1]]) != cycle[0]:
            cycle.append(int(p[cycle[-1]]))
        left -= set(cycle)
        found.append(cycle)
    return found


def orbits(G, things):
    """One tuple (an entry a point) from each orbit of a permutation group, by force."""
    maps = G.elements().argmax(1).tolist()
    seen, first = set(), []
    for thing in things:
        if thing not in seen:
            first.append(thing)
            seen |= {tuple(thing[i] for i in p) for p in maps}
    return first


for G in (groups.C(6), groups.D(6), groups.S(6)):
    mean = sum(3 ** len(cycles(p)) for p in G.elements().argmax(1)) / G.order
    print(f"{G}: {mean:g} necklaces by the theorem, {len(orbits(G, itertools.product(range(3), repeat=6)))} by force")

# %% [markdown]
# ## Real data: which shape has benzene?
#
# Benzene is six carbon and six hydrogen atoms, C₆H₆. Replace hydrogen by chlorine, and count the different substances that exist: one
# chlorobenzene, **three** dichlorobenzenes, three trichlorobenzenes, then three, one, one. Nineteenth-century chemists knew these
# numbers and argued about the shape. A shape predicts the numbers: they are the orbits of its rotations on the choices of places.

# %%
shapes = {
    "ring": groups.permutation_group([[1, 2, 3, 4, 5, 0], [0, 5, 4, 3, 2, 1]]),  # a flat hexagon, turned in space
    "prism": groups.permutation_group([[1, 2, 0, 4, 5, 3], [3, 5, 4, 0, 2, 1]]),  # triangles 012 and 345
    "octahedron": groups.permutation_group([[0, 1, 4, 5, 3, 2], [2, 3, 1, 0, 4, 5]]),  # poles 0 and 1
    "pyramid": groups.permutation_group([[1, 2, 3, 4, 0, 5]]),  # a pentagon and its apex
}
print("known:     ", [1, 3, 3, 3, 1, 1])
for name, G in shapes.items():
    substances = [thing for thing in orbits(G, itertools.product((0, 1), repeat=6))]
    print(
        f"{name + ':':11}",
        [sum(sum(thing) == k for thing in substances) for k in range(1, 7)],
        f"from {G.order} rotations",
    )

# %% [markdown]
# Only the ring fits. The prism fails because two of its dichlorides are mirror images that no rotation brings together; no such
# pair is known. Here are the twelve chlorobenzenes, one from each orbit:

# %%
ring = np.array([[math.sin(i * math.pi / 3), math.cos(i * math.pi / 3)] for i in range(6)])
substances = sorted(orbits(shapes["ring"], itertools.product((0, 1), repeat=6)), key=sum)[1:]
with style.figure(2, 6, size=(11, 3.8)) as (figure, axes):
    for ax, thing in zip(axes.flat, substances, strict=True):
        ax.plot(*ring[[0, 1, 2, 3, 4, 5, 0]].T, color=style.colour("muted"))
        ax.scatter(
            *ring.T, s=120, c=[style.colour("group" if x else "#ffffff") for x in thing], edgecolors="black", zorder=2
        )
        ax.set_title(f"{sum(thing)} Cl", fontsize=10, loc="center")
        ax.set(xlim=(-1.4, 1.4), ylim=(-1.4, 1.4), aspect="equal")
        ax.axis("off")
    plt.show()

# %% [markdown]
# ## A group too large to list: the Rubik's cube
#
# The cube has 48 stickers that move. Six quarter turns, one for each face (counter-clockwise, seen from outside), permute them: six generators
# of size 48 × 48. The order is found from them without listing anything, by the algorithm of Schreier and Sims.

# %%
cube = groups.RubiksCube()
F, B, R, L, U, D = cube.generators
with style.figure(1, 3, size=(12, 3.1)) as (figure, axes):
    for ax, g, name in zip(axes, (None, R, U @ R), ("solved", "after R", "after R, then U"), strict=True):
        draw_cube(ax, name, faces(g))
    plt.show()

# %%
print(f"{cube.order:,} states")
places_and_twists = math.factorial(8) * 3**7 * math.factorial(12) * 2**11 // 2
print("8! · 3⁷ · 12! · 2¹¹ / 2, the count by corners and edges:", cube.order == places_and_twists)
swap = torch.eye(48, dtype=torch.float64)[[1, 0, *range(2, 48)]]
print("exchange two stickers by hand: still solvable?", cube.contains(swap))

# %% [markdown]
# ## Finite and continuous
#
# Rotations by *any* angle are a group with infinitely many elements, yet a single matrix describes them all. Near the identity a rotation is
# $E + tA$, and doing many small ones gives the exponential:
#
# $$g(t) = \exp(tA) = \lim_{m\to\infty}\big(E+\tfrac tm A\big)^m .$$
#
# The possible directions $A$ form a linear space, the **Lie algebra**. It plays the part of the generators. Three of them, and how they move
# points of the plane:

# %%
directions = {
    "rotation: the paths close": torch.tensor([[0.0, -1], [1, 0]]),
    "boost: they run away": torch.tensor([[0.0, 1], [1, 0]]),
    "shear: straight lines": torch.tensor([[0.0, 1], [0, 0]]),
}
starts = torch.tensor([[0.4, 0], [0.8, 0], [0, 0.4], [0, 0.8], [-0.4, 0], [-0.8, 0], [0, -0.4], [0, -0.8]])
times = torch.linspace(0, 2 * math.pi, 300)
with style.figure(1, 3, size=(11, 3.7)) as (figure, axes):
    for ax, (name, A) in zip(axes, directions.items(), strict=True):
        paths = torch.einsum("tij,pj->tpi", torch.matrix_exp(times[:, None, None] * A), starts)
        ax.plot(paths[..., 0], paths[..., 1], color=style.colour("group"))
        ax.scatter(*starts.T, color=style.colour("data"), zorder=3)
        ax.set(title=name, xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), aspect="equal")
    plt.show()

# %% [markdown]
# **Theorem.** $\exp(tA)$ is a rotation matrix for all $t$ exactly if $A$ is antisymmetric, $A^\top = -A$.
# *Why*: differentiate $g(t)\,g(t)^\top = E$ at $t = 0$. So $SO(n)$ has $n(n-1)/2$ independent directions.
#
# And $\exp A\,\exp B \ne \exp(A + B)$ in general. The difference begins with the **bracket** $[A,B]=AB-BA$, which lies in the Lie algebra again:
# $\log(\exp tA\,\exp tB) = t(A+B) + \tfrac{t^2}2[A,B] + O(t^3)$. We halve $t$ and see by what factor the error falls: 4 without, 8 with the bracket.

# %%
G = groups.SO(3)
print(f"{G}: order {G.order}, Lie algebra of dimension {len(G.lie_algebra)}")
A, B = G.lie_algebra[0], G.lie_algebra[1]
print(
    "exp A is a rotation:",
    G.contains(torch.matrix_exp(A)),
    "· the bracket is antisymmetric:",
    torch.equal((A @ B - B @ A).T, B @ A - A @ B),
)


def error(t, bracket):
    rest = t * (A + B) + bracket * t**2 / 2 * (A @ B - B @ A)
    return (torch.matrix_exp(t * A) @ torch.matrix_exp(t * B) - torch.matrix_exp(rest)).norm()


for bracket in (0, 1):
    print(
        "with bracket:" if bracket else "without:     ",
        "error falls by",
        round(float(error(0.02, bracket) / error(0.01, bracket))),
    )

# %% [markdown]
# A rotation group is *compact*: it is closed and bounded, so it has a uniform distribution, named after Haar, and one can average over it (chapter
# 02). The boosts run away, so their group has no uniform distribution, and `sample` says so.

# %%
try:
    groups.Lorentz().sample(3)
except ValueError as refusal:
    print(refusal)

# %% [markdown]
# ## Exercises
#
# Each has a stub, a check, two hints and a solution. The checks look for the smallest case that goes wrong.

# %%
teaching.expected("01.1")

# %% [markdown] exercise="01.1"
# ### Exercise 01.1 · The square by its corners
# The corners of a square are numbered 0, 1, 2, 3 counter-clockwise, as above. Give generators of all its symmetries as a tensor of permutation
# matrices, shape (k, 4, 4). The matrix of a permutation has a 1 in row $p(j)$ of column $j$, and 0 elsewhere.

# %% [markdown] hint="01.1"
# Which two symmetries made everything in the widget? Say for each where the corners 0, 1, 2 and 3 go.

# %% [markdown] hint="01.1"
# `groups.permutation_group([p, q]).generators` turns index maps into matrices: `p = [1, 2, 3, 0]` is the quarter turn. Neighbours must stay neighbours.

# %% stub="01.1"
square = ...

# %% check="01.1"
teaching.check("01.1", square)

# %% [markdown] solution="01.1"
# A quarter turn and any one reflection. The flip along the diagonal through 0 and 2 exchanges 1 and 3.

# %% solution="01.1"
square = groups.permutation_group([[1, 2, 3, 0], [0, 3, 2, 1]]).generators

# %% mistake="01.1"
square = groups.permutation_group([[1, 2, 3, 0], [1, 0, 2, 3]]).generators

# %% [markdown] exercise="01.2"
# ### Exercise 01.2 · How often until it is solved again?
# Repeat the same turns of a Rubik's cube, and it is solved again some day. When? Write `order(p)`: the least $m \ge 1$ for which the permutation
# $j\mapsto p[j]$, done $m$ times, moves nothing. `p` is a list of integers. It should be quick for $m = 510510$ too, so do not just try.

# %% [markdown] hint="01.2"
# A cycle of length 3 is back after 3, 6, 9, ... steps; a cycle of length 4 after 4, 8, ...: both after 12.

# %% [markdown] hint="01.2"
# `math.lcm` of the lengths of all cycles; follow each point until it returns.


# %% stub="01.2"
def order(p):
    return ...


# %% check="01.2"
teaching.check("01.2", order)


# %% solution="01.2"
def order(p):
    m = 1
    for start in range(len(p)):
        point, length = p[start], 1
        while point != start:
            point, length = p[point], length + 1
        m = math.lcm(m, length)
    return m


# %% mistake="01.2"
def order(p):
    longest = 1
    for start in range(len(p)):
        point, length = p[start], 1
        while point != start:
            point, length = p[point], length + 1
        longest = max(longest, length)
    return longest


# %% [markdown] exercise="01.3"
# ### Exercise 01.3 · The stiffness of a crystal
# Strain is a symmetric 3 × 3 table, $\mathrm{Sym}^2V$ with $V$ the vectors of $SO(3)$. So is stress. Hooke's law maps strain to stress by a table of
# stiffnesses, $C_{(ij)(kl)}$, and energy conservation makes this table symmetric too: $C_{(ij)(kl)}=C_{(kl)(ij)}$. Build its representation.

# %% [markdown] hint="01.3"
# The six components of strain are a representation of size 6. The stiffness is a symmetric 6 × 6 table: how many entries are free?

# %% [markdown] hint="01.3"
# 21. Every representation has `.sym(2)`.

# %% stub="01.3"
V = groups.SO(3).vector
stiffness = ...

# %% check="01.3"
teaching.check("01.3", stiffness)

# %% solution="01.3"
V = groups.SO(3).vector
stiffness = V.sym(2).sym(2)

# %% mistake="01.3"
V = groups.SO(3).vector
stiffness = V.sym(4)

# %% [markdown] exercise="01.4"
# ### Exercise 01.4 · Dice
# Write `colourings(G, colours)`: in how many ways can one colour the $n$ points of a permutation group $G$, if two colourings that an element of
# $G$ moves into each other count as one? (The six faces of a cube, in three colours: 57 dice.) Use the theorem; there are too many to list.

# %% [markdown] hint="01.4"
# Burnside: the mean, over all g, of the number of colourings that g leaves as they are.

# %% [markdown] hint="01.4"
# g leaves a colouring as it is if every cycle has one colour: `colours ** number_of_cycles`. `g.argmax(0)` is the index map of a permutation matrix.


# %% stub="01.4"
def colourings(G, colours):
    return ...  # an integer


# %% check="01.4"
teaching.check("01.4", colourings)


# %% solution="01.4"
def colourings(G, colours):
    total = 0
    for g in G.elements():
        p, left, count = g.argmax(0).tolist(), set(range(G.n)), 0
        while left:
            point, count = left.pop(), count + 1
            while p[point] in left:  # walk along the cycle
                point = p[point]
                left.remove(point)
        total += colours**count
    return total // G.order


# %% mistake="01.4"
def colourings(G, colours):
    return colours**G.n // G.order


# %% [markdown]
# ## Break it
#
# A group is brittle. Disturb the quarter turn a little, and its powers never come home: two generators that made 8 elements now make
# infinitely many, and the points drift. Whoever *measures* a symmetry needs a tolerance, and this book will need one often.

# %%
generator = torch.Generator().manual_seed(0)
exact = groups.D.plane(4).generators
noisy = groups.MatrixGroup(
    exact + 3e-3 * torch.randn(2, 2, 2, dtype=torch.float64, generator=generator), name="noisy square"
)
print("order:", groups.D.plane(4).order, "→", noisy.order)

# %%
x = torch.tensor([1.0, 0.4], dtype=torch.float64)
with style.figure(1, 2, size=(8, 3.8)) as (figure, axes):
    for ax, a, name in zip(
        axes, (exact[0], noisy.generators[0]), ("a, a², a³, …: four points", "disturbed: they drift"), strict=True
    ):
        points = torch.stack([torch.linalg.matrix_power(a, m) @ x for m in range(400)])
        ax.scatter(*points.T, s=6, color=style.colour("group"))
        ax.set(title=name, xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal")
    plt.show()

# %% [markdown]
# ## Try next
#
# - In the widget choose S(4). How many of its elements do the words of *even* length reach? Which group do they form?
# - Which permutation of the Rubik's cube's stickers has the largest order that you can find? (No element has an order above 1260.)
# - `groups.Icosahedral().regular` lets a group of 60 act on itself. What is its character?
# - Chapter [02](02_reynolds_operator.ipynb) averages over a group; chapter [05](05_sharing_patterns.ipynb) finds *all* equivariant maps.
#
# ## References
#
# - J.-P. Serre. *Linear Representations of Finite Groups*. Springer, 1977: representations and characters, chapters 1–2.
# - M. A. Armstrong. *Groups and Symmetry*. Springer, 1988: a gentle start, with necklaces and solids.
# - B. C. Hall. *Lie Groups, Lie Algebras, and Representations*, 2nd ed. Springer, 2015: matrix groups and the exponential.
# - Á. Seress. *Permutation Group Algorithms*. Cambridge University Press, 2003: Schreier–Sims.
# - G. Pólya, R. C. Read. *Combinatorial Enumeration of Groups, Graphs, and Chemical Compounds*. Springer, 1987: counting isomers.
# - D. Singmaster. *Notes on Rubik's "Magic Cube"*. Enslow, 1981: its order, and the largest order of an element.
