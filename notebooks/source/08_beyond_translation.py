# %% [markdown]
# # 08 · Does it survive beyond a shift on a line?
#
# In chapter 07 a matrix of random numbers discovered convolution. That was one layer, one dimension, one kind of symmetry. Now the same
# $W=\mathrm{mat}(Uv)$ meets filters of images that turn and flip, symmetry that is broken or missing, networks of more than one layer, and real
# images of which a task shows a *single example*. Some of it works, some of it cannot, and for both you will find out why.
#
# **You will be able to**
#
# - factor a symmetry matrix, $U=A\otimes B\otimes C$, use it without forming it, and say which symmetries it can *not* hold;
# - learn the eight positions of a turned filter from tasks, and read the group's name off $U$;
# - measure how much of a symmetry is broken, and recognise tasks that have none;
# - train few-shot learners on real characters, read a table with its intervals, and find *where* in a network the gain comes from.
#
# **Time**: 60 minutes · **You need**: chapter [07](07_learned_symmetry_matrices.ipynb); for the eight turns a little of chapter
# [06](06_equivariant_networks.ipynb)

# %% tags=["setup"]
import copy
import itertools
import json

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from eqkit import doctor, groups, subspaces, teaching
from eqkit.meta_learning import (
    Adapted,
    GradientSteps,
    LeastSquares,
    Snapshot,
    accuracy,
    cross_entropy,
    evaluate,
    meta_learn,
)
from eqkit.networks import GroupConv2d, pixels
from eqkit.symmetry_matrices import (
    ReparameterizedConv2d,
    ReparameterizedLinear,
    filters,
    indicators,
    matrices,
    recover,
    reparameterize,
    restore,
)
from eqkit.tasks import data_file, digits
from eqkit.tasks.convolutions import group_convolution
from eqkit.tasks.few_shot import METHODS, learner, recorded
from eqkit.tasks.glyphs import Augment, FewShot, load_glyphs
from eqkit.tasks.linear import no_symmetry, partially_symmetric
from eqkit.tasks.nonlinear import two_convolutions
from eqkit.tasks.translation import convolution, locally_connected, reversed_outputs, translation
from eqkit.views import FewShotEpisode, MSRScrubber, draw_matrix, style

doctor.greet()


def seed(number):
    return torch.Generator().manual_seed(number)


# %%
teaching.notation()

# %% [markdown]
# ## Recap, and a problem of size
#
# A task adapts the filter $v$; all tasks share $U$; the weight is $W=\mathrm{mat}(Uv)$. For the line of chapter 07 that was a matrix of 224 × 3. What
# would it be for one ordinary layer of an image network, 32 channels to 32 channels, 3 × 3 pixels?

# %%
entries = 32 * 32 * 9
print(f"the weight has {entries:,} entries; a square U has {entries**2:,}, or {4 * entries**2 / 2**20:.0f} MiB")
print(f"with three factors: 32² + 32² + 9² = {32**2 + 32**2 + 9**2:,}")

# %% [markdown]
# ## Explain: U in three factors
#
# A convolution's weight is an array with three directions: output channel, input channel, pixel of the kernel. Give each direction a matrix of its
# own:
#
# $$U=A\otimes B\otimes C,\qquad W_{oip}=\sum_{a,b,c}A_{oa}\,B_{ib}\,C_{pc}\;v_{abc}.$$
#
# The big matrix is never formed: $v$ is an array $(a,b,c)$ which each factor multiplies along one direction. These are the three lines:


# %%
def kronecker(A, B, C, v):
    v = torch.einsum("oa,abc->obc", A, v)
    v = torch.einsum("ib,obc->oic", B, v)
    return torch.einsum("pc,oic->oip", C, v)


A, B, C, v = (torch.randn(s, dtype=torch.float64, generator=seed(0)) for s in ((4, 3), (2, 2), (9, 5), (3, 2, 5)))
written_out = torch.kron(torch.kron(A, B), C)
print("U written out:", tuple(written_out.shape), "· the same weight:",
      torch.allclose(written_out @ v.flatten(), kronecker(A, B, C, v).flatten()))  # fmt: skip

# %% [markdown]
# `reparameterize` puts this in place of the weights of *any* torch module, and `restore` takes it out again. Square factors start as the identity
# $E$: the network computes what it computed, and its first inner step is that of MAML. Whatever it does better later has been learned.

# %%
plain = nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.Conv2d(16, 16, 3))
x = torch.randn(2, 3, 8, 8, generator=seed(0))
before = plain(x)
network = reparameterize(plain)
print("same outputs:", torch.allclose(network(x), before, atol=1e-5))
for name, U in matrices(network).items():
    print(f"{name:9}", U.extra_repr())
print("plain again:", [name for name, _ in restore(network).named_parameters()])

# %% [markdown]
# ## Predict
#
# Tasks hide a *group convolution*: a filter of 3 × 3 pixels in eight positions, turned by 45° each. Every task has its own filter. One image is
# shown, one inner gradient step is taken, other images are predicted. Three students: a plain convolution (MAML), one with
# $U=A\otimes B\otimes C$ (square factors), and one with a dense $U$ of as many columns as there are free numbers.

# %%
guess = teaching.predict(
    "Which students find out that the eight filters are one filter, turned?",
    ["the Kronecker U alone", "the dense U alone", "both", "none, for no grid turns by 45°"],
)
guess

# %% [markdown]
# ## A turn by 45° that is exact
#
# A 3 × 3 filter is a ring of eight pixels around a centre. Move the ring by one place: that is a permutation, and doing it twice is the quarter
# turn. So the cyclic group $C(8)$, and with mirror images $D(8)$, act on the nine pixels, exactly.

# %%
C8 = groups.C.plane(8)
turn = pixels(C8, 3)(C8.generators[0])
filter_ = torch.tensor([[0.0, 0, 3], [0, 1, 2], [0, 0, 0]], dtype=torch.float64)
print("a permutation of nine pixels:", bool((turn.sum(0) == 1).all() and (turn.sum(1) == 1).all()))
print("twice is the quarter turn:", torch.equal((turn @ turn @ filter_.flatten()).reshape(3, 3), torch.rot90(filter_)))
print("eight times is nothing:", torch.equal(torch.linalg.matrix_power(turn, 8), torch.eye(9, dtype=torch.float64)))
with style.figure(1, 8, size=(12, 1.9)) as (figure, axes):
    image = filter_.flatten()
    for k, ax in enumerate(axes):
        draw_matrix(ax, f"{45 * k}°", ink="invariant", values=image.reshape(3, 3), scale=3)
        image = turn @ image
    plt.show()

