# %% [markdown]
# # 07 · Can a network discover convolution?
#
# In chapter 05 you *derived* which weights an equivariant layer must share, because you knew the group. Here nobody tells the
# network. It sees many small tasks, and out of a matrix of random numbers grows the sharing pattern: three diagonals for a
# convolution, two colours for a symmetric group, and from the colours the *name of the group*.
#
# **You will be able to**
#
# - write a layer as $W = \mathrm{mat}(U v)$ and say what is shared between tasks ($U$) and what is not ($v$);
# - train $U$ by meta-learning, with gradient steps (MAML) or in closed form, and compare the loss with its floor;
# - read the rank, the sharing pattern and the group off a learned $U$, and say what can *not* be read off, and when there is no group;
# - put symmetry matrices into any torch module, and take them out again.
#
# **Time**: 75 minutes · **You need**: linear regression in PyTorch, and chapter 05 for the word *pattern*
#
# The method is *meta-learning symmetries by reparameterization*, MSR (Zhou, Knowles & Finn 2020).

# %% tags=["setup"]

from dataclasses import replace

import matplotlib.pyplot as plt
import torch
from torch import nn

from eqkit import doctor, groups, subspaces, teaching
from eqkit.equivariant_maps import Hom
from eqkit.meta_learning import Adapted, Episodes, GradientSteps, LeastSquares, evaluate, meta_learn, multitask
from eqkit.symmetry_matrices import (
    ReparameterizedLinear,
    automorphism_group,
    filters,
    indicators,
    matrices,
    partition_distance,
    recover,
    reparameterize,
    restore,
    sharing_pattern,
)
from eqkit.tasks import data_file, digits
from eqkit.tasks.hidden_groups import hidden_group
from eqkit.tasks.linear import no_symmetry
from eqkit.tasks.nonlinear import two_convolutions
from eqkit.tasks.translation import convolution, reversed_outputs, translation
from eqkit.views import LiveMSR, MSRScrubber, draw_matrix, style

doctor.greet()

# %%
teaching.notation()

# %% [markdown]
# ## Recap: a symmetry is a subspace
#
# The weights that commute with a group, $W g = g W$, form a linear subspace of all matrices, $\mathrm{Hom}_G(V, V)$. A basis
# of it, written as the columns of a matrix $U$, *is* the symmetry: every equivariant weight is $W = \mathrm{mat}(U v)$ for
# some short vector $v$. For the cyclic shifts of 6 points, $U$ has 36 rows (one an entry of $W$) and 6 columns.

# %%
H = Hom(groups.C(6).vector, groups.C(6).vector)
print("U:", tuple(H.U.shape), "· W has", H.U.shape[0], "entries and", H.dim, "free numbers")

# %% [markdown]
# ## Predict
#
# A group is hidden: $D(6)$, the rotations and reflections of a hexagon. A student network is given $U$ as random numbers,
# 36 × 4. It meets 32 small regression tasks a step; every task is a different equivariant map, seen through five examples.
# $U$ is improved so that fitting *only $v$* on the five examples predicts the rest.

# %%
guess = teaching.predict(
    "After training, how many different colours will the 36 entries of W show?",
    ["36, all free", "12, one for each element of D(6)", "4", "1"],
)
guess

# %% [markdown]
# ## Watch it happen
#
# Press ▶. Each cell of the square *learned* is one weight; weights with the same colour are alike as far as the network has learned.
# The loss falls towards its floor, and the angle between what is learned and the truth falls towards zero. On the right are the four columns
# of $U$, each a matrix, and in every one the diagonals are mixed. Choose *canonical gauge* under "shown of U" and they fall into place (what a gauge is, comes soon). ■ stops; the
# scrubber replays. (`player.run` below is the same training for a notebook that runs by itself.)

# %%
live = LiveMSR(groups.D(6))
live.player.run()
live

# %%
print(live.verdict())

# %% slide="fragment"
guess.reveal("4")

# %% [markdown]
# ## Explain: the layer
#
# The weight is a linear function of the filter, $W = \mathrm{mat}(U v)$, where mat writes a vector as a matrix row by row.
# $U$ says *which weights move together*; $v$ says how far. This is the whole layer:


# %%
def weight(U, v, n_out, n_in):
    return (U @ v).reshape(n_out, n_in)


layer = ReparameterizedLinear(n_in=6, n_out=6, k=4, generator=torch.Generator().manual_seed(0))
print(torch.equal(layer.weight(), weight(layer.U, layer.v, 6, 6)))

# %% [markdown]
# ### What one task does, and what all tasks do
#
# *Inner loop*: a task has few examples. It fits its own $v$; $U$ does not move. *Outer loop*: the fitted $v$ is scored on new
# examples of the same task, and the mean score over 32 tasks is differentiated with respect to $U$, *through* the inner fit.
# Two inner fits:
#
# | | formula | in code |
# |---|---|---|
# | gradient step (MAML) | $v \leftarrow v - \alpha\,\nabla_v \mathrm{loss}(v)$, with $\alpha$ learned | `GradientSteps(k)` |
# | least squares | $v = (\Phi^\top\Phi + \lambda E)^{-1}\Phi^\top y$, with $\Phi v = Wx$ | `LeastSquares(ridge)` |

# %%
tasks = hidden_group(groups.D(6))
episodes = tasks(32, torch.Generator().manual_seed(0))
print("support x:", tuple(episodes.x_support.shape), "· query x:", tuple(episodes.x_query.shape))

before = layer.U.detach().clone()
v = LeastSquares(ridge=1e-4)(layer, episodes.x_support, episodes.y_support)
print("one filter a task:", tuple(v.shape), "· U untouched, bit for bit:", torch.equal(layer.U, before))

