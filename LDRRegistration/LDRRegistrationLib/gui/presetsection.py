"""The preset, and the user's own ones: chosen, saved by name, deleted, and passed on as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from ..registration.presetfiles import OwnPreset, added, checkedName, presetsText, readPresets
from ..registration.settings import Prealignment, Preset
from ..runtime.errors import RegistrationError
from .advancedsection import ADAPTATION_ITERATIONS
from .choicelabels import PrealignmentChoice, PresetChoice
from .hints import hideEmpty, say
from .refusals import Refusals
from .saving import startFolder

SETTING = "LDRRegistration/Presets"
SUFFIX = ".json"


class PresetSection:
    """The combo box has the presets that there are, and below them the user's own, from Slicer's settings.

    An own one stands there as long as all of its settings hold; if one is changed, the preset that it is based on does.

    :param ui: the widgets of LDRRegistration.ui, by name.
    :param log: takes a line for the panel's log.
    :param refusals: says beside the buttons why one refuses.
    """

    def __init__(self, ui: Any, log: Any, refusals: Refusals) -> None:
        self._ui, self._log = ui, log
        self._try = lambda slot: refusals.ask(refusals.beside(ui.presetHintLabel), slot)
        self._choices: Any = None
        self._updating = False
        self._own: dict[str, OwnPreset] = {}
        ui.presetComboBox.connect("currentIndexChanged(int)", self._onChosen)
        for name, slot in {
            "savePresetButton": self._onSave,
            "deletePresetButton": self._onDelete,
            "exportPresetsButton": self._onExport,
            "importPresetsButton": self._onImport,
        }.items():
            getattr(ui, name).connect("clicked(bool)", lambda checked=False, slot=slot: self._try(slot))
        ui.presetNameEdit.connect("textChanged(QString)", lambda text: self.update())
        ui.presetNameEdit.connect("returnPressed()", lambda: self._try(self._onSave))
        hideEmpty(ui.advancedCollapsibleButton, ui.presetHintLabel)
        self._try(self._read)

    def setChoices(self, choices: Any) -> None:
        """Follow a parameter node, or nothing."""
        self._choices = choices
        if choices is not None:
            self._list()
        self.update()

    def update(self) -> None:
        """Show which preset holds."""
        if self._choices is None:
            return
        name = self._choices.ownPreset
        isOwn = name in self._own and self._isOn(self._own[name])
        data = f"own:{name}" if isOwn else self._choices.preset.name
        self._updating = True
        try:
            box = self._ui.presetComboBox
            box.currentIndex = box.findData(data)
        finally:
            self._updating = False
        self._ui.deletePresetButton.enabled = isOwn
        self._ui.exportPresetsButton.enabled = bool(self._own)
        self._ui.savePresetButton.enabled = bool(self._ui.presetNameEdit.text.strip())

    def _read(self) -> None:
        settings: Any = slicer.app.userSettings()
        text = settings.value(SETTING)
        self._own = readPresets(str(text), _("What Slicer's settings say")) if text else {}

    def _keep(self, presets: dict[str, OwnPreset]) -> None:
        settings: Any = slicer.app.userSettings()
        settings.setValue(SETTING, presetsText(presets))
        self._own = presets
        self._list()

    def _list(self) -> None:
        box = self._ui.presetComboBox
        self._updating = True
        try:
            box.clear()
            for member in PresetChoice:
                box.addItem(member.label(), member.name)
            for name in sorted(self._own, key=str.casefold):
                box.addItem(name, f"own:{name}")
        finally:
            self._updating = False
        self.update()

    def _present(self) -> OwnPreset:
        choices = self._choices
        return {
            "preset": choices.preset.value.value,
            "prealignment": choices.prealignment.value.value,
            "model": choices.model,
            "refinementSteps": None if choices.refinementSteps < 0 else choices.refinementSteps,
            "adaptationIterations": ADAPTATION_ITERATIONS if choices.adapt else 0,
        }

    def _isOn(self, own: OwnPreset) -> bool:
        present = self._present()
        return _complete(own) == {**present, "adaptationIterations": bool(present["adaptationIterations"])}

    def _onChosen(self, index: int) -> None:
        if self._updating or self._choices is None or index < 0:
            return
        kind, colon, name = str(self._ui.presetComboBox.itemData(index)).partition(":")
        choices = self._choices
        with slicer.util.NodeModify(choices):
            if not colon:
                choices.preset, choices.ownPreset = PresetChoice[kind], ""
                return
            own = _complete(self._own[name])
            choices.ownPreset = name
            choices.preset = PresetChoice(Preset(own["preset"]))
            choices.prealignment = PrealignmentChoice(Prealignment(own["prealignment"]))
            choices.model = own["model"]
            choices.refinementSteps = -1 if own["refinementSteps"] is None else own["refinementSteps"]
            choices.adapt = own["adaptationIterations"]

    def _onSave(self) -> None:
        name = checkedName(self._ui.presetNameEdit.text)
        question = _('There is a preset "{name}" already. Replace it?').format(name=name)
        if name in self._own and not slicer.util.confirmYesNoDisplay(question):
            return
        self._keep({**self._own, name: self._present()})
        self._choices.ownPreset = name
        self._ui.presetNameEdit.text = ""
        self.update()
        self._say(_('Saved "{name}": it is in the list of presets.').format(name=name))

    def _onDelete(self) -> None:
        name = self._choices.ownPreset
        if not slicer.util.confirmYesNoDisplay(_('Delete the preset "{name}"?').format(name=name)):
            return
        self._choices.ownPreset = ""
        self._keep({other: values for other, values in self._own.items() if other != name})
        self._say(_('Deleted "{name}"; the settings stay as they are.').format(name=name))

    def _onExport(self) -> None:
        proposed = str(startFolder() / ("LDRRegistration-presets" + SUFFIX))
        kinds = _("Presets") + f" (*{SUFFIX})"
        chosen = qt.QFileDialog.getSaveFileName(slicer.util.mainWindow(), _("Export presets"), proposed, kinds)
        if not chosen:
            return
        path = Path(chosen)
        try:
            path.write_text(presetsText(self._own), encoding="utf-8")
        except OSError as error:
            raise RegistrationError(
                _("{path} could not be written: {reason}.").format(path=path, reason=error.strerror)
            ) from error
        self._say(_("Wrote {path}.").format(path=path))

    def _onImport(self) -> None:
        kinds = _("Presets") + f" (*{SUFFIX})"
        chosen = qt.QFileDialog.getOpenFileName(
            slicer.util.mainWindow(), _("Import presets"), str(startFolder()), kinds
        )
        if not chosen:
            return
        path = Path(chosen)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RegistrationError(_("{path} could not be read.").format(path=path)) from error
        presets = readPresets(text, path.name)
        before = len(self._own)
        self._keep(added(self._own, presets))
        self._say(_("{count} presets are new in the list.").format(count=len(self._own) - before))

    def _say(self, sentence: str) -> None:
        """Beside the buttons."""
        say(self._ui.presetHintLabel, sentence)
        self._log(sentence)


def _complete(own: OwnPreset) -> OwnPreset:
    """With what is left out as it is by default; of the adaptation, whether there is any."""
    return {
        "preset": own.get("preset", PresetChoice.FAST.value.value),
        "prealignment": own.get("prealignment", PrealignmentChoice.AFFINE.value.value),
        "model": own.get("model", "auto"),
        "refinementSteps": own.get("refinementSteps"),
        "adaptationIterations": bool(own.get("adaptationIterations", 0)),
    }
