"""Rules by subject: each function yields what it finds wrong, its docstring says why it asks."""
