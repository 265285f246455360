"""Events as ACLED exports them."""

from __future__ import annotations

from dataclasses import replace

from geo.exchange.reading import events

READER = replace(events.READER, layout=replace(events.READER.layout, publisher="ACLED"))
