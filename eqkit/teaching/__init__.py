"""What a class needs: exercises that check themselves, predictions, large type, one page of notation.

An exercise is checked by `check("02.1", answer)`. Its checker is a function in `eqkit/teaching/chapter_02.py`; the
words in which it is written (`right`, `wrong`, `difference`, `smallest`, ...) are exported here too.
"""

from eqkit.teaching.checking import check, expected
from eqkit.teaching.classroom import notation, predict, projector
from eqkit.teaching.compare import difference, show, small_tensors, smallest
from eqkit.teaching.pictures import beside, drawing
from eqkit.teaching.verdicts import Verdict, right, wrong

__all__ = [
    "Verdict",
    "beside",
    "check",
    "difference",
    "drawing",
    "expected",
    "notation",
    "predict",
    "projector",
    "right",
    "show",
    "small_tensors",
    "smallest",
    "wrong",
]
