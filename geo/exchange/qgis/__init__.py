"""What QGIS reads and writes: symbols, the project of a working copy, rows of a GeoPackage."""
