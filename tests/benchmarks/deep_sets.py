"""Deep Sets on real runs: sums of digits in text and in handwriting, population statistics, shapes in space.

    python tests/benchmarks/deep_sets.py [digits] [statistics] [images] [clouds]

Every learner of a table has the same number of parameters, within 10 %, and takes the same steps of Adam on the same
batches; one thread. About 5 minutes, all four.
"""

import sys
import time

import torch
from torch import nn

from eqkit import deep_sets, groups
from eqkit.deep_sets import DeepSets, FramedSets, gram, mlp
from eqkit.tasks import sets
from eqkit.tasks.shapes import NAMES, shapes


def seed(number):
    return torch.Generator().manual_seed(number)


def parameters(model):
    return sum(parameter.numel() for parameter in model.parameters())


def embedding(size, generator):
    """An embedding of the ten digits, from the generator."""
    table = nn.Embedding(10, size)
    nn.init.normal_(table.weight, generator=generator)
    return table


def run(model, loss, steps, learning_rate):
    """Train to the end; the seconds it took."""
    *_, last = deep_sets.train(model, loss, steps, steps, learning_rate)
    return last.seconds


@torch.no_grad()
def right(model, data):
    """How many sums are exact after rounding, and the mean distance from the sum."""
    off = (model(data.x, data.mask)[:, 0] - data.y).abs()
    return float((off < 0.5).float().mean()), float(off.mean())


def digits(steps=4000, batch=128):
    """Text: trained on 1 to 9 digits, tested on up to 100."""
    rows = []
    lengths = (5, 10, 50, 100)
    print(f"\nSums of digits, trained on 1–9 of them ({steps} steps of {batch}): accuracy at lengths {lengths}")
    print(f"{'learner':34} {'parameters':>10} {'seconds':>8}   " + " ".join(f"{n:>6}" for n in lengths))
    print(f"{'Deep Sets, measured reference':34} {4161:10} {22:8.1f}    1.000  1.000   .994   .858")
    phi = nn.Sequential(embedding(100, seed(0)), mlp(100, 30, generator=seed(1)), nn.Tanh())
    learners = {
        "Deep Sets, sum": DeepSets(phi, mlp(30, 1, generator=seed(2))),
        "gated recurrent unit": sets.Recurrent(embedding(30, seed(0)), 30, 23, generator=seed(1)),
    }
    for name, model in learners.items():
        generator = seed(3)

        def loss(model=model, generator=generator):
            data = sets.digit_sums(batch, generator=generator)
            return (model(data.x, data.mask)[:, 0] - data.y).abs().mean()

        seconds = run(model, loss, steps, 3e-3)
        accuracy = [right(model, sets.digit_sums(2000, n, n, seed(4)))[0] for n in lengths]
        row = " ".join(f"{a:6.3f}" for a in accuracy)
        print(f"{name:34} {parameters(model):10} {seconds:8.1f}   {row}", flush=True)
        rows.append({"learner": name, "lengths": lengths, "accuracy": accuracy})
    return rows


def images(steps=2000, batch=64, grain=0.5):
    """Handwriting: trained on 1 to 5 images with film grain, tested on up to 50 images that training never showed."""
    rows = []
    lengths = (1, 5, 10, 20, 50)
    print(f"\nSums of handwritten digits, trained on 1–5 images ({steps} steps of {batch}), tested on other images:")
    print("accuracy / mean error at lengths " + ", ".join(map(str, lengths)))
    learners = {
        "Deep Sets, sum": DeepSets(
            nn.Sequential(mlp(64, 64, 64, generator=seed(0)), nn.SiLU()), mlp(64, 1, generator=seed(1))
        ),
        "gated recurrent unit": sets.Recurrent(
            nn.Sequential(mlp(64, 48, generator=seed(0)), nn.SiLU()), 48, 24, generator=seed(1)
        ),
    }
    for name, model in learners.items():
        generator = seed(2)

        def loss(model=model, generator=generator):
            data = sets.image_sums(batch, generator=generator)
            x = data.x + grain * torch.randn(data.x.shape, generator=generator)
            return nn.functional.smooth_l1_loss(model(x, data.mask)[:, 0], data.y)

        seconds = run(model, loss, steps, 1e-2)
        cells = [right(model, sets.image_sums(2000, n, n, training=False, generator=seed(3))) for n in lengths]
        row = "  ".join(f"{a:5.3f} / {e:5.2f}" for a, e in cells)
        print(f"{name:24} {parameters(model):6} parameters {seconds:6.1f} s   {row}", flush=True)
        accuracy, distance = zip(*cells, strict=True)
        rows.append({"learner": name, "lengths": lengths, "accuracy": accuracy, "mean error": distance})
    return rows


class Quadratic(nn.Module):
    """φ(x) = (xᵢ xⱼ) for i ≤ j: its mean over the set is the sample covariance, a sufficient statistic."""

    def forward(self, x):
        i, j = torch.triu_indices(x.shape[-1], x.shape[-1])
        return x[..., i] * x[..., j]


