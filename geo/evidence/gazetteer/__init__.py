"""Names to places: sounds, names, how alike two are, the index that is asked, tables of others."""
