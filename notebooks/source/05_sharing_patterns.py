# %% [markdown]
# # 05 · Which weights must be equal?
#
# A layer is a matrix of weights. If it has to respect a symmetry, not every matrix will do: some weights must be equal, some must be
# opposite, some must vanish. Which ones follows from the group alone. In this chapter you *derive* the layer of Deep Sets, circular
# convolution, the fifteen layers for graphs, and the elastic constants of crystals, all from one sentence.
#
# **You will be able to**
#
# - read a *sharing pattern* off a permutation group, and say why it is what it is;
# - count free weights before solving anything;
# - name the classics as special cases: $\lambda E+\gamma J$, convolution, the 15 maps;
# - solve for signed, rotating and continuous groups, where there is no pattern but still a basis;
# - say what a pattern cannot see.
#
# **Time**: 60 minutes · **You need**: chapter [01](01_groups_and_representations.ipynb): groups, representations, characters

# %% tags=["setup"]
import itertools
import math

import matplotlib.pyplot as plt
import networkx
import numpy as np
import torch

from eqkit import doctor, groups, representations, reynolds, subspaces, teaching
from eqkit.equivariant_maps import Hom
from eqkit.symmetry_matrices import automorphism_group, partition_distance, sharing_pattern
from eqkit.tasks import digits
from eqkit.views import SharingPattern, draw_matrix, style
from eqkit.views.rubik import draw_cube

doctor.greet()

# %%
teaching.notation()

# %% [markdown]
# ## Recap
#
# A weight $W$ from a representation $V_{\text{in}}$ to a representation $V_{\text{out}}$ is **equivariant** if moving the input moves the
# output:
#
# $$W\,V_{\text{in}}(g) = V_{\text{out}}(g)\,W\qquad\text{for all } g\in G .$$
#
# These equations are linear in $W$. Their solutions are a linear space, $\mathrm{Hom}_G(V_{\text{in}},V_{\text{out}})$, and its dimension is the
# number of free weights.
#
# ## Predict
#
# A small image has 4 × 4 pixels. A layer maps it to another 4 × 4 image: 16 × 16 = 256 weights. It must respect the eight symmetries of a
# square: turn the input, and the output turns too.

# %%
guess = teaching.predict("How many of the 256 weights are free?", ["8", "32, that is 256/8", "36", "128"])
guess

# %% [markdown]
# ## See the pattern
#
# One row for each output pixel, one column for each input pixel; equal weights have one colour. Hover over a weight: all that must be equal to it light
# up. Then choose other groups and representations in the menus.


# %%
def square_grid(n):
    """The eight symmetries of a square, on n × n pixels numbered row by row."""
    pixel = torch.arange(n * n).reshape(n, n)
    moves = [torch.rot90(pixel), pixel.flip(1)]
    return groups.permutation_group([move.flatten().tolist() for move in moves], f"D(4) on {n} × {n} pixels")


pixels = square_grid(4)
view = SharingPattern(pixels)
view

# %%
print(view.verdict())

# %% slide="fragment"
guess.reveal("36")

# %% [markdown]
# Why not 32? Most weights have eight equal partners. But a weight between two pixels of the same diagonal has only four: the reflection in that
# diagonal leaves it where it is. Short classes make more classes.
#
# ## Explain: orbits of pairs
#
# Let $g$ permute points, $g e_j = e_{g(j)}$. Written in entries, $Wg = gW$ says
#
# $$W_{g(i),\,g(j)} = W_{i,j}\qquad\text{for all } i, j .$$
#
# So $W$ is constant along the **orbits of pairs** $(i,j)$, and nothing else is asked of it. One free weight for each orbit, and the
# indicator matrices of the orbits are a basis. Finding them is walking from pair to pair until nothing new appears:


# %%
def pattern(permutations):
    """Labels (n, n), the same for pairs that the permutations move into each other."""
    n = len(permutations[0])
    labels, count = -np.ones((n, n), dtype=int), 0
    for pair in itertools.product(range(n), repeat=2):
        if labels[pair] >= 0:
            continue
        labels[pair], reached = count, [pair]
        for i, j in reached:  # the list grows while we walk along it
            for p in permutations:
                if labels[p[i], p[j]] < 0:
                    labels[p[i], p[j]] = count
                    reached.append((p[i], p[j]))
        count += 1
    return torch.from_numpy(labels)


