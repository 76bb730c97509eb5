"""PyTorch missing, refused, broken or old: each ends in one clear sentence, and nothing is imported before its time."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from LDRRegistrationLib.runtime import pytorch
from LDRRegistrationLib.runtime.errors import DependencyError

LIBRARY = str(Path(pytorch.__file__).parents[1])


@pytest.fixture
def without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)


def offer_pytorch_utils(monkeypatch: pytest.MonkeyPatch, install: Any) -> list[dict[str, Any]]:
    """Put the PyTorch extension's module in place; returns the arguments of the calls of its installTorch."""
    calls: list[dict[str, Any]] = []

    class PyTorchUtilsLogic:
        def installTorch(self, **arguments: Any) -> Any:
            calls.append(arguments)
            return install()

    extension = types.ModuleType("PyTorchUtils")
    extension.PyTorchUtilsLogic = PyTorchUtilsLogic
    monkeypatch.setitem(sys.modules, "PyTorchUtils", extension)
    return calls


def test_missing_outside_slicer(without_torch: None) -> None:
    assert not pytorch.torchIsInstalled()
    with pytest.raises(DependencyError, match="install the PyTorch extension from the Extensions Manager"):
        pytorch.ensureTorch()


def test_installed_through_the_extension(without_torch: None, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = types.ModuleType("torch")
    torch.__version__ = "2.2.2"

    def install() -> Any:
        sys.modules["torch"] = torch
        return torch

    calls = offer_pytorch_utils(monkeypatch, install)
    assert pytorch.ensureTorch(askConfirmation=False) is torch
    assert calls == [{"askConfirmation": False, "torchVersionRequirement": ">=2.1"}]


def test_another_numpy_asks_for_a_restart(without_torch: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As PyTorch 2.2 brings one along: that in memory is not the one on the disk any more."""
    offer_pytorch_utils(monkeypatch, lambda: "torch")
    pytorch.installTorch()
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "1.26.4")
    with pytest.raises(DependencyError, match="another version of NumPy: restart"):
        pytorch.installTorch()


def test_declined(without_torch: None, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = offer_pytorch_utils(monkeypatch, lambda: None)
    with pytest.raises(DependencyError, match="was not installed"):
        pytorch.installTorch()
    assert calls[0]["askConfirmation"] is True


def test_installation_fails(without_torch: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def install() -> Any:
        raise OSError("no space left")

    offer_pytorch_utils(monkeypatch, install)
    with pytest.raises(DependencyError, match="could not be installed: no space left"):
        pytorch.installTorch()


@pytest.mark.parametrize("version", ["1.13.1+cu117", "2.0.1"])
def test_too_old(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = types.ModuleType("torch")
    torch.__version__ = version
    monkeypatch.setitem(sys.modules, "torch", torch)
    with pytest.raises(DependencyError, match="too old"):
        pytorch.importTorch()


@pytest.mark.parametrize("version", ["2.1.0", "2.13.0+cpu", "2.15.0a0+git1234", "3.0.0"])
def test_new_enough(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = types.ModuleType("torch")
    torch.__version__ = version
    monkeypatch.setitem(sys.modules, "torch", torch)
    assert pytorch.importTorch() is torch


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("raise OSError('libtorch.so is cut short')", "cut short"),
        ("import sympyy", "lacks a part.*sympyy"),
        ("raise ImportError('libtorch_cpu.so: failed to map segment from shared object')", "too little memory"),
        ("raise OSError('[WinError 1455] The paging file is too small for this operation')", "too little memory"),
        ("raise MemoryError", "too little memory"),
    ],
)
def test_broken(code: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torch.py").write_text(code, encoding="utf-8")
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert pytorch.torchIsInstalled()
    with pytest.raises(DependencyError, match=sentence):
        pytorch.importTorch()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_other_threads_run_while_the_libraries_are_loaded() -> None:
    """Python's own import would hold the GIL for a third of a second, in which no window answers."""
    script = """
import sys, threading, time
sys.path.insert(0, sys.argv[1])
from LDRRegistrationLib.runtime import pytorch

ticks, ended = [], threading.Event()
def tick():
    while not ended.wait(0.002):
        ticks.append(time.perf_counter())
thread = threading.Thread(target=tick)
thread.start()
start = time.perf_counter()
pytorch._preloadLibraries()
end = time.perf_counter()
ended.set()
thread.join()
assert "libtorch_python.so" in open("/proc/self/maps").read()
assert "torch" not in sys.modules
pauses = [b - a for a, b in zip([start, *ticks], [*ticks, end])]
print(max(pauses) / (end - start))
"""
    run = subprocess.run([sys.executable, "-c", script, LIBRARY], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert float(run.stdout) < 0.5
