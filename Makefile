# Every target is one command; what it does is in the module that it calls.
SHELL := /bin/sh
PYTHON := .venv/bin/python
# Each stack keeps its ports, secrets, data and logs in a folder: `make up STATE=elsewhere` has one beside the usual one.
STATE ?= .local
# How many exams flow through `make test-chaos` and `make bench-flow`.
EXAMS ?= 200

.DEFAULT_GOAL := help
.PHONY: help setup up down status demo test test-chaos bench-flow bench-inference bench-screening bench-aims models-report lint proto lock data

help:  ## this list
	@sed -n 's/^\([a-z%-]*\):.*## /  make \1 — /p' Makefile | sed 's/-%/-MODEL/'

setup:  ## fetch and build everything that the platform needs on this machine
	@sh infra/local/setup.sh

up: setup  ## start the stack in the background; returns when every part is ready
	@$(PYTHON) -m infra.local --state $(STATE) up

down:  ## stop the stack
	@$(PYTHON) -m infra.local --state $(STATE) down

status:  ## each part's health, port, memory and log
	@$(PYTHON) -m infra.local --state $(STATE) status

demo: setup  ## the whole way of an exam, step by step, on an empty state
	@$(PYTHON) -m infra.demo --state $(STATE)

test:  ## every test, with its own set-up
	@sh infra/local/setup.sh --tests
	@$(PYTHON) -m tests

test-chaos: setup  ## kills every part while EXAMS exams flow
	@EXAMS=$(EXAMS) $(PYTHON) -m pytest tests/chaos

bench-flow: setup  ## EXAMS exams through the whole chain: a second, by stage, by process
	@$(PYTHON) -m tests.bench.flow --exams $(EXAMS)

bench-inference: setup  ## the platform's inference against raw Triton
	@sh infra/local/setup.sh --bench
	@$(PYTHON) -m tests.bench.inference

bench-screening: setup  ## a clip of 100 frames through the models that see every frame
	@$(PYTHON) -m tests.bench.screening

bench-aims: setup data  ## the models' aims through the platform: COUNT pictures a set (or all) as DICOM in, SR and SEG out (DATA)
	@$(PYTHON) -m tests.bench.aims --data $(DATA) --count $(or $(COUNT),20)

lint: setup  ## types, style and layers
	@$(PYTHON) -m tests.lint

proto: setup  ## generate protos/gen from protos/sonobridge
	@$(PYTHON) -m grpc_tools.protoc -I protos --python_out=protos/gen --pyi_out=protos/gen --grpc_python_out=protos/gen $$(find protos/sonobridge -name '*.proto' | sort)

lock:  ## choose the versions of indirect dependencies anew
	@sh infra/local/lock.sh

# Both have an environment of their own, for torch is large. DATA has a folder for each data set that the model's card names; it lies
# beside the project unless told otherwise. `make train-fetal_head DATA=FOLDER MINUTES=90`; without MINUTES each model takes its own time,
# at most two hours on two cores.
DATA ?= ../shared/data
MINUTES ?=
data:
	@test -d "$(DATA)" || { echo "there is no folder $(DATA): DATA=FOLDER says where the data sets that the model's card names lie" >&2; exit 2; }

.parts/training/ready: services/inference/training/requirements.lock
	@python3.11 -m venv .parts/training
	@.parts/training/bin/pip install --quiet --require-hashes -r $<
	@touch $@

train-%: data .parts/training/ready  ## learn a model anew, export it and write its figures into its card (DATA, MINUTES)
	@.parts/training/bin/python -m services.inference.models.$*.train --data $(DATA) $(if $(MINUTES),--minutes $(MINUTES))
	@.parts/training/bin/python -m services.inference.models.$*.convert --data $(DATA)
	@.parts/training/bin/python -m services.inference.models.$*.evaluate --data $(DATA) --card

models-report: setup  ## every model's figures, printed and as one page with plots
	@$(PYTHON) -m services.inference.training.report --page $(STATE)/models-report.html

evaluate-%: data .parts/training/ready  ## measure the model that is served (DATA)
	@.parts/training/bin/python -m services.inference.models.$*.evaluate --data $(DATA)