ours = pattern(pixels.permutations.tolist())
H = Hom(pixels.vector, pixels.vector)
print(H)
print("our walk = Hom:", partition_distance(ours, H.pattern) == 0)

# %% [markdown]
# ## The classics, derived
#
# **All permutations, $S(n)$.** Any pair of different points can be moved to any other such pair, and any point to any other: two orbits, the
# diagonal and the rest. So $W=\lambda E+\gamma J$ with the all-ones matrix $J$: the layer of *Deep Sets*.
#
# **Cyclic shifts, $C(n)$.** $(i,j)\to(i+1,j+1)$ keeps the difference $i-j$ modulo $n$ and nothing else: $W_{ij}=c_{i-j}$, circular
# **convolution**, $n$ free weights.
#
# **Shifts and reflections, $D(n)$.** The difference may change its sign: $c_{-k}=c_k$, a convolution with a symmetric kernel,
# $\lfloor n/2\rfloor+1$ free weights.
#
# **Two kinds of things, $S(3)\times S(5)$.** A block for each pair of kinds, with a diagonal where the kinds agree.

# %%
classics = [groups.S(8), groups.C(8), groups.D(8), groups.S(3) * groups.S(5)]
with style.figure(1, 4, size=(12, 3.3)) as (figure, axes):
    for ax, G in zip(axes, classics, strict=True):
        H = Hom(G.vector, G.vector)
        draw_matrix(ax, f"{G}: {H.dim} free", labels=H.pattern)
    plt.show()

# %%
n, generator = 8, torch.Generator().manual_seed(0)
x, c = torch.randn(2, n, dtype=torch.float64, generator=generator)

W = 2 * torch.eye(n) + 3 * torch.ones(n, n)
print("λE + γJ is equivariant to S(8):", torch.allclose(Hom(groups.S(n).vector, groups.S(n).vector).project(W), W))

H = Hom(groups.C(n).vector, groups.C(n).vector)
W = H.combine(c)  # one free weight for each colour of the pattern; its first column is the kernel
fourier = torch.fft.ifft(torch.fft.fft(W[:, 0]) * torch.fft.fft(x)).real
print("Hom of C(8) is circular convolution, as the Fourier transform computes it:", torch.allclose(W @ x, fourier))

# %% [markdown]
# ## Theorem: count before you solve
#
# $$\dim\mathrm{Hom}_G(V_{\text{in}},V_{\text{out}})=\frac1{|G|}\sum_{g}\overline{\chi_{\text{out}}(g)}\;\chi_{\text{in}}(g).$$
#
# *Why*: $W\mapsto V_{\text{out}}(g)\,W\,V_{\text{in}}(g)^{-1}$ is itself a representation on the space of all $W$, with this character (up to a bar that
# the mean does not notice); Hom is what no $g$ moves, and the mean character counts that (chapter 01). For permutations it is Burnside's count of
# orbits of pairs. For our image: the identity fixes 16 pixels, the two diagonal reflections 4 each, the rest none, so
# $(16^2+4^2+4^2)/8=36$.

# %%
for G in (pixels, groups.A(5), groups.D.plane(6), groups.Octahedral(), groups.SignedPermutations(3)):
    g = G.elements()
    V, W = G.vector**2, G.vector + G.trivial
    mean = (V.character(g) * W.character(g)).mean()
    print(f"{G}, V⊗V → V ⊕ 1: mean character {round(float(mean))}, Hom {Hom(V, W).dim}")

# %% [markdown]
# ## Fifteen layers for graphs
#
# A graph with $n$ nodes is a table $A_{kl}$, a vector of $V\otimes V$. A layer that maps tables to tables and does not care how the nodes are
# numbered has $n^4$ weights $W_{ij,kl}$. Permutations can tell four indices apart only by *which of them are equal*. That is a partition of
# $\{i,j,k,l\}$ into blocks, and there are **15** partitions (the Bell number), for every $n\ge4$. A network for graphs of any size needs 15 numbers
# (Maron et al. 2019).