# %% [markdown]
# The outer loop is an iterator. Asking for the next snapshot trains; not asking stops. All 32 tasks are fitted at once.
# Two subspaces are compared by their *principal angles*, as many as there are directions: all sines are 0 where the spaces are equal, and the largest
# is 1 where a direction of one is orthogonal to the other.


# %%
def learn(tasks, k, inner, steps=600, learning_rate=1e-2, seed=0, cosine_decay=True, snapshots=60):
    """A reparameterized layer trained on the tasks, and its snapshots."""
    generator = torch.Generator().manual_seed(seed)
    n_out, n_in = tasks.basis.shape[1:]
    model = ReparameterizedLinear(n_in, n_out, k, generator=generator)
    options = dict(learning_rate=learning_rate, cosine_decay=cosine_decay, snapshots=snapshots, generator=generator)
    return model, list(meta_learn(model, tasks, inner, steps=steps, **options))


model, snapshots = learn(tasks, 4, LeastSquares(1e-4))
angles = subspaces.principal_angles(model.U, tasks.U)
print("largest sine between the learned space and Hom < 1e-2:", bool(angles.sin().max() < 1e-2))

# %% [markdown]
# ## A theorem, and a cell that tests it: only the span counts
#
# **Theorem (gauge freedom).** Let $A$ be an invertible $k\times k$ matrix. $U$ and $UA$ describe the same set of weights, and a
# least-squares inner fit predicts the same with both (for ridge → 0). So $U$ is learned only up to $A$: what is learned is
# the *subspace* $\mathrm{span}(U)$.
#
# *Proof.* $\{\mathrm{mat}(UAv)\} = \{\mathrm{mat}(Uw)\}$ with $w = Av$, and $A$ is onto. The best weight in a set does not depend on how
# the set is parameterized. ∎
#
# Here are three bases of one span: the columns of $U$ as they were learned, the same mixed by a random $A$, and the one basis that every
# $A$ leads back to, the *canonical gauge*. In it the mean of column $b$ over the weights of colour $a$ is 1 if $a=b$, else 0: it solves
# $\text{means}(U)\,A = E$, three lines which you will write in exercise 07.4.

