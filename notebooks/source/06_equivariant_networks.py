# %% [markdown]
# # 06 · How do equivariant maps become a network?
#
# Chapter 05 found all *linear* maps that respect a symmetry. A network needs more: something nonlinear between them. Most of what one would
# write without thinking, a ReLU, a bias, destroys the symmetry at once. In this chapter you find out which nonlinear functions do not, build networks for
# permutations, rotations and Lorentz transformations from the same four parts, and see what the symmetry is worth when data are few.
#
# **You will be able to**
#
# - write a layer whose parameters are the coordinates in a basis of Hom, and count them beforehand;
# - say for which representations ReLU is allowed, and show a counter-example for all others;
# - use gates and norms where it is not, and products where gates are not enough;
# - say what a network of a given order cannot see;
# - derive the group convolution, and count its weights;
# - find the layer in which a symmetry breaks.
#
# **Time**: 75 minutes · **You need**: chapters [02](02_reynolds_operator.ipynb) and [05](05_sharing_patterns.ipynb)

# %% tags=["setup"]
import itertools
import json
import math

import matplotlib.pyplot as plt
import torch
from torch import nn

from eqkit import doctor, groups, networks, subspaces, tasks, teaching
from eqkit.equivariant_maps import Hom
from eqkit.networks import Bilinear, EquivariantLinear, EquivariantMLP, Gated, GroupConv2d, Norm, Pointwise
from eqkit.representations import assert_equivariant, equivariance_error
from eqkit.tasks import digits
from eqkit.tasks.rotated_digits import rotated_digits
from eqkit.tasks.shapes import shapes
from eqkit.tasks.tensors import inertia
from eqkit.views import BreakIt, break_it, draw_matrix, style

doctor.greet()


def seeded(number):
    return torch.Generator().manual_seed(number)


# %%
teaching.notation()

# %% [markdown]
# ## Recap: three lines
#
# 1. A map $f$ from a representation $V$ to a representation $W$ is **equivariant** if $f(V(g)\,x)=W(g)\,f(x)$ for all $g$.
# 2. The *linear* equivariant maps are a space, $\mathrm{Hom}_G(V,W)$, of matrices with $M\,V(g)=W(g)\,M$; `Hom(V, W).basis` spans it.
# 3. If $f:V\to W$ and $h:W\to Z$ are equivariant, so is $h\circ f$: $\;h(f(V(g)x))=h(W(g)f(x))=Z(g)\,h(f(x))$.
#
# The third line is the plan of every equivariant network: **a chain of equivariant layers is equivariant**, whatever the weights are. So one has to check
# layers, never networks.
#
# ## Predict
#
# A network takes vectors in space to vectors in space and has to respect all rotations, $SO(3)$. Its linear layers come from Hom. ($\sigma$ is the sigmoid,
# $\sigma(t)=1/(1+e^{-t})$.)

# %%
guess = teaching.predict(
    "Which of these may stand between them?",
    [
        "ReLU of every coordinate",
        "tanh of every coordinate",
        "x multiplied by σ(‖x‖)",
        "any of these",
    ],
)
guess

# %% [markdown]
# ## See where it breaks
#
# A network of seven layers, two vectors in, one out. Each bar is the **equivariance error** of the network up to that layer,
# $\max_{g,x}|f(gx)-g f(x)|$ on a log axis; the diamond is the layer's own error. The green band is rounding. Here a ReLU has been put into the second
# block. Switch it off; then try the other faults, other blocks, other groups: under which groups is the ReLU harmless?

# %%
view = BreakIt(groups.SO(3), faults=["ReLU"])
view

# %%
print(view.verdict())
print("arises in:", view.state()["arises_in"])

# %% slide="fragment"
guess.reveal("x multiplied by σ(‖x‖)")

# %% [markdown] slide="notes"
# Let the class name the first vermilion bar before you switch anything. With the group S(5) the same ReLU is blue all the way: ask why before the theorem.

# %% [markdown]
# ## Explain: a chain of equivariant layers
#
# Nothing in the picture is magic. The layers before the fault commute with $g$, the faulty one does not, and all that follow only pass the error on: their own
# diamonds lie in the band. Here is such a chain in code, with the test that found the error, `equivariance_error`.

# %%
G = groups.SO(3)
V = G.vector
seed = seeded(0)
first = EquivariantLinear(2 * V, 5 * V, dtype=torch.float64, generator=seed)
last = EquivariantLinear(5 * V, V, dtype=torch.float64, generator=seed)
for name, f in {"norm": Norm(5 * V, torch.float64), "ReLU": nn.ReLU(), "tanh": nn.Tanh()}.items():
    error, g, x = equivariance_error(nn.Sequential(first, f, last), 2 * V, V)
    print(f"{name}: equivariant to rotations: {error < 1e-10}")

# %% [markdown]
# ## Linear layers: the parameters are the coordinates
#
# $$x\;\mapsto\;\sum_{d}c_d\,B_d\,x\;+\;\sum_e b_e\,u_e,\qquad B_d\text{ a basis of }\mathrm{Hom}(V,W),\quad u_e\text{ a basis of the invariant vectors of }W.$$
#
# The bias has to satisfy $W(g)\,b=b$: it is an invariant vector, a map from the trivial representation, $\mathrm{Hom}(1,W)$. The layer, in the lines of code that are
# this formula:


# %%
class Linear(nn.Module):
    def __init__(self, V, W):
        super().__init__()
        self.maps, self.constants = Hom(V, W), Hom(V.group.trivial, W)
        self.c = nn.Parameter(torch.randn(self.maps.dim, dtype=torch.float64))
        self.b = nn.Parameter(torch.randn(self.constants.dim, dtype=torch.float64))

    def forward(self, x):
        return x @ self.maps.combine(self.c).T + self.constants.combine(self.b)[:, 0]


torch.manual_seed(0)
G = groups.S(5)
V, W = G.vector, G.vector**2
ours, kit = Linear(V, W), EquivariantLinear(V, W, dtype=torch.float64)
assert_equivariant(ours, V, W)
for layer in (ours, kit):
    weights, biases = (len(p) for p in layer.parameters())
    n, m, name = W.size, V.size, type(layer).__name__
    print(f"{name}: {weights} of {n * m} weights, {biases} of {n} biases")
optimiser = torch.optim.Adam(ours.parameters(), 0.1)
for _ in range(10):
    x = torch.randn(32, 5, dtype=torch.float64)
    loss = (ours(x) - (x[:, :, None] * x[:, None, :]).flatten(1)).square().mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
assert_equivariant(ours, V, W)
print("still equivariant after ten steps of Adam")

