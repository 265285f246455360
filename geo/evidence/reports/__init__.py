"""From a report to events: what it names, drafts, and what a person lets through."""
