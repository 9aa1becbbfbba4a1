# %% [markdown]
# # 04 · What is Deep Sets, for any group?
#
# *Deep Sets* is the network for inputs without an order: apply one function $\varphi$ to every element, add up, apply another, $f(x) =
# \rho\big(\sum_i \varphi(x_i)\big)$. Why a sum? Why is that enough? And what takes its place when the symmetry is not "any order" but the turns
# of a necklace, the even permutations, or the rotations of space? One theorem answers all of it: **a network of invariants that generate**.
# Deep Sets is the case in which the generators are the power sums.
#
# **You will be able to**
#
# - derive Deep Sets from Newton's identities, and say how many numbers the sum must have;
# - build a network invariant to any finite group, and to O(3), SO(3) or SL(2), in three lines;
# - compare eight constructions by one interface: which are exact, what each costs, what each cannot see;
# - name the limits: conditioning, jumps, noise, and groups over which there is no average.
#
# **Time**: two sittings of 60 minutes, the second from *Any group* on · **You need**: chapters 01 and 02; of [03](03_invariant_theory.ipynb) only what the recap says

# %% tags=["setup"]
import json
import math

import matplotlib.pyplot as plt
import torch
from torch import nn

from eqkit import deep_sets, doctor, groups, invariants, teaching
from eqkit.deep_sets import DeepSets, InvariantNetwork, mlp
from eqkit.equivariant_maps import Hom
from eqkit.representations import assert_invariant
from eqkit.tasks import data_file, sets
from eqkit.tasks.polynomials import vandermonde
from eqkit.tasks.shapes import NAMES, shapes
from eqkit.views import DeepSetsEmbedding, SymmetryComparison, style

doctor.greet()


def recorded(name):
    """The rows of a table that a command of data/make/ has recorded."""
    return json.loads(data_file(f"recorded_runs/{name}.json").read_text(encoding="utf-8"))


# %%
teaching.notation()

# %% [markdown]
# ## Recap
#
# A function is **invariant** under a group $G$ if $f(gx) = f(x)$. Averaging over the group, the Reynolds operator of chapter
# [02](02_reynolds_operator.ipynb), makes any function invariant. The invariant *polynomials* of a finite group are all polynomials in finitely
# many of them, the **generators** (chapter [03](03_invariant_theory.ipynb)). For $S(n)$, all permutations of $n$ numbers, these are the **power sums**
#
# $$p_k = x_1^k + x_2^k + \dots + x_n^k, \qquad k = 1, \dots, n.$$

# %%
for G in (groups.S(3), groups.C(3)):
    print(G, "·", ", ".join(invariants.invariant_ring(G).names))

# %% [markdown]
# ## Predict
#
# A set of three real numbers is to be remembered as a *sum of columns* $\varphi(x_1) + \varphi(x_2) + \varphi(x_3)$, with a continuous $\varphi$ of
# your choice. How many numbers must a column have, so that no two sets have the same sum?

# %%
guess = teaching.predict(
    "Numbers in a column, for sets of three?", ["1: pack it all into one", "2", "3", "6, one for each order"]
)
guess

# %% [markdown]
# ## Watch it happen
#
# Each element $x$ on the line has a column of numbers, here $\varphi(x) = (x, x^2)$; blue is their sum.
#
# 1. Drag an element: which columns move? *Permute*: which bars of the sum move?
# 2. Press *a second set?* The vermilion set differs from yours, and its sum does not.
# 3. Now $M = 3$ numbers in a column, and again *a second set?*
# 4. Choose the random network for $\varphi$, $M = 2$ and then 3; four elements; the plane.

# %%
embedding = DeepSetsEmbedding(M=2)
embedding.second.value = True
embedding

# %%
print(embedding.state())

# %% slide="fragment"
guess.reveal("3")

# %% [markdown]
# *The answers.* (1) One column moves, and no bar of the sum moves when the order changes: addition does not know an order. (2) Two numbers are two
# equations for three unknowns: the sets with the same sum form a curve, and you see another point of it. (3) Three power sums give the set
# back. (4) With two numbers no $\varphi$ helps (a theorem below); in the plane each element is a complex number, and the same holds with complex power sums.

# %% [markdown]
# ## Theorem: n power sums are a set of n numbers
#
# **Theorem.** $x \mapsto (p_1, \dots, p_n)$ is injective on sets of $n$ real numbers (with repetition).
#
# *Proof.* Write $\prod_i (t - x_i) = t^n - e_1t^{n-1} + e_2t^{n-2} - \dots \pm e_n$. Newton's identities compute the coefficients from the power sums,
#
# $$k\,e_k = e_{k-1}p_1 - e_{k-2}p_2 + \dots \pm p_k ,$$
#
# and a polynomial has only one set of roots. ∎ In a cell: the set $\{2, -1, 3\}$, forwards and back.

# %%
x = torch.tensor([2, -1, 3])
p = deep_sets.power_sums(x)
e = deep_sets.newton(p)
print("power sums  ", p.tolist())
print("coefficients", e.long().tolist(), "and by multiplying out:", deep_sets.elementary(x).tolist())
print("roots       ", deep_sets.from_power_sums(p).round().long().tolist())

# %% [markdown]
# So **every** function of a set is a function of its power sums: whatever $f$ is, let $\rho$ take the roots and apply $f$. Here is the median of five
# numbers, by a sum of columns $(x, x^2, \dots, x^5)$ and a $\rho$. Nothing is trained, and nothing is sorted before the sum:


# %%
def phi(x):
    return torch.stack([x**k for k in range(1, 6)], -1)  # (..., 5) -> (..., 5, 5), one column for each element


def rho(p):
    return deep_sets.from_power_sums(p)[..., 2]


x = 2 * torch.rand(500, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) - 1
print("ρ(Σφ(xᵢ)) is the median, error < 1e-4:", bool((rho(phi(x).sum(-2)) - x.median(-1).values).abs().max() < 1e-4))

# %% [markdown]
# ### Deep Sets is this theorem with learned φ and ρ
#
# $$f(x) = \rho\Big(\sum_i \varphi(x_i)\Big)$$
#
# Continuous $f$ need a continuous $\rho$ (roots move continuously with the coefficients), and networks approximate continuous functions on a bounded
# region. So, for sets of $n$ numbers, $\varphi$ with $n$ outputs and $\rho$ suffice. The formula and the three lines that are it:


# %%
class ThreeLines(nn.Module):
    def __init__(self, phi, rho):
        super().__init__()
        self.phi, self.rho = phi, rho

    def forward(self, x):  # (..., n, channels)
        return self.rho(self.phi(x).sum(-2))


