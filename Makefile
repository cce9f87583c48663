# Patter: `make run` starts it, `make test` tests it. All you need is Python 3.11 and make.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= $(or $(shell sed -n 's/^PORT=//p' .env 2>/dev/null),8000)
TEST_DATABASE_URL ?= postgres://postgres@127.0.0.1:5432/patter_services
TEST_REDIS_URL ?= redis://127.0.0.1:6379/15
PYTEST_ARGS ?=
# Processes that run the suite: one more than there are cores, because tests also wait. 0: all in one process.
WORKERS ?= $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2) + 1 )))
# The same for the tests that start real servers. Each has its own databases, and mostly waits.
SERVICE_WORKERS ?= 3

export TEST_DATABASE_URL TEST_REDIS_URL

PY := .venv/bin/python
# Tests and checks ignore the shell's settings and .env.
EMBEDDED := env -u DATABASE_URL -u REDIS_URL -u DEBUG ENV_FILE=/dev/null
SERVICES := $(EMBEDDED) DATABASE_URL=$(TEST_DATABASE_URL) REDIS_URL=$(TEST_REDIS_URL)
CHECK_KEY := only-for-make-check-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFG
CHECKED := $(EMBEDDED) SECRET_KEY=$(CHECK_KEY) WHATSAPP_SANDBOX=1
# They run beside mypy, which takes as long as all of them.
OTHER_CHECKS := .venv/bin/lint-imports \
	&& $(EMBEDDED) $(PY) -m pytest tests/test_architecture.py \
	&& $(CHECKED) $(PY) manage.py makemigrations --check --dry-run \
	&& $(CHECKED) HTTPS_ONLY=1 REQUIRE_ADMIN_MFA=1 ALLOWED_HOSTS=desk.example.com $(PY) manage.py check --deploy --fail-level WARNING

.DEFAULT_GOAL := help
.PHONY: help run shell migrations test test-services check format bench soak clean

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' Makefile | column -t -s '|' 2>/dev/null || grep '## ' Makefile

run: .venv/.installed ## install, migrate, add demo data and start Patter on http://127.0.0.1:8000 (PORT=...)
	@$(PY) scripts/free_port.py "$(PORT)"
	@echo "Preparing the database in var/ ..."
	@DEBUG=1 PORT=$(PORT) $(PY) manage.py migrate --verbosity 0
	@DEBUG=1 PORT=$(PORT) $(PY) manage.py seed_demo --show
	@DEBUG=1 PORT=$(PORT) exec $(PY) -m uvicorn config.asgi:application --host 127.0.0.1 --port $(PORT) \
		--timeout-graceful-shutdown 1 --no-proxy-headers --no-server-header

shell: .venv/.installed ## a Django shell on the data of `make run`, models imported
	@DEBUG=1 $(PY) manage.py shell

migrations: .venv/.installed ## write migrations for changed models, and list the new files
	@$(CHECKED) $(PY) manage.py makemigrations
	@new=$$(git ls-files --others --exclude-standard -- '*/migrations/*.py'); \
		test -z "$$new" || printf 'Not committed yet; read them first:\n%s\n' "$$new"

test: .venv/.installed-dev ## run the suite on SQLite, without any services
	$(EMBEDDED) $(PY) -m pytest --create-db -n $(WORKERS) -m "not services" $(PYTEST_ARGS)

test-services: .venv/.installed-dev ## the suite on PostgreSQL and Redis, then the tests of real servers and crashes
	@$(PY) -m tests.require_services
	@tests/browser/install
	$(SERVICES) $(PY) -m pytest --create-db -p tests.worker_redis -n $(WORKERS) -m "not services" $(PYTEST_ARGS)
	$(SERVICES) $(PY) -m pytest --create-db -p tests.worker_redis -n $(SERVICE_WORKERS) -m services $(PYTEST_ARGS)

check: .venv/.installed-dev ## lint, format, types, import layers, missing migrations, deployment settings
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(CHECKED) $(PY) -m mypy . & types=$$!; { $(OTHER_CHECKS); }; others=$$?; wait $$types && exit $$others

format: .venv/.installed-dev ## fix lint and formatting with ruff
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: .venv/.installed-bench ## measure the hot paths against a bare minimum in the same run
	$(PY) -m benchmarks

soak: .venv/.installed-dev ## kill servers while messages flow, and count what is lost
	$(PY) -m benchmarks.soak

clean: ## delete the environment and all data under var/
	rm -rf .venv var

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Patter needs Python 3.11 or newer: no python3 found."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Patter needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Name another: make PYTHON=..."; exit 1; }
	@echo "Making a Python environment in .venv ..."
	@$(PYTHON) -m venv .venv

.venv/.installed: requirements.txt | .venv/bin/python
	@$(PY) scripts/install.py requirements.txt
	@touch $@

.venv/.installed-dev: requirements.txt requirements-dev.txt | .venv/bin/python
	@$(PY) scripts/install.py requirements-dev.txt
	@touch .venv/.installed $@

.venv/.installed-bench: requirements-bench.txt .venv/.installed-dev
	@$(PY) scripts/install.py requirements-bench.txt
	@touch $@
