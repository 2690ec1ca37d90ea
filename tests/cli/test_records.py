"""Commands that show records: messages, to-dos, recordings."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import click
import msgspec
import pytest

from kauneonga_async.cli.output import fields_of, plain
from kauneonga_async.sandbox import Fault, Sandbox, ScriptedFaults
from tests.cli.conftest import COMMAND, CREATION, Run
from tools.terminal import run_on_terminal


def ids_of(out: str) -> list[int]:
    return [json.loads(line)["id"] for line in out.splitlines()]


def test_in_a_pipe_records_are_the_server_s_own_lines(kauneonga: Run, server: Sandbox) -> None:
    outcome = kauneonga("messages", "list", "--from", "2025-01-01", "--to", "03-31-2025")
    assert outcome.out.encode().splitlines() == list(server.world.between(None, None))
    assert outcome.err == ""


def test_a_limit_stops_early(kauneonga: Run) -> None:
    assert ids_of(kauneonga("messages", "list", "--limit", "3").out) == [1001, 1002, 1003]


def test_an_instant_is_kept_to_exactly(kauneonga: Run, server: Sandbox) -> None:
    times = server.world.times()
    arguments = ["--from", "2025-01-10T12:00Z", "--to", "2025-01-12T08:30+02:00"]
    wanted = [key for key, time in times.items() if "2025-01-10T12:00" <= time.isoformat() < "2025-01-12T06:30"]
    assert wanted
    assert ids_of(kauneonga("messages", "list", *arguments).out) == wanted


def test_several_messages_come_in_the_order_asked_for(kauneonga: Run) -> None:
    assert ids_of(kauneonga("messages", "get", "1005", "1001").out) == [1005, 1001]


def test_on_a_terminal_a_list_is_a_table(on_terminal: Run) -> None:
    lines = on_terminal("messages", "list", "--limit", "3").out.splitlines()
    assert lines[0].split() == ["ID", "CREATED", "NAME", "PHONE", "MESSAGE"]
    assert [line.split()[0] for line in lines[1:]] == ["1001", "1002", "1003"]
    assert max(map(len, lines)) <= 100


def test_on_a_terminal_a_message_is_a_card_of_what_it_says(on_terminal: Run) -> None:
    out = on_terminal("messages", "get", "1001").out
    assert "created_at" in out
    assert "answers.urgent" in out
    assert "None" not in out


def test_json_can_be_had_on_a_terminal(on_terminal: Run) -> None:
    assert ids_of(on_terminal("messages", "list", "--limit", "2", "--json").out) == [1001, 1002]


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_a_terminal_is_never_given_commands(on_terminal: Run, server: Sandbox, as_json: list[str]) -> None:
    server.world.edit(1001, content="\x1b]0;owned\x07 \x9b31m \u202eevil", first_name="\x1b[2J")
    out = on_terminal("messages", "list", "--limit", "1", *as_json).out
    assert "evil" in out
    assert not set(out) & {"\x1b", "\x07", "\x9b", "\u202e"}


@pytest.mark.parametrize("number", ["9" * 5000, "1e400"])
@pytest.mark.parametrize("command", ["messages list --limit 1", "messages get 1001"])
def test_a_number_that_python_has_no_place_for_is_shown_on_a_terminal(
    on_terminal: Run, server: Sandbox, command: str, number: str
) -> None:
    server.world.edit(1001, first_name="Ada", more=msgspec.Raw(number.encode()))
    outcome = on_terminal(*command.split())
    assert outcome.code == 0, outcome.out
    assert "Ada" in outcome.out


@pytest.mark.parametrize(("command", "field"), [("messages list --limit 1", "content"), ("messages get 1001", "more")])
def test_a_value_within_a_value_is_shown_as_json_writes_it(
    on_terminal: Run, server: Sandbox, command: str, field: str
) -> None:
    server.world.edit(1001, **{field: msgspec.Raw(b'[1, {"a": 2.50}, "3", null]')})
    assert '[1,{"a":2.50},"3",null]' in on_terminal(*command.split()).out


def test_an_answer_with_numbers_is_shown_as_json_writes_it(on_terminal: Run, server: Sandbox) -> None:
    server.world.edit(1001, answers=msgspec.Raw(b'{"q": [1, {"a": 2.50}], "n": 1e400, "zero": 0}'))
    shown = {
        line.split()[0]: line.split()[-1] for line in on_terminal("messages", "get", "1001").out.splitlines() if line
    }
    assert (shown["answers.q"], shown["answers.n"], shown["answers.zero"]) == ('[1,{"a":2.50}]', "1e400", "0")


@pytest.mark.parametrize("value", ['["\\ud800", 1]', "[" + "9" * 5000 + "]"])
def test_a_value_within_a_value_that_python_cannot_write_is_shown_all_the_same(value: str) -> None:
    shown = plain(fields_of(msgspec.Raw(f'{{"more":{value}}}'.encode()))["more"])
    assert json.loads(value, parse_int=str)[-1] in shown
    assert "'1'" not in shown
    assert "'9" not in shown


@pytest.mark.parametrize(
    ("command", "record"),
    [
        ("recordings list", '{"id":36,"cdr":"x"}'),
        ("recordings list", '{"id":36,"cdr":[1]}'),
        ("to-dos list", '{"to_do":{"id":36},"schedule":"x"}'),
        ("to-dos list", '{"to_do":{"id":36},"schedule":[1]}'),
    ],
)
def test_a_part_of_a_record_that_is_not_what_it_was_is_left_out_of_a_table(
    on_terminal: Run, server: Sandbox, command: str, record: str
) -> None:
    answer = Fault(status=200, headers={"Content-Type": "application/json"}, body=f'{{"data":[{record}]}}'.encode())
    server.settings.faults = ScriptedFaults([answer])
    outcome = on_terminal(*command.split())
    assert outcome.code == 0, outcome.out
    assert "36" in outcome.out


def test_a_narrow_terminal_is_given_every_column(environment: dict[str, str]) -> None:
    environment |= {"COLUMNS": "20", "TERM": "xterm"}
    _, shown = run_on_terminal([*COMMAND, "messages", "list", "--limit", "1"], environment)
    assert click.unstyle(shown).splitlines()[0].split() == ["ID", "CREATED", "NAME", "PHONE", "MES…"]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_sign_that_a_terminal_lacks_is_a_question_mark(
    on_terminal: Run, environment: dict[str, str], server: Sandbox, encoding: str
) -> None:
    environment["PYTHONIOENCODING"] = encoding
    server.world.edit(1001, first_name="Lưu", content="x" * 1000)
    outcome = on_terminal("messages", "list", "--limit", "1")
    assert outcome.code == 0, outcome.out
    assert "L?u" in outcome.out
    assert "xxx?" in outcome.out


def test_json_is_utf_8_whatever_the_locale_says(environment: dict[str, str]) -> None:
    environment["PYTHONIOENCODING"] = "latin-1"
    arguments = [*COMMAND, *CREATION, "--message-text=caf\u00e9", "--time=9:00 AM"]
    done = subprocess.run(arguments, env=environment, capture_output=True, check=True)
    assert json.loads(done.stdout.decode("utf-8"))["message_text"] == "caf\u00e9"


def test_plain_text_keeps_its_letters_and_its_emoji() -> None:
    assert plain("Søren 👩\u200d⚕️ 東京") == "Søren 👩\u200d⚕️ 東京"
    assert plain(None) == ""
    assert plain("two\nlines\t") == "two lines"


def test_to_dos_are_created_and_listed(kauneonga: Run) -> None:
    outcome = kauneonga(*CREATION, "--time", "9:00 AM", "--message-text", "Feed the cat")
    created = json.loads(outcome.out)
    assert created["message_text"] == "Feed the cat"
    listed = [json.loads(line)["to_do"]["id"] for line in kauneonga("to-dos", "list").out.splitlines()]
    assert listed == [created["id"]]


def test_on_a_terminal_a_creation_is_confirmed_without_its_text(on_terminal: Run) -> None:
    out = on_terminal(*CREATION, "--time", "9:00 AM", "--message-text", "Feed the cat").out
    assert out.startswith("created to-do ")
    assert "cat" not in out


def test_a_table_without_rows_says_so(on_terminal: Run, kauneonga: Run) -> None:
    assert on_terminal("to-dos", "list").out == "none\r\n"
    assert kauneonga("to-dos", "list")[1:] == ("", "")


def test_numbers_stand_at_the_right_of_their_column(on_terminal: Run, server: Sandbox) -> None:
    header, *rows = on_terminal("recordings", "list").out.splitlines()
    end = header.index("SECONDS") + len("SECONDS")
    assert rows
    assert all(row[:end].rstrip() == row[:end] and row[end:].strip() == "" for row in rows)


def test_a_text_can_come_from_stdin_where_no_process_list_shows_it(environment: dict[str, str]) -> None:
    arguments = [*COMMAND, *CREATION, "--time", "9:00 AM", "--message-text", "-"]
    done = subprocess.run(arguments, input="Söme text\n", env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["message_text"] == "Söme text"


def test_a_creation_that_nobody_can_be_sure_of_says_so(kauneonga: Run, server: Sandbox) -> None:
    server.settings.faults = ScriptedFaults([Fault(reset=True)])
    outcome = kauneonga(*CREATION, "--time", "9:00 AM", "--message-text", "Feed the cat")
    assert outcome.code == 1
    assert "OutcomeUnknown" in outcome.err
    assert "cat" not in outcome.err
    assert len(server.requests) == 1


@pytest.mark.parametrize(("told", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_whoever_interrupts_a_creation_is_told_that_it_may_have_come_through(
    told: signal.Signals, code: int, environment: dict[str, str], server: Sandbox
) -> None:
    server.settings.latency = 60
    arguments = [*COMMAND, *CREATION, "--message-text=cat", "--time=9:00 AM"]
    with subprocess.Popen(arguments, env=environment, stderr=subprocess.PIPE, text=True) as process:
        while not server.requests:
            time.sleep(0.01)
        process.send_signal(told)
        _, said = process.communicate()
    assert process.returncode == code
    assert "it may have been created: look with kauneonga to-dos list" in said


def test_recordings_are_listed(kauneonga: Run, server: Sandbox) -> None:
    assert ids_of(kauneonga("recordings", "list").out) == list(server.world.recording_ids())


def test_recordings_are_downloaded_by_id_or_all(kauneonga: Run, server: Sandbox, tmp_path: Path) -> None:
    first, *others = server.world.recording_ids()
    assert kauneonga("recordings", "download", str(first), "-o", str(tmp_path / "one")).code == 0
    assert [path.name for path in (tmp_path / "one").iterdir()] == [f"{first}.mp3"]
    assert kauneonga("recordings", "download", "--all", "-o", str(tmp_path / "all")).code == 0
    assert {path.stem for path in (tmp_path / "all").iterdir()} == {str(first), *map(str, others)}


def test_a_recording_that_is_not_there_fails(kauneonga: Run, tmp_path: Path) -> None:
    outcome = kauneonga("recordings", "download", "999999", "-o", str(tmp_path))
    assert outcome.code == 1
    assert "999999" in outcome.err


def test_a_token_that_is_refused_ends_all_downloads_at_once(kauneonga: Run, server: Sandbox, tmp_path: Path) -> None:
    server.world.recordings = 100
    refusal = Fault(status=404, body=b'{"success":false,"info":"Invalid token","data":{}}')
    server.settings.faults = lambda method, path: refusal if path.startswith("/audio/") else None
    outcome = kauneonga("recordings", "download", "--all", "-o", str(tmp_path))
    assert outcome.code == 1
    assert outcome.err.count("AuthenticationError: GET") == 1
    assert len(server.requests) < 40
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_before_a_token_was_refused_is_named(kauneonga: Run, server: Sandbox, tmp_path: Path) -> None:
    server.world.recordings = 40
    refusal = Fault(status=404, body=b'{"success":false,"info":"Invalid token","data":{}}')
    last = f"/audio/{list(server.world.recording_ids())[-1]}.mp3"
    server.settings.faults = lambda method, path: refusal if path == last else None
    outcome = kauneonga("recordings", "download", "--all", "-o", str(tmp_path))
    assert outcome.code == 1
    assert "AuthenticationError" in outcome.err
    assert sorted(outcome.out.splitlines()) == sorted(map(str, tmp_path.glob("*.mp3")))
    assert len(outcome.out.splitlines()) > 20


def test_a_download_that_fails_does_not_keep_the_others(kauneonga: Run, server: Sandbox, tmp_path: Path) -> None:
    first = next(iter(server.world.recording_ids()))
    server.settings.faults = ScriptedFaults([Fault(status=404)], path=f"/audio/{first}.mp3")
    outcome = kauneonga("recordings", "download", "--all", "-o", str(tmp_path))
    assert outcome.code == 1
    assert "1 recording not downloaded" in outcome.err
    assert len(list(tmp_path.glob("*.mp3"))) == 2
