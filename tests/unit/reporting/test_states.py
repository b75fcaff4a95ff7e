"""The state table, by the table and by arbitrary lives of a task."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.reporting.model.states import FINAL, OPEN, TRANSITIONS, Act, IllegalTransition, State, after


def test_every_state_is_open_or_final_and_can_be_reached() -> None:
    assert set(State) == OPEN | FINAL
    reached = {State.UNASSIGNED}
    while True:
        further = reached | {after_it for (state, _), after_it in TRANSITIONS.items() if state in reached}
        if further == reached:
            break
        reached = further
    assert reached == set(State)


@given(st.sampled_from(State), st.sampled_from(Act))
def test_what_the_table_does_not_have_raises_the_named_error(state: State, act: Act) -> None:
    if (state, act) in TRANSITIONS:
        assert after(state, act) in State
    else:
        with pytest.raises(IllegalTransition) as raised:
            after(state, act)
        assert raised.value.data == {"state": state, "act": act}


@given(st.lists(st.sampled_from(Act), max_size=40))
def test_a_signed_report_is_never_unsigned(acts: list[Act]) -> None:
    state, signed = State.UNASSIGNED, False
    for act in acts:
        try:
            state = after(state, act)
        except IllegalTransition:
            continue
        signed = signed or act == Act.SIGN
        assert (state in FINAL) == signed


class Life(RuleBasedStateMachine):
    """A task lives: it is only signed by somebody who took it, and only amended once signed."""

    def __init__(self) -> None:
        super().__init__()
        self.state = State.UNASSIGNED
        self.history: list[Act] = []

    def do(self, act: Act) -> None:
        self.state = after(self.state, act)
        self.history.append(act)

    @rule(act=st.sampled_from(Act))
    def act(self, act: Act) -> None:
        if (self.state, act) in TRANSITIONS:
            self.do(act)

    @precondition(lambda self: self.state == State.UNASSIGNED)
    @rule()
    def nobody_signs_what_nobody_took(self) -> None:
        for act in (Act.SIGN, Act.SIGN_FIRST, Act.EDIT, Act.ADD):
            with pytest.raises(IllegalTransition):
                after(self.state, act)

    @invariant()
    def signed_after_a_claim_and_amended_after_a_signature(self) -> None:
        if self.state in FINAL:
            assert Act.CLAIM in self.history
            assert self.history.count(Act.SIGN) == 1
        assert (self.state == State.AMENDED) == (Act.ADD in self.history)


TestLife = Life.TestCase
