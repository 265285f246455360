"""The words of pages and pictures: one file a language."""
