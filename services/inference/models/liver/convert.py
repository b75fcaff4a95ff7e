"""Writes the trained liver network as the served graph: `python -m services.inference.models.liver.convert --data FOLDER`."""

from services.inference.models.liver.train import job
from services.inference.training import convert

if __name__ == "__main__":
    convert.main("liver", job)
