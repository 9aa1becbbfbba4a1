"""Any module as a model whose chosen parameters adapt to each task, while the others are shared."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import Any

import torch
from torch import Tensor, nn


class Adapted(nn.Module):
    """A module of which the parameters `names` adapt to each task, flattened into one v (k,); the rest is shared.

    names: patterns over `module.named_parameters()`. "*", the default, adapts all of them (MAML: Finn, Abbeel & Levine
    2017); the last layer alone, "2.*" in nn.Sequential(a, b, c), is ANIL (Raghu et al. 2020); the filters of
    reparameterized layers is MSR. The model is called with x (tasks, examples, *any) and one v a task, (tasks, k),
    and runs all tasks at once: vmap over functional_call.
    """

    def __init__(self, module: nn.Module, *names: str) -> None:
        super().__init__()
        if not isinstance(module, nn.Module):
            raise TypeError(f"Adapted takes a torch module, not a {type(module).__name__}")
        found = dict(module.named_parameters())
        for pattern in map(str, names):
            if not any(fnmatch(name, pattern) for name in found):
                raise ValueError(
                    f"Adapted: no parameter is called {pattern!r}; the module has {', '.join(found) or 'none'}"
                )
        own = {name: p for name, p in found.items() if any(fnmatch(name, str(pattern)) for pattern in names or ("*",))}
        if not own:
            raise ValueError("Adapted: the module has no parameter, so nothing can adapt")
        for name, part in module.named_modules():
            if getattr(part, "track_running_stats", False):
                raise ValueError(
                    f"Adapted: layer {name!r} keeps running statistics, which would mix the tasks; build it with "
                    "track_running_stats=False"
                )
        self.module = module
        self.shapes = {name: p.shape for name, p in own.items()}

    @property
    def v(self) -> Tensor:
        """The adapted parameters as one vector (k,), in the order of `shapes`: where the inner solver starts."""
        return torch.cat([self.module.get_parameter(name).flatten() for name in self.shapes])

    def parameters_of(self, v: Tensor) -> dict[str, Tensor]:
        """The adapted parameters by name, of one task: v (k,), or of all with the tasks in front: v (tasks, k)."""
        parts = v.split([shape.numel() for shape in self.shapes.values()], -1)
        named = zip(self.shapes.items(), parts, strict=True)
        return {name: part.reshape(*v.shape[:-1], *shape) for (name, shape), part in named}

    def _one(self, x: Tensor, v: Tensor) -> Tensor:
        return torch.func.functional_call(self.module, self.parameters_of(v), (x,))

    def forward(self, x: Tensor, v: Tensor) -> Tensor:
        self._check(x, v)
        return torch.func.vmap(self._one, randomness="different")(x, v)

    def features(self, x: Tensor) -> Tensor:
        """Φ with model(x, v) = Φ v, for a module that is linear in what adapts: (tasks, examples, n_out, k).

        Φ is the derivative by v; ValueError where Φ v is not the output, because the module is not linear in v.
        """
        v = self.v

        def twice(x: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
            output = self._one(x, v)
            return output, output

        derivative: Any = torch.func.jacrev(twice, argnums=1, has_aux=True)
        Phi, output = torch.func.vmap(derivative, (0, None), randomness="same")(x, v)
        if not torch.allclose(Phi @ v, output, rtol=1e-3, atol=1e-4 * float(output.detach().abs().max())):
            raise ValueError(
                f"features: not linear in what adapts, {', '.join(self.shapes)}; adapt the last layer alone"
            )
        return Phi

    def _check(self, x: Tensor, v: Tensor) -> None:
        if not isinstance(x, Tensor) or not isinstance(v, Tensor):
            raise TypeError(f"x is a {type(x).__name__} and v a {type(v).__name__}; this model takes tensors")
        if x.dtype != v.dtype and (x.is_floating_point() or x.is_complex()):
            raise TypeError(f"x is {x.dtype} and v {v.dtype}; write x.to({v.dtype})")
        k = sum(shape.numel() for shape in self.shapes.values())
        if v.ndim != 2 or x.ndim < 2 or v.shape != (len(x), k):
            raise ValueError(
                f"x has shape {tuple(x.shape)} and v {tuple(v.shape)}; this model takes x (tasks, examples, ...) and "
                f"v (tasks, {k})"
            )

    def extra_repr(self) -> str:
        return f"adapted: {', '.join(self.shapes)}"
