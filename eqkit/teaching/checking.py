"""`check`: run a learner's answer under guard, and say what is right or wrong with it.

The guard hands the answer copies of its arguments, catches whatever it raises, and swallows whatever it prints: a
checker treats the answer as if it were correct.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import importlib
import inspect
import io
import traceback
import types
import warnings
from collections.abc import Callable

import torch
from torch import Tensor

from eqkit.teaching.compare import show
from eqkit.teaching.verdicts import Verdict, not_yet, wrong

CALLED = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    functools.partial,
    type,
    torch.nn.Module,
)


class NotYet(Exception):
    """The answer is still the stub."""


class Raised(Exception):
    """The learner's own code raised something: one sentence about it."""


class Guarded:
    """A learner's function, class or module: called with copies, its stubs and its exceptions told apart from ours."""

    def __init__(self, answer: Callable) -> None:
        self.answer = answer

    def __call__(self, *args, **kwargs):
        try:
            result = self.answer(*map(_copied, args), **{k: _copied(v) for k, v in kwargs.items()})
        except (NotYet, Raised, KeyboardInterrupt):
            raise
        except NotImplementedError as error:
            raise NotYet from error
        except BaseException as error:  # SystemExit too: an answer must never end the class
            raise Raised(_sentence(self.answer, args, error)) from error
        return guard(result)

    def __getattr__(self, name: str):
        return guard(getattr(self.answer, name))


def guard(answer):
    """The answer as a checker sees it; raises NotYet where it is, or holds, a stub."""
    if answer is None or answer is Ellipsis or answer is NotImplemented:
        raise NotYet
    if isinstance(answer, (tuple, list)) and type(answer) in (tuple, list):
        return type(answer)(map(guard, answer))
    if type(answer) is dict:
        return {key: guard(value) for key, value in answer.items()}
    return Guarded(answer) if isinstance(answer, CALLED) else answer


def check(exercise: str, answer: object) -> Verdict:
    """The verdict on an answer: `check("02.1", average)` as the last line of a cell shows it.

    It never raises for any answer whatever (an interrupt passes through); an unknown exercise is a ValueError.
    """
    checker, task = _checker(exercise)
    try:
        with _quiet():
            return checker(guard(answer))
    except NotYet:
        return not_yet(f"{task}; then run this cell again")
    except Raised as error:
        return wrong(str(error))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return wrong(f"this is {show(answer)}, and it could not be checked ({_name(error)}); the task: {task}")


def expected(exercise: str):
    """The picture that a right answer to the exercise gives: shown before the stub, so that the goal is in sight."""
    return _chapter(exercise).PICTURES[exercise]()


def _chapter(exercise: str) -> types.ModuleType:
    name = f"eqkit.teaching.chapter_{exercise[:2]}"
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ValueError(
            f"exercise {exercise!r}: no chapter {exercise[:2]!r} has exercises; write it as '02.1'"
        ) from error


def _checker(exercise: str) -> tuple[Callable[[object], Verdict], str]:
    checks = _chapter(exercise).CHECKS
    if exercise not in checks:
        raise ValueError(f"exercise {exercise!r} is unknown; this chapter has {', '.join(checks)}")
    return checks[exercise], (inspect.getdoc(checks[exercise]) or exercise).splitlines()[0].rstrip(".")


@contextlib.contextmanager
def _quiet():
    """No prints, no warnings, and the same random numbers at every check; the caller's own are left as they were."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
        torch.random.fork_rng(devices=[]),
    ):
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
        yield


def _copied(value):
    if isinstance(value, Tensor):
        return value.detach().clone().requires_grad_(value.requires_grad)
    return copy.copy(value) if isinstance(value, (list, dict, set)) else value


def _sentence(answer: Callable, args: tuple, error: BaseException) -> str:
    """'average raised ZeroDivisionError at line 3 of its cell, for (2, [0, 1]): division by zero'"""
    cell = getattr(getattr(answer, "__code__", None), "co_filename", None)
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == cell]
    where = f" at line {lines[-1]} of its cell" if lines else ""
    given = f", for ({', '.join(map(show, args))})" if args else ""
    name, _, reason = _name(error).partition(": ")
    return f"{getattr(answer, '__name__', type(answer).__name__)} raised {name}{where}{given}{reason and ': ' + reason}"


def _name(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__
