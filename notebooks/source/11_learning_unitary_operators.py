# %% [markdown]
# # 11 · How do you learn a matrix that must stay unitary?
#
# A gradient step does not know that your matrix has to keep lengths. Take one, and $M M^{\mathsf H}=E$ is gone. In this chapter you keep it, in several
# ways, and see what each of them costs. The main one: do not train the matrix but its *logarithm*, which lives in a flat space, the Lie algebra
# $\mathfrak u(n)$.
#
# **You will be able to**
#
# - say why powers of a matrix explode or fade, and which matrices do neither;
# - parametrize $U(n)$ by $n^2$ free real numbers, differentiate the exponential, and know where that derivative dies;
# - say which matrices the exponential misses, and reach determinant $-1$;
# - repeat a published experiment, find its cliff at $7n$ parameters, and repair its projection;
# - keep *any* bilinear form while training: rotations, symplectic and Lorentz matrices.
#
# **Time**: 60 minutes · **You need**: complex matrices and eigenvalues; chapter [01](01_groups_and_representations.ipynb) for the word *group*

# %% tags=["setup"]
import json
import math

import matplotlib.pyplot as plt
import torch

from eqkit import doctor, groups, teaching, unitary
from eqkit.tasks import data_file, digits
from eqkit.tasks.memory import Copy
from eqkit.tasks.unitary import HiddenMatrix
from eqkit.views import ConstraintSatisfaction, LieExplorer, LieSpace, draw_matrix, style

doctor.greet()


def seed(number):
    return torch.Generator().manual_seed(number)


# %%
teaching.notation()

# %% [markdown]
# ## A matrix that is used many times
#
# A recurrent network keeps its memory $h$ in a vector and multiplies it by the same matrix at every step, $h_t = M h_{t-1} + \dots$ What it saw $t$ steps
# ago reaches it as $M^t h$; what it learns from it comes back as $(M^{\mathsf H})^t$ times a gradient. Take a random matrix and count what is left of a
# vector of length 1:

# %%
n, steps = 64, 200
h = torch.randn(n, dtype=torch.float64, generator=seed(0))
h = h / h.norm()
gaussian = torch.randn(n, n, dtype=torch.float64, generator=seed(1))
gaussian = gaussian / torch.linalg.eigvals(gaussian).abs().max()  # now its largest eigenvalue has size 1
matrices = {f"Gaussian, eigenvalue {r}": r * gaussian for r in (0.9, 1.0, 1.1)}
matrices["orthogonal, from groups.O(64)"] = groups.O(n).sample(1, seed(2))[0]
lengths = {}
for name, M in matrices.items():
    states = [h]
    for _ in range(steps):
        states.append(M @ states[-1])
    lengths[name] = torch.stack(states).norm(dim=1)

with style.figure(size=(8, 2.8)) as (figure, axes):
    for (name, sizes), role in zip(lengths.items(), ("learned", "muted", "group", "invariant"), strict=True):
        axes.semilogy(sizes, label=name, color=style.colour(role))
    axes.set(title="Only one matrix neither forgets nor explodes", xlabel="step t", ylabel="length of Mᵗ h")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=9)
    plt.show()

# %%
ends = {name: float(sizes[-1]) for name, sizes in lengths.items()}
faded, kept, exploded, turned = ends.values()
print("0.9: below a millionth:", faded < 1e-6, "· 1.1: above a million:", exploded > 1e6)
print("1.0: below a half:", kept < 0.5, "· orthogonal: still 1:", abs(turned - 1) < 1e-10)

# %% [markdown]
# Even a largest eigenvalue of exactly 1 is not enough: all smaller ones fade away. *All* must have size 1, and the eigenvectors must be orthogonal, or
# lengths rise for a while. That is what unitary means:
#
# $$M M^{\mathsf H} = E,\qquad\text{real: } M M^{\mathsf T} = E,$$
#
# with $M^{\mathsf H}$ the conjugate transpose. So: how does one *train* such a matrix?

# %% [markdown] slide="notes"
# Let the class guess the grey curve first. Many expect a flat line at eigenvalue 1.

# %% [markdown]
# ## Predict
#
# A hidden 6 × 6 rotation is seen through five noisy examples. Five students learn it by gradient descent: one *free*; one with a *penalty*
# $\|M M^{\mathsf T}-E\|^2$ added to its loss; one that *projects* back to a nearby orthogonal matrix after each step; and two that never leave the rotations,
# by a *Cayley* transform or by *exp*, of which the rest of this chapter tells.

# %%
guess = teaching.predict(
    "In whose matrix does M Mᵀ = E hold to six digits in the end?",
    ["projection, Cayley and exp", "all but the free one", "all five, for the data are those of a rotation"],
)
guess

# %% [markdown]
# ## Watch them
#
# ▶ trains all five side by side; the digits on the curves are those of the table. Above: how far $M M^{\mathsf T}$ is from $E$, on a log axis; in the green band
# the equation holds. Below: the distance from the hidden rotation. Then what else a group is good for: products and inverses that satisfy the equation too, and a
# layer, equivariant under all orthogonal matrices, that is so under $M$. Try penalty weights from 0.01 to 100, then reset.

# %%
view = ConstraintSatisfaction("M Mᵀ = E", size=6, n=20)
view.player.run(80)
view

# %%
print("the equation holds:", view.state()["holds"])

# %% slide="fragment"
guess.reveal("projection, Cayley and exp")

# %% [markdown]
# A penalty is a compromise: at its minimum the two gradients cancel, so the equation is violated wherever the data pull. And the equation is worth having:
# five examples do not determine a 6 × 6 matrix, but they nearly determine a rotation, and penalty and projection end much nearer to the hidden one.
#
# ## Explain: from $\mathfrak u(n)$ to $U(n)$
#
# Walk along a path of unitary matrices $M(t)$ that starts at $M(0)=E$, with velocity $A = M'(0)$. Differentiate $M M^{\mathsf H} = E$ at $t=0$:
#
# $$A + A^{\mathsf H} = 0 .$$
#
# $A$ is *skew-Hermitian* (real: skew-symmetric). This condition is **linear**: the velocities form a flat space, the **Lie algebra** $\mathfrak u(n)$, in which
# a gradient step leads nowhere forbidden. And the exponential leads back:
#
# $$M = e^{A},\qquad M M^{\mathsf H} = e^{A} e^{A^{\mathsf H}} = e^{A} e^{-A} = E .$$
#
# How many free numbers? Above the diagonal $n(n-1)/2$ complex ones; below it nothing new; on it $n$ imaginary ones: $n^2$ real numbers, half of the $2n^2$ in a
# complex matrix. With $iH = A$, $H$ has real eigenvalues $\lambda$ and orthogonal eigenvectors, so $e^A$ takes three lines:


# %%
def exp_unitary(A):
    values, W = torch.linalg.eigh(-1j * A)  # A = W diag(iλ) Wᴴ
    return (W * torch.exp(1j * values)) @ W.mH


