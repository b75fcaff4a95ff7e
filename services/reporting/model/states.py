"""The states of a report task and the only ways between them."""

from enum import StrEnum

from services.shared.errors import Conflict


class State(StrEnum):
    """Where a task stands."""

    UNASSIGNED = "unassigned"
    CLAIMED = "claimed"
    DRAFTING = "drafting"
    AWAITING_SECOND = "awaiting_second"
    SIGNED = "signed"
    AMENDED = "amended"


class Act(StrEnum):
    """What may be done to a task."""

    CLAIM = "claim"  # an expert takes it
    LET_GO = "let_go"  # the expert gives it back, or the lease has ended
    EDIT = "edit"  # the draft is written
    SIGN_FIRST = "sign_first"  # the first of two experts signs
    SIGN = "sign"  # the one expert, or the second, signs
    ADD = "add"  # an addendum to the signed report is signed
    WITHDRAW = "withdraw"  # the exam no longer crosses to the reader


# A row: state and act, then the state after it. What is not here is illegal.
TRANSITIONS: dict[tuple[State, Act], State] = {
    (State.UNASSIGNED, Act.CLAIM): State.CLAIMED,
    (State.UNASSIGNED, Act.WITHDRAW): State.UNASSIGNED,
    (State.CLAIMED, Act.CLAIM): State.CLAIMED,
    (State.CLAIMED, Act.LET_GO): State.UNASSIGNED,
    (State.CLAIMED, Act.EDIT): State.DRAFTING,
    (State.CLAIMED, Act.SIGN_FIRST): State.AWAITING_SECOND,
    (State.CLAIMED, Act.SIGN): State.SIGNED,
    (State.CLAIMED, Act.WITHDRAW): State.UNASSIGNED,
    (State.DRAFTING, Act.CLAIM): State.DRAFTING,
    (State.DRAFTING, Act.LET_GO): State.DRAFTING,
    (State.DRAFTING, Act.EDIT): State.DRAFTING,
    (State.DRAFTING, Act.SIGN_FIRST): State.AWAITING_SECOND,
    (State.DRAFTING, Act.SIGN): State.SIGNED,
    (State.DRAFTING, Act.WITHDRAW): State.DRAFTING,
    (State.AWAITING_SECOND, Act.CLAIM): State.AWAITING_SECOND,
    (State.AWAITING_SECOND, Act.LET_GO): State.AWAITING_SECOND,
    (State.AWAITING_SECOND, Act.EDIT): State.AWAITING_SECOND,
    (State.AWAITING_SECOND, Act.SIGN): State.SIGNED,
    (State.AWAITING_SECOND, Act.WITHDRAW): State.AWAITING_SECOND,
    (State.SIGNED, Act.ADD): State.AMENDED,
    (State.AMENDED, Act.ADD): State.AMENDED,
}

OPEN = frozenset({State.UNASSIGNED, State.CLAIMED, State.DRAFTING, State.AWAITING_SECOND})
FINAL = frozenset({State.SIGNED, State.AMENDED})


class IllegalTransition(Conflict):
    """The report task is not in a state that allows this."""

    def __init__(self, state: State, act: Act) -> None:
        super().__init__(f"a task that is {state} does not allow to {act}", state=str(state), act=str(act))


def after(state: State, act: Act) -> State:
    """The state after `act`. Raises IllegalTransition."""
    try:
        return TRANSITIONS[state, act]
    except KeyError:
        raise IllegalTransition(state, act) from None
