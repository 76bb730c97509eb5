# make demo: registers the bundled follow-up pair into demo/.   make test: the whole test suite.
PYTHON ?= python3
VENV ?= .venv
# A bare "torch" would pull gigabytes of CUDA packages. On a machine with PyTorch's own index:
#   make demo TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH ?= torch==2.13.0
TORCH_INDEX ?=

BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
# One stamp for each PyTorch asked for, so that naming another one installs it.
STAMP = $(VENV)/.installed-$(subst /,-,$(subst =,-,$(TORCH)))
SAMPLE = LDRRegistration/Resources/SampleData/ms_longitudinal_patient01

.PHONY: demo test tests test-fast test-oldest lint style types bench-click bench-window bench pictures ablation queue trust check-publication clean

demo: $(STAMP)
	$(BIN)/ldr-register $(SAMPLE)/study2_FLAIR.nii.gz $(SAMPLE)/study1_FLAIR.nii.gz -o demo --overwrite

# Two processes of one thread each are faster than one of two threads; each takes about 2 GB.
PROCESSES ?= 2
# Tests start some hundred processes: also where Python is told to keep no bytecode, the library is compiled only once.
PYTEST = PYTHONDONTWRITEBYTECODE= QT_QPA_PLATFORM=offscreen OMP_NUM_THREADS=1 \
	$(BIN)/python -m pytest -n $(PROCESSES) --dist worksteal
# mypy takes a minute of one processor where it has no cache: the tests begin meanwhile.
test: $(STAMP)-test style
	@for tool in chromium dciodvfy storescu Orthanc; do command -v $$tool >/dev/null || \
		echo "Skipped without $$tool: a test of Testing/dicom (apt install chromium dicom3tools dcmtk orthanc)."; done
	@$(MAKE) --no-print-directory --jobs 2 types tests

tests: $(STAMP)-test
	$(PYTEST)

# What is not slow (Testing/conftest.py says what is): under two minutes on two cores.
test-fast: $(STAMP)-test
	$(PYTEST) -m "not slow"

lint: style types

style: $(STAMP)-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)-test
	$(BIN)/mypy

# The weights, and whatever training exports, must load in the last PyTorch there is for Slicer on macOS, with the NumPy
# that it brings along. On Linux its wheel brings 2.5 GB of CUDA.
test-oldest: $(STAMP)
	$(PYTHON) -m venv .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet "torch==2.2.2" "numpy==1.26.4" $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
	$(BIN)/python tools/oldest/compare_models.py --write .venv-oldest/expected.json
	.venv-oldest/bin/python tools/oldest/compare_models.py --check .venv-oldest/expected.json
	$(PIP) --editable ".[training]"
	$(BIN)/python tools/oldest/export_all.py .venv-oldest/models
	$(BIN)/python tools/oldest/compare_models.py --models .venv-oldest/models --write .venv-oldest/expected.json
	.venv-oldest/bin/python tools/oldest/compare_models.py --models .venv-oldest/models --check .venv-oldest/expected.json

# Hours on two cores; goes on where it stopped. The data are not bundled: LDR_DATA names their folder.
ablation: $(STAMP)-test
	$(BIN)/python training/ablation.py --output runs/ablation

# The runs towards the shipped weights, in the order of training/experiments/queue.json: one thread, behind all other
# work. Stop it at any moment; the same command goes on. Checkpoints lie outside the checkout, so that it can be replaced meanwhile.
LDR_RUNS ?= ../runs
queue: $(STAMP)-test
	OMP_NUM_THREADS=1 ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS=1 nice -n 19 $(BIN)/python training/ablation.py \
		-d training/experiments/queue.json --output $(LDR_RUNS)/queue --jobs 1 --threads 1

bench-click: $(STAMP)-test
	$(BIN)/python benchmarks/click.py

bench-window: $(STAMP)-test
	$(BIN)/python benchmarks/window.py

# The peers' environments are made in .bench, among them FireANTs, which has a licence of its own; hours on two cores, or
# BENCH=--quick; goes on where it stopped. The tables are written into .bench/tables. Images: LDR_DATA.
BENCH ?=
bench: $(STAMP)-test
	$(BIN)/python benchmarks/peers_bench.py $(LDR_DATA) $(BENCH)

# Hours on two cores; goes on where it stopped, and then writes the tables of docs/TRUST.md. Without LDR_DATA no known
# motions. TRUST="--only bad_inputs" runs one check, TRUST=--again what went wrong.
TRUST ?=
trust: $(STAMP)-test
	QT_QPA_PLATFORM=offscreen $(BIN)/python Testing/trust/everything.py $(if $(LDR_DATA),--data $(LDR_DATA)) \
		--output $(LDR_RUNS)/trust $(TRUST)

pictures: $(STAMP)-test
	$(BIN)/python tools/pictures.py

# CHECK=--online also asks GitHub, once the repository is published.
CHECK ?=
check-publication:
	$(PYTHON) tools/check_publication.py $(CHECK)

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	rm -f $(VENV)/.installed-*
	$(PIP) "$(TORCH)" $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX))
	$(PIP) --editable ".[dicom]"
	touch $@

$(STAMP)-test: $(STAMP)
	$(PIP) --editable ".[dicom,test,training]"
	touch $@

clean:
	rm -rf $(VENV) .venv-oldest .bench demo build LDRRegistration/*.egg-info