# %%
A = torch.randn(4, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
U = model.U.detach().double()
found, again = recover(U, (6, 6)), recover(U @ A, (6, 6))
bases = {"U": U, "U A": U @ A, "gauge": found.gauge}
with style.figure(3, 4, size=(9, 6.6)) as (figure, axes):
    for row, (name, basis) in zip(axes, bases.items(), strict=True):
        for j, ax in enumerate(row):
            draw_matrix(ax, f"{name}, column {j}", ink="learned", values=basis[:, j].reshape(6, 6))
    plt.show()

# %%
print("U and U A have one canonical gauge, to 1e-9:", bool((found.gauge - again.gauge).abs().max() < 1e-9))
print("it is the 0/1 matrix of the colours, to 0.05:", bool((found.gauge - found.gauge.round()).abs().max() < 0.05))

# %% [markdown]
# Therefore we must not colour $W$ by the entries of $U$, which $A$ mixes, but by something that belongs to the span: two weights
# are alike if their *rows in an orthonormal basis of the span* are alike. That is what the widget draws.

# %%
print("same span:", subspaces.same_span(U, U @ A))
print("entries of U changed by:", "more than half their size" if (U @ A - U).norm() > 0.5 * U.norm() else "little")
pattern = sharing_pattern(U, (6, 6))
print("same colours:", bool(torch.equal(pattern, sharing_pattern(U @ A, (6, 6)))))
pattern

# %% [markdown]
# ## How good can it get? The floor
#
# One example, one gradient step: even the *ideal* $U$ makes an error, because one gradient step from one example cannot find three
# filter taps exactly. With $k$ taps, $K$ support examples and $n_\text{out}$ outputs the best possible loss is
#
# $$\text{floor} = \frac{k(k+1)}{K\,n_\text{out} + k + 1},\qquad k=3,\ K=1,\ n_\text{out}=68:\quad \tfrac16 .$$
#
# *Why*: the step multiplies the error of $v$ by $E - \alpha S$, with $S$ the empirical covariance of the features; minimise
# $\mathbb E\,\|E-\alpha S\|_F^2$ over the one number $\alpha$. A loss below this would be a mistake in the experiment; a loss much above it
# says that the symmetry has not been found. (A freely trained $U$ is not bound to be orthonormal and may lie a little below it.)


# %%
def floor(k, K, n_out):
    return k * (k + 1) / (K * n_out + k + 1)


ideal = translation(n=70)  # y = convolution of x with 3 random taps, one example a task
measured = ideal.floor(GradientSteps(1))
print(
    "formula:",
    round(floor(3, 1, 68), 4),
    "· Monte Carlo with the ideal U agrees to 1 %:",
    abs(measured / floor(3, 1, 68) - 1) < 0.01,
)

# %% [markdown]
# ## Discovering convolution
#
# Now the task of the paper, made smaller: $x$ has 16 numbers, $y$ is its convolution with 3 taps that differ from task to task.
# $U$ is 224 × 3: random at first. Nothing in it says "neighbour" or "shift".

# %%
small = translation(n=16)
line, snapshots = learn(small, 3, LeastSquares(1e-4))
U = line.U.detach()
sine = subspaces.principal_angles(U, small.U).sin().max()
print("sine to the space of convolutions < 1e-2:", bool(sine < 1e-2))

# %%
v = torch.tensor([1.0, -0.7, 0.4], dtype=torch.float64)
found = sharing_pattern(U, (14, 16))
with style.figure(1, 3, size=(11, 3.6)) as (figure, axes):
    for ax, snapshot, name in zip(axes, (snapshots[0], snapshots[-1]), ("at the start", "learned"), strict=False):
        W = (subspaces.orthonormal(snapshot.U) @ v).reshape(14, 16)
        draw_matrix(ax, f"W = mat(U v), {name}", ink="learned", values=W)
    draw_matrix(axes[2], f"the pattern learned: {int(found.max()) + 1} colours", labels=found)
    plt.show()

# %%
print("pattern learned = pattern of a convolution:", partition_distance(found, convolution(16)) == 0)

# %% [markdown]
# ## Gradient steps find it too: one direction at a time
#
# The published method adapts $v$ by gradient steps; `python tests/benchmarks/meta_learning.py` runs it in full size and prints our
# figures beside the floors. One step from one example cannot fit a task, so the loss stays at a high floor,
# yet the subspace emerges. *How* it emerges is worth a look.
#
# **Predict**: the space has three directions. Will the three angles close together, or one by one?

# %%
inner = GradientSteps(1)
maml, snapshots = learn(small, 3, inner, steps=800, learning_rate=1e-3, cosine_decay=False, snapshots=200)
loss = evaluate(maml, small, inner, 5000, torch.Generator().manual_seed(9)).mean()
cosine = subspaces.principal_angles(maml.U, small.U).cos().min()
print("loss on 5000 new tasks within 1.15 of the floor:", bool(loss < 1.15 * small.floor(inner)))
print("smallest cosine to the space of convolutions > .98:", bool(cosine > 0.98))

# %%
steps = torch.tensor([s.step for s in snapshots])
losses = torch.tensor([s.loss for s in snapshots]).unfold(0, 10, 1).mean(1)  # a moving average over 10 snapshots
sines = torch.stack([subspaces.principal_angles(s.U, small.U).sin() for s in snapshots])
with style.figure(1, 2, size=(10, 3.2)) as (figure, (left, right)):
    left.plot(steps[9:], losses, color=style.colour("learned"))
    left.axhline(small.floor(inner), color=style.colour("invariant"), linestyle="--")
    left.set(title="The loss falls to its floor, in plateaus", xlabel="step", ylabel="loss", ylim=(0, None))
    right.semilogy(steps, sines)
    right.set(title="Three angles close, one by one", xlabel="step", ylabel="sine")
    plt.show()

# %% [markdown]
# ### What a plateau is
#
# Each plateau is a missing direction, exactly. The weights of a task are Gaussian with $\mathbb E\|W\|^2 = n\dim\mathrm{Hom}$, the same in every
# direction. A $U$ that lacks $m$ of the directions loses $n\,m$ of this, divided by $n$ outputs: **a loss of $m$**. Leave columns out of the true
# $U$ of $D(6)$, give each task so many examples that $v$ is certain, and count:

# %%
plenty = hidden_group(groups.D(6), support=50)
whole = subspaces.orthonormal(plenty.U).float()
for missing in range(4):
    layer = ReparameterizedLinear.fixed(whole[:, : 4 - missing], (6, 6))
    loss = evaluate(layer, plenty, LeastSquares(1e-4), 3000, torch.Generator().manual_seed(0)).mean()
    print(f"{missing} directions missing: loss, rounded, {round(float(loss))}")

# %% [markdown]
# ### How long is a plateau? The outer rate decides
#
# $U$ starts small, and while it is small its gradient is small: the plateau ends when the next direction has grown. Adam's steps have the length of
# the rate, so 1e-3, constant, waits several times as long as 1e-2. Two runs on $D(6)$, the same seed and the same tasks:
# *a* with the rate 1e-3, *b* with 1e-2. Drag: at which step has each of them found its third direction? (In *shown* choose *columns of U* to see a direction grow.)

# %%
hexagon = hidden_group(groups.D(6))
_, slow = learn(hexagon, 4, GradientSteps(1), steps=300, learning_rate=1e-3, cosine_decay=False)
_, fast = learn(hexagon, 4, GradientSteps(1), steps=300)
race = MSRScrubber(slow, fast, group=groups.D(6))
race

# %%
race.player.seek(12)
at = race.state()
print("directions at step", at["step"], "of the slow run < of the fast run:", at["directions"][0] < at["directions"][1])
race.player.seek(at["frames"] - 1)
print("in the end:", race.state()["directions"])

# %% [markdown]
# With more directions the plateaus add up. If each output mixes *two* filters (`rank=2`), six directions are hidden, and some are weak. The
# published rate, 1e-3, has not finished when 1e-2 with a cosine has. A rate that is too small looks like a method that does not work: in full size
# (70 inputs, 2000 steps) it stopped at 1.45 times the floor, and that was the rate alone; 1e-2 reaches 0.97. Below 1? The floor is that of an
# *orthonormal* $U$; a free one may make its columns longer where filters vary more.

# %%
mixed = translation(rank=2, n=16, generator=torch.Generator().manual_seed(0))
ratio, found = {}, {}
for rate, cosine in ((1e-3, False), (1e-2, True)):
    inner = GradientSteps(1)
    model, snapshots = learn(mixed, 6, inner, steps=700, learning_rate=rate, cosine_decay=cosine)
    loss = evaluate(model, mixed, inner, 2000, torch.Generator().manual_seed(9)).mean()
    ratio[rate] = float(loss) / mixed.floor(inner)
    found[rate] = [int((subspaces.principal_angles(s.U, mixed.U).sin() < 0.5).sum()) for s in snapshots]
with style.figure(1, 1, size=(6, 2.8)) as (figure, ax):
    for rate, ink in ((1e-3, "data"), (1e-2, "learned")):
        ax.step([s.step for s in snapshots], found[rate], color=style.colour(ink), label=f"rate {rate:g}")
    ax.set(title="Six directions, found one at a time", xlabel="step", ylabel="directions")
    ax.legend()
    plt.show()

# %%
print("directions found with 1e-2:", found[1e-2][-1], "· with 1e-3 fewer:", found[1e-3][-1] < 6)
print("1e-2 lies below the floor of an orthonormal U, 1e-3 above it:", ratio[1e-2] < 1 < ratio[1e-3])

# %% [markdown]
# ## One loop, many methods
#
# `meta_learn` asks two things: which numbers adapt, and by which inner solver. Published methods are rows of a table (what the letters stand for is in
# the references):
#
# | | adapts to a task | shared by all | inner solver |
# |---|---|---|---|
# | MAML | all weights | where they start | gradient step |
# | ANIL | the last layer | the layers before it | gradient step |
# | MSR | $v$ | $U$ | gradient step, *second order* |
# | MSR, first order | $v$ | $U$ | gradient step, taken as a constant |
# | MSR, learned rates | $v$ | $U$ and a rate for each entry of $v$ | gradient step |
# | MTSR | $v$ | $U$ | none: $U$ and all $v$ are trained together on fixed tasks |
#
# *Second order* differentiates through the step: $\partial v/\partial U$ counts. *First order* leaves it out, and needs no derivative of a
# derivative. Which of the six reach the floor on the small convolution, one example a task?


# %%
def dense(n_in, n_out, seed):
    layer = nn.Linear(n_in, n_out, bias=False)
    nn.init.normal_(layer.weight, 0, n_in**-0.5, generator=torch.Generator().manual_seed(seed))
    return layer


def frozen(U, shape=(14, 16)):
    """A layer whose U, of orthonormal columns · √n_out, stays as it is: v₀ and the rate are all there is to learn."""
    return ReparameterizedLinear.fixed(shape[0] ** 0.5 * subspaces.orthonormal(U.detach()).float(), shape)


def over_floor(model, inner, tasks=small, steps=300):
    generator, options = torch.Generator().manual_seed(0), dict(learning_rate=1e-2, cosine_decay=True, snapshots=2)
    list(meta_learn(model, tasks, inner, steps=steps, generator=generator, **options))
    loss = evaluate(model, tasks, inner, 2000, torch.Generator().manual_seed(9)).mean()
    return float(loss) / small.floor(GradientSteps(1))


msr = [ReparameterizedLinear(16, 14, 3, torch.Generator().manual_seed(0)) for _ in range(4)]
list(multitask(msr[3], small(100, torch.Generator().manual_seed(0)), steps=300, learning_rate=1e-2, cosine_decay=True))
table = {
    "MAML": over_floor(Adapted(dense(16, 14, 1)), GradientSteps(1)),
    "ANIL": over_floor(Adapted(nn.Sequential(dense(16, 16, 1), dense(16, 14, 2)), "1.*"), GradientSteps(1)),
    "MSR": over_floor(msr[0], GradientSteps(1)),
    "MSR, first order": over_floor(msr[1], GradientSteps(1, order=1)),
    "MSR, learned rates": over_floor(msr[2], GradientSteps(1, rates="each")),
    "MTSR": over_floor(frozen(msr[3].U), GradientSteps(1), steps=100),
}
with style.figure(1, 1, size=(7, 2.8)) as (figure, ax):
    inks = ["data" if value > 2 else "learned" for value in table.values()]
    ax.set_axisbelow(True)
    ax.barh(list(table)[::-1], list(table.values())[::-1], color=[style.colour(ink) for ink in inks[::-1]])
    ax.axvline(1, color=style.colour("invariant"), linestyle="--")
    ax.set(title="Who learns U reaches the floor (dashed)", xlabel="loss / floor")
    plt.show()

# %%
for name, value in table.items():
    print(
        f"{name}: {'within 1.1 of the floor' if value < 1.1 else 'more than 3 times the floor' if value > 3 else '?'}"
    )
sine = {order: float(subspaces.principal_angles(m.U, small.U).sin().max()) for order, m in ((2, msr[0]), (1, msr[1]))}
print("both orders have the space, sine < 0.2:", max(sine.values()) < 0.2)

# %% [markdown]
# MAML and ANIL adapt 224 numbers by one example of 14: there is too much to say and too little to say it with, wherever they start. What
# *first order* leaves out costs nothing here. For a single layer it alternates between two least-squares problems, the best $v$ for a given $U$ and
# the best $U$ for given $v$, which is a sound method of its own; so is MTSR. Do not conclude that it never matters: chapter 08 has deep networks.

# %% [markdown]
# ## From U to the group, and to its name
#
# A sharing pattern is a coloured table. Its symmetries, the permutations $p$ with $\text{pattern}[p_i, p_j] = \text{pattern}[i, j]$, form a
# group. Run it for several hidden groups: train, colour, find the group, name it.

# %%
hidden = [groups.C(8), groups.S(8), groups.S(3) * groups.S(4)]
for G in hidden:
    truth = Hom(G.vector, G.vector)
    model, _ = learn(hidden_group(G), truth.dim, LeastSquares(1e-4))
    found = sharing_pattern(model.U, (G.n, G.n))
    exact = partition_distance(found, truth.pattern) == 0
    name = automorphism_group(found)
    print(f"hidden {G}: pattern exact: {exact}; its group is {name.identify()}, order {name.order}")

# %% [markdown]
# ### The whole reading: `recover`
#
# Real runs are worse: there is noise, and nobody tells us $k$. Here $D(6)$ is hidden again, the outputs are noisy, and $U$ has 8 columns where 4 would
# do. Nothing in the loss removes the spare four: they stay as small or as large as they began. But the weights $W = \mathrm{mat}(Uv)$ that *tasks arrive at* hardly use them: that is the spectrum to look at.
# `recover(U, shape, v)` reads, in this order,
#
# 1. the **rank**, at the largest gap in the spectrum of the weights $Uv$ of many tasks;
# 2. the **pattern**: the rows of an orthonormal basis, clustered into as many classes as the rank;
# 3. the **group**: all permutations that keep the pattern;
# 4. the **way back**: $\mathrm{Hom}$ of that group must have the same dimension, and lie at a small angle from what was learned.

# %%
noisy, ridge = hidden_group(groups.D(6), noise=0.3), LeastSquares(1e-1)
wide, _ = learn(noisy, 8, ridge)
with torch.no_grad():
    episodes = noisy(200, torch.Generator().manual_seed(5))
    v = ridge(wide, episodes.x_support, episodes.y_support)
found = recover(wide.U, (6, 6), v)
with style.figure(1, 3, size=(11, 3)) as (figure, (left, middle, right)):
    for values, ink, name in (
        (torch.linalg.svdvals(wide.U.detach()), "data", "of U"),
        (found.spectrum, "learned", "of the weights U v"),
    ):
        left.semilogy(range(1, 9), values / values[0], "o-", color=style.colour(ink), label=name)
    left.set(title="Four directions, clearest in U v", xlabel="number", ylabel="singular value / largest")
    left.legend()
    draw_matrix(middle, "the pattern", labels=found.pattern)
    draw_matrix(right, "the canonical gauge, 36 × 4", ink="learned", values=found.gauge)
    right.set_aspect("auto")
    plt.show()

# %%
print("rank:", found.rank, "of", wide.U.shape[1], "columns")
print(f"group: {found.name}, order {found.group.order}, generated by", ", ".join(found.generators))
print("the way back: dim Hom =", found.dim_hom, "· largest angle < 0.05 rad:", bool(found.angles.max() < 0.05))
print("confidence > 0.8:", found.confidence > 0.8)

# %% [markdown]
# `str(found)` is all of this as one sentence. The *confidence* is how far the least certain weight lies inside its class. It has been tested: in more than 400
# runs with noise, spare columns, few tasks and few steps (`python tests/benchmarks/hidden_groups.py`), a group that was named was never a wrong one.
#
# ### What cannot be read off: A₄ looks like S₄
#
# The even permutations $A_4$ have 12 elements, all permutations $S_4$ have 24. Yet both move any ordered pair of different points to
# any other. So they allow *the same weights*, and no experiment with one equivariant layer tells them apart. What a pattern
# determines is the **largest** group with that pattern, called the *2-closure*. When a view prints a name, it means this one.

# %%
G = groups.A(4)
model, _ = learn(hidden_group(G), 2, LeastSquares(1e-4))
found = recover(model.U, (4, 4))
print(f"hidden: {G}, order {G.order} · seen: {found.name}, order {found.group.order}")
print("the hidden group is inside it:", all(found.group.contains(g) for g in G.generators))

# %% [markdown]
# ### "There is no group"
#
# Meta-learning finds *any* subspace that tasks share, whether or not it belongs to a group. Which ones do? If $A$, $B$, $C$ commute with a group of
# orthogonal matrices, so does $AB^\top C$. A space that this product leaves is the Hom of **no** group. Three spaces that fail, for three reasons:
#
# - seven random 6 × 6 matrices: closed under nothing;
# - our *convolution*: $U$ was learned perfectly and weights are shared. But the filter stops at the ends of the line, and where nothing comes round, no permutation
#   of 16 inputs and 14 outputs is a shift. On a circle it would be $C(16)$;
# - the *Shrikhande graph*: 16 points, each with 6 neighbours, any two with 2 in common. Its three colours (same, neighbour, not) *are* closed. But
#   its 192 automorphisms do not move every non-adjacent pair to every other: their Hom has dimension 4, not 3.

# %%
random = no_symmetry(6, 6, 7, generator=torch.Generator().manual_seed(3))
seven = [learn(random, 7, LeastSquares(1e-4), steps=400, seed=seed)[0] for seed in (0, 1)]
step = torch.arange(16)[None, :] - torch.arange(16)[:, None]  # the points (a, b) of a 4 × 4 torus, as 4 a + b
across = (torch.arange(16) // 4)[None, :] - (torch.arange(16) // 4)[:, None]
near = sum(((across % 4 == a) & (step % 4 == b)).long() for a, b in [(0, 1), (0, 3), (1, 0), (3, 0), (1, 1), (3, 3)])
shrikhande = torch.where(torch.eye(16, dtype=torch.bool), 0, 2 - near)
read = {
    "random": recover(seven[0].U, (6, 6)),
    "convolution": recover(line.U, (14, 16)),
    "Shrikhande": recover(indicators(shrikhande).to_dense(), (16, 16)),
}
for name, r in read.items():
    kind = "closed" if r.defect < 0.01 else "not closed" if r.defect > 0.35 else "?"
    print(f"{name}: dimension {r.rank}, a Hom: {r.is_commutant}, {kind} under A Bᵀ C, dim Hom of its group {r.dim_hom}")
print(read["convolution"].cautions[2])

# %% [markdown]
# ### When "no group" is wrong
#
# The verdict is about *the learned space*. In the middle of training the learned space is a mixture of truth and noise, which is no Hom either. One
# run cannot tell; **a second seed can**. What the tasks share is found by both runs, and noise differs.

# %% [markdown] slide="notes"
# Let the class vote before the next cell: given one learned $U$ with the verdict "no group", would they publish it? The second seed costs as much as
# the first run and is worth it.

# %%
_, second = learn(hexagon, 4, GradientSteps(1), steps=300, learning_rate=1e-3, cosine_decay=False, seed=1)
pairs = {
    "D(6), step 76": (slow[15].U, second[15].U),
    "D(6), step 300, rate 1e-2": (fast[-1].U, learn(hexagon, 4, GradientSteps(1), steps=300, seed=1)[0].U),
    "no symmetry, trained": (seven[0].U, seven[1].U),
}
for name, (a, b) in pairs.items():
    r, sine = recover(a, (6, 6)), float(subspaces.principal_angles(a, b).sin().max())
    same = "the same space" if sine < 0.2 else "another space" if sine > 0.8 else "?"
    print(f"{name}: {r.name if r.is_commutant else 'no group'}; a second seed learned {same}")

# %% [markdown]
# ## What was learned? Ask tasks that need something else
#
# Is a learned $U$ a convolution, or just a good start for fitting anything? Freeze it, and give it tasks whose outputs come in *reverse order*: as
# simple, as linear, of the same size, but a filter that slides the other way. The variance of an output is 3 (three taps), and this is the loss of
# saying nothing.

# %%
there, back = (over_floor(frozen(msr[0].U), GradientSteps(1), tasks) for tasks in (small, reversed_outputs(small)))
print("the same tasks: within 1.1 of the floor:", there < 1.1)
print("reversed: as bad as saying nothing, loss > 2.7 of 3:", back * small.floor(GradientSteps(1)) > 2.7)

# %% [markdown]
# In full size 3.0 against 0.17. A network that had learned "to learn fast" would have coped. This one has learned *shifts*, and pays for it where
# there are none: that is what a symmetry is.

# %% [markdown]
# ## Into any module, and out again
#
# `reparameterize` replaces the weights of a torch module by $\mathrm{mat}(Uv)$, biases by $U_b v_b$, each with a $U$ of its own; `filters` names what
# adapts; `restore` leaves plain weights. Without further arguments $U$ starts as $E$, so that the module computes what it computed.

# %%
net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1))
x = torch.randn(5, 6, generator=torch.Generator().manual_seed(0))
before = net(x)

