"""What the program prints."""

import sys

import sizes


def test_a_number_is_printed_as_people_read_it(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["sizes", "2048"])
    sizes.main()
    assert capsys.readouterr().out == "2.0 KiB\n"