# %% [markdown]
# One *regular field* is one output channel for each element of the group.
#
# **Theorem.** The kernels from one image to $r$ regular fields that commute with $C(8)$ form a space of dimension $9r$: one free filter for each of the $r$ fields,
# and its eight turned copies. *Proof.* A kernel $K$ with $K(gq)=W(g)K(q)$ is known from the filter of the identity element: the filter at $g$ is this
# one, turned by $g$; and any filter may stand there. ∎ The same holds for $D(8)$, with sixteen copies, and the dimension is still $9r$.

# %%
for G, fields in itertools.product((C8, groups.D.plane(8)), (1, 3)):
    layer = GroupConv2d(G.trivial, fields * G.regular, 3, bias=False)
    print(
        f"{G}, fields: {fields}. A kernel of {layer.W.size} × 1 × 9 = {9 * layer.W.size} entries, {layer.hom.dim} free"
    )

# %% [markdown]
# ## Watch it learn
#
# One field of $C(8)$: eight filters, 72 entries, nine of them free. Images are noise, 8 × 8 pixels. This is a fraction of a second of training for
# each student.


# %%
tasks = group_convolution(C8, fields=1, size=8, query=1)


def learn(k, start=0, meta_tasks=tasks):
    """ReparameterizedConv2d trained on the tasks: the layer, its snapshots, its loss on 500 new tasks."""
    layer = ReparameterizedConv2d(1, 8, 3, k, generator=seed(start))
    model, inner = Adapted(layer, *filters(layer)), GradientSteps(1, 4.0)
    options = {"learning_rate": 2e-2, "cosine_decay": True, "snapshots": 41, "generator": seed(start + 10)}
    run = list(meta_learn(model, meta_tasks, inner, steps=200, batch=16, **options))
    return layer, run, float(evaluate(model, tasks, inner, 500, seed(9), batch=100).mean())


factored, kronecker_run, kronecker_loss = learn(None)
dense, dense_run, dense_loss = learn(9)
free, shared = tasks.floor(torch.eye(72)), tasks.floor()  # the best loss with all weights free, and with the ideal U
print("Kronecker U: at the floor of free weights:", abs(kronecker_loss / free - 1) < 0.15)
print("dense U: at the floor of the ideal U:", abs(dense_loss / shared - 1) < 0.25, "· lower by half:",
      dense_loss < kronecker_loss / 2)  # fmt: skip

# %%
with style.figure(size=(6.5, 2.8)) as (figure, ax):
    for run, name, hue in ((kronecker_run, "U = A ⊗ B ⊗ C", "group"), (dense_run, "dense U, 9 columns", "learned")):
        ax.semilogy([s.step for s in run], [s.loss for s in run], color=style.colour(hue), label=name)
    ax.axhline(free, color=style.colour("data"), linestyle=":", label="floor, all weights free")
    ax.axhline(shared, color=style.colour("invariant"), linestyle="--", label="floor, ideal U")
    ax.set(
        title="Only the dense U gets below the floor of free weights", xlabel="outer step", ylabel="loss on new images"
    )
    ax.legend(fontsize=8)
    plt.show()

# %% slide="fragment"
guess.reveal("the dense U alone")

# %% [markdown] slide="notes"
# For the lecturer: many will say "both". Let the class find the reason before the
# theorem: write the kernel as a table, outputs × pixels, and ask which of its columns can occur.

# %% [markdown]
# What does the dense $U$ know? Ask it for the weight whose *first* filter is the arrow above. Nine numbers $v$ decide all eight filters: before
# training the other seven are noise, after it they are the turned copies. No one told it about angles.


# %%
def completed(U, first):
    """The eight filters mat(U v) whose first is as given: v solves nine equations, the first nine rows of U."""
    return (U @ torch.linalg.lstsq(U[:9], first.flatten()).solution).reshape(8, 3, 3)


U_start, U_end = (next(iter(s.parameters[n] for n in s.parameters if "factors" in n)).double() for s in
                  (dense_run[0], dense_run[-1]))  # fmt: skip
with style.figure(2, 8, size=(12, 3.6)) as (figure, axes):
    for row, (name, U) in zip(axes, {"start": U_start, "learned": U_end}.items(), strict=True):
        for k, (ax, image) in enumerate(zip(row, completed(U, filter_), strict=True)):
            draw_matrix(ax, name if k == 0 else f"filter {k}", ink="data" if name == "start" else "learned",
                        values=image, scale=3)  # fmt: skip
    plt.show()
exact = torch.stack([(torch.linalg.matrix_power(turn, k) @ filter_.flatten()).reshape(3, 3) for k in range(8)])
nearest = [int((exact - image).flatten(1).norm(dim=1).argmin()) for image in completed(U_end, filter_)]
print("each filter is nearest to another turn of the first:", sorted(nearest) == list(range(8)))
sine = subspaces.principal_angles(U_end, tasks.U).sin().max()
print("the weights of GroupConv2d lie in span(U): largest sine < 0.1:", bool(sine < 0.1))

# %% [markdown]
# `recover` reads the symmetry off $U$ alone: it colours the 8 × 9 weights, finds the permutations of outputs and of inputs that keep the colours,
# and asks whether their equivariant maps are the learned space.

# %%
found = recover(U_end, (8, 9))
print(f"{found.name}, order {found.group.order}; its maps are the learned space:", found.is_commutant)

# %% [markdown]
# ### Two students who never met
#
# Two trainings, from other random numbers, on other tasks. Their $U$ have nothing in common, entry by entry; their spans become the same. Drag through
# both runs at once: the black curve is the angle *between them* (the other two: to where the run itself ends). In the pattern each row is a filter: every
# letter once, *e* the centre.

# %%
_, other_run, _ = learn(9, start=1)


def snapshots(run):
    name = next(n for n in run[0].parameters if "factors" in n)
    return [Snapshot(s.step, s.loss, s.floor, {"U": s.parameters[name]}) for s in run]