# %% [markdown]
# No projection, no penalty: a gradient moves the coordinates, and every value of the coordinates is allowed. `EquivariantLinear` does the same block by block: a layer
# between sums, $2V\oplus V\otimes V\to\dots$, is a matrix of small blocks, and each kind of block is solved once. How many numbers are left of a dense layer?

# %%
cube = groups.RubiksCube()
layers = {}
compact = groups.S(5), groups.C(8), groups.D(6), groups.Octahedral(), groups.SO(3)
for G in (*compact, groups.Lorentz()):
    source, target = 4 * G.trivial + 4 * G.vector, 4 * G.vector + 2 * G.vector**2
    layers[str(G)] = EquivariantLinear(source, target)
layers["Rubik's cube"] = EquivariantLinear(4 * cube.trivial + 4 * cube.vector, 4 * cube.vector)
for name, layer in layers.items():
    n, m = layer.W.size, layer.V.size
    print(f"{name}: {len(layer.coefficients)} of {n * m} weights, {len(layer.bias)} of {n} biases")

# %%
S, C, R = groups.S(4).vector, groups.C(8).vector, groups.SO(3).vector
small = {
    "S(4): 2V → V ⊕ V⊗V": EquivariantLinear(2 * S, S + S**2, generator=seeded(1)),
    "C(8): 2V → 2V": EquivariantLinear(2 * C, 2 * C, generator=seeded(2)),
    "SO(3): on 2V ⊕ V⊗V": EquivariantLinear(2 * R + R**2, 2 * R + R**2, generator=seeded(3)),
}
with style.figure(1, 3, size=(9.5, 3.4)) as (figure, axes):
    for ax, (name, layer) in zip(axes, small.items(), strict=True):
        M = layer.matrix().detach()
        draw_matrix(ax, name, ink="learned", values=M)
        ax.set_xlabel(f"{M.numel()} weights, {len(layer.coefficients)} numbers")
    plt.show()

# %% [markdown]
# Look at the biases. A vector in space has none: no vector but zero stays where it is under all rotations. $V\otimes V$ has one, the
# identity matrix (for the Lorentz group, the metric).

# %%
for G in (groups.S(5), groups.C(8), groups.SO(3), groups.Lorentz()):
    in_V, in_VV = Hom(G.trivial, G.vector).dim, Hom(G.trivial, G.vector**2).dim
    print(f"{G}: invariant biases in V {in_V}, in V⊗V {in_VV}")

# %% [markdown]
# ## Pointwise functions: where coordinates are permuted
#
# **Theorem.** (a) If $V(g)$ is a permutation matrix, then *every* function of the single coordinates commutes with it. (b) If it is a permutation with signs, every *odd* function does. (c) ReLU commutes with
# an orthogonal $V(g)$ *only* if $V(g)$ is a permutation matrix.
#
# *Proof.* (a) Coordinate $g(i)$ of both sides is $f(x_i)$. (b) It is $f(\pm x_i)=\pm f(x_i)$. (c) Let $M=V(g)$. As $e_j$ is its own ReLU,
# $\mathrm{ReLU}(Me_j)=Me_j$: no entry of $M$ is negative. Two rows of $M$ are orthogonal, $\sum_jM_{ij}M_{kj}=0$ with all terms $\ge0$, so all are zero: in
# each column at most one entry is not zero. As a column has length 1, that entry is 1. $\square$
#
# (Not all matrices that commute with ReLU are permutations: it also commutes with positive factors, $\mathrm{ReLU}(2x)=2\,\mathrm{ReLU}(x)$. These are not orthogonal.)

# %%
x = torch.randn(200, 3, dtype=torch.float64, generator=seeded(0))


def commuting(f, elements):
    """How many g have f(g x) = g f(x) on 200 random x."""
    return sum(torch.allclose(f(x @ g.T), f(x) @ g.T) for g in elements)


for G in (groups.S(3), groups.SignedPermutations(3), groups.Octahedral(), groups.Icosahedral()):
    g = G.elements()
    permutations = int((g >= 0).all((1, 2)).sum())
    relu, tanh = commuting(torch.relu, g), commuting(torch.tanh, g)
    print(f"{G}, {G.order} elements, of which {permutations} are permutation matrices:")
    print(f"   ReLU commutes with {relu}, tanh with {tanh}")

# %% [markdown]
# The picture shows why. A function of the plane that commutes with all rotations takes circles about the origin to such circles. ReLU and tanh know
# where the axes are. (Each picture: where $f$ takes circles of radius 0.5, 1.25 and 2.)

# %%
angle = torch.linspace(0, 2 * math.pi, 241)
circle = torch.stack([angle.cos(), angle.sin()], 1)
functions = {
    "ReLU: folded": torch.relu,
    "tanh: squares": torch.tanh,
    "σ(‖x‖) x: circles": lambda x: torch.sigmoid(x.norm(dim=1, keepdim=True)) * x,
}
with style.figure(1, 3, size=(9, 3.2)) as (figure, axes):
    for ax, (name, f) in zip(axes, functions.items(), strict=True):
        for radius in (0.5, 1.25, 2.0):
            colour = style.colour("invariant" if "σ" in name else "group")
            ax.plot(*f(radius * circle).T, color=colour)
        ax.set(title=name, xlabel="x₀", ylabel="x₁", aspect="equal")
        ax.set(xlim=(-2.1, 2.1), ylim=(-2.1, 2.1))
    plt.show()

# %% [markdown]
# The kit knows the theorem, and refuses by the *type* of the representation; the refusal contains a counter-example.

# %%
B3 = groups.SignedPermutations(3)
for G, f in ((groups.S(5), "relu"), (B3, "tanh"), (B3, "relu")):
    try:
        print(Pointwise(G.vector, f), "is accepted")
    except ValueError as refusal:
        print(refusal)

# %% [markdown] slide="notes"
# Ask for a function of three variables that commutes with the 12 permutations and signs in the icosahedral group, but not with all of its 60 elements. tanh is one: it is odd.

# %% [markdown]
# ## Norms and gates: for all other representations
#
# A number that no $g$ changes may multiply a vector: $\sigma(s)\,V(g)x=V(g)\,\sigma(s)x$. Two ways to get such a number:
#
# - **norm**: $x\mapsto\sigma(\lVert x\rVert+b)\,x$. Needs $\lVert V(g)x\rVert=\lVert x\rVert$: orthogonal or unitary representations.
# - **gate**: $(s,x)\mapsto\sigma(s)\,x$, where $s$ is a further output of the linear layer, in the trivial representation. Needs nothing: it works for *every* group.


# %%
def norm(x, b):
    return torch.sigmoid(x.norm(dim=-1, keepdim=True) + b) * x


