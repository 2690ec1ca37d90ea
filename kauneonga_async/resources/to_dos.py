"""To-dos: ``client.to_dos``."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Generic, TypeVar, get_origin, overload

import msgspec

from kauneonga_async import config
from kauneonga_async.decoding import ObjectReader, RecordReader
from kauneonga_async.models import Schedule, ToDo, ToDoSchedule
from kauneonga_async.resources.context import Context
from kauneonga_async.resources.texts import check_text, encode
from kauneonga_async.streams import RAISING, Listing, OnInvalid, RecordStream, check_on_invalid

__all__ = ["ToDos"]

T = TypeVar("T")

PATH = "/v2/to_dos"
_ID_PATH = "to_do.id"


class _Pair(msgspec.Struct, Generic[T]):
    """How the API wraps a to-do and its schedule (API.md, To-do)."""

    to_do: T
    schedule: ToDoSchedule | None = None


class _Creation(msgspec.Struct, kw_only=True):
    account_number: str
    delivery_type: str
    contact: str
    from_: str = msgspec.field(name="from")
    message_text: str
    schedule: Schedule


class ToDos:
    """Scheduled reminders, sent by SMS or e-mail (API.md, Requests)."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def create(
        self,
        *,
        account_number: str,
        delivery_type: str,
        contact: str,
        from_: str,
        message_text: str,
        schedule: Schedule,
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> Coroutine[Any, Any, ToDo]:
        """Create a to-do and return it; to be awaited.

        It is sent again only if the server surely has not processed it: the API knows no key that would keep a
        second one from being made.

        Args:
            account_number: The account, as ``"W0411"``.
            delivery_type: ``"sms"`` is the one the vendor documents.
            contact: Whom it is sent to: a phone number or an e-mail address.
            from_: The number it is sent from, as ``"+17542838007"``.
            message_text: Its text.
            schedule: When it is sent.
            timeout: Seconds for all tries together.
            max_retries: Tries after the first.
            extra_headers: Headers besides the client's own.

        Raises:
            TypeError: An argument is of the wrong type.
            ValueError: An argument is empty, or has a value that cannot be.
            OutcomeUnknown: It may have been created: look with :meth:`find` before creating it again.
        """
        # No coroutine of its own: a frame that holds the text is in no traceback.
        transport = self._context.transport
        try:
            request = transport.request(
                "POST",
                PATH,
                body=encode(
                    "schedule",  # the one whose texts are not looked at one by one
                    _Creation(
                        account_number=check_text("account_number", account_number),
                        delivery_type=check_text("delivery_type", delivery_type),
                        contact=check_text("contact", contact),
                        from_=check_text("from_", from_),
                        message_text=check_text("message_text", message_text),
                        schedule=_check_schedule(schedule),
                    ),
                ),
                options=transport.options.override(timeout, max_retries, extra_headers),
            )
        except (TypeError, ValueError) as error:
            failure = error.with_traceback(None)
        else:
            # "raise" never gives None.
            return self._context.fetch(request, _OBJECTS, RAISING)  # type: ignore[return-value]
        # What is refused is in no traceback either.
        del account_number, contact, from_, message_text, extra_headers
        raise failure

    @overload
    def stream(
        self,
        *,
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> RecordStream[ToDo]: ...
    @overload
    def stream(
        self,
        *,
        record_type: type[T],
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> RecordStream[T]: ...
    def stream(
        self,
        *,
        record_type: Any = ToDo,
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> RecordStream[Any]:
        """Return a stream of all to-dos.

        Args:
            record_type: :class:`ToDo`, a subclass of it, or another struct with a to-do's fields; a struct with a
                field ``to_do``, ``dict`` and ``msgspec.Raw`` are the whole pair of to-do and schedule.
            on_invalid: ``"raise"``, ``"skip"``, or a callable that is handed each record that does not fit its type.
            timeout: Seconds to the next bytes.
            max_retries: Tries after the first.
            extra_headers: Headers besides the client's own.
        """
        context = self._context
        return context.stream(
            Listing(
                transport=context.transport,
                decoding=context.supervisors.decoding,
                path=PATH,
                reader=_reader(record_type),
                on_invalid=check_on_invalid(on_invalid),
                options=context.transport.options.override(timeout, max_retries, extra_headers),
                calendar=context.calendar,
                accept_object=True,  # the vendor's example of the list shows a single one
                finish=msgspec.Raw.copy if record_type is msgspec.Raw else None,
            )
        )

    @overload
    async def list(
        self,
        *,
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> builtins.list[ToDo]: ...
    @overload
    async def list(
        self,
        *,
        record_type: type[T],
        on_invalid: OnInvalid = "raise",
        timeout: float | None = None,
        max_retries: int | None = None,
        extra_headers: Mapping[str, str] | None = None,
    ) -> builtins.list[T]: ...
    async def list(self, **options: Any) -> builtins.list[Any]:
        """Return all to-dos: a stream, collected; the arguments are :meth:`stream`'s."""
        stream = self.stream(**options)
        del options  # extra headers may be secrets: no frame that waits holds them
        return await stream.collect()

    def find(
        self, *, contact: str, message_text: str, delivery_type: str | None = None
    ) -> Coroutine[Any, Any, builtins.list[ToDo]]:
        """Return the to-dos that say the same to the same contact, the newest first; to be awaited.

        It tells, after :class:`OutcomeUnknown`, whether a creation came through: compare ``created_at``.

        Args:
            contact: The contact of the creation.
            message_text: The text of the creation.
            delivery_type: Its delivery type; None for any.
        """

        # As in create: no frame that waits holds the text.
        def is_the_same(to_do: ToDo) -> bool:
            return (
                to_do.contact == contact
                and to_do.message_text == message_text
                and delivery_type in (None, to_do.delivery_type)
            )

        return _find(self.stream(), is_the_same)


async def _find(stream: RecordStream[ToDo], is_wanted: Callable[[ToDo], bool]) -> list[ToDo]:
    found = [to_do async for to_do in stream if is_wanted(to_do)]
    return sorted(found, key=lambda to_do: to_do.id, reverse=True)


def _check_schedule(schedule: Schedule) -> Schedule:
    if not isinstance(schedule, Schedule):
        raise TypeError(f"schedule: a Schedule is needed, not {type(schedule).__name__}")
    if not isinstance(schedule.frequency, str):
        raise TypeError(f"schedule: its frequency must be a string, not {type(schedule.frequency).__name__}")
    if not schedule.frequency.strip():
        raise ValueError("schedule: its frequency is needed, as 'weekly'")
    for name, values in (("times", schedule.times), ("days", schedule.days)):
        if not isinstance(values, builtins.list) or not all(isinstance(value, str) for value in values):
            raise TypeError(f"schedule: its {name} must be a list of strings")
        if not all(map(str.strip, values)):
            raise ValueError(f"schedule: none of its {name} may be empty")
    if not schedule.times:
        raise ValueError("schedule: at least one time is needed, as '9:00 AM'")
    if schedule.interval is not None:
        config.check_count("schedule: its interval", schedule.interval, least=1)
    return schedule


def _reader(record_type: Any) -> RecordReader[Any]:
    """Return what reads pairs of to-do and schedule, as one type or the other."""
    origin = get_origin(record_type) or record_type
    if isinstance(origin, type) and issubclass(origin, msgspec.Struct):
        if issubclass(origin, ToDo):
            return RecordReader(_Pair[record_type], id_path=_ID_PATH, convert=_join)
        if "to_do" not in {field.encode_name for field in msgspec.structs.fields(record_type)}:
            return RecordReader(_Pair[record_type], id_path=_ID_PATH, convert=_to_do_of)
    return RecordReader(record_type, id_path=_ID_PATH)


def _join(pair: _Pair[ToDo]) -> ToDo:
    return msgspec.structs.replace(pair.to_do, schedule=pair.schedule)


def _to_do_of(pair: _Pair[Any]) -> Any:
    return pair.to_do


_OBJECTS: ObjectReader[ToDo] = ObjectReader(_Pair[ToDo], _reader(ToDo))
