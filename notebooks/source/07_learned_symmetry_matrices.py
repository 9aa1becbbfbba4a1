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
# - read the sharing pattern and the group off a learned $U$, and say what can *not* be read off.
#
# **Time**: 50 minutes · **You need**: linear regression in PyTorch, and chapter 05 for the word *pattern*
#
# The method is *meta-learning symmetries by reparameterization*, MSR (Zhou, Knowles & Finn 2020).

# %% tags=["setup"]

import matplotlib.pyplot as plt
import torch

from eqkit import doctor, groups, meta_learning, subspaces, teaching
from eqkit.equivariant_maps import Hom
from eqkit.meta_learning import GradientSteps, LeastSquares, meta_learn
from eqkit.symmetry_matrices import ReparameterizedLinear, automorphism_group, partition_distance, sharing_pattern
from eqkit.tasks import data_file, digits
from eqkit.tasks.hidden_groups import hidden_group
from eqkit.tasks.translation import convolution, translation
from eqkit.views import LiveMSR, draw_matrix, style

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
    ["36, all free", "12, one an element", "4", "1"],
)
guess

# %% [markdown]
# ## Watch it happen
#
# Press ▶. Each cell of the square *learned* is one weight; weights with the same colour are alike as far as the network has learned.
# The loss falls towards its floor, and the angle between what is learned and the truth falls towards zero. ■ stops; the
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
# Therefore we must not colour $W$ by the entries of $U$, which $A$ mixes, but by something that belongs to the span: two weights
# are alike if their *rows in an orthonormal basis of the span* are alike. That is what the widget draws.