network = ThreeLines(mlp(1, 32, 5), mlp(5, 32, 1)).double()
assert_invariant(lambda x: network(x.unsqueeze(-1)), groups.S(5).vector)
print("invariant under all 120 orders")

# %% [markdown]
# `deep_sets.DeepSets` is the same with masks, for sets of different sizes. Then a column needs one more number, a 1 that counts the elements: a zero adds
# nothing to a power sum.

# %%
one, padded = torch.tensor([[1.0]]), torch.tensor([[1.0], [0.0]])  # {1} and {1, 0}
for powers, name in ((torch.arange(1, 4), "x, x², x³   "), (torch.arange(0, 4), "1, x, x², x³")):
    print(f"columns {name}: {{1}} and {{1, 0}} agree:", torch.equal((one**powers).sum(0), (padded**powers).sum(0)))

# %% [markdown]
# There is an *equivariant* layer too, which maps sets to sets: the
# linear maps that commute with all permutations are $\lambda E + \gamma\,\mathbf 1\mathbf 1^\top$, a space of dimension 2. Chapter
# [05](05_sharing_patterns.ipynb) derives it; here it is counted, and `SetLinear` is found to lie in it.

# %%
V = groups.S(5).vector
H = Hom(V, V)
layer = deep_sets.SetLinear(1, 1, torch.Generator().manual_seed(0)).double()
columns = (layer(torch.eye(5, dtype=torch.float64)[..., None]) - layer(torch.zeros(5, 1, dtype=torch.float64)))[..., 0]
print("dimension of Hom(V, V):", H.dim, "· SetLinear lies in it:", torch.allclose(H.project(columns.T), columns.T))

# %% [markdown]
# ### What the theorem does not say: how well the set comes back
#
# The way back through the roots magnifies errors, by the condition number of the Jacobian $\partial p_k/\partial x_i = k\,x_i^{k-1}$, a Vandermonde
# matrix. For $n$ well spread numbers (Chebyshev points) it grows without mercy:

# %%
sizes = range(2, 21)
errors, conditions = [], []
for n in sizes:
    x = torch.cos(math.pi * (torch.arange(n, dtype=torch.float64) + 0.5) / n).sort().values
    errors.append(float((deep_sets.from_power_sums(deep_sets.power_sums(x)) - x).abs().max()))
    conditions.append(float(torch.linalg.cond(deep_sets.jacobian(x))))
print("n = 3: condition below 10:", conditions[1] < 10, "· n = 20: above a million:", conditions[18] > 1e6)
print("and still the sets come back, error < 1e-8:", max(errors) < 1e-8)

# %%
with style.figure(size=(6, 2.8)) as (figure, axes):
    axes.semilogy(sizes, conditions, color=style.colour("group"), label="condition number")
    axes.semilogy(
        sizes,
        [max(e, 1e-17) for e in errors],
        "o",
        color=style.colour("data"),
        label="error of the set that comes back",
    )
    axes.set(
        title="Power sums remember, ever less precisely", xlabel="elements n", ylabel="size", xticks=range(2, 21, 2)
    )
    axes.legend(loc="center left", bbox_to_anchor=(0, 0.5))
    plt.show()

# %% [markdown]
# So the theorem says that Deep Sets *can*. A learned $\varphi$ need not be powers, and had better not be.

# %% [markdown]
# ## How many numbers must the sum have?
#
# **Theorem** (Wagstaff et al. 2019). With continuous $\varphi$ and fewer than $N$ numbers in the sum, some continuous functions of sets of $N$ real
# numbers are out of reach.
#
# *Proof for $N = 2$ and one number.* Take any $a < b$ and any continuous $\varphi$. At $c = a$ the sum of $\{c, c\}$ is $2\varphi(a)$, at $c = b$ it is
# $2\varphi(b)$, and $\varphi(a) + \varphi(b)$ lies between. So some $c$ in between has $2\varphi(c) = \varphi(a) + \varphi(b)$: two sets, one sum. ∎

# %%
candidates = {"x": lambda x: x, "exp x": torch.exp, "sin 5x": lambda x: torch.sin(5 * x), "x³ − x": lambda x: x**3 - x}
for name, phi in candidates.items():
    c = deep_sets.pair_collision(phi, 0.0, 2.0)
    gap = 2 * phi(torch.tensor(c)) - phi(torch.tensor(0.0)) - phi(torch.tensor(2.0))
    print(f"φ(x) = {name:6s}  {{c, c}} and {{0, 2}} have one sum: {abs(float(gap)) < 1e-5}")

# %% [markdown]
# For three numbers, here is a curve of sets with the same $p_1$ and $p_2$: where a level meets the cubic $4x^3 - 3x$. Moving the level changes the last
# coefficient of $\prod(t - x_i)$ alone, that is $e_3$. On this curve the *maximum* moves from 1 to ½, so whatever $\rho$ makes of $(p_1, p_2)$,
# it is wrong by ¼ on one of the two ends.

# %%
two = deep_sets.equal_power_sums(3, torch.tensor([0.0, math.pi]))
p = deep_sets.power_sums(two)
print("p₁ and p₂ agree:", torch.allclose(p[0, :2], p[1, :2]), "· p₃ agrees:", torch.allclose(p[0, 2], p[1, 2]))
print("maxima:", [round(float(m), 6) for m in two.amax(1)])

# %%
with style.figure(size=(6, 2.8)) as (figure, axes):
    t = torch.linspace(-1.06, 1.06, 200)
    axes.plot(t, 4 * t**3 - 3 * t, color=style.colour("muted"))
    for i, angle in enumerate((0.0, 0.25 * math.pi, 0.6 * math.pi, math.pi)):
        x = deep_sets.equal_power_sums(3, angle)
        axes.axhline(math.cos(angle), color=style.class_style(i)[0], linewidth=0.8)
        axes.plot(x, [math.cos(angle)] * 3, "o", color=style.class_style(i)[0], markersize=8)
    axes.set(
        title="Four sets of three with the same p₁ and p₂", xlabel="the elements x", ylabel="4x³ − 3x", ylim=(-1.3, 1.3)
    )
    plt.show()

# %% [markdown]
# A *maximum* over the elements, $\max_i \varphi(x_i)$, needs one number for this function, but it cannot count. And the mean does not know how
# large the set is. No $\varphi$ can mend that:

# %%
pairs = {"{1, 2} and {1, 1, 2, 2}": ([1, 2], [1, 1, 2, 2]), "{1, 1, 2} and {1, 2, 2}": ([1, 1, 2], [1, 2, 2])}
print("told apart by           ", *deep_sets.sets.POOLS, sep="  ")
for name, both in pairs.items():
    columns = [torch.tensor(x, dtype=torch.float64)[:, None] ** torch.arange(1, 5) for x in both]
    apart = [not torch.equal(*(deep_sets.pool(column, how=how) for column in columns)) for how in deep_sets.sets.POOLS]
    print(f"{name:24s}", *("yes " if a else " – " for a in apart), sep="  ")

# %% [markdown]
# ## Real run 1: sums of digits
#
# Sequences of one to nine digits, and their sum: that is all the network is given. $\varphi$ is a table with a column for each of the ten
# digits. A few seconds of training; the loop is `deep_sets.train`, an iterator.

# %%
torch.manual_seed(0)
model = DeepSets(nn.Sequential(nn.Embedding(10, 32), nn.Linear(32, 32), nn.Tanh()), nn.Linear(32, 1))
generator = torch.Generator().manual_seed(1)


def loss():
    data = sets.digit_sums(128, generator=generator)  # x (128, 9), mask (128, 9): which digits are there
    return (model(data.x, data.mask)[:, 0] - data.y).abs().mean()


*_, last = deep_sets.train(model, loss, steps=1000, every=1000, learning_rate=1e-2)


@torch.no_grad()
def right(model, data):
    """The share of sums that are right after rounding."""
    return float(((model(data.x, data.mask)[:, 0] - data.y).abs() < 0.5).float().mean())


print("sums of 5 digits, more than 95 % right:", right(model, sets.digit_sums(1000, 5, 5, generator)) > 0.95)
print(
    "sums of 20 digits, never seen so long, more than 90 %:",
    right(model, sets.digit_sums(1000, 20, 20, generator)) > 0.9,
)

# %% [markdown] slide="notes"
# For the lecturer: ask before the next cell: *where* would a recurrent network go wrong? Its state was only ever driven by nine digits; the sum of a hundred columns is
# far out too, but $\rho$ is linear there, and nothing else has to generalise.

# %%
guess = teaching.predict(
    "Trained longer, on up to 9 digits. Which sums of 100 digits are right?",
    [
        "Deep Sets 0 %, recurrent network 0 %",
        "Deep Sets 50 %, recurrent network 100 %",
        "Deep Sets 100 %, recurrent network 0 %",
    ],
)
guess

# %% [markdown]
# Recorded by `python data/make/set_runs.py digit_sums`: 4000 steps for each, with equally many weights. The baseline reads one digit after another, as a
# gated recurrent unit does. On the left the network that you just trained: what each digit adds to its answer. It has *learned to read*.

# %%
rows = recorded("digit_sums")
with torch.no_grad():
    adds = model.rho(model.phi(torch.arange(10)))[:, 0] - model.rho(torch.zeros(1, 32))[:, 0]
with style.figure(1, 2, size=(8.5, 2.9)) as (figure, (left, middle)):
    left.plot([0, 9], [0, 9], color=style.colour("muted"), linewidth=1)
    left.plot(range(10), adds, "o", color=style.colour("learned"))
    left.set(title="Each digit adds its value", xlabel="digit", ylabel="what it adds", xticks=range(10))
    for row, hue in zip(rows, ("invariant", "data"), strict=True):
        middle.semilogx(
            row["lengths"], [100 * a for a in row["accuracy"]], "o-", color=style.colour(hue), label=row["learner"]
        )
    middle.set(
        title="Longer than any it was trained on", xlabel="digits (training: 1 to 9)", ylabel="sums that are right, %"
    )
    middle.set_xticks([5, 10, 50, 100], ["5", "10", "50", "100"], minor=False)
    middle.minorticks_off()
    middle.legend(loc="lower left", bbox_to_anchor=(0, 0.02))
    plt.show()

# %% slide="fragment"
guess.reveal("Deep Sets 100 %, recurrent network 0 %")

# %% [markdown]
# ## Real run 2: sums of handwriting
#
# The same with *images* in place of digits: two to five scans of handwritten digits, and one number, their sum. Nobody says which digit is
# which.

# %%
torch.manual_seed(0)
reader = DeepSets(nn.Sequential(mlp(64, 64, 64), nn.SiLU()), mlp(64, 1))


def loss():
    data = sets.image_sums(64, 2, generator=generator)  # x (64, 5, 64 pixels), two to five images in each set
    noisy = data.x + 0.5 * torch.randn(data.x.shape, generator=generator)
    return nn.functional.smooth_l1_loss(reader(noisy, data.mask)[:, 0], data.y)


*_, last = deep_sets.train(reader, loss, steps=600, every=600, learning_rate=1e-2)

new = sets.image_sums(1, 5, 5, training=False, generator=torch.Generator().manual_seed(4))  # handwriting never shown
with torch.no_grad():
    single = reader(new.x[0, :, None])[:, 0]  # each image as a set of one
    total = float(reader(new.x)[0, 0])
with style.figure(1, 5, size=(8, 2.3)) as (figure, axes):
    for one, image, value in zip(axes, new.x[0], single, strict=True):
        one.imshow(image.reshape(8, 8), cmap="gray_r")
        one.set(xticks=[], yticks=[], xlabel=f"alone: {value:.1f}")
    figure.suptitle(f"Five digits: the sum is {int(new.y[0])}, the network says {total:.1f}", fontweight="bold")
    plt.show()

# %% [markdown]
# Asked for a set with a single element, it reads single digits, though it has only ever seen sums of two or more:

# %%
one = sets.image_sums(1000, 1, 1, training=False, generator=torch.Generator().manual_seed(5))
print("single digits read right, more than 60 %:", right(reader, one) > 0.6)

# %% [markdown]
# Trained longer, on one to five images (`python data/make/set_runs.py image_sums`), and asked for larger sets: few long sums are *exactly* right, since the small errors of
# the elements add up. So look at the distance from the sum, which is 225 on average for 50 images.

# %%
rows = recorded("image_sums")
print(f"{'images in the set (training: 1 to 5)':38s}", *(f"{n:7d}" for n in rows[0]["lengths"]))
for row in rows:
    print(f"{row['learner']:22s} exactly right, %", *(f"{100 * a:7.0f}" for a in row["accuracy"]))
    print(f"{'':22s} mean distance   ", *(f"{distance:7.2f}" for distance in row["mean error"]))

# %% [markdown]
# ## Real run 3: statistics of a population
#
# A set of 300 points, drawn from a normal distribution: what is the *entropy* of its first coordinate, or the *mutual information* between two halves
# of the coordinates? Four tasks of the Deep Sets paper. (The generators released with it differ from its text in two of the four: one squares a
# variance, one mixes up the two Cholesky factors and divides the label by 8. Ours follow the definitions.)
# Entropy as a formula and as an integral; and from many points the closed form on the sample covariance comes back to the target:

# %%
s = 1.8  # a variance
t = torch.linspace(-20, 20, 100_001, dtype=torch.float64)
density = torch.exp(-(t**2) / (2 * s)) / math.sqrt(2 * math.pi * s)
integral = -float(torch.trapezoid(density * torch.log(density.clamp(min=1e-300)), t))
formula = float(sets.marginal_entropy(torch.tensor([[s]], dtype=torch.float64)))
squared = float(sets.marginal_entropy(torch.tensor([[s**2]], dtype=torch.float64)))
print(
    "½ log(2πe s) is the entropy:", abs(integral - formula) < 1e-9, "· with s² for s:", abs(integral - squared) < 1e-9
)
for name in sets.STATISTICS:
    data = sets.population_statistics(name, 4, 20_000, torch.Generator().manual_seed(0))
    print(f"{name:36s} targets confirmed to 0.03: {bool((sets.plug_in(name, data.x) - data.y).abs().max() < 0.03)}")

# %% [markdown]
# Recorded by `python data/make/set_runs.py population_statistics`. Blue: Deep Sets with a learned $\varphi$. Orange: with $\varphi(x) = xx^\top$, whose mean is
# the sample covariance, a sufficient statistic. Grey: the closed form on the sample covariance, without training. Dotted: guessing the mean. In
# the first and the third task networks can be *better* than the closed form: they have seen the family from which the covariances come.

# %%
rows = recorded("population_statistics")
with style.figure(1, 4, size=(10, 2.8)) as (figure, panels):
    for axes, row in zip(panels, rows, strict=True):
        axes.loglog(row["sizes"], row["learned"], "o-", color=style.colour("invariant"), label="learned φ")
        axes.loglog(row["sizes"], row["covariance"], "s-", color=style.colour("learned"), label="φ(x) = x xᵀ")
        axes.axhline(row["plug-in"], color=style.colour("muted"), label="closed form")
        axes.axhline(row["spread"], color=style.colour("muted"), linestyle=":", label="guessing")
        axes.set_title(row["task"].replace(" a ", "\na "), fontsize=10)
        axes.set(xlabel="training sets", ylim=(0.01, 1.5))
        axes.set_xticks([64, 512, 4096], ["64", "512", "4096"])
        axes.minorticks_off()
    panels[0].set_ylabel("error, nats")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    plt.show()

# %% [markdown]
# The fourth is poor, even with the covariance given. Why? Count the dimensions in which the covariances vary. Three tasks are curves, along which a
# network interpolates. In the fourth, 4 × 4 covariance matrices fill all ten dimensions:

# %%
for name, (family, d, _) in sets.STATISTICS.items():
    covariances = family(500, d, torch.Generator().manual_seed(0)).flatten(1)
    print(f"{name:36s} {int(torch.linalg.matrix_rank(covariances - covariances.mean(0))):2d}")

# %% [markdown]
# But there is a *symmetry* that the network was not told: mutual information does not change when each half gets other coordinates, the group $GL(2)
# \times GL(2)$. Its invariants are two numbers: with $C = L_1^{-1}\Sigma_{12}L_2^{-\top}$ (where $L_iL_i^\top = \Sigma_{ii}$) they are
# $\|C\|^2$ and $\det{}^2 C$. The same small network, on ten numbers and on two:


# %%
def two_invariants(covariance):
    (A, B), D = (covariance[:, :2, i : i + 2] for i in (0, 2)), covariance[:, 2:, 2:]
    C = torch.linalg.inv(torch.linalg.cholesky(A)) @ B @ torch.linalg.inv(torch.linalg.cholesky(D)).mT
    return torch.stack([C.square().sum((1, 2)), torch.linalg.det(C) ** 2], 1)


def ten_entries(covariance):
    i, j = torch.triu_indices(4, 4)
    return covariance[:, i, j]


name = "information of a random covariance"
train, test = (sets.population_statistics(name, 512, 300, torch.Generator().manual_seed(seed)) for seed in (0, 1))
error = {}
for read in (ten_entries, two_invariants):
    features, new = (read((part.x.mT @ part.x / 300).double()).float() for part in (train, test))
    mean, deviation = features.mean(0), features.std(0)
    features, new = ((z - mean) / deviation for z in (features, new))
    network = mlp(features.shape[1], 64, 1, generator=torch.Generator().manual_seed(0))

    def loss(x=features, f=network):
        return (f(x)[:, 0] - train.y).square().mean()

    *_, last = deep_sets.train(network, loss, steps=500, every=500, learning_rate=1e-2)
    with torch.no_grad():
        error[read.__name__] = float((network(new)[:, 0] - test.y).square().mean().sqrt())
best = float((sets.plug_in(name, test.x) - test.y).square().mean().sqrt())
sigma = sets.arbitrary(100, 4, torch.Generator().manual_seed(0))
c2, d2 = two_invariants(sigma).T
print(
    "the information is −½ log(1 − ‖C‖² + det² C):",
    torch.allclose(-0.5 * torch.log(1 - c2 + d2), sets.mutual_information(sigma)),
)
print("on two invariants less than half the error of ten entries:", error["two_invariants"] < error["ten_entries"] / 2)
print("and less than twice that of the closed form:", error["two_invariants"] < 2 * best)

# %% [markdown]
# The rest of the chapter does the same for any group: it tells the network *all* the symmetry, by invariants.

# %% [markdown]
# ## Any group: replace power sums by generators
#
# **Theorem.** Let $G$ be finite or compact, acting linearly, and let $I_1, \dots, I_k$ generate its invariant polynomials. Then the
# continuous invariant functions on a closed bounded region (a union of orbits) are exactly
#
# $$f(x) = \rho\big(I_1(x), \dots, I_k(x)\big) \qquad\text{with continuous } \rho.$$
#
# *Proof.* If $x$ and $y$ lie on different orbits, some polynomial is below 0 on one orbit and above 1 on the other (the orbits are compact). Its average over
# $G$ still is, and it is invariant, hence a polynomial in the $I_j$: they differ at $x$ and $y$. So $f$ is a function of the $I_j$; it is
# continuous on their image because the region is compact; and $\rho$ extends it to all of $\mathbb R^k$ (Tietze). ∎ For $S(n)$ this is Deep Sets.
# (Yarotsky 2022.) The three lines:


# %%
def invariant_network(G, width=32):
    ring = invariants.invariant_ring(G)  # generators, certified: chapter 03
    rho = mlp(ring.size, width, 1).double()
    return lambda x: rho(ring(x))