n = 5
X = torch.randn(n, n, dtype=torch.complex128, generator=seed(0))
A = (X - X.mH) / 2  # the skew-Hermitian part
M = exp_unitary(A)
print("unitary:", torch.allclose(M @ M.mH, torch.eye(n, dtype=torch.complex128)))
print("= the power series:", torch.allclose(M, torch.matrix_exp(A)))
print("= the kit's:", torch.allclose(M, unitary.exp_skew(A)))
for n in (3, 6, 14):
    print(f"n = {n}: {2 * n * n} numbers in the matrix, {len(groups.U(n).lie_algebra)} in the algebra")

# %% [markdown]
# ### See it in the plane
#
# Real 2 × 2 matrices have room for four generators: $J$ turns, $H$ and $S$ stretch, $E$ grows. The sliders mix them to $A$. On the left $e^{tA}$ moves a letter (vermilion),
# the grey arrows are the velocities $Ax$, and the blue curve is the orbit of $x$, which you may drag. Dashed: the letter moved by a few terms of the series only. Is it still the
# same size? The right picture is for later.

# %%
lie = LieExplorer("sl(2)", (1, 0.5, 0))
lie

# %%
for J, H in ((0.5, 1), (1, 1), (1, 0), (1, 0.5)):
    lie.mix["J"].value, lie.mix["H"].value = J, H
    print(f"A = {J} J + {H} H: the orbit is {lie.state()['orbit']}")

# %% [markdown]
# With $A=J$ alone, in $\mathfrak{so}(2)$, lengths are kept: circles. In $\mathfrak{sl}(2)$, $\mathrm{tr}\,A=0$, areas are: ellipses, lines, hyperbolas.
#
# In space, three generators. Those of $\mathfrak{so}(1,2)$ keep $x^2+y^2-t^2$: the group takes a point all over a hyperboloid, and each generator takes it
# along one curve. Drag x; turn the picture by dragging beside it; mix *boosts* K, L and the turn Z. Which mixtures close their orbits?

# %%
space = LieSpace("hyperboloid of one sheet", (0.2, 0, 1))
space

# %%
for K, Z in ((0.2, 1), (1, 0.2), (1, 1)):
    space.mix[0].value, space.mix[2].value = K, Z
    print(f"A = {K} K + {Z} Z: {space.state()['curve']}")

# %% [markdown]
# ### As a module
#
# A module keeps the $n^2$ numbers as its parameters, and gives $M$ to whoever asks. Push them where you like:

# %%
layer = unitary.UnitaryMatrix(6, dtype=torch.float64, generator=seed(0))
print(layer)
with torch.no_grad():
    for p in layer.parameters():
        p.add_(100 * torch.randn(p.shape, dtype=p.dtype, generator=seed(1)))
M = layer.matrix
print("still unitary:", bool((M @ M.mH - torch.eye(6)).abs().max() < 1e-12))

# %% [markdown]
# ### Theorem: the derivative of exp
#
# For numbers, $(e^{a+tb})' = e^a\,b$. For matrices that is wrong unless $A$ and $B$ commute. In the eigenbasis of $A = W\,\mathrm{diag}(i\lambda)\,W^{\mathsf H}$:
#
# $$\frac{d}{dt}\,e^{A+tB}\Big|_{0} = W\,\bigl(\Phi\circ W^{\mathsf H} B W\bigr)\,W^{\mathsf H},\qquad
# \Phi_{jk} = \frac{e^{i\lambda_j}-e^{i\lambda_k}}{i\lambda_j-i\lambda_k},\quad \Phi_{jj}=e^{i\lambda_j},$$
#
# with $\circ$ the product entry by entry.
#
# *Proof.* Let $A$ be diagonal with entries $a_j = i\lambda_j$. The term $A^m/m!$ of the series changes by $\frac1{m!}\sum_{p+q=m-1} A^pBA^q$; its entry $jk$ is
# $\frac1{m!}B_{jk}\sum a_j^p a_k^q = \frac1{m!}B_{jk}\,\frac{a_j^m-a_k^m}{a_j-a_k}$. Sum over $m$. ∎
#
# Two other routes: the series $e^A\bigl(B - \frac1{2!}[A,B] + \frac1{3!}[A,[A,B]] - \dots\bigr)$ of the *bracket* $[A,B]=AB-BA$, and a corner of the exponential
# of a twice as large matrix, $\exp\begin{pmatrix}A&B\\0&A\end{pmatrix}$. All must agree with what autograd finds:

# %%
n = 4
X, Y = torch.randn(2, n, n, dtype=torch.complex128, generator=seed(3))
A, B = (X - X.mH) / 2, (Y - Y.mH) / 2
truth = torch.autograd.functional.jvp(torch.matrix_exp, A, B)[1]
for name in ("dexp_eigen", "dexp_series", "dexp_block"):
    print(f"{name}: the derivative:", bool((getattr(unitary, name)(A, B) - truth).abs().max() < 1e-10))
print("the rule for numbers, e^A B:", bool((torch.matrix_exp(A) @ B - truth).abs().max() < 1e-10))

# %% [markdown]
# ### Where the derivative dies
#
# $|\Phi_{jk}| = |\mathrm{sinc}|$ of half the distance of $\lambda_j$ and $\lambda_k$, where $\mathrm{sinc}\,t=\sin t/t$. Nearby eigenvalues: nearly 1. A full turn apart, $\lambda_j-\lambda_k=2\pi$: **zero**. There is a
# direction in which one may move $A$, and to first order $M$ does not move. Take $A=\mathrm{diag}(i\pi,-i\pi)$, so that $e^A=-E$:

# %%
A = 1j * torch.pi * torch.diag(torch.tensor([1, -1], dtype=torch.complex128))
B = torch.tensor([[0, 1], [-1, 0]], dtype=torch.complex128)
print("M does not move:", bool(unitary.dexp_eigen(A, B).abs().max() < 1e-12))
print("nor by the other formula:", bool(unitary.dexp_block(A, B).abs().max() < 1e-12))

# %%
distance = torch.linspace(-4 * torch.pi, 4 * torch.pi, 401, dtype=torch.float64)
with style.figure(size=(6.5, 2.4)) as (figure, axes):
    axes.plot(distance / torch.pi, torch.sinc(distance / 2 / torch.pi).abs(), color=style.colour("invariant"))
    axes.axvspan(-2, 2, color="#009E73", alpha=0.12)
    axes.set(title="How far M moves when A does", xlabel="distance of two eigenvalues, in units of π", ylabel="|Φ|")
    plt.show()

