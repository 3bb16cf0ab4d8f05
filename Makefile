# Two commands for a start: `make demo` and `make test`. Everything else serves development.
PYTHON ?= python3
ENV := .venv
BIN := $(ENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test test-all fuzz lint bench screenshots gpu hosts blender premiere resolve docs proto clean

demo: $(ENV)/demo.stamp
	$(BIN)/secondunit demo $(if $(CUT),--cut "$(CUT)") --out out/demo

test: lint
	$(BIN)/pytest -m "not long" -n 2 --dist loadfile

test-all: lint
	$(BIN)/pytest -n 2 --dist loadfile

# Each reader for SECONDS, over files that are kept in out/fuzz for the next time.
SECONDS ?= 300
fuzz: $(ENV)/dev.stamp
	$(PIP) --editable '.[unit,dev,fuzz]'
	for reader in otio edl fcp7 fcpxml kdenlive; do \
		mkdir -p out/fuzz/$$reader && $(BIN)/python -m tests.fuzz.readers $$reader -max_total_time=$(SECONDS) \
			-timeout=30 -rss_limit_mb=4096 -artifact_prefix=out/fuzz/ out/fuzz/$$reader || exit 1; \
	done

lint: $(ENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(ENV)/dev.stamp
	$(BIN)/python -m tests.benchmarks

screenshots: $(ENV)/dev.stamp
	$(BIN)/python -m tests.end_to_end.screenshots

# Full-size models with random weights; MODELS names some of the cards.
gpu: $(ENV)/dev.stamp
	$(BIN)/pytest -m gpu
	$(BIN)/python -m tests.gpu $(MODELS)

# Real editing programs under the panel. Blender's modules are some 370 MB each; those up to 5.0 need a Python 3.11,
# later ones a Python 3.13, without which they are left out.
PYTHON_BPY ?= python3.11
PYTHON_BPY_5_1 ?= python3.13
# Of pyenv a command is there for each version that is not: the interpreter itself is asked.
BPY := 4.5.4 5.0.1 $(shell $(PYTHON_BPY_5_1) -c "print('5.3.0')" 2>/dev/null)
# Of Debian, installed where this runs as root there; the tests of what is missing are skipped.
DEBIAN := openshot-qt kdenlive melt ffmpeg dbus-daemon xvfb xdotool libgl1-mesa-dri
hosts: $(ENV)/dev.stamp $(BPY:%=out/hosts/bpy-%/done) out/hosts/fusionscript-stubs/done
	if command -v apt-get && [ "$$(id -u)" = 0 ]; then apt-get install -y --no-install-recommends $(DEBIAN); fi
	$(BIN)/pytest tests/plugin/hosts tests/end_to_end/hosts

blender: $(ENV)/dev.stamp $(BPY:%=out/hosts/bpy-%/done)
	$(BIN)/pytest -m long -k blender tests/plugin/hosts tests/end_to_end/hosts

# The plugin for Premiere: checked against Adobe's typings, compiled into plugin/in_host/premiere, tested with Node.js.
PACKAGES := plugin/premiere/node_modules/.package-lock.json
premiere: $(ENV)/dev.stamp $(PACKAGES)
	cd plugin/premiere && npm run --silent build && npm test --silent
	$(BIN)/pytest -k premiere tests/plugin/hosts tests/end_to_end/hosts

# DaVinci Resolve: no program, but the signatures of its scripting API, of every version that the connector is for.
STUBS := 18.5.0 18.6.0 18.6.6 19.0 19.1 20.0 20.1 20.2 20.2.2 21.0.0
resolve: $(ENV)/dev.stamp out/hosts/fusionscript-stubs/done
	$(BIN)/pytest tests/plugin/hosts/resolve
	$(BIN)/pytest -k resolve tests/plugin/hosts/test_conformance.py

out/hosts/fusionscript-stubs/done: | $(ENV)/bin/python
	for version in $(STUBS); do $(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps \
		--only-binary :all: --dest out/hosts/fusionscript-stubs fusionscript-stubs==$$version || exit 1; done
	touch $@

$(PACKAGES): plugin/premiere/package-lock.json
	cd plugin/premiere && npm ci --silent

out/hosts/bpy-%/done:
	$(if $(filter 4.% 5.0.%,$*),$(PYTHON_BPY),$(PYTHON_BPY_5_1)) -m venv out/hosts/bpy-$*
	out/hosts/bpy-$*/bin/pip install --quiet --disable-pip-version-check bpy==$* $(if $(filter 4.% 5.0.%,$*),'numpy<2')
	touch $@

docs: $(ENV)/dev.stamp
	$(BIN)/python docs/models.py
	$(BIN)/python -m tests.timeline.test_formats_losses
	$(BIN)/python -m tests.timeline.test_corpus_formats
	$(BIN)/python -m tests.plugin.hosts.test_page
	$(BIN)/python docs/api/generate.py

proto: $(ENV)/dev.stamp
	$(BIN)/python bridge/proto/generate.py

clean:
	rm -rf $(ENV) out

$(ENV)/bin/python:
	$(PYTHON) -m venv $(ENV)

$(ENV)/demo.stamp: pyproject.toml constraints.txt | $(ENV)/bin/python
	$(PIP) --editable '.[unit]'
	touch $@

$(ENV)/dev.stamp: pyproject.toml constraints.txt | $(ENV)/bin/python
	$(PIP) --editable '.[unit,diffusion,panel,dev]'
	touch $@ $(ENV)/demo.stamp
