# %% [markdown]
# # 10 · Can a symmetry be described without its dimension?
#
# A symmetry matrix $U$ that was learned for 16 inputs (chapter [07](07_learned_symmetry_matrices.ipynb)) has $16^2k$ numbers and nothing to say
# about 17 inputs. Yet *orthogonal* means the same in every dimension: $M M^{\mathsf T}=E$. Two coefficients, 1 and −1, and no $n$. In this chapter
# such equations are found from examples, and then put to work where no example was: they give residuals, Lie algebras, projections, groups and
# layers at $n = 50$.
#
# **You will be able to**
#
# - learn equations between words in $M$ from samples at $n = 3, 4, 5$: a null space, a gap, an echelon form;
# - say which of them is enough, and what proof there is that the others follow;
# - read off a system its Lie algebra, its dimension, a projection, a group and the layers at any $n$;
# - name four ways in which the method misleads, and what each asks of you;
# - find equations where nobody gives you a single group element;
# - write a symmetry matrix, and a network, that is trained at one $n$ and used at all.
#
# **Time**: 75 minutes · **You need**: chapters [01](01_groups_and_representations.ipynb) and [02](02_reynolds_operator.ipynb);
# [05](05_sharing_patterns.ipynb) and [07](07_learned_symmetry_matrices.ipynb) help in the second half

# %% tags=["setup"]
import json

import matplotlib.pyplot as plt
import torch

from eqkit import discovery, doctor, equations, groups, subspaces, teaching
from eqkit.equations import E, EquationSystem, J, M, R, S, X, det, eta, learn_equations, letter, trace, words
from eqkit.equations.any_dimensional import TARGETS, diagrams
from eqkit.equivariant_maps import Hom
from eqkit.meta_learning import GradientSteps, LeastSquares, evaluate, meta_learn
from eqkit.networks import EquivariantLinear
from eqkit.parameter_counts.arms import DENSE
from eqkit.parameter_counts.problems import hidden_problem
from eqkit.symmetry_matrices import ReparameterizedLinear, automorphism_group, sharing_pattern
from eqkit.tasks import data_file
from eqkit.tasks.hidden_groups import hidden_group
from eqkit.tasks.translation import translation
from eqkit.views import ConstraintSatisfaction, DimensionSlider, EquationLearner, style

doctor.greet()


def seed(number):
    return torch.Generator().manual_seed(number)


def gaussian(*shape, number=0):
    return torch.randn(*shape, dtype=torch.float64, generator=seed(number))


# %%
teaching.notation()

# %% [markdown]
# ## Recap
#
# In chapter [00](00_start_here.ipynb) random rotations and reflections at $n=3,4,5$ went into a box, and `M Mᵀ = E` came out. Here is the box. It
# knows 30 **words**, such as $M M^{\mathsf T}$, $M\circ M$ (entry by entry) or $J M$ with the all-ones matrix $J$; a word has a value at every $n$.
# It looks for combinations of words that vanish on all samples.

# %%
dictionary = words(3, (J,))
print(len(dictionary), "words:", " · ".join(map(str, dictionary)))

# %% [markdown]
# ## Predict
#
# We take many orthogonal matrices of **one** size $n$, and count the independent linear relations $\sum_w c_w\,w(M)=0$ between the 30 words that
# hold on all of them.

# %%
guess = teaching.predict(
    "How many relations hold on O(2), and how many on O(3), O(4), O(5)?",
    ["one for each: M Mᵀ = E", "the more, the larger n", "13 at n = 2, eight from 3 on", "eight at each n"],
)
guess

# %% [markdown]
# ## See the box at work
#
# First, how strongly each combination of words is present on the samples: below the shaded gap it is not, so it is an equation. Then what is left
# when consequences are taken out. Last, three tests at larger $n$: the equations have to hold on members of the family, to fail on random matrices,
# and what solves them has to be a member.
#
# Pull *learn at n* down to 2 alone. Add noise until the gap is gone. Choose *circulants*, and take away their letter $S$: the equations that are
# left do hold, but their solutions are no circulants.

# %%
learner = EquationLearner("O")
learner

# %%
shown = learner.state()
print(shown["words"], "words,", shown["relations"], "relations, equations left:", shown["equations"])
for test in ("holds", "told_apart", "solutions_are_members"):
    print(f"{test}:", all(shown[test].values()))

# %% [markdown] slide="notes"
# Good questions for a class while the sliders move: what do all equations of permutations have in common with those of the sign matrices? Why do
# symplectic matrices need even n? Which letter does SO need, and what happens without it?

# %% [markdown]
# ## Explain: a null space
#
# Write the entries of the words on all samples as the columns of a matrix $A$, one column for each word:
#
# $$\sum_w c_w\,w(M)=0\ \text{ for all samples } M\qquad\Longleftrightarrow\qquad A\,c=0 .$$
#
# The relations are the null space of $A$. Samples of different $n$ simply go below each other, for the coefficients $c$ are the same. These are the
# lines:


# %%
def columns(samples):
    """A (entries, words) of the samples {n: (count, n, n)}."""
    return torch.cat([torch.stack([w(M) for w in dictionary], -1).flatten(0, 2) for M in samples.values()])


def relations(samples):
    A = columns(samples)
    return len(dictionary) - int(torch.linalg.matrix_rank(A / A.norm(dim=0)))


samples = {n: groups.O(n).sample(40, seed(n)) for n in (2, 3, 4, 5)}
for n, M_n in samples.items():
    print(f"n = {n}: {relations({n: M_n})} relations")
print("n = 3, 4, 5 together:", relations({n: samples[n] for n in (3, 4, 5)}))

