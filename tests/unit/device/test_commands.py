"""Commands to charge points: the examples every protocol is tried with leave none out."""

from chargecloud.testing.commands import ALL_COMMANDS, one_of_each


def test_there_is_an_example_of_every_command() -> None:
    examples = one_of_each("32010600000001", 1_000)
    assert {type(command).__name__ for command in examples} == {kind.__name__ for kind in ALL_COMMANDS}
    assert len({command.command_id for command in examples}) == len(examples)


def test_every_command_says_what_it_is_for() -> None:
    assert not [kind.__name__ for kind in ALL_COMMANDS if not kind.__doc__]
