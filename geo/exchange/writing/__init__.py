"""A theatre in the formats of others: its tables, and one module a format that writes them."""