# %%
def partitions(letters):
    """All partitions of a string into blocks: "ij" → [["ij"], ["i", "j"]]."""
    if not letters:
        return [[]]
    first, rest = letters[0], partitions(letters[1:])
    joined = [[*p[:b], first + p[b], *p[b + 1 :]] for p in rest for b in range(len(p))]
    return joined + [[first, *p] for p in rest]


def indicator(blocks, letters, n):
    """(n, n, ..., n): 1 where indices are equal exactly if they share a block."""
    index = dict(zip(letters, np.indices((n,) * len(letters)), strict=True))
    block = {letter: b for b, word in enumerate(blocks) for letter in word}
    equal = np.ones((n,) * len(letters), dtype=bool)
    for s, t in itertools.combinations(letters, 2):
        equal &= (index[s] == index[t]) == (block[s] == block[t])
    return torch.from_numpy(equal).double()


n = 4
V = groups.S(n).vector
H = Hom(V**2, V**2)
maps = [indicator(p, "ijkl", n).reshape(n * n, n * n) for p in partitions("ijkl")]
print(f"{len(maps)} partitions, {H.dim} free weights of {n**4}")
print("same space:", subspaces.same_span(torch.stack(maps).flatten(1).T, H.U))

# %%
with style.figure(3, 5, size=(11, 7)) as (figure, axes):
    for ax, p, W in zip(axes.flat, partitions("ijkl"), maps, strict=True):
        draw_matrix(ax, " | ".join(sorted(p)), ink="invariant", values=W)
    plt.show()

# %% [markdown]
# With only three nodes four indices cannot all differ, so one layer is lost: 14. In general $\dim\mathrm{Hom}_{S(n)}(V^{\otimes p},V^{\otimes q})$ is the
# number of partitions of $p+q$ letters into at most $n$ blocks.

# %%
for n in (1, 2, 3, 4, 5, 6):
    V = groups.S(n).vector
    row = []
    for p, q in ((1, 1), (2, 1), (2, 2)):
        count = sum(len(blocks) <= n for blocks in partitions("abcdef"[: p + q]))
        row.append(f"V^{p} → V^{q}: {Hom(V**p, V**q).dim} = {count}")
    print(f"n = {n}   " + "   ".join(row))

# %% [markdown]
# ### Real data: a friendship graph
#
# In Zachary's karate club (1977) 34 members had 78 friendships. The maps $V\otimes V\to V$ have **five** free weights, and one of them is what every
# network analysis starts with: the degree. Project any linear map onto Hom and it becomes a mixture of the five.

# %%
club = networkx.karate_club_graph()
A = torch.from_numpy(networkx.to_numpy_array(club, weight=None))
n = len(A)
V = groups.S(n).vector
H = Hom(V**2, V)
print(H)
row_sums = torch.kron(torch.eye(n, dtype=torch.float64), torch.ones(1, n, dtype=torch.float64))  # (34, 34²)
print("row sums are equivariant:", torch.equal(H.project(row_sums), row_sums))
degrees = row_sums @ A.flatten()
print("they are the degrees:", degrees.int().tolist() == [d for _, d in club.degree()])
print("of its", row_sums.numel(), "weights five are free, here:", H.coefficients(row_sums).int().tolist())

# %% [markdown]
# ## One subspace, many views
#
# The same space is at once
#
# 1. the span of the **orbit** indicators,
# 2. the **null space** of the equations $g\,W g^{-1} - W = 0$ for the generators,
# 3. the range of the **Reynolds** operator $W\mapsto\frac1{|G|}\sum_g g\,W g^{-1}$,
# 4. the column space of any matrix $U$ that mixes a basis, however it was found: the *colours* of its rows give the pattern back (chapter 07).
#
# Each is computed by its own program, and the programs are compared to machine precision:

