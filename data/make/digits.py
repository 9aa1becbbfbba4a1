"""Write data/digits.npz from the copy of the digits that the scikit-learn wheel carries.

pip download --no-deps scikit-learn==1.9.1
python data/make/digits.py scikit_learn-1.9.1-*.whl
"""

import gzip
import hashlib
import sys
import zipfile
from pathlib import Path

import numpy as np

MEMBER = "sklearn/datasets/data/digits.csv.gz"
SHA256 = "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"


def main(wheel: str) -> None:
    packed = zipfile.ZipFile(wheel).read(MEMBER)
    if hashlib.sha256(packed).hexdigest() != SHA256:
        raise SystemExit(f"{MEMBER} in {wheel} is another file than the one that data/README.md describes")
    table = np.loadtxt(gzip.decompress(packed).decode().splitlines(), delimiter=",", dtype=np.uint8)
    target = Path(__file__).parents[1] / "digits.npz"
    np.savez_compressed(target, images=table[:, :64].reshape(-1, 8, 8), labels=table[:, 64])
    print(f"{len(table)} images, sha256 {hashlib.sha256(target.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main(sys.argv[1])
