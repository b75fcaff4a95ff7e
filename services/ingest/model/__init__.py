"""The rules of taking exams in. Pure: no I/O."""