# %% slide="fragment"
guess.reveal("13 at n = 2, eight from 3 on")

# %% [markdown]
# Small matrices satisfy more than they should. Three of the 13 relations hold for *every* 2 × 2 matrix, and two more for the orthogonal ones, such as
# $M\circ M=M^{\mathsf T}\circ M^{\mathsf T}$. They belong to the size, and not to the symmetry. (The box
# drops words that agree on all matrices of the sizes it is given, so at $n=2$ alone it counts 27 words and ten relations.)

# %%
print("relations of all 2 × 2 matrices:", relations({2: gaussian(40, 2, 2)}))
squares = EquationSystem("M∘M = Mᵀ∘Mᵀ")
for n in (2, 3):
    print(f"M∘M = Mᵀ∘Mᵀ on O({n}):", bool(squares.residual(samples[n]).max() < 1e-12))
system = learn_equations({n: samples[n] for n in (3, 4, 5)})
print("learned at n = 3, 4, 5:", system)
print("learned at n = 2:", learn_equations({2: samples[2]}))

# %% [markdown]
# In a 2 × 2 orthogonal matrix opposite entries are alike up to their sign, so their squares agree. Such accidents are why one takes several sizes,
# some of them as large as the degree plus two; the library says so, and a **hold-out** at larger $n$ finds the rest.
#
# ### Four steps from a null space to one equation
#
# 1. **Spectrum.** Singular values fall into two heaps, and the *gap* between them says how many are zero, as in chapter 07.
# 2. **Echelon form.** Any basis of the null space would do. Reduced echelon form with the complicated words in front gives the one whose rows solve
#    for a complicated word: eight equations, each readable.
# 3. **Generating set.** Most of the eight follow from others: multiply $M M^{\mathsf T}=E$ by $M$ from the right and $M M^{\mathsf T} M=M$ is
#    there. What can be *proved* to follow is left out.
# 4. **Hold-out.** The residual of what is left on samples of an $n$ that was not used.

# %%
evidence = system.evidence
print(system)
print("relations:", evidence.null_dimension, "· gap over 1e8:", evidence.gap > 1e8)
print("proved to follow:", ", ".join(evidence.proved))
print("left out without a proof:", len(evidence.sampled))
print("coefficients:", system.coefficients.int().tolist())

# %%
with style.figure(size=(8, 3.4)) as (figure, ax):
    for noise, role, marker in ((0, "invariant", "o"), (1e-4, "learned", "s"), (3e-2, "group", "^")):
        noisy = {n: samples[n] + noise * gaussian(*samples[n].shape, number=n) for n in (3, 4, 5)}
        A = columns(noisy)
        values = torch.linalg.svdvals(A / A.norm(dim=0)).clamp(min=1e-16)
        ax.semilogy(
            range(1, 31), values / values[0], marker, markersize=4, color=style.colour(role), label=f"noise {noise:g}"
        )
    ax.axvline(22.5, color=style.colour("muted"), linewidth=1)
    ax.set(
        title="Eight of 30 values are zero; noise fills the gap",
        xlabel="number",
        ylabel="singular value",
        ylim=(1e-17, 10),
    )
    ax.legend()
    plt.show()

# %% [markdown]
# ## Ten families
#
# The same lines, other samples. Rotations, symplectic and Lorentz matrices need letters for what they preserve:
# $X=\begin{pmatrix}0&E\\-E&0\end{pmatrix}$ and $\eta=\mathrm{diag}(1,-1,\dots,-1)$; circulants the shift $S$; the affine maps a letter of our own,
# $P=e_ne_n^{\mathsf T}$. 24 samples of each size; the hold-out is $n=10$.
# (*Doubly stochastic* here: rows and columns sum to one, with entries of any sign, for an equation cannot say "not negative".)

# %%
P = letter("P", lambda n: torch.eye(n)[-1].diag(), symmetric=True)  # only its last entry is 1


def isometries(form):
    """exp of random A with A F + F Aᵀ = 0: members of {M : M F Mᵀ = F}."""

    def sample(n, count, number):
        F, A = form.at(n), gaussian(count, n, n, number=number) / n**0.5
        return torch.matrix_exp((A - F @ A.mT @ torch.linalg.inv(F)) / 2)

    return sample


def unitary(n, count, number):
    A = gaussian(count, n, n, number=number)
    A = A - A.mT
    return torch.matrix_exp((A - X.at(n) @ A @ X.at(n)) / 2)


def circulant(n, count, number):
    shifts = torch.stack([torch.linalg.matrix_power(S.at(n), k) for k in range(n)])
    return torch.einsum("ck,kij->cij", gaussian(count, n, number=number), shifts)


def doubly_stochastic(n, count, number):
    mean = J.at(n) / n
    return mean + (E.at(n) - mean) @ gaussian(count, n, n, number=number) @ (E.at(n) - mean)


def affine(n, count, number):
    return torch.cat([gaussian(count, n - 1, n, number=number), E.at(n)[-1:].expand(count, 1, n)], 1)


def elements(group):
    return lambda n, count, number: group(n).sample(count, seed(number))