def gate(s, x):
    return torch.sigmoid(s) * x


V = groups.SO(3).vector
x = torch.randn(7, 3, dtype=torch.float64, generator=seeded(0))
print("our norm is the kit's:", torch.allclose(norm(x, 0), Norm(V, torch.float64)(x)))
assert_equivariant(lambda x: norm(x, 1.0), V, V)
for G in (groups.SO(3), groups.Sp(4), groups.Lorentz(), groups.SL(3)):
    R = G.trivial + G.vector
    assert_equivariant(lambda x: gate(x[:, :1], x[:, 1:]), R, G.vector)
    kit = Gated(3 * G.trivial + 2 * G.vector)
    assert_equivariant(kit, kit.source, kit.V)
    try:
        Norm(G.vector)
        print(f"{G}: gates and norms commute;", kit.source, "→", kit.V)
    except ValueError:
        print(f"{G}: gates commute, norms are refused;", kit.source, "→", kit.V)

# %% [markdown]
# ## Gates are not enough
#
# Surely linear layers and gates can do everything now? No. From vectors alone no linear map makes a number, $\mathrm{Hom}(V,1)=0$ for $O(3)$. So the gates see
# constants, and the whole network, however deep, is **linear**:

# %%
O3 = groups.O(3)
V = O3.vector
print("Hom(V, 1):", Hom(V, O3.trivial).dim, "· Hom(V, V⊗V):", Hom(V, V**2).dim)
deep = EquivariantMLP(
    2 * V,
    V,
    hidden=20 * O3.trivial + 10 * V,
    layers=4,
    products=0,  # a later section adds them
    dtype=torch.float64,
    generator=seeded(0),
)
with torch.no_grad():
    for layer in deep.linear:
        layer.bias.normal_(generator=seed)
    x, y = torch.randn(2, 100, 6, dtype=torch.float64, generator=seed)
    linear = torch.allclose(deep(x + y), deep(x) + deep(y))
print("four gated layers, f(x + y) = f(x) + f(y):", linear)

# %% [markdown]
# Norms are nonlinear. But whatever they do to the vectors $a,b$ that came in, all vectors inside stay combinations of $a$ and $b$ (and all matrices
# combinations of $E$, $[a]_\times$ and $[b]_\times$, where $[a]_\times x=a\times x$). So the cross product,
# which stands at right angles to both, is out of reach, though it is perfectly equivariant to rotations.

# %%
SO3 = groups.SO(3)
V = SO3.vector
H = 6 * V + 3 * V**2
network = nn.Sequential(
    EquivariantLinear(2 * V, H, dtype=torch.float64, generator=seed),
    Norm(H, torch.float64),
    EquivariantLinear(H, H, dtype=torch.float64, generator=seed),
    Norm(H, torch.float64),
    EquivariantLinear(H, V, dtype=torch.float64, generator=seed),
)
a, b = x[:, :3], x[:, 3:]
normal = torch.linalg.cross(a, b)
out = network(x).detach()
along = (out * normal).sum(1) / normal.norm(dim=1)
print("outputs at right angles to a × b:", float(along.abs().max()) < 1e-12)
assert_equivariant(lambda x: torch.linalg.cross(x[:, :3], x[:, 3:]), 2 * V, V)

# %% [markdown]
# ## Products
#
# The cure is a third part: **multiply**. $a\otimes b$ is equivariant in the pair $(a,b)$, and after it comes Hom again, from $V\otimes V$:
#
# $$x\;\mapsto\;L\,(Px\otimes Qx),\qquad P,Q,L\text{ equivariant linear.}$$
#
# What does $\mathrm{Hom}(V\otimes V,\cdot)$ hold for rotations? One number: the dot product. One vector: the cross product. Three matrices.

# %%
dot, cross, matrices = Hom(V**2, SO3.trivial), Hom(V**2, V), Hom(V**2, V**2)
print(f"SO(3): to numbers {dot.dim} · to vectors {cross.dim} · to matrices {matrices.dim}")
pairs = (a[:, :, None] * b[:, None, :]).flatten(1)  # a ⊗ b, 9 numbers
number, vector = pairs @ dot.basis[0].T, pairs @ cross.basis[0].T
factor, sign = dot.basis[0][0, 0], cross.basis[0].reshape(3, 3, 3)[0, 1, 2]  # a basis is not unique
print("the one number is a·b:", torch.allclose(number, factor * (a * b).sum(1, keepdim=True)))
print("the one vector is a × b:", torch.allclose(vector, sign * normal))

# %% [markdown]
# And the **moment of inertia** of point masses, $\sum_i m_i\,(\lVert r_i\rVert^2E-r_ir_i^\top)$, which every textbook on mechanics derives, is a product followed by one of these maps:

# %%
V = O3.vector
H = Hom(V**2, V**2)
E3 = torch.eye(3, dtype=torch.float64).flatten()
M = torch.outer(E3, E3) - torch.eye(9, dtype=torch.float64)  # r ⊗ r ↦ ‖r‖² E − r rᵀ
print("in Hom(V⊗V, V⊗V) of O(3):", torch.allclose(H.project(M), M))
layer = Bilinear(2 * V, V + V**2, channels=4, dtype=torch.float64, generator=seeded(0))
assert_equivariant(layer, 2 * V, V + V**2)
print("the kit's bilinear layer multiplies:", layer.extra_repr())

# %% [markdown]
# ### Scalars are universal
#
# For rotations with reflections there is a shortcut. **Theorem** (Villar et al. 2021): the polynomial maps from vectors $v_1,\dots,v_m$ to a vector that commute with $O(n)$ are exactly
#
# $$h(v_1,\dots,v_m)=\sum_i f_i\bigl(\text{all dot products}\bigr)\,v_i ,\qquad f_i\text{ polynomials}.$$
#
# So an ordinary MLP on the table of dot products, the Gram matrix, makes an equivariant network for every dimension; with $v^\top\eta\,w$ in place of the dot product, for the Lorentz group.


# %%
def scalars(f, eta):
    """x (…, m·n) ↦ Σ fᵢ(Gram) vᵢ, (…, n)."""

    def h(x):
        v = x.unflatten(-1, (-1, len(eta)))  # (…, m, n)
        gram = v @ eta @ v.mT  # (…, m, m)
        return (f(gram.flatten(-2))[..., None] * v).sum(-2)

    return h


torch.manual_seed(0)
f = nn.Sequential(nn.Linear(9, 32), nn.SiLU(), nn.Linear(32, 3)).double()  # one for all groups
for G, eta in (
    (groups.O(2), torch.eye(2)),
    (O3, torch.eye(3)),
    (groups.O(7), torch.eye(7)),
    (groups.Lorentz(), groups.METRIC),
):
    assert_equivariant(scalars(f, eta.double()), 3 * G.vector, G.vector, tolerance=1e-9)
    print(f"{G}: equivariant, three vectors to one")

