# make demo    enlarge a photograph and grow a small labelled set, light install, no PyTorch
# make test    install everything into .venv, then style, types and tests
# make lint    style and types only
# make clean   remove what was built; .venv stays

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

PHOTOGRAPHS := examples/photographs
LABELLED := examples/sign-digits
GENERATOR := examples/sign-digits-64.onnx
DEMO := demo-output

.DEFAULT_GOAL := help
.PHONY: help demo install install-light test lint clean

help:
	@sed -n 's/^# //p' Makefile | head -4

# Each stamp is younger than pyproject.toml when the packages it stands for are installed.
LIGHT := $(VENV)/.installed-light
FULL := $(VENV)/.installed-full

install-light: $(LIGHT)
install: $(FULL)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "ganapps needs Python 3.11 or later, $(PYTHON) is older: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(LIGHT): pyproject.toml | $(BIN)/python
	@echo "Installing ganapps without PyTorch into $(VENV)"
	@$(PIP) install --quiet --editable .
	@touch $@

# The two OpenCV packages share one folder and must be of one version, so they are brought up to date together.
$(FULL): pyproject.toml | $(BIN)/python
	@echo "Installing ganapps with everything for training and tests into $(VENV); this takes minutes"
	@$(PIP) install --quiet --upgrade opencv-python opencv-python-headless --editable '.[train,metrics,dev]'
	@touch $(LIGHT) $@

demo: $(LIGHT)
	@rm -rf $(DEMO)
	@echo; echo "Enlarging $(PHOTOGRAPHS) four times"
	@$(BIN)/ganapps upscale $(PHOTOGRAPHS) -o $(DEMO)/photographs
	@echo; echo "Growing the labelled set $(LABELLED) with the generator $(GENERATOR)"
	@$(BIN)/ganapps augment $(LABELLED) -o $(DEMO)/sign-digits --model $(GENERATOR)
	@echo; echo "Look at"
	@echo "  $(DEMO)/photographs/        enlarged, beside $(PHOTOGRAPHS)/"
	@echo "  $(DEMO)/sign-digits/report.html    what was added and dropped, with pictures"
	@echo "  $(DEMO)/sign-digits/sheets/    real and synthetic images of each class"
	@echo "  $(DEMO)/sign-digits/images/    the larger set, one folder a class"

test: $(FULL) lint
	@$(BIN)/ganapps doctor
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadfile

lint: $(FULL)
	$(BIN)/python -m ruff check
	$(BIN)/python -m mypy

clean:
	rm -rf build dist ./*.egg-info $(DEMO) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -exec rm -rf {} +
