"""Using a result: on other nodes of the scene, turned round, and as a file for other programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slicer.i18n import tr as _

from ..mrml.carriedcopies import computeCopies, prepareCopies, publishCopies
from ..mrml.inverse import computeInverse, prepareInverse, publishInverse
from ..mrml.saving import computeSave, prepareSave, publishSave
from ..runtime.errors import RegistrationError
from ..runtime.progress import Stages
from .controller import Run
from .refusals import Refusals
from .saving import askForPath


class ResultUse:
    """The buttons *Make a copy*, *Inverse* and *Save the transform as*.

    :param ui: the widgets of LDRRegistration.ui, by name.
    :param log: takes a line for the panel's log.
    :param refusals: says beside a button why it refuses.
    :param start: takes a Run, its title, and the parameters of its first step.
    """

    def __init__(self, ui: Any, log: Callable[[str], None], refusals: Refusals, start: Callable[..., None]) -> None:
        self._ui, self._log, self._start = ui, log, start
        self._choices: Any = None
        for name, (label, slot) in {
            "carryButton": (ui.carryHintLabel, self._onCarry),
            "inverseButton": (ui.landmarksHintLabel, self._onInverse),
            "saveButton": (ui.saveHintLabel, self._onSave),
        }.items():
            place = refusals.beside(label)
            getattr(ui, name).connect("clicked(bool)", lambda checked=False, p=place, s=slot: refusals.ask(p, s))

    def setChoices(self, choices: Any) -> None:
        """Follow a parameter node, or nothing."""
        self._choices = choices

    def _onCarry(self) -> None:
        node = self._ui.carrySelector.currentNode()
        if node is None:
            raise RegistrationError(_("Choose a node that belongs to the moving volume."))
        self._start(
            inSteps(
                prepareCopies,
                computeCopies,
                lambda job, nothing: publishCopies(job),
                lambda copies: self._log(_('Made "{copy}".').format(copy=copies[0].GetName())),
            ),
            _("Carrying {name}").format(name=node.GetName()),
            transformNode=self._choices.outputTransform,
            nodes=[node],
        )

    def _onInverse(self) -> None:
        self._start(
            inSteps(
                prepareInverse,
                computeInverse,
                publishInverse,
                lambda inverse: self._log(
                    _('Made "{name}", exact to {error:.3f} mm at worst.').format(
                        name=inverse.transformNode.GetName(), error=inverse.largestErrorMm
                    )
                ),
            ),
            _("Inverting the transform"),
            transformNode=self._choices.outputTransform,
        )

    def _onSave(self) -> None:
        transformNode = self._choices.outputTransform
        path = askForPath(transformNode.GetName())
        if path is None:
            return
        self._start(
            inSteps(
                prepareSave,
                computeSave,
                lambda job, nothing: publishSave(job),
                lambda nothing: self._log(_("Wrote {path}.").format(path=path)),
            ),
            _("Saving {name}").format(name=transformNode.GetName()),
            transformNode=transformNode,
            path=path,
        )


def inSteps(prepare: Any, compute: Any, publish: Any, finished: Any) -> Run:
    """Of computations that know nothing of progress: they ask again and again whether to stop."""
    return Run(
        prepare,
        lambda job, *, progress, cancelled: compute(job, Stages(progress, cancelled).check),
        publish,
        lambda job, result, published: finished(published),
    )