# %% [markdown]
# Is $a\times b$ of this form? It is no combination of $a$ and $b$. But the theorem is about $O(n)$, and $-E$, which is in $O(3)$ and not in $SO(3)$, uncovers the cross product: vectors change sign, and
# $(-a)\times(-b)=a\times b$ does not. It is a *pseudovector*; for $SO(n)$ the theorem needs the generalised cross products in addition.

# %%
for G in (SO3, O3):
    print(f"{G}: maps from Alt²V, where a ∧ b lives, to V: {Hom(G.vector.alt(2), G.vector).dim}")

# %% [markdown]
# ## What a first-order network cannot see
#
# The even permutations $A(4)$ are half of $S(4)$. Count the free weights of layers between tensors of order $p$ and $q$:

# %%
A4, S4 = groups.A(4), groups.S(4)
print("p → q   A(4)  S(4)")
for p, q in ((1, 1), (1, 2), (2, 2)):
    even, all_ = (Hom(G.vector**p, G.vector**q).dim for G in (A4, S4))
    print(f"{p} → {q}   {even:>4}  {all_:>4}")
for n in (3, 4, 5, 6):
    order = networks.telling_order(groups.A(n), groups.S(n))
    print(f"A({n}) and S({n}) differ first where p + q = {order}")

# %% [markdown]
# **Consequence.** A network for $A(4)$ whose layers have order one *is* a network for $S(4)$, with every weight. It cannot compute anything that an odd permutation changes, such as
# the sign of the Vandermonde product $\prod_{i<j}(x_j-x_i)$: exchange two coordinates, and it flips. Test data in pairs, $x$ and $x$ with two coordinates exchanged: one answer for
# both, so **exactly half** are right. One kind of second-order feature, $V\otimes V$, and the network learns it.


# %%
def vandermonde(count, generator):
    """x (2·count, 4) in pairs that differ by an exchange, and the signs (2·count, 1)."""
    x = torch.randn(count, 4, generator=generator)
    i, j = torch.triu_indices(4, 4, 1)
    y = (x[:, j] - x[:, i]).prod(1, keepdim=True).sign()
    return torch.cat([x, x[:, [1, 0, 2, 3]]]), torch.cat([y, -y])


def train(network, batch, steps, rate, watch=None):
    """Adam with one cycle of the rate on batch() -> (x, y); watch() every 20 steps."""
    optimiser = torch.optim.AdamW(network.parameters(), rate, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, steps, pct_start=0.1)
    seen = []
    for step in range(steps):
        x, y = batch()
        loss = (network(x) - y).square().mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if watch and (step % 20 == 0 or step == steps - 1):
            with torch.no_grad():
                seen.append((step + 1, watch()))
    return seen


seed = seeded(1)
(x, y), (x_test, y_test) = vandermonde(512, seed), vandermonde(1000, seed)
first_order = 20 * A4.trivial + 6 * A4.vector
kinds = {"order 1: 1, V": first_order, "order 2: 1, V, V⊗V": first_order + 8 * A4.vector**2}
curves = {}
for name, hidden in kinds.items():
    network = EquivariantMLP(A4.vector, A4.trivial, hidden, products=0, generator=seeded(0))

    def share_right(network=network):
        return float((network(x_test).sign() == y_test).double().mean())

    curves[name] = train(network, lambda: (x, y), 400, 3e-2, share_right)
    share = curves[name][-1][1]
    print(f"{name}: half are right: {abs(share - 0.5) < 0.01} · more than 85 %: {share > 0.85}")

# %%
with style.figure(size=(7, 3)) as (figure, ax):
    for (name, curve), role in zip(curves.items(), ("group", "invariant"), strict=True):
        ax.plot(*zip(*curve, strict=True), color=style.colour(role), label=name)
    ax.set(
        title="Order one cannot learn the sign, order two can",
        xlabel="step",
        ylabel="right on test data",
        ylim=(0.4, 1.02),
    )
    ax.legend()
    plt.show()

# %% [markdown]
# ## Putting it together
#
# `EquivariantMLP(V, W)` is a chain of blocks $x\mapsto\text{gate}\,(L\,x+B(x))$ with $L$ from Hom and $B$ bilinear, and a last linear layer. Its hidden layers are sums of tensors, $1,V,V\otimes V,\dots$, with an equal share of
# numbers each. The task: five masses and their positions, 20 numbers, and the answer is the moment of inertia, $3\times3$. All that the network is told about mechanics is
# what goes in, $5\cdot1\oplus5\cdot V$, and what comes out, $V\otimes V$, under $O(3)$.

# %%
task = inertia()
network = EquivariantMLP(task.V, task.W, generator=seeded(0))
print(task)
print(network.extra_repr())
print(sum(p.numel() for p in network.parameters()), "parameters")

# %% [markdown]
# Three networks, 150 training points: the equivariant one, a plain MLP, and the same MLP trained with *augmentation*, each batch turned by random elements of $O(3)$.

# %%
seed = seeded(1)
(x, y), (x_test, y_test) = task(150, seed), task(1000, seed)
scale = y.square().mean().sqrt()
turns = O3.sample(2000, seed)


def batch(augment=False):
    chosen = torch.randperm(len(x), generator=seed)[:100]
    u, v = x[chosen], y[chosen] / scale
    if augment:
        g = turns[torch.randint(len(turns), (100,), generator=seed)]
        u, v = task.V.act(g, u), task.W.act(g, v)
    return u.float(), v.float()


def plain():
    torch.manual_seed(0)
    sizes = [(20, 128), (128, 128), (128, 128)]
    hidden = [part for a, b in sizes for part in (nn.Linear(a, b), nn.SiLU())]
    return nn.Sequential(*hidden, nn.Linear(128, 9))


trained, curves = {"equivariant": network, "MLP": plain(), "MLP, augmented": plain()}, {}
for name, model in trained.items():
    curves[name] = train(
        model,
        lambda augment="augmented" in name: batch(augment),
        400,
        1e-2 if name == "equivariant" else 3e-3,
        lambda model=model: float((model(x_test.float()) * scale - y_test).square().mean()),
    )
errors = {name: curve[-1][1] for name, curve in curves.items()}
print(
    "the equivariant network errs less than a third of either MLP:",
    3 * errors["equivariant"] < min(errors["MLP"], errors["MLP, augmented"]),
)