reparameterize(net)
print("filters:", *filters(net), sep="\n  ")
print("the same function:", torch.allclose(net(x), before, atol=1e-5))
print(
    "and as plain weights:",
    torch.allclose(restore(net)(x), before, atol=1e-5),
    [name for name, _ in net.named_parameters()],
)

# %% [markdown]
# What does a symmetry allow a *bias*? If the group moves every output to every other, all must be equal: one number. Let the layer
# find out: $y = Wx + b$ with $W$ in Hom and a constant $b$ that differ from task to task, four columns for the weight and one for the bias.


# %%
def with_bias(count, generator):
    e = hexagon(count, generator)
    b = torch.randn(count, 1, 1, generator=generator)
    return Episodes(e.x_support, e.y_support + b, e.x_query, e.y_query + b)


torch.manual_seed(0)  # of the module's own initialisation
layer = reparameterize(nn.Linear(6, 6), {"weight": 4, "bias": 1}, torch.Generator().manual_seed(0))
model = Adapted(layer, *filters(layer))
options = dict(
    steps=400, learning_rate=1e-2, cosine_decay=True, snapshots=2, generator=torch.Generator().manual_seed(0)
)
list(meta_learn(model, with_bias, LeastSquares(1e-4), **options))
U, U_b = matrices(layer)["weight"].U, matrices(layer)["bias"].U.detach()
print("the weight's group:", recover(U, (6, 6)).name)
print(
    "sine between U_b and (1, 1, 1, 1, 1, 1) < 0.1:",
    bool(subspaces.principal_angles(U_b, torch.ones(6, 1)).sin() < 0.1),
)

