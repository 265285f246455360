"""Two maps of one theatre: where they differ, by how much, and who says so."""
