"""Words as data: one file a language, and how they are read."""