# %% [markdown]
# ## Real images: a filter learned from pixels
#
# Now the inputs are 1797 handwritten digits, 8 × 8 pixels, with a little film grain. Each task hides a 3 × 3 image filter and shows five filtered
# digits, 6 × 6. $U$ is 2304 × 9 and knows nothing of rows, columns or neighbours. After a few seconds of training the nine colours are the nine
# places of a filter: the network has found out that its 64 inputs are an *image*.

# %%
images = digits.hidden_filters(grain=0.5)
model, snapshots = learn(images, 9, LeastSquares(1e-4), steps=1000)
found = sharing_pattern(model.U, (36, 64))
print("weights that differ from a 3 × 3 convolution, of 2304:", partition_distance(found, digits.convolution2d()))

# %%
with style.figure(1, 3, size=(11, 3.6)) as (figure, (left, middle, right)):
    draw_matrix(left, "one of the digits", values=digits.images()[3])
    draw_matrix(middle, "all weights of output (2, 2), learned", labels=found[2 * 6 + 2].reshape(8, 8))
    draw_matrix(right, "the pattern: 36 outputs × 64 pixels", labels=found)
    plt.show()

# %% [markdown]
# *An honest limit.* Without grain the same training fails: three pixels are blank in every digit, the borders nearly so, and neighbouring pixels
# are so alike that some directions of the filter hardly show in the data. Weights that no task exercises cannot be learned from tasks.

