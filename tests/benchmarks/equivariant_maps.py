"""How long does Hom(V, W) take, and how much memory? One table, with what EMLP needed for the same spaces beside it.

Columns: case · route · dimension, and the closed form it must be · seconds to solve (the median of three; for "orbits"
the answer is a pattern of labels, else a basis) · peak memory of the solution in MiB (the growth of a fresh process) ·
EMLP 1.0.3: its rank, its seconds (cold: with jit compilation; warm: the second call) and the peak memory of its process
in MiB. EMLP's figures are recorded in emlp.json, measured on another day of the same kind of machine (2 cores, one
thread): for orders of magnitude. One thread.
"""

import json
import multiprocessing
import statistics
import sys
import threading
import time
from pathlib import Path

import psutil
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
import oracles  # noqa: E402

from eqkit import groups  # noqa: E402
from eqkit.equivariant_maps import Hom  # noqa: E402
from eqkit.representations import Representation  # noqa: E402

LORENTZ = groups.Lorentz(proper=True, orthochronous=True)
FACES = groups.permutation_group([[0, 1, 4, 5, 3, 2], [2, 3, 1, 0, 4, 5]], "Cube")  # quarter turns about two axes
CASES = [  # group, (p, q) of V^⊗p ⊗ V*^⊗q in and out, closed form
    *[(groups.S(n), (1, 0), (1, 0), oracles.partitions(2, n)) for n in (4, 6)],
    *[(groups.S(n), (2, 0), (2, 0), oracles.partitions(4, n)) for n in (4, 6, 8)],
    *[(groups.S(n), (3, 0), (1, 0), oracles.partitions(4, n)) for n in (4, 8)],
    *[(groups.S(n), (3, 0), (3, 0), oracles.partitions(6, n)) for n in (4, 10)],
    *[(groups.SO(3), (k, 0), (k, 0), oracles.riordan(2 * k)) for k in (1, 2, 3, 4)],
    (groups.O(3), (3, 0), (3, 0), oracles.double_factorial(3)),
    *[(groups.O(5), (k, 0), (k, 0), oracles.double_factorial(k)) for k in (2, 3)],
    (LORENTZ, (4, 0), (0, 0), oracles.catalan(2) ** 2),
    *[(LORENTZ, (k, 0), (k, 0), oracles.catalan(k) ** 2) for k in (2, 3)],
    (groups.SU(3), (1, 1), (1, 1), oracles.matchings_of_unitary(2, 3)),
    (FACES, (1, 0), (1, 0), 3),
    *[(groups.C(n), (1, 0), (1, 0), n) for n in (8, 16, 64, 1024)],
    *[(groups.D(n), (1, 0), (1, 0), n // 2 + 1) for n in (8, 16, 64)],
    (groups.RubiksCube(), (1, 0), (1, 0), 9),
]


def tensors(G: groups.MatrixGroup, p: int, q: int) -> Representation:
    V = G.vector
    return V**p * V.dual**q if q else V**p


def solve(number: int) -> tuple[str, int, float, float]:
    """Route, dimension, median seconds and peak memory of one case, in a process of its own."""
    torch.set_num_threads(1)
    G, powers_in, powers_out, _ = CASES[number]
    V, W = tensors(G, *powers_in), tensors(G, *powers_out)
    Hom(groups.C(2).vector, groups.C(2).vector), Hom(groups.SO(2).vector, groups.SO(2).vector)  # lazy imports
    process = psutil.Process()
    before, peak, done = process.memory_info().rss, [], threading.Event()

    def watch() -> None:
        while not done.wait(0.0005):
            peak.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    H = Hom(V, W)
    peak.append(process.memory_info().rss)
    done.set()
    watcher.join()
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        Hom(V, W)
        seconds.append(time.perf_counter() - start)
    return H.route, H.dim, statistics.median(seconds), (max(peak) - before) / 2**20


def case(G: groups.MatrixGroup, powers_in: tuple[int, int], powers_out: tuple[int, int]) -> str:
    name = {LORENTZ: "SO⁺(1,3)"}.get(G, str(G).removesuffix("()"))
    return f"{name}: {tensors(G, *powers_in)} → {tensors(G, *powers_out)}"


def main() -> None:
    recorded = json.loads(Path(__file__).with_name("emlp.json").read_text(encoding="utf-8"))["cases"]
    print(
        f"{'case':30} {'route':10} {'dim':>5} {'closed':>6} {'seconds':>8} {'MiB':>6} |"
        f" {'EMLP':>5} {'cold s':>7} {'warm s':>7} {'MiB':>5}"
    )
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for number, (G, powers_in, powers_out, closed) in enumerate(CASES):
            route, dim, seconds, memory = pool.apply(solve, (number,))
            name = case(G, powers_in, powers_out)
            emlp = recorded.get(name, {})
            cells = [f"{emlp.get(key) or '–':>{w}}" for key, w in [("rank", 5), ("cold", 7), ("warm", 7), ("MiB", 5)]]
            star = "" if dim == closed else "  WRONG"
            print(f"{name:30} {route:10} {dim:5} {closed:6} {seconds:8.4f} {memory:6.1f} | {' '.join(cells)}{star}")


if __name__ == "__main__":
    main()
