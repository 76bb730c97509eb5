"""What Slicer shows of the module under Help & Acknowledgement, in the user's language."""

import sys
from pathlib import Path

import slicer
from slicer.i18n import tr as _

TRANSLATIONS = Path(__file__).resolve().parents[2] / "Resources" / "Translations"


def loadTranslations() -> None:
    """Let Slicer speak the user's language here, too: by itself it looks only in its own folder for translations."""
    slicer.app.loadTranslations(str(TRANSLATIONS))


def helpText() -> str:
    """What it does, how to use it, and the licences of the weights."""
    return _(
        "Aligns two 3D images (follow-up scans, or different people) by bending one onto the other, in about a "
        "second without a graphics card. Choose the fixed and the moving volume and press Apply: the result is a "
        "transform that carries the moving volume, and segmentations and markups made on it, onto the fixed one. "
        "Tested on MR of the head (T1, T2, FLAIR, thick slices) and of the hippocampus; on CT and the rest of the "
        "body, little. For research; not for diagnostic use. To try it: Sample Data, LDRFollowUpFLAIR. "
        "Licences: the code is MIT; the weights of c2f-general (the default) and ldr-general are CC BY-SA 4.0, "
        "for any use; those of c2f-brain-t1 are CC BY-NC 4.0, for non-commercial use only, and you are asked first."
    )


def acknowledgementText() -> str:
    """The papers and the data it stands on."""
    return _(
        "The network is the light-weight deformable registration (LDR) of M. Q. Tran et al., Light-weight "
        "deformable registration using adversarial learning with distilling knowledge, IEEE Transactions on "
        "Medical Imaging 41(6), 2022. doi:10.1109/TMI.2022.3141013. The sample images are of Z. Lesjak et al., "
        "Neuroinformatics 2016 (CC BY), and of the Medical Segmentation Decathlon (CC BY-SA)."
    )


def forgetLibrary() -> None:
    """Slicer reloads the module's own file alone: without its library in memory, that is read anew, too."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "LDRRegistrationLib"]:
        del sys.modules[name]
