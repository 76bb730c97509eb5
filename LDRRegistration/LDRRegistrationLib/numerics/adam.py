"""Adam (Kingma and Ba, ICLR 2015; AMSGrad: Reddi et al., ICLR 2018), with PyTorch's results but without its compiler.

``torch.optim`` imports 800 modules of torch's compiler at its first step: a second or two of a user's first click, with
pauses that are felt in the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

FIRST, SECOND, EPSILON = 0.9, 0.999, 1e-8


class Adam:
    """Moves ``parameters`` in place, ``rate`` at most at each step.

    ``epsilon``, if it is above 0, is that of the paper in units of the root mean square of the first gradient, for each
    entry of a parameter's first axis (a batch's pairs): then what has hardly a gradient hardly moves, where the paper's
    Adam takes whole steps after rounding errors.
    """

    def __init__(self, parameters: Sequence[Tensor], rate: float, amsgrad: bool = False, epsilon: float = 0.0) -> None:
        self.rate = rate
        self._epsilon = epsilon
        self._epsilons: list[Tensor] = [parameter.new_tensor(EPSILON) for parameter in parameters]
        self._parameters = [parameter.detach() for parameter in parameters]
        self._first = [parameter.new_zeros(parameter.shape) for parameter in self._parameters]
        self._second = [parameter.new_zeros(parameter.shape) for parameter in self._parameters]
        self._largest = [parameter.new_zeros(parameter.shape) for parameter in self._parameters] if amsgrad else None
        self._steps = 0

    def step(self, gradients: Sequence[Tensor]) -> None:
        """One step down ``gradients``, one a parameter."""
        if self._steps == 0 and self._epsilon > 0:
            sizes = [g.square().mean(tuple(range(1, g.dim())), keepdim=True).sqrt() for g in gradients]
            self._epsilons = [self._epsilon * size + EPSILON for size in sizes]
        self._steps += 1
        rate = self.rate / (1.0 - FIRST**self._steps)
        scale = (1.0 - SECOND**self._steps) ** -0.5
        for number, (parameter, gradient) in enumerate(zip(self._parameters, gradients, strict=True)):
            first = self._first[number].lerp_(gradient, 1.0 - FIRST)
            second = self._second[number].mul_(SECOND).addcmul_(gradient, gradient, value=1.0 - SECOND)
            if self._largest is not None:
                # As the maximum of the moments themselves: that of PyTorch, before their correction.
                second = self._largest[number].copy_(self._largest[number].maximum(second))
            parameter.addcdiv_(first, second.sqrt().mul_(scale).add_(self._epsilons[number]), value=-rate)