print("group          order  generators of degrees" + 25 * " " + "primary  secondary")
for G in (groups.C(5), groups.D(4), groups.A(4), groups.S(4), groups.Icosahedral()):
    assert_invariant(invariant_network(G), G.vector)
    ring = invariants.invariant_ring(G)
    degrees = f"{ring.size}: {', '.join(map(str, ring.degrees))}"
    print(f"{G!s:14s} {G.order:5d}  {degrees:46s} {len(ring.primary):6d} {len(ring.secondary):10d}")

# %% [markdown]
# They *separate*: a necklace of five beads and its mirror image have the same power sums, so Deep Sets cannot tell them apart. The generators for
# $C(5)$ can, and they agree on turned necklaces, as they must.

# %%
necklace = torch.tensor([0, 0, 1, 2, 3], dtype=torch.float64)
mirrored, turned = necklace.flip(0), necklace.roll(2)
ring = invariants.invariant_ring(groups.C(5))
print("power sums: mirrored agrees:", torch.equal(deep_sets.power_sums(necklace), deep_sets.power_sums(mirrored)))
print("generators: mirrored agrees:", torch.allclose(ring(necklace), ring(mirrored)))
print("generators: turned agrees:  ", torch.allclose(ring(necklace), ring(turned)))

# %% [markdown]
# ### Every construction, one interface
#
# Generators are one way. `InvariantNetwork(V, features)` has eight:
#
# | features | formula | idea |
# |---|---|---|
# | `"generators"` | $\rho(I_1, \dots, I_k)$ | the theorem above |
# | `"primary and secondary"` | $\sum_i \eta_i(x) f_i(\theta(x))$ | Hironaka: every invariant in exactly one way |
# | `"separating"` | $\rho(J_1, \dots, J_m)$, $J_i = \sum_j a_{ij}I_j$ | at most twice the dimension + 1 random mixtures of them |
# | `"max filter"` | $\rho(\max_g \langle gx, z_j\rangle)$ | templates $z_j$; distances survive (chapter 03) |
# | `"reynolds"` | $\frac1{\lvert G\rvert}\sum_g \varphi(gx)$ | average a network over the group |
# | `"design"` | $\rho(\text{mean}\ \varphi(\text{few entries of } gx))$ | average over few, exactly |
# | `"frame"` | $\varphi(g(x)\,x)$ | move $x$ to a canonical place first |
# | `"sampled"` | mean over random $g$ | cheap, not exact |

# %%
G = groups.D(4)
print(f"{G}: features           terms  exact  the price")
for name in deep_sets.CONSTRUCTIONS:
    network = InvariantNetwork(G, name, generator=torch.Generator().manual_seed(0)).double().eval()
    if network.exact:
        assert_invariant(network, G.vector)
    print(f"{name:24s} {network.terms:5d}  {'yes' if network.exact else 'no':5s}  {network.caveat}")

# %% [markdown]
# *Terms*: how often the inner network runs for one $x$.
#
# ### Predict
#
# The **Vandermonde polynomial** $\Delta(x) = \prod_{i<j}(x_i - x_j)$ of four variables keeps its value under even permutations, the group $A(4)$, and changes its sign under
# odd ones. Take two networks, one invariant under $A(4)$ and one under all of $S(4)$. Which of them learns it?

# %%
guess = teaching.predict(
    "Which networks can learn Δ?",
    [
        "both: A(4) lies in S(4)",
        "the A(4)-invariant one alone",
        "the S(4)-invariant one alone",
        "neither: it changes its sign",
    ],
)
guess

# %% [markdown] slide="notes"
# For the lecturer: let the class vote before ▶. Most think that an S(4)-invariant network is "safe", since A(4) lies in S(4). More symmetry than the data has is a loss, not a gain:
# this is the moment to say it.

# %% [markdown]
# Press ▶, or drag the scrubber. All nine have the same examples and equally many weights.
#
# 1. Which come down at once, and which stay at 1, where a network is that guesses the mean?
# 2. Which are *refused* for the rotations of space, `O(3)`, and why?
# 3. Choose the other functions: is the winner always the same?

# %%
comparison = SymmetryComparison(examples=200)
comparison.player.run(9 * 40)
comparison

# %%
print({key: comparison.state()[key] for key in ("task", "refused", "invariant", "terms")})

# %% [markdown]
# *The answers.* (1) The generators, alone or with few more: for them the task is easy, because $\Delta$ *is* one of them, as the next cell shows. The Reynolds
# average has to find it, and pairs of entries (*design*) cannot see it. (2) Those that go through all elements of a finite group. (3) No; and the comparison that follows is fairer.

# %%
ring = invariants.invariant_ring(groups.A(4))
print("Δ is a generator of A(4):", vandermonde(4) in ring.generators)

# %% [markdown]
# At full budget: five groups, for each an invariant polynomial to learn, 5000 weights, 1000 examples, 1000 steps. Recorded by
# `python data/make/set_runs.py invariant_polynomials`; hollow: not exactly invariant.

# %%
rows = recorded("invariant_polynomials")
names = [deep_sets.NO_SYMMETRY, *deep_sets.CONSTRUCTIONS]
tasks = list(dict.fromkeys(row["group"] for row in rows))
with style.figure(size=(7, 3.7)) as (figure, axes):
    for i, group in enumerate(tasks):
        hue = style.class_style(i)[0]
        for row in rows:
            if row["group"] == group and "refused" not in row:
                face = hue if row["exact"] else "white"
                axes.plot(
                    row["error"],
                    names.index(row["construction"]) + 0.13 * (i - 2),
                    "o",
                    color=hue,
                    markerfacecolor=face,
                )
        axes.plot([], [], "o", color=hue, label=group)
    axes.axvline(1, color=style.colour("muted"), linewidth=1)
    axes.set(
        title="Nine networks, one budget",
        xscale="log",
        xlabel="squared error / variance (1: guessing the mean)",
    )
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    figure.legend(loc="outside right upper")
    plt.show()


# %%
def error(group, construction):
    found = [
        row["error"] for row in rows if (row["group"], row["construction"]) == (group, construction) and "error" in row
    ]
    return found[0] if found else math.inf


for group in tasks:
    print(f"{group:14s} least error: {min(names, key=lambda name, group=group: error(group, name))}")
plain = [error(group, "generators") < error(group, deep_sets.NO_SYMMETRY) for group in tasks]
print("generators beat the network without symmetry for every group:", all(plain))
for name in names[1:]:
    lose = [group for group in tasks if math.inf > error(group, name) > error(group, names[0])]
    if lose:
        print(f"{name} loses to it for {', '.join(lose)}")

