"""Tables and shapes of others, and one module a kind that makes records of them."""
