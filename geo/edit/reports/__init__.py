"""The review of reports on a screen: drafts beside their text and the map, decided by keys."""