families = {  # name: samples, letters, sizes, dimension of the family
    "O(n)": (elements(groups.O), (J,), (3, 4, 5), lambda n: n * (n - 1) // 2),
    "Sp(n)": (isometries(X), (X,), (4, 6), lambda n: n * (n + 1) // 2),
    "O(1, n−1)": (isometries(eta), (eta,), (3, 4, 5), lambda n: n * (n - 1) // 2),
    "U(n/2)": (unitary, (X,), (4, 6), lambda n: n * n // 4),
    "permutations": (elements(groups.S), (J,), (3, 4, 5), lambda n: 0),
    "signed permutations": (elements(groups.SignedPermutations), (J,), (3, 4, 5), lambda n: 0),
    "sign matrices": (elements(groups.SignFlips), (J,), (3, 4, 5), lambda n: 0),
    "circulants": (circulant, (J, S), (3, 4, 5), lambda n: n),
    "doubly stochastic": (doubly_stochastic, (J,), (3, 4, 5), lambda n: (n - 1) ** 2),
    "affine": (affine, (P,), (3, 4, 5), lambda n: n * (n - 1)),
}
learned = {}
for name, (sample, letters, sizes, _) in families.items():
    system = learn_equations({n: sample(n, 24, n) for n in sizes}, letters, holdout={10: sample(10, 24, 10)})
    learned[name] = system
    found = system.evidence
    assert found.gap > 1e8 and found.holdout[10] < 1e-10, name
    print(f"{name:20} {system.text:22} of {found.null_dimension:2} relations between {len(found.words)} words")

# %% [markdown]
# Every gap is over 1e8 and every residual at $n=10$ is below 1e-10: the `assert` saw to it. A family is described only if its equations *fail*
# elsewhere too:

# %%
random = gaussian(200, 10, 10) / 10**0.5
print("residual of random matrices over .05:", all(s.residual(random).min() > 0.05 for s in learned.values()))

# %% [markdown]
# Permutations needed two equations, not three: that rows sum to one, $M J=J$, *follows*. As $M\circ M=M$, the row sums of $M$ are those of
# $M\circ M$, and these are the diagonal of $M M^{\mathsf T}=E$: all one. The library found this proof, by multiplying the equations with words and
# doing linear algebra on the products.

# %%
print("M J = J is among the consequences:", "M J = J" in learned["permutations"].evidence.proved)
print(
    "and circulants commute with each other, on samples alone:",
    "M Mᵀ = Mᵀ M" in learned["circulants"].evidence.sampled,
)

# %% [markdown]
# (The last line shows where its proofs end: circulant matrices commute because they are polynomials in $S$, and no product of $M S=S M$ with words
# says that.)
#
# ## What a system gives, at every n
#
# Slide $n$ from 5 to 50. The equation keeps its two coefficients; a solution $M$, the dimension of the group and a layer $W$ that commutes with all
# of it are made anew at each $n$. Then choose *permutations*.

# %%
slider = DimensionSlider("O", 50)
slider

# %%
print(slider.state())

# %% [markdown]
# **A residual.** $\|p(M)\|$, relative to the sizes of the words: 0 on the family, and between 0 and 1 elsewhere.

# %%
orthogonal = learned["O(n)"]  # learned at n = 3, 4, 5
rotations = groups.O(50).sample(5, seed(0))
print("holds at n = 50:", bool(orthogonal.residual(rotations).max() < 1e-12))
print("and not for a disturbed matrix:", bool(orthogonal.residual(rotations + 0.1 * gaussian(5, 50, 50)).min() > 0.01))

# %% [markdown]
# **A Lie algebra.** Walk from $E$ along $A$: $p(E+tA)=p(E)+t\,dp(E)A+\dots$. The directions that keep $p=0$ to first order are $\{A: dp(E)\,A=0\}$;
# for $p=M M^{\mathsf T}-E$ they satisfy $A+A^{\mathsf T}=0$.

# %%
algebra = orthogonal.lie_algebra(3)
print(algebra.int().tolist())
for name, (_, _, _, true) in families.items():
    print(f"{name:20} dimension at n = 4, 6, 8: {[learned[name].dimension(n) for n in (4, 6, 8)]}", end="  ")
    print("right:", all(learned[name].dimension(n) == true(n) for n in (4, 6, 8)))
print("O(50):", orthogonal.dimension(50), "= 50 · 49 / 2")

# %% [markdown]
# ### Theorem: an upper bound, and when it is sharp
#
# Let $G=\{M: p(M)=0\}$ be a group. Then $n^2-\operatorname{rank}dp(E)\ \ge\ \dim G$, with equality exactly if every
# $A$ with $dp(E)A=0$ is the velocity of a curve in $G$. The equations are then called *reduced* at $E$.
#
# *Why*: a curve in $G$ through $E$ has $p=0$ all along, so its velocity lies in the null space of $dp(E)$; hence the tangent space of $G$ is
# contained in it. The null space can be too large: an equation with a double zero, such as $(M M^{\mathsf T}-E)^2=0$, has the *same real solutions*
# and the derivative 0 at each of them.

# %%
squared = EquationSystem("M Mᵀ M Mᵀ = 2 M Mᵀ − E")
print("the same solutions:", bool(squared.residual(groups.O(4).sample(9, seed(0))).max() < 1e-12))
print(
    "dimension of O(4):",
    groups.O(4).lie_algebra.shape[0],
    "· bound:",
    orthogonal.dimension(4),
    "· not reduced:",
    squared.dimension(4),
)
try:
    squared.group(4)
except ValueError as error:
    print(error)

# %% [markdown]
# **A projection.** `system.project(M)` goes to a solution near $M$ by Gauss–Newton steps with damping (Levenberg–Marquardt); it knows nothing but
# the equations. For orthogonal matrices the *nearest* one is known, the polar factor $UV^{\mathsf T}$ of $M=U\Sigma V^{\mathsf T}$:

# %%
members = groups.O(8).sample(20, seed(1))
noisy = members + 0.3 * gaussian(20, 8, 8, number=2) / 8**0.5
there = orthogonal.project(noisy)
U_, _, Vh = torch.linalg.svd(noisy)
distance, least = ((Z - noisy).flatten(1).norm(dim=1) for Z in (there, U_ @ Vh))
print("all 20 arrive at O(8):", bool(orthogonal.residual(there).max() < 1e-9))
print("as near as the polar factor, within a tenth:", bool((distance < 1.1 * least).all()))
signed = learned["signed permutations"]
near = groups.SignedPermutations(8).sample(20, seed(1))
back = signed.project(near + 0.3 * gaussian(20, 8, 8, number=2) / 8**0.5)
print("signed permutations, disturbed and projected, are themselves again:", torch.allclose(back, near, atol=1e-6))

# %% [markdown]
# **A test whether it is a group.** Solutions are sampled, multiplied and inverted. Reflections (orthogonal *and* symmetric) are not closed under
# products, and most projections have no inverse.

# %%
for name in ("O", "permutations", "reflections", "projections"):
    closure = equations.named(name).closure()
    print(
        f"{name:13} a group: {not closure.reasons}",
        "·" if closure.reasons else "",
        *[r.split(" (")[0] for r in closure.reasons],
    )

# %% [markdown]
# **A group, and layers.** `system.group(50)` has generators, and with generators everything of chapters 01 to 06 is there. From permutation
# matrices at $n=3,4,5$ to a layer for sets of fifty:

# %%
G = learned["permutations"].group(50)
V = G.vector
H = Hom(V, V)
print("free weights of a layer V → V at n = 50:", H.dim, "of", 50 * 50)
print("λE + γJ:", subspaces.same_span(H.U, torch.stack([E.at(50).flatten(), J.at(50).flatten()], 1)))
layer = EquivariantLinear(V, V, dtype=torch.float64, generator=seed(0))
shuffles = groups.S(50).sample(20, seed(3))
x = gaussian(20, 50)
print(
    "equivariant to shuffles:",
    torch.allclose(layer((shuffles @ x[..., None])[..., 0]), (shuffles @ layer(x)[..., None])[..., 0]),
)
G = orthogonal.group(50)
print("O(50):", G.lie_algebra.shape[0], "generators of its Lie algebra; free weights:", Hom(G.vector, G.vector).dim)

# %% [markdown]
# ## An equation trains, too
#
# $\|p(M)\|^2$ is differentiable, so it can be a penalty; the projection can follow every gradient step; and the Lie algebra shows how to walk without
# leaving the group. Below a matrix is learned from too few noisy examples of one that is orthogonal *and* commutes with the shift: freely, in each of
# these ways, and with both equations on a log axis. Chapter [11](11_learning_unitary_operators.ipynb) is about doing this well for one equation.

# %%
satisfaction = ConstraintSatisfaction("M Mᵀ = E, M S = S M")
satisfaction.player.run(40)
satisfaction

# %%
print("the equations hold for:", ", ".join(name for name, holds in satisfaction.state()["holds"].items() if holds))

# %% [markdown]
# ## Honest limits
#
# ### 1 · Words cannot say what is not in their letters
#
# Rotations and rotations with reflections satisfy the same equations of this dictionary: SO is seen as O, and a note says so. A letter `det(M)`
# tells them apart.

# %%
special = {n: groups.SO(n).sample(40, seed(n)) for n in (3, 4, 5)}
print("SO(n):", learn_equations(special))
print("note:", learn_equations(special).evidence.notes[0])
print("with det:", learn_equations(special, (J, det(M))))

# %% [markdown]
# Multiples of orthogonal matrices, $cQ$, satisfy $M M^{\mathsf T}=c^2E$ with *another* $c$ each. Without a word for $c^2$ one finds only that they
# are normal, which many more matrices are:

# %%
scaled = {n: (0.5 + torch.rand(40, 1, 1, generator=seed(0))) * groups.O(n).sample(40, seed(n)) for n in (3, 4, 5)}
normal, right = learn_equations(scaled), learn_equations(scaled, (J, trace(M @ M.T)))
print("without a trace:", normal, "· a group:", normal.is_group())
print("with tr(M Mᵀ):  ", right, "· a group:", right.is_group())

# %% [markdown]
# ### 2 · Small n
#
# Every 2 × 2 circulant matrix is symmetric. Learned there, symmetry becomes an equation, and the hold-out at $n=10$ refutes it:

# %%
trap = learn_equations({2: circulant(2, 60, 0)}, (), holdout={10: circulant(10, 5, 0)})
print(trap.text)
print("holds at n = 10:", trap.evidence.holdout[10] < 1e-6)
print(len(trap.evidence.cautions), "cautions")

# %% [markdown]
# How large is large enough? Take the polynomials of degree $d$ in the entries of $M$ that orthogonal changes of basis leave alone. Products of traces
# of words span them (Procesi 1976), and their number is the *same for all* $n\ge d$: 1, 3, 5, 12, 20. Below, small matrices satisfy identities
# (Cayley–Hamilton: exercise 10.4) and there are fewer. That numbers stand still from some $n$ on is called **representation stability**, and it is
# why three small sizes can speak for all.

# %%
table = {d: [equations.trace_dimension(d, n) for n in range(1, 8)] for d in range(1, 6)}
for d, row in table.items():
    print(f"degree {d}, n = 1 … 7: {row}  stands still from n = {row.index(row[-1]) + 1}")

# %% [markdown]
# ### 3 · Noise
#
# To noise of about 1e-3 the equations are found, and said to hold to that only. At 3e-2 the gap is filled (the picture above), *nothing* is found,
# and that is said too: better no equation than a wrong one.

# %%
for noise in (1e-4, 1e-3, 3e-2):
    noisy = {n: special[n] + noise * gaussian(40, n, n, number=n) for n in special}
    result = learn_equations(noisy)
    print(f"noise {noise:g}: {result.text}; cautions: {len(result.evidence.cautions)}")

# %% [markdown]
# ## Where no element is given
#
# Who has samples of a group? More often there are data. Four sources, each of which makes matrices for `learn_equations`:
#
# **(a) A function.** From $(x, y)$ with $y=f(x)$ and noise: fit $f$, find the Lie algebra that does not change it, exponentiate
# (chapter [12](12_discovering_symmetry.ipynb)). Here $f$ is a function of $x_1^2-x_2^2-\dots$, with 5 % noise, at $n = 3, 4, 5$.

# %%
data = {}
for n in (3, 4, 5):
    x = gaussian(2000, n, number=n)
    q = (x @ eta.at(n) * x).sum(1)
    y = q + q**2 / 20
    data[n] = x, y + 0.05 * y.std() * gaussian(2000, number=9 + n)
found = discovery.learn_equations_from_data(data, (eta,), generator=seed(0))
print("from (x, y):", found.system.text)
print("true at n = 8 to 1e-2:", bool(found.system.residual(isometries(eta)(8, 20, 0)).max() < 1e-2))

# %% [markdown]
# **(b) Pairs.** From $(x, gx)$, a few for each hidden $g$: too few to solve for $g$ ($n$ would be needed), but the equations of *all* permutation
# matrices make up for the rest. The elements found show the equations of the smaller group. Here $D(n)$ hides: rotations and reflections of an
# $n$-gon; the letter $A=S+S^{\mathsf T}$ says which corners are neighbours.

# %%
permutations = learned["permutations"]
A = letter("A", lambda n: S.at(n) + S.at(n).T, symmetric=True)
from_pairs = {}
for n in (5, 6, 7):
    g = groups.D(n).sample(12, seed(n))
    x = gaussian(12, 4, n, number=n)  # four examples for each of twelve unknown elements
    result = equations.relate(permutations, x, x @ g.mT)
    alone = torch.linalg.lstsq(x, x @ g.mT).solution.mT
    print(f"n = {n}: with the equations all 12 found: {torch.allclose(result.M, g, atol=1e-6)}", end="; ")
    print(f"by least squares: {int(((alone - g).abs().amax((1, 2)) < 1e-6).sum())}")
    from_pairs[n] = result.M.round()
print("from pairs:", learn_equations(from_pairs, (A,)).text)

# %% [markdown]
# **(c) Learned weights.** Chapter 07 learns a $U$ for each $n$ whose columns span the weights of convolutions. Random members of three such spaces
# give the equations *of the weights*.
#
# **(d) The commutant.** All matrices that commute with the weights: by the double centraliser theorem this is the span of the group's matrices,
# sums of elements and not elements. Only equations that are *linear* in $M$ survive sums.

# %%
Us = {}
for n in (4, 5, 6):
    model, tasks = ReparameterizedLinear(n, n, n, seed(0)), hidden_group(groups.C(n))
    list(meta_learn(model, tasks, LeastSquares(1e-4), steps=300, learning_rate=3e-2, cosine_decay=True))
    Us[n] = model.U.detach()
weights = {n: equations.members(U, n, 24, seed(n)) for n, U in Us.items()}
sums = {n: equations.members(equations.commutant(U, n, 3e-2), n, 24, seed(n)) for n, U in Us.items()}
closures = {n: automorphism_group(sharing_pattern(U, (n, n))).sample(24, seed(n)) for n, U in Us.items()}
print("(c) weights of convolutions:", learn_equations(weights, (S,), degree=2).text)
print("(d) their commutant:        ", learn_equations(sums, (S,), degree=2).text)
print("elements read off the pattern:", learn_equations(closures, (S,)).text)

# %% [markdown]
# For convolutions (c) and (d) say the same: the algebra is its own commutant. The *group* comes from the pattern of chapter 07, whose automorphisms
# are matrices one can multiply.
#
# And an honest failure. The weights of Deep Sets are $\lambda E+\gamma J$, two dimensions. Which words vanish on exactly these? The equations found
# do hold, but they leave 16 dimensions at $n=6$ where 2 are right: "all entries off the diagonal are equal" does not follow from the equations
# that these words can write. The whole record, from $U$ learned with 600 steps:

# %%
record = json.loads(data_file("recorded_runs/dimension_free.json").read_text(encoding="utf-8"))
for row in record["words"]:
    sharp = "right" if row["dimension"] == row["truth"] else "too large"
    print(f"{row['group']}(n) {row['from']:9}  {row['text']:30}  dimension at n = 6: {row['dimension']:2}, {sharp}")
print()
for variety, examples, noise, found, alone, _ in record["pairs"]:
    if noise == 0:
        print(f"{variety} of 8: from {examples} pairs {found:2} of 50 are found; by least squares {alone:2}")

# %% [markdown]
# | source | what comes of it | verdict |
# |---|---|---|
# | (a) a function, $(x, y)$ | elements of the connected part | works, to the noise of the fit |
# | (b) pairs $(x, gx)$ | the elements | works from about $n/2$ pairs each, if one knows a larger family |
# | (c) learned weights | the algebra of the weights | right for $C(n)$ and $D(n)$; too weak for $S(n)$ |
# | (d) their commutant | the group *algebra* | linear equations only, never the group itself |
#
# ## A symmetry matrix without a dimension
#
# Now the other way round: words as *building blocks* of $U$. Let $U_n=\sum_a \mathrm{vec}(\text{atom}_a(n))\,\theta_a$, where the atoms are words
# without $M$, such as $E$, $S$, $S^{\mathsf T}$, $R$ (reversal), the mean $J/n$, $Z=e_ne_n^{\mathsf T}$ (only its last entry is 1),
# or their products. Only $\theta$ is learned: 11 atoms × 3 columns, 3 more numbers
# for the filter at the start and one for the step length, **37 in all, at every $n$**. Trained on three-tap convolutions of 16 inputs, used without
# any update at 70 and 256:

# %%
atoms = equations.dictionary(lost=2)  # words in S, R, the mean and Z; two rows are lost to the ends of the filter
print(len(atoms), "atoms:", ", ".join(map(str, atoms)))
model, inner = equations.DimensionFree(atoms, 3, 2, seed(0)), GradientSteps()
tasks = translation(n=16, support=5)
list(meta_learn(model, tasks, inner, steps=300, learning_rate=3e-2, cosine_decay=True, generator=seed(1)))
print("numbers:", model.numbers + 1, "· the learned space reads:", ", ".join(model.columns()))
for n, target, count in ((70, 0.22, 1000), (256, 0.075, 300)):
    loss = float(evaluate(model, translation(n=n), inner, count, seed(5), batch=100).mean())
    print(f"n = {n}: loss below {target}: {loss < target}")

# %% [markdown]
# What is the best one can do? After one gradient step with rate $\alpha$ from zero, on $N$ residuals of a task with $k$ unknowns, the expected loss
# is
#
# $$k\left((1-\alpha)^2+\alpha^2\,\frac{k+1}{N}\right),\qquad\text{least for}\quad \alpha=\frac{N}{N+k+1}:\quad \frac{k(k+1)}{N+k+1}.$$
#
# The rate that is right for 14 residuals (one example at $n=16$) is too timid for 254: a single learned rate **fits one number of residuals**.
# This, and not the symmetry, spoils the transfer of a model that was trained from one example a task. Five examples at $n=16$ have 70 residuals,
# and the rate serves $n=70$ and more. Recorded with 1000 steps, three seeds each, beside the formula (each point is a mean over 4000 tasks, good to
# a few per cent):

# %%
k, sizes = 3, torch.arange(12, 300)
residuals = (sizes - 2).double()


def one_step(rate, N):
    return k * ((1 - rate) ** 2 + rate**2 * (k + 1) / N)


with style.figure(size=(8, 3.8)) as (figure, ax):
    ax.loglog(
        sizes, k * (k + 1) / (residuals + k + 1), color=style.colour("data"), label="floor: the best rate at each n"
    )
    for support, role, marker in ((1, "group", "^"), (5, "learned", "o")):
        N = 14 * support
        ax.loglog(sizes, one_step(N / (N + k + 1), residuals), "--", color=style.colour(role), linewidth=1.3)
        for i, row in enumerate(r for r in record["transfer"] if r["support"] == support):
            label = f"learned at n = 16 from {support} example{'s' * (support > 1)} a task" if i == 0 else None
            ax.loglog([16, 70, 256], row["loss"], marker, color=style.colour(role), markersize=6, label=label)
    ax.set(title="One θ for every n; the rate is another matter", xlabel="n", ylabel="loss on new tasks, one example")
    ax.set_xticks([16, 70, 256], ["16", "70", "256"])
    ax.minorticks_off()
    ax.legend()
    plt.show()
five, one = ([r for r in record["transfer"] if r["support"] == support] for support in (5, 1))
print("n = 256, five examples: within a fifth of the floor:", all(r["loss"][2] < 1.2 * 12 / 258 for r in five))
print("n = 256, one example: over three times the floor:", all(r["loss"][2] > 3 * 12 / 258 for r in one))
print(
    "the formula explains it to a tenth:",
    all(abs(r["loss"][2] / one_step(14 / 18, 254) - 1) < 0.1 for r in one),
)

# %% [markdown]
# A dictionary selects and mixes; it invents nothing. What lies outside is lost at every $n$, and `misfit` tells before any training, by fitting all
# atoms to every task:

# %%
inside = equations.misfit(atoms, translation(n=16, support=5)(200, seed(0)), lost=2)
outside = equations.misfit(atoms, translation(n=16, support=5, rank=2, generator=seed(0))(200, seed(1)), lost=2)
print("a convolution: outside the atoms below 1e-9:", inside.outside < 1e-9)
print("filters that change from place to place: over a tenth outside:", outside.outside > 0.1)

# %% [markdown]
# ### One more arm of chapter 09
#
# How few *tasks* are enough to recover a hidden symmetry? Chapter [09](09_how_many_parameters.ipynb) compares ways to write $U$ down. Words are one
# of them. Eight tasks with two examples each hide $C(6)$; the dense $U$ fits these data exactly and has learned nothing, for it has more free
# numbers than the data. The words find it.

# %%
six = equations.dictionary((S, R, equations.mean), 4, sizes=(6,))
for G in (groups.C(6), groups.D(6)):
    problem = hidden_problem(G.vector, 8, 2, seeds=3, generator=seed(0))
    for arm in (equations.dimension_free_arm(six), DENSE):
        fit = list(arm.fit(problem, seed(1)))[-1]
        sine = problem.sine(fit.U).median()
        print(
            f"{G}, {arm.name}: {arm.parameters(problem)} numbers, {arm.dimension(problem)} of them free;"
            f" recovered (sine < 1e-6): {bool(sine < 1e-6)}"
        )

# %% [markdown]
# ## Networks for every n, and a condition
#
# Chapter 05's fifteen maps have a value at every $n$ too: diagrams with coefficients. So a network $V\otimes V\to V\otimes V\to\dots$ trained on
# 4 × 4 matrices runs on 15 × 15 ones. Is it right there? Sums bring factors of $n$, as in $J J=nJ$, so layers can cancel each other at $n=4$ and
# nowhere else. A further condition helps (Levin & Díaz 2024): a layer must agree with the way in which small inputs sit inside large ones. With
# padding, $x\mapsto(x,0)$, a diagram is **compatible** if each of its blocks holds an input; that leaves 5 of the 15.

# %%
for a, b in ((1, 1), (2, 1), (2, 2)):
    print(
        f"V^{a} → V^{b}: {len(diagrams(a, b))} diagrams, {len(diagrams(a, b, embedding='padding'))} compatible with padding"
    )
order, target = TARGETS["trace"]
for embedding in ("padding", None):
    network = equations.AnyDimensionalNetwork((2, 1, 2, order), 3, embedding, seed(0))
    equations.any_dimensional.fit(network, target, 4, count=150, generator=seed(50))
    small, large = (equations.any_dimensional.error(network, target, n, seed(9)) for n in (4, 15))
    print(
        f"{embedding or 'no condition':12}  n = 4, error < 1e-2: {small < 1e-2}  n = 15, error < 1e-3: {large < 1e-3}"
    )

# %% slide="fragment"
with style.figure(1, 3, size=(12, 3.5)) as (figure, axes):
    for ax, name in zip(axes, TARGETS, strict=True):
        for embedding, role, label in (("padding", "invariant", "compatible"), (None, "learned", "no condition")):
            row = next(r for r in record["any_dimensional"] if (r["target"], r["embedding"]) == (name, embedding))
            for i, errors in enumerate(row["errors"]):
                ax.semilogy(
                    record["sizes"], errors, "o-", markersize=3, linewidth=1.2,
                    color=style.colour(role), label=label if i == 0 else None,
                )  # fmt: skip
        ax.axvline(4, color=style.colour("muted"), linewidth=1)
        ax.set(
            title=f"{name}: trained at n = 4",
            xlabel="n",
            ylabel="mean squared error",
            ylim=(1e-12, 1e10),
            xticks=[2, 4, 8, 15],
        )
    axes[0].legend(loc="center right")
    plt.show()
worst = {
    e: [max(run[-1] for run in r["errors"]) for r in record["any_dimensional"] if r["embedding"] == e]
    for e in ("padding", None)
}
print("recorded, n = 15: compatible, all below 1e-3:", max(worst["padding"]) < 1e-3)
print("recorded, n = 15: no condition, all above 1e4:", min(worst[None]) > 1e4)

# %% [markdown]
# ## Exercises
#
# Each has a stub, a check, two hints and a solution. The checks look for the smallest case that goes wrong.

# %% [markdown] exercise="10.1"
# ### Exercise 10.1 · Count the relations
# Write `count_relations(dictionary, samples)`: how many independent relations $\sum_w c_w\,w(M)=0$, with the same $c$ at every $n$, hold on all
# samples. `samples` is `{n: (count, n, n)}`; a word is called on a stack, `w(M)`, and returns a stack.

# %% [markdown] hint="10.1"
# One column for each word: all its entries, on all samples of all sizes below each other.

# %% [markdown] hint="10.1"
# The number of relations is the number of columns minus the rank, `torch.linalg.matrix_rank`.


# %% stub="10.1"
def count_relations(dictionary, samples):
    return ...  # an integer


# %% check="10.1"
teaching.check("10.1", count_relations)


# %% solution="10.1"
def count_relations(dictionary, samples):
    column = [torch.cat([w(M).flatten() for M in samples.values()]) for w in dictionary]
    return len(dictionary) - int(torch.linalg.matrix_rank(torch.stack(column, 1)))


# %% mistake="10.1"
def count_relations(dictionary, samples):
    column = [w(samples[min(samples)]).flatten() for w in dictionary]
    return len(dictionary) - int(torch.linalg.matrix_rank(torch.stack(column, 1)))


# %% [markdown] exercise="10.2"
# ### Exercise 10.2 · Write a group down
# The rotations and reflections of $n$-space that leave the vector $(1,\dots,1)$ where it is form a group: it moves a set of numbers without
# changing their sum or their variance. Give an `EquationSystem` for it, valid at every $n$.

# %% [markdown] hint="10.2"
# "Leaves $(1,\dots,1)$ where it is" is a statement about $J$, whose columns are all $(1,\dots,1)$.

# %% [markdown] hint="10.2"
# Two equations; a system takes them as strings, `EquationSystem("M X = X M", "M M = E")`.

# %% stub="10.2"
fixing_ones = ...

# %% check="10.2"
teaching.check("10.2", fixing_ones)

# %% solution="10.2"
fixing_ones = EquationSystem("M Mᵀ = E", "M J = J")

# %% mistake="10.2"
fixing_ones = EquationSystem("M J = J")

# %% [markdown] exercise="10.3"
# ### Exercise 10.3 · The dimension of a group
# Write `dimension(p, n)`: the dimension of $\{A: dp(E)A=0\}$ for a differentiable function `p` of one $n\times n$ matrix (float64), such as
# `lambda M: M @ M.T - torch.eye(len(M))`.

# %% [markdown] hint="10.3"
# `torch.autograd.functional.jacobian(p, E)` has the shape of `p(E)` followed by (n, n).

# %% [markdown] hint="10.3"
# $n^2$ unknown entries of $A$, minus the rank of the equations.


# %% stub="10.3"
def dimension(p, n):
    return ...  # an integer


# %% check="10.3"
teaching.check("10.3", dimension)


# %% solution="10.3"
def dimension(p, n):
    D = torch.autograd.functional.jacobian(p, torch.eye(n, dtype=torch.float64))
    return n * n - int(torch.linalg.matrix_rank(D.reshape(-1, n * n)))


# %% mistake="10.3"
def dimension(p, n):
    D = torch.autograd.functional.jacobian(p, torch.eye(n, dtype=torch.float64))
    return int(torch.linalg.matrix_rank(D.reshape(-1, n * n)))


# %% [markdown] exercise="10.4"
# ### Exercise 10.4 · An equation that is true by accident
# Give an `EquationSystem` that *every* 2 × 2 matrix satisfies, and no random 3 × 3 matrix does. The scalars `det(M)` and `tr(M)/n` may occur in
# words: `tr(M)/n M`, `det(M) E`.

# %% [markdown] hint="10.4"
# Cayley–Hamilton: a matrix satisfies its own characteristic polynomial, $M^2-\operatorname{tr}(M)\,M+\det(M)\,E=0$ at $n=2$.

# %% [markdown] hint="10.4"
# The word is the *normalised* trace tr(M)/n, which at $n=2$ is half of tr(M).

# %% stub="10.4"
accident = ...

# %% check="10.4"
teaching.check("10.4", accident)

# %% [markdown] solution="10.4"
# At $n=3$ the characteristic polynomial has degree 3, and this one fails.

# %% solution="10.4"
accident = EquationSystem("M M = 2 tr(M)/n M − det(M) E")

# %% mistake="10.4"
accident = EquationSystem("M M = tr(M)/n M − det(M) E")

# %% [markdown] exercise="10.5"
# ### Exercise 10.5 · The rate for another dimension
# $N$ residuals, $k$ unknowns: after one gradient step with rate $\alpha$ the loss is $k\,((1-\alpha)^2+\alpha^2(k+1)/N)$. A rate was tuned for `N`
# residuals; the model is used on `M` residuals. Write `excess(k, N, M)`: its loss there, divided by the loss of the best rate there.

# %% [markdown] hint="10.5"
# Set the derivative to zero: the best rate for $N$ residuals is $N/(N+k+1)$.

# %% [markdown] hint="10.5"
# The best loss on $M$ residuals is $k(k+1)/(M+k+1)$.


# %% stub="10.5"
def excess(k, N, M):
    return ...  # a number, 1 or more


# %% check="10.5"
teaching.check("10.5", excess)


# %% solution="10.5"
def excess(k, N, M):
    rate = N / (N + k + 1)
    return k * ((1 - rate) ** 2 + rate**2 * (k + 1) / M) / (k * (k + 1) / (M + k + 1))


# %% mistake="10.5"
def excess(k, N, M):
    return (M + k + 1) / (N + k + 1)


# %% [markdown]
# ## Break it
#
# A letter is a convention. $S$ shifts the coordinates *in their order*; number the coordinates otherwise, differently at each $n$, and the symmetry
# is still there while the equation is gone. No word sees a symmetry in a basis it cannot name:

# %%
shuffled = {}
for n in (4, 5, 6):
    p = torch.randperm(n, generator=seed(n))
    shuffled[n] = circulant(n, 24, n)[:, p][:, :, p]
print("in order:     ", learn_equations({n: circulant(n, 24, n) for n in (4, 5, 6)}, (S,), degree=2).text)
print("out of order: ", learn_equations(shuffled, (S,), degree=2).text)
print("and yet they commute:", all(torch.allclose(Z[0] @ Z[1], Z[1] @ Z[0]) for Z in shuffled.values()))

# %% [markdown]
# What is left, normality, needs no basis. The remedy is a letter that knows the order (exercise for the brave: a `letter` whose function returns
# the shuffled shift), or generators, which know it by themselves (chapter 07).
#
# And a group can come out too small: `group(n)` has the Lie algebra and the solutions that random starts happen to find. Of a finite group one
# solution generates a cyclic subgroup only; ask for more and compare:

# %%
for count in (1, 16):
    order = learned["signed permutations"].group(3, count).order
    print(f"signed permutations of 3, from {count} of them: all 48 elements: {order == 48}")

# %% [markdown]
# ## Try next
#
# - Learn the equations of *your* family: matrices of stock returns, of image warps, of a physical simulation. What do you have to put into the
#   letters?
# - `equations.NAMES` lists 28 systems with a name. Which of them are groups? `is_group()` will tell; which of its answers surprises you?
# - Which *compatible* network computes the variance of a set of numbers, at every $n$? Try the embedding "repetition".
# - Chapter [11](11_learning_unitary_operators.ipynb): how does one stay on $M M^{\mathsf H}=E$ while training, at what cost? Chapter
#   [12](12_discovering_symmetry.ipynb): which group is in these data, when nobody names letters?
#
# ## References
#
# - C. Procesi. *The invariant theory of n × n matrices*. Advances in Mathematics 19, 1976: traces of words.
# - E. Levin, M. Díaz. *Any-dimensional equivariant neural networks*. AISTATS 2024: free descriptions, compatibility.
# - T. Church, B. Farb. *Representation theory and homological stability*. Advances in Mathematics 245, 2013: representation stability.
# - A. Zhou, T. Knowles, C. Finn. *Meta-learning symmetries by reparameterization*. ICLR 2021: the translation task.
# - J. Nocedal, S. Wright. *Numerical Optimization*. Springer 2006, §10.3: Levenberg–Marquardt.
