"""What a step tells: figures checked against what should be, and the table at the end."""

import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field


class NotAsItShouldBe(Exception):
    """A step ended otherwise than the platform promises."""


def must(condition: object, otherwise: str) -> None:
    """Raises NotAsItShouldBe saying `otherwise` unless the condition holds."""
    if not condition:
        raise NotAsItShouldBe(otherwise)


@dataclass
class Step:
    """One step: its title, what happened, how long, and how it ended."""

    title: str
    facts: list[str] = field(default_factory=list)
    seconds: float = 0.0
    fault: str = ""

    def tell(self, fact: str) -> None:
        """Add a fact and show it at once."""
        self.facts.append(fact)
        print(f"    {fact}", flush=True)


@dataclass
class Story:
    """The steps so far."""

    steps: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Run the body as one step; a fault is kept and told, and ends the story."""
        step = Step(title)
        self.steps.append(step)
        print(f"\n[{len(self.steps)}] {title}", flush=True)
        began = time.monotonic()
        try:
            yield step
        except Exception as error:
            step.fault = f"{type(error).__name__}: {error}"
            traceback.print_exc()
            raise
        finally:
            step.seconds = time.monotonic() - began

    def table(self) -> str:
        """Every step with its time and facts."""
        rule = "─" * 100
        lines = [rule]
        for number, step in enumerate(self.steps, 1):
            mark = "FAILED" if step.fault else "ok"
            lines.append(f"{number}  {step.title:<76} {step.seconds:7.1f} s  {mark}")
            lines += [f"     · {fact}" for fact in step.facts]
            if step.fault:
                lines.append(f"     ! {step.fault}")
            lines.append(rule)
        return "\n".join(lines)

    @property
    def failed(self) -> bool:
        return any(step.fault for step in self.steps)


def run(story: Story, chapters: Sequence[Callable[[Story], None]], how_to_look: Callable[[], str]) -> int:
    """Run the chapters until one fails; print the table; the exit status."""
    began = time.monotonic()
    try:
        for chapter in chapters:
            chapter(story)
    except KeyboardInterrupt:
        print("\nstopped by hand", file=sys.stderr)
        return 130
    except Exception:
        print("\nThe demonstration stops here: not as it should be.", file=sys.stderr)
    print(f"\n{story.table()}\n{time.monotonic() - began:.0f} s altogether\n{how_to_look()}", flush=True)
    return 1 if story.failed else 0
