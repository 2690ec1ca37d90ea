"""Elsewhere: faults that tests of other folders run into, so that the page tells of them too."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["ELSEWHERE", "Told"]


class Told(NamedTuple):
    """One fault.

    Attributes:
        fault: What is wrong, in words.
        outcome: What comes of it, in words.
        test: The test that shows it: its file in ``tests``, and its name without ``test_``.
    """

    fault: str
    outcome: str
    test: str


_ = Told
STREAMS, EXPORTS, AUDIO = "streams/test_{}.py::{}", "exporting/test_{}.py::{}", "resources/test_{}.py::{}"
WATCHES, TRANSPORT = "watching/test_{}.py::{}", "transport/test_{}.py::{}"
FOLDER, CLI = "exporting/destinations/test_folder.py::{}", "cli/test_{}.py::{}"

ELSEWHERE: Final[dict[str, list[Told]]] = {
    "Load": [
        _("every call of 1,000 callers fails for ten minutes", "1.2 requests a call at the most; full throughput again within 10 s", TRANSPORT.format("amplification", "an_outage_meets_few_more_requests_than_there_are_calls")),
        _("every fifth try fails, 12 retries allowed", "10,000 calls of 10,000 work", TRANSPORT.format("amplification", "with_every_fifth_try_failing_all_calls_succeed")),
        _("300 calls to a server that resets each", "300 requests, and 35 retries at the most", TRANSPORT.format("transport", "when_most_tries_fail_retries_stop_and_first_tries_go_on")),
        _("1,000 creations that fail at every phase of the exchange", "none is made twice, none reported made that is not, nor failed that is made", "resources/test_creation_safety.py::a_thousand_creations_that_fail_in_every_way_are_reported_as_they_were"),
        _("200 a second allowed, and more asked for", "the limit is found, used and kept", TRANSPORT.format("pace", "slow_and_fast_servers_alike")),
        _("a server that allows 40 requests a minute, and an export of whole messages", "each waits for as long as it takes, and no file is begun twice", EXPORTS.format("details", "details_outlast_a_server_that_bears_few_requests")),
        _("an hour without a request, after refusals that slowed everything down", "a rate is searched for anew", TRANSPORT.format("pace", "after_idle_time_a_rate_that_was_low_is_found_anew")),
        _("a call that is cancelled while it waits for its next try", "it ends at once, its place is free", TRANSPORT.format("calls", "a_call_that_is_cancelled_while_it_waits_ends_at_once")),
        _("a token that has expired, and a callable that gives another", "asked for once, and the call tried once more", TRANSPORT.format("calls", "a_token_that_expired_is_renewed_once")),
        _("a client that is not closed", "`ResourceWarning`, nothing more", "test_client.py::a_client_that_was_never_closed_is_a_resource_warning_and_nothing_more"),
        _("everything at once, against a server with faults, for minutes", "every record accounted for; tasks, files and memory flat", "soak/test_soak.py::everything_at_once_balances"),
    ],
    "Data that moves": [
        _("a server with any time zone, and either meaning of `to_date`", "each record once", STREAMS.format("exactly_once", "exactly_once_for_any_server")),
        _("a message that is updated between two windows", "it comes out once", STREAMS.format("exactly_once", "a_field_that_moves_hands_out_each_id_once")),
        _("a message that is created in mid-run", "no alarm", STREAMS.format("completeness", "a_message_that_came_in_mid_run_is_no_alarm")),
        _("a message that is deleted in mid-run", "no alarm", STREAMS.format("completeness", "a_message_that_was_deleted_in_mid_run_is_no_alarm")),
        _("run after run of an export, whose windows meet within a day", "each record once, and no alarm", EXPORTS.format("incremental", "run_after_run_adds_what_has_come_since")),
        _("a list that is cut off in silence", "found, and read in parts; `IncompleteResult` where that cannot be", STREAMS.format("completeness", "a_capped_list_is_found_out_and_read_in_parts")),
        _("a list, oldest first, that fills up at an unusual length while it is watched", "what is new is told of within ten minutes, unless a single day fills the list", WATCHES.format("polls", "a_list_that_fills_up_to_an_unusual_length_hides_what_is_new_for_ten_minutes_at_the_most")),
        _("dates that the server ignores", "`CalendarMismatch`", STREAMS.format("completeness", "a_filter_that_is_ignored_is_found_out")),
        _("dates that the server applies to another field", "`CalendarMismatch`", STREAMS.format("completeness", "a_filter_on_another_field_is_found_out")),
        _("a time zone that is stated wrongly", "`CalendarMismatch`", STREAMS.format("completeness", "a_wrong_time_zone_is_found_out")),
        _("a window that the server cannot list at once (504, 413)", "cut in two, as often as needed", STREAMS.format("window_faults", "a_window_that_is_too_large_is_cut_down_to_size")),
        _("a server that answers single days alone, of whatever range", "cut down to those; the retry budget is whole afterwards", STREAMS.format("window_faults", "a_server_that_answers_single_days_alone_is_got_through")),
        _("a body that breaks off after some records were handed out", "the rest follows; none is repeated", STREAMS.format("window_faults", "a_connection_cut_in_mid_body_repeats_nothing")),
        _("a consumer that pauses again and again", "what is kept aside comes out as it was", STREAMS.format("spool", "a_consumer_that_pauses_now_and_then_is_given_each_record_as_it_is")),
        _("a late edit, two edits in a millisecond, a deletion, an outage of days", "a watch tells of each change", WATCHES.format("truth", "Days")),
        _("an edit that moves no date", "a watch tells of it", WATCHES.format("watch", "a_change_that_moves_no_date_and_no_known_field_is_told_of")),
        _("our clock a day off the server's", "a watch loses nothing", WATCHES.format("watch", "another_clock_than_the_servers_loses_nothing")),
        _("our clock days off the server's", "an export ends at the server's present", EXPORTS.format("refreshed", "the_present_is_the_servers_not_ours")),
        _("a server's clock that was ahead for a while", "a watch loses nothing, not in a later stop either", WATCHES.format("watch", "a_servers_clock_that_was_ahead_for_a_while_loses_nothing_in_a_later_stop")),
        _("a consumer that raises while it deals with a change", "the cursor stays, and the change comes again", WATCHES.format("watch", "a_change_is_repeated_until_the_next_one_is_asked_for")),
    ],
    "Disks": [
        _("a disk without room, while an export writes", "`OSError`; the same call goes on once there is some", EXPORTS.format("trouble", "a_full_disk_is_told_of_and_leaves_nothing_that_looks_whole")),
        _("a disk without room, met by the command", "exit code 1 and one line; the same command goes on", CLI.format("stopped", "a_disk_without_room_is_told_of_and_the_export_gone_on_with")),
        _("a disk without room, before a recording", "`OSError` before anything is written", AUDIO.format("call_recordings", "a_disk_that_is_full_is_told_before_anything_is_written")),
        _("a disk that fills up while a stream keeps bytes aside", "what fits into memory does; nothing is lost", STREAMS.format("spool", "a_disk_that_fills_up_loses_nothing_and_lets_nobody_wait_for_ever")),
        _("a write of the journal that was cut short", "what is left of the line is taken off", FOLDER.format("lines_that_the_disk_has_no_room_for_leave_no_half")),
        _("an fsync that fails (EIO)", "the file is thrown away, and written once more", EXPORTS.format("repaired", "an_fsync_that_fails_costs_the_window_once_more")),
        _("a flush of the journal that fails", "an error for all whose entries were in it; nothing is written after the gap", EXPORTS.format("journal", "a_flush_that_fails_fails_for_all_whose_entries_were_in_it_and_for_all_after")),
        _("a file system that is read-only, or a folder without permission", "exit code 1 and one line, before any request", CLI.format("stopped", "a_destination_that_cannot_be_written_to_is_told_of")),
        _("the same where an object of the journal is torn, on a store whose writes are not atomic", "it is passed over if it is the last, else named", "exporting/destinations/test_any_store.py::the_last_object_of_a_journal_is_passed_over_if_it_is_torn"),
        _("a bit that flipped in a line of the journal", "what follows is fetched again", EXPORTS.format("lines", "a_line_with_any_bit_flipped_ends_the_journal")),
        _("a file that was damaged or removed", "exported again", EXPORTS.format("repaired", "a_file_that_was_damaged_or_removed_is_exported_anew")),
        _("a journal of a later version", "`ConfigurationError`; it is not touched", EXPORTS.format("repaired", "a_journal_from_the_future_is_not_touched")),
        _("a cursor of a later version, or that is none", "`ConfigurationError`; it is not touched", WATCHES.format("cursor", "a_later_versions_file_is_left_alone")),
        _("SIGINT or SIGTERM in the middle of an export", "exit code 130 or 143, nothing half; the same command goes on", CLI.format("stopped", "an_export_that_is_told_to_end_ends_cleanly_and_is_gone_on_with")),
        _("a server that is lost in the middle of an export of messages, for less than an hour", "it goes on", EXPORTS.format("outages", "an_outage_of_ten_minutes_is_outlasted")),
        _("a server that is lost in the middle of an export of messages, for more than an hour", "the last error; the same command goes on", EXPORTS.format("outages", "an_outage_that_lasts_for_too_long_ends_the_export_which_goes_on_when_it_is_called_again")),
        _("a window that alone always fails", "its error; the same command goes on", EXPORTS.format("outages", "a_window_that_alone_always_fails_is_no_outage")),
        _("SIGKILL at any instant of an export", "complete and unique after the next run", EXPORTS.format("killed", "whatever_instant_it_is_killed_at_an_export_ends_complete_and_unique")),
        _("SIGKILL at any instant of an export of recordings", "complete after the next run", EXPORTS.format("killed", "whatever_instant_it_is_killed_at_an_export_of_recordings_ends_complete")),
        _("SIGKILL at any instant of a watch", "no change is lost", WATCHES.format("killed", "whatever_instant_it_is_killed_at_a_watch_loses_no_change")),
        _("a power cut after any operation on files, with what was not flushed lost, torn or zeroed", "the same call makes it whole", "crashes/test_crashes.py::whatever_a_crash_loses_the_same_call_makes_whole"),
        _("a power cut at any moment of a cursor", "it opens, and tells of no more than was saved", "crashes/test_cursor.py::a_copy_of_whatever_moment_opens_and_tells_of_no_more_than_was_saved"),
        _("a reader of the command's output that goes away", "it ends cleanly", "cli/test_process.py::a_reader_who_has_had_enough_is_no_error"),
        _("a reader that stalls, of records in JSON Lines (lists, watches), and SIGINT or SIGTERM", "it ends after half a second", "cli/test_process.py::a_reader_who_has_stalled_does_not_keep_a_command_from_ending"),
        _("the same, of `recordings download` and `to-dos create`", "it ends after half a second", "cli/test_process.py::a_reader_who_has_stalled_keeps_neither_a_download_nor_a_creation_from_ending"),
    ],
    "Recordings": [
        _("a connection that drops at any byte", "resumed from there", AUDIO.format("resumed_downloads", "a_download_that_breaks_off_is_resumed")),
        _("another version of the audio since then", "begun again", AUDIO.format("resumed_downloads", "a_part_of_another_version_is_begun_again")),
        _("a server that ignores Range, or has no strong validator", "begun again", AUDIO.format("resumed_downloads", "without_a_strong_validator_nothing_is_kept")),
        _("a 206 that stops short of the end", "the rest is asked for", "resources/test_joined_downloads.py::what_a_part_of_the_audio_lacks_is_asked_for"),
        _("a 206 with next to nothing, again and again", "`ConnectionFailed`; what came is kept", "resources/test_joined_downloads.py::a_server_that_gives_next_to_nothing_is_not_asked_for_ever"),
        _("a 206 of another version, from a server that does not know If-Range", "begun again", "resources/test_joined_downloads.py::a_part_of_another_version_is_not_joined_to_it_though_the_server_knows_no_if_range"),
        _("a 206 that contradicts itself, or brings more than it says", "an error; the next download begins again", "resources/test_joined_downloads.py::a_part_that_cannot_be_joined_is_refused_and_the_next_download_begins_anew"),
        _("a 206 that begins elsewhere", "`DecodeError`", AUDIO.format("resumed_downloads", "a_range_that_was_not_asked_for_is_an_error")),
        _("a 416", "complete if the size is exact, else begun again", AUDIO.format("resumed_downloads", "a_part_that_is_not_satisfiable")),
        _("a URL that has expired", "the recording is listed once more", "exporting/recordings/test_recordings.py::an_expired_url_is_listed_once_more"),
        _("a URL that has expired, of a recording that is not listed any more", "told of in the manifest, with the record that the manifest before has, and the report", "exporting/recordings/test_expired.py::what_had_expired_and_is_not_listed_any_more_is_told_of"),
        _("429 with half an hour, for the list or for audio", "waited for", "exporting/recordings/test_stopped_short.py::a_server_that_asks_for_an_hour_is_waited_for"),
        _("429 for ever, for all audio", "waited for, an hour in all; then all have `failed`", "exporting/recordings/test_stopped_short.py::all_recordings_together_are_waited_for_an_hour"),
        _("429 for ever, for one recording's audio", "waited for, an hour in all; then it has `failed`", "exporting/recordings/test_stopped_short.py::a_recording_whose_server_always_asks_for_a_moment_has_failed_after_an_hour"),
        _("a page of HTML, or nothing, as audio", "`DecodeError`; no file", AUDIO.format("call_recordings", "what_is_no_audio_gets_no_name")),
        _("a digest that does not fit", "fetched again", AUDIO.format("call_recordings", "a_digest_that_is_offered_is_checked")),
        _("more bytes than allowed", "`DecodeError`; no file", AUDIO.format("call_recordings", "audio_beyond_the_cap_is_refused")),
        _("a part that a power cut tore", "begun again", AUDIO.format("resumed_downloads", "a_part_that_a_power_cut_tore_is_not_gone_on_from")),
        _("two downloads of one file", "`DestinationLocked` for one", AUDIO.format("call_recordings", "two_downloads_of_one_file_do_not_mix")),
        _("another download of a file that is about to appear", "`DestinationLocked`; the file is whole", "downloads/test_target.py::nobody_else_takes_a_file_that_is_about_to_appear"),
        _("another download that begins a part anew meanwhile", "`DestinationLocked`; the next one begins again", "resources/test_resumed_downloads.py::a_part_that_somebody_else_begins_anew_meanwhile_is_not_gone_on_from"),
    ],
    "Security": [
        _("a redirect of audio to another origin, by each 3xx", "followed without the token", AUDIO.format("audio_origins", "a_redirect_is_followed_without_the_token")),
        _("audio on another origin", "asked for without token, cookies and headers of one's own", AUDIO.format("audio_origins", "the_token_goes_to_the_api_s_own_origin_alone")),
        _("audio at a private, a metadata or a mapped address, by number or by a name that changes", "no connection", AUDIO.format("audio_origins", "a_private_address_is_never_connected_to")),
        _("a redirect of audio to such an address", "no connection", AUDIO.format("audio_origins", "a_redirect_to_a_private_address_is_refused")),
        _("such an address in any disguise", "told from public ones", TRANSPORT.format("addresses", "private_addresses_in_every_disguise")),
        _("hostile names of audio", "the file is called by the recording's id", AUDIO.format("call_recordings", "a_file_s_name_is_made_of_the_id_alone")),
        _("a symbolic link where a file is to be written", "not followed", FOLDER.format("links_are_not_followed")),
        _("files that are made", "their owner's alone (0600)", FOLDER.format("all_that_is_made_is_its_owner_s_alone")),
        _("an authority of one's own", "trusted in place of all others; verification stays", "test_client_options.py::an_authority_of_the_caller_s_is_trusted_and_no_other"),
        _("http to another machine", "only with `allow_http=True`", "test_client_arguments.py::http_to_another_machine_must_be_asked_for_by_name"),
        _("proxies in the environment", "used only with `trust_env=True`", "test_client_options.py::the_environment_s_proxy_is_used_only_where_asked_for"),
        _("a netrc entry for the API's host", "not used", "test_client_options.py::a_netrc_entry_is_no_obstacle"),
        _("cookies", "not kept", "test_client_options.py::no_cookie_of_one_account_reaches_another"),
        _("a token in a file that others may read, which a profile names", "refused; `--token-file` also takes pipes and secrets that are mounted readable to all", CLI.format("profiles", "a_token_file_that_others_may_use_is_refused")),
        _("a token that is fetched, and has other than visible ASCII", "refused, and not shown", TRANSPORT.format("tokens", "what_a_provider_gives_is_checked")),
        _("a token in the list of processes", "never there", "test_secrets_at_large.py::a_token_from_a_file_is_in_no_title_of_the_process"),
        _("cells of CSV that are formulas", "defused, and restored exactly; phone numbers left alone", "exporting/formats/test_cells.py::what_could_be_a_formula_is_defused"),
        _("escape sequences in texts, on a terminal", "not given to it", CLI.format("records", "a_terminal_is_never_given_commands")),
        _("a bomb of gzip", "comes out in slices of 256 kB", TRANSPORT.format("body", "a_bomb_comes_out_in_slices")),
        _("nesting without end", "`DecodeError`; the process lives", "decoding/test_lists.py::nesting_without_end_is_refused_and_the_process_lives"),
        _("a token and texts that are canaries, in 21 faults on 12 surfaces", "in no log, event, repr, pickle, note or traceback with locals, in asyncio's debug mode", "test_secrets.py::no_canary_is_shown"),
        _("the password of a proxy or a store, and headers, as canaries", "in no repr, error or traceback with locals", "test_secrets.py::what_an_export_is_given_for_its_store_and_its_calls_is_not_shown"),
        _("a text that UTF-8 cannot write", "`ValueError` before anything is sent, which does not show it", "resources/test_to_dos.py::a_creation_that_cannot_be_is_refused_before_it_is_sent"),
        _("the token and texts in all that the package can do", "shown nowhere, kept in no journal and no cursor", "test_secrets_at_large.py::nothing_that_is_done_shows_a_canary"),
        _("the same in all commands", "shown where asked for, and nowhere else", "test_secrets_at_large.py::no_command_shows_a_canary_but_those_whose_output_it_is"),
    ],
}  # fmt: skip