view = MSRScrubber(snapshots(dense_run), snapshots(other_run), shape=(8, 9))
view

# %%
print(view.state())
other = snapshots(other_run)[-1].U
print("between the spans: sine < 0.15:", bool(subspaces.principal_angles(U_end, other).sin().max() < 0.15))

# %% [markdown]
# ## Theorem: what three factors cannot hold
#
# Why was the Kronecker student no better than a plain convolution? Not for lack of training.
#
# **Theorem.** A space of weights lies in the span of $A\otimes B\otimes C$ if and only if $A$'s columns span every vector
# $(W_{oip})_o$ that occurs in it, $B$'s every $(W_{oip})_i$ and $C$'s every $(W_{oip})_p$. So $A$ needs at least as many columns as the rank of all
# weights *unfolded* along the first direction, that is, written as one matrix with a row for each $o$; $B$ and $C$ alike.
#
# *Proof.* A span $A\otimes B\otimes C$ is the set of arrays whose lines along each direction (two places held fixed) lie in the column space of the factor. ∎
#
# For a filter in eight turned copies the ranks are full: any nine pixels are a filter, and what one pixel is in the eight copies is any vector of eight
# numbers. (In the sixteen copies of $D(8)$: 14 of 16 dimensions.) "Turned by $g$" ties an output *to* a pixel; a product that treats the two directions
# apart cannot say it.


# %%
def needed(basis):
    """The least columns of A, B, C for a space of weights: ranks of the unfoldings of its basis (d, c_out, c_in, k, k)."""
    basis = basis.flatten(3)
    return tuple(int(torch.linalg.matrix_rank(basis.movedim(axis, 0).flatten(1))) for axis in (1, 2, 3))


for G in (C8, groups.D.plane(8)):
    basis = group_convolution(G).basis
    a, b, c = needed(basis)
    print(
        f"{G}: {len(basis)} dimensions; factors of at least {a}, {b}, {c} columns hold them, and {a * b * c} dimensions"
    )
C = matrices(factored)["weight"].factors[2].detach()
print("and C is still E, to 0.1:", bool((C - torch.eye(9)).abs().max() < 0.1))

# %% [markdown]
# Nothing is shared by $U=A\otimes B\otimes C$ here (with $D(8)$: next to nothing), so the floor of free weights stays its floor. What a square $U$ *can* learn is a metric: the inner step moves $W$ by
# $-\alpha\,UU^\top\nabla W$. That helps if some directions deserve larger steps than others. We shall meet such a case on real images, below.
#
# ### The full-size runs, and a trap
#
# The same experiment with 3 fields on 32 × 32 pixels is recorded (`python data/make/convolution_runs.py`, 3 minutes), twice. *Published setting*: the
# inner rate starts at 0.1 and there are 400 steps of Adam at $10^{-3}$. *Converged*: it starts at $c_\text{out}/2$, which is where it would end.

# %%
tables = json.loads(data_file("recorded_runs/convolutions.json").read_text(encoding="utf-8"))
rows = tables["group convolutions"]
shown = [
    "C.plane(8), 32 × 32 pixels, published",
    "C.plane(8), 32 × 32 pixels, converged",
    "D.plane(8), 8 × 8 pixels, converged",
]
with style.figure(1, 3, size=(11.5, 2.9)) as (figure, axes):
    for ax, name in zip(axes, shown, strict=True):
        for row, hue in zip(rows[name], ("data", "group", "learned"), strict=True):
            ax.semilogy(row["steps"], row["history"], color=style.colour(hue), label=row["method"])
        ax.axhline(rows[name][2]["floor"], color=style.colour("invariant"), linestyle="--", label="floor, ideal U")
        ax.set(
            title=name.replace(" pixels", "").replace(".plane", ""), xlabel="outer step", ylabel="loss on new images"
        )
    axes[0].legend(fontsize=7)
    figure.suptitle("Short: Kronecker seems to win. Converged: it ties with MAML, and dense U wins")
    plt.show()

# %%
maml, factors, dense_row = (row["loss"] for row in rows[shown[0]])
print("published setting: Kronecker below MAML:", factors < 0.8 * maml)
for name in shown[1:]:
    maml, factors, dense_row = (row["loss"] for row in rows[name])
    print(
        f"{name}: Kronecker / MAML within 20 %: {abs(factors / maml - 1) < 0.2} · dense U below 0.6 of it: {dense_row < 0.6 * maml}"
    )

# %% [markdown]
# In the published setting all losses are within a third of that of predicting nothing, 1: the rate has not arrived, and the student whose factors can grow
# moves fastest. It is a race of step sizes, and says nothing about turns. Give every method its best rate before you compare. And what the dense
# $U$ of the full runs has found can be named:

# %%
with np.load(data_file("recorded_runs/convolutions.npz")) as file:
    for G in (C8, groups.D.plane(8)):
        U, truth = torch.from_numpy(file[f"{G} U"]), group_convolution(G)
        found = recover(U, (truth.basis.shape[1], 9))
        sine = subspaces.principal_angles(U, truth.U).sin().max()
        print(f"hidden {G}; read off U: {found.name}, order {found.group.order}; sine < 0.01: {bool(sine < 0.01)}")

# %% [markdown]
# ## How much symmetry? And none?
#
# Real tasks are seldom exactly symmetric. Take the convolution on a line and replace a share ε of the weight's energy by a part that does not share its
# weights. The closed-form student with many columns learns all of it; then the learned weights $W$ are split by the projector $P$ onto convolutions:
#
# $$\text{broken share}=1-\frac{\sum_{\text{tasks}}\|P W\|^2}{\sum_{\text{tasks}}\|W\|^2}.$$
#
# (A random part happens to be a convolution by 3 of its 30 numbers, so the formula should give 0.9 ε.)

# %%
n, ridge = 12, LeastSquares(1e-2)
whole = translation(n=n, support=8)
P = subspaces.orthonormal(indicators(convolution(n)).to_dense().double())
shares, measured = (0.0, 0.1, 0.3, 0.5), []
for share in shares:
    partial = partially_symmetric(whole, share, locally_connected(n))
    layer = ReparameterizedLinear(n, n - 2, 30, seed(0))
    list(meta_learn(layer, partial, ridge, steps=250, learning_rate=1e-2, cosine_decay=True, generator=seed(1)))
    e = partial(1000, seed(5))
    W = layer.weight(ridge(layer, e.x_support, e.y_support)).detach().flatten(1).double()
    measured.append(float(1 - (W @ P).square().sum() / W.square().sum()))
    print(f"ε = {share}: measured within 0.05 of 0.9 ε: {abs(measured[-1] - 0.9 * share) < 0.05}")

