"""Everything that the page shows: gathered in one go, as plain objects without a word of any language."""
