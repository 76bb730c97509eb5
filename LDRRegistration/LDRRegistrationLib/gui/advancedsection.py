"""The Advanced section: the model with its card, and the masks; what else it holds binds itself to the choices."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from ..registration.modelcards import ModelCard
from ..runtime.device import hasBfloat16, noBfloat16InWords
from .choicelabels import DeviceChoice
from .hints import hideEmpty, say

ADAPTATION_ITERATIONS = 40
MASKS = ("fixedMask", "movingMask")


class AdvancedSection:
    """Keeps the model's and the masks' widgets and the parameter node alike.

    :param ui: the widgets of LDRRegistration.ui, by name.
    :param cards: the models that there are, the default first.
    :param problems: why others are left out, by name.
    """

    def __init__(self, ui: Any, cards: list[ModelCard], problems: dict[str, str] | None = None) -> None:
        self._ui = ui
        self._problems = problems or {}
        self._cards = {card.name: card for card in cards}
        self._default = cards[0] if cards else None
        self._choices: Any = None
        self._updating = False
        box = ui.modelComboBox
        box.addItem(_("Automatic"), "auto")
        for card in cards:
            box.addItem(card.title, card.name)
        box.connect("currentIndexChanged(int)", self._onModelChosen)
        ui.deviceComboBox.connect("currentIndexChanged(int)", self._onDeviceChosen)
        hideEmpty(ui.expertCollapsibleButton, ui.deviceHintLabel)
        for name in MASKS:
            selector = getattr(ui, f"{name}Selector")
            selector.connect("currentNodeChanged(vtkMRMLNode*)", lambda node, name=name: self._onMaskChosen(name, node))

    @property
    def parameters(self) -> dict[str, Any]:
        """The section's part of ``prepare``, for registrations and comparisons alike."""
        choices = self._choices
        return {
            "model": choices.model,
            "fixedMaskNode": choices.fixedMask,
            "movingMaskNode": choices.movingMask,
            "initialTransformNode": choices.initialTransform,
            "prealignment": choices.prealignment.value,
            "device": choices.device.value,
            "threads": choices.threads or None,
        }

    @property
    def ofRegistrations(self) -> dict[str, Any]:
        """The same for registrations alone, with the preset."""
        choices = self._choices
        return {
            "preset": choices.preset.value,
            "adaptationIterations": ADAPTATION_ITERATIONS if choices.adapt else 0,
            "refinementSteps": None if choices.refinementSteps < 0 else choices.refinementSteps,
            **self.parameters,
        }

    def setChoices(self, choices: Any) -> None:
        """Follow a parameter node, or nothing."""
        self._choices = choices
        self.update()

    def update(self) -> None:
        """Show what the parameter node says."""
        if self._choices is None:
            return
        self._updating = True
        try:
            box = self._ui.modelComboBox
            # A scene may name a model that is not installed here: the registration says so.
            index = box.findData(self._choices.model)
            if index < 0:
                box.addItem(self._choices.model, self._choices.model)
                index = box.count - 1
            box.currentIndex = index
            self._showDevice()
            for name in MASKS:
                getattr(self._ui, f"{name}Selector").setCurrentNode(getattr(self._choices, name))
        finally:
            self._updating = False
        self._ui.modelCardLabel.text = self.cardText(self._choices.model)

    def _showDevice(self) -> None:
        """Bfloat16 is not offered where the processor has none. A scene from elsewhere may have chosen it."""
        box, chosen, lacksBfloat16 = self._ui.deviceComboBox, self._choices.device, hasBfloat16() is False
        offered = [d for d in DeviceChoice if d is chosen or not (d is DeviceChoice.CPU_BFLOAT16 and lacksBfloat16)]
        if [box.itemData(n) for n in range(box.count)] != [device.name for device in offered]:
            box.clear()
            for device in offered:
                box.addItem(device.label(), device.name)
        box.currentIndex = box.findData(chosen.name)
        isRefused = chosen is DeviceChoice.CPU_BFLOAT16 and lacksBfloat16
        say(self._ui.deviceHintLabel, noBfloat16InWords() if isRefused else "")

    def cardText(self, model: str) -> str:
        """What a user should know about a model before using it."""
        card = self._default if model == "auto" else self._cards.get(model)
        if not self._cards:
            why = " ".join(self._problems.values()) or _("The installation is incomplete.")
            return _("There is no model: nothing can be registered. {why}").format(why=why)
        if card is None:
            return self._problems.get(model) or _('The model "{name}" is not installed.').format(name=model)
        data = ", ".join(entry["name"] for entry in card.content.get("trainingData", []))
        lines = [
            _("{title}: for {modality}. Trained on: {data}. Licence of the weights: {licence}.").format(
                title=card.title,
                modality=card.content.get("modality", _("not stated")),
                data=data or _("not stated"),
                licence=card.content.get("licence", _("not stated")),
            )
        ]
        if card.nonCommercial:
            lines.append(_("Only for non-commercial use."))
        return " ".join(lines)

    def _onModelChosen(self, index: int) -> None:
        if not self._updating and self._choices is not None and index >= 0:
            self._choices.model = self._ui.modelComboBox.itemData(index)

    def _onDeviceChosen(self, index: int) -> None:
        if not self._updating and self._choices is not None and index >= 0:
            self._choices.device = DeviceChoice[self._ui.deviceComboBox.itemData(index)]

    def _onMaskChosen(self, name: str, node: Any) -> None:
        if not self._updating and self._choices is not None:
            setattr(self._choices, name, node)
