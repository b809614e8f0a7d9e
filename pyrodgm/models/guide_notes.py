"""Notes that a guide leaves at its sample sites, so that the model does not repeat what the guide has computed.

Some guides use the networks of the generative model from the top down. Such a guide computes features that the model
would compute again from the same samples. The guide writes these features into a note. The note travels in the
``infer`` dict of the sample's site: Pyro's ``replay`` hands the dict of the guide's site to the model. A note lives as
long as the trace of the guide.

Of the models here, only ``ResNetVAE`` leaves notes. The networks that FAME's guide shares with its model take a tenth
of a step.
"""

from typing import Any

import pyro
import pyro.distributions as dist
import torch
from pyro.poutine.messenger import Messenger

from pyrodgm.distributions.cached import stamp


class GuideNote:
    """What a guide computed from a sample, and from tensors above it, with the networks of a module.

    Args:
        module: the module. The content holds while its parameters, their ``requires_grad`` and its mode are unchanged.

    Example::

        note = GuideNote(self)
        z1 = pyro.sample("z1", q_z1, infer={"note": note})
        h1 = self.net(z1, h2)
        note.write(h1, z1, h2)
    """

    def __init__(self, module: torch.nn.Module) -> None:
        self.module = module
        self._entry: tuple[torch.Tensor, tuple[torch.Tensor, ...], list[Any]] | None = None

    def write(self, content: torch.Tensor, sample: torch.Tensor, *above: torch.Tensor) -> None:
        """Keep ``content``, computed from ``sample`` and the tensors ``above`` it."""
        self._entry = (content, (sample, *above), self._state(content, sample, *above))

    def read(self, sample: torch.Tensor, *above: torch.Tensor) -> torch.Tensor | None:
        """The content if it was computed from these very tensors, and if computing it again would give the same.

        None if a parameter of the module or one of the tensors has been modified, if a parameter was frozen or
        unfrozen, if the mode of the module has changed, or if gradient recording was switched on or off. Writes to
        ``parameter.data`` go unnoticed, because torch does not count them.
        """
        if self._entry is None:
            return None
        content, inputs, state = self._entry
        holds = _same(inputs, (sample, *above)) and _same(state, self._state(content, *inputs))
        return content if holds else None

    def _state(self, *tensors):
        parameters = list(self.module.parameters())
        with_gradients, states = stamp(*parameters, *tensors)
        return [self.module.training, with_gradients, *states, *parameters]


def sample_and_note(
    name: str, density: dist.Distribution, *above: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Sample a site of the model; returns the sample, and what the guide noted about it and ``above``.

    The second is None if there is no note, as in a run of the model alone, or if the note no longer holds.

    Example::

        z1, h1 = sample_and_note("z1", p_z1, h2)
        h1 = self.net(z1, h2) if h1 is None else h1
    """
    with _SeenInfer() as seen:
        z = pyro.sample(name, density)
    note = seen.infer.get("note")
    return z, note.read(z, *above) if isinstance(note, GuideNote) else None


class _SeenInfer(Messenger):
    """Keeps the ``infer`` dict of a site as the other handlers leave it."""

    infer: dict[str, Any]

    def _pyro_post_sample(self, msg):
        self.infer = msg["infer"]


def _same(one, other):
    """Whether two sequences hold the same tensors, and equal numbers."""
    return len(one) == len(other) and all(
        a is b if torch.is_tensor(a) else a == b for a, b in zip(one, other, strict=True)
    )