def statistics(steps=500, batch=32, points=300):
    """Population statistics: error by the number of training sets, beside the closed form on the sample covariance."""
    rows = []
    sizes = (64, 512, 4096)
    print(
        f"\nPopulation statistics from {points} points: root mean squared error, nats ({steps} steps of {batch} sets)"
    )
    print("Deep Sets with a learned φ, and with φ(x) = x xᵀ, by the number of training sets; `spread` of the target")
    cells = " ".join(f"{n:>8}" for n in sizes)
    print(f"{'task':36} {'spread':>7}  {cells}  | x xᵀ {cells}  | plug-in  seconds")
    for name, (_, d, _) in sets.STATISTICS.items():
        train, test = (sets.population_statistics(name, n, points, seed(i)) for i, n in enumerate((sizes[-1], 500)))
        mean, deviation = train.y.mean(), train.y.std()
        pairs, start, errors = d * (d + 1) // 2, time.perf_counter(), []
        for learned, size in [(learned, size) for learned in (True, False) for size in sizes]:
            if learned:
                model = DeepSets(mlp(d, 64, 32, generator=seed(0)), mlp(32, 64, 1, generator=seed(1)), "mean")
            else:
                model = DeepSets(Quadratic(), mlp(pairs, 64, 32, 1, generator=seed(1)), "mean")
            generator = seed(2)

            def loss(model=model, generator=generator, size=size, train=train, mean=mean, deviation=deviation):
                chosen = torch.randint(size, (batch,), generator=generator)
                return (model(train.x[chosen])[:, 0] - (train.y[chosen] - mean) / deviation).square().mean()

            run(model, loss, steps, 3e-3)
            with torch.no_grad():
                errors.append(float((mean + deviation * model(test.x)[:, 0] - test.y).square().mean().sqrt()))
        closed = float((sets.plug_in(name, test.x) - test.y).square().mean().sqrt())
        left, right_ = (" ".join(f"{e:8.4f}" for e in part) for part in (errors[:3], errors[3:]))
        seconds = time.perf_counter() - start
        print(
            f"{name:36} {float(test.y.std()):7.4f}  {left}  |      {right_}  | {closed:7.4f} {seconds:8.1f}", flush=True
        )
        row = {"task": name, "spread": float(test.y.std()), "sizes": sizes, "learned": errors[:3]}
        rows.append({**row, "covariance": errors[3:], "plug-in": closed})
    return rows


def norms(x):
    """|xᵢ|, one number for each point."""
    return x.norm(dim=-1, keepdim=True)


def turned(x, generator):
    """Each cloud by a rotation of its own."""
    return x @ groups.SO(3).sample(len(x), generator).mT.float()


def clouds(steps=500, batch=32, examples=1000, points=32):
    """Shapes in space, tested at every attitude: what the network is invariant to, and what that costs."""
    rows = []
    print(f"\nShapes from {points} points, {examples} examples ({steps} steps of {batch}), tested turned: accuracy")
    print(f"{'learner':42} {'parameters':>10} {'seconds':>8}  as trained  turned of helices   change")
    x, y = shapes(examples, points, rotate=False, generator=seed(0))
    x_test, y_test = shapes(1000, points, rotate=False, generator=seed(1))
    x_turned = turned(x_test, seed(2))
    helices = torch.tensor(["helix" in name for name in NAMES])[y_test]

    def plain(size, width, generator):
        return DeepSets(mlp(size, width, width, generator=generator), mlp(width, width, 8, generator=generator), "max")

    def pairs(width, generator):
        phi = nn.Sequential(mlp(3, width, generator=generator), nn.SiLU())
        rows = DeepSets(phi, mlp(width, width, generator=generator), "max")
        return DeepSets(nn.Sequential(rows, nn.SiLU()), mlp(width, width, 8, generator=generator), "max")

    def same(x):
        return x

    learners = {  # network, what it reads, whether training turns the clouds
        "coordinates, examples as they lie": (plain(3, 48, seed(3)), same, False),
        "coordinates, examples turned at random": (plain(3, 48, seed(3)), same, True),
        "norms: invariant to turning each point": (plain(1, 48, seed(3)), norms, False),
        "Gram matrix: S(n) × O(3)": (pairs(48, seed(3)), gram, False),
        "principal axes: S(n) × SO(3)": (FramedSets(plain(3, 48, seed(3))), same, False),
    }
    for name, (model, read, turning) in learners.items():
        generator = seed(4)

        def loss(model=model, read=read, turning=turning, generator=generator):
            chosen = torch.randint(examples, (batch,), generator=generator)
            batch_x = turned(x[chosen], generator) if turning else x[chosen]
            return nn.functional.cross_entropy(model(read(batch_x)), y[chosen])

        seconds = run(model, loss, steps, 5e-3)
        with torch.no_grad():
            lying, logits = (torch.cat([model(read(part)) for part in z.split(100)]) for z in (x_test, x_turned))
        right = logits.argmax(1) == y_test
        as_trained = float((lying.argmax(1) == y_test).float().mean())
        all_turned, screws = float(right.float().mean()), float(right[helices].float().mean())
        change = float((lying - logits).abs().max())
        cells = f"{as_trained:10.3f} {all_turned:7.3f} {screws:10.3f} {change:8.0e}"
        print(f"{name:42} {parameters(model):10} {seconds:8.1f} {cells}", flush=True)
        rows.append({"learner": name, "as trained": as_trained, "turned": all_turned, "helices": screws})
    return rows


if __name__ == "__main__":
    torch.set_num_threads(1)
    tables = {"digits": digits, "statistics": statistics, "images": images, "clouds": clouds}
    for table in sys.argv[1:] or tables:
        tables[table]()
