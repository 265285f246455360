"""What every page is made of: the markup, the style, the scripts, the words, and the store."""