# %%
pixels = digits.images().flatten(1)
print("pixels that are blank in all digits:", int((pixels.amax(0) == 0).sum()))
clean, _ = learn(digits.hidden_filters(grain=0.0), 9, LeastSquares(1e-4), steps=1000)
sines = subspaces.principal_angles(clean.U, images.U).sin()
print("without grain all nine directions are found:", bool(sines.max() < 0.3))

# %% [markdown]
# ## An honest baseline: no meta-learning at all
#
# For *linear* tasks there is a shortcut: average $y x^\top$ over a task's examples, which is $W$ plus noise, and take the
# leading singular vectors over all tasks. It needs far more data for the same angle, but it works: what meta-learning adds here is
# efficiency. (In full size at rank 2: 1.27 times the floor from 1000 tasks, MTSR 1.08.)


# %%
def moments(tasks, k, count, seed=0):
    """The k leading directions of mean(y xᵀ) over `count` tasks."""
    e = tasks(count, torch.Generator().manual_seed(seed))
    x, y = torch.cat([e.x_support, e.x_query], 1), torch.cat([e.y_support, e.y_query], 1)
    moment = torch.einsum("tso,tsi->toi", y, x) / x.shape[1]
    return torch.linalg.svd(moment.flatten(1).double(), full_matrices=False).Vh[:k].T