# %%
G = square_grid(3)
V = G.vector
H = Hom(V, V)
equations = torch.cat([torch.kron(g, g) - torch.eye(81) for g in G.generators])  # (g ⊗ g) vec W = vec(g W gᵀ)
mixed = H.U @ torch.randn(H.dim, H.dim, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
views = {
    "null space of the equations": subspaces.null_space(equations),
    "range of the Reynolds operator": subspaces.orthonormal(reynolds.projector(V * V.dual)),
    "Hom, by its null-space route": Hom(V, V, route="null space").U,
    "Hom, by averaging": Hom(V, V, route="average").U,
    "a random mixture of a basis": mixed,
}
print(H)
for name, basis in views.items():
    print(f"{name}: the same {basis.shape[1]}-dimensional space:", subspaces.same_span(basis, H.U))
print("colours of the mixture = the pattern:", partition_distance(sharing_pattern(mixed, (9, 9)), H.pattern) == 0)

# %% [markdown]
# And the projection onto this space is the nearest equivariant weight: project twice and nothing more changes.

# %%
M = torch.randn(9, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
P = H.project(M)
average = sum(g @ M @ g.T for g in G.elements()) / G.order
print(
    "projection = Reynolds average:",
    torch.allclose(P, average),
    "· projecting twice = once:",
    torch.allclose(H.project(P), P),
)
representations.assert_equivariant(lambda x: x @ P.T, V, V)

# %% [markdown]
# ## Images: from a motion blur to a symmetric one
#
# On an 8 × 8 image the layer has 4096 weights. The eight symmetries of the square leave 528; together with circular shifts, 512 elements, they leave
# **15**: a convolution kernel that looks the same from eight sides. Here is the pattern of one output pixel, as an image of its 64 input weights.

# %%
pixel = torch.arange(64).reshape(8, 8)
moves = [torch.rot90(pixel), pixel.flip(1), pixel.roll(1, 0), pixel.roll(1, 1)]
torus = groups.permutation_group([move.flatten().tolist() for move in moves], "shifts, turns and flips of 8 × 8 pixels")
H = Hom(torus.vector, torus.vector)
print(H)

# %%
blur = sum(torch.eye(64, dtype=torch.float64)[pixel.roll(k, 1).flatten()] for k in range(4)) / 4  # smears to the right
symmetric = H.project(blur)
digit = digits.images()[3].double()
shown = {
    "a digit": digit,
    "motion blur": (blur @ digit.flatten()).reshape(8, 8),
    "projected blur": (symmetric @ digit.flatten()).reshape(8, 8),
    "blur of the turned digit": (symmetric @ torch.rot90(digit).flatten()).reshape(8, 8),
}
with style.figure(1, 5, size=(13, 2.9)) as (figure, axes):
    draw_matrix(axes[0], "one row of the pattern", labels=H.pattern[8 * 3 + 3].reshape(8, 8))
    for ax, (name, image) in zip(axes[1:], shown.items(), strict=True):
        draw_matrix(ax, name, values=image)
    plt.show()

# %%
images = digits.images().double()  # all 1797
turned = torch.rot90(images, dims=(1, 2)).flatten(1)
for name, W in {"motion blur": blur, "projected": symmetric}.items():
    blurred_then_turned = torch.rot90((images.flatten(1) @ W.T).reshape(-1, 8, 8), dims=(1, 2)).flatten(1)
    print(
        f"{name}: blur and turn in either order, the same for all {len(images)} digits:",
        torch.allclose(turned @ W.T, blurred_then_turned),
    )

# %% [markdown]
# ## The Rubik's cube: nine numbers
#
# 48 stickers, 43 252 003 274 489 856 000 elements, 2304 weights, and **nine** of them free. The six generators are enough: nobody lists the group.
# On the net, the weights *from* one sticker (marked): an edge sticker sees itself, its other side, all other edges (3); a corner sticker sees
# itself, its two neighbours clockwise and counter-clockwise, all other corners (4); edge to corner and corner to edge (2).

# %%
cube = groups.RubiksCube()
H = Hom(cube.vector, cube.vector)
print(H)
with style.figure(1, 2, size=(12, 4)) as (figure, axes):
    draw_cube(axes[0], "weights from an edge sticker, g", H.pattern[:, 1], letters=True)
    draw_cube(axes[1], "weights from a corner sticker, a", H.pattern[:, 0], letters=True)
    plt.show()

# %% [markdown]
# ## Signs: equal up to sign, and zero
#
# If $g$ may also flip signs, $W_{g(i),g(j)}=\pm W_{i,j}$. An orbit that meets its own negative must vanish. The symmetries of a cube in 3-space
# (signed permutations) leave only $\lambda E$ of the nine weights $V\to V$; and from areas, $\mathrm{Alt}^2V$, to tables there is one map, with signs.

# %%
G = groups.SignedPermutations(3)
V = G.vector
scalar, areas = Hom(V, V), Hom(V.alt(2), V**2)
print(scalar)
print(scalar.pattern.tolist(), "(−1: must vanish)")
print(areas)
with style.figure(1, 2, size=(6, 3.6)) as (figure, axes):
    draw_matrix(axes[0], "V → V", labels=scalar.pattern, signs=scalar.signs)
    draw_matrix(axes[1], "Alt²V → V⊗V", labels=areas.pattern, signs=areas.signs)
    plt.show()

# %% [markdown]
# ## Rotations: no pattern, but a basis
#
# $SO(3)$ mixes coordinates, so no two weights need be equal. Still Hom is a linear space, and its reduced echelon basis shows what it is. Which tensors
# look the same from every side? They are the maps from the trivial representation to $V^{\otimes k}$:
#
# - $k=2$: $\delta_{ij}$, the metric · $k=3$: $\varepsilon_{ijk}$, the volume · $k=4$: $\delta_{ij}\delta_{kl}$, $\delta_{ik}\delta_{jl}$, $\delta_{il}\delta_{jk}$.
#
# **Theorem.** The number of isotropic tensors is the Riordan number, 1, 0, 1, 1, 3, 6, 15, 36, ... for $k=0,1,2,\dots$


# %%
def riordan(k):
    catalan = [math.comb(2 * j, j) // (j + 1) for j in range(k + 1)]
    return sum((-1) ** (k - j) * math.comb(k, j) * catalan[j] for j in range(k + 1))


G = groups.SO(3)
V = G.vector
found = [Hom(G.trivial, V**k).dim for k in range(8)]
print("isotropic tensors of degree 0 … 7:", found)
print("Riordan numbers:                  ", [riordan(k) for k in range(8)])
volume = Hom(G.trivial, V**3)
print("ε:", volume.basis.reshape(3, 3, 3).int().tolist())

# %% [markdown]
# Floating-point numbers found it, but the answer is exact: the basis has entries in {−1, 0, 1}, and the defining equations hold for it *in integers*.
# That is a proof of equivariance, and `certificate` carries it out. (That nothing is missing is what the dimension says.)

# %%
for H in (volume, Hom(G.trivial, V**4), Hom(V**2, V**2)):
    certificate = H.certificate()
    print(f"{H.dim} maps with entries {certificate.entries}: {certificate.equations} integer equations hold")

# %% [markdown]
# ## Real data: the elastic constants of crystals
#
# Hooke's law needs $\mathrm{Sym}^2(\mathrm{Sym}^2V)$: 21 numbers (exercise 01.3). A crystal's own symmetry leaves fewer. This is the table of every textbook
# on crystals (Nye 1957), computed from a few generators each:


# %%
def turn(n, axis=2):
    """The rotation by 2π/n about a coordinate axis."""
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    R, angle = torch.eye(3, dtype=torch.float64), 2 * math.pi / n
    R[i, i] = R[j, j] = math.cos(angle)
    R[j, i], R[i, j] = math.sin(angle), -math.sin(angle)
    return R


def constants(*generators):
    """How many elastic constants a crystal with these symmetries (matrices 3 × 3) has."""
    G = groups.MatrixGroup(torch.stack(generators))
    return Hom(G.trivial, G.vector.sym(2).sym(2)).dim


crystals = {
    "triclinic": [-torch.eye(3)],
    "monoclinic": [turn(2)],
    "orthorhombic": [turn(2), turn(2, axis=0)],
    "trigonal, low and high": [turn(3)],
    "tetragonal, low and high": [turn(4)],
    "hexagonal": [turn(6)],
    "cubic": [turn(4), turn(4, axis=0)],
}
for name, generators in crystals.items():
    high = f" and {constants(*generators, turn(2, axis=0))}" if "high" in name else ""
    print(f"{name}: {constants(*generators)}{high}")
V = groups.SO(3).vector
print("isotropic:", Hom(groups.SO(3).trivial, V.sym(2).sym(2)).dim)

# %% [markdown]
# Copper, aluminium and tungsten are cubic: three constants; here typical values for single crystals at room temperature, in GPa. A metal in
# your hand consists of many small crystals in all orientations, so it is nearly isotropic, with two constants. Which two? The mean over all
# orientations is the Reynolds operator of $SO(3)$, that is the projection onto a two-dimensional Hom. Engineers know it as the *Voigt average*:
# bulk modulus $(C_{11}+2C_{12})/3$, shear modulus $(C_{11}-C_{12}+3C_{44})/5$. The picture shows the stiffness against pulling (Young's modulus) in every
# direction of a face of the cubic cell: a circle for the isotropic mean, anything but a circle for a crystal of copper.

# %%
typical = {"copper": (168.4, 121.4, 75.4), "aluminium": (106.8, 60.4, 28.3), "tungsten": (522.4, 204.4, 160.6)}
strain = V.sym(2)  # in the orthonormal basis 11, 12, 13, 22, 23, 33, with off-diagonal terms scaled by √2
isotropic, cubic = Hom(strain, strain), Hom(strain.restrict(groups.Octahedral()), strain.restrict(groups.Octahedral()))


def stiffness(c11, c12, c44):
    C = torch.diag(torch.tensor([c11, 2 * c44, 2 * c44, c11, 2 * c44, c11], dtype=torch.float64))
    for i, j in itertools.permutations((0, 3, 5), 2):
        C[i, j] = c12
    return C


for name, (c11, c12, c44) in typical.items():
    C = stiffness(c11, c12, c44)
    P = isotropic.project(C)
    shear = P[1, 1] / 2
    bulk = P[0, 0] - 4 * shear / 3
    assert torch.allclose(cubic.project(C), C)
    voigt = torch.tensor([(c11 + 2 * c12) / 3, (c11 - c12 + 3 * c44) / 5], dtype=torch.float64)
    print(
        f"{name}: bulk {bulk:.1f}, shear {shear:.1f} GPa; the Voigt averages: {torch.allclose(torch.stack([bulk, shear]), voigt)};"
        f" distance from isotropic: {100 * float((C - P).norm() / C.norm()):.0f} %"
    )

# %%
angle = torch.linspace(0, 2 * math.pi, 361, dtype=torch.float64)
directions = torch.stack([angle.cos(), angle.sin(), 0 * angle], 1)
squares = torch.einsum("ti,tj->tij", directions, directions).flatten(1) @ torch.from_numpy(strain.isometry.toarray())
with style.figure(1, 3, size=(11, 3.6)) as (figure, axes):
    for ax, (name, values) in zip(axes, typical.items(), strict=True):
        C = stiffness(*values)
        for matrix, role, label in ((isotropic.project(C), "invariant", "projected"), (C, "data", "crystal")):
            young = 1 / torch.einsum("ti,ij,tj->t", squares, torch.linalg.inv(matrix), squares)
            ax.plot(young * angle.cos(), young * angle.sin(), color=style.colour(role), label=label)
        ax.set(title=f"{name}: Young's modulus, GPa", aspect="equal")
    axes[2].legend(loc="center")
    plt.show()

# %% [markdown]
# ## What a pattern cannot see
#
# The even permutations $A(4)$ are half of $S(4)$. Yet they too move any pair of different points to any other. Same orbits of pairs, same pattern,
# same layers: **no network of layers $V\to V$, with pointwise functions in between, can tell $A(4)$ from $S(4)$**. The largest group with a given pattern is called its *2-closure*; that
# is all a pattern determines. Orbits of triples tell more:

# %%
A4, S4 = groups.A(4), groups.S(4)
patterns = [Hom(G.vector, G.vector).pattern for G in (A4, S4)]
print("the same pattern:", torch.equal(*patterns))
closure = automorphism_group(patterns[0])
print(f"from the pattern of A(4), of order {A4.order}, one reads {closure.identify()}, of order {closure.order}")
for k in (1, 2, 3, 4):
    print(f"orbits on {k}-tuples: A(4) {Hom(A4.vector**k, A4.trivial).dim}, S(4) {Hom(S4.vector**k, S4.trivial).dim}")

# %% [markdown]
# ## Exercises
#
# Each has a stub, a check, two hints and a solution. The checks look for the smallest case that goes wrong.

# %%
teaching.expected("05.1")

# %% [markdown] exercise="05.1"
# ### Exercise 05.1 · The nearest layer for sets
# Write `nearest(M)`: of all matrices with one value on the diagonal and one off it, the one nearest to $M$ in the sum of squares. $M$ is $n\times n$, $n\ge2$.
# The picture above shows an $M$ and its answer.

# %% [markdown] hint="05.1"
# Projecting onto a pattern replaces each entry by the mean over its colour.

# %% [markdown] hint="05.1"
# There are n entries on the diagonal, with sum `M.trace()`, and n² − n off it, with sum `M.sum() - M.trace()`.


# %% stub="05.1"
def nearest(M):
    return ...


# %% check="05.1"
teaching.check("05.1", nearest)


# %% solution="05.1"
def nearest(M):
    n = len(M)
    on, off = M.trace() / n, (M.sum() - M.trace()) / (n * n - n)
    return off * torch.ones(n, n, dtype=M.dtype) + (on - off) * torch.eye(n, dtype=M.dtype)


# %% mistake="05.1"
def nearest(M):
    n = len(M)
    return M.mean() * torch.ones(n, n, dtype=M.dtype) + M.trace() / n * torch.eye(n, dtype=M.dtype)


# %% [markdown] exercise="05.2"
# ### Exercise 05.2 · Five numbers for every node
# There are five independent linear maps from tables $A$ ($n\times n$) to vectors ($n$) that do not care how nodes are numbered. Write
# `node_features(A)`, which returns all five as the rows of a tensor (5, n).

# %% [markdown] hint="05.2"
# Partitions of the letters i, k, l, where i is the output: i|kl is the sum of the diagonal, the same number for every node.

# %% [markdown] hint="05.2"
# Row sums, column sums, the diagonal; and two numbers that all nodes share: the sum of the diagonal, and the sum of everything.


# %% stub="05.2"
def node_features(A):
    return ...  # (5, n)


# %% check="05.2"
teaching.check("05.2", node_features)


# %% solution="05.2"
def node_features(A):
    ones = torch.ones(len(A), dtype=A.dtype)
    return torch.stack([A.sum(1), A.sum(0), A.diagonal(), A.trace() * ones, A.sum() * ones])


# %% mistake="05.2"
def node_features(A):
    ones = torch.ones(len(A), dtype=A.dtype)
    return torch.stack([A.sum(1), A.sum(0), A.diagonal(), A.trace() * ones, A.mean(1)])


# %% [markdown] exercise="05.3"
# ### Exercise 05.3 · Seeing the difference
# $A(4)$ and $S(4)$ first differ on triples. Write `first_difference(G, H)`: the least $k\ge1$ for which two permutation groups of the same $n$ points
# have different numbers of orbits on $k$-tuples. (One of the groups contains the other.)

# %% [markdown] hint="05.3"
# Orbits of k-tuples are the free weights of a map from $V^{\otimes k}$ to the trivial representation.

# %% [markdown] hint="05.3"
# `Hom(G.vector**k, G.trivial).dim`, for k = 1, 2, 3, ... `itertools.count(1)` counts.


# %% stub="05.3"
def first_difference(G, H):
    return ...  # an integer


# %% check="05.3"
teaching.check("05.3", first_difference)


# %% solution="05.3"
def first_difference(G, H):
    return next(k for k in itertools.count(1) if Hom(G.vector**k, G.trivial).dim != Hom(H.vector**k, H.trivial).dim)


# %% mistake="05.3"
def first_difference(G, H):
    return next(k for k in itertools.count(1) if Hom(G.vector**k, G.vector).dim != Hom(H.vector**k, H.vector).dim)


# %% [markdown] exercise="05.4"
# ### Exercise 05.4 · Design a material
# A carbon-fibre ply is stiff along its fibres and the same all around them: five elastic constants. Give generators, a tensor (k, 3, 3), of a finite
# group of rotations under which a stiffness has exactly **five** free constants. (Try things with `turn` and `constants` from above.)

# %% [markdown] hint="05.4"
# All rotations about the fibre's axis are infinitely many. But a stiffness has degree four: it cannot tell a turn by a small enough angle from all turns.

# %% [markdown] hint="05.4"
# Quarter turns about an axis leave 7, the cube leaves 3. Try fifths or sixths of a turn about one axis.

# %% stub="05.4"
ply = ...

# %% check="05.4"
teaching.check("05.4", ply)

# %% [markdown] solution="05.4"
# A stiffness contains angular dependence up to $4\varphi$; a rotation by a fifth of a turn leaves of it only what no rotation about the axis changes.

# %% solution="05.4"
a = 2 * math.pi / 5
ply = torch.tensor([[[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]]], dtype=torch.float64)

# %% mistake="05.4"
ply = torch.tensor([[[0, -1, 0], [1, 0, 0], [0, 0, 1]]], dtype=torch.float64)

# %% [markdown]
# ## Break it
#
# Exact equalities need an exact group. Disturb the generators of $S(6)$, $D(6)$ and $C(6)$ a little and solve again.


# %%
def disturbed(G, noise):
    shake = torch.randn(G.generators.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    return groups.MatrixGroup(G.generators + noise * shake, name=f"{G}, disturbed")


for G in (groups.S(6), groups.D(6), groups.C(6)):
    H = disturbed(G, 1e-2)
    print(f"{G}: {Hom(G.vector, G.vector).dim} free weights; disturbed: {Hom(H.vector, H.vector).dim}")

# %% [markdown]
# Two disturbed matrices have nothing in common but the multiples of $E$: one free weight. (Why does $C(6)$ keep six? It has a single generator $g$, and every
# single matrix commutes with its own powers $E,g,\dots,g^5$. But these are no longer convolutions.)
#
# What happened shows in the singular values of the equations for $S(6)$. Exact: two are zero, far below the rest. Disturbed: the one of $E$, which
# commutes with everything, stays; the other rises to the size of the noise. As long as there is a **gap** above it, one can still say "two": that is
# how learned symmetries are read in chapter 07.

# %%
with style.figure(size=(7, 3.3)) as (figure, ax):
    for noise, role in ((0, "invariant"), (1e-6, "learned"), (1e-2, "group")):
        generators = disturbed(groups.S(6), noise).generators
        equations = torch.cat(
            [torch.kron(g, torch.eye(6)) - torch.kron(torch.eye(6), g.T.contiguous()) for g in generators]
        )
        values = torch.linalg.svdvals(equations).clamp(min=1e-16)
        ax.semilogy(range(1, 37), values, "o", markersize=4, color=style.colour(role), label=f"noise {noise:g}")
    ax.set(title="Two values are zero, or nearly", xlabel="number", ylabel="singular value", ylim=(1e-17, 10))
    ax.legend()
    plt.show()

# %% [markdown]
# ## Try next
#
# - In the widget: which of the groups on the menu leave a single free weight $V\to V$? (They are called irreducible, of real type.)
# - How many free weights has a layer from pairs of stickers of the Rubik's cube to stickers? `Hom(cube.vector**2, cube.vector)` knows at once.
# - Which crystals are piezoelectric? Count the maps from stress to polarisation, `Hom(V.sym(2), V)`, with and without the inversion −E.
# - Chapter [06](06_equivariant_networks.ipynb) makes networks of these maps; chapter [07](07_learned_symmetry_matrices.ipynb) finds the pattern when nobody
#   tells the group.
#
# ## References
#
# - M. Zaheer, S. Kottur, S. Ravanbakhsh, B. Póczos, R. Salakhutdinov, A. Smola. *Deep Sets*. NeurIPS 2017: $\lambda E+\gamma J$.
# - H. Maron, H. Ben-Hamu, N. Shamir, Y. Lipman. *Invariant and Equivariant Graph Networks*. ICLR 2019: the 15 maps.
# - S. Ravanbakhsh, J. Schneider, B. Póczos. *Equivariance Through Parameter-Sharing*. ICML 2017: orbits of pairs.
# - M. Finzi, M. Welling, A. G. Wilson. *A Practical Method for Constructing Equivariant Multilayer Perceptrons for Arbitrary Matrix Groups*. ICML 2021: null spaces.
# - W. W. Zachary. *An Information Flow Model for Conflict and Fission in Small Groups*. Journal of Anthropological Research 33, 1977: the club.
# - J. F. Nye. *Physical Properties of Crystals*. Oxford University Press, 1957: the table of elastic constants.