# %% [markdown]
# No construction wins everywhere: generators, alone or as primary and secondary invariants, for three groups, pairs of entries for two. What holds for all five:
# generators need one term, are exact, and beat the network without symmetry. But to be invariant is no guarantee: max filters lose to
# it for three of the five.

# %% [markdown]
# ### What an S(4)-invariant network cannot see
#
# If $f$ is $S(4)$-invariant and the inputs come in no preferred order, the mean of $f\Delta$ is zero: an odd permutation changes the sign of $f\Delta$, but
# cannot change its mean. So the squared error
# is at least the variance of $\Delta$. The projection of $\Delta$ says it exactly:

# %%
delta = vandermonde(4)
print("Δ has degree", delta.degree, "and", len(delta.terms), "terms")
print("averaged over A(4) it is Δ:", invariants.project(delta, groups.A(4)) == delta)
print("averaged over S(4):", invariants.project(delta, groups.S(4)))

# %%
print("squared error / variance (1: as good as nothing), 1000 examples, 5000 weights")
for row in recorded("vandermonde"):
    print(f"{row['construction']:30s} {row['error']:7.4f}  {'learns Δ' if row['error'] < 0.5 else '–'}")

# %% slide="fragment"
guess.reveal("the A(4)-invariant one alone")

# %% [markdown]
# *Pairs* do not help either, *triples* do. $A(4)$ moves any pair of places to any other pair, just as $S(4)$ does: whoever looks at pairs only, in whatever
# way, takes the one group for the other. (Linear layers have the same limit: chapter [05](05_sharing_patterns.ipynb).)

# %%
print("entries read       A(4)  S(4)   terms: the number of places they can come from")
for entries in ((0,), (0, 1), (0, 1, 2)):
    counts = [deep_sets.Reading(G.vector, entries).terms for G in (groups.A(4), groups.S(4))]
    print(f"{len(entries)}                {counts[0]:6d} {counts[1]:5d}")

# %% [markdown]
# ## Point clouds: any order and any attitude
#
# A cloud of $n$ points in space has two symmetries, the order of the points and the rotations of space: $S(n) \times SO(3)$. Eight kinds of shapes, made in
# code, each cloud turned at random. The last two are mirror images of each other.

# %%
clouds, labels = shapes(100, 150, generator=torch.Generator().manual_seed(1))
with style.figure(1, 8, size=(10, 1.9)) as (figure, panels):
    for k, (axes, name) in enumerate(zip(panels, NAMES, strict=True)):
        axes.scatter(*clouds[labels == k][0, :, :2].T, s=3, color=style.colour("data"), edgecolors="none")
        axes.set_title(name, fontsize=10, fontweight="normal")
        axes.set(xticks=[], yticks=[], xlim=(-2, 2), ylim=(-2, 2), aspect="equal")
    figure.suptitle("Eight shapes, each turned at random and seen from above", fontweight="bold")
    plt.show()

# %% [markdown]
# The generators for $O(3)$ on several vectors are the dot products; $SO(3)$ adds the determinants of three vectors, the *brackets*, which a
# mirror changes in sign (chapter 03, the first fundamental theorem). A bracket is what tells left from right:

# %%
for G in (groups.O(3), groups.SO(3)):
    print(f"{G!s:5s} on three vectors:", ", ".join(invariants.fundamental(3 * G.vector).names))
helix = clouds[labels == NAMES.index("right helix")][0].double()
mirror = helix * torch.tensor([1.0, 1.0, -1.0], dtype=torch.float64)
print(
    "a helix and its mirror image have the same dot products:",
    torch.allclose(deep_sets.gram(helix), deep_sets.gram(mirror)),
)

# %%
guess = teaching.predict(
    "Classify turned shapes with O(3)-invariant features (dot products). How many of the helices come out right?",
    ["all", "half", "none"],
)
guess

# %% [markdown]
# Two networks on sets. The first reads the matrix of dot products as a set of rows, each a set of pairs: invariant under $S(n) \times O(3)$. The second turns each
# cloud to its *principal axes* and averages over the four rotations that keep them: invariant under $S(n) \times SO(3)$, and it sees mirror images.

# %%
generator = torch.Generator().manual_seed(0)
rows_of_pairs = DeepSets(
    nn.Sequential(mlp(3, 16, generator=generator), nn.SiLU()), mlp(16, 16, generator=generator), "max"
)
sets_of_points = DeepSets(mlp(3, 16, 16, generator=generator), mlp(16, 8, generator=generator))
networks = {
    "dot products": (DeepSets(rows_of_pairs, mlp(16, 8, generator=generator), "max").double(), deep_sets.gram),
    "principal axes": (deep_sets.FramedSets(sets_of_points).double(), lambda x: x),
}
g = groups.SO(3).sample(1, generator)[0]
print("                order  rotation  mirror image")
for name, (network, read) in networks.items():
    answers = [network(read(y)).detach() for y in (helix, helix.flip(0), helix @ g.T, mirror)]
    changes = [float((answer - answers[0]).abs().max()) for answer in answers[1:]]
    print(f"{name:14s}", *("    same" if change < 1e-9 else " changes" for change in changes))

# %% [markdown]
# Trained on 1000 clouds that all stand upright, tested on clouds turned at random (recorded by `python data/make/set_runs.py shapes`):

# %%
rows = recorded("shapes")
with style.figure(size=(8, 3.4)) as (figure, axes):
    for offset, key, hue, name in (
        (-0.26, "as trained", "data", "upright"), (0, "turned", "group", "turned"), (0.26, "helices", "learned", "turned helices"),
    ):  # fmt: skip
        places = [i + offset for i in range(len(rows))]
        bars = axes.barh(places, [100 * row[key] for row in rows], 0.24, color=style.colour(hue), label=name, zorder=2)
        axes.bar_label(bars, fmt="%.0f", padding=3, fontsize=9)
    axes.set(title="What is not built in, turning destroys", xlim=(0, 112), xlabel="clouds recognised, %")
    axes.set_yticks(range(len(rows)), [row["learner"].replace(": ", ":\n") for row in rows], fontsize=9)
    axes.invert_yaxis()
    figure.legend(loc="outside lower center", ncols=3)
    plt.show()

# %% slide="fragment"
guess.reveal("half")

# %% [markdown]
# ## Honest limits
#
# ### Polynomials blur what is close
#
# Power sums separate, but not evenly. The sets $\{t, -t, 0\}$ and $\{0, 0, 0\}$ lie $\sqrt2\,t$ apart, and their power sums only $2t^2$. Sorting keeps
# distances.