# %%
ROLES = {"equivariant": "invariant", "MLP": "data", "MLP, augmented": "learned"}
with style.figure(size=(7.5, 3.4)) as (figure, ax):
    for name, curve in curves.items():
        ax.semilogy(*zip(*curve, strict=True), color=style.colour(ROLES[name]), label=name)
    ax.set(title="150 examples: what the symmetry is worth", xlabel="step", ylabel="test MSE")
    ax.legend()
    plt.show()

# %% [markdown]
# Augmentation teaches the symmetry approximately; the equivariant network *has* it.

# %%
breaks = {}
for name, model in trained.items():

    def f(x, model=model):
        return model(x.float()).double()

    breaks[name], g, worst = equivariance_error(f, task.V, task.W, x=x_test[:50])
    print(f"{name}: equivariant up to the rounding of float32: {breaks[name] < 1e-3}")
print("augmentation reduces the equivariance error of the MLP:", breaks["MLP, augmented"] < breaks["MLP"])

# %% [markdown]
# The recorded benchmark, `tests/benchmarks/equivariant_networks.py`: three tasks of Finzi, Welling and Wilson (2021), an $O(3)$-equivariant tensor, an $O(5)$-invariant function and a
# Lorentz-invariant scattering amplitude. Filled: our runs, medians of three (see `data/README.md`). Hollow: the figures of the paper's authors, from their result file. Our plain
# networks are narrower than theirs and train for fewer steps: on the inertia task their augmented network is a little better than their equivariant one at 1000 examples,
# and eight times worse than ours.


# %%
def replay(name):
    return json.loads(tasks.data_file(f"recorded_runs/{name}.json").read_text(encoding="utf-8"))


recorded = replay("tensor_tasks")
runs = {}  # (task, method): {training examples: errors}
for name, n, method, _, error in sorted(recorded["runs"]):
    runs.setdefault((name, method), {}).setdefault(n, []).append(error)
