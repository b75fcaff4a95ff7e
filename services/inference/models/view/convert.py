"""Writes the trained view network as the served graph: `python -m services.inference.models.view.convert --data FOLDER`."""

from services.inference.models.view.train import job
from services.inference.training import convert

if __name__ == "__main__":
    convert.main("view", job)
