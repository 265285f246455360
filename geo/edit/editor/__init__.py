"""The local border editor: its pieces of ground, its session, its server and its page."""