sines = {
    count: float(subspaces.principal_angles(moments(hexagon, 4, count), hexagon.U).sin().max())
    for count in (100, 1000, 19_200)
}
meta = float(subspaces.principal_angles(learn(hexagon, 4, LeastSquares(1e-4))[0].U, hexagon.U).sin().max())
print("moments improve with more tasks:", sines[100] > sines[1000] > sines[19_200])
print("meta-learning saw 32 · 600 = 19,200 tasks too, and is at least 10 × nearer:", meta < sines[19_200] / 10)

# %% [markdown]
# *Where it ends.* Put a rectifier between two convolutions, $y = W_2\max(W_1x, 0)$. The moments still converge, to the **linear part** $W_2W_1/2$ of each
# task; but half of what there is to know is not linear, and no $U$ of a single layer, learned or averaged, can hold it. For what to do with more layers, see
# chapter 08.

# %%
deep = two_convolutions(support=20, generator=torch.Generator().manual_seed(2))
linear_part = torch.einsum("doh,hi->doi", deep.basis, deep.first).flatten(1).T
sine = subspaces.principal_angles(moments(deep, 3, 9600), linear_part).sin().max()
variance = deep(2000, torch.Generator().manual_seed(0)).y_query.square().mean()
print("moments find the linear part of the tasks, sine < 0.2:", bool(sine < 0.2))
print("what no linear layer can fit is more than 40 % of the variance:", bool(deep.linear_floor > 0.4 * variance))

# %% [markdown]
# ## Exercises
#
# Each has a stub, a check, two hints and a solution. The checks look for the smallest case that goes wrong.

# %% [markdown] exercise="07.1"
# ### Exercise 07.1 · One step of one task
# Write `adapt(U, v, x, y, rate)`, one gradient step of the inner loop. `U` is (out·in, k), `v` (k,), `x` (examples, in), `y`
# (examples, out). The loss is the mean of all squared entries of $Wx - y$, with $W = \mathrm{mat}(Uv)$. Return the new `v`.

# %% [markdown] hint="07.1"
# With $\Phi v = W x$ the loss is $\frac1N\|\Phi v - y\|^2$, so its gradient is $\frac2N\Phi^\top(\Phi v - y)$; N counts all entries of y.

# %% [markdown] hint="07.1"
# `torch.einsum("si,oik->sok", x, U.reshape(n_out, n_in, -1))` is Φ. Or let autograd differentiate with respect to `v` alone.


# %% stub="07.1"
def adapt(U, v, x, y, rate):
    return ...  # the new v


# %% check="07.1"
teaching.check("07.1", adapt)


# %% solution="07.1"
def adapt(U, v, x, y, rate):
    features = torch.einsum("si,oik->sok", x, U.reshape(y.shape[1], x.shape[1], -1))
    residual = features @ v - y
    return v - rate * 2 * torch.einsum("sok,so->k", features, residual) / y.numel()


# %% mistake="07.1"
def adapt(U, v, x, y, rate):
    features = torch.einsum("si,oik->sok", x, U.reshape(y.shape[1], x.shape[1], -1))
    residual = features @ v - y
    return v - rate * 2 * torch.einsum("sok,so->k", features, residual)  # the sum, not the mean


# %% [markdown] exercise="07.2"
# ### Exercise 07.2 · How many columns does U need?
# Write `columns(G)`: the smallest k for which some $U$ (n²×k) represents *every* weight equivariant under the group G. (You may use
# anything from chapter 05.)

# %% [markdown] hint="07.2"
# It is no count of group elements. How many free numbers does an equivariant weight have?

# %% [markdown] hint="07.2"
# For a permutation group, the number of orbits of G on pairs of points: the number of colours of its pattern.


# %% stub="07.2"
def columns(G):
    return ...


# %% check="07.2"
teaching.check("07.2", columns)


# %% solution="07.2"
def columns(G):
    return Hom(G.vector, G.vector).dim


# %% mistake="07.2"
def columns(G):
    return G.order


# %%
teaching.expected("07.3")  # the pattern to reach in the next exercise

# %% [markdown] exercise="07.3"
# ### Exercise 07.3 · Hide a group where nobody can find it
# Give permutations of the five points 0…4, as a list of index maps such as `[[1, 2, 3, 4, 0]]`, that generate a group **smaller** than $S(5)$
# whose sharing pattern is that of $S(5)$. A network with one equivariant layer then sees $S(5)$. The pattern to reach is above.

# %% [markdown] hint="07.3"
# The pattern has two colours if every ordered pair of different points can be moved to every other: the group must be *2-transitive*.

# %% [markdown] hint="07.3"
# The maps $x \mapsto ax + b$ modulo 5, with $a \ne 0$. Or: all even permutations.

# %% stub="07.3"
generators = ...

# %% check="07.3"
teaching.check("07.3", generators)

# %% [markdown] solution="07.3"
# $x \mapsto x + 1$ and $x \mapsto 2x$ modulo 5 generate a group of order 20 that moves any pair to any pair.

# %% solution="07.3"
generators = [[1, 2, 3, 4, 0], [0, 2, 4, 1, 3]]

# %% mistake="07.3"
generators = [[1, 2, 3, 4, 0], [0, 4, 3, 2, 1]]

# %% [markdown] exercise="07.4"
# ### Exercise 07.4 · The canonical gauge, by hand
# Write `canonical(U, pattern)`. `U` is (entries, k) and `pattern` gives every weight one of the labels 0 … k − 1. Return the basis $UA$ of the same
# span whose column $b$ has mean 1 over the weights of label $b$, and mean 0 over those of each other label.

