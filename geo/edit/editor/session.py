"""
One editing session: what the page asks, answered from the layers on disk.

The session holds no edits of its own. The page sends what it has, whole; the session reads it as
strictly as a file, and parts. Edits that are not saved yet lie in a journal beside the layers.

So undo lives in one place, a second tab cannot disturb the first, and a server that is killed
loses nothing. A save that meets a change on disk writes nothing: it answers with the merge of
both, a clean one too, because two edits that do not touch each other may still contradict each
other on the ground. A save is refused only for what makes every answer wrong; faults that are on
disk already, in files that it does not touch, do not stop it, for the editor is the tool to mend
them. Layers too large to be sent at a drag would change our mind.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from geo.check import BLOCKING, check_folder, require_sound
from geo.control import Composite
from geo.edit.editor import parts, requests
from geo.edit.editor.cutting import cut_patches, enclosed_ids, join_patches, reshape_patches
from geo.edit.editor.journals import Journals, name_of
from geo.edit.editor.parts import SCHEMAS
from geo.edit.merge.by_id import read_records
from geo.edit.versions.confirmed import confirm_ids
from geo.edit.versions.origins import find_content
from geo.errors import DateError, LayerError, SchemaError, StaleLayerError, escape
from geo.evidence import MACHINE_NOTE, draft_ledger, ledger_frame
from geo.layers import digest, read_bytes, read_digests, read_folder, unfold
from geo.model import describe_columns, parse_day

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from geo.edit.editor.parts import Record
    from geo.errors import Issue
    from geo.layers import Folder

    Drafts = dict[str, tuple[Record, ...]]
    Answer = dict[str, Any]


_REMEMBERED = 60
"""So many versions of parts are remembered, for merges."""


class Session:
    """
    The layers of one folder, open for editing.

    Parameters
    ----------
    root
        The layers folder.
    day
        The date to begin with; None takes the last.
    today
        Says which day it is, for the entries of the ledger.

    Attributes
    ----------
    day
        The date to begin with.

    Raises
    ------
    LayerNotFoundError
        If there is no such folder, or a file that a theatre must have is not there.
    SchemaError
        If any file cannot be read.
    DateError
        If no layer has that date, or there is none at all.
    """

    def __init__(
        self, root: Path, day: dt.date | None = None, *, today: Callable[[], dt.date] | None = None
    ) -> None:
        self.root = root
        self._today = today or _local_day
        self._lock = threading.RLock()
        self._folder = read_folder(root)
        self._found: tuple[Folder, list[Issue]] | None = None
        self._versions: OrderedDict[tuple[str, str], dict[str, bytes]] = OrderedDict()
        self._journals = Journals(root)
        if not self._folder.control:
            raise DateError(
                f"{escape(str(root))} holds no control layer to edit; `frontline estimate` or "
                "`frontline new` makes one"
            )
        self.day = self._require_day(max(self._folder.control) if day is None else day)

    # ------------------------------------------------------------ reading

    def state(self, date: str | None = None, tab: str | None = None) -> Answer:
        """
        Return all that the page shows of one date.

        Parameters
        ----------
        date
            ``YYYY-MM-DD``; None takes the one to begin with.
        tab
            Which tab asks; it gets its own journal.

        Returns
        -------
        state
            As the page wants it.

        Raises
        ------
        RequestError
            If `tab` is no plain name.
        DateError
            If no layer has that date.
        LayerError
            If the layers cannot be read.
        """
        name = name_of(tab)
        with self._lock:
            folder, versions = self._read(self._date(date))
            day = self._date(date)
            before = self._neighbour(folder, day, -1)
            area, theatre = unfold(folder.area), folder.theatre
            answer: Answer = {
                "theatre": {**theatre.properties, "area": area},
                "date": str(day),
                "dates": [str(other) for other in folder.control],
                "previous": str(before) if before else None,
                "ghost": {"features": parts.to_page(folder.control[before].features)}
                if before
                else {"features": []},
                "context": {"features": parts.to_page(folder.context)},
                "columns": {p: describe_columns(schema) for p, schema in SCHEMAS.items()},
                "lists": parts.list_choices(folder),
                "machine_note": MACHINE_NOTE,
                "journal": self._journals.latest(name),
            }
            for part in SCHEMAS:
                key = "rows" if part == "changes" else "features"
                answer[part] = {
                    "key": parts.file_of(part, day),
                    "etag": versions[part],
                    key: parts.to_page(parts.records_of(part, folder, day)),
                }
            return answer

    def etags(self, date: str | None = None) -> Answer:
        """
        Return the etags of what is on disk now.

        Parameters
        ----------
        date
            Of the control layer.

        Returns
        -------
        etags
            By part.

        Raises
        ------
        DateError
            If no layer has that date.
        LayerError
            If the layers cannot be read.
        """
        with self._lock:
            day = self._date(date)
            return {part: parts.etag(part, self._current(), day) for part in SCHEMAS}

    def _current(self) -> Folder:
        """The layers as they are on disk now; read again only where they changed."""
        if read_digests(self.root) != dict(self._folder.digests):
            self._folder = read_folder(self.root)
        return self._folder

    def _read(self, day: dt.date) -> tuple[Folder, dict[str, str]]:
        """
        The layers with the etag of every part, whose bytes are remembered.

        Raises
        ------
        LayerError
            If they cannot be read, or change faster than that.
        """
        for _ in range(5):
            folder = self._current()
            found = {part: self._bytes(part, folder, day) for part in SCHEMAS}
            whole = {path: data for texts in found.values() for path, data in texts.items()}
            if all(digest(data) == folder.digests.get(p) for p, data in whole.items()):
                break
        else:
            raise LayerError("other programs keep changing the layers; try again in a moment")
        etags = {part: parts.etag(part, folder, day) for part in SCHEMAS}
        for part, texts in found.items():
            self._remember(part, etags[part], texts)
        return folder, etags

    def _bytes(self, part: str, folder: Folder, day: dt.date) -> dict[str, bytes]:
        paths = (p for p in parts.paths_of(part, folder, day) if p in folder.digests)
        return {path: read_bytes(self.root / path, root=self.root) for path in paths}

    def _remember(self, part: str, etag: str, texts: dict[str, bytes]) -> None:
        self._versions[part, etag] = texts
        self._versions.move_to_end((part, etag))
        while len(self._versions) > _REMEMBERED:
            self._versions.popitem(last=False)

    def _date(self, date: object) -> dt.date:
        if date is None:
            return self.day
        if not isinstance(date, str):
            raise requests.RequestError("date must be text, YYYY-MM-DD")
        return self._require_day(parse_day(date))

    def _require_day(self, day: dt.date) -> dt.date:
        days = list(self._folder.control)
        if day not in self._folder.control:
            days = list(self._current().control)
        if day not in days:
            raise DateError(
                f"there is no control layer of {day}; there are {', '.join(map(str, days))}, and "
                f"`frontline new {day}` makes one"
            )
        return day

    @staticmethod
    def _neighbour(folder: Folder, day: dt.date, step: int) -> dt.date | None:
        days = list(folder.control)
        at = days.index(day) + step
        return days[at] if 0 <= at < len(days) else None

    # ------------------------------------------------------------ work on the ground

    def cut(self, sent: Mapping[str, Any]) -> Answer:
        """
        Split patches along a line.

        Parameters
        ----------
        sent
            ``features``, ``line`` and ``id``, which may be null; with ``reshape`` the line is a new
            stretch of the border of that patch.

        Returns
        -------
        answer
            ``features``, ``created``, ``parent``, ``sides``, and who is ``inside`` a closed line.

        Raises
        ------
        RequestError
            If the line is none.
        SchemaError
            If the features could not stand in a file.
        CoverageError
            If the line divides nothing.
        """
        only = sent.get("id")
        if only is not None and not isinstance(only, str):
            raise requests.RequestError("id must be text or null")
        line = requests.read_line(sent.get("line"))
        features = requests.read_patches(sent.get("features"), "the layer")
        with self._lock:
            layers = self._folder.control.values()
            taken = {feature.id for layer in layers for feature in layer.features}
        if sent.get("reshape") is True:
            anew = reshape_patches(features, line, patch=only or "", taken=taken)
            return {"features": parts.to_page(anew), "created": [], "parent": {}, "sides": {}}
        done = cut_patches(features, line, only=only, taken=taken)
        return {
            "features": parts.to_page(done.features),
            "inside": enclosed_ids(done.features, line),
            "created": list(done.parent),
            "parent": done.parent,
            "sides": done.sides,
        }

    def merge(self, sent: Mapping[str, Any]) -> Answer:
        """
        Join patches of equal label.

        Parameters
        ----------
        sent
            ``features`` and ``ids``.

        Returns
        -------
        answer
            ``features``.

        Raises
        ------
        RequestError
            If `ids` is no list of text.
        SchemaError
            If the features could not stand in a file.
        CoverageError
            If they cannot be joined.
        """
        ids = sent.get("ids")
        if not isinstance(ids, list) or not all(isinstance(name, str) for name in ids):
            raise requests.RequestError("ids must be a list of text")
        features = requests.read_patches(sent.get("features"), "the layer")
        return {"features": parts.to_page(join_patches(features, ids))}

    def check(self, sent: Mapping[str, Any]) -> Answer:
        """
        Return what `frontline check` would say.

        Parameters
        ----------
        sent
            ``date``, and any of the parts as they stand in the page.

        Returns
        -------
        answer
            ``issues``; ``new`` of each tells whether the layers on disk have it not.

        Raises
        ------
        RequestError
            If a part is no list.
        DateError
            If no layer has that date.
        LayerError
            If the layers on disk cannot be read.
        """
        with self._lock:
            day, folder = self._date(sent.get("date")), self._current()
        # A folder as read never changes: what takes long keeps nobody waiting.
        drafts, issues = self._drafts(sent, day)
        known = {_told(issue) for issue in self._checked(folder)}
        issues += check_folder(parts.apply_drafts(folder, day, drafts))
        ours = {self._path(part, day) for part in drafts}
        told = [
            {
                **parts.tell_issue(issue),
                "new": (new := _told(issue) not in known),
                # What a save would be refused for, also where it lies on disk already.
                "blocks": issue.severity == "error"
                and issue.code in BLOCKING
                and (new or issue.file in ours),
            }
            for issue in dict.fromkeys(issues)
        ]
        return {"issues": sorted(told, key=lambda one: (not one["new"], one["severity"]))}

    def _checked(self, folder: Folder) -> list[Issue]:
        found = self._found
        if found is None or found[0] is not folder:
            found = self._found = folder, check_folder(folder)
        return found[1]

    def _drafts(self, sent: Mapping[str, Any], day: dt.date) -> tuple[Drafts, list[Issue]]:
        """The parts that were sent and can be read, and what is wrong with the others."""
        drafts: Drafts = {}
        issues: list[Issue] = []
        for part in SCHEMAS:
            if (found := requests.read_part(part, sent.get(part))) is not None:
                try:
                    drafts[part] = requests.read_records_of(part, found, file=self._path(part, day))
                except SchemaError as error:
                    issues += [issue for issue in error.issues if not issue.fixable]
        return drafts, issues

    def _path(self, part: str, day: dt.date) -> str:
        return str(self.root / parts.file_of(part, day))

    def changes(self, sent: Mapping[str, Any]) -> Answer:
        """
        Return the changes from the layer before, and to the next, and what explains them.

        Parameters
        ----------
        sent
            ``date``, ``control``, and ``rows`` of the ledger, ``events`` and ``places`` if they
            are edited.

        Returns
        -------
        answer
            ``pieces``, and ``drafts``, the rows that are missing.

        Raises
        ------
        RequestError
            If a part is no list.
        DateError
            If no layer has that date.
        SchemaError
            If what was sent could not stand in a file.
        LayerError
            If what is on disk cannot be read.
        CoverageError
            If the patches overlap or leave a gap.
        """
        with self._lock:
            day, folder = self._date(sent.get("date")), self._current()
            drafts, issues = self._drafts({**sent, "changes": sent.get("rows")}, day)
            if issues:
                raise SchemaError(issues)
            folder = parts.apply_drafts(folder, day, drafts)
            days = [self._neighbour(folder, day, step) for step in (-1, 0, 1)]
        snapshots = {d: folder.patches(d) for d in days if d}
        pieces = ledger_frame(folder, Composite.build(folder.area, snapshots, folder.sides))
        rows = draft_ledger(folder, pieces, recorded_at=self._today())
        return {
            "pieces": list(map(parts.tell_piece, pieces.to_dict("records"))),
            "drafts": parts.to_page(rows),
        }

    # ------------------------------------------------------------ the journal

    def hear(self, tab: object) -> None:
        """
        Note that a tab is open.

        Parameters
        ----------
        tab
            Its name.

        Raises
        ------
        RequestError
            If that is no plain name.
        """
        self._journals.hear(name_of(tab))

    def keep_journal(self, sent: Mapping[str, Any]) -> None:
        """
        Keep the edits of a tab on the disk, or forget them.

        Parameters
        ----------
        sent
            ``edits``, anything, or null to forget; ``tab``.

        Raises
        ------
        RequestError
            If there are no edits, or `tab` is no plain name.
        LayerError
            If the system refuses to write.
        """
        tab = name_of(sent.get("tab"))
        if "edits" not in sent:
            raise requests.RequestError("edits must be there; null forgets them")
        edits = sent["edits"]
        if edits is None:
            self._journals.forget(tab)
            return
        etags = edits.get("etags") if isinstance(edits, dict) else None
        edited = (
            (part, str(etag))
            for part, etag in (etags.items() if isinstance(etags, dict) else ())
            if edits.get(part) is not None
        )
        # After a crash this session never read what the edits began with; the journal has it.
        found = {key: self._versions.get(key) or self._journals.base(*key) for key in edited}
        bases = {key: texts for key, texts in found.items() if texts}
        self._journals.keep(tab, edits, bases)

    # ------------------------------------------------------------ saving

    def save(self, sent: Mapping[str, Any]) -> Answer:
        """
        Write the parts that were sent, all of them or none.

        Parameters
        ----------
        sent
            ``date``; any of the parts, each with its ``etag``; ``tab``.

        Returns
        -------
        answer
            ``etags`` of all parts, and a ``summary`` of what changed, by feature and in lines.

        Raises
        ------
        RequestError
            If a part has no etag or is no list.
        DateError
            If no layer has that date.
        ConflictError
            If a file changed on disk since the page read it.
        RefusedError
            If the layers would not be sound.
        StaleLayerError
            If another program keeps saving at the same moment.
        LayerError
            If the system refuses to write; nothing is changed.
        """
        tab = name_of(sent.get("tab"))
        with self._lock:
            day = self._date(sent.get("date"))
            for attempt in range(3):
                folder, etags = self._read(day)
                drafts, issues = self._drafts(sent, day)
                if issues:
                    raise requests.RefusedError(issues)
                if any(requests.read_etag(part, sent[part]) != etags[part] for part in drafts):
                    bases = {
                        part: self._base(part, etag, day)
                        for part in drafts
                        if (etag := requests.read_etag(part, sent[part])) != etags[part]
                    }
                    raise requests.ConflictError(
                        parts.tell_conflicts(folder, day, drafts, bases=bases, etags=etags)
                    )
                try:
                    self._write(folder, day, drafts)
                    break
                except StaleLayerError:
                    if attempt == 2:
                        raise
            summary = parts.summarize_save(folder, day, drafts)
            if gone := [n for part in drafts for n in summary.get(part, {}).get("gone", ())]:
                confirm_ids(self.root, gone)
            _, etags = self._read(day)
        self._journals.forget(tab)
        return {"etags": etags, "summary": summary}

    def _require_sound(self, folder: Folder, day: dt.date, drafts: Drafts) -> None:
        """
        Refuse what would make every answer wrong, unless it is there already, in other files.

        Raises
        ------
        RefusedError
            If anything would.
        """
        after = parts.apply_drafts(folder, day, drafts)
        try:
            require_sound(after)
        except SchemaError as error:
            known = {_told(issue) for issue in self._checked(folder)}
            ours = {self._path(part, day) for part in drafts}
            wrong = [
                issue
                for issue in error.issues
                if issue.severity == "error" and (_told(issue) not in known or issue.file in ours)
            ]
            if wrong:
                raise requests.RefusedError(wrong) from error

    def _write(self, folder: Folder, day: dt.date, drafts: Drafts) -> None:
        """
        Write the files that change, all of them or none.

        Raises
        ------
        RefusedError
            If the layers would not be sound.
        LayerError
            If a file refuses; all are as before.
        """
        changes = []
        for part, records in drafts.items():
            before = self._versions[part, parts.etag(part, folder, day)]
            for path, data in parts.dump_files(part, records, folder, day, before):
                changes.append(requests.FileChange(path, before.get(path), data))
        if changes:
            self._require_sound(folder, day, drafts)
        requests.write_together(self.root, changes)

    def _base(self, part: str, etag: str, day: dt.date) -> Sequence[Record] | None:
        """What the page began with; None where nobody knows any more."""
        texts = self._versions.get((part, etag)) or self._journals.base(part, etag)
        if not texts and part != "events":
            file = parts.file_of(part, day)
            data = find_content(self.root, file, etag)
            texts = {} if data is None else {file: data}
        if not texts and etag:
            return None
        records: list[Record] = []
        for path, data in sorted(texts.items()):
            records += read_records(data, schema=SCHEMAS[part], file=path)
        return records


def _local_day() -> dt.date:
    return dt.datetime.now().astimezone().date()


def _told(issue: Issue) -> tuple[object, ...]:
    """A finding without its line, which moves."""
    return issue.code, issue.file, issue.message, issue.ids
