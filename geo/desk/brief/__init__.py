"""A brief: what happened between two dates, in sentences that each name what they rest on."""