# %%
table = tables["partial symmetry"]
with style.figure(1, 2, size=(9.5, 2.9)) as (figure, (left, right)):
    left.plot([0, 0.55], [0, 0.9 * 0.55], "--", color=style.colour("invariant"), label="0.9 ε")
    left.plot(shares, measured, "o", color=style.colour("learned"), label="measured in learned weights")
    left.set(title="How much is broken can be read off", xlabel="ε, share without symmetry", ylabel="broken share")
    left.legend(fontsize=8)
    for name, hue in (("convolution", "data"), ("MSR, k = 3", "group"), ("MSR, k = 60", "learned"),
                      ("locally connected", "invariant")):  # fmt: skip
        points = [(r["share"], r["loss"]) for key, group in table.items() if key.endswith("local") for r in group
                  if r["method"] == name]  # fmt: skip
        right.plot(*zip(*points, strict=True), "o-", color=style.colour(hue), label=name)
    right.set(title="Recorded: spare columns pay", xlabel="ε", ylabel="loss, new tasks", yscale="log")
    right.legend(fontsize=8)
    plt.show()
for share in (0.0, 0.1, 0.5, 1.0):
    best = min(table[f"{share} local"], key=lambda row: row["loss"])["method"]
    print(f"ε = {share}: the best of the four is {best}")

# %% [markdown]
# With no broken part the exact convolution is best. From a tenth on, the wide $U$ is ahead of both layers that were told where their weights are: it
# keeps what is shared and has columns to spare for what is not. Here the broken part has 54 numbers (18 outputs of three), which 60 columns can hold.
# Where it may be *any* matrix, 360 numbers, they cannot, and gain next to nothing:

# %%
rows = {row["method"]: row["loss"] for row in table["0.5 free"]}
print("any matrix: 60 columns within 5 % of a convolution:", abs(rows["MSR, k = 60"] / rows["convolution"] - 1) < 0.05)

# %% [markdown]
# And if there is *no* symmetry? Weights of a random four-dimensional space are learned just as well; what comes out is a subspace, but of no group, and
# `recover` says so.

# %%
random_tasks = no_symmetry(8, 8, 4, generator=seed(4))
layer = ReparameterizedLinear(8, 8, 4, seed(0))
list(meta_learn(layer, random_tasks, ridge, steps=250, learning_rate=1e-2, cosine_decay=True, generator=seed(1)))
e = random_tasks(500, seed(5))
found = recover(layer.U.detach(), (8, 8), ridge(layer, e.x_support, e.y_support).detach())
print("dimension", found.rank, "· Hom of a group:", found.is_commutant)
print("found as well as any symmetry: sine < 0.05:",
      bool(subspaces.principal_angles(layer.U.detach(), random_tasks.U).sin().max() < 0.05))  # fmt: skip

# %% [markdown]
# ### What was learned is what is gone when it does not fit
#
# A $U$ that knows shifts, frozen, meets tasks whose outputs come in *reverse order*. They are as simple, but not in its span.

# %%
shifts = translation(n=70)
other_way = reversed_outputs(shifts)
Q = subspaces.orthonormal(shifts.U.double())
inside = (Q.T @ subspaces.orthonormal(other_way.U.double())).square().sum() / 3
print("energy of reversed weights inside span(U) < 0.02:", bool(inside < 0.02))
own, backwards = tables["reversed outputs"]["rank 1"]
print("recorded: own tasks at the floor 1/6:", own["loss"] < 1.15 / 6, "· reversed: as bad as predicting nothing, 3:",
      backwards["loss"] > 0.95 * 3)  # fmt: skip
print("and the learned inner rate says: do not adapt:", abs(backwards["rate"]) < 0.01)

# %% [markdown]
# ## Where averages are not enough
#
# Chapter 07 ended with an honest baseline: for *linear* tasks the mean of $y x^\top$ and a singular value decomposition find the same space without any
# meta-learning. Put a rectifier between two convolutions, $y=W_2\max(W_1x,0)$ with $W_1$ common and $W_2$ a task's own: the mean of $y x^\top$ is that of
# the best *linear* map, $W_2W_1/2$, and no linear map gets below a floor that can be computed.

# %%
deep, ridge = two_convolutions(n=10, generator=seed(0)), LeastSquares(1e-2)
torch.manual_seed(0)
net = nn.Sequential(nn.Linear(10, 10, bias=False), nn.ReLU(), nn.Linear(10, 6, bias=False))
e = deep(2000, seed(1))
moments = torch.linalg.svd((e.y_query.mT @ e.x_query / e.x_query.shape[1]).flatten(1), full_matrices=False).Vh[:3].T
models = {
    "moments + SVD": ReparameterizedLinear.fixed(moments.contiguous(), (6, 10)),
    "MSR, one layer": ReparameterizedLinear(10, 6, 3, seed(0)),
    "MSR, two layers": Adapted(reparameterize(net, {"2.weight": 3}, seed(0)), *filters(net)),
}
curves = {}
for name, model in models.items():
    if name != "moments + SVD":
        options = {"learning_rate": 1e-2, "cosine_decay": True, "snapshots": 51, "generator": seed(1)}
        curves[name] = list(meta_learn(model, deep, ridge, steps=500, **options))
    loss = float(evaluate(model, deep, ridge, 1000, seed(9)).mean())
    print(f"{name}: below the floor of linear maps: {loss < 0.9 * deep.linear_floor}")

# %%
with style.figure(size=(6.5, 2.8)) as (figure, ax):
    for (name, run), hue in zip(curves.items(), ("group", "learned"), strict=True):
        ax.semilogy([s.step for s in run], [s.loss for s in run], color=style.colour(hue), label=name)
    ax.axhline(deep.linear_floor, color=style.colour("invariant"), linestyle="--", label="floor of linear maps")
    ax.set(title="Two layers learn what no linear map can", xlabel="outer step", ylabel="loss on new examples")
    ax.legend(fontsize=8)
    plt.show()