# %%
A = torch.randn(4, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
U = model.U.detach().double()
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
# says that the symmetry has not been found. (A freely trained $U$ may undercut it by a fraction of a percent.)


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
model, snapshots = learn(small, 3, LeastSquares(1e-4))
U = model.U.detach()
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
# ### Gradient steps find it too: one direction at a time
#
# The published method adapts $v$ by gradient steps; `python tests/benchmarks/meta_learning.py` runs it in full size and prints our
# figures beside the floors. One step from one example cannot fit a task, so the loss stays at a high floor,
# yet the subspace emerges. *How* it emerges is worth a look: the space of convolutions has three directions, and the angles to them
# close one after another. Each time the loss leaves a plateau.

# %%
inner = GradientSteps(1)
maml, snapshots = learn(small, 3, inner, steps=1000, learning_rate=1e-3, cosine_decay=False, snapshots=250)
loss = meta_learning.evaluate(maml, small, inner, 5000, torch.Generator().manual_seed(9)).mean()
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
    left.set(title="The loss falls to its floor, in plateaus", xlabel="step", ylim=(0, None))
    right.semilogy(steps, sines)
    right.set(title="Three angles close, one by one", xlabel="step", ylabel="sine")
    plt.show()

# %% [markdown]
# ## From the pattern to the group, and to its name
#
# A sharing pattern is a coloured table. Its symmetries, the permutations $p$ with $\text{pattern}[p_i, p_j] = \text{pattern}[i, j]$, form a
# group. Run it for several hidden groups: train, colour, find the group, name it.

# %%
hidden = [groups.C(8), groups.D(6), groups.S(8), groups.S(3) * groups.S(4)]
for G in hidden:
    truth = Hom(G.vector, G.vector)
    model, _ = learn(hidden_group(G), truth.dim, LeastSquares(1e-4))
    found = sharing_pattern(model.U, (G.n, G.n))
    exact = partition_distance(found, truth.pattern) == 0
    name = automorphism_group(found)
    print(f"hidden {G}: pattern exact: {exact}; its group is {name.identify()}, order {name.order}")

# %% [markdown]
# ### What cannot be read off: A₄ looks like S₄
#
# The even permutations $A_4$ have 12 elements, all permutations $S_4$ have 24. Yet both move any ordered pair of different points to
# any other. So they allow *the same weights*, and no experiment with one equivariant layer tells them apart. What a pattern
# determines is the **largest** group with that pattern, called the *2-closure*. When a view prints a name, it means this one.

# %%
G = groups.A(4)
model, _ = learn(hidden_group(G), 2, LeastSquares(1e-4))
found = automorphism_group(sharing_pattern(model.U, (4, 4)))
print(f"hidden: {G}, order {G.order} · seen: {found.identify()}, order {found.order}")
print("the hidden group is inside it:", all(found.contains(g) for g in G.generators))

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
clean, _ = learn(digits.hidden_filters(grain=0.0), 9, LeastSquares(1e-4), steps=300)
sines = subspaces.principal_angles(clean.U, images.U).sin()
print("without grain all nine directions are found:", bool(sines.max() < 0.3))

# %% [markdown]
# ## An honest baseline: no meta-learning at all
#
# For *linear* tasks there is a shortcut: average $y x^\top$ over a task's examples, which is $W$ plus noise, and take the
# leading singular vectors over all tasks. It needs far more data for the same angle, but it works: what meta-learning adds here is
# efficiency. Where it becomes *necessary*, in deep and nonlinear networks, is chapter 08.


# %%
def moments(tasks, k, count, seed=0):
    """The k leading directions of mean(y xᵀ) over `count` tasks."""
    e = tasks(count, torch.Generator().manual_seed(seed))
    moment = torch.einsum("tso,tsi->toi", e.y_support, e.x_support) / e.x_support.shape[1]
    return torch.linalg.svd(moment.flatten(1).double(), full_matrices=False).Vh[:k].T


tasks = hidden_group(groups.D(6))
sines = {
    count: float(subspaces.principal_angles(moments(tasks, 4, count), tasks.U).sin().max())
    for count in (100, 1000, 19_200)
}
meta = float(subspaces.principal_angles(learn(tasks, 4, LeastSquares(1e-4))[0].U, tasks.U).sin().max())
print("moments improve with more tasks:", sines[100] > sines[1000] > sines[19_200])
print("meta-learning saw 32 · 600 = 19,200 tasks too, and is at least 10 × nearer:", meta < sines[19_200] / 10)

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

# %% [markdown]
# ## Break it
#
# Take away what the method needs, one thing at a time, and see what it says. **Too few columns**: with k = 3, one direction of
# $D(6)$'s four-dimensional space has no room, and the loss stays far above zero. **Too many**: with k = 8 the loss is fine, and the
# spectrum of what the tasks use shows that four directions carry everything. **One task repeated**: a single $W$ shows one
# direction only.

# %%
tasks = hidden_group(groups.D(6))
for k in (3, 4, 8):
    model, snapshots = learn(tasks, k, LeastSquares(1e-4))
    print(f"k = {k}: loss on new tasks < 1e-3: {snapshots[-1].loss < 1e-3}")

# %%
episodes = tasks(200, torch.Generator().manual_seed(5))
v = LeastSquares(1e-4)(model, episodes.x_support, episodes.y_support)
used = torch.linalg.svdvals(model.weight(v).detach().flatten(1).double())
print("directions that 200 tasks use, of 8:", len(used) - subspaces.largest_gap(used, floor=1e-3).dim)

# %% [markdown]
# ## A recorded run, to scrub without training

# %%
LiveMSR.replay(data_file("recorded_runs/D_6.npz"))

# %% [markdown]
# ## What to try next
#
# - Type your own permutations into the widget at the top: what is the group of the pattern you get?
# - Fewer examples: how few can a task have before the pattern breaks? (`hidden_group(G, support=1)`)
# - Chapter 08: images, rotations, deep networks. Chapter 09: how many parameters does a symmetry need? Chapter 10: one equation for
#   every dimension, which U, made for one size, is not.
#
# ## References
#
# - A. Zhou, T. Knowles, C. Finn. *Meta-learning symmetries by reparameterization*, ICLR 2021 (arXiv 2020).
# - C. Finn, P. Abbeel, S. Levine. *Model-agnostic meta-learning for fast adaptation of deep networks*, ICML 2017.
# - L. Bertinetto, J. Henriques, P. Torr, A. Vedaldi. *Meta-learning with differentiable closed-form solvers*, ICLR 2019.
# - H. Wielandt. *Permutation groups through invariant relations and invariant functions*, 1969 (2-closure).
