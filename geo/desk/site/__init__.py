"""A theatre as a static site: pages, pictures, downloads, a feed; never half new."""