# %%
t = torch.tensor([1e-4, 1e-3], dtype=torch.float64)
close = torch.stack([t, -t, 0 * t], 1)
summed, ordered = deep_sets.power_sums(close).norm(dim=1), close.sort(1).values.norm(dim=1)
print("t = 1e-4 against t = 1e-3: sorted 10 times closer:", abs(float(ordered[1] / ordered[0]) - 10) < 1e-6)
print("                           power sums 100 times closer:", abs(float(summed[1] / summed[0]) - 100) < 1e-3)
print(
    "at t = 1e-4 the difference is below the rounding of 1 in float32:",
    float(summed[0]) < torch.finfo(torch.float32).eps,
)

# %% [markdown]
# ### Frames jump
#
# Three points in the plane, put in the order of their first coordinates: one term, exact, and cheap. Where two points overtake each other, the input of $\varphi$
# jumps. On a path from one set to another:

# %%
V = 2 * groups.S(3).vector  # the first coordinates of three points, then the second
start = torch.tensor([-0.5, 0.4, 0.9, 1.0, -1.0, 0.3], dtype=torch.float64)
stop = torch.tensor([0.8, -0.3, 0.1, 1.0, -1.0, 0.3], dtype=torch.float64)
path = torch.linspace(0, 1, 401, dtype=torch.float64)
curves = {}
for name in ("frame", "reynolds", "generators"):
    network = InvariantNetwork(V, name, generator=torch.Generator().manual_seed(3)).double()
    jump = deep_sets.largest_jump(network, start, stop)
    print(f"{name:10s} jumps: {jump.size > 1e-3}")
    curves[name] = network(start + path[:, None] * (stop - start))[:, 0].detach()
with style.figure(size=(7, 3)) as (figure, axes):
    for (name, curve), hue in zip(curves.items(), ("group", "muted", "invariant"), strict=True):
        broken = torch.where(curve.diff(prepend=curve[:1]).abs() > 20 * curve.diff().abs().median(), torch.nan, curve)
        axes.plot(path, broken - curve[0], color=style.colour(hue), label=name)
    axes.set(title="A frame breaks where points overtake", xlabel="along the path", ylabel="f, less its first value")
    axes.legend()
    plt.show()

# %% [markdown]
# ### A sample is unbiased, its loss is not
#
# The mean over a few random elements is right *on average*. But a squared loss is convex: it adds the variance of the sample, $\mathbb E(\hat f - y)^2 = (f - y)^2 + \sigma^2/N$. Even a
# network whose average over the group is perfect is punished.

