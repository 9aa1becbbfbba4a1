# %% [markdown]
# # 00 · Start here: the whole story in ten minutes
#
# A symmetry is something you can do that changes nothing. Turn a hexagon by 60°: it looks the same. Shuffle a set: it is the same set.
# Neural networks that *know* a symmetry need fewer weights and less data. This book asks two questions:
#
# 1. **Given a symmetry, how do you build a network that respects it?**
# 2. **Given only data, can a network *find* the symmetry, and can it be written down so that it holds in every dimension?**
#
# **You will** average a function over a group · see which weights an equivariant layer must share · watch a matrix of random
# numbers turn into a convolution · learn an equation from 3 × 3 matrices and use it in dimension 50.
#
# **Time**: ten minutes, with *Run ▸ Run All Cells*, then play with the widgets · **You need**: linear algebra and a little PyTorch
#
# *Lecturing?* The section "Five minutes, without training" at the end replays recorded runs.

# %% tags=["setup"]
import matplotlib.pyplot as plt
import torch

from eqkit import doctor, equations, groups, representations, symmetry_matrices, teaching
from eqkit.equivariant_maps import Hom
from eqkit.tasks import data_file
from eqkit.views import ConstraintSatisfaction, LiveMSR, ReynoldsAverager, SharingPattern, draw_matrix, style

doctor.greet()

# %%
teaching.notation()

# %% [markdown]
# ## 1 · A symmetry is a set of matrices
#
# The six rotations and six reflections of a hexagon, acting on its six corners, are twelve permutation matrices. Two of them make all
# the others: turn by one corner, and flip. They are called *generators*, and the twelve matrices together a **group**: products and
# inverses stay inside.

# %%
G = groups.D(6)
print(G, "has", G.order, "elements, made from", len(G.generators), "generators")

# %%
turn, flip = G.generators
with style.figure(1, 3, size=(9, 3.1)) as (figure, axes):
    for ax, matrix, name in zip(axes, (turn, flip, turn @ flip), ("turn", "flip", "turn after flip"), strict=True):
        draw_matrix(ax, name, ink="group", values=matrix)
    plt.show()

# %% [markdown]
# ## 2 · Averaging makes anything symmetric
#
# Take any matrix, move it by every element of the group, and average. What is left cannot change any more. This is the **Reynolds
# operator**; doing it twice is the same as doing it once, so it is a *projection*.
#
# **Predict** before you scrub: a 6 × 6 matrix has 36 numbers. How many different numbers are left in the average over D(6)?

# %%
guess = teaching.predict("How many different numbers are left?", ["1", "4", "12", "36"])
guess

# %%
averager = ReynoldsAverager(groups.D(6))
averager