# %% [markdown]
# In the green band, where all eigenvalues of $A$ are within $(-i\pi, i\pi)$, it does not vanish. Outside it may, and training may get stuck there.
#
# The cure: stay near the middle. Keep a centre $C$, train $M = C e^{A}$ from $A=0$, and now and then let $C\leftarrow M$, $A\leftarrow 0$, which moves no matrix
# (*dynamic trivialization*, Lezcano-Casado 2019). `layer.rebase_()` does it; `unitary.learn(..., rebase=50)` every 50 steps.
#
# ## Onto? And the determinant
#
# **Theorem.** Every unitary matrix is $e^A$ with $A\in\mathfrak u(n)$. Every orthogonal matrix of determinant $+1$ is $e^A$ with $A$ real skew-symmetric; none of
# determinant $-1$ is.
#
# *Proof.* A unitary $M$ has an orthonormal eigenbasis and eigenvalues $e^{i\lambda}$: take $A = W\,\mathrm{diag}(i\lambda)\,W^{\mathsf H}$. A real orthogonal one splits into turns of
# planes, single $1$s, and, if the determinant is $1$, pairs of $-1$, which are half turns. And $\det e^A=e^{\mathrm{tr}\,A}=e^0=1$. ∎
#
# So $O(n)$ falls into two pieces, and no path, hence no training, leads from one to the other. Learn a hidden orthogonal matrix $M^*$, with
# $\det M^*=\pm1$, by $M=Ce^A$ with $C=E$, or with $C=\mathrm{diag}(-1,1,\dots,1)$ (`reflection=True`). How bad is the wrong piece? The nearest matrix there differs from $M^*$ by
# the reflection of one direction: $\|M-M^*\|^2=2^2=4$, for every $n$.

# %%
for sign in (1, -1):
    targets = groups.SO(6).sample(3, seed(6)).float()
    targets[:, 0] *= sign
    task = HiddenMatrix(targets)
    for reflection in (False, True):
        layer = unitary.OrthogonalMatrix(6, reflection=reflection, start="identity", copies=(3,))
        *_, last = unitary.learn(layer, task, steps=300, rebase=50, generator=seed(1))
        reached = bool((last.loss < 2 * task.floor).all())
        stuck = bool(((last.loss > 2) & (last.loss < 6)).all())
        print(f"det M* = {sign:+d}, reflection = {reflection!s:5}: at the floor: {reached!s:5}  near 4: {stuck}")

# %% [markdown]
# In groups that are not compact even the component of $E$ need not be covered. In $SL(2)$ the matrix $\mathrm{diag}(-2,-\frac12)$ can be walked to from $E$, but it is no
# $e^A$ with a real $A$: eigenvalues of $A$ would be logarithms of $-2$ and of $-\frac12$, neither of them real, and not conjugate, as those of a real matrix must be.

# %%
try:
    unitary.log(torch.tensor([[-2.0, 0.0], [0.0, -0.5]]))
except ValueError as reason:
    print(reason)

# %% [markdown]
# ### Four more ways into $U(n)$
#
# | `map=` | formula | free reals | misses |
# |---|---|---|---|
# | `"exp"` | $C\,e^A$ | $n^2$ | nothing |
# | `"cayley"` | $C\,(E-\frac A2)^{-1}(E+\frac A2)$ | $n^2$ | $C^{-1}M$ with an eigenvalue $-1$ |
# | `"householder"` | $(E-2v_1v_1^{\mathsf H})\cdots(E-2v_{n-1}v_{n-1}^{\mathsf H})\,D$ | $2n(n-1)+n$ | nothing |
# | `"projection"` | the unitary matrix nearest to a free $X$ | $2n^2$ | nothing |
# | `"composition"` | $D_3R_2F^{-1}D_2\Pi R_1FD_1$ (Arjovsky et al. 2016) | $7n$ | from $n=6$ on, nearly all |

# %%
for name in ("exp", "cayley", "householder", "projection", "composition"):
    layer = unitary.UnitaryMatrix(8, name, dtype=torch.float64, generator=seed(0))
    M = layer.matrix
    kept = bool((M @ M.mH - torch.eye(8)).abs().max() < 1e-12)
    print(f"{name:12} {unitary.parameter_count(layer):4} numbers  unitary: {kept}")

# %% [markdown]
# ## A published experiment, repeated
#
# Hyland & Rätsch (2017) hid a random unitary $U$ and showed pairs $y = Ux + \varepsilon$, twenty at a time: $x$ and $\varepsilon$ complex Gaussian, with standard deviations 1 and 0.01
# in both real and imaginary part. The loss is the mean of $\|\hat y-y\|^2$. Two numbers are known before anything is trained:
#
# - the **floor**, the loss of $U$ itself: $2n\cdot10^{-4}$;
# - a **guess**, another random unitary $\hat U$: $\mathbb E\|(\hat U-U)x\|^2 = 2\,\mathbb E\|\hat U-U\|^2 = 2\cdot 2n = 4n$.
#
# First the solution without any training, for this is a linear problem: the unitary matrix that fits best is the polar factor of $\sum y\,x^{\mathsf H}$
# (*orthogonal Procrustes*, Schönemann 1966).


# %%
def polar(X):
    W, s, Vh = torch.linalg.svd(X)
    return W @ Vh  # the unitary matrix nearest to X


task = HiddenMatrix(groups.U(6).sample(1, seed(6))[0], batch=200)
x, y = task(seed(0))
U = polar(y.mT @ x.conj())
print("= unitary.procrustes:", torch.allclose(U, unitary.procrustes(x, y)))
x, y = HiddenMatrix(task.U, batch=5000)(seed(1))
loss = float((x @ U.mT - y).abs().square().sum(-1).mean())
print("200 pairs, no step of training: loss within 5 % of the floor:", loss < 1.05 * task.floor)

# %% [markdown]
# *Why*: $\|y-Ux\|^2 = \|y\|^2+\|x\|^2-2\,\mathrm{Re}\,\langle y, Ux\rangle$ for unitary $U$, so the best $U$ maximises $\mathrm{Re}\,\mathrm{tr}(U^{\mathsf H}\sum y x^{\mathsf H})$; with
# $\sum yx^{\mathsf H}=WSV^{\mathsf H}$ this is $\sum_i s_i\,\mathrm{Re}\,Q_{ii}$ with $Q = V^{\mathsf H}U^{\mathsf H}W$, which is unitary, so that no $Q_{ii}$ exceeds 1: best is $Q=E$,
# $U=WV^{\mathsf H}$. Gradients are for when the layer sits deep in a network and there is no such formula. As a test of gradients, though, it is perfect: we know what to expect.
#
# ### Live, for $n=3$ and $n=6$
#
# Three hidden matrices at once, 400 steps each. *Projection* takes a plain gradient step and then the nearest unitary matrix; *real part* is its published
# version, of which more below.


# %%
def contestants(n):
    start = groups.U(n).sample(3, seed(9)).to(torch.complex64)
    sgd = {"optimizer": torch.optim.SGD, "learning_rate": 0.02}
    yield "exp", unitary.UnitaryMatrix(n, copies=(3,), generator=seed(n + 50)), {"rebase": 50}
    yield "Cayley", unitary.UnitaryMatrix(n, "cayley", copies=(3,), generator=seed(n + 50)), {"rebase": 50}
    yield "composition", unitary.UnitaryMatrix(n, "composition", copies=(3,), generator=seed(n + 50)), {}
    yield "projection", unitary.ProjectedMatrix(start), sgd
    yield "real part", unitary.ProjectedMatrix(start, real_part_only=True), sgd