# %% [markdown]
# Are two layers enough by themselves? The recorded runs (16 numbers, 600 steps) have ANIL beside MSR: the same two layers, and the whole second one adapts.
# But then a task has to find 192 numbers from five examples, and with MSR three.

# %%
for row in tables["two layers"]["two convolutions"]:
    print(f"{row['method']}: less than half the floor of linear maps: {row['loss'] < row['floor'] / 2}")

# %% [markdown]
# One caution: the pattern of $W_2$ cannot be read off as it stands: hidden units may be renumbered and rescaled, so $U$ is known only up to that.
#
# ## Few shots, real images
#
# 1026 characters of 53 scripts in 20 styles each, drawn from free fonts (`data/README.md` has their licences and the command). Scripts of
# *meta-test* never occur in *meta-train*: the learner meets Georgian and Runic for the first time.

# %%
train, test = load_glyphs("meta-train"), load_glyphs("meta-test")
print(train)
print(test)
print("no script in both:", not set(train.scripts) & set(test.scripts))
chosen = [test.scripts.index(name) for name in ("Georgian", "Cherokee", "Runic", "Tifinagh", "Katakana")]
with style.figure(5, 12, size=(11, 4.9)) as (figure, axes):
    for row, script in zip(axes, chosen, strict=True):
        members = (test.script == script).nonzero().flatten()[:4]
        for j, ax in enumerate(row):
            ax.imshow(255 - test.images[members[j // 3], 5 * (j % 3)], cmap="gray")
            ax.axis("off")
        row[0].set_title(test.scripts[script], loc="left", fontsize=10)
    figure.suptitle("Four characters of five unseen scripts, three styles of each")
    plt.show()

# %% [markdown]
# An **episode** of *5-way 1-shot*: five characters, one image of each to learn from (*support*), others to be told (*query*). To ask for more
# than memory of pixels, the query alone is turned by any angle, mirrored and cropped. Guessing is right in one of five.
#
# Move the slider *inner steps*: 0 is before the network has seen the support. Choose the method, other augmentations, another episode; click on a query.

# %%
view = FewShotEpisode()
view.step.value = 1
view

# %%
state = view.state()
print({key: state[key] for key in ("method", "way", "shot", "augmentation")})
print(state["characters"])
print("one inner step tells more queries right than none:", state["right"][1] > state["right"][0])

# %% [markdown]
# ### Train two of them yourself
#
# Three convolutions and a linear layer; a batch of four episodes an outer step. The same network, the same episodes, the same start: MAML adapts all
# weights, MSR the filters $v$ behind $U=A\otimes B\otimes C$ in every layer, which starts as $E$.

# %%
episodes, fresh = FewShot(train.images, 5, 1, 5, Augment()), FewShot(test.images, 5, 1, 5, Augment())


def score(model, inner, tasks, count=200):
    """Accuracy on new episodes, in %."""
    return 100 * float(evaluate(model, tasks, inner, count, seed(2), 50, loss=cross_entropy, score=accuracy).mean())


curves, scores = {}, {}
for method in ("MAML", "MSR"):
    model, inner = learner(method, 5, seed(0))
    options = {
        "learning_rate": 5e-3,
        "cosine_decay": True,
        "snapshots": 50,
        "generator": seed(1),
        "loss": cross_entropy,
    }
    curves[method] = list(meta_learn(model, episodes, inner, steps=150, batch=4, **options))
    scores[method] = score(model, inner, fresh)
print("on unseen scripts both are better than a guess, 20 %:", min(scores.values()) > 30)
print("MSR is ahead by more than 4 points:", scores["MSR"] > scores["MAML"] + 4)

# %% [markdown]
# ### The table
#
# Five methods, 3000 outer steps, three seeds (one at 20-way), 1000 meta-test episodes each: 36 minutes of one core, recorded
# (`python data/make/few_shot_runs.py`). Each point is one training, the bar its 95 % interval over episodes. *MAML, wide* has as many numbers to
# learn as MSR; *prototypes* puts the mean features of a class where the last layer was.

# %%
runs = json.loads(data_file("recorded_runs/few_shot.json").read_text(encoding="utf-8"))["runs"]
settings = [(5, 1), (5, 5), (20, 1)]
hues = dict(zip(METHODS, ("#000000", "#767676", "#56B4E9", "#0072B2", "#E69F00"), strict=True))
with style.figure(1, 4, size=(12, 3.2)) as (figure, axes):
    for method, run in curves.items():
        losses = torch.tensor([s.loss for s in run]).unfold(0, 5, 1).mean(1)
        axes[0].plot([s.step for s in run][4:], losses, color=hues[method], label=method)
    axes[0].set(title="Live: 150 steps", xlabel="outer step", ylabel="query loss")
    axes[0].legend(fontsize=8)
    for ax, (way, shot) in zip(axes[1:], settings, strict=True):
        for place, method in enumerate(METHODS):
            here = [r for r in runs if (r["way"], r["shot"], r["method"]) == (way, shot, method)]
            for j, r in enumerate(here):
                ax.errorbar(place + 0.2 * (j - (len(here) - 1) / 2), 100 * r["accuracy"], 100 * r["interval"],
                            fmt="o", color=hues[method], markersize=4)  # fmt: skip
        ax.set_xticks(range(len(METHODS)), METHODS, rotation=40, ha="right", fontsize=8)
        ax.set(title=f"Recorded: {way}-way {shot}-shot", ylabel="accuracy in %" if way + shot == 6 else "")
    figure.suptitle("MSR and prototypes are alike, and ahead of the three others")
    plt.show()


# %%
def mean(way, shot, method):
    return np.mean([100 * r["accuracy"] for r in runs if (r["way"], r["shot"], r["method"]) == (way, shot, method)])


print("above chance in every run:", all(r["accuracy"] - r["interval"] > 1.5 / r["way"] for r in runs))
for setting in settings:
    gain, rival = mean(*setting, "MSR") - mean(*setting, "MAML"), mean(*setting, "MSR") - mean(*setting, "prototypes")
    wider = mean(*setting, "MAML, wide") - mean(*setting, "MAML")
    print(f"{setting}: MSR over MAML by 5 points or more: {gain > 5} · a wider MAML by half of that: {wider > gain / 2} · "
          f"MSR and prototypes within 4: {abs(rival) < 4}")  # fmt: skip

plain = {m: np.mean([r["plain"] for r in runs if r["method"] == m]) for m in METHODS}
print("where queries are not turned, prototypes are best:", max(plain, key=plain.get) == "prototypes")

# %% [markdown]
# ## Where does the gain come from?
#
# It is tempting to say: "$U$ has discovered rotations in the convolutions." Test it. Take the recorded MSR network and put $E$ in place of the $U$ of
# *one* layer, with $v$ replaced by $Uv$: the network starts from the same weights, and only the way it adapts in this layer is forgotten.


# %%
def forget(model, names):
    """The same starting weights, but U = E in these layers: v becomes U v."""
    model = copy.deepcopy(model)
    own = dict(model.module.named_parameters())
    with torch.no_grad():
        for name in names:
            U, (layer, part) = matrices(model.module)[name], name.rsplit(".", 1)
            v = own[f"{layer}.parametrizations.{part}.original"]
            v.copy_(U(v).flatten())
            for factor in U.factors:
                factor.copy_(torch.eye(len(factor)))
    return model


msr, inner = recorded("MSR")
layers = list(matrices(msr.module))
print(layers)
accuracies = {"as learned": score(msr, inner, fresh)}
accuracies |= {f"no U in {name}": score(forget(msr, [name]), inner, fresh) for name in layers}
accuracies["no U but in 11.weight"] = score(forget(msr, [n for n in layers if n != "11.weight"]), inner, fresh)
with style.figure(size=(7, 2.6)) as (figure, ax):
    ax.barh(list(accuracies)[::-1], list(accuracies.values())[::-1], color=style.colour("learned"))
    ax.set_axisbelow(True)
    ax.axvline(20, color=style.colour("data"), linestyle=":")
    ax.set(title="Forgetting U costs much in the last layer alone", xlabel="accuracy in % (dotted: guessing)")
    plt.show()
loss_of = {name: accuracies["as learned"] - value for name, value in accuracies.items()}
print("points lost without the U of the last layer > 10:", loss_of["no U in 11.weight"] > 10)
print("points lost without the U of all other layers < 4:", loss_of["no U but in 11.weight"] < 4)

# %% [markdown] slide="notes"
# For the lecturer: stop here and collect explanations before showing the next cells. "U found the rotations" is the one that everybody wants to be true.

# %% [markdown]
# That network was *trained* with a $U$ in every layer. Train it with $U$ in some layers only (`python data/make/few_shot_parts.py`, 9 minutes, recorded;
# 1500 steps, so all accuracies are some points lower), and the answer is the same:

# %%
parts = json.loads(data_file("recorded_runs/few_shot_parts.json").read_text(encoding="utf-8"))
with style.figure(size=(7, 2.6)) as (figure, ax):
    for place, row in enumerate(parts[::-1]):
        value, interval = row["augmented"]
        hue = style.colour("learned" if "MSR" in row["method"] else "data")
        ax.errorbar(value, place, xerr=interval, fmt="o", color=hue, markersize=4)
    ax.set_yticks(range(len(parts)), [f"{row['method']} ({row['adapted']:,} adapt)" for row in parts[::-1]], fontsize=9)
    ax.set(title="Trained with U here and there: the last layer decides", xlabel="accuracy in %, augmented queries")
    plt.show()
of = {row["method"]: row["augmented"][0] for row in parts}
print("U in the convolutions alone: MAML to 2 points:", abs(of["MSR, convolutions alone"] - of["MAML"]) < 2)
print("U in the last layer alone: MSR to 2 points:", abs(of["MSR, last layer alone"] - of["MSR"]) < 2)
ratios = [row["separation"] for row in parts if len(row["separation"]) == 2]
print("B raises the variance between characters over that within by half or more:", all(b > 1.5 * a for a, b in ratios))
few = next(row for row in parts if row["method"] == "MSR, last layer, 8 columns")
print(f"and with eight columns, where {few['adapted']} numbers adapt, too:", abs(few["augmented"][0] - of["MSR"]) < 2)
upright = {row["method"]: row["plain"][0] for row in parts}  # trained and tested without augmentation
print("on upright queries eight columns are worse than MAML:", upright[few["method"]] < upright["MAML"])

# %% [markdown]
# So it is not the convolutions: their factor $C$ on the nine pixels stays close to diagonal, and forgetting it costs little. In fact at the test
# nothing needs to adapt but the last layer:

# %%
head = [name for name, _ in msr.module.named_parameters() if name.startswith("11.") and name.endswith("original")]
print(head)
print("adapting the last layer alone: same accuracy to 2 points:",
      abs(score(Adapted(msr.module, *head), inner, fresh) - accuracies["as learned"]) < 2)  # fmt: skip

# %% [markdown]
# **Theorem: the last layer's U is a metric on features.** Let $f_i$ be the features of support image $i$ with label $y_i$ (one-hot), $p_i$ what the
# network says of it before, and $U=A\otimes B$ the symmetry matrix of the last layer. One inner step changes the logits of a query with features $f$ by
#
# $$\frac{\alpha}{n}\sum_i AA^\top(y_i-p_i)\;\big\langle B^\top f_i,\;B^\top f\big\rangle\quad\text{(and the step of the bias).}$$
#
# *Proof.* The gradient by $W$ is $\frac1n\sum(p_i-y_i)f_i^\top$; by $v$, with $W=AvB^\top$, it is $A^\top(\cdot)B$; the step of $W$ is
# $-\alpha AA^\top(\cdot)BB^\top$. ∎ The query is compared with each support image by a *learned inner product*. MAML has to take the one it finds,
# $B=E$; prototypical networks shape the features themselves until plain distance is right. Both cures are for the same ill.

# %%
e = fresh(1, seed(3))
head_only = Adapted(msr.module, *head)
with torch.no_grad():
    start = head_only.v[None]
    stepped = head_only(e.x_query, inner(head_only, e.x_support, e.y_support, cross_entropy))[0]
    before, p = head_only(e.x_query, start)[0], head_only(e.x_support, start)[0].softmax(1)
    f, f_query = msr.module[:-1](e.x_support[0]), msr.module[:-1](e.x_query[0])
    A, B = matrices(msr.module)["11.weight"].factors
    A_bias = matrices(msr.module)["11.bias"].factors[0]
    surprise = nn.functional.one_hot(e.y_support[0], 5) - p  # (examples, way)
    similarity = (f @ B) @ (f_query @ B).T  # (examples, queries)
    by_formula = before + inner.rate / len(p) * (
        similarity.T @ surprise @ A @ A.T + surprise.sum(0) @ A_bias @ A_bias.T
    )
print("the formula is the step: error < 1e-3:", bool((by_formula - stepped).abs().max() < 1e-3))

# %%
with torch.no_grad():
    values = torch.linalg.svdvals(B)
    kernels = {"⟨f, f′⟩, no metric": f @ f_query.T, "⟨Bᵀf, Bᵀf′⟩, learned": similarity}
    C = matrices(msr.module)["1.weight"].factors[2]
with style.figure(1, 4, size=(12, 2.7)) as (figure, axes):
    axes[0].plot(range(1, 129), values, color=style.colour("learned"), label="singular values of B")
    axes[0].axhline(1, color=style.colour("data"), linestyle=":", label="E, at the start")
    axes[0].set(title="Some directions count", xlabel="direction of 128", ylabel="weight")
    axes[0].legend(fontsize=8)
    for ax, (name, K) in zip(axes[1:3], kernels.items(), strict=True):
        draw_matrix(ax, name, ink="group", values=K / K.abs().max())
        ax.set(xlabel="25 queries, five of each", ylabel="5 supports")
    draw_matrix(axes[3], "C of the first layer, 9 pixels", ink="learned", values=C)
    plt.show()
print("directions of 128 with less weight than at the start:", "most" if (values < 1).sum() > 64 else "few")
print("C of the first layer: more than 0.9 of its length on the diagonal:", bool(C.diagonal().norm() > 0.9 * C.norm()))

# %% [markdown]
# The honest reading. On these images MSR beats MAML by a wide margin, a wider MAML does not, and the reason is a metric in the last layer, not a
# symmetry in the first ones; eight directions of it are enough where queries are turned,
# though not where they are upright. A method that has a metric by construction, prototypes, does as well with half the numbers, and better where queries are
# not turned. What turns and flips ask of a network is answered here by the *features*, which all methods share.
#
# ### Your own Omniglot
#
# The kit ships no copy of Omniglot. If you have one (github.com/brendenlake/omniglot, folder `python`), the same lines run on it:
#
# ```python
# from eqkit.tasks.omniglot import load_omniglot
#
# train, test = load_omniglot("~/omniglot/python"), load_omniglot("~/omniglot/python", "evaluation")
# FewShotEpisode(glyphs=test)
# ```
#
# ## Exercises

# %% [markdown] exercise="08.1"
# ### Exercise 08.1 · A product that is never formed
# Write `apply(A, B, C, v)`, the vector $(A\otimes B\otimes C)\,v$ for $v$ with $a\,b\,c$ numbers (row-major, as `torch.kron` orders them). You may not
# form the product, nor any tensor as large.

# %% [markdown] hint="08.1"
# Reshape v to an array (a, b, c); then each factor acts along one of its directions.

# %% [markdown] hint="08.1"
# `torch.einsum("oa,ib,pc,abc->oip", ...)` is the formula; or multiply by one factor at a time.


# %% stub="08.1"
def apply(A, B, C, v):
    return ...  # your code


# %% check="08.1"
teaching.check("08.1", apply)


# %% solution="08.1"
def apply(A, B, C, v):
    v = v.reshape(A.shape[1], B.shape[1], C.shape[1])
    v = torch.einsum("oa,abc->obc", A, v)
    v = torch.einsum("ib,obc->oic", B, v)
    return torch.einsum("pc,oic->oip", C, v).flatten()


# %% mistake="08.1"
def apply(A, B, C, v):
    return torch.kron(torch.kron(A, B), C) @ v


# %%
teaching.expected("08.2")  # what turn45 does to a filter

# %% [markdown] exercise="08.2"
# ### Exercise 08.2 · An eighth of a turn
# Write `turn45(w)`, the 3 × 3 filter turned by 45° counter-clockwise: a permutation of its ring, with the centre where it is. Twice must be `torch.rot90(w)`.

# %% [markdown] hint="08.2"
# Walk around the ring: (0,0), (0,1), (0,2), (1,2), (2,2), (2,1), (2,0), (1,0). Every number moves to the place of its neighbour.

# %% [markdown] hint="08.2"
# Counter-clockwise the number at (0,1) moves to (0,0). `torch.roll(values, -1)` along the walk above.


# %% stub="08.2"
def turn45(w):
    return ...  # your code


# %% check="08.2"
teaching.check("08.2", turn45)


# %% solution="08.2"
def turn45(w):
    rows, columns = [0, 0, 0, 1, 2, 2, 2, 1], [0, 1, 2, 2, 2, 1, 0, 0]
    turned = w.clone()
    turned[rows, columns] = w[rows, columns].roll(-1)
    return turned


# %% mistake="08.2"
def turn45(w):
    rows, columns = [0, 0, 0, 1, 2, 2, 2, 1], [0, 1, 2, 2, 2, 1, 0, 0]
    turned = w.clone()
    turned[rows, columns] = w[rows, columns].roll(1)  # clockwise
    return turned


# %% [markdown] exercise="08.3"
# ### Exercise 08.3 · Which sharing can three factors say?
# Some can. Give a `basis`, a tensor (2, 4, 3, 3, 3), of a **two**-dimensional space of kernels 3 → 4 channels that lies in the span of
# $A\otimes B\otimes C$ with **one** column in $A$, **one** in $B$ and two in $C$. (`needed` from above counts.)

# %% [markdown] hint="08.3"
# One column in A: all output channels are multiples of one filter. One in B: so are all input channels.

# %% [markdown] hint="08.3"
# a ⊗ b ⊗ c₁ and a ⊗ b ⊗ c₂, with two filters c₁, c₂: `torch.einsum("o,i,dxy->doixy", a, b, c)`.

# %% stub="08.3"
basis = ...

# %% check="08.3"
teaching.check("08.3", basis)

# %% solution="08.3"
c = torch.zeros(2, 3, 3)
c[0, 1, 0], c[0, 1, 2] = -1, 1  # left to right
c[1, 0, 1], c[1, 2, 1] = -1, 1  # up and down
basis = torch.einsum("o,i,dxy->doixy", torch.ones(4), torch.ones(3), c)

# %% mistake="08.3"
basis = torch.eye(2)[:, :, None, None, None].repeat(1, 2, 3, 3, 3)

# %% [markdown] exercise="08.4"
# ### Exercise 08.4 · When augmentation breaks the labels
# Turn a 6 by half a turn: it *is* a 9. Augmented queries make sense only if no two characters look alike when turned or mirrored; the data set of this chapter was
# chosen so. Write `confused(x, y)`: is the square image y one of the **eight** turned and mirrored copies of x?

# %% [markdown] hint="08.4"
# Four turns of x, and four turns of its mirror image.

# %% [markdown] hint="08.4"
# `any(torch.equal(torch.rot90(z, k), y) for z in (x, x.flip(1)) for k in range(4))`


# %% stub="08.4"
def confused(x, y):
    return ...  # True or False


# %% check="08.4"
teaching.check("08.4", confused)


# %% solution="08.4"
def confused(x, y):
    return any(torch.equal(torch.rot90(z, k), y) for z in (x, x.flip(1)) for k in range(4))


# %% mistake="08.4"
def confused(x, y):
    return any(torch.equal(torch.rot90(x, k), y) for k in range(4))


# %% [markdown] exercise="08.5"
# ### Exercise 08.5 · Prototypes in three lines
# The rival that needs no inner loop. Write `nearest_prototype(support, labels, query)`: features (n, d) with labels 0 … way − 1, int64 (n,), and query
# features (m, d). Answer, int64 (m,): the class whose **mean** is nearest to each query.

# %% [markdown] hint="08.5"
# `support[labels == c].mean(0)` is the prototype of class c.

# %% [markdown] hint="08.5"
# `torch.cdist(query, prototypes).argmin(1)`


# %% stub="08.5"
def nearest_prototype(support, labels, query):
    return ...  # your code


# %% check="08.5"
teaching.check("08.5", nearest_prototype)


# %% solution="08.5"
def nearest_prototype(support, labels, query):
    prototypes = torch.stack([support[labels == c].mean(0) for c in range(int(labels.max()) + 1)])
    return torch.cdist(query, prototypes).argmin(1)


# %% mistake="08.5"
def nearest_prototype(support, labels, query):
    return labels[torch.cdist(query, support).argmin(1)]  # the nearest example, not the nearest mean


# %% [markdown]
# ## Break it
#
# **Too few columns.** The turned filter has nine free numbers. With five columns four directions have no room, and the loss stays high.
#
# **Too few tasks.** A dense $U$ of nine columns, trained on four tasks over and over, learns *their* filters: four directions of nine. On
# new tasks it is worse than a plain convolution. With 32 tasks it begins to see the group.

# %%
four, many = tasks(4, seed(77)), tasks(32, seed(77))
broken = {
    "k = 5 columns": learn(5)[2],
    "k = 9, four tasks": learn(9, meta_tasks=lambda count, generator: four)[2],
    "k = 9, 32 tasks": learn(9, meta_tasks=lambda count, generator: many)[2],
}
for name, loss in broken.items():
    print(f"{name}: better than free weights on new tasks: {loss < 0.9 * free}")

# %% [markdown]
# **Augment the support too.** One expects harm: the one example of each character is turned as well. Try it, on the recorded network.


# %%
def augmented_support(count, generator):
    e = fresh(count, generator)
    return e._replace(x_support=Augment()(e.x_support.flatten(0, 1), generator).reshape(e.x_support.shape))


both = score(msr, inner, augmented_support)
print("accuracy changes by less than 5 points:", abs(both - accuracies["as learned"]) < 5)

# %% [markdown]
# It hardly matters: the network has learned to compare images at *any* two angles, so whether one or both are turned is the same problem. What does break is
# augmentation that changes the answer. Of the handwritten digits, some sixes become nines:

# %%
images, labels = digits.images().flatten(1), digits.labels()
means = torch.stack([images[labels == c].mean(0) for c in range(10)])
sixes = digits.images()[labels == 6]


def said(x):
    return torch.cdist(x.flatten(1), means).argmin(1)


upright, turned = said(sixes), said(torch.rot90(sixes, 2, (1, 2)))
print("of", len(sixes), "sixes most are read as 6:", bool((upright == 6).float().mean() > 0.8))
print("turned by half a turn, most often read as:", int(turned.mode().values))

# %% [markdown]
# ## Try next
#
# - In `FewShotEpisode`, set the augmentation to *none*: how far does the nearest mean of *pixels* get? Then turn the queries.
# - `python tests/benchmarks/few_shot.py` trains MSR with $U$ in some layers: give it a row of your own.
# - What is the smallest Kronecker $U$ for a *depthwise* convolution, one filter for each channel? Which factor says so?
# - Tasks of your own: any callable `tasks(count, generator)` that returns `Episodes` works in `meta_learn`.
# - Chapter [09](09_how_many_parameters.ipynb) asks how few numbers a symmetry needs; chapter [10](10_symmetry_as_equations.ipynb) writes it as equations that
#   do not mention the dimension.
#
# ## References
#
# - A. Zhou, T. Knowles, C. Finn. *Meta-learning symmetries by reparameterization*. ICLR 2021: MSR, Kronecker factors (§4), augmented queries.
# - C. Finn, P. Abbeel, S. Levine. *Model-agnostic meta-learning for fast adaptation of deep networks*. ICML 2017: MAML.
# - A. Raghu, M. Raghu, S. Bengio, O. Vinyals. *Rapid learning or feature reuse?* ICLR 2020: ANIL, adapting the last layer alone.
# - J. Snell, K. Swersky, R. Zemel. *Prototypical networks for few-shot learning*. NeurIPS 2017.
# - T. Cohen, M. Welling. *Group equivariant convolutional networks*. ICML 2016: filters in turned copies.
# - B. Lake, R. Salakhutdinov, J. Tenenbaum. *Human-level concept learning through probabilistic program induction*. Science 2015: Omniglot.
