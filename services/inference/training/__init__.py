"""The training kit that models share. Never imported by the running service; what service and training share is `sector.py` beside it.

- Data: `images` (every set as one kind of Sample, `boxed` into the sector geometry), `foreign` (what is no ultrasound, other machines'
  files), `split` (parts by subject), `folds` (cross-validation by subject; near-duplicates as subjects).
- Pictures: `picture` (size and normalisation of what a network sees), `augment` (after ultrasound physics), `degrade` (for robustness).
- Networks: `backbone` (EfficientNet-Lite0 with ImageNet's weights), `segmenter` (an outline and
  answers), `looks` (several looks at a picture in one graph).
- Training: `command` (the command line of every train.py and evaluate.py), `loop` (one loop, goes on where it was cut off), `classify`
  (a classifier from a Plan), `crossfit` (its folds and final network; a classifier's train.py is a Plan, a Job and a call of
  `crossfit.main`).
- Serving: `export` (any network, uint8 in, weights as float16), `convert` (a classifier's graph with its temperatures), `served` (the
  file under plain ONNX Runtime; latency).
- Figures: `metrics` (pure functions), `measure` (from answers to `figures`), `figures` (the schema of figures.json), `saliency` (class
  maps), `report` (make models-report).
"""
