"""Invariant rings of all recorded groups: ours, Singular in the same run, and the recorded Singular and Macaulay2.

Columns: degrees of the generators · do the Molien series (M), these degrees (D) and the Hironaka identity to degree 30
(H) agree with the record · CPU seconds of our generators, and of our primary and secondary invariants · CPU seconds of
Singular's finvar.lib on this machine (invariant_algebra_perm, or group_reynolds and invariant_algebra_reynolds) ·
recorded seconds of Singular and of Macaulay2 (invariant_rings.json: of another machine, for orders of magnitude).

python tests/benchmarks/invariant_rings.py [seconds allowed to Singular for one case, 60 unless given]
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is loaded: CPU seconds of one thread

import math  # noqa: E402
import re  # noqa: E402
import shutil  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

import torch  # noqa: E402

sys.path.insert(0, str(Path(__file__).parents[1]))
from invariant_cases import CASES, CONTINUOUS, f4, group  # noqa: E402

from eqkit import groups, invariants  # noqa: E402
from eqkit.invariants.molien import spectra  # noqa: E402

ROW = "{:<18} {:<34} {:<5} {:>8} {:>8} {:>9} {:>8} {:>8}"
# the groups that the recorded continuous cases are about
TORI = {
    "continuous:torus(-3,-1,1,2)": [[-3, -1, 1, 2]],
    "continuous:torus(1,1,-1)": [[1, 1, -1]],
    "continuous:SO2_complexified(1,-1)": [[1, -1]],
    "continuous:SO2_freq1_freq2(1,-1,2,-2)": [[1, -1, 2, -2]],
}


def cpu(call):
    """The value of a call and its CPU seconds."""
    start = time.process_time()
    value = call()
    return value, time.process_time() - start


def singular(case, G, limit):
    """CPU seconds and degrees of Singular's minimal generating set, as text where there are none."""
    if shutil.which("Singular") is None:
        return "–", None
    n = G.n
    if rows := case.get("permutation_generators_0based"):
        work = "list GEN;" + "".join(f"GEN[{i}]={cycles(p)};" for i, p in enumerate(rows, 1))
        work += "matrix G=invariant_algebra_perm(GEN);"
        field = f"ring R=0,(x(1..{n})),dp;"
    else:
        names = [f"A{i}" for i in range(len(case["generators"]))]
        field = f"ring R=0,(x(1..{n})),dp;"
        if case["field_minpoly"]:
            minpoly = re.sub(r"a(\d)", r"a^\1", case["field_minpoly"])
            field = f"ring R=(0,a),(x(1..{n})),dp; minpoly={minpoly};"
        entries = [",".join(text for row in matrix for text in row) for matrix in case["generators"]]
        field += "".join(f"matrix {A}[{n}][{n}]={text};" for A, text in zip(names, entries, strict=True))
        work = f"list L=group_reynolds({','.join(names)}); matrix G=invariant_algebra_reynolds(L[1]);"
    script = f"""LIB "finvar.lib"; system("--ticks-per-sec",1000); {field}
        int t=timer; {work} t=timer-t; print("milliseconds "+string(t));
        int i; for (i=1; i<=ncols(G); i++) {{ print("degree "+string(deg(G[1,i]))); }}"""
    try:
        run = subprocess.run(["Singular", "-q"], input=script, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return f"> {limit}", None
    spent = re.search(r"milliseconds (\d+)", run.stdout)
    if spent is None:
        return "failed", None
    return int(spent[1]) / 1000, sorted(int(d) for d in re.findall(r"degree (\d+)", run.stdout))


def cycles(p):
    """A permutation as Singular's list of disjoint cycles."""
    seen, found = set(), []
    for start in range(len(p)):
        cycle = []
        while start not in seen:
            seen.add(start)
            cycle.append(start + 1)
            start = p[start]
        if len(cycle) > 1:
            found.append(f"list({','.join(map(str, cycle))})")
    return f"list({','.join(found)})"


def short(degrees):
    """Degrees with their multiplicities: 1 2³ 3."""
    small = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
    counts = {d: list(degrees).count(d) for d in degrees}
    return " ".join(f"{d}{str(k).translate(small) if k > 1 else ''}" for d, k in counts.items())


def seconds(value):
    """A time, or the reason why there is none."""
    return f"{value:.3f}" if isinstance(value, (int, float)) else value or "–"


def finite(limit):
    """All finite cases, F₄ beside them; returns what the summary needs."""
    faults, ours, peers = 0, {}, {}
    records = {name: (case, group(name)) for name, case in CASES.items()}
    # F₄ is ours to add: degrees 2, 6, 8, 12 are in every table of Weyl groups
    entries = [
        [[str(x).replace(".0", "").replace("0.5", "1/2") for x in row] for row in g] for g in f4().generators.tolist()
    ]
    f4_case = {"generators": entries, "generator_degrees": [2, 6, 8, 12], "field_minpoly": None}
    records["F4"] = ({**f4_case, "molien_coefficients": [1, 0, 1, 0, 1, 0, 2, 0, 3, 0, 3, 0, 5]}, f4())
    for name, (case, G) in records.items():
        R, generators = cpu(lambda G=G: invariants.invariant_ring(G))
        h, decomposition = cpu(R.hilbert_series)
        recorded = case["molien_coefficients"]
        agrees = {
            "M": invariants.molien_series(G, len(recorded) - 1) == recorded,
            "D": list(R.degrees) == case["generator_degrees"],
            "H": h.coefficients(30) == invariants.molien_series(G, 30),
        }
        peer, degrees = singular(case, G, limit)
        faults += 3 - sum(agrees.values()) + (degrees is not None and degrees != list(R.degrees))
        ours[name], peers[name] = generators, peer
        letters = "".join(letter if fine else letter.lower() + "!" for letter, fine in agrees.items())
        elsewhere = seconds(case.get("seconds_singular")), seconds(case.get("seconds_m2"))
        times = seconds(generators), seconds(decomposition), seconds(peer)
        print(ROW.format(name, short(R.degrees), letters, *times, *elsewhere), flush=True)
    return faults, ours, peers


def continuous():
    """Tori, a finite abelian group, two vectors under SO(2) and SL(2), and the quadratic form."""
    calls = {name: lambda w=w: invariants.torus(w) for name, w in TORI.items()}
    calls["continuous:Z3xZ3"] = lambda: invariants.torus([[1, 0, 1], [0, 1, 1]], [3, 3])
    calls["continuous:SO2_real_2vec"] = lambda: invariants.fundamental(2 * groups.SO(2).vector)
    calls["continuous:SL2_quadratic"] = lambda: invariants.binary_form(2)
    calls["continuous:SL2_two_vectors"] = lambda: invariants.fundamental(2 * groups.SL(2).vector)
    faults = 0
    for name, call in calls.items():
        case = CONTINUOUS[name]
        features, spent = cpu(call)
        degrees = sorted(features.degrees)
        fine = degrees == case["generator_degrees"]
        faults += not fine
        elsewhere = seconds(None), seconds(case["seconds_m2"])
        label = name.removeprefix("continuous:")
        print(ROW.format(label[:18], short(degrees), "D" if fine else "d!", seconds(spent), "", "", *elsewhere))
    return faults


if __name__ == "__main__":
    torch.set_num_threads(1)
    limit = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    invariants.invariant_ring(groups.C.plane(3))  # what is loaded at the first call is not timed
    everything = [group(name) for name in CASES]
    _, spent = cpu(lambda: [invariants.molien_series(G, 30) for G in everything])
    group.cache_clear()  # the generators are timed from the beginning
    spectra.cache_clear()
    print(f"Molien series of the {len(CASES)} recorded groups to degree 30: {spent:.2f} s\n")
    print(ROW.format("group", "degrees", "agree", "ours", "1ᵃʳʸ 2ᵃʳʸ", "Singular", "recorded", "M2"))
    faults, ours, peers = finite(limit)
    faults += continuous()
    both = [name for name in ours if isinstance(peers[name], float)]
    permutations = [name for name in both if CASES.get(name, {}).get("permutation_generators_0based")]
    print(f"\ndisagreements: {faults}; the longest case takes {max(ours.values()):.2f} s")
    for label, names in (("permutation groups", permutations), ("other groups", sorted(set(both) - set(permutations)))):
        if names:
            a, b = math.fsum(ours[name] for name in names), math.fsum(peers[name] for name in names)
            print(f"{label}: ours {a:.2f} s, Singular {b:.2f} s in all, Singular / ours {b / a:.1f}")
    for name in ("2O_binary_octa", "F4"):
        if isinstance(peers.get(name), float):
            print(f"{name}: Singular / ours {peers[name] / ours[name]:.1f}")
        else:
            print(f"{name}: ours {ours[name]:.2f} s, Singular {peers.get(name)}")
