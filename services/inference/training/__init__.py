"""The training kit that models share: splits, network, loop, export, metrics. Never imported by the running service."""
