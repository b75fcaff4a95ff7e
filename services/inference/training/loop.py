"""One training loop: AdamW, a cosine that ends with the time budget, averaged weights, checkpoints to go on from."""

import copy
import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

Batch = tuple[Tensor, ...]
LOG = logging.getLogger(__name__)
EVALUATE_EVERY = 200
WARM_UP_STEPS = 100


def prefetched(make_batch: Callable[[], Batch], depth: int = 4) -> Iterator[Batch]:
    """Batches made on a thread of their own while the network computes."""
    ready: queue.Queue[Batch] = queue.Queue(depth)

    def produce() -> None:
        while True:
            ready.put(make_batch())

    threading.Thread(target=produce, daemon=True).start()
    while True:
        yield ready.get()


def fit(
    model: nn.Module,
    batches: Iterator[Batch],
    loss_of: Callable[[nn.Module, Batch, float], Tensor],
    evaluate: Callable[[nn.Module], float],
    checkpoint: Path,
    budget_seconds: float,
    learning_rate: float,
    decay: float = 0.998,
) -> nn.Module:
    """Train for the budget; returns the averaged weights. `evaluate` gives a figure where less is better."""
    average = copy.deepcopy(model).eval()
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=1e-2)
    best, step, recent, begun = math.inf, 0, 0.0, time.monotonic()
    while (spent := (time.monotonic() - begun) / budget_seconds) < 1:
        rate = (
            learning_rate * min(1.0, (step + 1) / WARM_UP_STEPS) * (0.01 + 0.99 * (1 + math.cos(math.pi * spent)) / 2)
        )
        for group in optimizer.param_groups:
            group["lr"] = rate
        model.train()
        loss = loss_of(model, next(batches), spent)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step, recent = step + 1, recent + loss.item()
        keep = min(decay, (1 + step) / (10 + step))
        with torch.no_grad():
            for mine, theirs in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
                if mine.dtype.is_floating_point:
                    mine.lerp_(theirs, 1 - keep)
                else:
                    mine.copy_(theirs)
        if step % EVALUATE_EVERY == 0:
            figure = evaluate(average)
            LOG.info(f"step {step} {spent:.0%} rate {rate:.2e} loss {recent / EVALUATE_EVERY:.4f} figure {figure:.4f}")
            recent = 0.0
            torch.save(average.state_dict(), checkpoint.with_suffix(".last.pt"))
            if figure < best:
                best = figure
                torch.save(average.state_dict(), checkpoint)
    figure = evaluate(average)
    LOG.info(f"end after {step} steps: {figure:.4f} (best before {best:.4f})")
    torch.save(average.state_dict(), checkpoint.with_suffix(".last.pt"))
    if figure < best:
        torch.save(average.state_dict(), checkpoint)
    return average
