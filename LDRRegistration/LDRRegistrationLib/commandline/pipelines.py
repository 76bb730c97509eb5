"""``ldr-register`` as a node of nipype, for those who have it."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

from ..runtime.errors import DependencyError

# The command of this very installation.
COMMAND = f"{shlex.quote(sys.executable)} -m LDRRegistrationLib"
OUT_FOLDER = "ldr-register"
FILES = {
    "transform": "transform.h5",
    "warped": "warped.nii.gz",
    "warped_labels": "warped_labels.nii.gz",
    "report": "report.json",
    "overview": "overview.png",
}


def nipypeInterface() -> Any:
    """The class ``LdrRegister``, a CommandLine interface of nipype.

    Its inputs are the options of the command (``fixed``, ``moving``, ``preset``, ``prealignment``, ``initial``,
    ``fixed_mask``, ``moving_mask``, ``labels``, ``model``, ``threads``, ``out_dir``), its outputs the files of FILES. A
    result whose verdict is failed (exit status 3) fails the node.

        LdrRegister = nipypeInterface()
        result = LdrRegister(fixed="fixed.nii.gz", moving="moving.nii.gz", out_dir="result").run()
        print(result.outputs.transform)

    :raises DependencyError: nipype is not installed.
    """
    try:
        from nipype.interfaces.base import CommandLine, CommandLineInputSpec, Directory, File, TraitedSpec, traits
    except ImportError as error:
        raise DependencyError("nipype is not installed: run pip install nipype.") from error

    def image(text: str, option: str, **more: Any) -> Any:
        return File(exists=True, argstr=f"{option}%s", desc=text, **more)

    class LdrRegisterInputSpec(CommandLineInputSpec):  # type: ignore[misc,unused-ignore]
        fixed = image("image that stays as it is", "", mandatory=True, position=0)
        moving = image("image to carry onto it", "", mandatory=True, position=1)
        out_dir = Directory(OUT_FOLDER, usedefault=True, argstr="-o %s", desc="folder for the results")
        preset = traits.Enum("fast", "accurate", "best", argstr="--preset %s")
        prealignment = traits.Enum("affine", "rigid", "none", argstr="--prealignment %s")
        initial = image("linear ITK transform to start from", "--initial ")
        fixed_mask = image("label map of the fixed image", "--fixed-mask ")
        moving_mask = image("label map of the moving image", "--moving-mask ")
        labels = image("label map of the moving image to carry along", "--labels ")
        model = traits.Str(argstr="--model %s", desc="model by name")
        models = Directory(exists=True, argstr="--models %s", desc="folder of models")
        threads = traits.Range(low=1, argstr="--threads %d", desc="CPU threads", nohash=True)

    class LdrRegisterOutputSpec(TraitedSpec):  # type: ignore[misc,unused-ignore]
        transform = File(desc="fixed to moving points, an ITK transform")
        warped = File(desc="the moving image on the fixed image's grid")
        warped_labels = File(desc="the moving label map on the fixed image's grid")
        report = File(desc="verdict, settings, seconds and measures")
        overview = File(desc="before, after and the deformation")

    class LdrRegister(CommandLine):  # type: ignore[misc,unused-ignore]
        _cmd = COMMAND
        input_spec = LdrRegisterInputSpec
        output_spec = LdrRegisterOutputSpec

        def _run_interface(self, runtime: Any, correct_return_codes: tuple[int, ...] = (0,)) -> Any:
            runtime = super()._run_interface(runtime, correct_return_codes)
            if runtime.returncode not in correct_return_codes:  # nipype itself goes on
                self.raise_exception(runtime)
            return runtime

        def _list_outputs(self) -> dict[str, str]:
            folder = Path(self.inputs.out_dir).absolute()
            found = {name: folder / file for name, file in FILES.items()}
            return {name: str(path) for name, path in found.items() if path.is_file()}

    return LdrRegister