curves = {}
for n in (3, 6):
    task = HiddenMatrix(groups.U(n).sample(3, seed(n)).to(torch.complex64))
    for name, layer, options in contestants(n):
        run = list(unitary.learn(layer, task, steps=400, snapshots=51, generator=seed(1), **options))
        curves[n, name] = torch.tensor([s.step for s in run]), torch.stack([s.loss for s in run])
        last = curves[n, name][1][-5:].mean(0) / task.floor
        print(f"n = {n}  {name:11}  all at the floor: {bool((last < 1.5).all())!s:5}  none: {bool((last > 3).all())}")

# %%
looks = {
    "exp": "invariant",
    "Cayley": "#56B4E9",
    "composition": "learned",
    "projection": "#009E73",
    "real part": "negative",
}
with style.figure(1, 2, size=(9, 2.8)) as (figure, axes):
    for ax, n in zip(axes, (3, 6), strict=True):
        for name, role in looks.items():
            steps, losses = curves[n, name]
            ax.semilogy(steps, losses.median(1).values, label=name, color=style.colour(role))
        ax.axhline(2e-4 * n, color=style.colour("data"), linestyle="--", linewidth=1)
        ax.axhline(4 * n, color=style.colour("muted"), linestyle=":", linewidth=1)
        ax.set(title=f"n = {n}: from a guess to the floor", xlabel="step", ylabel="loss, median of 3")
    axes[0].legend(fontsize=9)
    plt.show()

# %% [markdown]
# ### Recorded, for all sizes
#
# Five runs each, 1000 steps of Adam (2000 of plain gradient descent for the projections), by `python data/make/unitary_runs.py`; median loss as a multiple of the
# floor where that is below 10, else the loss itself.