# %%
V = G.vector
M = torch.randn(6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
average = sum(g @ M @ g.T for g in G.elements()) / G.order  # the formula, as it is
print("different numbers left:", len(average.round(decimals=9).unique()))
print("averaging twice = once:", torch.allclose(sum(g @ average @ g.T for g in G.elements()) / G.order, average))

# %% slide="fragment"
guess.reveal("4")

# %% [markdown]
# ## 3 · So the weights of an equivariant layer are shared
#
# A layer $W$ *respects* the symmetry (is **equivariant**) if turning the input turns the output: $W g = g W$. Which weights must then
# be equal? Hover over a weight: all that must be equal to it light up. For the shifts C(8) you see the diagonals of a
# **convolution**; for all permutations S(n) two colours, the layer of **Deep Sets**.

# %%
pattern = SharingPattern(groups.C(8))
pattern

# %%
pattern.state()  # what the view shows, in words

# %%
for G in (groups.C(8), groups.D(8), groups.S(8)):
    print(f"{G}: {Hom(G.vector, G.vector).dim} free weights of 64")

# %% [markdown]
# **Theorem.** All equivariant maps are the span of the patterns' colours, and the average of step 2 is the projection onto them. Two
# routes to the same space, compared to machine precision:

# %%
G = groups.D(6)
H = Hom(G.vector, G.vector)  # by orbits: which entries does the group move into each other?
print("average of M = projection of M on the pattern:", torch.allclose(average, H.project(M), atol=1e-12))
representations.assert_equivariant(lambda x: x @ average.T, G.vector, G.vector)
print("W g = g W holds for every g tried; the pattern has", H.dim, "colours")

# %% [markdown]
# ## 4 · A matrix that discovers convolution
#
# Now nobody tells the network the group. It gets many small tasks; each is a *different* convolution of 8 numbers, seen through five
# examples. The weight is written $W = \mathrm{mat}(Uv)$: $v$ is fitted to each task, $U$ (64 × 8 random numbers) is shared by all. Press ▶ and
# watch $U$ colour itself. The orange turns blue as it converges.

# %%
live = LiveMSR(groups.C(8))
live.player.run()  # the same as ▶, for a notebook that runs by itself
live

# %%
print(live.verdict())

# %% [markdown]
# ## 5 · One equation, every dimension
#
# The $U$ above has 512 numbers and knows one size only. Can a symmetry be described *without* the dimension? Here are a few random
# rotations of size 3, 4 and 5. The program looks for all equations between products of $M$, $M^\top$, the identity $E$ and the all-ones
# matrix $J$ that every sample satisfies.

# %%
generator = torch.Generator().manual_seed(0)
samples = {n: groups.O(n).sample(20, generator) for n in (3, 4, 5)}
system = equations.learn_equations(samples)
print("learned:", system)

# %%
large = groups.O(50).sample(3, generator)
print("it holds for 50 × 50 rotations, never seen:", bool(system.residual(large).max() < 1e-10))
print(
    "and fails for other matrices:",
    bool(system.residual(large + 0.1 * torch.randn(3, 50, 50, generator=generator)).min() > 0.01),
)
print("dimension of the group it describes at n = 6:", system.dimension(6), "= n(n − 1)/2")

# %% [markdown]
# An equation can also *train*: a matrix learns a task while the equation pulls on it. Five ways, side by side: freely, with a penalty, projected, and two along the group; and
# slide n: the equation is the same.

# %%
satisfaction = ConstraintSatisfaction()
satisfaction.player.run(20)
satisfaction

# %%
print("the equations hold:", satisfaction.state()["holds"])

# %% [markdown]
# ## Three small exercises
#
# Every chapter has exercises that check themselves. Write your answer in place of `...` and run the two cells.

# %% [markdown] exercise="00.1"
# ### Exercise 00.1 · Average a matrix
# Write `average(M, G)`: the mean of $g M g^{-1}$ over all elements of a permutation group.

# %% [markdown] hint="00.1"
# `G.elements()` is a stack of matrices, (order, n, n); the inverse of a permutation matrix is its transpose.

# %% [markdown] hint="00.1"
# A stack multiplies by broadcasting: `g @ M @ g.mT` has shape (order, n, n).


# %% stub="00.1"
def average(M, G):
    return ...


# %% check="00.1"
teaching.check("00.1", average)


# %% solution="00.1"
def average(M, G):
    g = G.elements()
    return (g @ M @ g.mT).mean(0)


# %% mistake="00.1"
def average(M, G):
    g = G.elements()
    return (g @ M).mean(0)


# %% [markdown] exercise="00.2"
# ### Exercise 00.2 · Count free weights
# A layer takes sets of 5 numbers to sets of 5 numbers and must respect every permutation. How many free weights has its 5 × 5 matrix?

# %% [markdown] hint="00.2"
# Pick a weight on the diagonal: where can a permutation move it? And one off the diagonal?

# %% [markdown] hint="00.2"
# Choose S(5) in the widget of step 3 and count the colours.

# %% stub="00.2"
free_weights = ...

# %% check="00.2"
teaching.check("00.2", free_weights)

# %% solution="00.2"
free_weights = 2  # one value on the diagonal, one elsewhere

# %% mistake="00.2"
free_weights = 5

# %% [markdown] exercise="00.3"
# ### Exercise 00.3 · An equation for permutations
# Which equations does *every* permutation matrix satisfy? Learn them: give `samples`, a dictionary {3: …, 4: …, 5: …} of stacks of
# random permutation matrices, each (20, n, n).

# %% [markdown] hint="00.3"
# `groups.S(n).sample(20)` draws 20 of them.

# %% [markdown] hint="00.3"
# The same dictionary comprehension as in step 5, with another group.

# %% stub="00.3"
samples = ...

# %% check="00.3"
teaching.check("00.3", samples)

# %% solution="00.3"
samples = {n: groups.S(n).sample(20, torch.Generator().manual_seed(1)) for n in (3, 4, 5)}
print(equations.learn_equations(samples))

# %% mistake="00.3"
samples = {n: groups.O(n).sample(20, torch.Generator().manual_seed(1)) for n in (3, 4, 5)}

# %% [markdown]
# ## Break it
#
# A hidden group that cannot be found: the twelve *even* permutations of four points move every pair of points to every other pair, and
# so do all 24. The weights they allow are the same, so no experiment of step 4 can tell them apart. What is found is the largest group
# with that pattern, and every name printed in this book means that one.

# %%
A4, S4 = groups.A(4), groups.S(4)
same = torch.equal(Hom(A4.vector, A4.vector).pattern, Hom(S4.vector, S4.vector).pattern)
print(f"{A4} has {A4.order} elements, {S4} has {S4.order}; same pattern: {same}")
found = symmetry_matrices.automorphism_group(Hom(A4.vector, A4.vector).pattern)
print("read off the pattern of A(4):", found.identify())

# %% [markdown]
# ## Five minutes, without training
#
# For a lecture: recorded runs, with nothing to wait for. Drag the scrubber, or press the arrow keys.

# %%
LiveMSR.replay(data_file("recorded_runs/C_8.npz"))

# %% [markdown]
# ## Where to go from here
#
# | chapter | question |
# |---|---|
# | [01](01_groups_and_representations.ipynb) | what is a symmetry, as matrices? |
# | [02](02_reynolds_operator.ipynb) | how do you make any function symmetric? |
# | [03](03_invariant_theory.ipynb) | which invariants are enough? |
# | [04](04_deep_sets_and_beyond.ipynb) | what is Deep Sets, for any group? |
# | [05](05_sharing_patterns.ipynb) | which weights must be equal? |
# | [06](06_equivariant_networks.ipynb) | from maps to networks: which layers keep the symmetry? |
# | [07](07_learned_symmetry_matrices.ipynb) | can a network discover convolution? |
# | [08](08_beyond_translation.ipynb) | does it survive beyond a shift on a line? |
# | [09](09_how_many_parameters.ipynb) | how many numbers is a symmetry? |
# | [10](10_symmetry_as_equations.ipynb) | can a symmetry be described without its dimension? |
# | [11](11_learning_unitary_operators.ipynb) | how does a matrix stay unitary while it learns? |
# | [12](12_discovering_symmetry.ipynb) | which group is in this data? |
#
# Your own copies of the notebooks belong in `notebooks/mine/`: they are left alone by updates and tests.
#
# ## References
#
# - M. Zaheer et al. *Deep Sets*, NeurIPS 2017. · B. Sturmfels. *Algorithms in Invariant Theory*, 2nd ed., Springer 2008.
# - A. Zhou, T. Knowles, C. Finn. *Meta-learning symmetries by reparameterization*, ICLR 2021.
# - S. Hyland, G. Rätsch. *Learning unitary operators with help from u(n)*, AAAI 2017.
