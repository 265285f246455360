"""Working copies: a control layer handed to another program, and what came back."""
