"""Starting where the user says: the moving volume is dragged by hand, and what the start is worth is said meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from ..mrml.handplacing import HandPlacement, startWhereItLies
from ..mrml.volumes import ownImages
from ..registration.placementpreview import PlacementFigures, PlacementPreview
from ..runtime import pytorch
from ..runtime.errors import RegistrationError
from ..runtime.worker import Task, Worker
from .controller import POLL_INTERVAL_MS, POLL_WAIT_SECONDS
from .hints import hideEmpty, say
from .refusals import Refusals

# While the volume is dragged its place changes all the time; so often, at most, it is judged.
REST_MS = 60


class PlaceControl(VTKObservationMixin):
    """The button *Place by hand*: pressed again, or by any registration, it ends.

    The figures are computed in a thread of their own, the next ones after the last; the window waits for none.

    :param ui: the widgets of LDRRegistration.ui, by name.
    :param refusals: says beside the button why it refuses.
    :param clearViews: puts back what other sections show in the views.
    """

    def __init__(self, ui: Any, refusals: Refusals, clearViews: Callable[[], None]) -> None:
        VTKObservationMixin.__init__(self)
        self._ui, self._refusals, self._clearViews = ui, refusals, clearViews
        self._choices: Any = None
        self._placement: HandPlacement | None = None
        self._preview: PlacementPreview | None = None
        self._worker = Worker("LDRRegistration placing")
        self._task: Task | None = None
        # Whether the volume was moved since it was judged last.
        self._isDue = False
        self._rest, self._poll = (self._timer(ms, slot) for ms, slot in self._timers())
        self._rest.setSingleShot(True)
        hideEmpty(ui.advancedCollapsibleButton, ui.placeHintLabel)
        place = refusals.beside(ui.placeHintLabel)
        ui.placeButton.connect("clicked(bool)", lambda checked=False: self._onButton(place))

    def _timers(self) -> tuple[tuple[int, Callable[[], None]], ...]:
        return (REST_MS, self._onRested), (POLL_INTERVAL_MS, self._onPoll)

    def _timer(self, milliseconds: int, slot: Callable[[], None]) -> Any:
        timer = qt.QTimer(self._ui.placeButton)
        timer.setInterval(milliseconds)
        timer.connect("timeout()", slot)
        return timer

    def setChoices(self, choices: Any) -> None:
        """Follow a parameter node, or nothing: then the placing goes on, while another module is open."""
        self._choices = choices
        self.update()

    def update(self) -> None:
        """Other volumes, or another transform to start from, end the placing."""
        choices = self._choices
        if choices is not None and self._placement is not None:
            nodes = (choices.fixedVolume, choices.movingVolume, choices.initialTransform)
            if not self._placement.isOf(*nodes):
                self.end()
        self._ui.placeButton.checked = self._placement is not None

    def end(self) -> None:
        """The moving volume lies where it lay; the transform goes on to be what a registration starts from."""
        placement = self._placement
        self.forget()
        if placement is not None:
            placement.end()

    def forget(self) -> None:
        """The scene is about to go, or the placing ends."""
        self.removeObservers()
        self._rest.stop()
        self._poll.stop()
        if self._task is not None:
            self._task.cancel()
        self._placement, self._preview, self._task, self._isDue = None, None, None, False
        self._ui.placeButton.checked = False
        say(self._ui.placeHintLabel, "")

    def close(self) -> None:
        """The panel is going away."""
        self.end()
        self._worker.close()

    def _onButton(self, place: Any) -> None:
        if self._placement is not None:
            self.end()
        else:
            self._refusals.ask(place, self._begin)
        self._ui.placeButton.checked = self._placement is not None

    def _begin(self) -> None:
        choices = self._choices
        if choices is None or choices.fixedVolume is None or choices.movingVolume is None:
            raise RegistrationError(_("Choose both volumes above."))
        self._clearViews()
        scene, made = slicer.mrmlScene, None
        node = choices.initialTransform
        if node is None:
            name = scene.GenerateUniqueName(_("{name} by hand").format(name=choices.movingVolume.GetName()))
            node = made = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", name)
        try:
            if made is not None:
                startWhereItLies(made, choices.movingVolume)
            self._placement = HandPlacement(choices.fixedVolume, choices.movingVolume, node)
        except RegistrationError:
            if made is not None:
                scene.RemoveNode(made)
            raise
        choices.initialTransform = node
        self.addObserver(node, slicer.vtkMRMLTransformableNode.TransformModifiedEvent, self._onMoved)
        if pytorch.torchIsInstalled():
            say(self._ui.placeHintLabel, _("Drag the handles in the views. How well it agrees is computed..."))
            self._onMoved()
        else:
            say(
                self._ui.placeHintLabel,
                _("Drag the handles in the views. How well it agrees is said once PyTorch is installed: press Apply."),
            )

    def _onMoved(self, caller: Any = None, event: Any = None) -> None:
        self._isDue = True
        if self._task is None and not self._rest.active and pytorch.torchIsInstalled():
            self._rest.start()

    def _onRested(self) -> None:
        placement, preview = self._placement, self._preview
        if placement is None or not self._isDue or self._task is not None:
            return
        self._isDue = False
        try:
            matrix = placement.matrix()
            images = None if preview is not None else placement.images()
        except RegistrationError as error:
            say(self._ui.placeHintLabel, str(error))
            return

        def compute(progress: Any, cancelled: Any) -> tuple[PlacementPreview, PlacementFigures]:
            pytorch.importTorch()
            judge = preview or PlacementPreview(*ownImages(*images))  # type: ignore[misc]
            return judge, judge.at(matrix)

        self._task = self._worker.submit(compute)
        self._poll.start()

    def _onPoll(self) -> None:
        task = self._task
        if task is None or not task.wait(POLL_WAIT_SECONDS):
            return
        self._poll.stop()
        self._task = None
        if task.error is not None:
            say(self._ui.placeHintLabel, str(task.error))
        else:
            self._preview, figures = task.result
            sentence = _(
                "Similarity at 4 mm: {now:.3f}, as it lay {before:.3f}; the pre-alignment would come to {there:.3f}."
            )
            words = {"now": figures.similarity, "before": self._preview.untouched, "there": figures.reached}
            say(self._ui.placeHintLabel, sentence.format(**words))
        if self._isDue:
            self._rest.start()