median = {key: {n: sorted(e)[len(e) // 2] for n, e in found.items()} for key, found in runs.items()}
published = {
    (name, "equivariant" if method == "EMLP" else method, int(n)): error
    for name, rows in recorded["published"].items()
    if name != "about"
    for n, row in rows.items()
    for method, error in row.items()
}
TITLES = {"inertia": "Inertia, O(3)", "O(5)": "Two vectors, O(5)", "Lorentz": "Scattering, Lorentz"}
with style.figure(1, 3, size=(9.5, 3.5)) as (figure, axes):
    for ax, (name, title) in zip(axes, TITLES.items(), strict=True):
        for method, role in ROLES.items():
            hue, sizes = style.colour(role), [100, 1000, 10000]
            ours, theirs = median[name, method], [published[name, method, n] for n in sizes]
            ax.loglog(ours.keys(), ours.values(), "o-", color=hue, label=method)
            ax.loglog(sizes, theirs, "o:", color=hue, markerfacecolor="white", linewidth=1)
        ax.set(title=title, xlabel="training examples")
        ax.minorticks_off()
    axes[0].set_ylabel("test MSE")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    plt.show()
print("our equivariant network errs no more than the published one,")
for name in TITLES:
    found = median[name, "equivariant"]
    verdicts = {n: error <= published[name, "equivariant", n] for n, error in found.items()}
    print(f"  {name}, by training examples: {verdicts}")

# %% [markdown]
# ## Group convolutions
#
# An image is a table of numbers on pixels; a convolution commutes with *shifts*. To commute with quarter turns as well, its kernel has to satisfy
#
# $$K(g\,q)=W(g)\,K(q)\,V(g)^{-1}\qquad\text{for pixels }q\text{ of the kernel},\text{ that is}\quad K\in\mathrm{Hom}(V\otimes\text{pixels},\,W).$$
#
# Here $V$ and $W$ say what $g$ does to the channels. *Why*: the turned image is $(gx)(p)=V(g)\,x(g^{-1}p)$, and with $q=g\,q'$ the convolution makes of it
# $\sum_qK(q)\,(gx)(p+q)=\sum_{q'}K(gq')\,V(g)\,x(g^{-1}p+q')$. The turned output is $\sum_{q'}W(g)\,K(q')\,x(g^{-1}p+q')$. For all $x$ alike: $K(gq')\,V(g)=W(g)\,K(q')$.
#
# It is Hom of a permutation group once more: equal weights are orbits, now of triples (channel out, channel in, pixel). An image with
# several channels is called a *field*. Take the *lifting* from a grey image, $V=1$ (an invariant field), to a regular field, $W=\mathrm{regular}$: one channel for each of the four
# turns, and $g$ permutes them, as the group permutes itself.

# %%
C4 = groups.C.plane(4)
lifting = GroupConv2d(C4.trivial, C4.regular, 3, generator=seeded(0))
print(lifting)
with style.figure(1, 4, size=(10, 2.9)) as (figure, axes):
    for k, ax in enumerate(axes):
        draw_matrix(ax, f"channel {k}: {90 * k}°", labels=lifting.hom.pattern.reshape(4, 3, 3)[k])
    plt.show()

# %% [markdown]
# The theory of orbits has rediscovered a thing one would have guessed: **use one filter, in all four positions**.

# %%
v = torch.randn(3, 3, dtype=torch.float64, generator=seeded(0))
K = torch.stack([torch.rot90(v, k) for k in range(4)])
projected = lifting.hom.project(K.reshape(4, 9)).reshape(4, 3, 3)
print("the four turned filters lie in Hom:", torch.allclose(projected, K))

c = torch.randn(lifting.hom.dim, dtype=torch.float64, generator=seeded(1))
weight = lifting.hom.combine(c).reshape(4, 1, 3, 3)  # the layer: a weight from nine numbers,
image = digits.images()[:1, None].double()
maps = nn.functional.conv2d(image, weight, padding=1)  # and an ordinary convolution
print("feature maps:", tuple(maps.shape))
print("turns permute the channels, so this is allowed:", Pointwise(C4.regular, "relu"))

# %% [markdown]
# ## Predict: from a regular field to a regular field
#
# The next layer has four channels in and four out, and a 5 × 5 kernel: 4 · 4 · 25 = 400 weights.

# %%
second_guess = teaching.predict(
    "How many of them are free, under quarter turns?",
    ["25", "28", "100", "112"],
)
second_guess

# %%
for G in (C4, groups.D.plane(4)):
    for V, W in itertools.product((G.trivial, G.regular), repeat=2):
        layer = GroupConv2d(V, W, 5)
        print(f"{G}, {V} → {W}, 5 × 5 pixels: {layer.hom.dim} free of {V.size * W.size * 25}")

# %% slide="fragment"
second_guess.reveal("100")

# %% [markdown]
# A triple (channel out, channel in, pixel) comes back to itself only under $g=e$, because every other $g$ moves the channel. So all orbits have $|G|$ elements, and there are
# $|G|\cdot|G|\cdot k^2/|G|=|G|\,k^2$ of them. From invariant to invariant field, $1\to1$, it is different: the centre stays where it is (exercise 06.5).

# %% [markdown]
# ### On a real digit
#
# Take for $v$ a filter that finds edges with ink above and paper below. Its four positions find the edges of all four sides. Turn the digit: each map of features turns, and moves on
# to the next channel. That is what $W(g)$ says.

# %%
digit = digits.images()[7][None, None]  # (1, 1, 8, 8)
edges = torch.tensor([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]], dtype=torch.float64)
K = torch.stack([torch.rot90(edges, k) for k in range(4)])
with torch.no_grad():
    lifting.coefficients.copy_(lifting.hom.coefficients(K.reshape(4, 9)))
    lifting.bias_coefficients.zero_()
    maps, maps_of_turned = lifting(digit)[0], lifting(digit.rot90(1, (-2, -1)))[0]
expected = maps.rot90(1, (-2, -1)).roll(1, 0)  # every map turned, and shifted to the next channel
alike = torch.allclose(maps_of_turned, expected, atol=1e-6)
print("maps of the turned digit = maps turned and shifted:", alike)
with style.figure(2, 5, size=(9, 3.9)) as (figure, axes):
    shown = (digit, maps), (digit.rot90(1, (-2, -1)), maps_of_turned)
    scale = float(maps.abs().max())
    for row, (image, found) in enumerate(shown):
        draw_matrix(axes[row, 0], ("a digit", "the digit turned")[row], values=image[0, 0])
        for k in range(4):
            ax = axes[row, k + 1]
            draw_matrix(ax, f"channel {k}", ink="learned", values=found[k], scale=scale)
    plt.show()

# %% [markdown]
# ### Few examples
#
# Handwritten digits, each turned by 0°, 90°, 180° or 270°. Two networks of three convolutions and equal width, 100 training images. Both end with the maximum over all pixels. In the first it is that
# of an invariant field, so turning the image does not change it.

# %%
split = rotated_digits(100, generator=seeded(0))


def cnn(first, second, pool, third):
    """Three convolutions with ReLU, the maximum over all pixels, and a linear layer."""
    trunk = first, nn.ReLU(), second, nn.ReLU(), pool, third, nn.ReLU()
    return nn.Sequential(*trunk, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(32, 10))


def equivariant_cnn(V=4 * C4.regular, W=32 * C4.trivial):
    layers = GroupConv2d(C4.trivial, V, 3), GroupConv2d(V, V, 3), GroupConv2d(V, W, 3)
    return cnn(*layers[:2], networks.MaxPool2d(V, 2), layers[2])


def plain_cnn():
    first, second, third = (nn.Conv2d(a, b, 3, padding=1) for a, b in ((1, 16), (16, 16), (16, 32)))
    return cnn(first, second, nn.MaxPool2d(2), third)


def fit(model, steps=150):
    """The share of right answers on test digits after full-batch training."""
    optimiser = torch.optim.Adam(model.parameters(), 5e-3)
    for _ in range(steps):
        loss = nn.functional.cross_entropy(model(4 * split.x_train), split.y_train)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        return float((model(4 * split.x_test).argmax(1) == split.y_test).double().mean())


cnns, right = {}, {}
for name, make in {"C(4)": equivariant_cnn, "plain": plain_cnn}.items():
    torch.manual_seed(0)
    cnns[name] = make()
    right[name] = fit(cnns[name])
    with torch.no_grad():
        answers, of_turned = (cnns[name](split.x_test.rot90(k, (-2, -1))) for k in (0, 1))
    invariant = float((answers - of_turned).abs().max()) < 1e-3
    count = sum(p.numel() for p in cnns[name].parameters())
    print(f"{name}: {count} parameters · turning the image changes no answer: {invariant}")
print("the C(4) network has fewer errors:", right["C(4)"] > right["plain"])

# %%
recorded = replay("rotated_digits")
wrong = {}
for _, n, name, _, error in recorded["runs"]:
    wrong.setdefault(name, {}).setdefault(n, []).append(100 * error)
SHOWN = {
    "C4": ("invariant", "o-"),
    "C4, twice as wide": ("invariant", "s--"),
    "plain, equal width": ("data", "o-"),
    "plain, equal width, augmented": ("learned", "o-"),
}
with style.figure(size=(7, 3.5)) as (figure, ax):
    for name, (role, line) in SHOWN.items():
        sizes = sorted(wrong[name])
        means = [sum(wrong[name][n]) / len(wrong[name][n]) for n in sizes]
        ax.loglog(sizes, means, line, color=style.colour(role), label=name)
    ax.set(title="Digits in every position: errors fall with examples, and with symmetry")
    ax.set(xlabel="training examples", ylabel="wrong, %", xticks=sizes, yticks=[5, 10, 20, 50])
    ax.set_xticklabels(sizes)
    ax.set_yticklabels([5, 10, 20, 50])
    ax.minorticks_off()
    ax.legend(fontsize=9)
    plt.show()

# %% [markdown]
# Recorded runs of `tests/benchmarks/group_convolutions.py`, means of three seeds. At equal width the symmetry halves the errors, with about a quarter of the parameters. Note the orange line: the group has
# four elements only, and augmentation shows a net all of them, so it does as well as the equivariant net of equal width. With the parameters of the plain net (dashed) the equivariant one is level with augmentation up to 200 examples, and ahead from 500 on. And only the equivariant nets give a turned
# image *exactly* the same answer.
#
# ## Two symmetries at once: point clouds
#
# A cloud of $n$ points in space is a table $X$, $n\times3$. Renumbering acts from one side, rotations from the other, $X\mapsto\pi X R^\top$: the **external product** of two representations, `V @ W`, a representation of the
# product group. Its Hom is a Kronecker product,
#
# $$\mathrm{Hom}_{G\times H}(V_1\boxtimes V_2,\;W_1\boxtimes W_2)=\mathrm{Hom}_G(V_1,W_1)\otimes\mathrm{Hom}_H(V_2,W_2),$$
#
# so dimensions multiply, and nobody has to solve the large problem.

# %%
n = 8
S, R = groups.S(n), groups.SO(3)
P = S.vector @ R.vector
print("layers from clouds of 8 points to clouds, of", P.size**2, "weights are free:")
print("  rotations alone, 8·V → 8·V:", Hom(n * R.vector, n * R.vector).dim)
print("  renumbering alone, 3·V → 3·V:", Hom(3 * S.vector, 3 * S.vector).dim)
print("  both:", Hom(P, P).dim, "=", Hom(S.vector, S.vector).dim, "·", Hom(R.vector, R.vector).dim)
print("  both, tables of pairs, V⊗V → V⊗V:", Hom(P**2, P**2).dim)
left, right_ = Hom(S.vector, S.vector), Hom(R.vector, R.vector)
kronecker = torch.stack([torch.kron(A, B) for A in left.basis for B in right_.basis])
print("the Kronecker products span it:", subspaces.same_span(kronecker.flatten(1).T, Hom(P, P).U))

# %%
small = Hom(groups.S(4).vector @ R.vector, groups.S(4).vector @ R.vector)
with style.figure(size=(3.4, 3.4)) as (figure, ax):
    draw_matrix(
        ax,
        "Clouds of 4 points: λE⊗E + γJ⊗E",
        ink="learned",
        values=small.project(small.combine(torch.tensor([1.0, 0.4]).double())),
    )
    plt.show()
layer = EquivariantMLP(P, P, layers=1, hidden=60, generator=seeded(0)).double()
assert_equivariant(layer, P, P)
print(layer.extra_repr())

# %% [markdown]
# Which group one chooses matters. A left-handed and a right-handed screw are mirror images: all distances agree, and what is invariant under $O(3)$ cannot tell them apart. A triple product $\det(r_i,r_j,r_k)$, which rotations
# leave alone and reflections flip, can.

# %%
clouds, labels = shapes(400, points=24, noise=0.0, generator=seeded(0))
right_screw = clouds[labels == 7][0].double()
mirrored = right_screw * torch.tensor([1.0, 1.0, -1.0])
triples = torch.combinations(torch.arange(24), 3)[:200]
volumes = [torch.linalg.det(cloud[triples]) for cloud in (right_screw, mirrored)]
print("the same distances:", torch.allclose(torch.pdist(right_screw), torch.pdist(mirrored)))
print("opposite triple products:", torch.allclose(volumes[0], -volumes[1]))

# %% [markdown]
# ## The answer
#
# A chain of equivariant layers is an equivariant network, and four kinds of layers are enough to build from: *linear* ones, whose weights are coordinates in a basis of Hom; *functions of single
# coordinates*, where $g$ permutes these; *norms and gates* everywhere else; and *products*, without which vectors never meet. Convolutions are the same with pixels in Hom. What the network cannot see is decided by the
# representations in its hidden layers; what the symmetry fixes, it need not learn from examples.
#
# ## Exercises
#
# Each has a stub, a check, two hints and a solution. The checks look for the smallest case that goes wrong.

# %% [markdown] exercise="06.1"
# ### Exercise 06.1 · A gate for each vector
# Write `gated(x)` for two vectors in space and their gates: $x=(s_1,s_2,v_1,v_2)$ of shape (..., 8), the result $(\sigma(s_1)v_1,\;\sigma(s_2)v_2)$ of shape (..., 6).

# %% [markdown] hint="06.1"
# `s, v = x[..., :2], x[..., 2:]`.

# %% [markdown] hint="06.1"
# `v.unflatten(-1, (2, 3))` has shape (..., 2, 3); the gates need a further dimension to multiply it: `torch.sigmoid(s)[..., None]`.


# %% stub="06.1"
def gated(x):
    return ...  # (..., 6)


# %% check="06.1"
teaching.check("06.1", gated)


# %% solution="06.1"
def gated(x):
    s, v = x[..., :2], x[..., 2:].unflatten(-1, (2, 3))
    return (torch.sigmoid(s)[..., None] * v).flatten(-2)


# %% mistake="06.1"
def gated(x):
    return torch.sigmoid(x[..., :2]).repeat(*(1,) * (x.ndim - 1), 3) * x[..., 2:]


# %% [markdown] exercise="06.2"
# ### Exercise 06.2 · Count a layer before you build it
# Write `count(V, W)`: how many parameters `EquivariantLinear(V, W)` has, weights **and** biases, for a finite group with real matrices. Do not build the layer: use characters,
# `V.character(g)`, or `Hom`.

# %% [markdown] hint="06.2"
# Weights: the mean of $\chi_W(g)\,\chi_V(g)$ over all $g$ (chapter 05). A bias is a map from the trivial representation, whose character is 1.

# %% [markdown] hint="06.2"
# `g = V.group.elements()`; `(W.character(g) * (V.character(g) + 1)).mean()`, rounded.


# %% stub="06.2"
def count(V, W):
    return ...  # an integer


# %% check="06.2"
teaching.check("06.2", count)


# %% solution="06.2"
def count(V, W):
    g = V.group.elements()
    return round(float((W.character(g) * (V.character(g) + 1)).mean()))


# %% mistake="06.2"
def count(V, W):
    return Hom(V, W).dim + W.size


# %% [markdown] exercise="06.3"
# ### Exercise 06.3 · The smallest counter-example
# Show that ReLU breaks the symmetry of the square, `groups.D.plane(4)` (2 × 2 matrices): give `g` (2, 2) and `x` (2,) with $\mathrm{ReLU}(g\,x)\ne g\,\mathrm{ReLU}(x)$, where $x$ has
# **one entry that is not zero**.

# %% [markdown] hint="06.3"
# A $g$ that permutes the coordinates will not do. Take one that changes a sign.

# %% [markdown] hint="06.3"
# Half a turn, $g=-E$: what are both sides at $x=(1,0)$?

# %% stub="06.3"
counter_example = ...  # g, x

# %% check="06.3"
teaching.check("06.3", counter_example)

# %% solution="06.3"
counter_example = torch.tensor([[-1.0, 0.0], [0.0, -1.0]]), torch.tensor([1.0, 0.0])

# %% mistake="06.3"
counter_example = torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.tensor([1.0, 0.0])

# %%
teaching.expected("06.4")

# %% [markdown] exercise="06.4"
# ### Exercise 06.4 · Lift a filter
# Write `lift(v)`: from a filter (k, k) the kernel (4, k, k) of a lifting convolution to `C.plane(4).regular`, with `lift(v)[0]` = v. Above: a filter and its answer.

# %% [markdown] hint="06.4"
# Channel number $j$ holds the filter turned by $j\cdot90°$, counter-clockwise.

# %% [markdown] hint="06.4"
# `torch.rot90(v, j)`, and `torch.stack`.


# %% stub="06.4"
def lift(v):
    return ...  # (4, k, k)


# %% check="06.4"
teaching.check("06.4", lift)


# %% solution="06.4"
def lift(v):
    return torch.stack([torch.rot90(v, j) for j in range(4)])


# %% mistake="06.4"
def lift(v):
    return torch.stack([torch.rot90(v, -j) for j in range(4)])


# %% [markdown] exercise="06.5"
# ### Exercise 06.5 · Symmetric kernels, by Burnside
# A convolution from a grey image to a grey image ($V=W=1$) that commutes with the four turns has a kernel that looks the same from four sides. Write `turning_weights(k)`, its number of free weights for
# a $k\times k$ kernel, by Burnside: the mean, over the four turns, of the number of pixels that stay in place. (Then compare with eight symmetries.)

# %% [markdown] hint="06.5"
# The identity leaves all $k^2$ pixels in place. A turn by 90°, 180° or 270° leaves the centre, if there is a pixel at the centre.

# %% [markdown] hint="06.5"
# There is one exactly for odd $k$: `k % 2`.


# %% stub="06.5"
def turning_weights(k):
    return ...  # an integer


# %% check="06.5"
teaching.check("06.5", turning_weights)


# %% solution="06.5"
def turning_weights(k):
    return (k * k + 3 * (k % 2)) // 4


# %% mistake="06.5"
def turning_weights(k):
    return math.ceil(k / 2) ** 2


# %% [markdown]
# ## Break it
#
# **A slightly wrong group.** One block of the network respects $hGh^{-1}$ in place of $G$, where $h$ is nearly the identity; or one of its weights is untied from its partners. The error of the network grows in
# proportion to the fault. float32 draws a line below which no fault can be seen, and that line is not zero: test equivariance in float64.

# %%
amounts = [10**-k for k in (0.5, 1, 2, 3, 4, 5, 6)]
with style.figure(size=(7.5, 3.6)) as (figure, ax):
    for fault, role in (("wrong group", "group"), ("untied weight", "data")):
        broken = [break_it.network(groups.SO(3), [fault], 2, amount) for amount in amounts]
        found = [break_it.errors(layers).network[-1] for layers in broken]
        ax.loglog(amounts, found, "o-", color=style.colour(role), label=fault)
        print(f"{fault}: a fault of 1e-6 shows in float64: {found[-1] > 1e-10}")
    rounding = break_it.errors(break_it.network(groups.SO(3), ["float32"])).network[-1]
    ax.axhspan(1e-8, rounding, color=style.colour("muted"), alpha=0.2, label="hidden by float32")
    ax.set(title="The error grows in proportion to the fault")
    ax.set(xlabel="how large the fault is", ylabel="equivariance error")
    ax.legend(fontsize=9)
    plt.show()

# %% [markdown]
# **Stride.** A stride of 2 keeps every second output. On an even image with an odd kernel the kept outputs lie off centre, and turning the image moves them to places that were thrown away. A plain convolution says
# nothing. `GroupConv2d` refuses, and says which sizes fit.

# %%
kernel = lifting.weight.detach()
images = digits.images()[:50, None]


def turning_error(f, images):
    """The largest difference between the maps of turned images and the maps turned and shifted."""
    turned_maps = f(images).rot90(1, (-2, -1)).roll(1, 1)
    return float((f(images.rot90(1, (-2, -1))) - turned_maps).abs().max())


for stride, size in ((1, 8), (2, 8), (2, 7)):

    def f(x, stride=stride):
        return nn.functional.conv2d(x, kernel, stride=stride, padding=1)

    error = turning_error(f, images[..., :size, :size])
    print(f"stride {stride} on {size} × {size} pixels: turns commute: {error < 1e-5}")
strided = GroupConv2d(C4.trivial, C4.regular, 3, stride=2)
try:
    strided(images)
except ValueError as refusal:
    print(refusal)

# %% [markdown]
# **Padding.** Zeros around an image turn with it, so turns survive. Shifts do not: a digit shifted by three pixels meets the border. The picture shows *where* the maps of a shifted digit differ from the
# shifted maps: only at the border, as far as the kernel reaches, and where the old border has moved to. (Column 2 shows no error, for this digit has
# no ink in its first column.)

# %%
with torch.no_grad():
    pair = torch.stack([digit[0], digit[0].roll(3, -1)])
    shifted_maps, maps_of_shifted = lifting(pair[:1]).roll(3, -1)[0], lifting(pair[1:])[0]
    gap = (shifted_maps - maps_of_shifted).abs().amax(0)
print(
    "the new border is columns 0 and 7, the old one columns 2 and 3; columns with an error:",
    [column for column in range(8) if gap[:, column].max() > 1e-5],
)
with style.figure(1, 4, size=(10, 2.9)) as (figure, axes):
    scale = float(shifted_maps.abs().max())
    draw_matrix(axes[0], "shifted around the edge", values=pair[1, 0])
    draw_matrix(axes[1], "its map, channel 0", ink="learned", values=maps_of_shifted[0], scale=scale)
    draw_matrix(axes[2], "the map, shifted", ink="learned", values=shifted_maps[0], scale=scale)
    draw_matrix(axes[3], "any channel differs", ink="group", values=gap, scale=scale)
    plt.show()

# %% [markdown]
# ## Try next
#
# - In the widget: C(8) with the fault *padding*. In which layers does the error arise, and does it stay there?
# - `EquivariantMLP(cube.vector, cube.trivial)` is a network for the Rubik's cube. How many parameters has it?
# - Leave the products out of the inertia network, `products=0`. After *Gates are not enough*, what can it still compute? Train it and see.
# - Train the network for point clouds on `eqkit.tasks.shapes`; chapter [04](04_deep_sets_and_beyond.ipynb) builds the invariant ones.
# - Chapter [07](07_learned_symmetry_matrices.ipynb): nobody tells the network the group.
#
# ## References
#
# - M. Finzi, M. Welling, A. G. Wilson. *A Practical Method for Constructing Equivariant Multilayer Perceptrons for Arbitrary Matrix Groups*. ICML 2021: Hom by null spaces, gates, bilinear layers, the three tasks.
# - M. Weiler, M. Geiger, M. Welling, W. Boomsma, T. Cohen. *3D Steerable CNNs*. NeurIPS 2018: gated nonlinearities.
# - D. Worrall, S. Garbin, D. Turmukhambetov, G. Brostow. *Harmonic Networks*. CVPR 2017: functions of the norm.
# - S. Villar, D. Hogg, K. Storey-Fisher, W. Yao, B. Blum-Smith. *Scalars are universal*. NeurIPS 2021.
# - H. Maron, E. Fetaya, N. Segol, Y. Lipman. *On the Universality of Invariant Networks*. ICML 2019: $A(n)$, and why order matters.
# - T. Cohen, M. Welling. *Group Equivariant Convolutional Networks*. ICML 2016.
# - M. Weiler, G. Cesa. *General E(2)-Equivariant Steerable CNNs*. NeurIPS 2019: fields of any kind.
