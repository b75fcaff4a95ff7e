"""One training loop: AdamW, a cosine that ends with the time budget, averaged weights; cut off, it goes on where it was."""

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
WARM_UP_PART = 0.1  # of the budget, where that is sooner
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def prefetched(make_batch: Callable[[], Batch], depth: int = 4) -> Iterator[Batch]:
    """Batches made on a thread of their own while the network computes."""
    ready: queue.Queue[Batch] = queue.Queue(depth)

    def produce() -> None:
        while True:
            ready.put(make_batch())

    threading.Thread(target=produce, daemon=True).start()
    while True:
        yield ready.get()


def mixed() -> torch.autocast:
    """Half the bytes where a network can do with them."""
    return torch.autocast(DEVICE.type, torch.bfloat16)


def fit(
    model: nn.Module,
    batches: Iterator[Batch],
    loss_of: Callable[[nn.Module, Batch, float], Tensor],
    evaluate: Callable[[nn.Module], float],
    checkpoint: Path,
    budget_seconds: float,
    learning_rate: float,
    decay: float = 0.998,
    learnt: nn.Module | None = None,
    steps: int = 0,
) -> nn.Module:
    """Train for the budget (or for so many steps); returns the averaged weights. `evaluate` gives a figure where less is better.

    Network and batches are moved to a GPU where there is one; `evaluate` and the caller get the averaged network on the processor.

    `learnt` is a part of the model that has learnt before: it learns at a quarter of the rate. What was cut off goes on from the
    state beside the checkpoint, which is removed at the end.
    """
    model = model.to(DEVICE)
    average = copy.deepcopy(model).eval()
    before = {id(weight) for weight in learnt.parameters()} if learnt else set()
    groups = [
        {"params": [w for w in model.parameters() if id(w) not in before], "share": 1.0},
        {"params": [w for w in model.parameters() if id(w) in before], "share": 0.25},
    ]
    optimizer = torch.optim.AdamW([group for group in groups if group["params"]], lr=learning_rate, weight_decay=1e-2)
    best, step, recent, begun = math.inf, 0, 0.0, time.monotonic()
    state = checkpoint.with_suffix(".state.pt")
    if state.exists():
        kept = torch.load(state, map_location=DEVICE)
        model.load_state_dict(kept["model"])
        average.load_state_dict(kept["average"])
        optimizer.load_state_dict(kept["optimizer"])
        best, step, begun = kept["best"], kept["step"], begun - kept["seconds"]
        LOG.info(f"going on after step {step}")
    while (spent := step / steps if steps else (time.monotonic() - begun) / budget_seconds) < 1:
        warm = min(1.0, max((step + 1) / WARM_UP_STEPS, spent / WARM_UP_PART))
        rate = learning_rate * warm * (0.01 + 0.99 * (1 + math.cos(math.pi * spent)) / 2)
        for group in optimizer.param_groups:
            group["lr"] = rate * group["share"]
        model.train()
        loss = loss_of(model, tuple(part.to(DEVICE) for part in next(batches)), spent)
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
            figure = evaluate(_on_processor(average))
            LOG.info(f"step {step} {spent:.0%} rate {rate:.2e} loss {recent / EVALUATE_EVERY:.4f} figure {figure:.4f}")
            recent = 0.0
            torch.save(average.state_dict(), checkpoint.with_suffix(".last.pt"))
            if figure < best:
                best = figure
                torch.save(average.state_dict(), checkpoint)
            torch.save(
                {
                    "model": model.state_dict(),
                    "average": average.state_dict(),
                    "optimizer": optimizer.state_dict(),
                    "best": best,
                    "step": step,
                    "seconds": time.monotonic() - begun,
                },
                state,
            )
    average = _on_processor(average)
    figure = evaluate(average)
    LOG.info(f"end after {step} steps: {figure:.4f} (best before {best:.4f})")
    torch.save(average.state_dict(), checkpoint.with_suffix(".last.pt"))
    if figure < best:
        torch.save(average.state_dict(), checkpoint)
    state.unlink(missing_ok=True)
    return average


def _on_processor(network: nn.Module) -> nn.Module:
    return network if DEVICE.type == "cpu" else copy.deepcopy(network).cpu()