# %%
recorded = json.loads(data_file("recorded_runs/unitary.json").read_text(encoding="utf-8"))
sizes = (3, 6, 8, 14, 20)
table = {}
for method, n, losses, _ in recorded["hyland_raetsch"]:
    table.setdefault(method, {})[n] = sorted(losses)[len(losses) // 2]


def cell(loss, n):
    if loss is None:
        return "–"
    times = loss / (2e-4 * n)
    return f"×{times:.2f}" if times < 10 else f"{loss:.2g}"


print(f"{'n =':24}" + "".join(f"{n:>8}" for n in sizes))
for method, row in table.items():
    print(f"{method:24}" + "".join(f"{cell(row.get(n), n):>8}" for n in sizes))

# %%
shown = {
    "a random guess": ("muted", ":"),
    "projection, real part": ("negative", "-"),
    "u(n) restricted, 7n": ("group", "-"),
    "composition, 7n": ("learned", "-"),
    "restricted, recentred": ("group", "--"),
    "projection": ("#009E73", "-"),
    "exp, recentred": ("invariant", "--"),
}
with style.figure(size=(7.5, 3.3)) as (figure, axes):
    for method, (role, dash) in shown.items():
        points = [(n, table[method][n]) for n in sizes if n in table[method]]
        axes.semilogy(*zip(*points, strict=True), dash, marker="o", label=method, color=style.colour(role))
    axes.set(
        title="Too few dimensions: lost from n = 6, and from n = 8",
        xlabel="n",
        ylabel="loss, median of 5",
        xticks=sizes,
    )
    axes.legend(fontsize=9, loc="center left", bbox_to_anchor=(1, 0.5))
    plt.show()

# %% [markdown]
# Read it from below. Everything that has all $n^2$ dimensions and good coordinates is at the floor, for every $n$. Two lines show bad coordinates:

# %%
for method in ("exp, from E", "exp, recentred"):
    worst = max(max(losses) / (2e-4 * n) for name, n, losses, _ in recorded["hyland_raetsch"] if name == method)
    print(f"{method:15} the worst of all 25 runs: ×{worst:.2f}")
nearest = torch.linalg.eigvals(-groups.U(14).sample(1000, seed(0))).angle().abs().amin(1)  # how far from −1
print("each of 1000 random U(14) has an eigenvalue within 45° of −1:", bool((nearest < math.pi / 4).all()))

# %% [markdown]
# *exp from E* ended well above the floor in one run, as it may where eigenvalues of $A$ come a full turn apart. *Cayley from E* always does: random unitary matrices have eigenvalues all around the
# circle, so one is near $-1$, and $A$ would have to be huge. Recentred, both are at the floor. The other bad lines have better excuses.
#
# ## The cliff
#
# *Composition* has $7n$ numbers whatever $n$ is: fast, and meant to be so. *Restricted* takes $7n$ of the $n^2$ coordinates of $\mathfrak u(n)$, and leaves the others zero. Where
# these make a set of smaller dimension than $U(n)$, a random $U$ is, with probability 1, not in it.
#
# **How many dimensions has the composition?** The rank of its derivative, which is a matrix of $2n^2$ rows and $7n$ columns:

# %%
for n in range(3, 9):
    layer = unitary.UnitaryMatrix(n, "composition", dtype=torch.float64, generator=seed(n))
    numbers, chain = layer.parametrizations.matrix.original.detach(), layer.parametrizations.matrix[0]
    derivative = torch.autograd.functional.jacobian(lambda c, chain=chain: torch.view_as_real(chain(c)), numbers)
    rank = int(torch.linalg.matrix_rank(derivative.reshape(2 * n * n, 7 * n), rtol=1e-9))
    print(f"n = {n}: {7 * n} numbers, {rank} dimensions of n² = {n * n}{'' if rank == n * n else ': too few'}")

# %% [markdown]
# Seven are lost: $7n-7$. A reflection does not see length and phase of its vector (4 for two vectors); of the common phases of $D_1, D_2, D_3$ only the sum counts (2); and two
# reflections in a row (move one of them past what stands between) make a turn in a plane, which stays the same if both mirrors are turned (1). So the cliff of the composition is at $n=6$, where 35 dimensions are one too few:
# that is why it left the floor in the live run. *Restricted* has $7n$ dimensions, and falls at $n=8$.

# %%
cliff = teaching.predict(
    "u(8) has 64 coordinates. A guess has loss 32, the floor is 0.0016. What does the best with 56 of the 64 reach?",
    ["the floor", "about 0.01", "about 1", "about 16"],
)
cliff

# %%
directions = {}
for d, name, losses in recorded["directions"]:
    directions.setdefault(name, {})[d] = sorted(losses)[len(losses) // 2]
with style.figure(size=(6.5, 2.8)) as (figure, axes):
    for name, role in (("from E", "group"), ("recentred", "invariant")):
        axes.semilogy(*zip(*directions[name].items(), strict=True), "o-", label=name, color=style.colour(role))
    axes.axhline(16e-4, color=style.colour("data"), linestyle="--", linewidth=1)
    axes.set(title="The last eight directions are worth a factor of hundreds", ylabel="loss, median of 5")
    axes.set(xlabel="coordinates of u(8) that are trained, of 64", xticks=range(8, 65, 8))
    axes.legend()
    plt.show()

# %% slide="fragment"
cliff.reveal("about 1")

# %% [markdown]
# So "$7n$" is no magic number. The loss falls steadily, and the cliff stands at the very end, in the last eight dimensions.
#
# ### Part of the cliff is the coordinates
#
# Why is *recentred* below? With a fixed centre the matrices are $e^A$, $A$ in a space $S$ of $d$ dimensions. With a moving one they are products $e^{A_1}e^{A_2}e^{A_3}\cdots$. Such
# products reach the whole group generated by $S$, whose Lie algebra contains all brackets $[A,B]$ too: go along $A$, along $B$, back along $A$, back
# along $B$, and you have moved along $[A,B]$, sideways. That is how a car, with two controls, parks in a space of three dimensions; and the right-hand picture of the widget above shows it: the way with sides of
# length $s$ does not close, and misses by about $s^2[A,B]$.


# %%
def generated(L):
    """Dimensions of the span of L (k, n, n), of that with its brackets, with the brackets of these, ..."""
    dimensions = []
    while True:
        entries = torch.view_as_real(L.contiguous()).flatten(1)  # over the real numbers
        _, s, Vh = torch.linalg.svd(entries, full_matrices=False)
        rank = int((s > 1e-9 * s[0]).sum())
        if dimensions and rank == dimensions[-1]:
            return dimensions
        dimensions.append(rank)
        L = torch.view_as_complex(Vh[:rank].reshape(rank, *L.shape[1:], 2).contiguous())
        brackets = L[:, None] @ L - L @ L[:, None]
        L = torch.cat([L, brackets.flatten(0, 1)])


basis = groups.U(6).lie_algebra
two = torch.einsum("ka,aij->kij", torch.randn(2, 36, dtype=torch.float64, generator=seed(0)).to(basis.dtype), basis)
print("two random elements of u(6), and brackets again and again:", generated(two))
basis = groups.U(8).lie_algebra
print("56 of the 64 basis elements of u(8):", generated(basis[torch.randperm(64, generator=seed(8))[:56]]))

# %% [markdown]
# Two elements are enough to generate all of $U(6)$! So every matrix *can* be reached, and still the loss stays above the floor: gradient descent goes straight down and
# does not park. It stops where all allowed directions are level, although a detour would lead on. Here with 8 of the 16 directions of $\mathfrak u(4)$, and $\|M-U\|^2$ for a loss:

# %%
basis, target = groups.U(4).lie_algebra, groups.U(4).sample(1, seed(2))[0]
allowed = torch.randperm(16, generator=seed(1))[:8]
layer = unitary.GroupMatrix(groups.MatrixGroup(lie_algebra=basis[allowed]), start="identity", dtype=torch.float64)
optimizer = torch.optim.SGD(layer.parameters(), lr=0.05)
for _ in range(600):
    optimizer.zero_grad()
    (layer.matrix - target).abs().square().sum().backward()
    optimizer.step()
    layer.rebase_()
M = layer.matrix.detach()
slopes = -2 * torch.einsum("ij,aji->a", target.mH @ M, basis).real  # of ‖M exp(tL) − U‖² along each basis element L
print("the allowed directions generate dimensions:", generated(basis[allowed]))
print("at the end they are level:", bool(slopes[allowed].abs().max() < 1e-4))
print("and so are all 16:", bool(slopes.abs().max() < 0.1), "· the loss is below 1:", bool((M - target).norm() < 1))

# %% [markdown]
# At $n=14$ recentring takes the loss from 14 to 3, and not to 0.003, for this reason.
#
# ## Projection done right
#
# The published verdict was that projection fails. Plain calculus says that it should not, so look at the gradient. A loss $f$ of a complex matrix depends on
# real parts *and* imaginary parts, and the direction of steepest ascent is
#
# $$\nabla f = \frac{\partial f}{\partial\,\mathrm{Re}\,M} + i\,\frac{\partial f}{\partial\,\mathrm{Im}\,M}.$$
#
# The released program took finite differences $(f(M+\epsilon\,e_{jk})-f(M))/\epsilon$ with a *real* $\epsilon$. That is the first half. Compare:

# %%
task = HiddenMatrix(groups.U(3).sample(1, seed(3))[0])
x, y = task(seed(0))


def loss(M):
    return (x @ M.mT - y).abs().square().sum(-1).mean()


def differences(f, M, step, h=1e-6):
    """(f(M + h·step in one entry) − f(M − h·step in one entry)) / 2h, for every entry."""
    result = torch.zeros(M.shape, dtype=torch.float64)
    for j, k in torch.cartesian_prod(*map(torch.arange, M.shape)):
        bump = torch.zeros_like(M)
        bump[j, k] = h * step
        result[j, k] = (f(M + bump) - f(M - bump)) / (2 * h)
    return result


M = groups.U(3).sample(1, seed(4))[0].requires_grad_()
(gradient,) = torch.autograd.grad(loss(M), M)
real, imaginary = differences(loss, M.detach(), 1), differences(loss, M.detach(), 1j)
print("real differences are the real part of the gradient:", torch.allclose(real, gradient.real, atol=1e-6))
print("and that is all of it:", torch.allclose(real.to(gradient.dtype), gradient, atol=1e-6))
print("with the imaginary ones it is whole:", torch.allclose(torch.complex(real, imaginary), gradient, atol=1e-6))

# %% [markdown]
# With half a gradient, the imaginary parts move only when the projection happens to move them. In the table: losses of 5 to 40 with the real part, the floor with
# the whole gradient, for every $n$. Nothing is wrong with projection. (It costs an SVD a step.)
#
# A matrix can also be trained *through* the projection, $M=\mathrm{polar}(X)$ with a free $X$, the line "through polar". Then one needs the derivative of polar; the
# one that autograd finds by way of the SVD divides by zero wherever singular values are equal. At a unitary $X$ they all are. The kit's is a formula: with $X=WSV^{\mathsf H}$, and $G$ the gradient
# with respect to $M$, that with respect to $X$ is $W\bigl((K_{ij}-\overline{K_{ji}})/(s_i+s_j)\bigr)V^{\mathsf H}$, $K=W^{\mathsf H}GV$.

# %%
X = torch.eye(3, dtype=torch.float64, requires_grad=True)
W, s, Vh = torch.linalg.svd(X)
(naive,) = torch.autograd.grad((W @ Vh)[0, 1], X)
(analytic,) = torch.autograd.grad(unitary.polar(X)[0, 1], X)
print("through the SVD, a number:", bool(naive.isfinite().all()))
print("by the formula:")
print(analytic.round(decimals=6) + 0)  # + 0 turns −0 into 0

# %% [markdown]
# ## A constraint is a choice
#
# Now all ways side by side: twenty hidden rotations of 6 dimensions, 12 noisy examples each, gradient descent from $E$ with one step size for all. *equations* knows nothing
# but the text `M Mᵀ = E` and projects by Levenberg–Marquardt (chapter [10](10_symmetry_as_equations.ipynb)); *retraction* steps along the group and back by a Cayley transform (Wen & Yin 2013).

# %%
rows = list(unitary.compare_constraints(unitary.examples(6, 12, generator=seed(0)), steps=150))
for row in rows:
    print(f"{row.way:12}  M Mᵀ = E to 10 digits: {row.satisfaction < 1e-10}")
errors = {row.way: row.error for row in rows}
print("the closed form is nearer to the truth than the free fit:", errors["closed form"] < errors["free"] / 1.5)
print("projection, by SVD or by the equation alone: one error:", abs(errors["projection"] - errors["equations"]) < 1e-6)
longer = {
    row.way: row.error for row in unitary.compare_constraints(unitary.examples(6, 12, generator=seed(0)), steps=600)
}
print("Lie algebra after 600 steps, as near as projection:", abs(longer["Lie algebra"] - longer["projection"]) < 1e-4)

# %%
with style.figure(1, 2, size=(9.5, 3)) as (figure, (left, right)):
    names = [row.way for row in rows]
    hues = [style.colour("invariant" if row.satisfaction < 1e-10 else "learned") for row in rows]
    left.barh(names, [row.error for row in rows], color=hues, zorder=2)
    left.set(title="Kept exactly (blue), the equation pays", xlabel="‖M − M*‖ / √n, median of 20")
    right.barh(names, [1000 * row.seconds for row in rows], color=hues, zorder=2)
    right.set(title="The equation alone is the slowest way", xlabel="milliseconds, all runs and steps", xscale="log")
    right.tick_params(labelleft=False)
    for ax in (left, right):
        ax.invert_yaxis()
    plt.show()

# %% [markdown]
# After these 150 steps the Lie algebra lags behind the other exact ways, but only because it is slower: after 600 it has the same error.
#
# When to take which: a formula if there is one; projection if an SVD a step is nothing beside the rest; exp if $M$ sits inside a network with an optimizer of its own; the equation
# if an equation is all you have, for no other way keeps it. A penalty if the equation is only roughly true.
#
# ## Real data: a turn, learned from handwritten digits
#
# 8 × 8 digits that stand, lie or hang, and the same digits a quarter turn further, with noise. The turn is a 64 × 64 matrix, and orthogonal, for it only moves pixels. Learn it from
# 100 pairs, by least squares and by Procrustes; then turn a new digit, the first column below, *many times*.

# %%
generator = seed(0)
images = digits.images().double()
stand = torch.randint(4, (len(images),), generator=generator).tolist()
images = torch.stack([torch.rot90(image, k) for image, k in zip(images, stand, strict=True)])
x = images.flatten(1)[torch.randperm(len(images), generator=generator)]
y = torch.rot90(x.reshape(-1, 8, 8), dims=(1, 2)).flatten(1)
y = y + 0.05 * torch.randn(y.shape, dtype=torch.float64, generator=seed(2))
free = (torch.linalg.pinv(x[:100]) @ y[:100]).T
turn = unitary.procrustes(x[:100], y[:100])
truth = torch.rot90(torch.arange(64).reshape(8, 8)).flatten()
for name, M in (("free", free), ("orthogonal", turn)):
    print(f"{name}: in all 64 rows the largest weight is at the right pixel:", bool((M.argmax(1) == truth).all()))
    print("   its largest eigenvalue is above 1.1:", bool(torch.linalg.eigvals(M).abs().max() > 1.1))

# %%
exact = torch.eye(64, dtype=torch.float64)[turn.argmax(1)]
digit = x[1000]
with style.figure(3, 6, size=(9, 5)) as (figure, axes):
    for row, (name, M) in zip(axes, (("free", free), ("orthogonal", turn), ("rounded", exact)), strict=True):
        for ax, times in zip(row, (0, 1, 2, 4, 8, 40), strict=True):
            image = (torch.linalg.matrix_power(M, times) @ digit).reshape(8, 8)
            draw_matrix(ax, f"{times} ×" if times else name, values=image, scale=1.0)
    plt.show()

# %% [markdown]
# The free fit looks nearly right after one turn, but its largest eigenvalue is above 1 and takes over. The orthogonal one cannot explode: the error only spreads. And now that we know
# more, use more: it moves pixels, so *round* it to the permutation it is near (the equation $M\circ M=M$). Four turns are then exactly none:

# %%
print("rounded: four turns are E, exactly:", torch.equal(torch.linalg.matrix_power(exact, 4), torch.eye(64).double()))

# %% [markdown]
# ## Any group with a form
#
# $M M^{\mathsf T}=E$ says that $M$ keeps the dot product. Take any other bilinear form $x^{\mathsf T}By$: the matrices that keep it, $M^{\mathsf T}BM=B$, form a group, and differentiating
# at $E$ gives its algebra, $A^{\mathsf T}B+BA=0$, linear again. $B$ skew: the **symplectic** group, which mechanics moves in. $B=\mathrm{diag}(1,1,-1)$: the **Lorentz** group of a plane and
# time, $O(2,1)$, with *four* components. Nothing else in the code changes:

# %%
minkowski = torch.diag(torch.tensor([1.0, 1.0, -1.0], dtype=torch.float64))
J = torch.tensor([[0.0, 0, 1, 0], [0, 0, 0, 1], [-1, 0, 0, 0], [0, -1, 0, 0]], dtype=torch.float64)
for B, name in ((minkowski, None), (J, "Sp(4)")):
    G = unitary.isometry_group(B, name)
    A = G.lie_algebra
    print(f"{G}: {len(A)} dimensions, AᵀB + BA = 0: {bool((A.mT @ B + B @ A).abs().max() < 1e-12)}")
    for name in ("exp", "cayley"):
        target = unitary.GroupMatrix(G, dtype=torch.float64, generator=seed(5)).matrix.detach()
        layer = unitary.GroupMatrix(G, name, start="identity", dtype=torch.float64)
        optimizer = torch.optim.Adam(layer.parameters(), lr=0.05)
        for _ in range(400):
            optimizer.zero_grad()
            loss = (layer.matrix - target).square().sum()
            loss.backward()
            optimizer.step()
        M = layer.matrix.detach()
        kept = bool((M.mT @ B @ M - B).abs().max() < 1e-10)
        print(f"   {name:6}  learned: {bool(loss < 1e-3)}  the form is kept: {kept}")

# %% [markdown]
# The form is kept to ten digits after 400 steps of an optimizer that has never heard of it. To reach the other components of $O(2,1)$, where time or space is reflected, give
# `component=`, an element of the one you want:

# %%
G = unitary.isometry_group(minkowski)
for g in G.generators:
    M = unitary.GroupMatrix(G, component=g, dtype=torch.float64, generator=seed(1)).matrix.detach()
    print(f"det {round(float(torch.linalg.det(M))):+d}, time runs {'backwards' if M[2, 2] < 0 else 'forwards'}")

# %% [markdown]
# ## What it is for: memory
#
# The *copy task* (Hochreiter & Schmidhuber 1997): ten symbols are shown, then fifty blanks, then a marker; now say the ten. Without memory one can only say blanks at the right
# time and guess in the end, a loss of $10\ln 8/70 = 0.297$. An orthogonal network with a
# memory of 64 numbers, and an LSTM with more parameters, 300 steps each:

# %%
task = Copy(50)
networks = {
    "orthogonal": unitary.OrthogonalRNN(task.inputs, 64, task.outputs, seed(0)),
    "LSTM": unitary.LSTM(task.inputs, 32, task.outputs, seed(0)),
}
copied = {name: [p.loss for p in unitary.train(network, task, steps=300)] for name, network in networks.items()}
for name, losses in copied.items():
    last = sum(losses[-20:]) / 20
    print(
        f"{name:10} {unitary.parameter_count(networks[name])} numbers  "
        f"a tenth of the loss without memory: {last < 0.1 * task.baseline!s:5}  nothing remembered: {last > 0.9 * task.baseline}"
    )
M = networks["orthogonal"].memory.matrix.detach().double()
print("its matrix is still orthogonal:", bool((M @ M.T - torch.eye(64)).abs().max() < 1e-4))

# %%
with style.figure(1, 2, size=(9, 2.9)) as (figure, (left, right)):
    for name, losses in copied.items():
        means = torch.tensor(losses[:300]).reshape(-1, 6).mean(1)
        left.semilogy(
            range(6, 301, 6), means, label=name, color=style.colour("invariant" if name == "orthogonal" else "learned")
        )
    left.axhline(task.baseline, color=style.colour("muted"), linestyle=":")
    left.set(title="Copy after 50 blanks: memory wins", xlabel="step", ylabel="cross-entropy, mean of 6 steps")
    left.legend()
    for name, network, _, baseline, curve in recorded["memory"]:
        if name == "Adding(length=50)":
            role = "invariant" if network == "OrthogonalRNN" else "learned"
            right.semilogy(*zip(*curve, strict=True), color=style.colour(role))
            right.axhline(baseline, color=style.colour("muted"), linestyle=":")
    right.set(title="Adding, recorded: gates win", xlabel="step (10 seconds of one core)", ylabel="mean squared error")
    plt.show()

# %% [markdown]
# The second picture is a task that it loses. In the *adding task* two of fifty numbers are marked and their sum is asked for. Here one must *ignore* 48 numbers, and that is what the gates of an LSTM are
# made for: it ends far below the orthogonal network. A matrix that keeps everything keeps everything.

# %% [markdown]
# ## Exercises
#
# Each has a stub, a check, two hints and a solution. The checks look for the smallest case that goes wrong.

# %% [markdown] exercise="11.1"
# ### Exercise 11.1 · The gradient along the group
# At a unitary $M$ the allowed velocities are $AM$ with $A$ skew-Hermitian. Write `tangent(M, G)`: of all allowed velocities the one nearest to the matrix $G$ (a gradient,
# say) in the sum of squares. It must work for real $M$ too.

# %% [markdown] hint="11.1"
# Multiplying by $M$ changes no lengths: $\|AM-G\| = \|A-GM^{\mathsf H}\|$. So: which skew-Hermitian $A$ is nearest to $X=GM^{\mathsf H}$?

# %% [markdown] hint="11.1"
# Every $X$ is a skew-Hermitian plus a Hermitian matrix, and the two kinds are orthogonal. Keep $(X-X^{\mathsf H})/2$. `X.mH` is $X^{\mathsf H}$.


# %% stub="11.1"
def tangent(M, G):
    return ...


# %% check="11.1"
teaching.check("11.1", tangent)


# %% solution="11.1"
def tangent(M, G):
    X = G @ M.mH
    return (X - X.mH) / 2 @ M


# %% mistake="11.1"
def tangent(M, G):
    return (G - G.mH) / 2 @ M


# %%
teaching.expected("11.2")

# %% [markdown] exercise="11.2"
# ### Exercise 11.2 · A push that moves nothing
# Give two real skew-symmetric 3 × 3 matrices, `A` and `B`, where $B$ is no multiple of $A$ and $e^{A+tB}$ has the derivative zero at $t=0$. The picture above shows a place
# where the opposite holds, as the distance $\|e^{A+tB}-e^A\|$: a kink. Yours should be flat at 0.

# %% [markdown] hint="11.2"
# A skew-symmetric 3 × 3 matrix turns about an axis, by an angle $\varphi$; its eigenvalues are $0, \pm i\varphi$. Which angle puts them a full turn apart?

# %% [markdown] hint="11.2"
# A full turn about the axis $e_3$: $\varphi=2\pi$ in the first two coordinates. Turning about any *other* axis by $2\pi$ does nothing either. So $B$ may tilt the axis.

# %% stub="11.2"
A, B = ..., ...

# %% check="11.2"
teaching.check("11.2", (A, B))

# %% [markdown] solution="11.2"
# $A$ is a full turn about $e_3$: $e^A=E$. $B$ tilts the axis and does not change the angle in first order, and a full turn about any axis is $E$. The eigenvalues $0$ and
# $2\pi i$ are a full turn apart, $\Phi=0$.

# %% solution="11.2"
A = 2 * math.pi * torch.tensor([[0, -1, 0], [1, 0, 0], [0, 0, 0]], dtype=torch.float64)
B = torch.tensor([[0, 0, 1], [0, 0, 0], [-1, 0, 0]], dtype=torch.float64)

# %% mistake="11.2"
A = math.pi * torch.tensor([[0, -1, 0], [1, 0, 0], [0, 0, 0]], dtype=torch.float64)
B = torch.tensor([[0, 0, 1], [0, 0, 0], [-1, 0, 0]], dtype=torch.float64)

# %% [markdown] exercise="11.3"
# ### Exercise 11.3 · The nearest of either sign
# Write `nearest(X, sign)`: of all orthogonal matrices of determinant `sign` (1 or −1), the one nearest to the real, invertible matrix $X$.

# %% [markdown] hint="11.3"
# With $X=WSV^{\mathsf T}$, `W, s, Vh = torch.linalg.svd(X)`: the nearest orthogonal matrix is $WV^{\mathsf T}$, and orthogonal $Q = W^{\mathsf T} M V$ should make $\sum s_iQ_{ii}$ large.

# %% [markdown] hint="11.3"
# If $WV^{\mathsf T}$ has the wrong sign, one diagonal entry of $Q$ must be −1. Sacrifice the one that costs least. `torch.linalg.svd` sorts $s$ downwards.


# %% stub="11.3"
def nearest(X, sign):
    return ...


# %% check="11.3"
teaching.check("11.3", nearest)


# %% solution="11.3"
def nearest(X, sign):
    W, s, Vh = torch.linalg.svd(X)
    W = W.clone()
    W[:, -1] *= sign * torch.linalg.det(W @ Vh).sign()
    return W @ Vh


# %% mistake="11.3"
def nearest(X, sign):
    W, s, Vh = torch.linalg.svd(X)
    W = W.clone()
    W[:, 0] *= sign * torch.linalg.det(W @ Vh).sign()  # the largest singular value
    return W @ Vh


# %% [markdown] exercise="11.4"
# ### Exercise 11.4 · Repair a gradient
# Write `gradient(f, M)`: the whole gradient, $\partial f/\partial\,\mathrm{Re}\,M + i\,\partial f/\partial\,\mathrm{Im}\,M$, of a real function $f$ of a complex matrix, *by differences*, without
# autograd. Six right digits are enough.

# %% [markdown] hint="11.4"
# For each entry two differences: one with a real bump $h$, one with the bump $ih$. A good $h$ for central differences is about 1e-5.

# %% [markdown] hint="11.4"
# $(f(M+hE_{jk})-f(M-hE_{jk}))/2h$ is the real part of entry $jk$, and the same with $ihE_{jk}$ its imaginary part.


# %% stub="11.4"
def gradient(f, M):
    return ...


# %% check="11.4"
teaching.check("11.4", gradient)


# %% solution="11.4"
def gradient(f, M, h=1e-5):
    result = torch.zeros_like(M)
    for j in range(M.shape[0]):
        for k in range(M.shape[1]):
            for unit in (1, 1j):
                bump = torch.zeros_like(M)
                bump[j, k] = h * unit
                result[j, k] += unit * (f(M + bump) - f(M - bump)) / (2 * h)
    return result


# %% mistake="11.4"
def gradient(f, M, h=1e-5):
    result = torch.zeros_like(M)
    for j in range(M.shape[0]):
        for k in range(M.shape[1]):
            bump = torch.zeros_like(M)
            bump[j, k] = h
            result[j, k] = (f(M + bump) - f(M - bump)) / (2 * h)
    return result


# %% [markdown] exercise="11.5"
# ### Exercise 11.5 · Not onto
# The text showed a matrix of determinant 1 that is no $e^A$ with a real $A$, and it had two different negative eigenvalues. Find one whose only eigenvalue is −1, twice: a real 2 × 2
# tensor `outside`, of determinant 1.

# %% [markdown] hint="11.5"
# $-E$ will not do: it is a half turn, $e^{\pi J}$. Try one that cannot be diagonalised.

# %% [markdown] hint="11.5"
# If $e^A$ has the double eigenvalue −1 and $A$ is real, then $A$ has the eigenvalues $\pm i\pi$ (or odd multiples), different ones: so $A$ can be diagonalised, and $e^A$ too.

# %% stub="11.5"
outside = ...

# %% check="11.5"
teaching.check("11.5", outside)

# %% solution="11.5"
outside = torch.tensor([[-1.0, 1.0], [0.0, -1.0]])

# %% mistake="11.5"
outside = -torch.eye(2)

# %% [markdown]
# ## Break it
#
# Stand at the dead point. $M=e^A=-E$ with $A=\mathrm{diag}(i\pi,-i\pi)$, and the target is near, $-e^{B/2}$ with $B$ as above. The loss is not at its minimum, and yet the gradient in
# these coordinates vanishes: *all of it*. In coordinates centred at $M$ it does not.

# %%
A = 1j * torch.pi * torch.diag(torch.tensor([1, -1], dtype=torch.complex128))
B = torch.tensor([[0, 1], [-1, 0]], dtype=torch.complex128)
target = -unitary.exp_skew(B / 2)
for name, centre, start in (("from E", torch.eye(2).to(A.dtype), A), ("from M", unitary.exp_skew(A), 0 * A)):
    start = start.clone().requires_grad_()
    loss = (centre @ unitary.exp_skew(start) - target).abs().square().sum()
    (gradient,) = torch.autograd.grad(loss, start)
    gradient = (gradient - gradient.mH) / 2  # along the algebra
    print(f"{name}: loss > .1: {bool(loss > 0.1)}  gradient is zero: {bool(gradient.norm() < 1e-10)}")

# %% [markdown]
# Then break a group. Cayley needs an algebra that comes from a form; the traceless matrices of $SL(3)$ do not, and the kit says so rather than leave the group unnoticed:

# %%
try:
    unitary.GroupMatrix(groups.SL(3), "cayley")
except ValueError as reason:
    print(reason)

# %% [markdown]
# ## Try next
#
# - In the widget: which penalty weight makes the equation hold to six digits, and what becomes of the training then?
# - Start the wrong half on purpose: `unitary.OrthogonalMatrix(2, reflection=True)` has one parameter. What are its matrices? (Mirrors.)
# - `unitary.UnitaryMatrix(8, special=True)` is $SU(8)$, with 63 numbers. By how much does it miss a target of determinant $e^{i\varphi}$?
# - In the cliff, choose the 56 coordinates yourself: leave out the diagonal ones. Is it better or worse than chance?
# - Give the adding task to `OrthogonalRNN` with 20 numbers instead of 50. Where do gates begin to win?
# - Chapter [10](10_symmetry_as_equations.ipynb) writes $M M^{\mathsf T}=E$ as an equation that holds at every $n$; chapter [12](12_discovering_symmetry.ipynb) finds a Lie algebra in data.
#
# ## References
#
# - S. L. Hyland, G. Rätsch. *Learning Unitary Operators with Help From u(n)*. AAAI 2017: the experiment.
# - M. Arjovsky, A. Shah, Y. Bengio. *Unitary Evolution Recurrent Neural Networks*. ICML 2016: the composition, modReLU, the memory tasks.
# - M. Lezcano-Casado. *Trivializations for Gradient-Based Optimization on Manifolds*. NeurIPS 2019: moving the centre.
# - F. Mezzadri. *How to Generate Random Matrices from the Classical Compact Groups*. Notices of the AMS 54, 2007: how to draw a random unitary matrix.
# - P. H. Schönemann. *A Generalized Solution of the Orthogonal Procrustes Problem*. Psychometrika 31, 1966: the closed form.
# - Z. Wen, W. Yin. *A Feasible Method for Optimization with Orthogonality Constraints*. Mathematical Programming 142, 2013: the retraction.
# - S. Hochreiter, J. Schmidhuber. *Long Short-Term Memory*. Neural Computation 9, 1997: the LSTM, and the first long memory tasks.
# - M. Henaff, A. Szlam, Y. LeCun. *Recurrent Orthogonal Networks and Long-Memory Tasks*. ICML 2016: how to start, and which task wants what.
