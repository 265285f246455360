"""How stills are drawn; the door is `geo.stills`."""