# %% [markdown] hint="07.4"
# Let $m$ be the k × k matrix of the means of the columns of $U$ over the labels, one row a label. What are the means of $UA$?

# %% [markdown] hint="07.4"
# They are $mA$. So $mA = E$. The labels in the order of the rows of U are `pattern.flatten()`.


# %% stub="07.4"
def canonical(U, pattern):
    return ...  # (entries, k)


# %% check="07.4"
teaching.check("07.4", canonical)


# %% solution="07.4"
def canonical(U, pattern):
    labels = pattern.flatten()
    means = torch.stack([U[labels == label].mean(0) for label in range(U.shape[1])])
    return U @ torch.linalg.inv(means)


# %% mistake="07.4"
def canonical(U, pattern):
    labels = pattern.flatten()
    means = torch.stack([U[labels == label].mean(0) for label in range(U.shape[1])])
    return U / means.diagonal()  # scaled, but not unmixed


# %% [markdown] exercise="07.5"
# ### Exercise 07.5 · A linear layer that can only turn
# Write `circular(n)`: an `nn.Linear(n, n)` without bias, reparameterized so that whatever its n filter numbers $v$ are, its weight is a *circular* convolution
# of n points (it commutes with $C(n)$), and every circular convolution can be reached.

# %% [markdown] hint="07.5"
# `reparameterize(module, k=...)` gives a random U with k columns. Which U did chapter 05 derive? `Hom(groups.C(n).vector, groups.C(n).vector).U`.

# %% [markdown] hint="07.5"
# `matrices(layer)["weight"].factors[0]` is that U, a parameter: `.data = ...`. Its dtype must remain that of the layer.


# %% stub="07.5"
def circular(n):
    return ...  # nn.Linear(n, n, bias=False), reparameterized


# %% check="07.5"
teaching.check("07.5", circular)


# %% solution="07.5"
def circular(n):
    layer = reparameterize(nn.Linear(n, n, bias=False), k=n)
    matrices(layer)["weight"].factors[0].data = Hom(groups.C(n).vector, groups.C(n).vector).U.float()
    return layer


# %% mistake="07.5"
def circular(n):
    return reparameterize(nn.Linear(n, n, bias=False), k=n)  # n columns, but random ones


# %% [markdown]
# ## Break it
#
# Take away what the method needs, one thing at a time, and see what it says. **Too few columns**: with k = 3, one direction of
# $D(6)$'s four-dimensional space has no room, and the loss stays on the plateau of one missing direction. **Too many**: with k = 8 the loss is
# fine, and the spectrum of what the tasks use shows that four directions carry everything. **One task repeated**: a single $W$ shows one
# direction only, however many examples there are.

# %%
for k in (3, 4, 8):
    model, snapshots = learn(hexagon, k, LeastSquares(1e-4), steps=500)
    loss = float(evaluate(model, hexagon, LeastSquares(1e-4), 1000, torch.Generator().manual_seed(9)).mean())
    print(f"k = {k}: loss {'< 0.01' if loss < 1e-2 else 'between 0.7 and 1.6' if 0.7 < loss < 1.6 else '?'}")

# %%
episodes = hexagon(200, torch.Generator().manual_seed(5))
v = LeastSquares(1e-4)(model, episodes.x_support, episodes.y_support).detach()
found = recover(model.U, (6, 6), v)
print("directions that 200 tasks use, of 8:", found.rank, "·", found.name)

# %% [markdown]
# *Without* the filters `recover` believes all eight columns, four of them noise, and says so: give it the $v$ of many tasks whenever k may be too large.

# %%
believed = recover(model.U, (6, 6))
print("a group:", believed.is_commutant, "·", believed.cautions[-1])

# %%
one = hexagon.basis[1:2]  # one weight, met again and again with other factors z
repeated = replace(hexagon, basis=one)
lonely, _ = learn(repeated, 4, LeastSquares(1e-4), steps=300)
episodes = repeated(200, torch.Generator().manual_seed(5))
v = LeastSquares(1e-4)(lonely, episodes.x_support, episodes.y_support).detach()
print("directions that one repeated task shows:", recover(lonely.U, (6, 6), v).rank)

# %% [markdown]
# ## A recorded run, to scrub without training

# %%
LiveMSR.replay(data_file("recorded_runs/D_6.npz"))

# %% [markdown]
# ## What to try next
#
# - Type your own permutations into the widget at the top: what is the group of the pattern you get?
# - A run of your own beside a recorded one: `MSRScrubber(live, data_file("recorded_runs/D_6.npz"))`.
# - Fewer examples: how few can a task have before the pattern breaks? (`hidden_group(G, support=1)`)
# - [Chapter 08](08_beyond_translation.ipynb): images, rotations, deep networks. [Chapter 09](09_how_many_parameters.ipynb): how many parameters does a symmetry
#   need? [Chapter 10](10_symmetry_as_equations.ipynb): one equation for every dimension; a U is made for one size.
#
# ## References
#
# - A. Zhou, T. Knowles, C. Finn. *Meta-learning symmetries by reparameterization*, ICLR 2021 (arXiv 2020): MSR, and MTSR with *multi-task* for *meta*.
# - C. Finn, P. Abbeel, S. Levine. *Model-agnostic meta-learning for fast adaptation of deep networks* (MAML), ICML 2017.
# - A. Raghu, M. Raghu, S. Bengio, O. Vinyals. *Rapid learning or feature reuse? Towards understanding the effectiveness of MAML* (ANIL: almost no inner loop), ICLR 2020.
# - L. Bertinetto, J. Henriques, P. Torr, A. Vedaldi. *Meta-learning with differentiable closed-form solvers*, ICLR 2019.
# - H. Wielandt. *Permutation groups through invariant relations and invariant functions*, 1969 (2-closure).
