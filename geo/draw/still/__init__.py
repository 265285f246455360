"""How stills are drawn; the door is `geo.draw.still.still`."""