# %%
G = groups.C(5)
phi = mlp(5, 32, 1, generator=torch.Generator().manual_seed(0)).double()
x = torch.randn(5, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
values = phi(G.elements() @ x)[:, 0].detach()  # φ(gx) for the five g
y = values.mean()  # the target: what the full average says, so f = y
draws = values[torch.randint(5, (200_000, 4), generator=torch.Generator().manual_seed(2))].mean(1)  # N = 4
sigma2 = values.var(correction=0)
print(
    "the mean of the samples is f, to 4 standard errors:",
    bool((draws.mean() - y).abs() < 4 * (sigma2 / 4 / 200_000).sqrt()),
)
print("the loss is σ²/N, not 0, to 3 %:", bool(((draws - y).square().mean() / (sigma2 / 4) - 1).abs() < 0.03))

# %% [markdown]
# ### No average, and yet a network: SL(2)
#
# Over SL(2), the maps of the plane that keep areas, no network can be averaged: the volume is infinite (chapter 02). But it has invariants: the areas, determinants of two vectors.

# %%
V = 3 * groups.SL(2).vector
for name in ("reynolds", "sampled"):
    try:
        InvariantNetwork(V, name)
    except ValueError as reason:
        print(str(reason).split(";")[0])
network = InvariantNetwork(V, "generators").double()
assert_invariant(network, V)
print("generators:", ", ".join(network.features.names), "· invariant:", network.exact)

# %% [markdown]
# The price: orbits of a group that is not compact need not be separated. Two parallel vectors span no area, whatever their lengths, but no $g$ takes $(v, 2v)$ to
# $(v, 3v)$: the ratio of parallel vectors never changes.

# %%
areas = invariants.fundamental(2 * groups.SL(2).vector)
v = torch.tensor([1.0, 2.0], dtype=torch.float64)
print("the same invariants:", torch.equal(areas(torch.cat([v, 2 * v])), areas(torch.cat([v, 3 * v]))))

# %% [markdown]
# ## Exercises
#
# Each has a stub, a check, two hints and a solution. The checks look for the smallest case that goes wrong.

# %% [markdown] exercise="04.1"
# ### Exercise 04.1 · A mean that does not count padding
# Sets of different sizes lie in one tensor `x` (sets, n, channels), filled up with anything at all; `mask` (sets, n) is True where an element is
# there. Write `masked_mean(x, mask)`, the mean of each set over the elements that are there: (sets, channels). Every set has at least one.

# %% [markdown] hint="04.1"
# Two things go wrong easily: what the filling *is* (it may be NaN, and 0 · NaN is NaN), and by how many elements you divide.

# %% [markdown] hint="04.1"
# `x.masked_fill(~mask[..., None], 0).sum(1)`, divided by `mask.sum(1)`.


# %% stub="04.1"
def masked_mean(x, mask):
    return ...


# %% check="04.1"
teaching.check("04.1", masked_mean)


# %% solution="04.1"
def masked_mean(x, mask):
    return x.masked_fill(~mask[..., None], 0).sum(1) / mask.sum(1)[:, None]


# %% mistake="04.1"
def masked_mean(x, mask):
    return x.masked_fill(~mask[..., None], 0).mean(1)


# %% [markdown] exercise="04.2"
# ### Exercise 04.2 · The larger of two
# Make a $\rho$ by hand. Of two numbers only $p_1 = x_1 + x_2$ and $p_2 = x_1^2 + x_2^2$ are known, `p` (..., 2) in float64. Write `larger(p)`, the larger of the
# two: (...). Mind the case that they are equal.

# %% [markdown] hint="04.2"
# Newton: the two numbers are the roots of $t^2 - e_1t + e_2$ with $e_1 = p_1$ and $2e_2 = e_1p_1 - p_2$. Which root is the larger?

# %% [markdown] hint="04.2"
# $(x_1 - x_2)^2 = 2p_2 - p_1^2$. For equal numbers rounding can make that slightly negative, and its square root NaN: `.clamp(min=0)`.


# %% stub="04.2"
def larger(p):
    return ...


# %% check="04.2"
teaching.check("04.2", larger)


# %% solution="04.2"
def larger(p):
    p1, p2 = p.unbind(-1)
    return (p1 + (2 * p2 - p1**2).clamp(min=0).sqrt()) / 2


# %% mistake="04.2"
def larger(p):
    p1, p2 = p.unbind(-1)
    return (p1 + (2 * p2 - p1**2).sqrt()) / 2  # NaN where two equal numbers have been rounded


# %% [markdown] exercise="04.3"
# ### Exercise 04.3 · A second set
# The columns $\varphi(x) = (x, x^2)$ are too short for sets of three. Write `second_set(x)`: for *any* three different numbers, not equally spaced, another set of three with the same sum
# and the same sum of squares. (No search is needed.)

# %% [markdown] hint="04.3"
# The sum fixes the mean, the sum of squares the variance. Which maps of the line keep the mean and the variance of *every* set?

# %% [markdown] hint="04.3"
# Reflect at the mean. (For 0, 1, 5 the mean is 2: the other set is 4, 3, −1.)


# %% stub="04.3"
def second_set(x):
    return ...  # (3,)


# %% check="04.3"
teaching.check("04.3", second_set)


# %% solution="04.3"
def second_set(x):
    return 2 * x.mean() - x


# %% mistake="04.3"
def second_set(x):
    return -x


# %% [markdown]
# The next exercise has a picture to reach: the matrices of the group.

# %%
teaching.expected("04.4")

# %% [markdown] exercise="04.4"
# ### Exercise 04.4 · A network for your own group
# Two couples sit at a table, $(x_0, x_1)$ and $(x_2, x_3)$. Partners may change seats, and the couples may; but nobody changes partners. Build the group `G` of these
# permutations and a `network` that is invariant under them and under no more (in float64).

# %% [markdown] hint="04.4"
# `groups.permutation_group([...])` takes a list of generators, each as a list: `[1, 0, 2, 3]` is one of them.

# %% [markdown] hint="04.4"
# The other swaps the couples, `[2, 3, 0, 1]`. Then `InvariantNetwork(G).double()`.

# %% stub="04.4"
G = ...
network = ...

# %% check="04.4"
teaching.check("04.4", (G, network))

# %% solution="04.4"
G = groups.permutation_group([[1, 0, 2, 3], [2, 3, 0, 1]])
network = InvariantNetwork(G).double()

# %% mistake="04.4"
G = groups.permutation_group([[1, 0, 2, 3], [0, 1, 3, 2]])
network = InvariantNetwork(G).double()

# %% [markdown] exercise="04.5"
# ### Exercise 04.5 · Left or right?
# Four atoms sit at the rows of `x` (4, 3), in this order. Write `handedness(x)`: a number that no rotation and no translation changes, that changes its *sign* in a
# mirror, and is 0 only if the four lie in a plane. (Molecules that differ by this number alone can smell of orange or of lemon.)

# %% [markdown] hint="04.5"
# Translations: use differences only. Rotations: of three vectors, what is invariant under SO(3) and not under O(3)?

# %% [markdown] hint="04.5"
# The bracket of $x_1 - x_0$, $x_2 - x_0$ and $x_3 - x_0$: `torch.linalg.det` of a 3 × 3 matrix.


# %% stub="04.5"
def handedness(x):
    return ...


# %% check="04.5"
teaching.check("04.5", handedness)


# %% solution="04.5"
def handedness(x):
    return torch.linalg.det(x[1:] - x[0])


# %% mistake="04.5"
def handedness(x):
    return torch.linalg.det(x[1:])  # changes when the molecule is moved


# %% [markdown]
# ## Break it
#
# Three bugs that pass a first look: the padding is counted in the mean; *batch normalisation* lets the other sets of the batch into the answer; a position is
# added to each element, as transformers do.

# %%
generator = torch.Generator().manual_seed(0)
torch.manual_seed(0)
x, mask = torch.randn(4, 6, 1, generator=generator), torch.arange(6) < torch.tensor([[3], [4], [5], [6]])
x = x.masked_fill(~mask[..., None], 0)
padded, more = torch.nn.functional.pad(x, (0, 0, 0, 2)), torch.nn.functional.pad(mask, (0, 2))
network = DeepSets(mlp(1, 16, 8), mlp(8, 1), "mean")
print(
    "two more zeros of padding, mask given: the answer changes:",
    not torch.allclose(network(x, mask), network(padded, more), atol=1e-6),
)
print("                         and without mask:", not torch.allclose(network(x), network(padded), atol=1e-6))

normalised = DeepSets(
    nn.Sequential(mlp(1, 16), nn.Flatten(0, -2), nn.BatchNorm1d(16), nn.Unflatten(0, (-1, 6))), mlp(16, 1)
)
print(
    "batch norm: the answer for one set depends on the others:",
    not torch.allclose(normalised(x)[:1], normalised(x[:2])[:1], atol=1e-4),
)

place = torch.randn(6, 1, generator=generator)
print(
    "positions added: another order, another answer:",
    not torch.allclose(network(x + place), network(x.flip(1) + place), atol=1e-4),
)

# %% [markdown]
# ## Try next
#
# - Give `InvariantNetwork` a group of your own, and ask for all constructions: which are refused, and what do they advise?
# - In `SymmetryComparison` take 20 examples, then 500: which construction needs data most?
# - Tell the helices apart by a single number: the mean of a bracket over some triples of points. Which triples?
#
# | chapter | question |
# |---|---|
# | [03](03_invariant_theory.ipynb) | where the generators come from, and when they are enough |
# | [05](05_sharing_patterns.ipynb) | the equivariant layer $\lambda E + \gamma\,\mathbf 1\mathbf 1^\top$, and those of every group |
# | [06](06_equivariant_networks.ipynb) | networks that stay equivariant through many layers |
#
# ## References
#
# - M. Zaheer et al. *Deep Sets*, NeurIPS 2017.
# - E. Wagstaff et al. *On the limitations of representing functions on sets*, ICML 2019.
# - D. Yarotsky. *Universal approximations of invariant maps by neural networks*, Constructive Approximation 2022.
# - B. Sturmfels. *Algorithms in Invariant Theory*, 2nd ed., Springer 2008, §1.1, §2.1.
# - P. Kicki, P. Skrzypczyński, M. Ozay. *A new approach to design symmetry invariant neural networks*, IJCNN 2021.
# - N. Dym, S. Gortler. *Low-dimensional invariant embeddings for universal geometric learning*, FoCM 2024.
# - O. Puny et al. *Frame averaging for invariant and equivariant network design*, ICLR 2022.
# - S. Villar et al. *Scalars are universal*, NeurIPS 2021: dot products and brackets.
# - E. Alpaydin, C. Kaynak. *Optical recognition of handwritten digits*, UCI 1998: the images (CC BY 4.0).
